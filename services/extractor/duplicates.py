"""Duplicates, exact and near, within a split and between splits, and what an evaluation list holds.

Near duplicates are found by MinHash with locality-sensitive hashing (Broder 1997, as `datasketch` has it), and then by
the similarity that the hashes themselves tell.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from extractor.normal import digest, shingles, state_tokens, statement_tokens, tokens_of

if TYPE_CHECKING:
    from datasketch import LeanMinHash, MinHash

_PERMUTATIONS = 64
# Near: at least this share of runs of four tokens is common (Jaccard).
NEAR = 0.85
# Texts with fewer tokens differ wherever they differ at all.
_SHORT = 24


@cache
def _empty() -> "MinHash":
    """Drawing the permutations takes longer than a hash."""
    from datasketch import MinHash  # noqa: PLC0415 - half a second, which other commands need not take

    return MinHash(num_perm=_PERMUTATIONS)


class _Seen:
    """Texts, by their tokens: was this one there, or one like it?"""

    def __init__(self) -> None:
        from datasketch import MinHashLSH  # noqa: PLC0415

        self._exact: set[bytes] = set()
        self._near = MinHashLSH(threshold=NEAR, num_perm=_PERMUTATIONS)
        self._hashes: dict[str, LeanMinHash] = {}

    def has(self, tokens: list[str]) -> str:
        """`exact`, `near`, or nothing."""
        if digest(tokens) in self._exact:
            return "exact"
        if len(tokens) < _SHORT:
            return ""
        found = _hash(tokens)
        alike = any(found.jaccard(self._hashes[key]) >= NEAR for key in self._near.query(found))
        return "near" if alike else ""

    def add(self, tokens: list[str]) -> None:
        """Notes a text."""
        mark = digest(tokens)
        if mark in self._exact:
            return
        self._exact.add(mark)
        if len(tokens) >= _SHORT:
            key = mark.hex()
            self._hashes[key] = _hash(tokens)
            self._near.insert(key, self._hashes[key])


def _hash(tokens: list[str]) -> "LeanMinHash":
    from datasketch import LeanMinHash, MinHash  # noqa: PLC0415

    made = MinHash(num_perm=_PERMUTATIONS, permutations=_empty().permutations, scheme=_empty().scheme)
    made.update_batch(sorted(shingles(tokens)))
    return LeanMinHash(made)


@dataclass(frozen=True, slots=True)
class Named:
    """A theorem of an evaluation list; what is empty fits everything."""

    theorem: str
    file: str = ""
    project: str = ""

    def means(self, row: dict[str, Any]) -> bool:
        """Whether an example is of this theorem."""
        name = str(row["theorem"])
        if self.theorem not in (name, name.rpartition(".")[2]):
            return False
        if self.project and self.project != row["project"]:
            return False
        file = str(row["file"]).removesuffix(".v")
        given = self.file.removesuffix(".v")
        return not given or given in (file, f"{row['project']}/{file}")


@dataclass(slots=True)
class Exclusion:
    """What must not be in the data: theorems by name, and statements.

    Theorems that are named exclude their statements too, wherever else they stand: see `note`.
    """

    names: dict[str, list[Named]] = field(default_factory=dict)
    seen: _Seen = field(default_factory=_Seen)

    def add_names(self, names: Iterable[Named]) -> None:
        """Adds theorems by name."""
        for one in names:
            self.names.setdefault(one.theorem.rpartition(".")[2], []).append(one)

    def add_statement(self, statement: str) -> None:
        """Adds a statement, as it stands in a source or as Coq prints it."""
        self.seen.add(statement_tokens(statement))

    def named(self, row: dict[str, Any]) -> bool:
        """Whether the list names an example's theorem."""
        last = str(row["theorem"]).rpartition(".")[2]
        return any(one.means(row) for one in self.names.get(last, ()))

    def note(self, row: dict[str, Any]) -> None:
        """Excludes the statement of an example's theorem, too."""
        if row["statement"]:
            self.add_statement(row["statement"])
        if row["kind"] == "proof":
            self.seen.add(tokens_of(row)[0])

    def why(self, row: dict[str, Any]) -> str:
        """Why an example must not be in the data; empty where it may."""
        if self.named(row):
            return "named in the evaluation list"
        found = self.seen.has(statement_tokens(row["statement"])) if row["statement"] else ""
        found = found or self.seen.has(tokens_of(row)[0])
        found = found or self.seen.has(state_tokens((), row["goal"]))
        return f"{found} copy of a statement in the evaluation list" if found else ""


class Duplicates:
    """Tells which examples were there before. Ask for `test` first: what is there must not be in `train`."""

    def __init__(self) -> None:
        self._within: defaultdict[str, _Seen] = defaultdict(_Seen)  # making one takes 5 ms
        self._tests = _Seen()

    def why(self, split: str, row: dict[str, Any]) -> str:
        """Why an example is one too many; empty where it is not, and then it is noted."""
        state, proof = tokens_of(row)
        if split != "test":
            found = self._tests.has(state)
            if found:
                return f"{found} duplicate of a goal in the test split"
        seen = self._within[split]
        whole = [*state, ":=", *proof]
        found = seen.has(whole)
        if found:
            return f"{found} duplicate within its split"
        seen.add(whole)
        if split == "test":
            self._tests.add(state)
        return ""
