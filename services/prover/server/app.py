"""The HTTP interface."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from coq_checker.client import CheckerClient
from prover.server.access import Access, Tokens
from prover.server.attempts import Attempt, Attempts, BusyError, EndingError
from prover.server.bounded import BoundedBody
from prover.server.browse import add_browsing
from prover.server.headers import SecurityHeaders
from prover.server.invalid import sentence
from prover.server.pages import add_pages
from prover.server.problem import ENDING, ending, problem
from prover.server.rates import Rates
from prover.server.schema import AttemptAnswer, ErrorAnswer, FillAnswer, FillRequest, ProveAnswer, ProveRequest
from prover.server.session import add_session
from prover.server.settings import ProverServerSettings
from prover.server.work import Works, nothing_yet

_ERRORS: dict[int | str, dict[str, Any]] = {
    code: {"model": ErrorAnswer, "description": what}
    for code, what in (
        (404, "No such attempt"),
        (413, "Too large"),
        (422, "Not a valid request"),
        (429, "No room: try again after `Retry-After` seconds"),
        (503, "Not ready, or ending"),
    )
}
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {}}, "description": "The answer; with `stream` the events"}
}
_KINDS = {401: "unauthorized", 404: "not_found", 429: "rate_limited"}
_BODIES: dict[str, type[ProveRequest | FillRequest]] = {"/v1/prove": ProveRequest, "/v1/fill": FillRequest}
# The framework's own words.
_TOLD = {
    "There was an error parsing the body": "the body cannot be read: send JSON in UTF-8, not compressed",
    "Not Found": "there is nothing at this address: /docs has those there are",
    "Method Not Allowed": "this address does not take this method: /docs has what it takes",
}
_PING_S = 15


class Metrics:
    """What the service counts."""

    def __init__(self, attempts: Attempts) -> None:
        self.registry = CollectorRegistry()
        self.theorems = Counter(
            "palmetto_prover_theorems_total", "Theorems worked on.", ["verdict"], registry=self.registry
        )
        self.cpu_s = Counter("palmetto_prover_cpu_seconds_total", "CPU time of Coq.", registry=self.registry)
        self.wall_s = Histogram(
            "palmetto_prover_theorem_seconds",
            "Wall clock of a theorem.",
            buckets=(0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000),
            registry=self.registry,
        )
        under_way = Gauge("palmetto_prover_attempts", "Attempts that wait or run.", registry=self.registry)
        under_way.set_function(lambda: attempts.under_way)

    def saw(self, event: dict[str, Any]) -> None:
        """Counts a finished theorem."""
        if event.get("kind") == "finished":
            self.theorems.labels(event["verdict"]).inc()
            self.cpu_s.inc(event["cpu_s"])
            self.wall_s.observe(event["wall_s"])


def make_app(
    settings: ProverServerSettings,
    works: Works,
    attempts: Attempts,
    checker: CheckerClient,
    ready: Callable[[], Awaitable[str]],
    more: Sequence[Callable[[FastAPI], None]] = (),
) -> FastAPI:
    """The application.

    Args:
        settings: limits.
        works: makes the work of requests.
        attempts: where it is done.
        checker: knows the projects.
        ready: why the service is not ready; empty when it is.
        more: add what other services serve at the same address.

    Raises:
        TokenError: a token is of no use.
        OSError, ValueError: they cannot be read.
    """
    tokens = Tokens(settings.tokens())
    rates = Rates(settings.rate_per_min)
    app = FastAPI(
        title="Palmetto prover",
        description="Proves Coq theorems. Only scripts that the checker has accepted from scratch are called proved.",
        version="1",
        docs_url=None,
        redoc_url=None,
    )
    metrics = Metrics(attempts)

    # The last one is the first that a request meets.
    app.add_middleware(BoundedBody, max_bytes=settings.max_body_bytes)
    app.add_middleware(Access, tokens=tokens, rates=rates, origins=settings.other_origins(), hosts=settings.own_hosts())
    if settings.other_origins():
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.other_origins(),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=["Retry-After", "X-Attempt-Id"],
        )
    app.add_middleware(SecurityHeaders)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        content_type = request.headers.get("content-type", "")
        return problem(422, sentence(error, content_type, _BODIES.get(request.scope["path"])), "invalid_request")

    @app.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> JSONResponse:
        kind = _KINDS.get(error.status_code, "invalid_request" if error.status_code < 500 else "error")
        told = _TOLD.get(error.detail, error.detail)
        return problem(error.status_code, f"{told}.", kind, **(error.headers or {}))

    @app.exception_handler(Exception)
    async def broken(_: Request, error: Exception) -> JSONResponse:
        return problem(500, f"the prover failed internally ({type(error).__name__}): please report it.", "internal")

    async def run(kind: Literal["prove", "fill"], request: Request, body: ProveRequest | FillRequest) -> Response:
        work = works.prove(body) if isinstance(body, ProveRequest) else works.fill(body)

        async def watched(say: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
            def tell(event: dict[str, Any]) -> None:
                metrics.saw(event)
                say(event)

            return await work(tell)

        try:
            attempt = attempts.begin(kind, watched, works.about(body), nothing_yet(body))
        except EndingError:
            return ending()
        except BusyError:
            why = f"{attempts.under_way} attempts wait or run already."
            return problem(429, why, "busy", **{"Retry-After": "10"})
        wants_stream = body.stream or "text/event-stream" in request.headers.get("accept", "")
        if wants_stream:
            return EventSourceResponse(
                _stream(attempt, 0, owner=True), ping=_PING_S, headers={"X-Attempt-Id": attempt.id}
            )
        gone = asyncio.create_task(_until_disconnected(request))
        done = asyncio.create_task(attempt.finished())
        try:
            await asyncio.wait((gone, done), return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            done.cancel()
            if not attempt.over:
                await attempt.cancel()
        if attempt.ended:
            return ending(attempt.ended)
        if attempt.state == "cancelled":
            return problem(409, "the attempt was cancelled.", "cancelled")
        return JSONResponse({"id": attempt.id, **(attempt.result or {})})

    @app.post("/v1/prove", response_model=ProveAnswer, responses={**_ERRORS, **_STREAM})
    async def prove(request: Request, body: ProveRequest) -> Response:
        """Prove a theorem. A client that goes away stops the work."""
        return await run("prove", request, body)

    @app.post("/v1/fill", response_model=FillAnswer, responses={**_ERRORS, **_STREAM})
    async def fill(request: Request, body: FillRequest) -> Response:
        """Prove what is `Admitted`, `admit`ted, `Abort`ed or marked `(* prove *)` in a text; answers the edits."""
        return await run("fill", request, body)

    @app.get("/v1/attempts/{name}", response_model=AttemptAnswer, responses=_ERRORS)
    async def attempt(name: str) -> Response:
        """Where an attempt stands."""
        found = attempts.get(name)
        if found is None:
            return problem(404, f"there is no attempt {name!r} (any longer).", "not_found")
        return JSONResponse(
            {
                "id": found.id,
                "kind": found.kind,
                "state": found.state,
                "events": len(found.events),
                "result": found.result,
            }
        )

    @app.get("/v1/attempts/{name}/events", responses={**_ERRORS, **_STREAM})
    async def events(name: str, first: Annotated[int, Query(ge=0, description="Number of the first.")] = 0) -> Response:
        """The events of an attempt, those to come too; going away does not stop it."""
        found = attempts.get(name)
        if found is None:
            return problem(404, f"there is no attempt {name!r} (any longer).", "not_found")
        return EventSourceResponse(_stream(found, first, owner=False), ping=_PING_S)

    @app.post("/v1/attempts/{name}/cancel", response_model=AttemptAnswer, responses=_ERRORS)
    async def cancel(name: str) -> Response:
        """Stop an attempt at once."""
        found = attempts.get(name)
        if found is None:
            return problem(404, f"there is no attempt {name!r} (any longer).", "not_found")
        await found.cancel()
        return await attempt(name)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Whether the process is alive."""
        return {"status": "ok"}

    @app.get("/readyz", responses=_ERRORS)
    async def readyz() -> Response:
        """Whether those that the prover needs answer."""
        why = ENDING if attempts.closing else await ready()
        return problem(503, why, "not_ready") if why else JSONResponse({"status": "ready"})

    @app.get("/metrics")
    async def show_metrics() -> Response:
        """Prometheus' figures."""
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    add_session(app, tokens, rates)
    add_browsing(app, checker)
    for add in more:
        add(app)
    add_pages(app)
    return app


async def _stream(attempt: Attempt, first: int, *, owner: bool) -> AsyncIterator[ServerSentEvent]:
    """The events; the last one is `result`. Where the owner goes away the attempt is stopped."""
    try:
        yield ServerSentEvent(json.dumps({"id": attempt.id, "at": time.time(), **attempt.about}), event="attempt")
        async for number, event in attempt.follow(first):
            yield ServerSentEvent(json.dumps(event), event=event["kind"], id=str(number))
        yield ServerSentEvent(json.dumps({"id": attempt.id, **(attempt.result or {})}), event="result")
    finally:
        if owner and not attempt.over:
            await asyncio.shield(attempt.cancel())


async def _until_disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
