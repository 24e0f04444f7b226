"""Bytes that are no message: gRPC would answer UNKNOWN, and it is the client who can do something about it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from coq_checker.server.errors import InvalidRequestError


class _Undecodable:
    """Stands for a request whose bytes are no message."""


def careful(deserialize: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """A deserializer that raises nothing: `checked` does, where errors are answered."""

    def read(data: bytes) -> Any:
        try:
            return deserialize(data)
        except DecodeError:
            return _Undecodable()

    return read


def checked(request: Any) -> Any:
    """A request as it came through a careful deserializer.

    Raises:
        InvalidRequestError: its bytes are no message.
    """
    if isinstance(request, _Undecodable):
        raise InvalidRequestError(
            "the request is not a message of this method, or one of its texts is not valid UTF-8."
        )
    return request


class EachChecked:
    """The requests of a stream. One that is no message raises, and the next can still be asked for."""

    def __init__(self, requests: AsyncIterator[Any]) -> None:
        self._requests = requests

    def __aiter__(self) -> "EachChecked":
        return self

    async def __anext__(self) -> Any:
        return checked(await anext(self._requests))


def guarded(handler: Any) -> Any:
    """The handler of a service that is not ours (health, reflection), which knows nothing of all this."""
    wrapped = handler._replace(request_deserializer=careful(handler.request_deserializer))
    if handler.request_streaming:
        return wrapped._replace(stream_stream=_each(handler.stream_stream))
    kind = "unary_stream" if handler.response_streaming else "unary_unary"
    return wrapped._replace(**{kind: _once(getattr(handler, kind))})


def _once(inner: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        try:
            return await inner(checked(request), context)
        except InvalidRequestError as error:
            await context.abort(error.code, str(error))

    return call


def _each(inner: Callable[..., AsyncIterator[Any]]) -> Callable[..., AsyncIterator[Any]]:
    async def call(requests: Any, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[Any]:
        try:
            async for answer in inner(EachChecked(aiter(requests)), context):
                yield answer
        except InvalidRequestError as error:
            await context.abort(error.code, str(error))

    return call
