"""Goals that share existential variables, in another order.

Goals are closed from the first one on, and what closes a goal decides what its variables stand for. `eapply` often
leaves a goal first that almost anything solves (`incl ?x y`), and after it the one that a hypothesis decides (`P ?x`).
"""

from prover.portfolio import Effort, Filler
from prover.runner import Runner
from prover.script import Node
from prover.search import joins

# Closes a goal with what is at hand.
_DECIDES = "solve [eassumption | easy]"


async def reorder(runner: Runner, filler: Filler, root: Node, effort: Effort) -> bool:
    """Has a later goal decide first, wherever an open one is among goals that share variables; whether all are closed.

    What does not help leaves the tree as it was.

    Raises:
        BudgetSpentError, CoqProblemError: as `Coq.run`.
    """
    for node in reversed(list(root.nodes())):
        if node.linked and not node.done and node.attached:
            await _decided(runner, filler, node, effort)
    return root.done


async def _decided(runner: Runner, filler: Filler, node: Node, effort: Effort) -> None:
    before, kept = node.tactic, node.branch()
    how = node.how if node.how == "search" else "repaired"
    if not joins(before):
        return
    for place in range(len(node.children) - 1, 0, -1):
        tactic = f"{before.removesuffix('.')}; [ {'| ' * place}{_DECIDES} | .. ]."
        outcome = await runner.try_on(node, tactic)
        # A goal without the variables decides nothing.
        if not outcome.passed or outcome.goals[:1] == (node.children[0].goal,):
            continue
        runner.undo(node)
        await runner.use(node, tactic, how, outcome)
        if await filler.fill_all(node, effort):
            return
        runner.undo(node)
        runner.restore(node, kept)
