"""An experiment as a person asks for it: projects by name, a prover, a store."""

import contextlib
import os
import tempfile
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from coq_checker.toolchain import Toolchain, ToolchainError, promised_version
from coqdata.project import Project, ProjectError
from evaluator.attempt import Attempts
from evaluator.conditions import Conditions
from evaluator.errors import EvaluatorError
from evaluator.ports import Follower, ProverPort
from evaluator.record import Record
from evaluator.runner import Runner, Summary
from evaluator.selection import SelectionError, Shard, named, read_wanted, sample, shard
from evaluator.store import ExperimentStore, Run
from evaluator.store.merge import Merged, take
from evaluator.store.parts import Folder, PartWriter, experiment_folder, parts
from evaluator.theorems import Item, Sources, sources_of
from evaluator.verify import Verifier
from palmetto.evaluation.compiler import CoqcCompiler
from palmetto.evaluation.hammer import HammerAlone
from palmetto.evaluation.projects import find_projects, spelled
from palmetto.evaluation.provers import LocalProver, a_server, model_problem
from palmetto.evaluation.recordings import PREFIX, model_folder, prepare
from palmetto.stack import StackError, StackOptions
from palmetto.toolchains import for_project

HAMMER = "hammer"
_PATIENCE_S = 300.0


def _patience_s(default_s: float = _PATIENCE_S) -> float:
    """How long what does not answer is waited for: PALMETTO_EVAL_PATIENCE_S, else the default.

    At the start of a run there is none: who types an address wrong hears of it at once.

    Raises:
        EvaluatorError: it is no number of seconds.
    """
    given = os.environ.get("PALMETTO_EVAL_PATIENCE_S", "")
    try:
        found = float(given or default_s)
    except ValueError:
        found = -1.0
    if not 0 <= found < float("inf"):
        raise EvaluatorError(f"PALMETTO_EVAL_PATIENCE_S is {given!r}: give seconds, such as 300.")
    return found


@dataclass(frozen=True, slots=True)
class Experiment:
    """What is to be run.

    Attributes:
        name: the experiment's.
        projects: names of the catalogue, folders, or NAME=DIR.
        conditions: under which theorems are worked on.
        store: the SQLite file.
        theorems: only these, as `read_wanted` reads them.
        limit: a sample of so many.
        shard: which part of it.
        threads: theorems at one time.
        skip: leave out what is done.
        server: address of a prover that runs already; None for a stack of its own.
        out: folder for Parquet parts.
        memory: file with the checker's answers to questions of other experiments; None to ask all of them.
        toolchain: default of a stack of its own, as it was given; empty: what the settings say.
    """

    name: str
    projects: tuple[str, ...]
    conditions: Conditions
    store: Path
    theorems: str | None = None
    limit: int | None = None
    shard: Shard = field(default_factory=Shard)
    threads: int = 1
    skip: bool = True
    server: str | None = None
    out: str | None = None
    memory: Path | None = None
    toolchain: str = ""


def choose(experiment: Experiment, sources: Sequence[Sources]) -> list[Item]:
    """The theorems that this run is for.

    Raises:
        SelectionError: there is none.
    """
    items = [item for one in sources for item in one.items]
    if experiment.theorems is not None:
        items = named(items, read_wanted(experiment.theorems), [one.project.name for one in sources])
    if not items:
        raise SelectionError(f"there is no theorem in {', '.join(one.project.name for one in sources)}.")
    if experiment.limit is not None:
        items = sample(items, experiment.limit, experiment.conditions.seed)
    return shard(items, experiment.shard)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended; `broken`: projects that could not be read, a sentence each."""

    summary: Summary
    broken: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Every theorem has a record that stays."""
        return not self.broken and not self.summary.left


async def evaluate(experiment: Experiment, follower: Follower) -> Ended:
    """Runs it, or goes on with it.

    Raises:
        EvaluatorError, ProjectError, StackError: it cannot be run; one sentence with the remedy.
    """
    patience_s = _patience_s()
    projects, broken = find_projects(experiment.projects)
    for text in broken:
        follower.note(text)
    if not projects:
        raise ProjectError("none of the projects can be read: see --proj.")
    sources = [sources_of(one) for one in projects]
    for text in (text for one in sources for text in one.unread):
        follower.note(text)
    # The sample is of all theorems; the recordings are of all of them, too.
    items = choose(experiment, sources)
    remembers = experiment.memory is not None
    settings = {**experiment.conditions.settings(), "model": _model_name(experiment), "memory": remembers}
    told = {
        one.project.name: {
            "folder": str(one.project.root),
            "content": one.content,
            **_release(one.project, experiment),
        }
        for one in sources
    }
    with ExperimentStore.open(experiment.store) as store:
        store.begin(experiment.name, settings, told)
        writer = _writer(experiment, store, settings, told) if experiment.out is not None else None
        left = [one for one in items if not experiment.skip or not store.is_done(experiment.name, one.key)]
        if not left:
            if writer is not None:
                _tell_the_end(store, experiment, writer)
            follower.begin(len(items), len(items))
            return Ended(Runner.summary(store, experiment.name, items, len(items)), tuple(broken))
        async with _prover(experiment, projects, sources, follower) as prover:
            attempts = Attempts(
                experiment.name,
                experiment.conditions,
                experiment.shard,
                prover,
                _files(projects, experiment.threads, experiment.conditions.toolchain),
            )
            runner = Runner(
                store,
                attempts,
                prover,
                follower,
                threads=experiment.threads,
                patience_s=patience_s,
                parts=writer,
                named=spelled(projects),
            )
            return Ended(await runner.run(items, skip=experiment.skip), tuple(broken))


