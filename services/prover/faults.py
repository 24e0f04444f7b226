"""The kinds of the checker's errors."""

from coq_checker.client import (
    CheckerError,
    DeadlineExceededError,
    EnvironmentFailedError,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    ProofResult,
    Reason,
    UnavailableError,
)
from prover.codes import ErrorCode

_OF_ERRORS: tuple[tuple[type[CheckerError], ErrorCode], ...] = (
    (InvalidRequestError, ErrorCode.INVALID_REQUEST),
    (NotFoundError, ErrorCode.NOT_FOUND),
    (EnvironmentFailedError, ErrorCode.ENVIRONMENT),
    (UnavailableError, ErrorCode.UNAVAILABLE),
    (OverloadedError, ErrorCode.UNAVAILABLE),
    (DeadlineExceededError, ErrorCode.UNAVAILABLE),
)
_OF_REASONS = {
    Reason.INVALID_REQUEST: ErrorCode.INVALID_REQUEST,
    Reason.ENVIRONMENT: ErrorCode.ENVIRONMENT,
    Reason.UNAVAILABLE: ErrorCode.UNAVAILABLE,
    Reason.WORKER_LOST: ErrorCode.UNAVAILABLE,
}


def code_of(error: CheckerError) -> ErrorCode:
    """The kind of a call's error; one that is not known is a fault."""
    return next((code for kind, code in _OF_ERRORS if isinstance(error, kind)), ErrorCode.INTERNAL)


def code_of_result(result: ProofResult) -> ErrorCode:
    """The kind of a result whose verdict is ERROR."""
    return _OF_REASONS.get(result.reason, ErrorCode.INTERNAL)
