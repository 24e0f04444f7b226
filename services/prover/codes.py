"""The kinds of errors, as answers and events carry them: what is the theorem's own fault, and what may pass."""

from enum import Enum


class ErrorCode(Enum):
    """The kind of an ERROR."""

    NONE = ""
    """There was no error."""

    INVALID_REQUEST = "invalid_request"
    """The checker does not take the statement or the request as it is."""

    NOT_FOUND = "not_found"
    """There is no such project, file or theorem."""

    ENVIRONMENT = "environment"
    """The statement, the text before it, or what its file requires does not run in Coq."""

    UNAVAILABLE = "unavailable"
    """The checker did not answer, had no room, or lost its Coq: the same request may go through later."""

    INTERNAL = "internal"
    """The prover or the checker has a fault, or says something that this version does not know."""

    ENDING = "ending"
    """The prover was told to end before the work was over."""

    @property
    def may_pass(self) -> bool:
        """Whether it says nothing about the theorem: all that is not known to be its own fault."""
        return self not in (ErrorCode.INVALID_REQUEST, ErrorCode.NOT_FOUND, ErrorCode.ENVIRONMENT)
