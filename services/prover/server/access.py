"""Who may ask, and how often: bearer tokens, the page's cookie, rate limits, and what other sites' pages ask."""

import hashlib
import hmac
from collections.abc import Sequence
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from prover.server.problem import problem
from prover.server.rates import Rates

COOKIE = "palmetto_session"
# Open without a token: what tells whether the service works, and the page, which holds nothing.
_OPEN = frozenset(("/", "/healthz", "/readyz", "/metrics", "/v1/session", "/favicon.svg"))
_OPEN_BELOW = "/assets/"
_SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
_WORK = frozenset(("/v1/prove", "/v1/fill", "/experiments/report"))
_SHORTEST = 16
# Pages that people open by links, and how they lead to the workbench, where a token is asked for.
_PAGES = {"/docs": "./", "/experiments/report": "../#/experiments"}
_SIGN_IN = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>A token is needed · Palmetto</title></head>
<body><main><h1>A token is needed</h1>
<p><a href="{home}">Sign in at the workbench</a>, then <a href="">open this page again</a>.</p></main></body>
</html>
"""


class TokenError(ValueError):
    """A token is of no use; the text is one sentence."""


class Tokens:
    """The tokens that are good.

    Args:
        tokens: any one of them is good; none: everybody may ask.

    Raises:
        TokenError: one is short enough to be guessed, or cannot stand in a header.
    """

    def __init__(self, tokens: Sequence[str]) -> None:
        for one in tokens:
            if len(one) < _SHORTEST or not one.isascii() or not one.isprintable() or " " in one:
                raise TokenError(
                    f"a bearer token needs at least {_SHORTEST} letters, digits or signs and no space: make one with "
                    "`openssl rand -hex 32`."
                )
        self._tokens = [one.encode() for one in tokens]

    @property
    def needed(self) -> bool:
        """Whether requests must carry one."""
        return bool(self._tokens)

    def is_good(self, token: str) -> bool:
        """Whether it is one of them."""
        given = token.encode("utf-8", "replace")
        # All are compared, so that the time tells nothing.
        return sum(hmac.compare_digest(given, one) for one in self._tokens) > 0

    def cookie(self, token: str) -> str:
        """What the page's cookie holds in place of a token."""
        return _session(token.encode())

    def authorised(self, headers: Headers) -> bool:
        """Whether a request carries a good token, or the cookie that was given for one."""
        if not self._tokens:
            return True
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return self.is_good(token.strip())
        given = _cookie(headers).encode("utf-8", "replace")
        return sum(hmac.compare_digest(given, _session(one).encode()) for one in self._tokens) > 0


class Access:
    """Refuses what may not be asked, before anything else is done with it.

    Args:
        app: what is behind it.
        tokens: whose requests are taken.
        rates: how often one client may ask.
        origins: sites besides our own whose pages may ask.
        hosts: names under which the service is reached, in small letters; none: any. Without this a site could have its
            own name lead to the loopback address, and so ask as if it were ours.
    """

    def __init__(
        self, app: ASGIApp, tokens: Tokens, rates: Rates, origins: Sequence[str] = (), hosts: Sequence[str] = ()
    ) -> None:
        self._app = app
        self._tokens = tokens
        self._rates = rates
        self._origins = frozenset(origins)
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or answers 401, 403, 421 or 429."""
        refusal = self._refusal(scope, Headers(scope=scope)) if scope["type"] == "http" else None
        await (self._app if refusal is None else refusal)(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        path: str = scope["path"]
        client = client_of(scope)
        host = headers.get("host", "")
        if self._hosts and _name(host) not in self._hosts:
            return _refuse(421, "misdirected", f"this is not {host[:100]!r}: see PALMETTO_PROVER_HOSTS.")
        if scope["method"] not in _SAFE and not self._same_site(headers):
            return _refuse(403, "forbidden", "pages of other sites may not ask: see PALMETTO_PROVER_ORIGINS.")
        is_open = path in _OPEN or path.startswith(_OPEN_BELOW)
        if not is_open and not self._tokens.authorised(headers):
            return self._unauthorised(path, headers, client)
        if path in _WORK and scope["method"] != "OPTIONS":
            # All may have one token: each address is a client of its own.
            wait_s = self._rates.work(client)
            if wait_s:
                return _refuse(429, "rate_limited", "this client asks too often.", **{"Retry-After": str(wait_s)})
        return None

    def _unauthorised(self, path: str, headers: Headers, client: str) -> Response:
        if "authorization" not in headers and not _cookie(headers):
            told = "a bearer token is needed (Authorization: Bearer TOKEN); palmetto sends PALMETTO_PROVER_TOKEN."
        elif wait_s := self._rates.wrong(client):
            return _refuse(429, "rate_limited", "there were too many wrong tokens.", **{"Retry-After": str(wait_s)})
        else:
            told = "the bearer token, or the page's cookie, is not a good one."
        if path in _PAGES and "text/html" in headers.get("accept", ""):
            # A link from elsewhere comes without the cookie, even where there is one.
            return HTMLResponse(_SIGN_IN.format(home=_PAGES[path]), 401, {"WWW-Authenticate": "Bearer"})
        return _refuse(401, "unauthorized", told, **{"WWW-Authenticate": "Bearer"})

    def _same_site(self, headers: Headers) -> bool:
        """Whether no page asks, or one of ours, or one of a site that may."""
        origin = headers.get("origin")
        if origin is None:
            return headers.get("sec-fetch-site", "none") in ("none", "same-origin")
        try:
            return origin in self._origins or urlsplit(origin).netloc == headers.get("host", "")
        except ValueError:  # no browser sends such a thing
            return False


def client_of(scope: Scope) -> str:
    """The address that a request comes from."""
    client = scope.get("client")
    return client[0] if client else ""


def _name(host: str) -> str:
    """The name in a Host header, without its port."""
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower().removesuffix(".")


def _session(token: bytes) -> str:
    return hmac.new(token, b"palmetto session 1", hashlib.sha256).hexdigest()


def _cookie(headers: Headers) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found is not None else ""


def _refuse(status: int, kind: str, message: str, **headers: str) -> JSONResponse:
    return problem(status, message, kind, **headers)
