"""Errors of asking a model server: each says whether asking again may help."""


class ModelError(Exception):
    """A model server that gave no answer; the text is one sentence.

    Attributes:
        retryable: the same request may be answered later.
        status: the HTTP status; 0 where there was none.
        code: the server's own word for it; empty where it gave none.
        retry_after_s: when to come back, as the server said; None where it did not.
    """

    retryable = False

    def __init__(self, message: str, *, status: int = 0, code: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s


class ModelDownError(ModelError):
    """Nobody listens at the address, or the connection broke."""

    retryable = True


class ModelTimeoutError(ModelError):
    """No answer within the time allowed."""

    retryable = True


class ModelBusyError(ModelError):
    """The server has no room (429, 503)."""

    retryable = True


class ModelFailedError(ModelError):
    """The server failed (5xx)."""

    retryable = True


class BadAnswerError(ModelError):
    """The server answered, but not as an OpenAI-compatible server does: HTML, cut off, or far too much."""


class RefusedError(ModelError):
    """The server refuses the request (4xx): it must be changed."""


class AccessError(RefusedError):
    """The server refuses the key (401, 403)."""


class UnknownModelError(RefusedError):
    """The server has no model of that name, or none at all."""


class NoAnswerError(RefusedError):
    """A server of recorded answers has none for the theorem."""


class PrintingMismatchError(RefusedError):
    """The model was made for goals printed in another way."""
