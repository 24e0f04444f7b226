"""One check: a candidate run in a prepared worker, through all gates, to a verdict."""

import re
import time
from dataclasses import dataclass, replace

from coq_checker.audit import Auditor, Proof
from coq_checker.candidate import Candidate
from coq_checker.gates import ast
from coq_checker.gates.axioms import AxiomPolicy
from coq_checker.gates.text import Mode
from coq_checker.goals import Goals, goals_at
from coq_checker.judge import failure_kind, judge_audits
from coq_checker.limits import Limits
from coq_checker.result import ProofResult, Reason, Verdict
from coq_checker.run import Ran, run
from coq_checker.session.api import AstHead, CoqError, CoqSession, Query, queries_at


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked about one candidate.

    Attributes:
        text: the candidate, as sent.
        mode: the body of a proof, or a whole script.
        limits: granted.
        axioms: what the proof may rest on.
        want_goals: return the goals where it stopped.
        partial: the text is the beginning of a proof.
        want_messages: return what Coq printed.
        max_sentences: of the candidate.
    """

    text: bytes
    mode: Mode
    limits: Limits
    axioms: AxiomPolicy = AxiomPolicy()
    want_goals: bool = False
    partial: bool = False
    want_messages: bool = False
    max_sentences: int = 10_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a candidate runs.

    Attributes:
        session: the worker; its tip is `state`.
        state: the statement is open (a proof), or the anchor is defined (a script).
        before: the state before that: what can be named there is the environment's.
        name: of what is proved; for a script, of the anchored definition.
        closing: for a script, the sentence that the kernel must accept after it.
        known: sentences that the syntax-tree gate has passed in this environment already.
    """

    session: CoqSession
    state: int
    before: int
    name: str
    closing: str | None
    known: set[bytes]


_MAX_KNOWN = 20_000
_ANCHOR_NAME = re.compile(r'"?palmetto_stmt_\w+"?')


async def check(place: Place, ask: Ask, candidate: Candidate, auditor: Auditor) -> ProofResult:
    """The verdict on one candidate, step by step. The session's tip is moved; the caller takes it back.

    Raises:
        SessionLostError: the worker died or was killed by its limits.
        SessionOutputError: Coq answered too much.
    """
    return await _Check(place, ask, auditor, candidate).verdict()


