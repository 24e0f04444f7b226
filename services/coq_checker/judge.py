"""What the same event means wherever a proof is checked: as a candidate, or as a file's own."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from coq_checker.candidate import Candidate
from coq_checker.engine.api import VARIABLE, Audit, Checked, CoqError, Gate, Kind
from coq_checker.environment import EnvironmentFailedError
from coq_checker.gates import ast
from coq_checker.gates.axioms import AxiomPolicy, forbidden
from coq_checker.gates.kernel import SoundnessPolicy, use_of
from coq_checker.goals import Goals
from coq_checker.result import ProofResult, Reason, Verdict

_GIVEN_UP = ("given up goals", "given-up goals", "you have given up", "proof term is not complete because of")
_UNFINISHED = (
    "Attempt to save an incomplete proof",
    "Attempt to save a proof with",
    "unresolved existential variables",
    "There are pending proofs",
    "remaining open goals",
    "No such goal",
)
_ANCHOR_NAME = re.compile(r'"?palmetto_stmt_\w+"?')
NOT_STRICT = (
    "the engine serapi cannot look at the terms of proofs, which the policy `strict` has to: use the engine native "
    "(`--engine native`, or PALMETTO_ENGINE=native), or ask for the policy `report`."
)
_WHAT = {"setup": "prelude", "statement": "statement"}


def failure_kind(error: CoqError, sentence: str) -> tuple[Verdict, Reason]:
    """Verdict and reason where Coq refused `sentence`: at a proof's end it may only be unfinished."""
    if error.out_of_memory:
        return Verdict.OUT_OF_MEMORY, Reason.MEMORY_LIMIT
    if error.syntax:
        return Verdict.FAILED, Reason.SYNTAX
    if not sentence.startswith(("Qed", "Defined")):
        return Verdict.FAILED, Reason.TACTIC
    if any(part in error.message for part in _GIVEN_UP):
        return Verdict.INCOMPLETE, Reason.ADMITTED
    if any(part in error.message for part in _UNFINISHED):
        return Verdict.INCOMPLETE, Reason.OPEN_GOALS
    return Verdict.FAILED, Reason.KERNEL


@dataclass(frozen=True, slots=True)
class Policy:
    """What a proof may rest on and use.

    Attributes:
        axioms: the axioms.
        soundness: what becomes of one that the kernel should perhaps not have accepted.
        version: of the Coq that accepted it.
    """

    axioms: AxiomPolicy
    soundness: SoundnessPolicy
    version: tuple[int, ...]


def judge_audits(audits: Sequence[Audit], policy: Policy) -> ProofResult:
    """The verdict on a proof that went through, by what it rests on and uses; every audit has succeeded.

    Args:
        audits: of all constants that were proved.
        policy: what they may rest on and use.
    """
    assumptions = [one for audit in audits for one in audit.assumptions]
    refused = forbidden(assumptions, policy.axioms)
    shown = tuple(dict.fromkeys(str(one) for one in assumptions if one.kind != VARIABLE))
    use = use_of(audits, policy.version)
    strict = policy.soundness is SoundnessPolicy.STRICT
    verdict, reason, why = Verdict.PROVED, Reason.NONE, ""
    if refused:
        what = ", ".join(dict.fromkeys(map(str, refused)))
        verdict, reason = Verdict.REJECTED, Reason.FORBIDDEN_AXIOM
        why = f"the proof rests on what is not allowed: {what}."
    elif strict and use is None:
        verdict, reason, why = Verdict.ERROR, Reason.ENVIRONMENT, NOT_STRICT
    elif strict and use is not None and use.refusal:
        verdict, reason, why = Verdict.REJECTED, Reason.FORBIDDEN_FEATURE, use.refusal
    if use is None:
        return ProofResult(verdict, reason, why, axioms=shown)
    return ProofResult(
        verdict, reason, why, axioms=shown, features=use.features, features_known=True, known_bugs=use.reports
    )


def judge(checked: Checked, candidate: Candidate, gate: Gate, policy: Policy, goals_bytes: int) -> ProofResult:
    """The verdict on a candidate, by what came of it.

    Args:
        checked: that.
        candidate: what was checked.
        gate: through which it had to pass.
        policy: what the proof may rest on and use.
        goals_bytes: largest text of goals in the verdict.

    Raises:
        EnvironmentFailedError: what stands before it does not run, or changes what its statement says.
    """
    goals = checked.goals.cut(goals_bytes)
    said = checked.error.message if checked.error is not None else "Coq gave no reason."
    match checked.kind:
        case Kind.UNSTATED:
            raise EnvironmentFailedError(f"the {_WHAT.get(checked.what, 'statement')} does not run in Coq: {said}")
        case Kind.CHANGED:
            raise EnvironmentFailedError("the prelude changes what the statement says: leave out what does.")
        case Kind.NO_PROOF:
            raise EnvironmentFailedError("the statement does not open a proof.")
        case Kind.ASTRAY:
            why = "Coq and the checker do not see the same sentences in this text."
            return ProofResult(Verdict.REJECTED, Reason.UNCLEAR_TEXT, why)
        case Kind.REFUSED:
            why = ast.refusal(checked.head, gate)
            return _at_sentence(candidate, checked.index, Verdict.REJECTED, Reason.FORBIDDEN_COMMAND, why)
        case Kind.FAILED:
            sentence = candidate.quote(checked.index) if checked.index < len(candidate.sentences) else ""
            kind = failure_kind(checked.error or CoqError(said), sentence)
            return _at_sentence(candidate, checked.index, *kind, said).with_goals(goals)
        case Kind.OPEN:
            return _open(candidate, goals, done=checked.done)
        case Kind.MISMATCH:
            why = f"the script does not prove the asked statement: {_ANCHOR_NAME.sub('the asked statement', said)}"
            return ProofResult(Verdict.REJECTED, Reason.STATEMENT_MISMATCH, why)
        case Kind.CLOSED | Kind.UNAUDITED:
            return _closed(checked, candidate, policy, said)


def _open(candidate: Candidate, goals: Goals, *, done: bool) -> ProofResult:
    if candidate.gives_up:
        why = "the proof was given up (Admitted or Abort)."
        return ProofResult(Verdict.INCOMPLETE, Reason.ADMITTED, why).with_goals(goals)
    if done:
        why = "no goal is left; the proof is not closed."
        return ProofResult(Verdict.INCOMPLETE, Reason.UNCLOSED, why)
    return ProofResult(Verdict.INCOMPLETE, Reason.OPEN_GOALS, "the proof has open goals.").with_goals(goals)


def _closed(checked: Checked, candidate: Candidate, policy: Policy, said: str) -> ProofResult:
    problem = next((audit.problem for audit in checked.audits if audit.problem is not None), None)
    if checked.kind is Kind.UNAUDITED or not checked.audits:
        problem = said
    if problem is None:
        return judge_audits(checked.audits, policy)
    if candidate.script:
        why = "after the script, Coq no longer reads the sentence that compares the statements."
        return ProofResult(Verdict.REJECTED, Reason.STATEMENT_MISMATCH, why)
    return ProofResult(Verdict.ERROR, Reason.UNCLEAR_TEXT, f"the axioms of the proof could not be audited: {problem}")


def _at_sentence(candidate: Candidate, index: int, verdict: Verdict, reason: Reason, message: str) -> ProofResult:
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
