"""Every call: its errors as statuses, an access log, and its time in the metrics."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import grpc
import structlog

from coq_checker.metrics import Metrics
from coq_checker.server.errors import RequestError, UnavailableError
from coq_checker.server.interceptors.undecodable import EachChecked, careful, checked, guarded
from coqdata.fields import bounded

_log = structlog.get_logger("coq_checker")
# Marks errors that are answered here among those that gRPC makes itself.
_OURS = ("palmetto-error", "1")


class CallInterceptor(grpc.aio.ServerInterceptor):
    """Wraps every method of our own service."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._under_way = 0
        self._draining = False
        self._idle = asyncio.Event()

    async def drain(self, grace_s: float) -> bool:
        """Refuses every new call from now on; whether those under way were over within `grace_s`."""
        self._draining = True
        if not self._under_way:
            return True
        try:
            async with asyncio.timeout(grace_s):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    @contextlib.contextmanager
    def _call(self, name: str) -> "Iterator[_Call]":
        with _Call(name, self._metrics) as watched:
            self._under_way += 1
            try:
                yield watched
            finally:
                self._under_way -= 1
                if self._draining and not self._under_way:
                    self._idle.set()

    def _admit(self) -> None:
        if self._draining:
            raise UnavailableError("the server is draining: send the request to another one.")

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """The method's handler, wrapped."""
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None:
            return handler
        if "palmetto." not in method:
            return guarded(handler)
        wrapped = handler._replace(request_deserializer=careful(handler.request_deserializer))
        name = method.rpartition("/")[2]
        if handler.response_streaming:
            kind = "stream_stream" if handler.request_streaming else "unary_stream"
            return wrapped._replace(**{kind: self._stream(name, getattr(handler, kind))})
        return wrapped._replace(unary_unary=self._unary(name, handler.unary_unary))

    def _unary(self, name: str, inner: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            with self._call(name) as watched:
                try:
                    self._admit()
                    return await inner(checked(request), context)
                except Exception as error:
                    await self._abort(context, watched, error)

        return call

    def _stream(self, name: str, inner: Callable[..., AsyncIterator[Any]]) -> Callable[..., AsyncIterator[Any]]:
        async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[Any]:
            with self._call(name) as watched:
                answers: AsyncIterator[Any] | None = None
                try:
                    self._admit()
                    streams = hasattr(request, "__aiter__")
                    answers = inner(EachChecked(aiter(request)) if streams else checked(request), context)
                    async for answer in answers:
                        yield answer
                except Exception as error:
                    await self._abort(context, watched, error)
                finally:
                    if answers is not None:
                        await answers.aclose()  # type: ignore[attr-defined]

        return call

    async def _abort(self, context: grpc.aio.ServicerContext[Any, Any], watched: "_Call", error: Exception) -> None:
        if isinstance(error, grpc.aio.AbortError):
            raise error
        if isinstance(error, RequestError):
            watched.code = error.code.name
            again = () if error.retry_after_ms is None else (("retry-after-ms", str(error.retry_after_ms)),)
            context.set_trailing_metadata((_OURS, *again))
            await context.abort(error.code, bounded(str(error)))
        watched.code = grpc.StatusCode.INTERNAL.name
        self._metrics.fault(error)
        context.set_trailing_metadata((_OURS,))
        # What went wrong inside is logged; the client gets what it can act on.
        await context.abort(
            grpc.StatusCode.INTERNAL,
            f"the checker failed internally ({type(error).__name__}, request {watched.request_id}); please report it.",
        )


class _Call:
    """Times one call and logs its end."""

    def __init__(self, method: str, metrics: Metrics) -> None:
        self.method = method
        self.code = grpc.StatusCode.OK.name
        self.request_id = uuid.uuid4().hex[:12]
        self._metrics = metrics
        self._start = 0.0

    def __enter__(self) -> "_Call":
        self._start = time.monotonic()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if kind is not None and self.code == grpc.StatusCode.OK.name:
            self.code = grpc.StatusCode.CANCELLED.name
        seconds = time.monotonic() - self._start
        self._metrics.called(self.method, self.code, seconds)
        _log.info(
            "call",
            method=self.method,
            code=self.code,
            ms=round(seconds * 1000, 1),
            request_id=self.request_id,
        )
