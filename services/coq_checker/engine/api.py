"""The interface of a Coq engine, whatever runs Coq, and its values.

A state is a number that stands for what Coq knows behind a sentence. States are values: running on one makes another
and leaves it as it is, and each is held until it is released.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from coq_checker.goals import Goals


class EngineLostError(Exception):
    """The engine's process died or was killed: it can do nothing more."""


class EngineCrashedError(EngineLostError):
    """The engine's process ended by itself on what it was given: by an exit, or by a fault such as SIGSEGV."""


class EngineOutputError(Exception):
    """Coq answered more than the output limit; the engine must be killed."""


class EngineStartError(Exception):
    """An engine could not be started; the text is one sentence for a person."""


@dataclass(frozen=True, slots=True)
class CoqError:
    """Coq refused a sentence.

    Attributes:
        message: Coq's message.
        syntax: the sentence did not parse.
        out_of_memory: Coq ran out of memory.
    """

    message: str
    syntax: bool = False
    out_of_memory: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A sentence that was run.

    Attributes:
        state: behind it.
        start, end: where it stands: byte offsets in the text.
        proofs: names of what is being proved behind it, innermost first.
        goals: there, where they were asked for and a proof is open.
    """

    state: int
    start: int
    end: int
    proofs: tuple[str, ...] = ()
    goals: Goals | None = None


@dataclass(frozen=True, slots=True)
class Advanced:
    """What came of running the sentences of a text; all went through where there is neither an error nor `astray`.

    Attributes:
        steps: the sentences that went through, in order.
        messages: what Coq printed.
        error: Coq's, for the sentence behind them.
        astray: where the sentence behind them stands as Coq sees it, where that ends elsewhere than was said; it was
            not run.
    """

    steps: tuple[Step, ...]
    messages: tuple[str, ...] = ()
    error: CoqError | None = None
    astray: tuple[int, int] | None = None

    @property
    def through(self) -> bool:
        """Whether all of the text was run."""
        return self.error is None and self.astray is None


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a command that asks."""

    messages: tuple[str, ...] = ()
    error: CoqError | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """What a parsed sentence is, by Coq's own abstract syntax.

    Attributes:
        command: the constructor in Coq 8.20's words, e.g. `VernacProof`, with what it is about where that matters
            (`VernacEndProof.Admitted`, `VernacPrint.PrintName`); for a plugin's command `PLUGIN:ENTRY`.
        controlled: it stands under `Time`, `Fail`, `Redirect`, `Timeout` or the like.
        attributes: it carries attributes.
    """

    command: str
    controlled: bool
    attributes: bool


@dataclass(frozen=True, slots=True)
class Gate:
    """Which commands may be run.

    Attributes:
        commands: as `Head.command` names them; of a plugin's command `:ENTRY`.
        attributes: whether they may carry attributes.
    """

    commands: frozenset[str]
    attributes: bool

    def allows(self, head: Head) -> bool:
        """Whether a sentence may be run."""
        if head.controlled or (head.attributes and not self.attributes):
            return False
        plugin, colon, entry = head.command.partition(":")
        return (colon + entry if colon else plugin) in self.commands


@dataclass(frozen=True, slots=True)
class Assumption:
    """One thing a proof rests on.

    Attributes:
        kind: `axiom`, `variable` (of a section), or the check that was switched off: `guarded`,
            `positive`, `type_in_type`, `uip`.
        name: the full name of the axiom, variable, or constant that was not checked.
        known: whether the very same thing existed before what was proved.
    """

    kind: str
    name: str
    known: bool = False

    def __str__(self) -> str:
        return self.name if self.kind == AXIOM else f"{self.kind} {self.name}"


# Kinds of what a proof can rest on, with how they are shown: `axiom NAME` is shown as NAME.
AXIOM = "axiom"
VARIABLE = "variable"


