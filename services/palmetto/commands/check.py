"""`palmetto check`: the theorems of Coq files, through the checker service."""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import structlog
import typer

from coq_checker.client import (
    CheckerClient,
    CheckerError,
    FreeStatement,
    NotFoundError,
    Options,
    Soundness,
    UnreachableError,
)
from coq_checker.server import CheckerSettings, ServeError, running, unknown_settings
from coq_checker.toolchain import ToolchainError
from coqdata.project import ProjectError
from coqdata.theorem import Theorem
from palmetto.commands import fail
from palmetto.commands.check_report import Report, Row
from palmetto.commands.check_sources import (
    CannotRunError,
    Source,
    Wanted,
    find,
    no_theorem,
    read_all,
    read_text,
    told_apart,
)
from palmetto.engine import EngineOption, use_engine
from palmetto.toolchains import ToolchainOption, for_file, for_own_checker, for_requests

_SOUNDNESS: dict[bool | None, Soundness | None] = {None: None, True: "strict", False: "report"}


def check(
    files: Annotated[list[Path], typer.Argument(help="Coq files.", metavar="FILE.v...")],
    theorem: Annotated[
        str | None, typer.Option(help="Only this theorem: `foo`, `Module.foo`, or `foo#3` by its index in the file.")
    ] = None,
    proof: Annotated[
        Path | None, typer.Option(help="A file with the body of its proof, in place of what stands there.")
    ] = None,
    project: Annotated[
        str | None, typer.Option(help="Name or folder of the project; default: the nearest _CoqProject.")
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Files at one time; default: the cores.")] = None,
    timeout: Annotated[float, typer.Option(min=0.001, help="CPU seconds of each theorem.", metavar="S")] = 60.0,
    axioms: Annotated[
        str | None,
        typer.Option(
            help="Allow only these axioms, separated by commas (`none` for none); "
            "default: what the environment assumes.",
            metavar="A,B",
        ),
    ] = None,
    recheck: Annotated[
        bool, typer.Option("--recheck", help="Confirm with coqc and coqchk in fresh processes.")
    ] = False,
    recheck_with: Annotated[
        str | None,
        typer.Option(
            help="Have coqc and coqchk of another toolchain compile it too, and tell what they say.",
            metavar="TOOLCHAIN",
        ),
    ] = None,
    strict: Annotated[
        bool | None,
        typer.Option(
            "--strict/--no-strict",
            help="Reject what rests on parts of Coq's kernel that have been unsound (docs/strict-guard.md), or only "
            "tell; default: tell, and reject with --proof.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    server: Annotated[
        str | None,
        typer.Option(
            envvar="PALMETTO_CHECKER_ADDRESS",
            help="Address of a checker service, or several with spaces between; default: one of its own.",
        ),
    ] = None,
    toolchain: ToolchainOption = None,
    engine: EngineOption = None,
) -> None:
    """Check every theorem of the files, or one of them. Exit 0: all proved; 1: something is not; 2: could not run."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    for warning in unknown_settings():
        print(f"palmetto: {warning}", file=sys.stderr)
    allowed = None if axioms is None else [a.strip() for a in axioms.split(",") if a.strip() not in ("", "none")]
    options = Options(
        cpu_ms=max(1, int(timeout * 1000)),
        axioms=allowed,
        want_goals=True,
        recheck=recheck,
        soundness=_SOUNDNESS[strict],
    )
    try:
        if engine is not None and server is not None:
            raise CannotRunError("--engine is for a checker of this command's own: leave it out, or --server.")
        use_engine(engine)
        options = replace(options, second_opinion=for_requests(recheck_with, server))
        body = read_text(proof) if proof is not None else None
        if body is not None and theorem is None:
            raise CannotRunError("--proof needs --theorem: name the theorem that it proves.")
        if theorem is not None and len(files) > 1:
            raise CannotRunError("--theorem needs one file: give the file that the theorem stands in.")
        report = Report(as_json, several=len(files) > 1)
        sources, problems = read_all(files, project)
        for sentence in problems:
            report.problem(sentence)
        sources = list(_with_toolchains(sources, toolchain, server, report))
        if sources:
            asyncio.run(_run(sources, theorem, body, options, jobs, server, toolchain, report))
    except UnreachableError as error:
        raise fail(_unreachable(error, server)) from None
    except (CannotRunError, CheckerError, ServeError, ToolchainError, ProjectError) as error:
        raise fail(str(error)) from None
    report.finish()
    raise typer.Exit(report.status)


def _with_toolchains(sources: list[Source], given: str | None, server: str | None, report: Report) -> Iterator[Source]:
    """The sources with the toolchains that they are checked with, without those whose own is not here."""
    for_all = for_requests(given, server)
    for source in sources:
        if given is not None or source.project is not None:
            yield replace(source, toolchain=for_all)
            continue
        try:
            yield replace(source, toolchain=for_file(given, server, source.path, source.text.encode()))
        except ToolchainError as error:
            report.problem(str(error))


@asynccontextmanager
async def _client(
    sources: list[Source], jobs: int | None, server: str | None, toolchain: str | None
) -> AsyncIterator[CheckerClient]:
    """A client of the given service, or of one started for this command."""
    if server is not None:
        async with CheckerClient(server) as client:
            yield client
        return
    projects = {source.project.name: source.project for source in sources if source.project is not None}
    others = {source.toolchain for source in sources if source.project is None}
    default, served = for_own_checker(toolchain, list(projects.items()), others)
    slots = jobs or os.cpu_count() or 1
    settings = CheckerSettings(listen="127.0.0.1:0", metrics_listen="", projects="", slots=slots)
    async with (
        running(settings, toolchain=default, projects=served, at_need=True) as up,
        CheckerClient(up.address) as client,
    ):
        yield client


async def _run(
    sources: list[Source],
    theorem: str | None,
    body: str | None,
    options: Options,
    jobs: int | None,
    server: str | None,
    toolchain: str | None,
    report: Report,
) -> None:
    wanted = find(sources[0], theorem, surely=body is not None) if theorem is not None else None
    # A server knows projects by their own names alone.
    sources = told_apart(sources) if server is None else sources
    async with _client(sources, jobs, server, toolchain) as client:
        if wanted is not None and wanted.theorem is not None and body is not None:
            report.add(await _check_body(client, sources[0], wanted.theorem, body, options))
            return
        at_once = asyncio.Semaphore(jobs or os.cpu_count() or 1)

        async def one(source: Source) -> tuple[list[Row], str]:
            async with at_once:
                told = report if len(sources) == 1 else None
                return await _check_file(client, server, source, wanted, options, told)

        for rows, why in await asyncio.gather(*map(one, sources)):
            if len(sources) > 1:
                for row in rows:
                    report.add(row)
            if why:
                report.problem(why)


def _unreachable(error: UnreachableError, server: str | None) -> str:
    if server is None or len(server.split()) > 1:
        return str(error)  # of several it names the one
    return (
        f"no checker answers at {server}: start one with `palmetto serve coq-checker --listen {server}`, "
        "or leave out --server and PALMETTO_CHECKER_ADDRESS."
    )


async def _check_file(
    client: CheckerClient,
    server: str | None,
    source: Source,
    wanted: Wanted | None,
    options: Options,
    report: Report | None,
) -> tuple[list[Row], str]:
    """The answers, given to the report as they come, and why there are not all of them."""
    rows: list[Row] = []
    try:
        # The text that lies here, whatever a server has under that name.
        async for answer in client.check_file(
            text=source.text,
            project=source.project.name if source.project is not None else "",
            file=source.file,
            logical_name=source.logical_name,
            toolchain=source.toolchain,
            options=options,
        ):
            if wanted is not None and not wanted.means(answer.theorem):
                continue
            result = replace(answer.result, message=source.named(answer.result.message))
            rows.append(Row(source, answer.theorem.qualified_name, result))
            if report is not None:
                report.add(rows[-1])
            if wanted is not None:
                return rows, ""
    except UnreachableError as error:
        # What was answered before the checker went away stands.
        return rows, f"{source.path}: {_unreachable(error, server)}"
    except CheckerError as error:
        return rows, source.problem(_with_remedy(source, error))
    return rows, "" if wanted is None else no_theorem(source, wanted.name)


def _with_remedy(source: Source, error: CheckerError) -> str:
    project = source.project
    if isinstance(error, NotFoundError) and project is not None:
        return f"the checker does not serve its project: start it with `--project {project.name}={project.root}`."
    return str(error)


async def _check_body(client: CheckerClient, source: Source, theorem: Theorem, body: str, options: Options) -> Row:
    data = source.text.encode()
    target = FreeStatement(
        statement=data[theorem.start : theorem.statement_end].decode(),
        context=data[: theorem.start].decode(),
        project=source.project.name if source.project is not None else "",
        logical_name=source.logical_name,
        file=source.file,
        toolchain=source.toolchain,
    )
    try:
        result = await client.check_proof(target, body, options=options)
    except UnreachableError:
        raise
    except CheckerError as error:
        raise CannotRunError(source.named(_with_remedy(source, error))) from error
    return Row(source, theorem.qualified_name, result)
