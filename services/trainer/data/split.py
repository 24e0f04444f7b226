"""What is held out for validation: whole projects, so that no neighbour of a held-out proof is trained on."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from trainer.data.source import DataSet, Example


@dataclass(frozen=True, slots=True)
class Split:
    """What is held out.

    Attributes:
        by: `project`; `file` where there is only one project; `nothing`.
        held_out: names of the projects, or of the files.
        examples: how many examples that are.
    """

    by: str
    held_out: frozenset[str]
    examples: int

    def holds_out(self, example: Example) -> bool:
        """Whether an example is for validation."""
        return (example.project if self.by == "project" else example.file) in self.held_out


def split_of(data: DataSet, share: float, seed: int) -> Split:
    """Holds out about a share of the examples; the same data, share and seed give the same split.

    Units are drawn in the order of a hash. One is taken if that brings the count nearer to the share; the last unit is
    never taken, so that something is left to train on.
    """
    by, units = "project", dict(data.projects)
    if len(units) == 1:
        by, units = "file", {}
        for (_, file), count in data.files.items():
            units[file] = units.get(file, 0) + count
    wanted = share * data.examples
    if wanted <= 0 or len(units) == 1:
        return Split("nothing", frozenset(), 0)
    held = _drawn(units, wanted, seed)
    return Split(by, frozenset(held), sum(units[name] for name in held))


def _drawn(units: Mapping[str, int], wanted: float, seed: int) -> list[str]:
    ordered = sorted(units, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())
    held: list[str] = []
    count = 0
    for name in ordered[:-1]:
        if abs(count + units[name] - wanted) < abs(count - wanted):
            held.append(name)
            count += units[name]
    if not held:  # all are larger than what is wanted: the smallest
        held = [min(ordered, key=lambda name: (units[name], name))]
    return held
