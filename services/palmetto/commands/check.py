"""`palmetto check`: the theorems of Coq files, through the checker service."""

import asyncio
import json
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from coq_checker.client import (
    CheckerClient,
    CheckerError,
    FreeStatement,
    Options,
    ProofResult,
    TheoremRef,
    Verdict,
)
from coq_checker.server import CheckerSettings, ServeError, running
from coq_checker.toolchain import ToolchainError
from coqdata.catalogue import resolve
from coqdata.project import Project, ProjectError, find_project
from coqdata.theorem import Theorem, theorems
from palmetto.commands import COULD_NOT_RUN, fail

_STYLES = {Verdict.PROVED: "green", Verdict.INCOMPLETE: "yellow"}


class _CannotRunError(Exception):
    """The command cannot run; the text is one sentence."""


@dataclass(frozen=True, slots=True)
class _Row:
    file: Path
    theorem: str
    result: ProofResult


@dataclass(frozen=True, slots=True)
class _Source:
    """A file to check, and the project it belongs to, if any."""

    path: Path
    text: str
    project: Project | None

    @property
    def logical_name(self) -> str:
        """What its definitions are called by, as coqc would."""
        return self.path.stem if self.path.stem.isidentifier() else ""

    @property
    def inside(self) -> str:
        """Its path in the project; empty where it is none of its files."""
        if self.project is None or self.path.resolve() not in self.project.files:
            return ""
        return self.path.resolve().relative_to(self.project.root).as_posix()


