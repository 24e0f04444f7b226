"""`palmetto eval verify`: every claimed proof through coqc again."""

import asyncio
import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from coq_checker.toolchain import ToolchainError
from coqdata.project import Project, ProjectError
from evaluator.errors import EvaluatorError
from evaluator.record import Key, Record
from evaluator.store import ExperimentStore, Outcome, StoreError, Verification, default_store
from evaluator.verify import Verifier
from palmetto.commands import fail
from palmetto.commands.eval_run import split_names
from palmetto.evaluation.compiler import CoqcCompiler
from palmetto.evaluation.projects import find_projects
from palmetto.toolchains import ElsewhereOption, elsewhere_names, for_project, is_elsewhere

_WORDS = {
    Outcome.AGREES: "agrees",
    Outcome.ALONE: "agrees in its place",
    Outcome.REFUSED: "DISAGREES",
    Outcome.UNKNOWN: "could not be verified",
}


def verify(
    experiments: Annotated[list[str], typer.Argument(help="Names of experiments.", metavar="EXP...")],
    proj: Annotated[
        list[str] | None,
        typer.Option(help="Only these projects; NAME=DIR says where one lies.", metavar="NAME[,NAME...]"),
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, max=256, help="Files at one time; default: the cores.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Proofs that were verified before, too.")] = False,
    lenient: Annotated[
        bool,
        typer.Option("--lenient", help="Do not count proofs that compile, and after which the file does not."),
    ] = False,
    store: Annotated[
        Path | None, typer.Option(help="The experiment store. (PALMETTO_EXPERIMENTS)", metavar="PATH")
    ] = None,
    elsewhere: ElsewhereOption = "",
) -> None:
    """Compile every claimed proof by coqc in a fresh process, in its original file with all that follows.

    Exit 0: all agree; 1: one does not, or could not be verified; 2: could not run.
    """
    try:
        with ExperimentStore.open(store or default_store(), create=False) as opened:
            given = split_names(proj or [])
            others = elsewhere_names(elsewhere)
            at_once = threads or os.cpu_count() or 1
            clean = [_verify(opened, name, given, others, at_once, again, not lenient) for name in experiments]
    except (EvaluatorError, ProjectError, ToolchainError) as error:
        raise fail(str(error)) from None
    raise typer.Exit(0 if all(clean) else 1)


def _verify(
    store: ExperimentStore,
    name: str,
    given: Sequence[str],
    elsewhere: Collection[str],
    threads: int,
    again: bool,
    strict: bool,
) -> bool:
    settings = store.experiment(name)
    projects = _projects(settings["projects"], given)
    wanted = {text.partition("=")[0] if "=" in text else Path(text).name for text in given}
    asked = str(settings.get("toolchain", "")) or None
    others = {project for project, one in projects.items() if is_elsewhere(one, asked, elsewhere)}
    claimed = [one for one in store.records(name) if one.proved and (not given or one.project in wanted)]
    if given and not claimed and not any(one in settings["projects"] for one in wanted):
        raise StoreError(f"the experiment {name} has no theorem of {', '.join(sorted(wanted))}: see --proj.")
    if left := sum(one.project in others for one in claimed):
        print(f"{name}: {left} claimed proofs are left to where their toolchains are (--elsewhere)")
    claimed = [one for one in claimed if one.project not in others]
    before = {} if again else store.verifications(name)
    todo = [one for one in claimed if not _judged(one, before)]
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    done = 0

    def told(one: Verification) -> None:
        nonlocal done
        done += 1
        store.put_verification(name, one)
        if not one.agrees or console.is_terminal:
            key = one.key
            said = f": {one.message}" if one.message else ""
            line = f"[{done}/{len(todo)}] {key.project}/{key.file} {key.theorem} {_WORDS[one.outcome]}{said}"
            console.print(Text(line, style="" if one.agrees else "yellow"))

    # What has been verified already needs none.
    needed = {one.project for one in todo}
    toolchains = {project: for_project(one, asked)[0] for project, one in projects.items() if project in needed}
    verifier = Verifier(CoqcCompiler(projects, toolchains, jobs=threads), projects)
    asyncio.run(verifier.verify(todo, threads=threads, told=told))
    now = store.verifications(name)
    return _report(name, [now[one.key] for one in claimed], strict)


def _judged(record: Record, before: Mapping[Key, Verification]) -> bool:
    one = before.get(record.key)
    return one is not None and one.script == record.script and one.outcome is not Outcome.UNKNOWN


def _projects(held: Mapping[str, Mapping[str, str]], given: Sequence[str]) -> dict[str, Project]:
    """Where the projects lie: as is said, else where the experiment found them, else by their names."""
    said = {text.partition("=")[0]: text for text in given if "=" in text}
    names = []
    for name, one in held.items():
        folder = one.get("folder", "")
        names.append(said.get(name) or (f"{name}={folder}" if Path(folder).is_dir() else name))
    found: dict[str, Project] = {}
    for text in names:
        try:
            projects, _ = find_projects([text])
        except ProjectError:
            continue  # its proofs are told as not verified
        found |= {one.name: one for one in projects}
    return found


def _report(name: str, judged: Sequence[Verification], strict: bool) -> bool:
    counts = Counter(one.outcome for one in judged)
    wrong = counts[Outcome.REFUSED] + (counts[Outcome.ALONE] if strict else 0)
    rate = 100 * wrong / len(judged) if judged else 0.0
    print(
        f"{name}: {len(judged)} claimed proofs, {counts[Outcome.AGREES]} compile in their files with all that follows"
    )
    if counts[Outcome.ALONE]:
        print(
            f"{counts[Outcome.ALONE]} are accepted in their places, but what follows counts on how the original is made"
        )
    if counts[Outcome.UNKNOWN]:
        print(f"{counts[Outcome.UNKNOWN]} could not be verified")
    print(f"disagreement: {wrong} of {len(judged)} ({rate:.2f} %)", flush=True)
    return not wrong and not counts[Outcome.UNKNOWN]
