"""What a theorem's statement and its proof refer to, from coqc's .glob file."""

from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path

from coqdata.glob import GlobError, Reference, read_glob

_PREMISES = frozenset(
    (
        *("thm", "prfax", "defax", "ax", "def", "ind", "coind", "variant", "rec", "class", "constr", "proj", "meth"),
        *("inst", "scheme", "abbrev", "coe", "canonstruc"),
    )
)
_DEFINITIONS = frozenset(("def", "ind", "coind", "variant", "rec", "class", "abbrev", "proj", "meth"))


@dataclass(frozen=True, slots=True)
class Uses:
    """Full names, each once, in the order of the file.

    Attributes:
        definitions: definitions and types that the statement names.
        premises: what the proof names.
    """

    definitions: tuple[str, ...] = ()
    premises: tuple[str, ...] = ()


class FileUses:
    """The references of a file; none where it has no .glob file that fits."""

    def __init__(self, glob: Path) -> None:
        try:
            found = read_glob(glob.read_bytes()).references
        except (OSError, GlobError):
            found = ()
        self._references = sorted(found, key=lambda one: one.start)
        self._starts = [one.start for one in self._references]

    def of(self, start: int, statement_end: int, proof_start: int, proof_end: int) -> Uses:
        """Those of a theorem, by its byte offsets."""
        return Uses(
            self._names(start, statement_end, _DEFINITIONS),
            self._names(proof_start, proof_end, _PREMISES),
        )

    def _names(self, start: int, end: int, kinds: frozenset[str]) -> tuple[str, ...]:
        inside = self._references[bisect_left(self._starts, start) : bisect_left(self._starts, end)]
        return tuple(dict.fromkeys(_name(one) for one in inside if one.kind in kinds and one.name))


def _name(one: Reference) -> str:
    return one.full_name
