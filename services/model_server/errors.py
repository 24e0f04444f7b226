"""Errors as the HTTP interface tells them, in OpenAI's shape."""

from typing import Any


class ApiError(Exception):
    """A request that is not answered; the text is one sentence with a remedy where there is one.

    Attributes:
        status: the HTTP status.
        type: OpenAI's class of errors, such as `invalid_request_error`.
        code: a word that a program can tell it by.
        retry_after_s: when to come back; None where that is not known, or does not help.
    """

    status = 500
    type = "server_error"

    def __init__(
        self, message: str, code: str, *, status: int | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after_s = retry_after_s
        if status is not None:
            self.status = status

    def body(self) -> dict[str, Any]:
        """The JSON body."""
        return {"error": {"message": str(self), "type": self.type, "param": None, "code": self.code}}


class InvalidRequestError(ApiError):
    """The request must be changed."""

    status = 400
    type = "invalid_request_error"


class NotFoundError(ApiError):
    """There is no such model, path or recorded answer."""

    status = 404
    type = "not_found_error"


class BusyError(ApiError):
    """There is no room now."""

    status = 429
    type = "rate_limit_error"


class UpstreamError(ApiError):
    """The server behind this one gives no answer."""

    status = 502
    type = "upstream_error"
