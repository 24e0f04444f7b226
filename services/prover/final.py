"""The end of a proof: assembled, made simpler, and checked from scratch. Only that verdict counts."""

from dataclasses import dataclass

from coq_checker.client import Verdict
from prover.context import Context
from prover.coq import Coq
from prover.events import Candidate

_UNSHELVE = "Unshelve.\nall: first [eassumption | easy | constructor | eauto].\nQed."


@dataclass(frozen=True, slots=True)
class Accepted:
    """A proof that the checker accepted from scratch."""

    script: str
    prelude: str
    axioms: tuple[str, ...]


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
                return Accepted(longer, prelude, tuple(longer_result.axioms))
        if result.proved:
            return Accepted(script, prelude, tuple(result.axioms))
    context.refused.add(script)
    return None
