"""A check in one command: the plugin parses, gates, executes and audits a candidate in one exchange.

It answers what is clear: proved, failed, unfinished. Whatever is not (a sentence that the gate does not
know, a statement that does not run, an audit that could not be made) is left to `check`, which takes the
same candidate step by step through Coq's own document.
"""

import json
import secrets
import time
from dataclasses import dataclass, replace
from typing import Any

from coq_checker.audit import PluginAuditor
from coq_checker.candidate import Candidate
from coq_checker.check import Ask, at_sentence, incomplete, with_goals
from coq_checker.environment import EnvironmentFailedError
from coq_checker.gates.ast import ALLOWED_IN_PROOF
from coq_checker.goals import MAX_GOALS, Goal, Goals, Hypothesis, cut
from coq_checker.judge import failure_kind, judge_audits
from coq_checker.result import ProofResult, Reason, Verdict
from coq_checker.session.api import CoqError, CoqSession, Executed, Query
from coqdata.sentence import Sentence, SentenceKind

_ALLOWED = " ".join(sorted(ALLOWED_IN_PROOF))


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a candidate begins.

    Attributes:
        session: its tip may be anywhere behind `state`.
        state: before the statement and what is set up for it.
        setup: sentences that run before the statement.
        statement: the sentence that opens the proof.
    """

    session: CoqSession
    state: int
    setup: bytes
    statement: bytes


@dataclass(frozen=True, slots=True)
class Quick:
    """A verdict, and what made its audit slow, which other sessions should `warm` up with."""

    result: ProofResult
    lesson: tuple[str, ...] = ()


def read_goals(answer: dict[str, Any], limit_bytes: int) -> Goals:
    """Goals from the plugin's answer: `{"goals": [{"h": [[names, body, type], ...], "c": ...}], "count": ...}`."""
    goals = [
        Goal(tuple(Hypothesis(tuple(names), body, kind) for names, body, kind in one["h"]), one["c"])
        for one in answer.get("goals", ())
    ]
    return Goals(cut(goals, limit_bytes), answer.get("count", 0), answer.get("unfocused", 0))


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
        EnvironmentFailedError: the prelude changes what the statement says.
        SessionLostError: the worker died or was killed by its limits.
        SessionOutputError: Coq answered too much.
    """
    count = len(candidate.sentences)
    text = candidate.text[: candidate.sentences[-1].end] if count else b""
    nonce = secrets.token_hex(8)
    command = b'PalmettoRun "%s" "%s" "%s" %d %d %d "%d" %s %s %s.' % (
        nonce.encode(),
        _ALLOWED.encode(),
        b" ".join(b"%d" % sentence.end for sentence in candidate.sentences),
        MAX_GOALS if ask.want_goals else 0,
        ask.partial,
        ask.want_messages,
        spot.state,
        _string(spot.setup),
        _string(spot.statement),
        _string(text),
    )
    started_ns = time.monotonic_ns()
    ran = await spot.session.query(command, spot.state)
    wall_ns = time.monotonic_ns() - started_ns
    # What the candidate prints itself comes before, and knows no nonce.
    *printed, said = ran.messages or [""]
    if ran.error is not None or not said.startswith(nonce):
        return None
    answer: dict[str, Any] = json.loads(said.removeprefix(nonce), strict=False)
    judged = await _judge(spot, ask, candidate, auditor, answer)
    if judged is None:
        return None
    parse_ns, audit_ns = 1000 * answer.get("parse_us", 0), 1000 * answer.get("audit_us", 0)
    result = judged.with_timings(parse_ns=parse_ns, audit_ns=audit_ns, execute_ns=max(0, wall_ns - parse_ns - audit_ns))
    if ask.want_messages:
        result = replace(result, messages=tuple(printed))
    lesson: tuple[str, ...] = ()
    if audit_ns > slow_audit_ns and result.proved:
        name = answer["audits"][0].split(" ", 2)[1]
        lesson = tuple(await auditor.learn(_stopped(spot), name))
    return Quick(result, lesson)


async def coqs_sentences(spot: Spot, text: bytes) -> list[Sentence]:
    """The sentences of the body of a proof as Coq sees them, up to the first that does not parse; nothing is executed.

    Raises:
        SessionLostError: the worker died or was killed by its limits.
        SessionOutputError: Coq answered too much.
    """
    nonce = secrets.token_hex(8)
    command = b'PalmettoSentences "%s" "%d" %s %s %s.' % (
        nonce.encode(),
        spot.state,
        _string(spot.setup),
        _string(spot.statement),
        _string(text),
    )
    said = (await spot.session.query(command, spot.state)).messages
    places = [int(word) for message in said if message.startswith(nonce) for word in message.split()[1:]]
    pairs = zip(places[::2], places[1::2], strict=True)
    return [Sentence(start, end, SentenceKind.COMMAND) for start, end in pairs]


async def _judge(
    spot: Spot, ask: Ask, candidate: Candidate, auditor: PluginAuditor, answer: dict[str, Any]
) -> ProofResult | None:
    kind = answer["kind"]
    if kind == "changed":
        raise EnvironmentFailedError("the prelude changes what the statement says: leave out what does.")
    goals = read_goals(answer, ask.limits.goals_bytes)
    if kind == "failed":
        index = answer["index"]
        error = CoqError(
            " ".join(answer["message"].split("\n")).strip() or "Coq gave no reason.",
            syntax=answer["error"] == "syntax",
            out_of_memory=answer["error"] == "memory",
        )
        sentence = candidate.quote(index) if index < len(candidate.sentences) else ""
        return with_goals(at_sentence(candidate, index, *failure_kind(error, sentence), error.message), goals)
    if kind == "open" and candidate.gives_up:
        why = "the proof was given up (Admitted or Abort)."
        return with_goals(ProofResult(Verdict.INCOMPLETE, Reason.ADMITTED, why), goals)
    if kind == "open" and candidate.unended:
        return incomplete(goals, done=bool(answer["done"]))
    if kind == "closed":
        audits = [auditor.read(line) for line in answer["audits"]]
        return judge_audits(audits, ask.axioms)
    return None


def _stopped(spot: Spot) -> Query:
    """Commands where the last candidate stopped."""

    async def query(command: str) -> Executed:
        return await spot.session.query(b"PalmettoAt %s." % _string(command.encode()), spot.state)

    return query
