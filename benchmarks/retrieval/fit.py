"""Learns what each signal counts: a linear ranking, by gradient descent on a listwise loss (numpy alone).

The loss of a question is the cross-entropy between the softmax of the scores and the premises that were used: in
part each of them alike, in part whichever is best already, so that both recall and the first hit count.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retriever.search import Query
from retriever.signals import NAMES, candidates, place_at
from retriever.view import View

from .queries import Asked

# The signs of these are free; everything else speaks for a premise or does not speak.
FREE = frozenset(
    [
        "constructor",
        "scheme",
        "projection",
        "instance",
        "axiom",
        "same_file_text",
        "same_project_text",
        "neighbours_text",
        "type_in_goal",
    ]
)
# Held out, the file's own proofs tell nothing, so these cannot be learnt: chosen with the own proofs known, where they
# give 1.2 points of recall@10 and 1.5 of recall@30 over none.
GIVEN = {"own_uses": 1.0, "own_recent": 2.0}
_ROUNDS, _RATE, _DECAY, _BEST, _OTHERS = 200, 0.15, 1e-3, 0.8, 150
_LIBRARY_QUESTIONS, _LIBRARY_WEIGHT = 700, 0.5
_LIBRARY_FILES = "Coq"

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sample:
    """The candidates of one question.

    Attributes:
        entries: their numbers.
        signals: a row each.
        used: whether the true proof used each.
        relevant: how many it used, among the candidates or not.
    """

    entries: NDArray[np.int64]
    signals: Floats
    used: NDArray[np.bool_]
    relevant: int


def sample(view: View, asked: Asked) -> Sample:
    """A question's candidates and their signals."""
    found, signals = candidates(view, asked.place, asked.query)
    return Sample(found, signals.astype(np.float32), np.isin(found, asked.relevant), len(asked.relevant))


def library_samples(view: View, seed: int = 1) -> list[Sample]:
    """Questions from a library's own theorems: a random choice, the same for a seed."""
    random = np.random.default_rng(seed)
    pack, found = view.packs[0], []
    for proof in random.permutation(view.proofs.count).tolist():
        place = place_at(view, view.reach(int(view.proof_file[proof])), int(view.proof_start[proof]), own_proofs=False)
        used = view.used[view.used_pointers[proof] : view.used_pointers[proof + 1]]
        relevant = used[place.entries[used]].astype(np.int64)
        if len(relevant):
            rows = pack.proofs.pointers[proof : proof + 2]
            ids = np.sort(pack.vocabulary[pack.proofs.features[rows[0] : rows[1]]])
            query = Query(ids, (ids >> np.uint64(62)).astype(np.int64))
            entries, signals = candidates(view, place, query)
            found.append(Sample(entries, signals.astype(np.float32), np.isin(entries, relevant), len(relevant)))
        if len(found) == _LIBRARY_QUESTIONS:
            break
    return found


def fit(projects: Mapping[str, Sequence[Sample]], library: Sequence[Sample], seed: int = 0) -> dict[str, float]:
    """The weights of the signals, learnt from some projects and a library; the same for the same samples."""
    random = np.random.default_rng(seed)
    rows: list[Floats] = []
    used: list[NDArray[np.bool_]] = []
    weights: list[float] = []
    for given, weight in [*((samples, 1.0) for samples in projects.values()), (library, _LIBRARY_WEIGHT)]:
        fitting = [one for one in given if one.used.any()]
        for one in fitting:
            keep = one.used | (random.random(len(one.used)) < _OTHERS / len(one.used))
            rows.append(one.signals[keep])
            used.append(one.used[keep])
            # A project counts by the root of its size: a large one shall not drown the others.
            weights.append(weight / len(fitting) ** 0.5)
    return _descend(np.concatenate(rows), used, np.array(weights) / sum(weights))


