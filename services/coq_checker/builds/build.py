"""Builds a project in folders of the cache, in the sandbox, in parallel, once for each content."""

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from coq_checker.builds.compile import WRITE_REMEDY, compile_file, sweep_stages
from coq_checker.builds.graph import Source, closure, read_sources
from coq_checker.builds.layout import Unit, lay_out
from coq_checker.builds.record import Entry, digest, locked, read_record, write_record
from coq_checker.builds.result import Build, BuildError, BuildFaultError, FileResult, FileStatus
from coq_checker.builds.writing import cannot_write, is_machine_fault
from coq_checker.toolchain import Toolchain
from coqdata.project import Project

FILE_WALL_S = 1800.0

Progress = Callable[[FileResult, int, int], None]


async def build_project(
    project: Project,
    toolchain: Toolchain,
    *,
    jobs: int,
    only: Path | None = None,
    text: bytes | None = None,
    progress: Progress | None = None,
    file_wall_s: float = FILE_WALL_S,
) -> Build:
    """Compiles what has changed of a project and of the projects that its load path names.

    Args:
        project: what to build; its folder is only read.
        toolchain: whose coqc compiles.
        jobs: files compiled at one time.
        only: a file of the project: what it requires is built, not the file itself, and a failure is an error.
        text: of `only`, where it is not what lies there.
        progress: called after each file, with how many are done of how many.
        file_wall_s: the longest that coqc may take for a file.

    Raises:
        BuildError: something that `only` requires does not build, or files or projects require each other in a
            circle.
        BuildFaultError: the cache cannot be written, or coqc cannot be run: no file is to blame.
        ProjectError: a project that this one needs cannot be read.
    """
    only = only.resolve() if only is not None else None
    unit = lay_out(project, toolchain)
    sources = await asyncio.to_thread(read_sources, unit, only, text)
    wanted = _wanted(unit, sources, only)
    units = unit.all()
    try:
        for one in units:
            one.folder.mkdir(parents=True, exist_ok=True)
        async with locked(one.folder for one in units):
            builder = _Builder(toolchain, unit, sources, jobs, progress, file_wall_s)
            await asyncio.to_thread(builder.look)
            builder.prepare()
            results = await builder.run(wanted)
            fingerprint = builder.fingerprint(wanted)
    except OSError as error:
        what = cannot_write(unit.folder, error.strerror or str(error))
        kind = BuildFaultError if is_machine_fault(error) else BuildError
        raise kind(f"the build folder {what}: {WRITE_REMEDY}.") from error
    if only is not None:
        _complain(results)
    folder = unit.mirror(project.root)
    return Build(unit.load, unit.read_only, folder, fingerprint, tuple(results), tuple(one.path for one in wanted))


def _wanted(unit: Unit, sources: dict[Path, Source], only: Path | None) -> list[Source]:
    """What is to be built, each after what it requires."""
    if only is not None:
        asked = [sources[only]] if only in sources else []
        found = closure(asked) - {only}
    else:
        # Of other projects what lies where the load path points to, for that can be required.
        reached = [path.folder for path in unit.project.options.paths]
        asked = [one for one in sources.values() if one.unit is unit or _below(one.path, reached)]
        found = closure(asked)
    return [one for path, one in sources.items() if path in found]


