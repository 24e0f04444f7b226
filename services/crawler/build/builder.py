"""Building a project that was fetched: its layout, its make where that is needed, coqc on each file, the verdict."""

import asyncio
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from coq_checker.builds import BuildError, BuildFaultError, FileResult, FileStatus, build_project
from coq_checker.toolchain import Toolchain
from coqdata.project import LoadOptions, Project, ProjectError
from crawler.build.causes import judge
from crawler.build.detect import Detected, Layout, contained, detect, guess
from crawler.build.limited import LimitedToolchain, Watch, bounded
from crawler.build.make import Made, make_program, run_make
from crawler.build.writing import write_project
from crawler.model import Cause, CrawlError, Status
from crawler.settings import CrawlerSettings
from crawler.tree import coq_files, write

_SHOWN_PROBLEMS = 30


@dataclass(frozen=True, slots=True)
class Built:
    """What came of a build.

    Attributes:
        status: `builds`, `partly`, `fails` or `unbuilt`.
        cause, message: why not all of it builds; None and empty where it does.
        systems: build systems that were found.
        requires: libraries that it asks for, by opam's names.
        files: Coq files that it is made of, from its folder.
        compiled: those that compile.
        problems: the others, some of them: (path, cause, message).
        notes: what was changed of what the project says, and what its make wrote.
    """

    status: Status
    cause: Cause | None
    message: str
    systems: tuple[str, ...]
    requires: tuple[str, ...]
    files: tuple[str, ...]
    compiled: tuple[str, ...]
    problems: tuple[tuple[str, str, str], ...]
    notes: tuple[str, ...]


class Builder:
    """Builds projects one after the other or at the same time; everything of theirs runs in the sandbox."""

    def __init__(self, toolchain: Toolchain | None, settings: CrawlerSettings, work: Path, jobs: int) -> None:
        """Prepares; starts nothing.

        Args:
            toolchain: whose Coq compiles; None where nothing is to be built.
            settings: limits.
            work: a folder for what is needed meanwhile.
            jobs: files of a project that are compiled at one time.
        """
        self._toolchain = toolchain
        self._settings, self._work, self._jobs = settings, work, jobs

    async def build(self, root: Path) -> Built:
        """Builds the project in a folder, and writes a `_CoqProject` there that lists what compiles.

        Raises:
            CrawlError: the cache cannot be written.
            OSError: the folder cannot be written.
        """
        root = root.resolve()
        found = await asyncio.to_thread(detect, root)
        if self._toolchain is None:
            return await asyncio.to_thread(self._unbuilt, root, found)
        # Each project is watched under a mark of its own, so that what is killed is known to be its.
        with bounded(self._toolchain, self._settings) as toolchain:
            return await self._build(root, found, toolchain)

    async def _build(self, root: Path, found: Detected, toolchain: LimitedToolchain) -> Built:
        async with Watch.over(toolchain, self._settings) as watch:
            notes: list[str] = []
            layout = found.layout
            results: dict[str, FileResult] = {}
            if layout is not None and layout.files:
                results = await self._compile(root, layout, toolchain, notes)
            if found.makefile and not _all_compile(layout, results):
                other = await self._with_make(root, layout, toolchain, notes)
                if other is not None:
                    layout = other
                    results = await self._compile(root, layout, toolchain, notes)
            if layout is None or not layout.files:
                layout = guess(root)
                results = await self._compile(root, layout, toolchain, notes)
            return await asyncio.to_thread(self._judged, root, found, layout, results, notes, watch.killed)

    def _unbuilt(self, root: Path, found: Detected) -> Built:
        layout = found.layout if found.layout is not None and found.layout.files else guess(root)
        write_project(root, layout.options, layout.files)
        files = _shown(root, layout.files)
        return Built(
            Status.UNBUILT, None, "", found.systems, found.package.requires, files, (), (), tuple(layout.notes)
        )

    async def _with_make(
        self, root: Path, layout: Layout | None, toolchain: LimitedToolchain, notes: list[str]
    ) -> Layout | None:
        """The layout as the project's make knows it; None where that tells nothing new."""
        if make_program() is None and not toolchain.host_path("/usr/bin/make").is_file():
            notes.append("its make was not run: make is not installed")
            return None
        tools = self._work / f"tools-{toolchain.mark}"
        try:
            made = await run_make(root, tools, toolchain, self._settings)
        finally:
            shutil.rmtree(tools, ignore_errors=True)
        if made.ended:
            notes.append(f"its make was stopped ({made.ended})")
        elif made.status < 0 or made.status > 128:
            notes.append("its make was killed")
        elif made.status:
            notes.append(f"its make ended with {made.status}: {made.said[-200:]}")
        written = [path for path, text in made.written if write(root, path, text)]
        if written:
            notes.append(f"written by its make: {', '.join(written[:10])}")
        return _merged(root, layout, made, written)

    async def _compile(
        self, root: Path, layout: Layout, toolchain: LimitedToolchain, notes: list[str]
    ) -> dict[str, FileResult]:
        """What came of each file; those that time ran out for are missing."""
        write_project(root, layout.options, layout.files)
        project = Project(root.name, root, layout.files, layout.options)
        done: dict[str, FileResult] = {}

        def note(result: FileResult, _: int, __: int) -> None:
            done[result.path] = result

        try:
            async with asyncio.timeout(self._settings.build_wall_s):
                await build_project(
                    project, toolchain, jobs=self._jobs, progress=note, file_wall_s=self._settings.file_wall_s
                )
        except TimeoutError:
            notes.append(f"stopped after {self._settings.build_wall_s:g} s")
        except BuildFaultError as error:
            raise CrawlError(str(error)) from error
        except (BuildError, ProjectError) as error:
            notes.append(str(error).replace(str(root), "."))
        return done

    def _judged(
        self,
        root: Path,
        found: Detected,
        layout: Layout,
        results: dict[str, FileResult],
        notes: list[str],
        killed: Iterable[str],
    ) -> Built:
        assert self._toolchain is not None
        files = _shown(root, layout.files)
        compiled = tuple(path for path in files if path in results and results[path].status is FileStatus.OK)
        cause: Cause | None = None
        message = ""
        problems: tuple[tuple[str, str, str], ...] = ()
        missing = tuple((path, Cause.BUILD_SYSTEM.value, "it is listed and not there") for path in layout.missing)
        if len(compiled) < len(files) or not files or missing:
            own = _own_names(root, layout)
            cause, message, found_problems = judge(
                results.values(), own, found.package, self._toolchain.coq_version, killed
            )
            stopped = [note for note in notes if note.startswith("stopped after")]
            if stopped:
                cause, message = Cause.TIMEOUT, stopped[0]
            elif not found_problems:
                message = next(iter((*notes, *(f"{path} is listed and not there" for path, _, _ in missing))), message)
            problems = (*found_problems, *missing)[:_SHOWN_PROBLEMS]
        status = Status.BUILDS if cause is None else Status.PARTLY if compiled else Status.FAILS
        if compiled:
            write_project(root, layout.options, [root / path for path in compiled])
        return Built(
            status,
            cause,
            message,
            found.systems,
            found.package.requires,
            (*files, *layout.missing),
            compiled,
            tuple(problems),
            (*layout.notes, *notes),
        )


