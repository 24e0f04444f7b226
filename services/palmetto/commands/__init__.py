"""The commands of the command line, one module each."""

import sys

import typer

COULD_NOT_RUN = 2


def fail(message: str, status: int = COULD_NOT_RUN) -> typer.Exit:
    """Says on standard error why the command could not run; raise what is returned."""
    print(f"palmetto: {message}", file=sys.stderr)
    return typer.Exit(status)
