"""The end of a proof: assembled, made simpler, and checked from scratch. Only that verdict counts."""

from dataclasses import dataclass

from coq_checker.client import ProofResult, Verdict
from prover.context import Context
from prover.coq import Coq
from prover.events import Candidate

_UNSHELVE = "Unshelve.\nall: first [eassumption | easy | constructor | eauto].\nQed."


@dataclass(frozen=True, slots=True)
class Accepted:
    """A proof that the checker accepted from scratch.

    Attributes:
        features: parts of Coq's kernel that its own terms use (docs/strict-guard.md).
        known_bugs: public reports of soundness bugs of this Coq that touch them.
    """

    script: str
    prelude: str
    axioms: tuple[str, ...]
    features: tuple[str, ...] = ()
    known_bugs: tuple[str, ...] = ()


async def accept(context: Context, script: str) -> Accepted | None:
    """The script with the smallest prelude that it needs; None where the checker accepts it with none.

    Where existential variables are left on the shelf, the script with an end that fills them is tried too.

    Raises:
        CoqProblemError: the checker is gone.
    """
    if script in context.refused:
        return None
    coq: Coq = context.coq
    context.emit(Candidate(context.now_s, script))
    for prelude in context.tools.final_preludes:
        result = await coq.verify(script, prelude)
        if not result.proved and result.verdict is Verdict.INCOMPLETE:
            longer = script.removesuffix("Qed.") + _UNSHELVE
            longer_result = await coq.verify(longer, prelude)
            if longer_result.proved:
                return _accepted(longer, prelude, longer_result)
        if result.proved:
            return _accepted(script, prelude, result)
    context.refused.add(script)
    return None


def _accepted(script: str, prelude: str, result: ProofResult) -> Accepted:
    return Accepted(script, prelude, result.axioms, result.features, result.known_bugs)