def _files(projects: Sequence[Project], threads: int, toolchain: str) -> Verifier | None:
    """coqc on the projects' files; None where there is no Coq here, since the prover runs elsewhere."""
    named: dict[str, Project] = {}
    toolchains: dict[str, Toolchain] = {}
    for project in projects:
        with contextlib.suppress(ToolchainError):
            toolchains[project.name] = for_project(project, toolchain or None)[0]
            named[project.name] = project
    return Verifier(CoqcCompiler(named, toolchains, jobs=threads), named) if len(named) == len(projects) else None


def _release(project: Project, experiment: Experiment) -> dict[str, str]:
    """The version of the Coq that is to work on a project, as the store keeps it; nothing where it is unknown here."""
    named = experiment.conditions.toolchain
    if experiment.server is not None:
        # Which one a prover elsewhere has under another name only it knows.
        promised = promised_version(named)
        return {"coq_version": promised} if promised else {}
    with contextlib.suppress(ToolchainError):
        return {"coq_version": for_project(project, named or None)[0].coq_version}
    return {}


def _tell_the_end(store: ExperimentStore, experiment: Experiment, writer: PartWriter) -> None:
    """Notes that the shard has ended where no part tells it: it is empty, or was killed after its last theorem."""
    shard = str(experiment.shard)
    if not any(one.ended and one.shard == shard for one in store.runs(experiment.name)):
        store.put_run(experiment.name, Run(uuid.uuid4().hex, shard, datetime.now(UTC).isoformat(), ended=True))
        writer.flush(store.runs(experiment.name))


def _model_name(experiment: Experiment) -> str:
    """The model as the store knows it: where recordings lie differs from machine to machine.

    Raises:
        EvaluatorError: it is none.
    """
    model = experiment.conditions.model
    if experiment.server is not None:
        return ""
    if model.startswith(PREFIX):
        return f"{PREFIX}{model_folder(model).name}"
    if model not in ("neighbours", HAMMER) and not model.startswith(("http://", "https://")):
        raise EvaluatorError(
            f"{model!r} is no model: give neighbours, hammer, replay:DIR, or the address of an OpenAI-like server."
        )
    return model


def _writer(
    experiment: Experiment, store: ExperimentStore, settings: dict[str, object], projects: dict[str, dict[str, str]]
) -> PartWriter:
    """Takes in what the parts hold already, and gives what will write the next ones."""
    assert experiment.out is not None
    folder = Folder(experiment.out)
    folder.probe(experiment.name)
    there: set[tuple[object, str]] = set()
    found: dict[str, Merged] = {}
    for part in parts(Folder(f"{experiment.out.rstrip('/')}/{experiment_folder(experiment.name)}"), experiment.name):
        take(store, part, found)
        there |= {(record.key, record.started_at) for record in part.records}
    writer = PartWriter(folder, experiment.name, settings, projects, str(experiment.shard))
    # What was stored here and then interrupted before it was written there.
    for record in _own(store, experiment):
        if (record.key, record.started_at) not in there:
            writer.add(record)
    return writer


def _own(store: ExperimentStore, experiment: Experiment) -> Sequence[Record]:
    every = store.records(experiment.name, events=True)
    return [record for record in every if record.shard == str(experiment.shard)]


@contextlib.asynccontextmanager
async def _prover(
    experiment: Experiment, projects: Sequence[Project], sources: Sequence[Sources], follower: Follower
) -> AsyncIterator[ProverPort]:
    if experiment.server is not None:
        async with a_server(experiment.server, _patience_s(0.0)) as server:
            yield server
        return
    model = experiment.conditions.model
    with tempfile.TemporaryDirectory(prefix="palmetto-recordings-") as folder:
        if model.startswith(PREFIX):
            items = [item for one in sources for item in one.items]
            for project in prepare(model_folder(model), items, Path(folder)):
                follower.note(
                    f"{project}: nothing was recorded for it; what is proved there is proved without a model."
                )
            model = f"{PREFIX}{folder}"
        elif model.startswith(("http://", "https://")):
            conditions = experiment.conditions
            why = await model_problem(model, conditions.prompt, conditions.printing)
            if why:
                raise StackError(f"the model cannot be used: {why}")
        served = tuple(f"{one.name}={one.root}" for one in projects)
        beside = experiment.conditions.neighbours and model != HAMMER
        options = StackOptions(
            served,
            "neighbours" if model == HAMMER else model,
            beside,
            jobs=experiment.threads,
            toolchain=experiment.toolchain,
            memory=experiment.memory,
        )
        async with LocalProver(options) as local:
            yield HammerAlone(local) if model == HAMMER else local
