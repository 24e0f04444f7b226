"""Makes the server: the tools for what there is."""

from palmetto.mcp.catalogue import add_catalogue
from palmetto.mcp.checking import add_checking
from palmetto.mcp.finding import add_finding
from palmetto.mcp.proving import add_proving
from palmetto.mcp.server import PalmettoServer
from palmetto.mcp.services import Services
from palmetto.mcp.settings import McpSettings


def make_server(services: Services, limits: McpSettings) -> PalmettoServer:
    """The server, with those tools whose services there are."""
    server = PalmettoServer(limits)
    if services.has.checker:
        add_catalogue(server, services)
        add_checking(server, services)
        if services.has.retriever:
            add_finding(server, services)
    if services.has.prover:
        add_proving(server, services)
    return server
