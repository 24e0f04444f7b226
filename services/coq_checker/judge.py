"""What the same event means wherever a proof is checked: as a candidate, or as a file's own."""

from collections.abc import Sequence

from coq_checker.audit import VARIABLE, Audit
from coq_checker.gates.axioms import AxiomPolicy, forbidden
from coq_checker.result import ProofResult, Reason, Verdict
from coq_checker.session.api import CoqError

_GIVEN_UP = ("given up goals", "given-up goals", "you have given up", "proof term is not complete because of")
_UNFINISHED = (
    "Attempt to save an incomplete proof",
    "Attempt to save a proof with",
    "unresolved existential variables",
    "There are pending proofs",
    "remaining open goals",
    "No such goal",
)


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


def judge_audits(audits: Sequence[Audit], policy: AxiomPolicy) -> ProofResult:
    """The verdict on a proof that went through, by what it rests on; every audit has succeeded.

    Args:
        audits: of all constants that were proved.
        policy: what they may rest on.
    """
    assumptions = [one for audit in audits for one in audit.assumptions]
    refused = forbidden(assumptions, policy)
    shown = tuple(dict.fromkeys(str(one) for one in assumptions if one.kind != VARIABLE))
    if refused:
        what = ", ".join(dict.fromkeys(map(str, refused)))
        why = f"the proof rests on what is not allowed: {what}."
        return ProofResult(Verdict.REJECTED, Reason.FORBIDDEN_AXIOM, why, axioms=shown)
    return ProofResult(Verdict.PROVED, axioms=shown)
