"""`palmetto toolchain ensure` and `palmetto toolchain show`."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from coq_checker.toolchain import Toolchain, ToolchainError, describe, ensure_toolchain, find_toolchain
from palmetto.streams import print_json

COULD_NOT_RUN = 2

app = typer.Typer(help="The Coq toolchain: Coq, SerAPI, provers and libraries.", no_args_is_help=True)


@app.command()
def ensure(
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing unless something fails.")] = False,
) -> None:
    """Use the sertop on PATH, or build the Debian root with Coq if there is none."""
    console = Console(stderr=True, highlight=False)

    def progress(step: str) -> None:
        if not quiet:
            console.print(f"toolchain: {step}", markup=False, soft_wrap=True)

    try:
        toolchain = ensure_toolchain(progress)
    except ToolchainError as error:
        raise _stop(error) from None
    except KeyboardInterrupt:
        console.print("palmetto: interrupted, nothing half-made is left", markup=False)
        raise typer.Exit(130) from None
    if not quiet:
        print(_summary(toolchain))


@app.command()
def show(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")] = False,
) -> None:
    """Show the toolchain in use: versions, provers, libraries, and whether the sandbox works."""
    try:
        rows = describe(find_toolchain())
    except ToolchainError as error:
        raise _stop(error) from None
    if as_json:
        print_json({row.key: row.value for row in rows})
        return
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for row in rows:
        style = "" if row.works else "red"
        table.add_row(row.key.replace("library.", "library "), row.value, style=style)
    Console(highlight=False).print(table)


def _summary(toolchain: Toolchain) -> str:
    place = toolchain.root or "this machine's own"
    return f"Coq {toolchain.coq_version}, sertop {toolchain.sertop_version} ({place})"


def _stop(error: ToolchainError) -> typer.Exit:
    Console(stderr=True, highlight=False).print(f"palmetto: {error}", markup=False, soft_wrap=True)
    return typer.Exit(COULD_NOT_RUN)