def _below(path: Path, folders: Sequence[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _complain(results: Sequence[FileResult]) -> None:
    for one in results:
        if one.status is FileStatus.FAILED:
            raise BuildError(
                f"{one.path}, which is required, does not build ({one.problem}): "
                "mend it, or look with `palmetto project doctor`."
            )


class _Builder:
    """One run over the files of a project and of those that it needs."""

    def __init__(
        self,
        toolchain: Toolchain,
        unit: Unit,
        sources: dict[Path, Source],
        jobs: int,
        progress: Progress | None,
        file_wall_s: float,
    ) -> None:
        self.toolchain, self.unit, self.sources = toolchain, unit, sources
        self.root, self.units = unit.project.root, unit.all()
        self.progress, self.file_wall_s = progress, file_wall_s
        self.room = asyncio.Semaphore(max(1, jobs))
        self.results: dict[Path, FileResult] = {}
        self.records: dict[Path, dict[str, Entry]] = {}
        self.settings: dict[Path, bytes] = {}
        self.folders: dict[Path, list[Path]] = {}

    def look(self) -> None:
        """Looks at what, beside sources, decides what coqc makes of the files; changes nothing."""
        for unit in self.units:
            self.settings[unit.folder] = self._setting(unit)

    def prepare(self) -> None:
        """Makes the build folders' insides fit the projects: all folders there, nothing that is not recorded."""
        for unit in self.units:
            own = [one for one in self.sources.values() if one.unit is unit]
            where = {one.path.parent for one in own} | {unit.project.root}
            where |= {path.folder for path in unit.project.options.paths if path.folder.is_relative_to(unit.base)}
            self.folders[unit.folder] = sorted(where)
            for folder in where:
                unit.mirror(folder).mkdir(parents=True, exist_ok=True)
            sweep_stages(unit)
            names = {one.name for one in own}
            recorded = read_record(unit.folder)
            self.records[unit.folder] = {name: one for name, one in recorded.items() if name in names}
            trusted = {name for name, one in self.records[unit.folder].items() if one.vo}
            for path in unit.folder.rglob("*.vo"):
                if path.relative_to(unit.folder).with_suffix(".v").as_posix() not in trusted:
                    _remove(path)

    def _setting(self, unit: Unit) -> bytes:
        parts = [self.toolchain.key, self.toolchain.coq_version, *unit.coqc_arguments]
        prelude = self.toolchain.host_path(self.toolchain.coqlib) / "theories/Init/Prelude.vo"
        compiled = [path for folder in unit.outside for path in sorted(folder.rglob("*.vo"))]
        for path in (prelude, *compiled):
            # These are other people's files, possibly many and large: they are not read here.
            if path.is_file():
                status = path.stat()
                parts += [str(path), str(status.st_size), str(status.st_mtime_ns)]
        return digest(*(part.encode() for part in parts)).encode()

    async def run(self, wanted: Sequence[Source]) -> list[FileResult]:
        """Compiles what is needed, each file as soon as those that it requires are there."""
        started: dict[Path, asyncio.Task[None]] = {}

        def done(source: Source, result: FileResult) -> None:
            self.results[source.path] = result
            if self.progress is not None:
                self.progress(result, len(self.results), len(wanted))

        async def one(source: Source) -> None:
            await asyncio.gather(*(started[need.path] for need in source.needs if need.path in started))
            async with self.room:
                result = await self._file(source)
            done(source, result)

        try:
            async with asyncio.TaskGroup() as group:
                for source in wanted:  # in dependency order, so that what a file needs has come before it
                    held = self._held(source)
                    if held is not None:
                        done(source, held)
                    else:
                        started[source.path] = group.create_task(one(source))
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return [self.results[source.path] for source in wanted]

    def fingerprint(self, wanted: Sequence[Source]) -> str:
        """Hash of the compiled files, and of what else a session sees through the load path."""
        seen = [*self.settings.values()]
        for one in wanted:
            entry = self.records[one.unit.folder].get(one.name)
            seen.append(f"{one.path}\0{entry.vo if entry else ''}".encode())
        return digest(*seen)

    def _held(self, source: Source) -> FileResult | None:
        """What is recorded of the file as it and all that it requires are now; None when nothing is."""
        entry = self.records[source.unit.folder].get(source.name)
        if entry is None or source.unreadable is not None or not self._ready(source) or entry.key != self._key(source):
            return None
        if not entry.vo:
            return self._result(source, FileStatus.FAILED, entry.message, entry.line)
        return self._result(source) if _vo(source).is_file() else None

    def _ready(self, source: Source) -> bool:
        results = (self.results.get(need.path) for need in source.needs)
        return all(one is not None and one.status is FileStatus.OK for one in results)

    async def _file(self, source: Source) -> FileResult:
        """Compiles a file, if that can be; what it requires has been tried."""
        held = self._held(source)
        if held is not None:
            return held
        self._forget(source)
        if source.unreadable is not None:
            return self._result(source, FileStatus.FAILED, source.unreadable)
        if not self._ready(source):
            failed = next(one for one in source.needs if self.results[one.path].status is not FileStatus.OK)
            message = f"it requires {failed.shown_from(self.root)}, which does not build"
            return self._result(source, FileStatus.SKIPPED, message)
        begun = time.monotonic()
        folders = self.folders[source.unit.folder]
        failure = await compile_file(source, self.toolchain, folders, self.file_wall_s)
        wall_ms = round((time.monotonic() - begun) * 1000)
        key = self._key(source)
        if failure is None:
            made = await asyncio.to_thread(_vo(source).read_bytes)
            self._remember(source, Entry(key, digest(made)))
            return self._result(source, compiled=True, wall_ms=wall_ms)
        if failure.lasting:
            self._remember(source, Entry(key, "", failure.message, failure.line))
        return self._result(source, FileStatus.FAILED, failure.message, failure.line, wall_ms=wall_ms)

    def _result(
        self,
        source: Source,
        status: FileStatus = FileStatus.OK,
        message: str = "",
        line: int | None = None,
        *,
        compiled: bool = False,
        wall_ms: int = 0,
    ) -> FileResult:
        own = source.unit is self.unit
        return FileResult(source.shown_from(self.root), status, message, line, compiled, wall_ms, own)

    def _key(self, source: Source) -> str:
        needs = [self.records[need.unit.folder][need.name].vo.encode() for need in source.needs]
        return digest(source.text, self.settings[source.unit.folder], *needs)

    def _remember(self, source: Source, entry: Entry) -> None:
        record = self.records[source.unit.folder]
        record[source.name] = entry
        write_record(source.unit.folder, record)

    def _forget(self, source: Source) -> None:
        """Takes away what an older text of the file made: nobody shall require that."""
        if self.records[source.unit.folder].pop(source.name, None) is not None:
            write_record(source.unit.folder, self.records[source.unit.folder])
        _remove(_vo(source))


def _vo(source: Source) -> Path:
    return (source.unit.folder / source.name).with_suffix(".vo")


def _remove(compiled: Path) -> None:
    compiled.unlink(missing_ok=True)
    compiled.with_suffix(".glob").unlink(missing_ok=True)
