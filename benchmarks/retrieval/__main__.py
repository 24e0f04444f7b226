"""Measures the retriever: premises that the true proofs used, on held-out files, and the time of an answer.

usage: python -m benchmarks.retrieval [PROJECT...] [--fit] [--no-speed] [--out FILE]
"""

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import pin_toolchain
from coqdata.catalogue import locate
from retriever import weights as shipped
from retriever.index.place import index_folder, unit_folders
from retriever.registry import NoIndexError, Registry
from retriever.signals import NAMES
from retriever.view import View

from . import speed
from .baselines import RANKINGS, texts_of
from .fit import Group, Sample, fit, library_samples, polish, sample, write_weights
from .queries import Asked, questions, step_question

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
# Small enough to be traced in a minute or two each. The last ones are never learnt from.
LEARNT = (
    "angles",
    "chinese",
    "coq-procrastination",
    "coqrel",
    "dblib",
    "demos",
    "examples",
    "fermat4",
    "fundamental-arithmetics",
    "hoare-tut",
    "PolTac",
    "weak-up-to",
    "zchinese",
    "zfc",
)
UNSEEN = ("UnifySL",)
# Projects with fewer questions than this are measured together: one question more or less would decide alone.
FEW = 25
OURS = "Palmetto"
MEASURES = ("recall@10", "recall@30", "recall@100", "MRR")
SPEED_PREMISES = 100_000

Figures = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measured:
    """A project, or several small ones.

    Attributes:
        name: of it.
        samples: its questions.
        others: the figures of the rankings compared with, one row a question, by their names.
    """

    name: str
    samples: list[Sample]
    others: dict[str, Figures]

    @property
    def best(self) -> Figures:
        """The best of the others, measure by measure."""
        means: Figures = np.max([one.mean(axis=0) for one in self.others.values()], axis=0)
        return means


def figures(ranks: Sequence[int], relevant: int) -> list[float]:
    """Recall@10, @30, @100 and reciprocal rank, of the ranks of the premises that were found."""
    return [*(sum(rank <= k for rank in ranks) / relevant for k in (10, 30, 100)), 1 / min(ranks) if ranks else 0.0]


def compare(name: str, registry: Registry) -> Measured:
    """Asks all questions of a project, and ranks with each of the others."""
    view = _view(name, registry)
    asked = list(questions(view))
    texts = texts_of(view)
    others = {}
    for label, make in RANKINGS.items():
        ranking = make(view, texts)
        others[label] = np.array([_ranked(ranking.scores(one, *_allowed(view, one)), view, one) for one in asked])
        others[label] = others[label].reshape(len(asked), len(MEASURES))
    return Measured(name, [sample(view, one) for one in asked], others)


def _allowed(view: View, asked: Asked) -> tuple[NDArray[np.bool_]]:
    return (asked.place.entries & view.is_premise,)


