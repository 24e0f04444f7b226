"""MCP over streamable HTTP, for the loopback, or for others with a token."""

import asyncio
import contextlib
import hmac
import ipaddress
import math
import signal
import sys
import time
from collections.abc import Iterator

import uvicorn
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from palmetto.mcp.server import PalmettoServer
from palmetto.mcp.settings import MESSAGE_BYTES, McpSettings

_PATH = "/mcp"
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_SHORTEST = 16
_WRONG = RateLimitItemPerMinute(30)
# How long an end waits for answers that are being sent.
_GRACE_S = 2


class HttpError(Exception):
    """It cannot be served over HTTP; the text is one sentence with the remedy."""


class Bearer:
    """Takes requests that carry the token, and no other; an address with too many wrong ones is told to wait."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token.encode()
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        if scope["type"] == "http":
            kind, _, given = Headers(scope=scope).get("authorization", "").partition(" ")
            if kind.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), self._token):
                await self._refusal(scope, tried=bool(given))(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope, *, tried: bool) -> JSONResponse:
        client = (scope.get("client") or ("",))[0]
        if tried and not self._limiter.hit(_WRONG, client):
            wait_s = max(1, math.ceil(self._limiter.get_window_stats(_WRONG, client).reset_time - time.time()))
            message, status, headers = "there were too many wrong tokens.", 429, {"Retry-After": str(wait_s)}
        else:
            message, status = "a good bearer token is needed (PALMETTO_MCP_TOKEN).", 401
            headers = {"WWW-Authenticate": "Bearer"}
        error = {"code": -32001, "message": message}
        return JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, status, headers)


class _Server(uvicorn.Server):
    """Says where it listens, and ends quietly when it is told to."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The handlers stay: what is started for the tools ends after this, and no second signal may disturb that."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """Listens."""
        try:
            await super().startup(sockets=None)
        except SystemExit as error:
            where = f"{self.config.host}:{self.config.port}"
            raise HttpError(
                f"it cannot listen on {where}: is the port taken, and the address this machine's?"
            ) from error
        for server in self.servers:
            for socket in server.sockets:
                host, port = socket.getsockname()[:2]
                shown = f"[{host}]" if ":" in host else host
                print(f"palmetto: MCP at http://{shown}:{port}{_PATH}", file=sys.stderr, flush=True)


def address(listen: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`.

    Raises:
        HttpError: it is no address.
    """
    host, _, port = listen.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise HttpError(f"{listen!r} is no address: give HOST:PORT, e.g. 127.0.0.1:8765.")
    return host.strip("[]"), int(port)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def security(host: str, settings: McpSettings) -> TransportSecuritySettings:
    """Under which names it may be reached, and from which sites: its own, so that no page can ask through a browser.

    Raises:
        HttpError: others could reach it and no token is set, the token can be guessed, or nobody would know its name.
    """
    token = settings.token.get_secret_value().strip()
    if not token and not _is_loopback(host):
        raise HttpError(
            f"{host} can be reached by others: set PALMETTO_MCP_TOKEN (`openssl rand -hex 32`), or listen on 127.0.0.1."
        )
    if token and (len(token) < _SHORTEST or not token.isascii() or not token.isprintable() or " " in token):
        raise HttpError(
            f"PALMETTO_MCP_TOKEN needs at least {_SHORTEST} letters, digits or signs and no space: make one with "
            "`openssl rand -hex 32`."
        )
    if host in ("0.0.0.0", "::") and not settings.names():
        raise HttpError(f"{host} is no name to reach it by: set PALMETTO_MCP_HOSTS to those that clients use.")
    own = f"[{host}]" if ":" in host else host
    names = dict.fromkeys((*_LOOPBACK, own, *settings.names()))
    return TransportSecuritySettings(
        allowed_hosts=[form for name in names for form in (name, f"{name}:*")],
        allowed_origins=[
            f"{scheme}://{form}" for scheme in ("http", "https") for name in names for form in (name, f"{name}:*")
        ],
    )


async def serve_http(server: PalmettoServer, listen: str, settings: McpSettings) -> None:
    """Serves until SIGINT or SIGTERM.

    Raises:
        HttpError: it cannot, or may not, listen there.
    """
    # The prover's service takes its time to load, and standard input needs none of it.
    from prover.server import SecurityHeaders  # noqa: PLC0415

    host, port = address(listen)
    app: ASGIApp = server.streamable_http_app(
        streamable_http_path=_PATH,
        host=host,
        max_request_body_size=MESSAGE_BYTES,
        transport_security=security(host, settings),
    )
    token = settings.token.get_secret_value().strip()
    if token:
        app = Bearer(app, token)
    config = uvicorn.Config(
        SecurityHeaders(app),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=_GRACE_S,
    )
    await _Server(config).serve()
