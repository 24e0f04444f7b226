"""`palmetto extract`: training examples from projects, or from CoqGym's data."""

import asyncio
import json
import logging
import os
import sys
from collections.abc import Collection, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import structlog
import typer

from coq_checker.builds import BuildError
from coq_checker.client import CheckerError
from coq_checker.server import ServeError
from coq_checker.toolchain import ToolchainError
from coqdata.printing import PROFILES
from coqdata.project import ProjectError
from evaluator.selection import SelectionError, Shard, read_wanted
from extractor.card import CARD, write_card
from extractor.coqgym import import_coqgym
from extractor.dataset import FORMATS, Figures, assemble
from extractor.duplicates import Exclusion, Named
from extractor.model import ExtractError, FileRecord, SourceFile, Wish
from extractor.records import Records
from extractor.run import extract as extract_files
from extractor.run import shard_of
from palmetto.commands import fail
from palmetto.commands.extract_sources import a_checker, a_retriever, build, sources_of
from palmetto.evaluation.projects import find_projects
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
from retriever.client import RetrieverError
from retriever.indexing import IndexFailedError
from retriever.server import ServeError as RetrieverServeError


def extract(
    out: Annotated[Path, typer.Option(help="Folder of the data set; one that was begun is gone on with.")],
    projects: Annotated[
        list[str] | None,
        typer.Argument(help="Projects: NAME, DIR or NAME=DIR; or what a crawl wrote.", metavar="PROJECT..."),
    ] = None,
    retrieval: Annotated[
        bool, typer.Option("--retrieval/--no-retrieval", help="Put definitions, premises and proofs into the prompt.")
    ] = False,
    max_premises: Annotated[int, typer.Option(min=0, max=1000, help="Premises in a prompt at the most.")] = 30,
    profile: Annotated[str, typer.Option(help="How goals are printed: default or coqgym.")] = "default",
    steps: Annotated[bool, typer.Option("--steps", help="One example for every goal on the way, too.")] = False,
    threads: Annotated[int | None, typer.Option(min=1, help="Files at one time; default: the cores.")] = None,
    shard: Annotated[str, typer.Option(help="One of n equal parts of the files, from 0.", metavar="i/n")] = "0/1",
    form: Annotated[
        str, typer.Option("--format", help="messages: a JSON array; jsonl: one object a line.")
    ] = "messages",
    exclude: Annotated[
        list[Path] | None,
        typer.Option(
            help="Evaluation list that nothing may be of: as `palmetto eval --theorems`, or JSONL of statements."
        ),
    ] = None,
    from_coqgym: Annotated[
        Path | None, typer.Option(help="Read CoqGym's JSON from this folder instead.", metavar="DIR")
    ] = None,
    checker: Annotated[
        str | None,
        typer.Option(
            envvar="PALMETTO_CHECKER_ADDRESS",
            help="A checker that serves the projects, or several with spaces between; default: one of its own.",
        ),
    ] = None,
    retriever: Annotated[
        str | None, typer.Option(help="A retriever with the projects' indexes; default: one of its own.")
    ] = None,
    toolchain: ToolchainOption = None,
    elsewhere: ElsewhereOption = "",
    as_json: Annotated[bool, typer.Option("--json", help="Figures as one JSON object.")] = False,
) -> None:
    """Extract training examples: goals with the proofs that the checker accepts for them.

    A run that ends early is gone on with by the same command.
    Exit 0: all files went through; 1: some failed (the card says which); 2: could not run.
    """
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        part = Shard.parse(shard)
    except SelectionError as error:
        raise fail(str(error)) from None
    if form not in FORMATS:
        raise fail(f"--format {form!r} is none: choose one of {', '.join(FORMATS)}.")
    if profile not in PROFILES:
        raise fail(f"there is no printing profile {profile!r}: choose one of {', '.join(PROFILES)}.")
    if (from_coqgym is None) == (not projects):
        raise fail("give projects, or --from-coqgym DIR.")
    if from_coqgym is not None and (not from_coqgym.is_dir() or retrieval):
        raise fail(
            "--from-coqgym has no retrieval: its projects are not at hand."
            if retrieval
            else f"{from_coqgym} is not a folder: give the one that holds CoqGym's JSON."
        )
    wish = Wish(profile, retrieval, max_premises, steps)
    numbers = (part.number, part.of)
    try:
        exclusion = _exclusion(exclude or [])
        if from_coqgym is not None:
            records = import_coqgym(from_coqgym, out, replace(wish, profile="coqgym"), numbers, _say)
        else:
            at_once = threads or os.cpu_count() or 1
            which = (toolchain, elsewhere_names(elsewhere))
            records = asyncio.run(_run(projects or [], out, wish, numbers, at_once, checker, retriever, which))
        figures = assemble(out, form, exclusion)
        write_card(out, figures, form)
    except TimeoutError:
        raise fail("no service answers at the address that was given: see whether it runs there.") from None
    except (ProjectError, BuildError, ToolchainError, ServeError, RetrieverServeError, CheckerError) as error:
        raise fail(str(error)) from None
    except (RetrieverError, IndexFailedError, ExtractError, SelectionError) as error:
        raise fail(str(error)) from None
    _show(figures, records, out, as_json)
    raise typer.Exit(1 if any(record.problem for record in records) else 0)


