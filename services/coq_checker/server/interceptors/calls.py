"""Every call: its errors as statuses, an access log, and its time in the metrics."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import grpc
import structlog
from google.protobuf.message import DecodeError

from coq_checker.metrics import Metrics
from coq_checker.server.errors import InvalidRequestError, RequestError, UnavailableError

_log = structlog.get_logger("coq_checker")


class _Undecodable:
    """Stands for a request whose bytes are no message."""


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
        if handler is None or "palmetto." not in method:
            return handler
        wrapped = handler._replace(request_deserializer=_careful(handler.request_deserializer))
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
                    return await inner(_checked(request), context)
                except Exception as error:
                    await self._abort(context, watched, error)

        return call

    def _stream(self, name: str, inner: Callable[..., AsyncIterator[Any]]) -> Callable[..., AsyncIterator[Any]]:
        async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[Any]:
            given = request if not hasattr(request, "__aiter__") else _EachChecked(aiter(request))
            with self._call(name) as watched:
                answers = inner(given if given is not request else _checked(request), context)
                try:
                    self._admit()
                    async for answer in answers:
                        yield answer
                except Exception as error:
                    await self._abort(context, watched, error)
                finally:
                    await answers.aclose()  # type: ignore[attr-defined]

        return call

    async def _abort(self, context: grpc.aio.ServicerContext[Any, Any], watched: "_Call", error: Exception) -> None:
        if isinstance(error, grpc.aio.AbortError):
            raise error
        if isinstance(error, RequestError):
            watched.code = error.code.name
            if error.retry_after_ms is not None:
                context.set_trailing_metadata((("retry-after-ms", str(error.retry_after_ms)),))
            await context.abort(error.code, str(error))
        watched.code = grpc.StatusCode.INTERNAL.name
        self._metrics.fault(error)
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


def _careful(deserialize: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    def read(data: bytes) -> Any:
        try:
            return deserialize(data)
        except DecodeError:
            return _Undecodable()

    return read


def _checked(request: Any) -> Any:
    if isinstance(request, _Undecodable):
        raise InvalidRequestError(
            "the request is not a message of this method, or one of its texts is not valid UTF-8."
        )
    return request


class _EachChecked:
    """The requests of a stream. One that is no message raises, and the next can still be asked for."""

    def __init__(self, requests: AsyncIterator[Any]) -> None:
        self._requests = requests

    def __aiter__(self) -> "_EachChecked":
        return self

    async def __anext__(self) -> Any:
        return _checked(await anext(self._requests))
