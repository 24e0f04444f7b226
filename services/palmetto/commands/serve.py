"""`palmetto serve ...`: the services, in the foreground. Each is loaded where it is served: none needs the others."""

import asyncio
import logging
import os
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar

import structlog
import typer
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from palmetto.commands import fail
from palmetto.engine import EngineOption, use_engine

_S = TypeVar("_S", bound=BaseSettings)

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
    toolchain: Annotated[
        str | None,
        typer.Option(help="Used where neither a request nor its project asks for another.", metavar="NAME"),
    ] = None,
    engine: EngineOption = None,
) -> None:
    """The gRPC Coq checker. Further settings: PALMETTO_CHECKER_* (docs/checker.md)."""
    from coq_checker.server import CheckerSettings, ServeError, serve  # noqa: PLC0415
    from coq_checker.toolchain import ToolchainError  # noqa: PLC0415
    from coqdata.project import ProjectError  # noqa: PLC0415

    use_engine(engine)
    given = {
        "listen": listen,
        "metrics_listen": metrics,
        "projects": ",".join(project) if project else None,
        "slots": jobs,
        "toolchain": toolchain,
    }
    settings = _settings(CheckerSettings, given)
    _configure_logs()
    try:
        asyncio.run(serve(settings))
    except (ServeError, ToolchainError, ProjectError) as error:
        raise fail(str(error)) from None


@app.command("retriever")
def retriever(
    listen: Annotated[str | None, typer.Option(help="gRPC address, HOST:PORT or unix:/path.")] = None,
    metrics: Annotated[str | None, typer.Option(help="Address of /metrics, HOST:PORT.")] = None,
    preload: Annotated[
        list[str] | None, typer.Option(help="Project whose index is opened at the start. May be repeated.")
    ] = None,
) -> None:
    """The gRPC retriever, over what `palmetto index` made. Settings: PALMETTO_RETRIEVER_* (docs/retriever.md)."""
    from retriever.server import RetrieverSettings, ServeError, serve  # noqa: PLC0415

    given = {"listen": listen, "metrics_listen": metrics, "preload": ",".join(preload) if preload else None}
    settings = _settings(RetrieverSettings, given)
    _configure_logs()
    try:
        asyncio.run(serve(settings))
    except ServeError as error:
        raise fail(str(error)) from None


@app.command("model-server")
def model_server(
    backend: Annotated[
        str | None, typer.Option(help="What makes the answers: neighbours (the default), replay, proxy or hf.")
    ] = None,
    listen: Annotated[str | None, typer.Option(help="HTTP address, HOST:PORT; port 0 asks for a free one.")] = None,
    retriever: Annotated[
        str | None, typer.Option(help="neighbours: address of the retriever; '' for none.", metavar="ADDR")
    ] = None,
    replay: Annotated[Path | None, typer.Option(help="replay: folder of MODEL/PROJECT.jsonl.", metavar="DIR")] = None,
    upstream: Annotated[
        str | None, typer.Option(help="proxy: base address of the server, e.g. http://HOST:8000/v1.", metavar="URL")
    ] = None,
    checkpoint: Annotated[Path | None, typer.Option(help="hf: folder of the checkpoint.", metavar="DIR")] = None,
    model: Annotated[str | None, typer.Option(help="proxy: the model's name there; default: its first one.")] = None,
    layout: Annotated[str | None, typer.Option(help="Prompt layout of the model: sft or instruct.")] = None,
    printing: Annotated[str | None, typer.Option(help="Printing profile of the model: default or coqgym.")] = None,
) -> None:
    """The OpenAI-compatible model server. Further settings: PALMETTO_MODEL_* (docs/model_server.md)."""
    from model_server.server import ModelServerSettings, ServeError, serve  # noqa: PLC0415

    given = {
        "listen": listen,
        "backend": backend,
        "retriever": retriever,
        "replay_folder": replay,
        "upstream": upstream,
        "model": str(checkpoint) if checkpoint is not None else model,
        "layout": layout,
        "printing": printing,
    }
    settings = _settings(ModelServerSettings, given)
    _configure_logs()
    try:
        asyncio.run(serve(settings))
    except ServeError as error:
        raise fail(str(error)) from None


@app.command("prover")
def prover(
    listen: Annotated[str | None, typer.Option(help="HTTP address, HOST:PORT.")] = None,
    checker: Annotated[str | None, typer.Option(help="Address of the checker, or several with spaces between.")] = None,
    retriever: Annotated[str | None, typer.Option(help="Address of the retriever.")] = None,
    model: Annotated[
        str | None, typer.Option(help="Base address of the model server, e.g. http://HOST:PORT/v1.")
    ] = None,
    experiments: Annotated[
        Path | None, typer.Option(help="The experiment store that is shown. (PALMETTO_EXPERIMENTS)")
    ] = None,
) -> None:
    """The prover's HTTP service. Further settings: PALMETTO_PROVER_* (docs/prover-http.md)."""
    from evaluator.server import add_experiments  # noqa: PLC0415
    from evaluator.store import default_store  # noqa: PLC0415
    from prover.server import ProverServerSettings, ServeError, serve  # noqa: PLC0415

    given = {"listen": listen, "checker": checker, "retriever": retriever, "model": model}
    settings = _settings(ProverServerSettings, given)
    _configure_logs()
    try:
        asyncio.run(serve(settings, (partial(add_experiments, store=experiments or default_store()),)))
    except ServeError as error:
        raise fail(str(error)) from None


def _settings(kind: type[_S], given: dict[str, Any]) -> _S:
    """Settings of a service: what the command line says, then the environment, then the defaults."""
    try:
        return kind(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = f"{kind.model_config.get('env_prefix', '')}{'_'.join(map(str, first['loc']))}".upper()
        raise fail(f"{name}: {first['msg'].removeprefix('Value error, ')}.") from None


def _log_level() -> int:
    """PALMETTO_LOG_LEVEL, by default `info`, which tells of every call."""
    given = os.environ.get("PALMETTO_LOG_LEVEL", "info").strip()
    level = logging.getLevelNamesMapping().get(given.upper(), 0)
    if not level:
        raise fail(f"PALMETTO_LOG_LEVEL is {given!r}: give debug, info, warning, error or critical.")
    return level


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
        wrapper_class=structlog.make_filtering_bound_logger(_log_level()),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
