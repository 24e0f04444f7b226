"""The `palmetto` command."""

import os
import sys

import typer

# gRPC's core prints to standard error whatever it likes; what matters is raised.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

from palmetto.commands import check, project, serve, toolchain

app = typer.Typer(
    name="palmetto",
    help="Checks Coq proofs, with a verdict that can be trusted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(toolchain.app, name="toolchain")
app.add_typer(project.app, name="project")
app.add_typer(serve.app, name="serve")
app.command("check")(check.check)


def main() -> None:
    """Runs the command; an interrupt ends it with status 130."""
    try:
        app()
    except KeyboardInterrupt:
        print("palmetto: interrupted", file=sys.stderr)
        sys.exit(130)
