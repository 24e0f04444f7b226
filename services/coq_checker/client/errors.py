"""Errors of calls: what could not run. A wrong proof is a result, not an error."""

import contextlib
import re
from collections.abc import Iterator

import grpc

# How gRPC itself says that there is no connection.
_NO_CONNECTION = re.compile(
    r"failed to connect|connections to all|errors resolving|DNS resolution|name resolver|Socket closed"
    r"|Connection reset|Broken pipe"
    r"|Stream removed|GOAWAY|recvmsg|Connection refused|No such file|too many pings|transport",
    re.I,
)
_CAUSE = re.compile(
    r"Connection refused|No such file or directory|DNS resolution failed|lookup failed|Connection reset|timed out", re.I
)

# Trailing metadata of every error that a checker itself answers.
_ANSWERED = "palmetto-error"

# gRPC's own limit, which the same message passes again; other uses of its status may pass.
_TOO_LARGE = re.compile(r"larger than max", re.I)
_RETRY_MS = 1000


class CheckerError(Exception):
    """A call that could not run.

    Attributes:
        code: the gRPC status.
    """

    code = grpc.StatusCode.UNKNOWN


class InvalidRequestError(CheckerError):
    """The request is malformed; sending it again does not help."""

    code = grpc.StatusCode.INVALID_ARGUMENT


class NotFoundError(CheckerError):
    """No such project, file or theorem."""

    code = grpc.StatusCode.NOT_FOUND


class EnvironmentFailedError(CheckerError):
    """The environment does not run in Coq."""

    code = grpc.StatusCode.FAILED_PRECONDITION


class OverloadedError(CheckerError):
    """The server's queue is full.

    Attributes:
        retry_after_ms: when to come back.
    """

    code = grpc.StatusCode.RESOURCE_EXHAUSTED

    def __init__(self, message: str, retry_after_ms: int) -> None:
        super().__init__(message)
        self.retry_after_ms = retry_after_ms


class UnavailableError(CheckerError):
    """The server is not there, is draining, or lost its Coq process: send the request again."""

    code = grpc.StatusCode.UNAVAILABLE


class UnreachableError(UnavailableError):
    """No connection to the server: nobody listens there, or it went away."""


class DeadlineExceededError(CheckerError):
    """The call's own deadline passed; its work was killed."""

    code = grpc.StatusCode.DEADLINE_EXCEEDED


_BY_CODE: dict[grpc.StatusCode, type[CheckerError]] = {
    one.code: one
    for one in (
        InvalidRequestError,
        NotFoundError,
        EnvironmentFailedError,
        UnavailableError,
        DeadlineExceededError,
    )
}


@contextlib.contextmanager
def encoding() -> Iterator[None]:
    """Around the making of a message: text that no message can hold is the caller's mistake, and is said so.

    Raises:
        InvalidRequestError: a text holds a lone surrogate.
    """
    try:
        yield
    except UnicodeEncodeError as error:
        raise InvalidRequestError(
            f"the text cannot be sent as UTF-8: it holds half of a surrogate pair at character {error.start}; "
            "decode it anew from its bytes."
        ) from error


def from_rpc(error: grpc.aio.AioRpcError, address: str = "") -> CheckerError:
    """The typed error of a failed call.

    Args:
        error: gRPC's.
        address: whose it was, for the sentence; empty where there is but one.
    """
    message = error.details() or error.code().name
    metadata = dict(error.trailing_metadata() or ())
    # What a server says may read like what gRPC says where there is none.
    answered = _ANSWERED in metadata
    if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
        if _TOO_LARGE.search(message) is not None:
            return InvalidRequestError(f"{message}; see PALMETTO_CHECKER_MAX_MESSAGE_BYTES and max_message_bytes.")
        return OverloadedError(message, int(metadata.get("retry-after-ms", _RETRY_MS)))
    if error.code() is grpc.StatusCode.UNAVAILABLE and message.endswith("backend unhealthy"):
        return UnavailableError("the checker is draining, it takes nothing new: send the request again later.")
    if error.code() is grpc.StatusCode.UNAVAILABLE and not answered and _NO_CONNECTION.search(message) is not None:
        cause = _CAUSE.search(message)
        why = f" ({cause[0].lower()})" if cause is not None else ""
        where = f" at {address}" if address else ""
        return UnreachableError(
            f"the checker{where} cannot be reached{why}: see that it runs, and that its address is right."
        )
    kind = _BY_CODE.get(error.code())
    if kind is None:
        unknown = CheckerError(f"{error.code().name}: {message}")
        unknown.code = error.code()
        return unknown
    return kind(message)
