"""Builds a project in a folder of its own in the cache, in the sandbox, in parallel, once for each content."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from coq_checker.builds.record import digest, locked, read_record, write_record
from coq_checker.session import process
from coq_checker.toolchain import Toolchain, ToolchainSettings
from coqdata.project import PROJECT_FILE, LoadPath, Project, dependencies, load_project

_FILE_LIMIT_S = 1800.0
_ERROR_LINE = re.compile(r'File "[^"]*", line (\d+)')


class BuildError(Exception):
    """What a file requires cannot be built; the text is one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class FileResult:
    """What came of one file.

    Attributes:
        path: inside its project.
        problem: why it is not there; None when it is.
        compiled: it was compiled now, and not found as it was.
    """

    path: str
    problem: str | None = None
    compiled: bool = False


@dataclass(frozen=True, slots=True)
class Build:
    """A built project.

    Attributes:
        load_arguments: `-R`, `-Q`, `-I` with the folders of compiled files: (flag, folder, logical name).
        read_only: folders that a session must see.
        folder: where the project's compiled files lie, at the places of their sources.
        files: what came of each file that was asked for.
    """

    load_arguments: tuple[tuple[str, Path, str], ...]
    read_only: tuple[Path, ...]
    folder: Path
    files: tuple[FileResult, ...] = ()

    def __eq__(self, other: object) -> bool:
        """Two builds are equal for a session when nothing was compiled between them."""
        return (
            isinstance(other, Build)
            and self.load_arguments == other.load_arguments
            and not any(one.compiled for one in other.files)
            and not any(one.compiled for one in self.files)
        )

    __hash__ = None  # type: ignore[assignment]


Progress = Callable[[FileResult, int, int], None]