def _all_compile(layout: Layout | None, results: dict[str, FileResult]) -> bool:
    if layout is None or not layout.files or layout.missing:
        return False
    return len(results) >= len(layout.files) and all(one.status is FileStatus.OK for one in results.values())


def _merged(root: Path, layout: Layout | None, made: Made, written: list[str]) -> Layout | None:
    """Load path and files of before with those of a make; None where nothing is new."""
    if made.options is None and not written:
        return None
    if layout is None or not layout.files:
        options = made.options or guess(root).options
        listed = [root / path for path in made.files] or coq_files(root)
    else:
        more = made.options or LoadOptions()
        paths = layout.options.paths if written and made.options is None else tuple(dict.fromkeys(more.paths))
        options = replace(layout.options, paths=paths or layout.options.paths)
        listed = [*layout.files, *(root / path for path in (*layout.missing, *made.files, *written))]
    again = contained(root, options, listed)
    if layout is not None and again.options == layout.options and again.files == layout.files:
        return None
    return replace(again, notes=(*(layout.notes if layout else ()), *again.notes))


def _own_names(root: Path, layout: Layout) -> frozenset[str]:
    """First parts of the logical names that are the project's own."""
    names = {path.logical.partition(".")[0] for path in layout.options.paths if path.logical}
    if any(not path.logical for path in layout.options.paths):
        names |= {file.relative_to(root).parts[0].removesuffix(".v") for file in layout.files}
    return frozenset(names)


def _shown(root: Path, files: Iterable[Path]) -> tuple[str, ...]:
    return tuple(file.relative_to(root).as_posix() for file in files)
