"""`palmetto fill`: proofs for what a file leaves open."""

import asyncio
import difflib
import os
import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from coq_checker.toolchain import ToolchainError
from coqdata.catalogue import find_project
from coqdata.project import ProjectError
from coqdata.source import carried_over
from palmetto.commands import COULD_NOT_RUN, fail
from palmetto.commands.check_sources import CannotRunError, read_text
from palmetto.local import a_prover
from palmetto.show import follow
from palmetto.stack import StackError, StackOptions
from palmetto.streams import print_json
from palmetto.toolchains import ToolchainOption, for_file, for_own_stack, for_requests
from prover.client import ProverError


def fill(
    file: Annotated[Path, typer.Argument(help="A Coq file.", metavar="FILE.v")],
    write: Annotated[bool, typer.Option("--write", help="Write the proofs into the file.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Print a unified diff; the default.")] = False,
    theorem: Annotated[list[str] | None, typer.Option(help="Fill only this theorem. May be repeated.")] = None,
    budget: Annotated[float, typer.Option(min=0.1, help="CPU seconds for each theorem.", metavar="S")] = 60.0,
    model: Annotated[
        str, typer.Option(help="`neighbours`, `replay:DIR`, or the address of an OpenAI-compatible server.")
    ] = "neighbours",
    samples: Annotated[
        int | None,
        typer.Option(min=0, max=64, help="Whole proofs that the model is asked for; default: as many as suit it."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The service's answer as one JSON object.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show every step.")] = False,
    server: Annotated[
        str | None, typer.Option(envvar="PALMETTO_PROVER_URL", help="A prover that runs already; default: a stack.")
    ] = None,
    toolchain: ToolchainOption = None,
) -> None:
    """Prove what is Admitted, aborted or marked `(* prove *)`.

    Exit 0: all filled; 1: not all; 2: could not run, or could not try one, as where the text before it fails.
    """
    try:
        text = read_text(file)
        original = file.read_bytes()
        project = find_project(file)
        served = () if project is None else (f"{project.name}={project.root}",)
        alone = project is None and toolchain is None
        named = for_file(toolchain, server, file, text.encode()) if alone else for_requests(toolchain, server)
        request: dict[str, Any] = {
            "text": text,
            "project": project.name if project is not None else "",
            "logical_name": file.stem if file.stem.isidentifier() else "",
            "theorems": theorem or [],
            "budget_cpu_s": budget,
            "samples": samples,
            "toolchain": named,
        }
        options = StackOptions(served, model, toolchain=for_own_stack(toolchain, server, project, named))
        result = asyncio.run(_run(request, options, server, quiet=as_json, verbose=verbose))
    except (CannotRunError, StackError, ProverError, ProjectError, ToolchainError) as error:
        raise fail(str(error)) from None
    if result.get("verdict") == "ERROR":
        raise fail(str(result["message"]))
    filled = carried_over(original, text.encode(), result["text"].encode())
    if as_json:
        print_json(result)
    elif diff or not write:
        _print_diff(file, original, filled)
    if write and filled != original:
        _write(file, original, filled)
    if not as_json:
        _say_why(result)
    Console(stderr=True, highlight=False).print(f"{result['filled']} of {result['places']} filled")
    if any(one["result"]["verdict"] == "ERROR" for one in result["theorems"]):
        raise typer.Exit(COULD_NOT_RUN)
    raise typer.Exit(0 if result["filled"] == result["places"] else 1)


def _say_why(result: dict[str, Any]) -> None:
    """Says of every theorem that stays open why it does, and of a proof what it took the place of."""
    console = Console(stderr=True, highlight=False)
    for one in result["theorems"]:
        message = " ".join(str(one["result"]["message"]).split())
        if one["edits"] and message:
            console.print(f"{one['theorem']}: {message}", markup=False, soft_wrap=True)
        elif not one["edits"]:
            console.print(f"{one['theorem']}: not filled: {message}", markup=False, soft_wrap=True)


def _print_diff(file: Path, before: bytes, after: bytes) -> None:
    """Prints a unified diff in the file's own bytes, whatever the terminal's: `patch` is to take it."""
    old, new = (one.decode("utf-8", "surrogateescape").splitlines(keepends=True) for one in (before, after))
    sys.stdout.flush()
    for line in difflib.unified_diff(old, new, fromfile=str(file), tofile=str(file)):
        sys.stdout.buffer.write(line.encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()


def _write(file: Path, before: bytes, after: bytes) -> None:
    """Puts the new text in the file's place, all of it or nothing."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        # What the file was changed to in the meantime is not overwritten.
        if file.read_bytes() != before:
            raise fail(f"{file} was changed while it was worked on: run the command again.")
        fresh.write_bytes(after)
        shutil.copymode(file, fresh)
        fresh.replace(file)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise fail(f"{file} cannot be written: {(error.strerror or 'unknown error').lower()}.") from None


async def _run(
    request: dict[str, Any], options: StackOptions, server: str | None, *, quiet: bool, verbose: bool
) -> dict[str, Any]:
    console = Console(stderr=True, highlight=False)
    result: dict[str, Any] = {}
    async with a_prover(server, options) as client:
        total, done = 0, 0
        with follow(console, 1, verbose=verbose, quiet=quiet) as shown:
            name = ""
            async for event in client.fill(**request):
                if event["kind"] == "places":
                    total = len(event["theorems"])
                elif event["kind"] == "theorem":
                    name = event["theorem"]
                    shown.begin(done, name)
                elif event["kind"] == "filled_theorem":
                    if not quiet:
                        console.print(f"[{done + 1}/{total}] {event['verdict']:10} {name}", markup=False)
                    done += 1
                elif event["kind"] == "result":
                    result = event
                else:
                    shown.event(done, name, event)
    return result
