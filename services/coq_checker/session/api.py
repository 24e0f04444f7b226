"""The interface of a Coq session, whatever protocol is underneath, and its values."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


class SessionLostError(Exception):
    """The session's process died or was killed: it can do nothing more."""


class SessionCrashedError(SessionLostError):
    """The session's process ended by itself on what it was given: by an exit, or by a fault such as SIGSEGV."""


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
        spans: where each begins and ends: byte offsets in the text.
        error: what ended the parsing early.
        heads: what those sentences are that were asked for and parsed, by index; None where Coq gave no answer.
        printed: of what Coq executes as it parses (a `Require` inside of a proof needs the state before it).
    """

    states: list[int]
    spans: list[tuple[int, int]]
    error: CoqError | None
    heads: dict[int, "AstHead | None"]
    printed: "Executed"


@dataclass(frozen=True, slots=True)
class Executed:
    """What came of an execution.

    Attributes:
        messages: what it printed.
        error: what ended it early.
        proofs: names of what is being proved, innermost first, in each computed state where a proof is open; None where
            the session does not tell (see `tells_proofs`).
    """

    messages: list[str]
    error: CoqError | None
    proofs: dict[int, tuple[str, ...]] | None = None


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
        tells_proofs: begins each message that tells of open proofs (`TELLS STATE NAME ...`); None where none does.
        output_bytes: the largest answer that is read for one request.
        reaped_cpu_ns: CPU time of programs that it had started and waited for, as far as was last seen.
    """

    after_fork: str | None
    tells_proofs: str | None
    output_bytes: int
    reaped_cpu_ns: int

    @property
    def pid(self) -> int:
        """Process id, as seen from this process."""

    @property
    def tip(self) -> int:
        """State id of the document's end."""

    @property
    def alive(self) -> bool:
        """Whether the process is there, as far as can be told without asking it."""

    async def add(self, text: bytes, heads_of: Sequence[int] = (), most: int | None = None) -> Added:
        """Parses all sentences of `text` at the tip, up to the first that does not parse.

        Args:
            text: sentences.
            heads_of: indices of sentences whose syntax tree is asked for too.
            most: how many are parsed at the most.
        """

    async def execute(self, state: int) -> Executed:
        """Executes the document up to `state`."""

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
