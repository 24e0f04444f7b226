"""`palmetto project ...`: the catalogue, and building and examining projects."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from coq_checker.builds import Build, BuildError, FileResult, build_project
from coq_checker.toolchain import Toolchain, ToolchainError, find_toolchain
from coqdata.catalogue import add_project, added_projects, catalogue, locate, resolve
from coqdata.project import PROJECT_FILE, Project, ProjectError, dependencies
from palmetto.commands import fail

app = typer.Typer(help="Coq projects: the catalogue, building, examining.", no_args_is_help=True)


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=160)


@app.command("list")
def list_projects(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """The catalogue (PALM's evaluation projects) and the projects that you added."""
    try:
        added = added_projects()
    except ProjectError as error:
        raise fail(str(error)) from None
    rows = []
    for name in sorted({*catalogue(), *added}, key=str.lower):
        entry = catalogue().get(name)
        place = locate(name)
        rows.append(
            {
                "name": name,
                "coq": entry.coq if entry else "",
                "palm_theorems": entry.palm_theorems if entry else None,
                "folder": str(place) if place else None,
                "upstream": entry.upstream if entry else "",
                "commit": entry.commit if entry else "",
            }
        )
    if as_json:
        for row in rows:
            print(json.dumps(row))
        return
    table = Table(box=None, pad_edge=False)
    for column in ("project", "PALM's Coq", "theorems", "here", "upstream"):
        table.add_column(column, overflow="fold")
    for row in rows:
        theorems = "" if row["palm_theorems"] is None else str(row["palm_theorems"])
        cells = [row["name"], row["coq"], theorems, row["folder"] or "-", row["upstream"]]
        table.add_row(*(Text(str(cell)) for cell in cells))
    _console().print(table)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What to call it.")],
    folder: Annotated[Path, typer.Argument(help="Its folder.")],
) -> None:
    """Remember a project under a name."""
    try:
        project = add_project(name, folder)
    except ProjectError as error:
        raise fail(str(error)) from None
    print(f"{name}: {len(project.files)} files in {project.root}")


@app.command()
def build(
    project: Annotated[str, typer.Argument(help="Name or folder.")],
    jobs: Annotated[int | None, typer.Option(min=1, help="Files at one time; default: the cores.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a file.")] = False,
) -> None:
    """Compile a project into the cache. Exit 0: all of it builds; 1: something does not; 2: could not run."""
    shows = sys.stderr.isatty() and not as_json

    def progress(result: FileResult, done: int, total: int) -> None:
        if as_json:
            print(json.dumps({"file": result.path, "problem": result.problem, "compiled": result.compiled}), flush=True)
        elif shows:
            print(f"\r\x1b[K{done}/{total} {result.path}"[:100], end="", file=sys.stderr, flush=True)

    try:
        found = asyncio.run(
            build_project(resolve(project), find_toolchain(), jobs=jobs or os.cpu_count() or 1, progress=progress)
        )
    except (ProjectError, BuildError, ToolchainError) as error:
        raise fail(str(error)) from None
    if shows:
        print("\r\x1b[K", end="", file=sys.stderr)
    failed = [one for one in found.files if one.problem is not None]
    if not as_json:
        for one in failed:
            print(f"{one.path}: {one.problem}")
        compiled = sum(one.compiled for one in found.files)
        print(f"{len(found.files) - len(failed)} of {len(found.files)} files build, {compiled} compiled now")
    raise typer.Exit(1 if failed else 0)


@app.command()
def doctor(project: Annotated[str, typer.Argument(help="Name or folder.")]) -> None:
    """Look for what keeps a project from being checked. Exit 0: nothing; 1: something; 2: could not run."""
    try:
        found = resolve(project)
    except ProjectError as error:
        raise fail(str(error)) from None
    problems = 0
    for what, problem in _examine(found):
        problems += problem is not None
        print(f"{'ok     ' if problem is None else 'PROBLEM'}  {what}{'' if problem is None else ': ' + problem}")
    raise typer.Exit(1 if problems else 0)


def _examine(project: Project) -> list[tuple[str, str | None]]:
    """What was looked at, and what is wrong with it, each with its remedy."""
    found: list[tuple[str, str | None]] = []

    def look(what: str, fine: bool, problem: str) -> None:
        found.append((what, None if fine else problem))

    listing = project.root / PROJECT_FILE
    look(str(listing), listing.is_file(), f"not there: write one with the project's paths, as in `-Q . {project.name}`")
    missing = [path for path in project.files if not path.is_file()]
    first = missing[0] if missing else ""
    look(f"{len(project.files)} files listed", not missing, f"{first} is not there: restore it or take it off the list")
    look("files", bool(project.files), f"none: give the folder of a Coq project, or list its files in {PROJECT_FILE}")
    unreadable = [path for path in project.files if path.is_file() and not _is_utf8(path)]
    look("text is UTF-8", not unreadable, f"{unreadable[0] if unreadable else ''} is not: convert it with iconv")
    for path in project.options.paths:
        flag = "-R" if path.recursive else "-Q"
        look(f"{flag} {path.folder} {path.logical}", path.folder.is_dir(), f"no such folder: mend {PROJECT_FILE}")
    try:
        project.options.sertop_arguments()
        dependencies(project.files, project.options)
        found.append(("options", None))
    except ProjectError as error:
        found.append(("options", str(error)))
    entry = catalogue().get(project.name)
    toolchain: Toolchain | None = None
    try:
        toolchain = find_toolchain()
        about = f"toolchain {toolchain.name}, Coq {toolchain.coq_version}"
        if entry is not None and not toolchain.coq_version.startswith(entry.coq):
            about += f" (PALM used {entry.coq})"
        found.append((about, None))
    except ToolchainError as error:
        found.append(("toolchain", str(error)))
    if toolchain is not None:
        found += _build_problems(project, toolchain)
    return found


def _build_problems(project: Project, toolchain: Toolchain) -> list[tuple[str, str | None]]:
    try:
        built: Build = asyncio.run(build_project(project, toolchain, jobs=os.cpu_count() or 1))
    except (ProjectError, BuildError) as error:
        return [("build", str(error))]
    failed = [one for one in built.files if one.problem is not None]
    if not failed:
        return [(f"all {len(built.files)} files build", None)]
    return [(f"{one.path} builds", _remedy(one.problem or "")) for one in failed]


def _remedy(problem: str) -> str:
    if "Cannot find a physical path" in problem or "Unable to locate library" in problem:
        return f"{problem}: add the library's -Q to {PROJECT_FILE}, or see `palmetto toolchain show`"
    return problem


def _is_utf8(path: Path) -> bool:
    try:
        path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return True
