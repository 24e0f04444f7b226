"""Errors of a request, each with the gRPC status that it is answered with."""

import re

import grpc

from coq_checker.environment import EnvironmentFailedError, EnvironmentUnavailableError
from coq_checker.projects import NoSuchNameError
from coq_checker.toolchains import UnknownToolchainError

# What OCaml prints behind an exception; of a long one the beginning may be cut off.
_BACKTRACE = re.compile(
    r'(?:(?:Raised at|Raised by|Re-raised at|Called from) [^"]*"|[\w/]*\.?ml", line|(?<=\()"?, line)'
    r"[\s\S]*characters \d+-\d+"
)


def without_backtrace(message: str) -> str:
    """A message without a backtrace of OCaml, which helps nobody who only asked."""
    return _BACKTRACE.sub("it raised an exception", message) if "characters" in message else message


class RequestError(Exception):
    """A request that cannot run; the text is one sentence for the client."""

    code = grpc.StatusCode.INVALID_ARGUMENT

    def __init__(self, message: str, *, retry_after_ms: int | None = None) -> None:
        super().__init__(without_backtrace(message))
        self.retry_after_ms = retry_after_ms


class InvalidRequestError(RequestError):
    """Malformed: sending it again does not help."""


class UnknownNameError(RequestError):
    """A project, file or theorem that does not exist."""

    code = grpc.StatusCode.NOT_FOUND


class EnvironmentRequestError(RequestError):
    """The environment does not run in Coq."""

    code = grpc.StatusCode.FAILED_PRECONDITION


class BusyError(RequestError):
    """No room; `retry_after_ms` says when to come back."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED


class UnavailableError(RequestError):
    """A transient fault: send it again."""

    code = grpc.StatusCode.UNAVAILABLE


def environment_error(error: EnvironmentFailedError) -> RequestError:
    """What is answered where an environment cannot be had: it fails, or the machine does."""
    kind = UnavailableError if isinstance(error, EnvironmentUnavailableError) else EnvironmentRequestError
    return kind(str(error))


def request_error(error: NoSuchNameError | UnknownToolchainError | EnvironmentFailedError) -> RequestError:
    """What is answered where the environment of a request cannot be made."""
    if isinstance(error, EnvironmentFailedError):
        return environment_error(error)
    return (UnknownNameError if isinstance(error, NoSuchNameError) else InvalidRequestError)(str(error))
