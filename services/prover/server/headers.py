"""What every answer tells a browser: nothing is guessed, framed, lent to other sites, or run that is not ours.

Sources: OWASP's HTTP headers cheat sheet; CSP level 3.
"""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_ASSETS = "/assets/"
# Their names do not change with what they hold.
_UNHASHED = "/assets/swagger-ui/"


class SecurityHeaders:
    """Adds the headers; an answer that has a policy of its own keeps it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers[name] = value
                headers.setdefault("Content-Security-Policy", POLICY)
                headers.setdefault("Cache-Control", _kept(path, message["status"]))
            await send(message)

        await self._app(scope, receive, with_headers)


def _kept(path: str, status: int) -> str:
    """How long a browser may keep an answer."""
    if path.startswith("/v1/"):
        return "no-store"
    hashed = path.startswith(_ASSETS) and not path.startswith(_UNHASHED)
    return "public, max-age=31536000, immutable" if hashed and status < 400 else "no-cache"