async def build_project(
    project: Project,
    toolchain: Toolchain,
    *,
    jobs: int,
    only: Path | None = None,
    progress: Progress | None = None,
) -> Build:
    """Compiles what has changed of a project, or of what one file requires.

    Args:
        project: what to build; its folder is only read.
        toolchain: whose coqc compiles.
        jobs: files compiled at one time.
        only: a file of the project: what it requires is built, not the file itself, and a failure is an error.
        progress: called after each file, with how many are done of how many.

    Raises:
        BuildError: something that `only` requires does not build, or the cache cannot be written.
        ProjectError: a project that this one needs cannot be read.
    """
    own: list[tuple[str, Path, str]] = []
    read_only: list[Path] = []
    others: dict[Path, Path] = {}
    files: list[FileResult] = []
    for path in project.options.paths:
        outside = not path.folder.is_relative_to(project.root)
        if outside and (path.folder / PROJECT_FILE).is_file() and path.folder not in others:
            needed = await build_project(load_project(path.folder), toolchain, jobs=jobs)
            failed = [one for one in needed.files if one.problem is not None]
            if failed and only is not None:
                raise BuildError(f"{path.folder.name}/{failed[0].path} does not build: {failed[0].problem}.")
            others[path.folder] = next(folder for flag, folder, _ in needed.load_arguments if flag != "-I")
            read_only += needed.read_only
    folder = _folder(project, toolchain)
    for path in project.options.paths:
        own.append(("-R" if path.recursive else "-Q", _moved(path, project, folder, others), path.logical))
        if not path.folder.is_relative_to(project.root) and path.folder not in others:
            read_only.append(path.folder)
    own += [("-I", ml, "") for ml in project.options.ml]
    read_only += [ml for ml in project.options.ml if ml.is_dir()]
    read_only.append(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = locked(folder)
        await asyncio.to_thread(lock.__enter__)
    except OSError as error:
        raise BuildError(
            f"the build folder {folder} cannot be written ({error.strerror}): set PALMETTO_CACHE to another place."
        ) from error
    try:
        builder = _Builder(project, toolchain, folder, tuple(own), tuple(dict.fromkeys(read_only)), jobs)
        files += await builder.run(only, progress)
    finally:
        lock.__exit__(None, None, None)
    if only is not None:
        for one in files:
            if one.problem is not None:
                raise BuildError(f"{one.path}, which is required, does not build: {one.problem}.")
    return Build(tuple(own), tuple(dict.fromkeys(read_only)), folder, tuple(files))


def _folder(project: Project, toolchain: Toolchain) -> Path:
    cache = ToolchainSettings.from_environment().cache
    name = "".join(char if char.isalnum() or char in "-_" else "_" for char in project.name)
    key = digest(str(project.root).encode(), toolchain.name.encode(), toolchain.coq_version.encode())
    return cache / "builds" / f"{name}-{key[:12]}"


def _moved(path: LoadPath, project: Project, folder: Path, others: dict[Path, Path]) -> Path:
    if path.folder.is_relative_to(project.root):
        return folder / path.folder.relative_to(project.root)
    return others.get(path.folder, path.folder)


class _Builder:
    """One run over a project's files."""

    def __init__(
        self,
        project: Project,
        toolchain: Toolchain,
        folder: Path,
        load: tuple[tuple[str, Path, str], ...],
        read_only: tuple[Path, ...],
        jobs: int,
    ) -> None:
        self.project, self.toolchain, self.folder = project, toolchain, folder
        self.read_only = tuple(path for path in read_only if path != folder)
        self.arguments = [word for flag, where, name in load for word in (flag, str(where), name) if word]
        self.arguments += project.options.arguments
        self.record = read_record(folder)
        self.room = asyncio.Semaphore(jobs)
        self.keys: dict[Path, str] = {}
        self.results: dict[Path, FileResult] = {}

    async def run(self, only: Path | None, progress: Progress | None) -> list[FileResult]:
        """Compiles what is needed, each file when those that it requires are there."""
        needs = await asyncio.to_thread(dependencies, self.project.files, self.project.options)
        wanted = list(needs) if only is None else _closure(needs, only)
        for bound in self.project.options.paths:
            if bound.folder.is_relative_to(self.project.root):
                (self.folder / bound.folder.relative_to(self.project.root)).mkdir(parents=True, exist_ok=True)
        done: dict[Path, asyncio.Task[None]] = {}

        async def one(path: Path) -> None:
            await asyncio.gather(*(done[need] for need in needs[path] if need in done))
            async with self.room:
                self.results[path] = await self._file(path, needs[path])
            if progress is not None:
                progress(self.results[path], len(self.results), len(wanted))

        # Files are tasks in dependency order, so that a task's needs are tasks already.
        for path in _ordered(wanted, needs):
            done[path] = asyncio.create_task(one(path))
        try:
            await asyncio.gather(*done.values())
        finally:
            for task in done.values():
                task.cancel()
        return [self.results[path] for path in wanted]

    async def _file(self, path: Path, needs: list[Path]) -> FileResult:
        name = path.relative_to(self.project.root).as_posix()
        failed = next((need for need in needs if self.results[need].problem is not None), None)
        if failed is not None:
            return FileResult(name, f"it requires {failed.name}, which does not build")
        try:
            source = path.read_bytes()
        except OSError as error:
            return FileResult(name, f"it cannot be read ({error.strerror})")
        parts = [source, "\0".join(self.arguments).encode(), *(self.keys[need].encode() for need in needs)]
        key = self.keys[path] = digest(*parts)
        target = self.folder / name
        if self.record.get(name) == key and target.with_suffix(".vo").is_file():
            return FileResult(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        # Until it is recorded again what lies there counts for nothing.
        self.record.pop(name, None)
        write_record(self.folder, self.record)
        target.write_bytes(source)
        problem = await self._compile(target)
        if problem is None:
            self.record[name] = key
            write_record(self.folder, self.record)
        return FileResult(name, problem, compiled=problem is None)

    async def _compile(self, target: Path) -> str | None:
        argv = self.toolchain.command(
            "coqc",
            "-q",
            *self.arguments,
            str(target),
            read_only=self.read_only,
            writable=[self.folder],
            working_directory=self.folder,
        )
        child = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(_FILE_LIMIT_S):
                printed, _ = await child.communicate()
        except TimeoutError:
            return f"coqc took more than {_FILE_LIMIT_S:.0f} s"
        finally:
            if child.returncode is None:
                process.kill(child.pid)
                await child.wait()
        if child.returncode == 0:
            return None
        return _reason(printed.decode("utf-8", "replace"))


def _closure(needs: dict[Path, list[Path]], start: Path) -> list[Path]:
    found: list[Path] = []
    waiting = list(needs.get(start.resolve(), ()))
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.append(path)
            waiting += needs[path]
    return [path for path in needs if path in found]


def _ordered(wanted: list[Path], needs: dict[Path, list[Path]]) -> list[Path]:
    ordered: list[Path] = []
    seen: set[Path] = set()

    def visit(path: Path) -> None:
        if path in seen:
            return
        seen.add(path)
        for need in needs[path]:
            if need in needs:
                visit(need)
        ordered.append(path)

    for path in wanted:
        visit(path)
    return [path for path in ordered if path in set(wanted)]


def _reason(printed: str) -> str:
    """Coq's error in one line, with the line where it is."""
    text = " ".join(printed.split())
    at = text.rfind("Error:")
    message = text[at + len("Error:") :].strip() if at >= 0 else text[-300:]
    line = _ERROR_LINE.findall(printed)
    where = f"line {line[-1]}: " if line else ""
    return f"{where}{message[:400]}".rstrip(".") or "coqc failed and said nothing"
