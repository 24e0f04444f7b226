"""`palmetto prove`: theorems of a file or a project, from their statements."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from coq_checker.toolchain import ToolchainError
from coqdata.catalogue import find_project, resolve
from coqdata.lookup import named
from coqdata.project import Project, ProjectError
from coqdata.theorem import theorems
from palmetto.commands import COULD_NOT_RUN, fail
from palmetto.commands.check_sources import CannotRunError, read_source_of
from palmetto.local import a_prover
from palmetto.show import follow
from palmetto.stack import StackError, StackOptions
from palmetto.streams import print_json
from palmetto.toolchains import ToolchainOption, for_file, for_own_stack, for_requests
from prover.client import ProverClient, ProverError

_STYLES = {"PROVED": "green", "TIMEOUT": "yellow"}


@dataclass(frozen=True, slots=True)
class _Item:
    """A theorem to prove, and the request that asks for it."""

    file: str
    name: str
    request: dict[str, Any]


def prove(
    what: Annotated[str, typer.Argument(help="A Coq file, or a project's name or folder.", metavar="FILE.v|PROJECT")],
    theorem: Annotated[str | None, typer.Option(help="Only this theorem: `foo`, `Module.foo`, or `foo#N`.")] = None,
    budget: Annotated[float, typer.Option(min=0.1, help="CPU seconds for each theorem.", metavar="S")] = 60.0,
    model: Annotated[
        str | None,
        typer.Option(help="`neighbours` (the default), `replay:DIR`, or the address of an OpenAI-compatible server."),
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(min=0, max=64, help="Whole proofs that the model is asked for; default: as many as suit it."),
    ] = None,
    backtrack: Annotated[bool, typer.Option(help="Undo tactics where a goal cannot be closed.")] = True,
    retrieval: Annotated[bool, typer.Option(help="Ask the retriever for premises.")] = True,
    hammer: Annotated[bool, typer.Option(help="Use CoqHammer, where the toolchain has it.")] = True,
    jobs: Annotated[int, typer.Option(min=1, help="Theorems at one time.")] = 1,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show every step.")] = False,
    server: Annotated[
        str | None, typer.Option(envvar="PALMETTO_PROVER_URL", help="A prover that runs already; default: a stack.")
    ] = None,
    toolchain: ToolchainOption = None,
) -> None:
    """Prove theorems from nothing but their statements. Exit 0: all proved; 1: not all; 2: could not run."""
    if server is not None and model is not None:
        raise fail("--model goes with a stack of one's own: the prover at --server has its model already.")
    try:
        common = {
            "budget_cpu_s": budget,
            "samples": samples,
            "backtrack": backtrack,
            "retrieval": retrieval,
            "hammer": hammer,
            "seed": seed,
            "toolchain": for_requests(toolchain, server),
        }

        def of_file(path: Path, source: bytes) -> dict[str, Any]:
            return {**common, "toolchain": for_file(toolchain, server, path, source)}

        project, items, unread = _items(what, theorem, common, of_file)
        served = () if project is None else (f"{project.name}={project.root}",)
        default = for_own_stack(toolchain, server, project, items[0].request["toolchain"])
        options = StackOptions(served, model or "neighbours", jobs=max(jobs, 1), toolchain=default)
        rows = asyncio.run(_run(items, options, server, jobs, as_json=as_json, verbose=verbose))
    except (StackError, ProverError, ProjectError, ToolchainError) as error:
        raise fail(str(error)) from None
    proved = sum(row["verdict"] == "PROVED" for row in rows)
    if not as_json:
        _print(rows)
    if rows and all(row["verdict"] == "ERROR" for row in rows):
        raise fail(str(rows[0]["message"]))
    if unread:
        raise typer.Exit(COULD_NOT_RUN)
    raise typer.Exit(0 if proved == len(rows) else 1)


def _items(
    what: str, name: str | None, common: dict[str, Any], of_file: Callable[[Path, bytes], dict[str, Any]]
) -> tuple[Project | None, list[_Item], bool]:
    """The project, the theorems, and whether a file of the project could not be read, which is said."""
    path = Path(what)
    unread: list[str] = []
    if path.suffix == ".v":
        project = find_project(path)
        inside = project is not None and path.resolve() in project.files
        try:
            # Of its own projects the service has the files.
            source = read_source_of(path, as_text=not inside)
        except CannotRunError as error:
            raise StackError(str(error)) from error
        if not inside:
            project, common = None, of_file(path, source)
        found = _items_of(source, path, project, name, common)
    else:
        project = resolve(what)
        found = []
        for file in project.files:
            try:
                found += _items_of(read_source_of(file, as_text=False), file, project, name, common)
            except CannotRunError as error:
                unread.append(str(error))
    # A theorem that was asked for, and is there, has its whole answer.
    unread = [] if name is not None and found else unread
    for sentence in unread:
        print(f"palmetto: {sentence}", file=sys.stderr)
    if not found:
        raise StackError(
            f"there is no theorem {name!r} in {what}." if name is not None else f"there is no theorem in {what}."
        )
    return project, found, bool(unread)


def _items_of(
    source: bytes, path: Path, project: Project | None, name: str | None, common: dict[str, Any]
) -> list[_Item]:
    known = theorems(source)
    stem, _, index = (name or "").rpartition("#")
    if stem and index.isdigit():
        wanted = [one for one in known if one.index == int(index) and stem in (one.name, one.qualified_name)]
    else:
        wanted = known if name is None else named(known, name)
    # A name may be stated again after an `Abort`, or in another section: its index tells which one is meant.
    often = Counter(one.qualified_name for one in known)
    found = []
    for one in wanted:
        shown = f"{one.qualified_name}#{one.index}" if often[one.qualified_name] > 1 else one.qualified_name
        if project is not None:
            file = path.resolve().relative_to(project.root).as_posix()
            target = {"project": project.name, "file": file, "theorem": one.qualified_name, "index": one.index}
            found.append(_Item(file, shown, {**target, **common}))
        else:
            statement = source[one.start : one.statement_end].decode()
            target = {"statement": statement, "context": source[: one.start].decode()}
            found.append(_Item(str(path), shown, {**target, **common}))
    return found


async def _run(
    items: list[_Item], options: StackOptions, server: str | None, jobs: int, *, as_json: bool, verbose: bool
) -> list[dict[str, Any]]:
    rows: dict[int, dict[str, Any]] = {}
    turn = asyncio.Semaphore(jobs)
    console = Console(stderr=True, highlight=False)
    async with a_prover(server, options) as client:
        with follow(console, len(items), verbose=verbose, quiet=as_json) as shown:

            async def one(number: int, item: _Item) -> None:
                async with turn:
                    shown.begin(number, item.name)
                    async for event in _events(client, item):
                        if event["kind"] == "result":
                            rows[number] = _row(item, event)
                        else:
                            shown.event(number, item.name, event)
                    shown.end(number, item.name, rows[number])
                    if as_json:
                        print_json(rows[number])

            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(number, item)) for number, item in enumerate(items)]
        del tasks
    return [rows[number] for number in sorted(rows)]


async def _events(client: ProverClient, item: _Item) -> AsyncIterator[dict[str, Any]]:
    try:
        async for event in client.prove_patiently(**item.request):
            yield event
    except ProverError as error:
        # One theorem that cannot be asked for costs no other.
        yield {"kind": "result", "verdict": "ERROR", "message": str(error)}


def _row(item: _Item, result: dict[str, Any]) -> dict[str, Any]:
    keys = ["verdict", "script", "prelude", "axioms", "features", "known_bugs", "cpu_s", "wall_s", "how", "message"]
    keys += ["partial", "holes", "toolchain", "coq_version"]
    empty: dict[str, Any] = {"axioms": [], "features": [], "known_bugs": [], "cpu_s": 0.0, "wall_s": 0.0, "holes": 0}
    return {"file": item.file, "theorem": item.name} | {key: result.get(key, empty.get(key, "")) for key in keys}


def _print(rows: list[dict[str, Any]]) -> None:
    console = Console(highlight=False)
    if not sys.stdout.isatty():
        console = Console(highlight=False, width=160)
    table = Table(box=None, pad_edge=False)
    for name in ("file", "theorem", "verdict"):
        table.add_column(name, overflow="fold")
    table.add_column("CPU s", justify="right")
    table.add_column("how")
    table.add_column("axioms", justify="right")
    table.add_column("proof, or what is missing", overflow="fold")
    for row in rows:
        verdict = Text(row["verdict"], style=_STYLES.get(row["verdict"], "red"))
        about = " ".join(str(row["script"] or row["message"]).split())
        cells = (
            Text(row["file"]),
            Text(row["theorem"]),
            verdict,
            f"{row['cpu_s']:.1f}",
            Text(row["how"]),
            str(len(row["axioms"]) or ""),
        )
        table.add_row(*cells, Text(about if len(about) <= 160 else about[:157] + "..."))
    console.print(table)
    axioms = sorted({name for row in rows for name in row["axioms"]})
    if axioms:
        console.print(f"rest on axioms: {', '.join(axioms)}", overflow="fold")
    proved = sum(row["verdict"] == "PROVED" for row in rows)
    cpu = sum(row["cpu_s"] for row in rows)
    console.print(f"{proved} of {len(rows)} theorems proved, {cpu:.0f} CPU seconds of Coq")