def check(
    files: Annotated[list[Path], typer.Argument(help="Coq files.", metavar="FILE.v...")],
    theorem: Annotated[str | None, typer.Option(help="Only this theorem, `foo` or `Module.foo`.")] = None,
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
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    server: Annotated[
        str | None,
        typer.Option(envvar="PALMETTO_CHECKER_ADDRESS", help="Address of a checker service; default: one of its own."),
    ] = None,
) -> None:
    """Check every theorem of the files, or one of them. Exit 0: all proved; 1: something is not; 2: could not run."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    allowed = None if axioms is None else [a.strip() for a in axioms.split(",") if a.strip() not in ("", "none")]
    options = Options(cpu_ms=max(1, int(timeout * 1000)), axioms=allowed, want_goals=True, recheck=recheck)
    try:
        sources = [_read(path, project) for path in files]
        body = _read_text(proof) if proof is not None else None
        if body is not None and theorem is None:
            raise _CannotRunError("--proof needs --theorem: name the theorem that it proves.")
        if theorem is not None and len(files) > 1:
            raise _CannotRunError("--theorem needs one file: give the file that the theorem stands in.")
        report = _Report(as_json, several=len(files) > 1)
        asyncio.run(_run(sources, theorem, body, options, jobs, server, report))
    except (_CannotRunError, CheckerError, ServeError, ToolchainError, ProjectError) as error:
        raise fail(str(error)) from None
    report.finish()
    raise typer.Exit(report.status)


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise _CannotRunError(f"{path} cannot be read: {(error.strerror or 'unknown error').lower()}.") from error
    except UnicodeDecodeError as error:
        raise _CannotRunError(
            f"{path} is not UTF-8 text (byte {error.start}): convert it, for example with `iconv -t UTF-8`."
        ) from error


def _read(path: Path, project: str | None) -> _Source:
    text = _read_text(path)
    found = resolve(project) if project is not None else find_project(path)
    return _Source(path, text, found)


class _Report:
    """Prints what comes: a line of JSON at once, or a table at the end."""

    def __init__(self, as_json: bool, *, several: bool) -> None:
        self._json = as_json
        self._several = several
        self._rows: list[_Row] = []
        self._problems: list[str] = []

    def add(self, row: _Row) -> None:
        """Notes one answer."""
        self._rows.append(row)
        if self._json:
            shown = {"file": str(row.file)} if self._several else {}
            print(json.dumps({**shown, **_as_json(row)}, ensure_ascii=False), flush=True)
        elif sys.stderr.isatty():
            print(f"\r\x1b[K{len(self._rows)} checked: {row.theorem}"[:100], end="", file=sys.stderr, flush=True)

    def problem(self, message: str) -> None:
        """Notes why a file, or a part of it, could not be checked."""
        self._problems.append(message)

    @property
    def status(self) -> int:
        """The exit status."""
        judged = [row for row in self._rows if row.result.verdict is not Verdict.ERROR]
        if self._problems or (self._rows and not judged):
            return COULD_NOT_RUN
        return 0 if len(judged) == len(self._rows) and all(row.result.proved for row in judged) else 1

    def finish(self) -> None:
        """Prints the table, and what could not be checked."""
        if not self._json:
            if sys.stderr.isatty():
                print("\r\x1b[K", end="", file=sys.stderr)
            _print_table(self._rows, several=self._several)
        if not self._problems and self.status == COULD_NOT_RUN:
            self._problems.append(f"{self._rows[0].file}: {self._rows[0].result.message}")
        for message in self._problems:
            print(f"palmetto: {message}", file=sys.stderr)


def _as_json(row: _Row) -> dict[str, Any]:
    result = row.result
    goals = [
        {
            "hypotheses": [{"names": list(h.names), "body": h.body, "type": h.type} for h in goal.hypotheses],
            "conclusion": goal.conclusion,
        }
        for goal in result.goals
    ]
    return {
        "theorem": row.theorem,
        "verdict": result.verdict.value,
        "reason": result.reason.value,
        "message": result.message,
        "sentence": result.sentence,
        "start": result.start,
        "end": result.end,
        "goals": goals,
        "axioms": list(result.axioms),
        "cpu_ms": round(result.timings.cpu_ns / 1e6, 3),
        "wall_ms": round(result.timings.wall_ns / 1e6, 3),
    }


def _print_table(rows: list[_Row], *, several: bool) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=160)
    table = Table(box=None, pad_edge=False)
    if several:
        table.add_column("file", overflow="fold")
    for name in ("theorem", "verdict"):
        table.add_column(name, overflow="fold")
    table.add_column("CPU ms", justify="right")
    table.add_column("axioms, or what is wrong", overflow="fold")
    for row in rows:
        result = row.result
        about = ", ".join(result.axioms) if result.proved else result.message
        if result.sentence and not result.proved:
            about = f"{about}  at: {' '.join(result.sentence.split())[:80]}"
        cells = [row.theorem, result.verdict.value, f"{result.timings.cpu_ns / 1e6:.1f}", about]
        style = _STYLES.get(result.verdict, "red")
        shown = [Text(cell) for cell in cells]
        shown[1].stylize(style)
        table.add_row(*([Text(str(row.file))] if several else []), *shown)
    if rows:
        console.print(table)
    proved = sum(row.result.proved for row in rows)
    console.print(f"{proved} of {len(rows)} theorems proved" if rows else "no theorems found")


@asynccontextmanager
async def _client(sources: list[_Source], jobs: int | None, server: str | None) -> AsyncIterator[CheckerClient]:
    """A client of the given service, or of one started for this command."""
    if server is not None:
        async with CheckerClient(server) as client:
            yield client
        return
    projects = {source.project.name: source.project.root for source in sources if source.project is not None}
    settings = CheckerSettings(
        listen="127.0.0.1:0",
        metrics_listen="",
        projects=",".join(f"{name}={root}" for name, root in projects.items()),
        slots=jobs or os.cpu_count() or 1,
    )
    async with running(settings) as up, CheckerClient(up.address) as client:
        yield client


async def _run(
    sources: list[_Source],
    theorem: str | None,
    body: str | None,
    options: Options,
    jobs: int | None,
    server: str | None,
    report: _Report,
) -> None:
    async with _client(sources, jobs, server) as client:
        if theorem is not None and body is not None:
            report.add(await _check_body(client, sources[0], theorem, body, options))
            return
        if theorem is not None:
            _find(sources[0], theorem)
        at_once = asyncio.Semaphore(jobs or os.cpu_count() or 1)

        async def one(source: _Source) -> list[_Row] | str:
            async with at_once:
                return await _check_file(client, source, theorem, options, report if len(sources) == 1 else None)

        for rows in await asyncio.gather(*map(one, sources)):
            if isinstance(rows, str):
                report.problem(rows)
            elif len(sources) > 1:
                for row in rows:
                    report.add(row)


async def _check_file(
    client: CheckerClient, source: _Source, theorem: str | None, options: Options, report: _Report | None
) -> list[_Row] | str:
    project = source.project.name if source.project is not None else ""
    rows: list[_Row] = []
    try:
        answers = (
            client.check_file(project=project, file=source.inside, options=options)
            if source.inside
            else client.check_file(text=source.text, project=project, logical_name=source.logical_name, options=options)
        )
        async for answer in answers:
            name = answer.theorem.qualified_name
            if theorem is not None and theorem not in (name, answer.theorem.name):
                continue
            rows.append(_Row(source.path, name, answer.result))
            if report is not None:
                report.add(rows[-1])
            if theorem is not None:
                break
    except CheckerError as error:
        if report is None:
            return f"{source.path}: {error}"
        report.problem(f"{source.path}: {error}")
    return rows


def _find(source: _Source, name: str) -> Theorem:
    found = [one for one in theorems(source.text.encode()) if name in (one.name, one.qualified_name)]
    exact = [one for one in found if one.qualified_name == name]
    if len(found) > 1 and len(exact) == 1:
        found = exact
    if not found:
        raise _CannotRunError(f"there is no theorem {name!r} in {source.path}.")
    if len(found) > 1:
        names = ", ".join(sorted({one.qualified_name for one in found}))
        raise _CannotRunError(
            f"{name!r} stands {len(found)} times in {source.path} ({names}): name it with its modules."
        )
    return found[0]


async def _check_body(client: CheckerClient, source: _Source, name: str, body: str, options: Options) -> _Row:
    theorem = _find(source, name)
    target: TheoremRef | FreeStatement
    if source.project is not None and source.inside:
        target = TheoremRef(project=source.project.name, file=source.inside, theorem=theorem.name, index=theorem.index)
    else:
        data = source.text.encode()
        target = FreeStatement(
            statement=data[theorem.start : theorem.statement_end].decode(),
            context=data[: theorem.start].decode(),
            project=source.project.name if source.project is not None else "",
            logical_name=source.logical_name,
        )
    return _Row(source.path, theorem.qualified_name, await client.check_proof(target, body, options=options))
