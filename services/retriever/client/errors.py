"""Errors of calls: what could not be answered."""

import grpc


class RetrieverError(Exception):
    """A question that could not be answered.

    Attributes:
        code: the gRPC status.
    """

    code = grpc.StatusCode.UNKNOWN


class InvalidQuestionError(RetrieverError):
    """The question is malformed; asking it again does not help."""

    code = grpc.StatusCode.INVALID_ARGUMENT


class NotIndexedError(RetrieverError):
    """There is no such index, or no such file in it; the text names the command that builds it."""

    code = grpc.StatusCode.NOT_FOUND


class UnavailableError(RetrieverError):
    """The server is not there, or is draining: ask again."""

    code = grpc.StatusCode.UNAVAILABLE


class DeadlineExceededError(RetrieverError):
    """The call's own deadline passed."""

    code = grpc.StatusCode.DEADLINE_EXCEEDED


_BY_CODE: dict[grpc.StatusCode, type[RetrieverError]] = {
    one.code: one for one in (InvalidQuestionError, NotIndexedError, UnavailableError, DeadlineExceededError)
}


def from_rpc(error: grpc.aio.AioRpcError) -> RetrieverError:
    """The typed error of a failed call."""
    message = error.details() or error.code().name
    if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
        # gRPC itself: the message is larger than one side takes.
        return InvalidQuestionError(f"{message}; see PALMETTO_RETRIEVER_MAX_MESSAGE_BYTES and max_message_bytes.")
    kind = _BY_CODE.get(error.code())
    if kind is None:
        unknown = RetrieverError(f"{error.code().name}: {message}")
        unknown.code = error.code()
        return unknown
    return kind(message)
