"""One check: a candidate through an engine and all gates, to a verdict."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from coq_checker.candidate import Candidate, read
from coq_checker.engine.api import Checked, CheckTask, CoqEngine, Kind
from coq_checker.gates import ast
from coq_checker.gates.axioms import AxiomPolicy
from coq_checker.gates.kernel import SoundnessPolicy
from coq_checker.gates.statement import anchor
from coq_checker.gates.text import Mode
from coq_checker.goals import MAX_GOALS
from coq_checker.judge import Policy, judge
from coq_checker.limits import Limits
from coq_checker.result import ProofResult, Reason
from coqdata.sentence import Sentence, SentenceKind, Split, split

# A script is read as far as it runs: each time that Coq sees another sentence than we do tells one more.
_READINGS = 16
# Where no sentence ends: Coq tells where it sees them, and runs none.
_NOWHERE = (-1,)


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked about one candidate.

    Attributes:
        text: the candidate, as sent.
        mode: the body of a proof, or a whole script.
        limits: granted.
        axioms: what the proof may rest on.
        soundness: what becomes of a proof that the kernel should perhaps not have accepted.
        want_goals: return the goals where it stopped.
        partial: the text is the beginning of a proof.
        want_messages: return what Coq printed.
        max_sentences: of the candidate.
    """

    text: bytes
    mode: Mode
    limits: Limits
    axioms: AxiomPolicy = AxiomPolicy()
    soundness: SoundnessPolicy = SoundnessPolicy.STRICT
    want_goals: bool = False
    partial: bool = False
    want_messages: bool = False
    max_sentences: int = 10_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a candidate begins.

    Attributes:
        engine: the process.
        state: before the statement and what is set up for it.
        setup: sentences that run before the statement.
        statement: the sentence that opens the proof.
        declaring: sentences before it that declare symbols with full stops in them.
        version: of the Coq that runs.
    """

    engine: CoqEngine
    state: int
    setup: bytes
    statement: bytes
    declaring: tuple[bytes, ...] = ()
    version: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, and what made its audit slow, which other processes should be `warm`ed with."""

    result: ProofResult
    lesson: tuple[str, ...] = ()


async def check(place: Place, ask: Ask) -> Judged:
    """The verdict on one candidate.

    Raises:
        EnvironmentFailedError: the statement, or what stands before it, does not run.
        EngineLostError: the process died or was killed by its limits.
        EngineOutputError: Coq answered too much.
        StatementError: a script's statement cannot be anchored.
    """
    return await _Check(place, ask).judged()


class _Check:
    """One candidate on its way to a verdict."""

    def __init__(self, place: Place, ask: Ask) -> None:
        self.place, self.ask = place, ask
        self.gate = ast.SCRIPT if ask.mode is Mode.SCRIPT else ast.PROOF

    async def judged(self) -> Judged:
        """Reads it as Coq does, runs it, and judges what came of it."""
        ask = self.ask
        parsed = split(ask.text, declaring=self.place.declaring)
        candidate = self._read(parsed)
        if isinstance(candidate, ProofResult):
            if candidate.reason is Reason.INVALID_REQUEST or ask.mode is Mode.SCRIPT:
                return Judged(candidate)
            # It may be refused for what ends no sentence: an imported notation may hold full stops.
            seen = await self._run(ask.text, _NOWHERE)
            if (coqs := self._reread(parsed, seen)) is None:
                return Judged(candidate)
            parsed, candidate = coqs, self._read(coqs)
        for _ in range(_READINGS):
            if isinstance(candidate, ProofResult):
                return Judged(candidate)
            begun_ns = time.monotonic_ns()
            ends = tuple([sentence.end for sentence in candidate.sentences])
            text = candidate.text[: ends[-1]] if ends else b""
            checked = await self._run(text, ends)
            wall_ns = time.monotonic_ns() - begun_ns
            coqs = self._reread(parsed, checked)
            if coqs is None:
                return self._judge(checked, candidate, wall_ns)
            parsed, candidate = coqs, self._read(coqs)
        return self._judge(checked, candidate, wall_ns)

    def _read(self, parsed: Split) -> Candidate | ProofResult:
        ask = self.ask
        return read(ask.text, ask.mode, ask.max_sentences, partial=ask.partial, parsed=parsed)

    def _reread(self, parsed: Split, checked: Checked) -> Split | None:
        """The text read with Coq's own sentences; None where that is how it was read."""
        if checked.kind is not Kind.ASTRAY:
            return None
        length = len(self.ask.text)
        coqs = [Sentence(start, end, SentenceKind.COMMAND) for start, end in checked.spans if end <= length]
        again = split(self.ask.text, coqs)
        return None if _ends(again.sentences) == _ends(parsed.sentences) else again

    async def _run(self, text: bytes, ends: Sequence[int]) -> Checked:
        place, ask = self.place, self.ask
        statement, closing, name = place.statement, b"", ""
        if ask.mode is Mode.SCRIPT:
            # Each script meets an anchor of its own: a name that an earlier answer gave away is worth nothing.
            fixed = anchor(place.statement)
            statement, closing, name = fixed.before.encode(), fixed.after.encode(), fixed.check
        task = CheckTask(
            state=place.state,
            setup=place.setup,
            statement=statement,
            text=text,
            ends=tuple(ends),
            gate=self.gate,
            closing=closing,
            checked=name,
            goals=MAX_GOALS if ask.want_goals else 0,
            keep=ask.partial,
            talk=ask.want_messages,
        )
        return await place.engine.check(task)

    def _judge(self, checked: Checked, candidate: Candidate | ProofResult, wall_ns: int) -> Judged:
        if isinstance(candidate, ProofResult):
            return Judged(candidate)
        ask = self.ask
        policy = Policy(ask.axioms, ask.soundness, self.place.version)
        result = judge(checked, candidate, self.gate, policy, ask.limits.goals_bytes)
        spent_ns = checked.parse_ns + checked.audit_ns
        result = result.with_timings(
            parse_ns=checked.parse_ns, audit_ns=checked.audit_ns, execute_ns=max(0, wall_ns - spent_ns)
        )
        if ask.want_messages:
            result = replace(result, messages=checked.messages)
        return Judged(result, checked.lesson if result.proved else ())


def _ends(sentences: Sequence[Sentence]) -> list[int]:
    return [sentence.end for sentence in sentences]
