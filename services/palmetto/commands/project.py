"""`palmetto project ...`: the catalogue, and building and examining projects."""

import asyncio
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from coq_checker.builds import Build, BuildError, FileResult, FileStatus, build_project, missing_libraries
from coq_checker.toolchain import Toolchain, ToolchainError, choose_toolchain
from coqdata.catalogue import add_project, added_projects, catalogue, locate, resolve
from coqdata.project import PROJECT_FILE, Project, ProjectError, is_text
from coqdata.source import problem as problem_of
from coqdata.source import read_source
from palmetto.commands import fail, project_fetch
from palmetto.streams import print_json
from palmetto.toolchains import ToolchainOption, for_project, for_services

_SHOWN_PER_CHECK = 20
_TOLD_EVERY_S = 20.0

app = typer.Typer(help="Coq projects: the catalogue, building, examining.", no_args_is_help=True)


@app.command("list")
def list_projects(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """The catalogue (PALM's evaluation projects) and the projects that you added."""
    try:
        added = added_projects()
        places = {name: locate(name) for name in sorted({*catalogue(), *added}, key=str.lower)}
    except ProjectError as error:
        raise fail(str(error)) from None
    rows = []
    for name, place in places.items():
        entry = catalogue().get(name)
        toolchain, why = _toolchain_at(name, place)
        rows.append(
            {
                "name": name,
                "coq": entry.coq if entry else "",
                "palm_theorems": entry.palm_theorems if entry else None,
                "folder": str(place) if place else None,
                "upstream": entry.upstream if entry else "",
                "commit": entry.commit if entry else "",
                "toolchain": toolchain,
                "toolchain_why": why,
            }
        )
    if as_json:
        for row in rows:
            print_json(row)
        return
    cells = []
    for row in rows:
        theorems = "" if row["palm_theorems"] is None else str(row["palm_theorems"])
        shown = (str(row["toolchain"] or "-"), str(row["folder"] or "-"), str(row["upstream"]))
        cells.append((str(row["name"]), str(row["coq"]), theorems, *shown))
    _print_table(("project", "PALM's Coq", "theorems", "toolchain", "here", "upstream"), cells)


def _toolchain_at(name: str, place: Path | None) -> tuple[str, str]:
    """The toolchain that a project needs, and why; empty, and what is wrong, where that cannot be said."""
    if place is None:
        return "", "it is not on this machine"
    try:
        chosen = choose_toolchain(resolve(name))
    except (ProjectError, ToolchainError) as error:
        return "", str(error)
    return chosen.name, chosen.why


def _print_table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """A table: fitted to a terminal, else plain, each row on a line of its own."""
    console = Console(highlight=False)
    if not console.is_terminal:
        widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
        for row in (header, *rows):
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        return
    table = Table(box=None, pad_edge=False)
    for column in header:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What to call it.")],
    folder: Annotated[Path, typer.Argument(help="Its folder.")],
    toolchain: Annotated[
        str | None,
        typer.Option(help="The toolchain that it is worked on with; default: what its files tell.", metavar="NAME"),
    ] = None,
) -> None:
    """Remember a project under a name."""
    try:
        project = add_project(name, folder, for_services(toolchain))
        chosen, why, _ = choose_toolchain(project)
    except (ProjectError, ToolchainError) as error:
        raise fail(str(error)) from None
    print(f"{name}: {len(project.files)} files in {project.root}; toolchain {chosen}, since {why}")


