"""The HTTP interface."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from typing import Any, TypeVar

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from model_server.ask import Ask, Backend, Card, Made
from model_server.client import PrintingMismatchError, ServedModel, check_printing
from model_server.errors import ApiError, InvalidRequestError, NotFoundError
from model_server.metrics import Metrics
from model_server.server.answers import answer_body, answer_events, model_body, models_body
from model_server.server.room import Room
from model_server.server.schema import ChatRequest, CompletionRequest, Sampling
from model_server.settings import ModelServerSettings

_log = structlog.get_logger("model_server")
_CLIENT_GONE = 499
T = TypeVar("T", bound=Sampling)
R = TypeVar("R")


def make_app(settings: ModelServerSettings, backend: Backend, metrics: Metrics, room: Room) -> FastAPI:
    """The application over a backend."""
    app = FastAPI(
        title="Palmetto model server",
        description="Proposes Coq proofs, over OpenAI's interface. Nothing that it says is proved.",
        version="1",
    )
    started = int(time.time())
    service = _Service(settings, backend, metrics, room)

    @app.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> JSONResponse:
        kind = NotFoundError if error.status_code == 404 else InvalidRequestError
        return _failure(kind(f"{error.detail}.", "invalid_path", status=error.status_code))

    @app.exception_handler(Exception)
    async def broken(_: Request, error: Exception) -> JSONResponse:
        _log.error("internal fault", exc_info=error)
        return _failure(ApiError("the server has a fault: its log has more.", "internal"))

    def body_of(kind: type[Sampling]) -> dict[str, Any]:
        return {
            "requestBody": {"required": True, "content": {"application/json": {"schema": kind.model_json_schema()}}}
        }

    @app.post("/v1/chat/completions", openapi_extra=body_of(ChatRequest))
    async def chat(request: Request) -> Response:
        """Answers to a conversation."""
        return await service.answer(request, ChatRequest)

    @app.post("/v1/completions", openapi_extra=body_of(CompletionRequest))
    async def completions(request: Request) -> Response:
        """Continuations of a text."""
        return await service.answer(request, CompletionRequest)

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        """The models, with their prompt layouts and printing profile."""
        return models_body(backend.cards(), started)

    @app.get("/v1/models/{name:path}")
    async def model(name: str) -> Response:
        """One of them."""
        try:
            return JSONResponse(model_body(service.card(name), started))
        except ApiError as error:
            return _failure(error)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Whether the process is alive."""
        return {"status": "ok"}

    @app.get("/readyz")
    async def readyz() -> Response:
        """Whether it can answer."""
        why = "the server is ending." if room.draining else await backend.problem()
        return _failure(ApiError(why, "not_ready", status=503)) if why else JSONResponse({"status": "ready"})

    @app.get("/metrics")
    async def show_metrics() -> Response:
        """Prometheus' figures."""
        return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)

    return app


