"""`palmetto index`: builds what the retriever answers from."""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from coq_checker.builds import BuildError, build_project
from coq_checker.client import CheckerClient, CheckerError
from coq_checker.server import CheckerSettings, ServeError, running
from coq_checker.toolchain import Toolchain, ToolchainError
from coqdata.catalogue import resolve
from coqdata.crawled import expand
from coqdata.project import Project, ProjectError
from palmetto.commands import fail
from palmetto.commands.index_sources import Plan, plans
from palmetto.streams import print_json
from palmetto.toolchains import (
    ElsewhereOption,
    Group,
    ToolchainOption,
    by_toolchain,
    elsewhere_names,
    for_requests,
    name_for,
)
from retriever.indexing import Built, CheckerAsker, IndexFailedError, build_index, index_folder

_SHOWN_NOTES = 5


def index(
    projects: Annotated[
        list[str], typer.Argument(help="Projects: NAME, DIR or NAME=DIR; or what a crawl wrote.", metavar="PROJECT...")
    ],
    library_goals: Annotated[
        bool, typer.Option("--library-goals", help="Trace the proofs of installed libraries too (long).")
    ] = False,
    goals: Annotated[bool, typer.Option("--goals/--no-goals", help="Trace the proofs of the projects.")] = True,
    jobs: Annotated[int | None, typer.Option(min=1, help="Files at one time; default: the cores.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each index.")] = False,
    checker: Annotated[
        str | None,
        typer.Option(
            envvar="PALMETTO_CHECKER_ADDRESS",
            help="Address of a checker with the projects, or several with spaces between; default: one of its own.",
        ),
    ] = None,
    toolchain: ToolchainOption = None,
    elsewhere: ElsewhereOption = "",
) -> None:
    """Index projects and the libraries that they require, for `palmetto serve retriever`.

    Only what has changed is read again. Exit 0: everything is indexed; 1: something could not be had (it says what);
    2: could not run.
    """
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        named = [_project(text) for text in expand(projects)]
        grouped = by_toolchain(named, toolchain, elsewhere_names(elsewhere))
        asked = for_requests(toolchain, checker)
        whole = asyncio.run(_run(grouped, asked, library_goals, goals, jobs or os.cpu_count() or 1, as_json, checker))
    except (ProjectError, BuildError, ToolchainError, ServeError, CheckerError, IndexFailedError) as error:
        raise fail(str(error)) from None
    raise typer.Exit(0 if whole else 1)


def _project(text: str) -> tuple[str, Project]:
    name, _, folder = text.partition("=")
    project = resolve(folder or name)
    if not project.files:
        raise ProjectError(f"{text} has no .v files: give the folder of a Coq project.")
    return (name if folder else project.name), project


async def _run(
    grouped: Sequence[Group],
    asked: str,
    library_goals: bool,
    goals: bool,
    jobs: int,
    as_json: bool,
    checker: str | None,
) -> bool:
    whole = True
    if not grouped:
        return whole
    with _bar(as_json) as bar:
        todo: list[tuple[Plan, Toolchain]] = []
        served: dict[str, Project] = {}
        for toolchain, named in grouped:
            for name, project in named:
                whole &= await _build(name, project, toolchain, jobs, bar)
            for plan in await asyncio.to_thread(plans, named, toolchain):
                todo.append((plan, toolchain))
                if plan.project is not None:
                    served[plan.unit.name] = replace(plan.project, toolchain=toolchain.name)
        async with _client(served, grouped[0][0], jobs, checker) as client:
            folders: dict[str, Path] = {}
            for plan, toolchain in todo:
                asker = CheckerAsker(client, name_for(toolchain, asked, checker))
                built = await _index(plan, folders, asker, goals, library_goals, jobs, bar)
                folders[plan.unit.key] = built.folder
                # Of installed libraries nobody could mend anything.
                whole &= not (plan.unit.project and built.notes)
                _report(plan, built, as_json)
    return whole


async def _build(name: str, project: Project, toolchain: Toolchain, jobs: int, bar: Progress) -> bool:
    task = bar.add_task(f"compiling {name}", total=None)
    built = await build_project(
        project, toolchain, jobs=jobs, progress=lambda _, done, total: bar.update(task, completed=done, total=total)
    )
    bar.remove_task(task)
    for one in built.problems:
        print(f"palmetto: {name}: {one.path} does not build ({one.problem}).", file=sys.stderr)
    return not built.problems


async def _index(
    plan: Plan,
    folders: dict[str, Path],
    asker: CheckerAsker,
    goals: bool,
    library_goals: bool,
    jobs: int,
    bar: Progress,
) -> Built:
    task = bar.add_task(f"indexing {plan.unit.name}", total=None)
    built = await build_index(
        plan.unit,
        index_folder(),
        needs=[folders[key] for key in plan.needs if key in folders],
        asker=asker,
        goals=goals if plan.unit.project else library_goals,
        jobs=jobs,
        progress=lambda _, done, total: bar.update(task, completed=done, total=total),
    )
    bar.remove_task(task)
    return built


def _report(plan: Plan, built: Built, as_json: bool) -> None:
    unit = plan.unit
    if as_json:
        row = {"index": unit.name, "project": unit.project, "files": built.files, "premises": built.premises}
        row |= {"proofs": built.proofs, "steps": built.steps, "read": built.fresh, "notes": list(built.notes)}
        print_json(row)
        return
    print(
        f"{unit.name}: {built.files} files ({built.fresh} read now), {built.premises} premises, "
        f"{built.proofs} proofs, {built.steps} steps",
        flush=True,
    )
    for note in built.notes[:_SHOWN_NOTES] if unit.project else ():
        print(f"palmetto: {unit.name}: {note}", file=sys.stderr)
    if unit.project and len(built.notes) > _SHOWN_NOTES:
        print(f"palmetto: {unit.name}: and {len(built.notes) - _SHOWN_NOTES} more (--json).", file=sys.stderr)


def _bar(as_json: bool) -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=as_json or not console.is_terminal,
    )


@asynccontextmanager
async def _client(
    served: Mapping[str, Project], toolchain: Toolchain, jobs: int, checker: str | None
) -> AsyncIterator[CheckerClient]:
    """A client of the given checker, or of one started for this command."""
    if checker is not None:
        async with CheckerClient(checker) as client:
            yield client
        return
    settings = CheckerSettings(listen="127.0.0.1:0", metrics_listen="", projects="", slots=jobs)
    async with running(settings, toolchain=toolchain, projects=served) as up, CheckerClient(up.address) as client:
        yield client
