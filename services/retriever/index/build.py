"""Builds the index of a project or library: one record a file, only for what has changed, then the pack."""

import asyncio
import contextlib
import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from coq_checker.client import CheckerError
from coqdata.glob import GlobError, read_glob
from coqdata.source import read_source
from retriever.index.asking import Asker, Listing, of_the_file
from retriever.index.pack import open_pack, write_pack
from retriever.index.place import current_pack, locked, set_current, unit_folder
from retriever.index.reading import fingerprint, read_file
from retriever.index.record import FORMAT, BadIndexError, Entry, Record, read_record, write_record
from retriever.index.source import SourceFile, Unit

# Libraries that Coq loads together when it is asked for their types.
_TOGETHER = 24
_RECORDS = f"records-{FORMAT}"

Progress = Callable[[str, int, int], None]


class IndexFailedError(Exception):
    """An index that could not be built; the text is one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class Built:
    """What came of a build.

    Attributes:
        folder: the index's folder.
        files, premises, proofs, steps: how many it holds.
        fresh: files that were read now.
        notes: what could not be had, each in one sentence.
    """

    folder: Path
    files: int
    premises: int
    proofs: int
    steps: int
    fresh: int
    notes: tuple[str, ...]


async def build_index(
    unit: Unit,
    root: Path,
    *,
    needs: Sequence[Path] = (),
    asker: Asker | None = None,
    goals: bool = True,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Built:
    """Builds or renews the index of a unit.

    Interrupted, it goes on where it was: a file's record is written as soon as it is whole. Builds of one unit wait
    for each other.

    Args:
        unit: what to index.
        root: the folder of all indexes.
        needs: folders of the indexes of what its files require.
        asker: knows types and goals; None: the sources alone are read.
        goals: ask for the goals of proofs too.
        jobs: files that are asked about at one time.
        progress: called with a file's path, how many are done, and of how many.

    Raises:
        IndexFailedError: the folder cannot be written, or a source of a library cannot be read.
    """
    folder = unit_folder(root, unit.name, f"{int(unit.project)}\0{unit.key}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        async with locked(folder):
            # Now: a build by another version, which has its own, removes it at its end.
            (folder / _RECORDS).mkdir(exist_ok=True)
            return await _Builder(unit, folder, needs, asker, goals and asker is not None, jobs, progress).run()
    except OSError as error:
        raise IndexFailedError(
            f"the index of {unit.name} cannot be written in {folder} ({error.strerror or error}): "
            "make room there, or set PALMETTO_CACHE to another place."
        ) from error


@dataclass(slots=True)
class _Todo:
    """A file that has to be read."""

    file: SourceFile
    source: bytes
    glob: bytes | None
    mark: str
    held: Record | None = None


@dataclass(slots=True)
class _Builder:
    unit: Unit
    folder: Path
    needs: Sequence[Path]
    asker: Asker | None
    goals: bool
    jobs: int
    progress: Progress | None
    records: dict[str, Record] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    fresh: int = 0
    done: int = 0

    async def run(self) -> Built:
        for left in self.folder.rglob("*.part"):
            shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
        todo = await asyncio.to_thread(self._look)
        self.done = len(self.unit.files) - len(todo)
        self._report("")
        room = asyncio.Semaphore(max(1, self.jobs))

        async def several(some: Sequence[_Todo]) -> None:
            async with room:
                await self._several(some)

        size = _TOGETHER if not self.unit.project else 1
        chunks = [todo[at : at + size] for at in range(0, len(todo), size)]
        try:
            async with asyncio.TaskGroup() as group:
                for chunk in chunks:
                    group.create_task(several(chunk))
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return await asyncio.to_thread(self._pack)

    def _record_file(self, path: str) -> Path:
        return self.folder / _RECORDS / f"{hashlib.sha256(path.encode()).hexdigest()[:24]}.json"

    def _look(self) -> list[_Todo]:
        """Which files have to be read; the others' records are taken as they are."""
        todo: list[_Todo] = []
        marks: dict[str, str] = {}
        settings = [one.name for one in self.needs]
        if self.unit.toolchain:
            settings.append(self.unit.toolchain)
        for file in self.unit.files:
            try:
                source = read_source(file.source)
            except OSError as error:
                why = f"{file.source} cannot be read ({error.strerror}): restore it, or take it off the project's list."
                if not self.unit.project:
                    raise IndexFailedError(why) from error
                self.unread[file.path] = why  # a user's file, which costs no other
                continue
            glob = file.glob.read_bytes() if file.glob.is_file() else None
            # What a file requires of its own project decides which goals its proofs meet.
            below = [marks[name] for name in _required(glob) if name in marks] if self.unit.project else []
            mark = marks[file.library] = fingerprint(source, glob, *settings, *below)
            held = read_record(self._record_file(file.path))
            if held is not None and (held.fingerprint != mark or held.path != file.path):
                held = None
            if held is not None and (held.printed or self.asker is None) and (held.traced or not self.goals):
                self.records[file.path] = held
            else:
                todo.append(_Todo(file, source, glob, mark, held))
        return todo

    async def _several(self, some: Sequence[_Todo]) -> None:
        printed: Mapping[str, Listing] = {}
        asked = [(one.file, one.source) for one in some if one.held is None or not one.held.printed]
        if self.asker is not None and asked:
            try:
                printed = await self.asker.printed(self.unit, asked)
            except CheckerError as error:
                raise _gone(error) from error
        for one in some:
            record = one.held
            if record is None:
                record = await asyncio.to_thread(
                    read_file, one.file.path, one.file.library, one.source, one.glob, one.mark
                )
            if self.asker is not None and not record.printed:
                record = _with_types(record, printed.get(one.file.library), len(one.source))
            if self.asker is not None and self.goals and not record.traced:
                record = await _with_steps(record, self.asker, self.unit, one)
            await asyncio.to_thread(write_record, record, self._record_file(one.file.path))
            self.records[one.file.path] = record
            self.fresh += 1
            self.done += 1
            self._report(one.file.path)

    def _report(self, path: str) -> None:
        if self.progress is not None:
            self.progress(path, self.done, len(self.unit.files))

    def _pack(self) -> Built:
        records = [self.records[file.path] for file in self.unit.files if file.path not in self.unread]
        keep = {self._record_file(one.path) for one in records}
        for old in (self.folder / _RECORDS).glob("*.json"):
            if old not in keep:
                old.unlink(missing_ok=True)
        parts = [str(FORMAT), self.unit.name, self.unit.key, *(one.name for one in self.needs)]
        parts += [self.unit.toolchain_name, self.unit.coq_version]
        for one in records:
            parts.append(f"{one.path}\0{one.library}\0{one.fingerprint}\0{one.printed}\0{one.traced}")
        mark = hashlib.sha256("\0\0".join(parts).encode()).hexdigest()[:24]
        pack = self.folder / f"pack-{mark}"
        if current_pack(self.folder) != pack or not _sound(pack):
            write_pack(pack, self.unit, [one.name for one in self.needs], records, mark)
        # Also where it was there: of several toolchains' indexes the one that was asked for last is meant.
        set_current(self.folder, pack)
        for old in self.folder.glob("pack-*"):
            if old != pack:
                shutil.rmtree(old, ignore_errors=True)
        for old in self.folder.glob("records-*"):
            if old.name != _RECORDS:
                shutil.rmtree(old, ignore_errors=True)
        return Built(
            folder=self.folder,
            files=len(records),
            premises=sum(len(one.entries) for one in records),
            proofs=sum(len(one.proofs) for one in records),
            steps=sum(len(proof.steps) for one in records for proof in one.proofs),
            fresh=self.fresh,
            notes=(*self.unread.values(), *(note for one in records for note in one.notes)),
        )


