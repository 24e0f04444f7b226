"""`palmetto serve ...`: the services, in the foreground."""

import asyncio
import logging
import sys
from typing import Annotated

import structlog
import typer
from pydantic import ValidationError

from coq_checker.server import CheckerSettings, ServeError
from coq_checker.server import serve as serve_checker
from coq_checker.toolchain import ToolchainError
from coqdata.project import ProjectError
from palmetto.commands import fail

app = typer.Typer(help="Run a service in the foreground.", no_args_is_help=True)


@app.callback()
def services() -> None:
    """Run a service in the foreground."""


@app.command("coq-checker")
def coq_checker(
    listen: Annotated[str | None, typer.Option(help="gRPC address, HOST:PORT or unix:/path.")] = None,
    metrics: Annotated[str | None, typer.Option(help="Address of /metrics, HOST:PORT.")] = None,
    project: Annotated[
        list[str] | None, typer.Option(help="Project to serve: NAME, DIR or NAME=DIR. May be repeated.")
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Checks at one time; default: the cores.")] = None,
) -> None:
    """The gRPC Coq checker. Further settings: PALMETTO_CHECKER_* (docs/checker.md)."""
    given = {
        "listen": listen,
        "metrics_listen": metrics,
        "projects": ",".join(project) if project else None,
        "slots": jobs,
    }
    try:
        settings = CheckerSettings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = "PALMETTO_CHECKER_" + "_".join(map(str, first["loc"])).upper()
        raise fail(f"{name}: {first['msg']}.") from None
    _configure_logs()
    try:
        asyncio.run(serve_checker(settings))
    except (ServeError, ToolchainError, ProjectError) as error:
        raise fail(str(error)) from None


def _configure_logs() -> None:
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.dict_tracebacks if not sys.stderr.isatty() else structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