class _Service:
    """Works on requests."""

    def __init__(self, settings: ModelServerSettings, backend: Backend, metrics: Metrics, room: Room) -> None:
        self._settings = settings
        self._backend = backend
        self._metrics = metrics
        self._room = room

    def card(self, name: str) -> Card:
        """The model of a name; an empty one is the first.

        Raises:
            NotFoundError: there is none.
        """
        cards = self._backend.cards()
        found = next((one for one in cards if one.name == name), None) if name else cards[0]
        if found is None:
            names = ", ".join(one.name for one in cards[:10])
            raise NotFoundError(f"there is no model {name[:100]!r}: choose one of {names}.", "model_not_found")
        return found

    async def answer(self, request: Request, kind: type[ChatRequest] | type[CompletionRequest]) -> Response:
        """The response to a request for answers."""
        started_s = time.perf_counter()
        name = "none"
        response: Response
        try:
            raw = await self._body(request)
            parsed = _validated(kind, raw)
            card = self.card(parsed.model)
            name = card.name
            if card.backend != "proxy":
                parsed.must_be_plain()
            ask = parsed.ask(raw)
            self._look_at(card, ask)
            if parsed.stream:
                response = await self._stream(request, card, ask, parsed)
            else:
                async with self._room.place():
                    made = await _unless_gone(request, self._backend.make(card, ask))
                self._count(card, made)
                response = JSONResponse(answer_body(card, ask, made))
        except ApiError as error:
            response = _failure(error)
        except _GoneError:
            response = Response(status_code=_CLIENT_GONE)
        self._metrics.answered(name, response.status_code, time.perf_counter() - started_s)
        return response

    async def _body(self, request: Request) -> dict[str, Any]:
        content = bytearray()
        async for part in request.stream():
            content += part
            if len(content) > self._settings.max_body_bytes:
                raise InvalidRequestError(
                    f"a request may have at most {self._settings.max_body_bytes} bytes.", "too_large", status=413
                )
        try:
            body = json.loads(content)
        except (ValueError, RecursionError):
            raise InvalidRequestError("the request's body is no JSON.", "invalid_json") from None
        if not isinstance(body, dict):
            raise InvalidRequestError("the request's body must be a JSON object.", "invalid_json")
        if not _is_text(content, body):
            raise InvalidRequestError(
                "one of the texts holds half of a character (a lone surrogate): decode it anew from its bytes.",
                "invalid_request",
            )
        return body

    def _look_at(self, card: Card, ask: Ask) -> None:
        if ask.n > self._settings.max_n:
            raise InvalidRequestError(f"n is {ask.n}: at most {self._settings.max_n} is allowed.", "invalid_n")
        length = len(ask.prompt or "") + sum(len(one.content) for one in ask.messages)
        if length > self._settings.max_prompt_chars:
            raise InvalidRequestError(
                f"the prompt has {length} characters: at most {self._settings.max_prompt_chars} are allowed.",
                "context_length_exceeded",
            )
        try:
            check_printing(ServedModel(card.name, card.backend, card.layouts, card.printing), ask.target.printing)
        except PrintingMismatchError as error:
            raise InvalidRequestError(str(error), "printing_mismatch") from None

    async def _stream(self, request: Request, card: Card, ask: Ask, parsed: Sampling) -> Response:
        """A stream that has begun: until then failures are answered as such."""
        include_usage = parsed.stream_options is not None and parsed.stream_options.include_usage
        stack = contextlib.AsyncExitStack()
        async with stack:
            await stack.enter_async_context(self._room.place())
            lines = self._backend.lines(card, ask)
            if lines is None:
                made = await _unless_gone(request, self._backend.make(card, ask))
                self._count(card, made)
                lines = _each(list(answer_events(card, ask, made, include_usage=include_usage)))
            first = await _unless_gone(request, anext(lines, None))
            held = stack.pop_all()
        return _Stream(_events(first, lines), held)

    def _count(self, card: Card, made: Made) -> None:
        self._metrics.made(card.name, len(made.answers), made.prompt_tokens, sum(one.tokens for one in made.answers))


def _is_text(content: bytes | bytearray, body: dict[str, Any]) -> bool:
    """Whether all that JSON has escaped is text: a retriever or a tokenizer could not be given anything else."""
    if b"\\u" not in content:
        return True
    try:
        json.dumps(body, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        return False
    return True


async def _each(lines: list[str]) -> AsyncIterator[str]:
    for line in lines:
        yield line


class _Stream(StreamingResponse):
    """A stream of events that holds a place, and gives it back even where it never begins."""

    def __init__(self, events: AsyncIterator[str], held: contextlib.AsyncExitStack) -> None:
        super().__init__(events, media_type="text/event-stream", headers={"Cache-Control": "no-store"})
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it."""
        async with self._held:
            await super().__call__(scope, receive, send)


async def _events(first: str | None, rest: AsyncIterator[str]) -> AsyncIterator[str]:
    """Server-sent events; a failure in the middle is an event of its own, and `[DONE]` does not follow."""
    try:
        if first is not None:
            yield f"data: {first}\n\n"
        async for line in rest:
            yield f"data: {line}\n\n"
    except ApiError as error:
        yield f"data: {json.dumps(error.body())}\n\n"
        return
    finally:
        if isinstance(rest, AsyncGenerator):
            await rest.aclose()
    yield "data: [DONE]\n\n"


class _GoneError(Exception):
    """The client went away."""


async def _unless_gone(request: Request, work: Awaitable[R]) -> R:
    """What the work gives; it is cancelled when the client goes away.

    Raises:
        _GoneError: it did.
    """
    working = asyncio.ensure_future(work)
    gone = asyncio.create_task(_gone(request))
    try:
        await asyncio.wait((working, gone), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise _GoneError
    finally:
        for task in (working, gone):
            task.cancel()
        await asyncio.gather(working, gone, return_exceptions=True)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _validated(kind: type[T], raw: dict[str, Any]) -> T:
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        code = "invalid_n" if where == "n" else "invalid_request"
        raise InvalidRequestError(f"{where + ': ' if where else ''}{first['msg']}.", code) from None


def _failure(error: ApiError) -> JSONResponse:
    headers = {} if error.retry_after_s is None else {"Retry-After": f"{max(1, round(error.retry_after_s))}"}
    return JSONResponse(error.body(), error.status, headers=headers)
