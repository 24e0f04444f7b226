"""`palmetto toolchain list`, `show`, `use` and `ensure`."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from coq_checker.toolchain import (
    Toolchain,
    ToolchainError,
    describe,
    ensure_toolchain,
    find_toolchain,
    keep_default,
    list_toolchains,
    require_name,
)
from palmetto.streams import print_json

COULD_NOT_RUN = 2

app = typer.Typer(help="The Coq toolchains: Coq or Rocq, provers and libraries.", no_args_is_help=True)

_Name = Annotated[
    str | None,
    typer.Argument(
        metavar="[NAME]",
        help="auto, coq-8.20, rocq-9.2, path, opam:NAME or a folder; the one in use by default.",
        show_default=False,
    ),
]
_Json = Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")]


@app.command("list")
def list_them(as_json: _Json = False) -> None:
    """List the toolchains: what Palmetto builds, and what is on PATH and in opam's switches."""
    try:
        listed = list_toolchains()
        in_use = _in_use()
    except ToolchainError as error:
        raise _stop(error) from None
    if as_json:
        print_json({"in_use": in_use, "toolchains": [asdict(one) for one in listed]})
        return
    table = Table(box=None, pad_edge=False)
    for title in ("", "name", "version", "engines", "state"):
        table.add_column(title, no_wrap=True)
    table.add_column("place", overflow="fold")
    for one in listed:
        mark = "*" if one.name == in_use else ""
        state = "cannot be used" if one.problem else one.state
        where = one.problem or one.place or f"palmetto toolchain ensure {one.name}"
        style = "red" if one.problem else ""
        table.add_row(mark, one.name, one.coq_version, ", ".join(one.engines), state, where, style=style)
    Console(highlight=False).print(table)


@app.command()
def show(name: _Name = None, as_json: _Json = False) -> None:
    """Show a toolchain: version, engines, provers, libraries, what is missing, and whether the sandbox works."""
    try:
        rows = describe(find_toolchain(name))
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
        key = row.key.replace("library.", "library ").replace("missing.", "missing ")
        table.add_row(key, row.value, style=style)
    Console(highlight=False).print(table)


@app.command()
def use(
    name: Annotated[
        str, typer.Argument(help="coq-8.20, rocq-9.2, path, opam:NAME or a folder; auto for no choice of one's own.")
    ],
) -> None:
    """Make a toolchain the default, where neither PALMETTO_TOOLCHAIN nor --toolchain says another."""
    try:
        name = require_name(name)
        said = "the toolchain is found anew each time"
        if name != "auto":
            toolchain = find_toolchain(name)
            said = f"{_summary(toolchain)} is the default"
        kept = keep_default(name)
    except ToolchainError as error:
        raise _stop(error) from None
    print(f"{name}: {said} (kept in {kept})")


@app.command()
def ensure(
    name: _Name = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing unless something fails.")] = False,
) -> None:
    """Use this machine's own Coq where there is one, or build a Debian root with Coq."""
    console = Console(stderr=True, highlight=False)

    def progress(step: str) -> None:
        if not quiet:
            console.print(f"toolchain: {step}", markup=False, soft_wrap=True)

    try:
        toolchain = ensure_toolchain(progress, name=name)
    except ToolchainError as error:
        raise _stop(error) from None
    except KeyboardInterrupt:
        console.print("palmetto: interrupted, nothing half-made is left", markup=False)
        raise typer.Exit(130) from None
    if not quiet:
        print(_summary(toolchain))


def _in_use() -> str:
    """The name of the toolchain in use; empty where there is none."""
    try:
        return find_toolchain().name
    except ToolchainError:
        return ""


def _summary(toolchain: Toolchain) -> str:
    prover = "Rocq" if toolchain.version >= (9,) else "Coq"
    sertop = f", sertop {toolchain.sertop_version}" if toolchain.sertop_version else ""
    place = toolchain.root or f"this machine's own, {toolchain.name}"
    return f"{prover} {toolchain.coq_version}{sertop} ({place})"


def _stop(error: ToolchainError) -> typer.Exit:
    Console(stderr=True, highlight=False).print(f"palmetto: {error}", markup=False, soft_wrap=True)
    return typer.Exit(COULD_NOT_RUN)
