"""Answers that are no answers: one sentence, as RFC 9457 has it, and as our clients read it."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ENDING = "the prover is ending: send the request again when it runs."
_RETRY_S = "5"


def problem(status: int, message: str, kind: str, **headers: str) -> JSONResponse:
    """An answer that says why there is none.

    Args:
        status: of HTTP.
        message: one sentence.
        kind: the machine's word for it.
        headers: further ones, `Retry-After` and the like.
    """
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": message,
        "error": {"message": message, "type": kind},
    }
    return JSONResponse(body, status, headers=headers, media_type="application/problem+json")


def ending(message: str = ENDING) -> JSONResponse:
    """The answer to whoever is cut off, or comes, when the service is told to end."""
    return problem(503, message, "ending", **{"Retry-After": _RETRY_S})


class EndsInWords:
    """Answers requests that are cut off when the service ends: without it they get a bare 500, and the log a traceback.

    Args:
        app: what is behind it.
        is_ending: whether the service was told to end.
    """

    def __init__(self, app: ASGIApp, is_ending: Callable[[], bool]) -> None:
        self._app = app
        self._is_ending = is_ending

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on."""
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except asyncio.CancelledError:
            if not self._is_ending() or scope["type"] != "http":
                raise
            if not begun:
                await ending()(scope, receive, send)
