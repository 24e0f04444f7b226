"""Every call: its errors as statuses, an access log, and its time in the metrics."""

import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import structlog
from google.protobuf.message import DecodeError

from coqdata.fields import bounded
from retriever.answer import BadQuestionError, NoSuchFileError
from retriever.metrics import Metrics
from retriever.registry import NoIndexError

_log = structlog.get_logger("retriever")
STATUSES: dict[type[Exception], grpc.StatusCode] = {
    BadQuestionError: grpc.StatusCode.INVALID_ARGUMENT,
    NoIndexError: grpc.StatusCode.NOT_FOUND,
    NoSuchFileError: grpc.StatusCode.NOT_FOUND,
}


class CallInterceptor(grpc.aio.ServerInterceptor):
    """Wraps every method of our own service."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

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
            return _guarded(handler)
        name = method.rpartition("/")[2]
        return handler._replace(
            request_deserializer=_careful(handler.request_deserializer),
            unary_unary=self._watched(name, handler.unary_unary),
        )

    def _watched(self, name: str, inner: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            begun, code = time.monotonic(), grpc.StatusCode.CANCELLED
            try:
                response = await inner(_checked(request), context)
                code = grpc.StatusCode.OK
                return response
            except tuple(STATUSES) as error:
                code = STATUSES[type(error)]
                await context.abort(code, bounded(str(error)))
            except Exception as error:
                code = grpc.StatusCode.INTERNAL
                self._metrics.fault(error)
                await context.abort(code, internal(error))
            finally:
                seconds = time.monotonic() - begun
                self._metrics.called(name, code.name, seconds)
                _log.info("call", method=name, code=code.name, ms=round(seconds * 1000, 1))

        return call


def internal(error: Exception) -> str:
    """What a client is told of a fault of ours; what went wrong inside is in the log."""
    return f"the retriever failed internally ({type(error).__name__}, {uuid.uuid4().hex[:12]}); please report it."


def _careful(deserialize: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    def read(data: bytes) -> Any:
        try:
            return deserialize(data)
        except DecodeError as error:
            return error

    return read


def _checked(request: Any) -> Any:
    if isinstance(request, DecodeError):
        raise BadQuestionError("the request is not a message of this method, or one of its texts is not valid UTF-8.")
    return request


def _guarded(handler: Any) -> Any:
    """The handler of a service that is not ours (health, reflection), where gRPC would answer UNKNOWN to such bytes."""
    wrapped = handler._replace(request_deserializer=_careful(handler.request_deserializer))

    async def once(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        try:
            return await (handler.unary_stream or handler.unary_unary)(_checked(request), context)
        except BadQuestionError as error:
            await context.abort(STATUSES[BadQuestionError], str(error))

    async def each(requests: Any, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[Any]:
        try:
            async for answer in handler.stream_stream((_checked(one) async for one in requests), context):
                yield answer
        except BadQuestionError as error:
            await context.abort(STATUSES[BadQuestionError], str(error))

    if handler.request_streaming:
        return wrapped._replace(stream_stream=each)
    return wrapped._replace(**{"unary_stream" if handler.response_streaming else "unary_unary": once})