async def _run(
    names: Sequence[str],
    out: Path,
    wish: Wish,
    shard: tuple[int, int],
    threads: int,
    checker: str | None,
    retriever: str | None,
    which: tuple[str | None, Collection[str]],
) -> list[FileRecord]:
    toolchain, elsewhere = which
    name = for_requests(toolchain, checker)
    projects, broken = await asyncio.to_thread(find_projects, names)
    grouped = await asyncio.to_thread(by_toolchain, [(one.name, one) for one in projects], toolchain, elsewhere)
    if not grouped:
        return []
    for sentence in [*broken, *(await build(grouped, threads))]:
        print(f"palmetto: {sentence}", file=sys.stderr)
    every = {one.name: sources_of(one, used, name) for used, named in grouped for _, one in named}
    Records(out).forget_all_but({name: {file.path for file in files} for name, files in every.items()})
    files = shard_of([file for found in every.values() for file in found], shard)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(a_checker(grouped, threads, checker))
        asked = None
        if wish.retrieval:
            wanted = _needed(grouped, files)
            found = a_retriever(wanted, client, lambda used: name_for(used, name, checker), threads, retriever)
            asked, mark = await stack.enter_async_context(found)
            wish = replace(wish, context=mark)
        return await extract_files(files, out, wish, client, asked, threads=threads, progress=_say)


def _needed(grouped: Sequence[Group], files: Sequence[SourceFile]) -> list[Group]:
    wanted = {file.project for file in files}
    return [(used, [one for one in named if one[0] in wanted]) for used, named in grouped]


def _say(record: FileRecord, fresh: bool) -> None:
    what = f"{record.written} examples" if fresh else f"{record.written} examples (kept)"
    told = f"{what}; {record.problem}" if record.problem else what
    print(f"{record.project}/{record.path}: {told}", file=sys.stderr, flush=True)


def _exclusion(lists: Sequence[Path]) -> Exclusion:
    made = Exclusion()
    for place in lists:
        if place.suffix in (".jsonl", ".json"):
            for statement in _statements(place):
                made.add_statement(statement)
        elif not place.is_file():
            raise ExtractError(f"{place} is no file: give an evaluation list.")
        else:
            made.add_names(Named(one.theorem, one.file, one.project) for one in read_wanted(str(place)))
    return made


def _statements(place: Path) -> list[str]:
    """Statements of JSON lines, or of one JSON array, as the data sets of this command are."""
    try:
        text = place.read_text("utf-8")
        if text.lstrip().startswith("["):
            given = json.loads(text)
        else:
            given = [json.loads(line) for line in text.split("\n") if line.strip()]
    except (OSError, ValueError, RecursionError) as error:
        raise ExtractError(f"{place} cannot be read as JSON lines, or a JSON array ({error}): mend it.") from None
    found = []
    for number, one in enumerate(given, 1):
        statement = (one.get("statement") or one.get("goal")) if isinstance(one, dict) else one
        if not isinstance(statement, str):
            raise ExtractError(f"{place}: its entry {number} has no `statement`: give one JSON object a line with it.")
        found.append(statement)
    return found


def _show(figures: Figures, records: Sequence[FileRecord], out: Path, as_json: bool) -> None:
    checked = sum(one.checked for one in figures.records)
    accepted = sum(one.accepted for one in figures.records)
    failed = [one for one in records if one.problem]
    if as_json:
        row = {
            "examples": figures.examples,
            "splits": {name: one.examples for name, one in figures.splits.items()},
            "checked": checked,
            "accepted": accepted,
            "left_out": dict(figures.left_out),
            "failed": [f"{one.project}/{one.path}: {one.problem}" for one in failed],
        }
        print_json(row)
        return
    rate = f"; the checker accepted {accepted} of {checked} candidates" if checked else ""
    print(f"{figures.examples} examples in {out}{rate}. {out / CARD} tells the rest.")
    if failed:
        print(f"{len(failed)} of {len(records)} files failed, in whole or in part.")
