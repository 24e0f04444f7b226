"""A check in one command: the plugin parses, gates, executes and audits a candidate in one exchange.

It answers what is clear: proved, failed, given up. Whatever is not (a sentence that the gate does not
know, a statement that does not run, an audit that could not be made) is left to `check`, which takes the
same candidate step by step through Coq's own document.
"""

import secrets
import time
from dataclasses import dataclass

from coq_checker.audit import PluginAuditor
from coq_checker.candidate import Candidate
from coq_checker.check import Ask, at_sentence
from coq_checker.gates.ast import ALLOWED_IN_PROOF
from coq_checker.goals import Goal, goals_at
from coq_checker.judge import failure_kind, judge_audits
from coq_checker.result import ProofResult, Reason, Verdict
from coq_checker.session.api import CoqError, CoqSession, Executed, Query

_ALLOWED = " ".join(sorted(ALLOWED_IN_PROOF))


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a candidate begins.

    Attributes:
        session: its tip may be anywhere behind `state`.
        state: before the statement.
        statement: the sentence that opens the proof.
    """

    session: CoqSession
    state: int
    statement: bytes


@dataclass(frozen=True, slots=True)
class Quick:
    """A verdict, and what made its audit slow, which other sessions should `warm` up with."""

    result: ProofResult
    lesson: tuple[str, ...] = ()


def _string(text: bytes) -> bytes:
    """A Coq string."""
    return b'"' + text.replace(b'"', b'""') + b'"'


async def quick_check(
    spot: Spot, ask: Ask, candidate: Candidate, auditor: PluginAuditor, slow_audit_ns: int
) -> Quick | None:
    """The verdict on the body of a proof; None where a more careful look is needed. The session stays as it was.

    Args:
        spot: where.
        ask: what is asked.
        candidate: `ask.text`, passed through the text gate.
        auditor: whose plugin the session has.
        slow_audit_ns: an audit that took longer has a lesson.

    Raises:
        SessionLostError: the worker died or was killed by its limits.
        SessionOutputError: Coq answered too much.
    """
    count = len(candidate.sentences)
    text = candidate.text[: candidate.sentences[-1].end] if count else b""
    nonce = secrets.token_hex(8)
    command = b'PalmettoRun "%s" "%s" %d "%d" %s %s.' % (
        nonce.encode(),
        _ALLOWED.encode(),
        count,
        spot.state,
        _string(spot.statement),
        _string(text),
    )
    started_ns = time.monotonic_ns()
    ran = await spot.session.query(command, spot.state)
    wall_ns = time.monotonic_ns() - started_ns
    # What the candidate prints itself comes before, and knows no nonce.
    said = ran.messages[-1] if ran.messages else ""
    if ran.error is not None or not said.startswith(nonce):
        return None
    words = said.removeprefix(nonce).lstrip()
    kind, _, rest = words.partition(" ")
    if kind == "failed":
        index, what, message = rest.split(" ", 2)
        error = CoqError(
            " ".join(message.split("\n")).strip() or "Coq gave no reason.",
            syntax=what == "syntax",
            out_of_memory=what == "memory",
        )
        return Quick(_timed(await _failure(spot, ask, candidate, int(index), error), wall_ns, 0))
    if kind == "open" and candidate.gives_up:
        why = "the proof was given up (Admitted or Abort)."
        result = ProofResult(Verdict.INCOMPLETE, Reason.ADMITTED, why, goals=await _goals(spot, ask))
        return Quick(_timed(result, wall_ns, 0))
    if kind != "closed":
        return None
    first, *lines = rest.split("\n")
    audits = [auditor.read(line) for line in lines]
    result = await judge_audits(audits, ask.axioms, spot.session, spot.state)
    audit_ns = int(first) * 1000
    lesson: tuple[str, ...] = ()
    if audit_ns > slow_audit_ns and lines:
        name = lines[0].removeprefix(nonce).split(" ", 2)[1]
        lesson = tuple(await auditor.learn(_stopped(spot), name))
    return Quick(_timed(result, wall_ns - audit_ns, audit_ns), lesson)


def _timed(result: ProofResult, execute_ns: int, audit_ns: int) -> ProofResult:
    return result.with_timings(execute_ns=execute_ns, audit_ns=audit_ns)


async def _failure(spot: Spot, ask: Ask, candidate: Candidate, index: int, error: CoqError) -> ProofResult:
    sentence = candidate.quote(index) if index < len(candidate.sentences) else ""
    verdict, reason = failure_kind(error, sentence)
    return at_sentence(candidate, index, verdict, reason, error.message, await _goals(spot, ask))


async def _goals(spot: Spot, ask: Ask) -> tuple[Goal, ...]:
    if not ask.want_goals:
        return ()
    return (await goals_at(_stopped(spot), ask.limits.goals_bytes)).goals


def _stopped(spot: Spot) -> Query:
    """Commands where the last candidate stopped."""

    async def query(command: str) -> Executed:
        return await spot.session.query(b"PalmettoAt %s." % _string(command.encode()), spot.state)

    return query