def _sound(pack: Path) -> bool:
    with contextlib.suppress(BadIndexError):
        open_pack(pack)
        return True
    return False


def _required(glob: bytes | None) -> tuple[str, ...]:
    try:
        return read_glob(glob).required if glob is not None else ()
    except GlobError:
        return ()


def _gone(error: CheckerError) -> IndexFailedError:
    return IndexFailedError(f"the checker does not answer ({error}): look at it, and run again.")


def _with_types(record: Record, listing: Listing | None, length: int) -> Record:
    """The record with the types that Coq prints, and what only Coq knows of: what an `Include` brought."""
    if listing is None or listing.problem:
        why = f": {listing.problem}" if listing is not None else "."
        return replace(record, printed=True, notes=(*record.notes, f"{record.path} cannot be loaded by Coq{why}"))
    types = {one.name: one for one in listing.printed}
    entries = []
    for entry in record.entries:
        known = types.pop(entry.name, None)
        entries.append(entry if known is None else replace(entry, printed=known.type))
    for one in types.values():
        word, kind = ("Theorem", "prf") if one.theorem else ("Definition", "def")
        # Where in the file it came about is not known, so it counts as the last thing there.
        entries.append(Entry(one.name, word, kind, length, length, "", one.type))
    return replace(record, entries=tuple(entries), printed=True)


async def _with_steps(record: Record, asker: Asker, unit: Unit, one: _Todo) -> Record:
    try:
        found = await asker.steps(unit, one.file, one.source)
    except CheckerError as error:
        if not of_the_file(error):
            raise _gone(error) from error
        note = f"{record.path} could not be traced: {error}"
        return replace(record, traced=True, notes=(*record.notes, note))
    proofs = []
    for proof in record.proofs:
        steps, problem = found.get(proof.start, ((), "the checker did not come to it"))
        proofs.append(replace(proof, steps=steps, problem=problem))
    return replace(record, proofs=tuple(proofs), traced=True)
