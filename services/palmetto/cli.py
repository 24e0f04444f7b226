"""The `palmetto` command."""

import os
import signal
import sys
from importlib.metadata import version
from types import FrameType
from typing import Annotated

import typer

# gRPC's core prints to standard error whatever it likes; what matters is raised.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

from palmetto.commands import (
    check,
    compare,
    crawl,
    eval_command,
    extract,
    fill,
    health,
    index,
    mcp,
    project,
    prove,
    serve,
    toolchain,
    train,
    up,
)

_INTERRUPTED = 130

app = typer.Typer(
    name="palmetto",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _say_version(wanted: bool) -> None:
    if wanted:
        print(f"palmetto {version('palmetto')}")
        raise typer.Exit


@app.callback()
def palmetto(
    _: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version, and end.")
    ] = False,
) -> None:
    """Proves Coq theorems, and checks Coq proofs with a verdict that can be trusted."""


app.add_typer(toolchain.app, name="toolchain")
app.add_typer(project.app, name="project")
app.add_typer(serve.app, name="serve")
app.command("check")(check.check)
app.command("prove")(prove.prove)
app.command("fill")(fill.fill)
app.add_typer(eval_command.app, name="eval")
app.command("compare")(compare.compare)
app.command("up")(up.up)
app.command("mcp")(mcp.mcp)
app.command("health")(health.health)
app.command("index")(index.index)
app.command("crawl")(crawl.crawl)
app.command("extract")(extract.extract)
app.add_typer(train.app, name="train")


def main() -> None:
    """Runs the command; an interrupt ends it with status 130, a SIGTERM with 143, and both leave nothing behind."""
    told: list[int] = []

    def end(number: int, _: FrameType | None) -> None:
        told.append(number)
        signal.raise_signal(signal.SIGINT)

    signal.signal(signal.SIGTERM, end)
    # A script's background job is started with interrupts ignored; asyncio would then leave them so, and a SIGTERM
    # would be lost with them.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        app()
    except KeyboardInterrupt:
        pass
    except SystemExit as ended:
        if ended.code != _INTERRUPTED:  # what typer makes of an interrupt
            raise
    else:
        return
    print(f"palmetto: {'terminated' if told else 'interrupted'}", file=sys.stderr)
    sys.exit(128 + (told[0] if told else signal.SIGINT))
