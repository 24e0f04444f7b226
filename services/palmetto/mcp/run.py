"""Runs the server: the services, the tools, and the transport."""

from palmetto.mcp.build import make_server
from palmetto.mcp.http import HttpError, serve_http
from palmetto.mcp.services import Addresses, Local, Remote, Services
from palmetto.mcp.settings import McpSettings
from palmetto.mcp.stdio import serve_stdio
from palmetto.stack import StackOptions

__all__ = ["Addresses", "HttpError", "McpSettings", "run"]


async def run(what: Addresses | StackOptions, http: str | None, settings: McpSettings) -> None:
    """Serves until the client goes away (standard input), or SIGINT or SIGTERM.

    Args:
        what: services that run already, or a stack to start when it is first needed.
        http: HOST:PORT to listen on; None: standard input and output.
        settings: who may ask, and how much is taken on.

    Raises:
        HttpError: it cannot, or may not, listen there.
    """
    services: Services = Remote(what) if isinstance(what, Addresses) else Local(what)
    server = make_server(services, settings)
    try:
        if http is not None:
            await serve_http(server, http, settings)
        else:
            await serve_stdio(server)
    finally:
        await services.close()
