"""A limit for the bodies of requests, also of those that do not say how long they are."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BoundedBody:
    """Refuses a body of more than `max_bytes` with 413, as soon as so much of it has come.

    Args:
        app: what is behind it.
        max_bytes: of one body.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on."""
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._max_bytes:
                raise HTTPException(413, f"a request may have at most {self._max_bytes} bytes")
            return message

        await self._app(scope, counted, send)