@app.command()
def show(
    project: Annotated[str, typer.Argument(help="Name or folder.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show a project: its folder, how many files it has, the toolchain that it is worked on with, and why."""
    try:
        found = resolve(project)
        toolchain, why, _ = choose_toolchain(found)
    except (ProjectError, ToolchainError) as error:
        raise fail(str(error)) from None
    row = {"name": found.name, "folder": str(found.root), "files": len(found.files)}
    row |= {"toolchain": toolchain, "toolchain_why": why}
    if as_json:
        print_json(row)
        return
    for key, value in row.items():
        print(f"{key.replace('_', ' '):13}  {value}")


app.command("fetch")(project_fetch.fetch)


@app.command()
def build(
    project: Annotated[str, typer.Argument(help="Name or folder.")],
    jobs: Annotated[int | None, typer.Option(min=1, help="Files at one time; default: the cores.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a file.")] = False,
    toolchain: ToolchainOption = None,
) -> None:
    """Compile a project into the cache. Exit 0: all of it builds; 1: something does not; 2: could not run."""
    begun = time.monotonic()
    try:
        what = resolve(project)
        found = _build(what, for_project(what, toolchain)[0], jobs, as_json)
    except (ProjectError, BuildError, ToolchainError) as error:
        raise fail(str(error)) from None
    if not found.files:
        raise fail(f"{project} has no .v files: give the folder of a Coq project, or list them in {PROJECT_FILE}.")
    if not as_json:
        failed = [(one.path, str(one.line or ""), one.message) for one in found.problems]
        if failed:
            _print_table(("file", "line", "problem"), failed)
        compiled = sum(one.compiled for one in found.files)
        print(f"{_how_many(found)}, {compiled} compiled now, in {time.monotonic() - begun:.1f} s")
    raise typer.Exit(1 if found.problems else 0)


def _how_many(built: Build) -> str:
    own, needed = ([one.status for one in built.files if one.own is own] for own in (True, False))
    text = f"{own.count(FileStatus.OK)} of {len(own)} files build"
    if needed:
        text += f", {needed.count(FileStatus.OK)} of {len(needed)} of the projects that it needs"
    return text


def _build(project: Project, toolchain: Toolchain, jobs: int | None = None, as_json: bool = False) -> Build:
    """Builds, with its progress on standard error (also where that is no terminal), or as JSON on standard output."""
    shows = sys.stderr.isatty() and not as_json
    state = "it has begun"

    def progress(result: FileResult, done: int, total: int) -> None:
        nonlocal state
        state = f"{done} of {total} files are done, the last one {result.path}"
        if as_json:
            print_json(_as_json(result))
        elif shows:
            print(f"\r\x1b[K{done}/{total} {result.path}"[:100], end="", file=sys.stderr, flush=True)

    async def tell() -> None:
        while True:
            await asyncio.sleep(_TOLD_EVERY_S)
            print(f"palmetto: {project.name} is being compiled: {state}.", file=sys.stderr, flush=True)

    async def build() -> Build:
        telling = None if shows or as_json else asyncio.create_task(tell())
        try:
            return await build_project(project, toolchain, jobs=jobs or os.cpu_count() or 1, progress=progress)
        finally:
            if telling is not None:
                telling.cancel()

    try:
        return asyncio.run(build())
    finally:
        if shows:
            print("\r\x1b[K", end="", file=sys.stderr)


def _as_json(result: FileResult) -> dict[str, object]:
    return {
        "file": result.path,
        "status": result.status.value,
        "message": result.message,
        "line": result.line,
        "compiled": result.compiled,
        "wall_ms": result.wall_ms,
        "own": result.own,
    }


@app.command()
def doctor(project: Annotated[str, typer.Argument(help="Name or folder.")], toolchain: ToolchainOption = None) -> None:
    """Look for what keeps a project from being checked. Exit 0: nothing, or warnings; 1: a problem; 2: no run."""
    place = Path(project) if "/" in project or project in (".", "..") else locate(project) or Path(project)
    problems = 0
    try:
        found = resolve(project)
    except ProjectError as error:
        if not place.is_dir():
            raise fail(str(error)) from None
        print(f"PROBLEM  {place / PROJECT_FILE}: {error}")
        raise typer.Exit(1) from None
    for what, problem in _examine(found, toolchain):
        problems += problem is not None and not isinstance(problem, _Warning)
        state = "ok" if problem is None else "warning" if isinstance(problem, _Warning) else "PROBLEM"
        print(f"{state:8} {what}" + ("" if problem is None else f": {problem}"), flush=True)
    raise typer.Exit(1 if problems else 0)


class _Warning(str):
    """What may keep a project from being checked, and its remedy: whether it builds decides."""

    __slots__ = ()


def _examine(project: Project, given: str | None) -> Iterator[tuple[str, str | None]]:
    """What is looked at, and what is wrong with it together with its remedy; None when nothing is."""
    yield from _examine_files(project)
    try:
        project.options.engine_arguments()
        yield "options", None
    except ProjectError as error:
        yield "options", str(error)
    try:
        toolchain, why = for_project(project, given)
        unmet = "" if given is not None else choose_toolchain(project).unmet
    except ToolchainError as error:
        yield "toolchain", str(error)
        return
    yield f"toolchain {toolchain.name}, since {why}", None if not unmet else _unmet(unmet)
    entry = catalogue().get(project.name)
    if entry is None or f"{toolchain.coq_version}.".startswith(f"{entry.coq}."):
        yield f"Coq {toolchain.coq_version}", None
    else:
        # No problem by itself: whether it builds decides.
        yield f"Coq {toolchain.coq_version} (PALM checked {entry.name} with {entry.coq}: figures may differ)", None
    try:
        missing = missing_libraries(project, toolchain)
    except (ProjectError, BuildError) as error:
        yield "required files and libraries", str(error)
        return
    if not missing:
        yield "required files and libraries are there", None
    for one in missing[:_SHOWN_PER_CHECK]:
        required = f"From {one.prefix} Require {one.name}" if one.prefix else f"Require {one.name}"
        yield f"{one.path}: {required}", f"there is no such library: {one.remedy}"
    if len(missing) > _SHOWN_PER_CHECK:
        yield "further requires", f"{len(missing) - _SHOWN_PER_CHECK} more find nothing either: mend the first ones"
    try:
        yield from _examine_build(_build(project, toolchain))
    except (ProjectError, BuildError) as error:
        yield "build", str(error)


def _unmet(asked: str) -> _Warning:
    return _Warning(
        f"to have {asked}, install it in a switch of opam's, which `palmetto toolchain list` then shows; or name one "
        "of that list with --toolchain, or in palmetto.toml, where the project goes with that too"
    )


def _examine_files(project: Project) -> Iterator[tuple[str, str | None]]:
    listing = project.root / PROJECT_FILE
    advice = f"not there: write one with the project's load path, as in `-Q . {project.name}`"
    yield str(listing), None if listing.is_file() else advice
    count = len(project.files)
    advice = f"none: give the folder of a Coq project, or list its files in {PROJECT_FILE}"
    yield f"{count} files", None if count else advice
    gone = [path for path in project.files if not path.is_file()]
    if not gone:
        yield "listed files are there", None
    for path in gone[:_SHOWN_PER_CHECK]:
        yield str(path), f"not there: restore it, or take it off the list in {PROJECT_FILE}"
    for path in [path for path in project.root.rglob("*.v") if not is_text(path)][:_SHOWN_PER_CHECK]:
        yield str(path), "left out, for its name is not UTF-8, and coqc takes no such file: rename it"
    wrong = {path: why for path in project.files if path.is_file() if (why := _unreadable(path)) is not None}
    if not wrong:
        yield "text is UTF-8", None
    for path in list(wrong)[:_SHOWN_PER_CHECK]:
        yield str(path), wrong[path]
    for bound in project.options.paths:
        what = f"{'-R' if bound.recursive else '-Q'} {bound.folder} {bound.logical or '(no name)'}"
        yield what, None if bound.folder.is_dir() else f"no such folder: mend it in {PROJECT_FILE}"
    for folder in project.options.ml:
        yield f"-I {folder}", None if folder.is_dir() else f"no such folder: mend it in {PROJECT_FILE}"


def _examine_build(built: Build) -> Iterator[tuple[str, str | None]]:
    failed = [one for one in built.files if one.status is FileStatus.FAILED]
    skipped = [one for one in built.files if one.status is FileStatus.SKIPPED]
    if not failed:
        yield _how_many(built), None
    for one in failed[:_SHOWN_PER_CHECK]:
        yield f"{one.path} builds", f"{one.problem}: mend the file, or what it requires"
    rest = failed[_SHOWN_PER_CHECK:]
    if rest or skipped:
        yield "other files", f"{len(rest)} more fail and {len(skipped)} were not tried: mend the first ones"


def _unreadable(path: Path) -> str | None:
    try:
        return problem_of(read_source(path), as_text=True)
    except OSError as error:
        return f"cannot be read ({error.strerror}): see to its permissions"
