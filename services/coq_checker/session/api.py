"""The interface of a Coq session, whatever protocol is underneath, and its values."""

from collections.abc import Awaitable, Callable, Sequence
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
    """Sentences that were parsed.

    Attributes:
        states: their state ids, in order.
        error: what ended the parsing early.
        heads: what those sentences are that were asked for and parsed, by index; None where Coq gave no answer.
    """

    states: list[int]
    error: CoqError | None
    heads: dict[int, "AstHead | None"]


@dataclass(frozen=True, slots=True)
class Executed:
    """What an execution printed, and the error that ended it."""

    messages: list[str]
    error: CoqError | None


# Runs one command in one state, which stays as it is.
Query = Callable[[str], Awaitable[Executed]]


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
    """One linear document in one Coq process. Not for concurrent use.

    Attributes:
        after_fork: a command that every fork of this session begins with, if any.
        output_bytes: the largest answer that is read for one request.
        reaped_cpu_ns: CPU time of programs that it had started and waited for, as far as was last seen.
    """

    after_fork: str | None
    output_bytes: int
    reaped_cpu_ns: int

    @property
    def pid(self) -> int:
        """Process id, as seen from this process."""

    @property
    def tip(self) -> int:
        """State id of the document's end."""

    async def add(self, text: bytes, heads_of: Sequence[int] = ()) -> Added:
        """Parses all sentences of `text` at the tip, up to the first that does not parse.

        Args:
            text: sentences.
            heads_of: indices of sentences whose syntax tree is asked for too.
        """

    async def execute(self, state: int) -> Executed:
        """Executes the document up to `state`."""

    def has(self, state: int) -> bool:
        """Whether `state` is one of the document's."""

    async def back_to(self, state: int) -> None:
        """Forgets everything after `state`."""

    async def parse(self, text: bytes, state: int) -> AstHead | None:
        """What one sentence is, parsed where `state` ends and not executed; None when it does not parse."""

    async def query(self, command: str | bytes, state: int | None = None) -> Executed:
        """Runs a command in an isolated copy of `state` (default: the tip)."""

    async def fork(self) -> "CoqSession":
        """A copy of this process and its document that goes its own way."""

    def kill(self) -> None:
        """Ends the process at once. May be called at any time, and twice."""


def queries_at(session: CoqSession, state: int | None = None) -> Query:
    """Commands in a state of a session (default: the tip)."""

    async def query(command: str) -> Executed:
        return await session.query(command, state)

    return query