def _ranked(scores: Figures, view: View, asked: Asked) -> list[float]:
    scores = np.where(_allowed(view, asked)[0], scores, -np.inf)
    places = np.empty(len(scores), np.int64)
    places[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return figures(places[asked.relevant].tolist(), len(asked.relevant))


def ours(samples: Sequence[Sample], weights: Mapping[str, float]) -> Figures:
    """The figures of our ranking with some weights, one row a question."""
    vector = np.array([weights.get(name, 0.0) for name in NAMES])
    found = []
    for one in samples:
        order = np.argsort(-(one.signals @ vector), kind="stable")
        found.append(figures((np.flatnonzero(one.used[order]) + 1).tolist(), one.relevant))
    return np.array(found).reshape(len(found), len(MEASURES))


def _view(name: str, registry: Registry) -> View:
    try:
        return registry.view(name)
    except NoIndexError:
        folder = locate(name) or (EXAMPLES if name == "examples" else None)
        if folder is None:
            sys.exit(f"the project {name} is not here: set PALMETTO_SHARED to the folder that holds corpora/.")
        command = [str(Path(sys.executable).with_name("palmetto")), "index", f"{name}={folder}"]
        # A file that does not build is said by the command, and is left out here.
        if subprocess.run(command, check=False).returncode == 2:
            sys.exit(f"{name} cannot be indexed.")
        return Registry(registry.root).view(name)


def grouped(measured: Sequence[Measured]) -> list[Measured]:
    """The projects, those with few questions put together as one."""
    large = [one for one in measured if len(one.samples) >= FEW]
    small = [one for one in measured if len(one.samples) < FEW]
    if small:
        rows = {label: np.concatenate([one.others[label] for one in small]) for label in RANKINGS}
        samples = [one for this in small for one in this.samples]
        large.append(Measured(f"{len(small)} small ones", samples, rows))
    return large


def learn(measured: Sequence[Measured], library: Sequence[Sample]) -> dict[str, float]:
    """Weights from some projects and the library."""
    given = {one.name: one.samples for one in measured}
    return polish(fit(given, library), [Group(one.samples, one.best) for one in grouped(measured)])


def crossed(measured: Sequence[Measured], library: Sequence[Sample], folds: int = 5) -> dict[str, Figures]:
    """Each project's figures under weights that were learnt without it."""
    found: dict[str, Figures] = {}
    for fold in range(folds):
        held = measured[fold::folds]
        weights = learn([one for one in measured if one not in held], library)
        found |= {one.name: ours(one.samples, weights) for one in held}
    return found


def table(measured: Sequence[Measured], weights: Mapping[str, float]) -> str:
    """The comparison, in Markdown; ours is bold where it is above all others."""
    lines = ["| project | questions | ranking | " + " | ".join(MEASURES) + " |", "|---|---|---|---|---|---|---|"]
    for one in grouped(measured):
        rows = {label: found.mean(axis=0) for label, found in one.others.items()}
        mine = ours(one.samples, weights).mean(axis=0)
        for label, means in rows.items():
            lines.append(
                f"| {one.name} | {len(one.samples)} | {label} | " + " | ".join(f"{x:.3f}" for x in means) + " |"
            )
        cells = [f"**{x:.3f}**" if x > best else f"{x:.3f}" for x, best in zip(mine, one.best, strict=True)]
        lines.append(f"| {one.name} | {len(one.samples)} | {OURS} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def crossed_table(measured: Sequence[Measured], found: Mapping[str, Figures]) -> str:
    """Ours under weights learnt without each project, against the best of the others."""
    lines = ["| project | " + " | ".join(f"{name} (best other)" for name in MEASURES) + " |", "|---|---|---|---|---|"]
    small = [one for one in measured if len(one.samples) < FEW]
    for one in grouped(measured):
        mine = found[one.name] if one.name in found else np.concatenate([found[this.name] for this in small])
        cells = [f"{x:.3f} ({best:.3f})" for x, best in zip(mine.mean(axis=0), one.best, strict=True)]
        lines.append(f"| {one.name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _goals(registry: Registry, names: Sequence[str]) -> list[tuple[str, list[tuple[list[str], str]]]]:
    found: list[tuple[str, list[tuple[list[str], str]]]] = []
    for name in names:
        pack = registry.view(name).packs[0]
        for step in range(0, len(pack.arrays["step_proof"]), 7):
            goal, hypotheses, _ = step_question(pack, step)
            found.append((goal, [([f"H{at}"], kind) for at, kind in enumerate(hypotheses)]))
    return found[:1000]


def _machine() -> str:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    return f"{os.cpu_count()} cores ({model}), load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"


def main() -> None:
    """The command."""
    pin_toolchain()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("projects", nargs="*", help="default: all small enough")
    parser.add_argument("--fit", action="store_true", help="learn the weights anew, cross-validated, and write them")
    parser.add_argument("--no-speed", dest="speed", action="store_false", help="leave out the times")
    parser.add_argument("--out", type=Path, help="write the report there too")
    arguments = parser.parse_args()
    registry = Registry(index_folder())
    names = arguments.projects or [*LEARNT, *UNSEEN]
    measured = [compare(name, registry) for name in names]
    weights: Mapping[str, float] = shipped.WEIGHTS
    parts = [f"Machine: {_machine()}."]
    if arguments.fit:
        known = [one for one in measured if one.name in LEARNT]
        library = library_samples(_view("Coq", registry))
        parts += ["Under weights learnt without the project:", crossed_table(known, crossed(known, library))]
        weights = learn(known, library)
        write_weights(weights, [one.name for one in known], Path(shipped.__file__))
    parts += ["With the weights that are shipped:", table(measured, weights)]
    if arguments.speed:
        library_folder = next(one for one in unit_folders(index_folder()) if one.name.startswith("Coq-"))
        one = speed.measure(library_folder, _goals(registry, names[:3]), SPEED_PREMISES)
        parts.append(
            f"{one.premises} premises and {one.proofs} proofs, all accessible (the standard library, copied): "
            f"30 premises over gRPC p50 {one.p50_ms:.2f} ms, p95 {one.p95_ms:.2f} ms, p99 {one.p99_ms:.2f} ms; with "
            f"definitions, proofs and tactics p50 {one.all_p50_ms:.2f} ms; "
            f"in a batch of 100 {one.batch_ms:.2f} ms each."
        )
    report = "\n\n".join(parts) + "\n"
    print(report)
    if arguments.out is not None:
        arguments.out.write_text(report)


if __name__ == "__main__":
    main()
