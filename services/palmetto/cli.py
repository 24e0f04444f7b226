"""The `palmetto` command."""

import os
import signal
import sys
from importlib.metadata import version
from types import FrameType
from typing import Annotated, ClassVar

import typer

# gRPC's core prints to standard error whatever it likes; what matters is raised.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

from palmetto.lazy import LazyGroup
from palmetto.streams import Lost, guard

_INTERRUPTED = 130
_COULD_NOT_RUN = 2


class _Commands(LazyGroup):
    modules: ClassVar = {
        "toolchain": "palmetto.commands.toolchain:app",
        "project": "palmetto.commands.project:app",
        "serve": "palmetto.commands.serve:app",
        "check": "palmetto.commands.check:check",
        "prove": "palmetto.commands.prove:prove",
        "fill": "palmetto.commands.fill:fill",
        "eval": "palmetto.commands.eval_command:app",
        "compare": "palmetto.commands.compare:compare",
        "up": "palmetto.commands.up:up",
        "mcp": "palmetto.commands.mcp:mcp",
        "health": "palmetto.commands.health:health",
        "index": "palmetto.commands.index:index",
        "crawl": "palmetto.commands.crawl:crawl",
        "extract": "palmetto.commands.extract:extract",
        "train": "palmetto.commands.train:app",
    }


app = typer.Typer(
    name="palmetto",
    cls=_Commands,
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


def main() -> None:
    """Runs the command; an interrupt ends it with status 130, a SIGTERM with 143, and both leave nothing behind.

    So does standard output that takes nothing more: with 141 where nobody reads it any longer, as SIGPIPE would, else
    with 2.
    """
    lost = guard()
    told: list[int] = []

    def end(number: int, _: FrameType | None) -> None:
        told.append(number)
        signal.raise_signal(signal.SIGINT)

    signal.signal(signal.SIGTERM, end)
    # A script's background job is started with interrupts ignored; asyncio would then leave them so, and a SIGTERM
    # would be lost with them.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        pass
    except SystemExit as ended:
        if ended.code != _INTERRUPTED and lost.error is None:  # what typer makes of an interrupt
            raise
    except OSError as error:
        print(f"palmetto: {_without_files(error)}", file=sys.stderr)
        sys.exit(_COULD_NOT_RUN)
    except BaseExceptionGroup as errors:
        faults, others = errors.split(OSError)
        if faults is None or others is not None:
            raise
        print(f"palmetto: {_without_files(_first(faults))}", file=sys.stderr)
        sys.exit(_COULD_NOT_RUN)
    else:
        return
    if lost.error is not None and not told:
        sys.exit(_without_output(lost))
    print(f"palmetto: {'terminated' if told else 'interrupted'}", file=sys.stderr)
    sys.exit(128 + (told[0] if told else signal.SIGINT))


def _without_files(error: OSError) -> str:
    """What is said of a file that the command did not expect to fail: a full disk, permissions."""
    where = f"{error.filename} cannot be used" if error.filename else "a file cannot be used"
    return (
        f"{where} ({error.strerror or error}): make room there, or see to its permissions; PALMETTO_CACHE and TMPDIR "
        "say where the cache and temporary files lie."
    )


def _first(errors: BaseExceptionGroup[OSError]) -> OSError:
    one = errors.exceptions[0]
    return _first(one) if isinstance(one, BaseExceptionGroup) else one


def _without_output(lost: Lost) -> int:
    if lost.unread:
        return 128 + signal.SIGPIPE
    print(
        f"palmetto: what is printed cannot be written ({lost.error.strerror if lost.error else ''}): "
        "give standard output another place.",
        file=sys.stderr,
    )
    return _COULD_NOT_RUN
