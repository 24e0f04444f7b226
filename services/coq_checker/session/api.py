"""The interface of a Coq session, whatever protocol is underneath, and its values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class SessionLostError(Exception):
    """The session's process died or was killed: it can do nothing more."""


class SessionOutputError(Exception):
    """Coq answered more than the output limit; the session must be killed."""


class SessionStartError(Exception):
    """A session could not be started; the text is one sentence for a person."""


@dataclass(frozen=True, slots=True)
class CoqError:
    """Coq refused a sentence.

    Attributes:
        message: Coq's message.
        state: the sentence's state id where Coq names it.
        syntax: the sentence did not parse.
        out_of_memory: Coq ran out of memory.
    """

    message: str
    state: int | None = None
    syntax: bool = False
    out_of_memory: bool = False


@dataclass(frozen=True, slots=True)
class Added:
    """Sentences that were parsed: their state ids in order, and the error that ended the parsing."""

    states: list[int]
    error: CoqError | None


@dataclass(frozen=True, slots=True)
class Executed:
    """What an execution printed, and the error that ended it."""

    messages: list[str]
    error: CoqError | None


@dataclass(frozen=True, slots=True)
class AstHead:
    """What a parsed sentence is, by Coq's own abstract syntax.

    Attributes:
        command: the constructor, e.g. `VernacProof`; for a plugin's command `PLUGIN:ENTRY`.
        detail: the first argument where it is a bare word, e.g. `Proved` or `Admitted` of `VernacEndProof`.
        controlled: it stands under `Time`, `Fail`, `Redirect`, `Timeout` or the like.
        attributes: it carries attributes.
    """

    command: str
    detail: str
    controlled: bool
    attributes: bool


class CoqSession(Protocol):
    """One linear document in one Coq process. Not for concurrent use."""

    @property
    def pid(self) -> int:
        """Process id, as seen from this process."""

    @property
    def tip(self) -> int:
        """State id of the document's end."""

    async def add(self, text: bytes) -> Added:
        """Parses all sentences of `text` at the tip, up to the first that does not parse."""

    async def execute(self, state: int) -> Executed:
        """Executes the document up to `state`."""

    async def back_to(self, state: int) -> None:
        """Forgets everything after `state`."""

    async def ast_heads(self, states: Sequence[int]) -> list[AstHead | None]:
        """What the parsed sentences are; None where Coq gives no answer."""

    async def parse(self, text: bytes, state: int) -> AstHead | None:
        """What one sentence is, parsed where `state` ends and not executed; None when it does not parse."""

    async def query(self, command: str, state: int | None = None) -> Executed:
        """Runs a command in an isolated copy of `state` (default: the tip)."""

    async def fork(self) -> "CoqSession":
        """A copy of this process and its document that goes its own way."""

    def kill(self) -> None:
        """Ends the process at once. May be called at any time, and twice."""
