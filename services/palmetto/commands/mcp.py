"""`palmetto mcp`: the services as tools for a model."""

import asyncio
from typing import Annotated

import typer
from pydantic import ValidationError

from coq_checker.toolchain import ToolchainError
from coqdata.catalogue import resolve
from coqdata.project import ProjectError
from palmetto.commands import fail
from palmetto.stack import StackError, StackOptions
from palmetto.toolchains import for_services


def mcp(
    project: Annotated[
        list[str] | None, typer.Option(help="Project to serve: NAME, DIR or NAME=DIR. May be repeated.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="`neighbours` (the default), `replay:DIR`, or the address of an OpenAI-compatible server."),
    ] = None,
    server: Annotated[
        str | None,
        typer.Option(
            envvar="PALMETTO_PROVER_URL", help="A prover that runs already, for `prove` and `fill`.", metavar="URL"
        ),
    ] = None,
    checker: Annotated[
        str | None,
        typer.Option(
            envvar="PALMETTO_CHECKER_ADDRESS",
            help="A checker that runs already, or several with spaces between.",
            metavar="ADDR",
        ),
    ] = None,
    retriever: Annotated[str | None, typer.Option(help="A retriever that runs already.", metavar="ADDR")] = None,
    http: Annotated[
        str | None, typer.Option(help="Serve streamable HTTP there and not standard input.", metavar="HOST:PORT")
    ] = None,
    toolchain: Annotated[
        str | None,
        typer.Option(help="Used where neither a tool's argument nor a project asks for another.", metavar="NAME"),
    ] = None,
) -> None:
    """Serve tools for a model over the Model Context Protocol (docs/mcp.md), with a stack of its own by default."""
    remote = any((server, checker, retriever))
    if remote and (project or model or toolchain):
        raise fail(
            "--project, --model and --toolchain go with a stack of one's own, --server, --checker and --retriever with "
            "another."
        )
    try:
        default = for_services(toolchain)
        for each in project or ():
            resolve(each.partition("=")[2] or each)
    except (ProjectError, ToolchainError) as error:
        raise fail(str(error)) from None
    # Loaded here: the SDK would slow down every other command.
    from palmetto.mcp.run import Addresses, HttpError, McpSettings, run  # noqa: PLC0415

    try:
        there = Addresses(server or "", checker or "", retriever or "")
        own = StackOptions(tuple(project or ()), model or "neighbours", toolchain=default)
        asyncio.run(run(there if remote else own, http, McpSettings()))
    except (StackError, HttpError) as error:
        raise fail(str(error)) from None
    except ValidationError as error:
        first = error.errors()[0]
        raise fail(f"PALMETTO_MCP_{'_'.join(map(str, first['loc'])).upper()}: {first['msg']}.") from None