def _descend(signals: Floats, used: Sequence[NDArray[np.bool_]], weights: NDArray[np.float64]) -> dict[str, float]:
    hits = np.concatenate(used).astype(np.float32)
    sizes = np.array([len(one) for one in used])
    starts = np.cumsum(sizes) - sizes
    of = np.repeat(np.arange(len(used)), sizes)
    each = (weights[of]).astype(np.float32)
    alike = hits / np.add.reduceat(hits, starts)[of]
    bound = np.array([name not in FREE for name in NAMES])
    found = np.zeros(signals.shape[1], np.float32)
    mean, square = np.zeros_like(found), np.zeros_like(found)
    for step in range(1, _ROUNDS + 1):
        scores = signals @ found
        scores = np.exp(scores - np.maximum.reduceat(scores, starts)[of])
        share = scores / np.add.reduceat(scores, starts)[of]
        best = share * hits
        target = _BEST * best / np.maximum(np.add.reduceat(best, starts)[of], 1e-20) + (1 - _BEST) * alike
        gradient = signals.T @ ((share - target) * each) + _DECAY * found
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.99 * square + 0.01 * gradient**2
        rate = _RATE * min(1.0, 2 * (1 - step / _ROUNDS))
        found -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
        found[bound] = np.maximum(found[bound], 0)
    return {name: GIVEN.get(name, round(float(value), 3)) for name, value in zip(NAMES, found, strict=True)}


def write_weights(weights: Mapping[str, float], projects: Sequence[str], file: Path) -> None:
    """Writes the module that the service reads."""
    listed = "\n".join(f'    "{name}": {value},' for name, value in weights.items())
    whence = ",\n".join(", ".join(projects[at : at + 6]) for at in range(0, len(projects), 6))
    file.write_text(
        '"""What each signal of the ranking counts; `python -m benchmarks.retrieval --fit` learns and writes it.\n\n'
        f"Learnt from: {whence}, and a part of the standard library.\n"
        '"""\n\n'
        f"WEIGHTS: dict[str, float] = {{\n{listed}\n}}\n",
        "utf-8",
    )


@dataclass(frozen=True, slots=True)
class Group:
    """Samples that are measured as one, and what the best of the other rankings reaches on them (four measures)."""

    samples: Sequence[Sample]
    others: NDArray[np.float64]


def polish(weights: Mapping[str, float], groups: Sequence[Group], rounds: int = 2) -> dict[str, float]:
    """Moves one weight after the other where that betters the measures themselves, above all the weakest ones."""
    measured = _Measured(groups)
    found = np.array([weights[name] for name in NAMES])
    scores = measured.signals @ found.astype(np.float32)
    reached = measured.objective(scores)
    for turn in range(rounds):
        for at in np.random.default_rng(turn).permutation(len(NAMES)).tolist():
            for change in (0.3, -0.3, 0.1, -0.1):
                if NAMES[at] in GIVEN or (NAMES[at] not in FREE and found[at] + change < 0):
                    continue
                moved = scores + np.float32(change) * measured.signals[:, at]
                value = measured.objective(moved)
                if value > reached + 1e-5:
                    found[at] += change
                    scores, reached = moved, value
                    break
    return {name: round(float(value), 3) for name, value in zip(NAMES, found, strict=True)}


class _Measured:
    """All questions of some groups in one array, for measuring again and again."""

    def __init__(self, groups: Sequence[Group]) -> None:
        samples = [one for group in groups for one in group.samples]
        self.signals = np.concatenate([one.signals for one in samples])
        self.sizes = np.array([len(one.used) for one in samples])
        self.starts = np.cumsum(self.sizes) - self.sizes
        self.of = np.repeat(np.arange(len(samples)), self.sizes)
        self.hits = np.flatnonzero(np.concatenate([one.used for one in samples]))
        self.relevant = np.array([one.relevant for one in samples])
        self.group = np.repeat(np.arange(len(groups)), [len(group.samples) for group in groups])
        self.others = np.array([group.others for group in groups])

    def objective(self, scores: Floats) -> float:
        """How far the measures are above the others' on the average, the ones below counting threefold."""
        order = np.lexsort((-scores, self.of))
        places = np.empty(len(scores), np.int64)
        places[order] = np.arange(len(scores))
        of = self.of[self.hits]
        ranks = places[self.hits] - self.starts[of] + 1
        columns = [np.bincount(of, ranks <= k, len(self.sizes)) / self.relevant for k in (10, 30, 100)]
        first = np.full(len(self.sizes), np.inf)
        np.minimum.at(first, of, ranks)
        columns.append(1 / first)
        counts = np.bincount(self.group)
        means = np.array([np.bincount(self.group, column) / counts for column in columns]).T
        above = means - self.others
        return float(above.mean() + 3 * np.minimum(0, above - 0.01).mean())
