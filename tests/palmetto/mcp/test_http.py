"""Who may ask over HTTP."""

from collections.abc import Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from palmetto.mcp.http import HttpError, address, security
from palmetto.mcp.settings import McpSettings

from .hosts import HttpServer

TOKEN = "not-a-secret-but-long-enough"
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


@pytest.fixture(scope="module")
def server() -> Iterator[HttpServer]:
    found = HttpServer("--checker", "127.0.0.1:1", PALMETTO_MCP_TOKEN=TOKEN, PALMETTO_MCP_HOSTS="coq.example")
    yield found
    assert found.stop() == 0


def post(server: HttpServer, content: bytes | None = None, **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    given = {"Authorization": f"Bearer {TOKEN}", **HEADERS, **named}
    if content is not None:
        return httpx2.post(server.url, content=content, headers=given, timeout=30)
    return httpx2.post(server.url, json=PING, headers=given, timeout=30)


async def test_a_client_with_the_token(server: HttpServer) -> None:
    @asynccontextmanager
    async def transport() -> Any:
        async with (
            httpx2.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}) as http,
            streamable_http_client(server.url, http_client=http) as streams,
        ):
            yield streams

    async with Client(transport()) as client:
        assert len((await client.list_tools()).tools) == 6
        done = await client.call_tool("list_projects", {})
        assert done.is_error


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x"])
def test_without_the_token_nothing_is_told(server: HttpServer, given: str) -> None:
    refused = post(server, Authorization=given)
    assert refused.status_code == 401 and refused.headers["www-authenticate"] == "Bearer"
    assert "token" in refused.json()["error"]["message"]


def test_other_sites_and_other_names_are_refused(server: HttpServer) -> None:
    assert post(server, Host="evil.example").status_code == 421
    assert post(server, Origin="https://evil.example").status_code == 403
    assert post(server, Host="coq.example", Origin="https://coq.example").status_code not in (401, 403, 421)


def test_every_answer_has_the_security_headers(server: HttpServer) -> None:
    answers = [post(server, Authorization=""), post(server, b"no JSON"), post(server, Host="evil.example")]
    assert [answer.status_code for answer in answers] == [401, 400, 421]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "access-control-allow-origin" not in answer.headers


def test_what_is_too_large_or_no_json_is_refused(server: HttpServer) -> None:
    assert post(server, b"x" * (17 << 20)).status_code == 413
    assert post(server, b"nonsense").status_code == 400
    assert post(server, Content_Type="text/plain").status_code in (400, 415)


def test_wrong_tokens_are_not_tried_for_ever() -> None:
    own = HttpServer("--checker", "127.0.0.1:1", PALMETTO_MCP_TOKEN=TOKEN)
    try:
        answers = [post(own, Authorization=f"Bearer wrong-{n}") for n in range(31)]
        assert [one.status_code for one in answers] == [401] * 30 + [429]
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
        assert post(own).status_code not in (401, 429)
    finally:
        assert own.stop() == 0


class TestWhereItListens:
    @pytest.mark.parametrize("listen", ["nonsense", "127.0.0.1", ":80", "127.0.0.1:x", "127.0.0.1:70000"])
    def test_what_is_no_address(self, listen: str) -> None:
        with pytest.raises(HttpError, match="HOST:PORT"):
            address(listen)

    def test_addresses(self) -> None:
        assert address("localhost:80") == ("localhost", 80)
        assert address("[::1]:0") == ("::1", 0)

    @pytest.mark.parametrize("host", ["192.0.2.1", "coq.example", "0.0.0.0", "::"])
    def test_others_need_a_token(self, host: str) -> None:
        with pytest.raises(HttpError, match="PALMETTO_MCP_TOKEN"):
            security(host, McpSettings(token="", hosts="coq.example"))
        found = security(host, McpSettings(token=TOKEN, hosts="coq.example"))
        assert "coq.example:*" in found.allowed_hosts and "https://coq.example" in found.allowed_origins

    def test_a_token_that_can_be_guessed(self) -> None:
        for token in ("short", "with space " * 3, "é" * 20):
            with pytest.raises(HttpError, match="16"):
                security("127.0.0.1", McpSettings(token=token))

    def test_all_addresses_need_a_name(self) -> None:
        with pytest.raises(HttpError, match="PALMETTO_MCP_HOSTS"):
            security("0.0.0.0", McpSettings(token=TOKEN, hosts=""))

    def test_the_loopback_needs_nothing(self) -> None:
        found = security("127.0.0.1", McpSettings(token="", hosts=""))
        assert "evil.example" not in found.allowed_hosts and "localhost:*" in found.allowed_hosts