@dataclass(frozen=True, slots=True)
class Audit:
    """What something that a proof made rests on, or why that could not be found out.

    Attributes:
        assumptions: that.
        problem: why it is not known.
        name: the kernel's name of what was made; empty where the engine does not tell.
        features: what parts of the kernel its own terms use, by the names of `coq_checker.soundness.features`; None
            where the engine cannot look at terms.
        places: where some of these are: the feature, and a declaration with what is wrong there.
    """

    assumptions: tuple[Assumption, ...] = ()
    problem: str | None = None
    name: str = ""
    features: tuple[str, ...] | None = None
    places: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that ended, by states: what it made is what the kernel has after it and had not before.

    Attributes:
        known: what exists in this state does not count as assumed by the proof.
        before: the state before the statement.
        stated: the state behind the statement.
        ended: the state behind the end of the proof.
        asked: the state where it is looked up what that rests on: the end of the proof or, of one inside of another
            proof, the end of the outermost.
        renamed: the name that the proof's end gives, where it gives one (`Defined NAME`).
    """

    known: int
    before: int
    stated: int
    ended: int
    asked: int
    renamed: str = ""


@dataclass(frozen=True, slots=True)
class CheckTask:
    """The body of a proof of a statement; or a script that is to prove a statement itself.

    Attributes:
        state: before all of it.
        setup: sentences that stand before the statement and must not change what it says.
        statement: the sentence that opens the proof; for a script, one that defines what it is to prove.
        text: the body or script.
        ends: byte offsets in `text` where its sentences are expected to end.
        gate: what it may run.
        closing: of a script, the sentence that Coq must accept behind it; empty for a body.
        checked: of a script, the name that `closing` defines.
        goals: how many goals are answered where it stops.
        keep: it is the beginning of a proof that others begin with too.
        talk: what tactics tell by the way is wanted too.
    """

    state: int
    setup: bytes
    statement: bytes
    text: bytes
    ends: tuple[int, ...]
    gate: Gate
    closing: bytes = b""
    checked: str = ""
    goals: int = 0
    keep: bool = False
    talk: bool = False


class Kind(Enum):
    """What came of a candidate."""

    UNSTATED = "unstated"
    """What stands before it, or the statement, does not run (`error`)."""
    CHANGED = "changed"
    """What is set up changes what the statement says."""
    NO_PROOF = "no_proof"
    """The statement opens no proof."""
    ASTRAY = "astray"
    """Coq sees other sentences (`spans`); none was run of a body."""
    REFUSED = "refused"
    """The gate does not let a sentence pass (`index`, `head`), and what follows was not run."""
    FAILED = "failed"
    """A sentence failed (`index`, `error`, `goals` before it)."""
    OPEN = "open"
    """All went through, and the proof is not closed (`done`, `goals`)."""
    MISMATCH = "mismatch"
    """Coq does not accept the sentence behind a script (`error`)."""
    CLOSED = "closed"
    """The statement is proved (`audits`, one at least)."""
    UNAUDITED = "unaudited"
    """The proof is closed, and what it made could not be found (`error`)."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a candidate.

    Attributes:
        kind: of what sort the rest is.
        index: of the sentence that decided it.
        error: Coq's.
        what: of UNSTATED: `setup` or `statement`.
        head: of the sentence that was refused.
        spans: where Coq's sentences begin and end, as far as it has read.
        goals: where it stopped.
        done: no goal is left anywhere, though the proof is open.
        audits: of what was proved.
        lesson: constants that made the audit slow: other processes should be `warm`ed with them.
        messages: what Coq printed.
        parse_ns, audit_ns: what these took.
    """

    kind: Kind
    index: int = 0
    error: CoqError | None = None
    what: str = ""
    head: Head | None = None
    spans: tuple[tuple[int, int], ...] = ()
    goals: Goals = Goals((), 0)
    done: bool = False
    audits: tuple[Audit, ...] = ()
    lesson: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    parse_ns: int = 0
    audit_ns: int = 0


@dataclass(slots=True)
class Seen:
    """What was last seen of a process, by who looks after it.

    Attributes:
        reaped_cpu_ns: CPU time of programs that it had started and waited for.
        rss_bytes: resident memory, when it was at rest.
        looks: how often it has been asked for something since then.
    """

    reaped_cpu_ns: int = 0
    rss_bytes: int = 0
    looks: int = 0


class CoqEngine(Protocol):
    """One process of Coq. Not for concurrent use.

    Nothing that Coq or the text prints can pass for an answer.

    Every call may raise EngineLostError where the process is gone and EngineOutputError where Coq answers too much.

    Attributes:
        first: the state that it starts with.
        output_bytes: the largest answer to one call.
        seen: what was last seen of the process.
    """

    first: int
    output_bytes: int
    seen: Seen

    @property
    def pid(self) -> int:
        """Process id, as seen from this process."""

    @property
    def alive(self) -> bool:
        """Whether the process is there, as far as can be told without asking it."""

    @property
    def own_cpu_ns(self) -> int:
        """CPU time that the process itself, which is at rest, has used so far."""

    async def advance(self, state: int, text: bytes, ends: Sequence[int] = (), goals: int = 0) -> Advanced:
        """Runs the sentences of a text, one after the other, up to the first that fails.

        Args:
            state: where.
            text: sentences.
            ends: byte offsets where they are expected to end: none is run behind one that does not. By default they
                end where Coq says.
            goals: how many goals are told of each state in a proof; 0 for none.
        """

    async def begin(self, state: int) -> None:
        """Lets the text begin in a state: no command in it goes back behind that."""

    async def check(self, task: CheckTask) -> Checked:
        """What comes of a candidate: set up, stated, read, passed through the gate, run and audited."""

    async def query(self, state: int, command: str) -> Answered:
        """Runs one command that asks."""

    async def goals(self, state: int, most: int) -> Goals:
        """The goals in focus in a state, `most` of them printed."""

    async def next_sentence(self, state: int, text: bytes) -> tuple[int, int] | None:
        """Where the first sentence of a text begins and ends, as Coq reads it; None where it does not."""

    async def audit(self, proof: Proof) -> tuple[Audit, ...]:
        """What each thing rests on that a proof made; none where it made nothing that could be found."""

    async def warm(self, state: int, names: Sequence[str]) -> None:
        """Lets the engine, and so its later forks, remember what constants rest on."""

    async def fork(self) -> "CoqEngine":
        """A copy of this process, with all of its states, that goes its own way."""

    def release(self, states: Sequence[int]) -> None:
        """Lets go of states, by the next call at the latest."""

    def kill(self) -> None:
        """Ends the process at once, and all its forks. May be called at any time, and twice."""
