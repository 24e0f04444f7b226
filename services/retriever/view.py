"""A project as the retriever sees it: its pack and those that it requires, as one list of premises, proofs and steps.

Everything is numbered across the packs: entry 0 is the first one of the first pack. What is accessible at a
position is a mask over these numbers: the files that are required, directly or not, and the own file's beginning.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coqdata.releases import STANDARD_ROOTS, other_roots
from retriever.index.pack import KINDS, Pack
from retriever.search import Table
from retriever.text import name_id

Mask = NDArray[np.bool_]
Ints = NDArray[np.int32]

PREMISE_KINDS = ("prf", "ax", "constr", "inst", "scheme", "proj", "meth")
DEFINITION_KINDS = ("def", "ind", "coind", "variant", "rec", "class", "corec", "prim", "proj")
# Every file has a release's prelude, but for those that this is made of.
_PRELUDES = ("Coq.Init.Prelude", "Corelib.Init.Prelude")
_BELOW_PRELUDES = ("Coq.Init.", "Corelib.Init.")
_CACHED = 64
# Premises that are candidates everywhere because they are used so often.
_FREQUENT = 200


@dataclass(frozen=True, slots=True)
class Reach:
    """What is accessible from a file, its own beginning left out.

    Attributes:
        file: its number; -1 for free text.
        files: which files are required, directly or not.
        direct: those required by the file itself.
        entries, proofs: those of these files that can be named from outside.
        uses: how often each entry is used in these proofs.
        project_uses: the same, of the proofs of the file's own project.
        common: the premises that are used most, of either count.
        file_uses, project_file_uses: the same, summed up over each file's entries.
    """

    file: int
    files: Mask
    direct: Mask
    entries: Mask
    proofs: Mask
    uses: Ints
    project_uses: Ints
    common: NDArray[np.int64]
    file_uses: Ints
    project_file_uses: Ints


class View:
    """Packs seen together; the first one is the project's own, where there is one."""

    def __init__(self, packs: Sequence[Pack]) -> None:
        self.packs = tuple(packs)
        self.file_pack = np.repeat(np.arange(len(packs)), [len(one.files) for one in packs]).astype(np.int32)
        self.files = [file for one in packs for file in one.files]
        folders: dict[str, int] = {}
        self.file_folder = np.array(
            [folders.setdefault(one.library.rpartition(".")[0], len(folders)) for one in self.files], np.int32
        )
        self.first_file = np.cumsum([0, *(len(one.files) for one in packs)])
        self.entries = Table([one.entries for one in packs], [one.vocabulary for one in packs])
        self.proofs = Table([one.proofs for one in packs], [one.vocabulary for one in packs])
        self.steps = Table([one.steps for one in packs], [one.vocabulary for one in packs])
        self.entry_file = self._files_of("entry")
        self.entry_start = self._column("entry_start")
        self.entry_end = self._column("entry_end")
        self.entry_kind = self._column("entry_kind")
        self.entry_hidden = self._column("entry_hidden").astype(bool)
        self.proof_file = self._files_of("proof")
        self.proof_start = self._column("proof_start")
        self.proof_end = self._column("proof_proof_end")
        self.step_proof = self._shifted("step_proof", self.proofs.offsets)
        self.step_start = self._column("step_start")
        self.entry_section = self._column("entry_section")
        self.entry_inside = self._column("entry_inside")
        self.entry_tails = tuple(
            np.concatenate([one.arrays[name] for one in self.packs]) for name in ("entry_tail", "entry_longer_tail")
        )
        self.entry_short = np.concatenate([one.arrays["entry_short"] for one in self.packs])
        self.is_premise = self._kinds(PREMISE_KINDS)
        self.is_definition = self._kinds(DEFINITION_KINDS)
        self.proof_whole = self._column("proof_whole").astype(bool)
        self._name_order, self._names = self._sorted("entry_name")
        self._short_order, self._shorts = self._sorted("entry_short")
        self.dep_pointers, self.dep_entry, self.dep_at = self._dependencies()
        self.used_pointers, self.used = self._premises_used()
        self.dep_proof = np.repeat(np.arange(self.proofs.count, dtype=np.int32), np.diff(self.dep_pointers))
        self._requires = self._required_files()
        self._reach: dict[object, Reach] = {}

    def _column(self, name: str) -> Ints:
        return np.concatenate([one.arrays[name] for one in self.packs])

    def _shifted(self, name: str, offsets: NDArray[Any]) -> Ints:
        parts = [one.arrays[name] + offsets[at] for at, one in enumerate(self.packs)]
        return np.concatenate(parts).astype(np.int32)

    def _files_of(self, table: str) -> Ints:
        return self._shifted(f"{table}_file", self.first_file)

    def _kinds(self, wanted: Iterable[str]) -> Mask:
        return np.isin(self.entry_kind, [KINDS.index(one) for one in wanted])

    def _sorted(self, column: str) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        names = np.concatenate([one.arrays[column] for one in self.packs])
        order = np.argsort(names, kind="stable")
        return order, names[order]

    def named(self, ids: NDArray[np.uint64]) -> Ints:
        """The entries of these names; -1 where there is none."""
        if not len(self._names):
            return np.full(len(ids), -1, np.int32)
        place = np.minimum(np.searchsorted(self._names, ids), len(self._names) - 1)
        return np.where(self._names[place] == ids, self._name_order[place], -1).astype(np.int32)

    def short_named(self, ids: NDArray[np.uint64]) -> NDArray[np.int64]:
        """The entries whose short names are these features."""
        first, last = (np.searchsorted(self._shorts, ids, side) for side in ("left", "right"))
        parts = [self._short_order[a:b] for a, b in zip(first, last, strict=True) if b > a]
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)

    def alike(self, entry: int) -> NDArray[np.int64]:
        """The entries that have the short name of this one, itself among them."""
        return self.short_named(self.entry_short[entry : entry + 1])

    def _dependencies(self) -> tuple[NDArray[np.int64], Ints, Ints]:
        """What each proof refers to, abbreviations replaced by what they stand for."""
        lengths = np.concatenate([np.diff(one.arrays["dep_pointers"]) for one in self.packs])
        names = np.concatenate([one.arrays["dep_name"] for one in self.packs])
        aliases = {name_id(name): name_id(target) for file in self.files for name, target in file.aliases}
        if aliases:
            keys = np.array(sorted(aliases), np.uint64)
            targets = np.array([aliases.get(aliases[int(key)], aliases[int(key)]) for key in keys], np.uint64)
            place = np.minimum(np.searchsorted(keys, names), len(keys) - 1)
            names = np.where(keys[place] == names, targets[place], names)
        entries = self.named(names)
        pointers = np.zeros(len(lengths) + 1, np.int64)
        np.cumsum(lengths, out=pointers[1:])
        return pointers, entries, self._column("dep_at")

    def _premises_used(self) -> tuple[NDArray[np.int64], Ints]:
        """The premises that each proof used, each once."""
        known = self.dep_entry >= 0
        known[known] = self.is_premise[self.dep_entry[known]]
        proofs = np.repeat(np.arange(self.proofs.count, dtype=np.int64), np.diff(self.dep_pointers))
        size = max(1, self.entries.count)
        pairs = np.unique(proofs[known] * size + self.dep_entry[known])
        pointers = np.searchsorted(pairs // size, np.arange(self.proofs.count + 1))
        return pointers.astype(np.int64), (pairs % size).astype(np.int32)

    def _required_files(self) -> list[list[int]]:
        by_library: dict[str, list[int]] = {}
        by_last: dict[str, list[int]] = {}
        for number, file in enumerate(self.files):
            by_library.setdefault(file.library, []).append(number)
            by_last.setdefault(file.library.rpartition(".")[2], []).append(number)
        self._by_library, self._by_last = by_library, by_last
        there = {library.partition(".")[0] for library in by_library}
        self._standard = tuple(root for root in STANDARD_ROOTS if root in there)
        found: list[list[int]] = []
        for number, file in enumerate(self.files):
            needs: list[int] = []
            for name in file.requires:
                if file.resolved:
                    # A project may have a file of a library's name: what lies in the same pack comes first.
                    known = by_library.get(name, [])
                    same = [one for one in known if self.file_pack[one] == self.file_pack[number]]
                    needs += (same or known)[:1]
                else:
                    prefix, _, short = name.partition("|")
                    needs += self.find_library(short, prefix)
            if not file.library.startswith(_BELOW_PRELUDES):
                needs += self._prelude()
            found.append([one for one in dict.fromkeys(needs) if one != number])
        return found

    def _prelude(self) -> list[int]:
        return [one for name in _PRELUDES for one in self._by_library.get(name, [])]

    def find_library(self, name: str, prefix: str = "") -> list[int]:
        """The files that `From prefix Require name` may mean."""
        exact = self._by_library.get(f"{prefix}.{name}" if prefix else name)
        if exact:
            return exact[:1]
        ends = [one for one in self._by_last.get(name.rpartition(".")[2], ()) if self._fits(one, name, prefix)]
        if not ends and prefix:
            # A text may be for another release.
            others = (self.find_library(name, other) for other in other_roots(prefix, self._standard))
            return next(filter(None, others), [])
        if ends or "." not in name:
            return ends[:1]
        # What `From Coq Require List` means may be given as one name.
        root, _, rest = name.partition(".")
        return self.find_library(rest, root)

    def _fits(self, number: int, name: str, prefix: str) -> bool:
        full = self.files[number].library
        return full.endswith(f".{name}") and (not prefix or full.startswith(f"{prefix}."))

    def file_number(self, path: str) -> int | None:
        """The number of a file of the first pack."""
        return next((at for at, file in enumerate(self.packs[0].files) if file.path == path), None)

    def reach(self, file: int) -> Reach:
        """What is accessible from a file."""
        return self._remembered(file, lambda: self._reach_of(file, self._requires[file]))

    def reach_of_text(self, requires: tuple[str, ...]) -> Reach:
        """What is accessible from free text that requires some libraries; those that are not there add nothing."""

        def find() -> Reach:
            found = [one for name in requires for one in self.find_library(name)]
            return self._reach_of(-1, [*found, *self._prelude()])

        return self._remembered(requires, find)

    def missing_libraries(self, requires: tuple[str, ...]) -> tuple[str, ...]:
        """Those of some libraries that are not there."""
        return tuple(name for name in requires if not self.find_library(name))

    def _remembered(self, key: object, find: Callable[[], Reach]) -> Reach:
        found = self._reach.get(key)
        if found is None:
            while len(self._reach) >= _CACHED:
                self._reach.pop(next(iter(self._reach)), None)
            found = self._reach[key] = find()
        return found

    def _reach_of(self, file: int, direct: Sequence[int]) -> Reach:
        files = np.zeros(len(self.files), bool)
        waiting = list(direct)
        while waiting:
            one = waiting.pop()
            if not files[one] and one != file:
                files[one] = True
                waiting += self._requires[one]
        first = np.zeros(len(self.files), bool)
        first[list(direct)] = True
        proofs = files[self.proof_file]
        used = proofs[self.dep_proof] & (self.dep_entry >= 0)
        size = self.entries.count
        own = used & (self.file_pack[self.proof_file[self.dep_proof]] == 0)
        uses, project = (np.bincount(self.dep_entry[some], minlength=size) for some in (used, own))
        allowed = files[self.entry_file] & ~self.entry_hidden & self.is_premise
        often = [np.where(allowed, one, 0) for one in (uses, project)]
        common = [np.argsort(-one, kind="stable")[: min(_FREQUENT, np.count_nonzero(one))] for one in often]
        return Reach(
            file=file,
            files=files,
            direct=first,
            entries=files[self.entry_file] & ~self.entry_hidden,
            proofs=proofs,
            uses=uses.astype(np.int32),
            project_uses=project.astype(np.int32),
            common=np.unique(np.concatenate(common)),
            file_uses=np.bincount(self.entry_file, uses, len(self.files)).astype(np.int32),
            project_file_uses=np.bincount(self.entry_file, project, len(self.files)).astype(np.int32),
        )

    def own(self, file: int, table: str) -> tuple[int, int]:
        """First and last-but-one number of a file's own entries or proofs."""
        column = self.entry_file if table == "entries" else self.proof_file
        # Files come one after the other within each table.
        return int(np.searchsorted(column, file)), int(np.searchsorted(column, file + 1))

    def entry_name(self, entry: int) -> str:
        """The full name of an entry."""
        pack, row = self.place(self.entries, entry)
        return pack.strings[int(pack.arrays["entry_full"][row])]

    def proof_name(self, proof: int) -> str:
        """The full name of a proof's theorem."""
        pack, row = self.place(self.proofs, proof)
        return pack.strings[int(pack.arrays["proof_full"][row])]

    def section_at(self, file: int, byte: int) -> int:
        """The sections open at a position of a file, as the text's number in its pack: those of the entry there."""
        first, last = self.own(file, "entries")
        before = np.flatnonzero(self.entry_start[first:last] <= byte)
        return int(self.entry_section[first + before[-1]]) if len(before) else -1

    def place(self, table: Table, number: int) -> tuple[Pack, int]:
        """The pack of a thing, and its row there."""
        at = int(np.searchsorted(table.offsets, number, side="right")) - 1
        return self.packs[at], number - int(table.offsets[at])