class _Check:
    """One candidate on its way to a verdict."""

    def __init__(self, place: Place, ask: Ask, auditor: Auditor, candidate: Candidate) -> None:
        self.place, self.ask, self.auditor, self.candidate = place, ask, auditor, candidate
        self.parsed_ns = 0
        self.stated = place.state
        self.started_ns = time.monotonic_ns()

    async def verdict(self) -> ProofResult:
        """Runs it and judges what came of it."""
        candidate, session = self.candidate, self.place.session
        refused = await self._confirm_unknown()
        if refused is not None:
            return self._at(refused[0], Verdict.REJECTED, Reason.FORBIDDEN_COMMAND, refused[1])
        count = len(candidate.sentences)
        end = candidate.sentences[-1].end if count else 0
        script = self.ask.mode is Mode.SCRIPT
        fresh = [index for index in range(count) if script or self._text(index) not in self.place.known]
        ran = await run(session, candidate.text[:end], count, self._inspect, fresh) if count else Ran([])
        executed_ns = time.monotonic_ns()
        result = await self._judge(ran)
        now = time.monotonic_ns()
        parsed_ns = self.parsed_ns or executed_ns
        return replace(
            result,
            messages=tuple(ran.messages) if self.ask.want_messages else (),
            timings=replace(
                result.timings,
                parse_ns=parsed_ns - self.started_ns,
                execute_ns=executed_ns - parsed_ns,
                audit_ns=now - executed_ns,
            ),
        )

    async def _confirm_unknown(self) -> tuple[int, str] | None:
        """Sentences that begin with an unknown capitalised word are parsed alone, which executes nothing."""
        for index in self.candidate.unknown:
            text = self._text(index)
            if text in self.place.known:
                continue
            head = await self.place.session.parse(text, self.place.state)
            if head is None:
                continue  # it does not parse, and so cannot act
            why = ast.refusal(head, script=self.ask.mode is Mode.SCRIPT)
            if why is not None:
                return index, why
        return None

    def _inspect(self, heads: dict[int, AstHead | None]) -> tuple[int, str] | None:
        """The syntax-tree gate, on what was not passed before in this environment."""
        script = self.ask.mode is Mode.SCRIPT
        known = self.place.known
        for index, head in heads.items():
            why = ast.refusal(head, script=script)
            if why is not None:
                return index, why
            # A proof's body changes no grammar, so that equal text is parsed equally.
            if not script and len(known) < _MAX_KNOWN:
                known.add(self._text(index))
        self.parsed_ns = time.monotonic_ns()
        return None

    def _text(self, index: int) -> bytes:
        sentence = self.candidate.sentences[index]
        return self.candidate.text[sentence.start : sentence.end]

    async def _judge(self, ran: Ran) -> ProofResult:
        candidate = self.candidate
        if ran.unclear:
            why = "Coq and the checker do not see the same sentences in this text."
            return ProofResult(Verdict.REJECTED, Reason.UNCLEAR_TEXT, why)
        if ran.refused is not None:
            return self._at(ran.refused[0], Verdict.REJECTED, Reason.FORBIDDEN_COMMAND, ran.refused[1])
        if ran.failed is not None and ran.error is not None:
            return await self._failure(ran, ran.failed, ran.error)
        if candidate.gives_up:
            why = "the proof was given up (Admitted or Abort)."
            return with_goals(ProofResult(Verdict.INCOMPLETE, Reason.ADMITTED, why), await self._goals(ran))
        if candidate.unended:
            return incomplete(await self._goals(ran), done=await self._is_done(ran))
        if self.place.closing is not None:
            mismatch = await self._close()
            if mismatch is not None:
                return mismatch
        return await self._audit()

    async def _failure(self, ran: Ran, index: int, error: CoqError) -> ProofResult:
        goals = await self._goals(ran, index)
        sentence = self.candidate.quote(index) if index < len(self.candidate.sentences) else ""
        return with_goals(self._at(index, *failure_kind(error, sentence), error.message), goals)

    async def _goals(self, ran: Ran, index: int | None = None) -> Goals:
        """The goals before the sentence `index`, or after the last one."""
        if not self.ask.want_goals:
            return Goals((), 0)
        return await goals_at(self._query(ran, index), self.ask.limits.goals_bytes)

    def _query(self, ran: Ran, index: int | None = None) -> Query:
        count = len(ran.states) if index is None else min(index, len(ran.states))
        return queries_at(self.place.session, ran.states[count - 1] if count else self.place.state)

    async def _is_done(self, ran: Ran) -> bool:
        shown = await self._query(ran)("Show.")
        return shown.error is None and "No more goals." in shown.messages

    async def _close(self) -> ProofResult | None:
        closing = self.place.closing or ""
        self.stated = self.place.session.tip
        closed = await run(self.place.session, closing.encode(), 1)
        if closed.failed is None and not closed.unclear:
            return None
        said = closed.error.message if closed.error is not None else "it could not be compared"
        said = _ANCHOR_NAME.sub("the asked statement", said)
        return ProofResult(
            Verdict.REJECTED,
            Reason.STATEMENT_MISMATCH,
            f"the script does not prove the asked statement: {said}",
        )

    async def _audit(self) -> ProofResult:
        place = self.place
        # What the script's own proofs made is not what is asked: the definition after it is, by its new name.
        script = place.closing is not None
        proof = Proof(
            known=place.before,
            before=self.stated if script else place.before,
            stated=self.stated if script else place.state,
            ended=place.session.tip,
            renamed=place.name if script else "",
        )
        audits = await self.auditor.audit(place.session, proof)
        for audit in audits:
            if audit.problem is not None:
                if script:
                    why = "after the script, Coq no longer reads the sentence that compares the statements."
                    return ProofResult(Verdict.REJECTED, Reason.STATEMENT_MISMATCH, why)
                why = f"the axioms of {place.name} could not be audited: {audit.problem}"
                return ProofResult(Verdict.ERROR, Reason.UNCLEAR_TEXT, why)
        return judge_audits(audits, self.ask.axioms)

    def _at(self, index: int, verdict: Verdict, reason: Reason, message: str) -> ProofResult:
        return at_sentence(self.candidate, index, verdict, reason, message)


def incomplete(goals: Goals, *, done: bool) -> ProofResult:
    """The verdict on the beginning of a proof that went through."""
    if done:
        why = "no goal is left; the proof is not closed."
        return ProofResult(Verdict.INCOMPLETE, Reason.UNCLOSED, why)
    return with_goals(ProofResult(Verdict.INCOMPLETE, Reason.OPEN_GOALS, "the proof has open goals."), goals)


def with_goals(result: ProofResult, goals: Goals) -> ProofResult:
    """A result with the goals where it stopped."""
    return replace(result, goals=goals.goals, goal_count=goals.count, unfocused_count=goals.unfocused)


def at_sentence(candidate: Candidate, index: int, verdict: Verdict, reason: Reason, message: str) -> ProofResult:
    """A verdict that one sentence of the candidate decided."""
    if index >= len(candidate.sentences):
        return ProofResult(verdict, reason, message)
    sentence = candidate.sentences[index]
    return ProofResult(
        verdict=verdict,
        reason=reason,
        message=message,
        sentence=candidate.quote(index),
        sentence_index=index,
        # The end that we added stands at the candidate's own end.
        start=min(sentence.start, candidate.length),
        end=min(sentence.end, candidate.length),
    )
