"""Goals that share variables in another order, with real Coq."""

from coq_checker.client import CheckerClient
from prover.portfolio import Effort, Filler
from prover.reorder import reorder
from prover.runner import Runner
from prover.script import Node, parse, text_of

from .trees import root_of

# The first goal that `up` leaves is solved by `same`, which takes the variable for `b`: then `good b` is to be shown.
SUBSETS = """
Inductive below (n : nat) : nat -> Prop := same : below n n | more m : below n m -> below n (S m).
Axiom good : nat -> Prop.
Axiom up : forall x y, below x y -> good x -> good y.
"""
STATEMENT = "Theorem t a b : good a -> below a b -> good b."


async def grown(checker: CheckerClient, statement: str, text: str) -> tuple[Runner, Filler, Node]:
    runner, root = await root_of(checker, statement, SUBSETS, Runner)
    await runner.run(root, parse(text, 100))
    return runner, Filler(runner.context, runner), root


async def test_a_hypothesis_decides_before_what_almost_anything_solves(checker_async: CheckerClient) -> None:
    runner, filler, root = await grown(checker_async, STATEMENT, "intros. eapply up. apply same.")
    assert not await filler.fill_all(root, Effort.QUICK)
    assert await reorder(runner, filler, root, Effort.QUICK)
    assert "eapply up; [ | solve [eassumption | easy] | .. ]." in text_of(root)
    assert (await runner.context.coq.run(text_of(root), cpu_ms=5000)).complete


async def test_what_does_not_help_leaves_the_tree_as_it_was(checker_async: CheckerClient) -> None:
    statement = STATEMENT.replace("below a b ->", "")
    runner, filler, root = await grown(checker_async, statement, "intros. eapply up. apply same.")
    before = [(node.number, node.tactic, node.text) for node in root.nodes()]
    assert not await reorder(runner, filler, root, Effort.QUICK)
    assert [(node.number, node.tactic, node.text) for node in root.nodes()] == before
    assert [node.tactic for node in root.nodes()] == ["intros.", "eapply up.", "apply same.", ""]


async def test_nothing_is_asked_where_no_goal_shares_variables(checker_async: CheckerClient) -> None:
    runner, filler, root = await grown(checker_async, "Theorem t : good 1 /\\ good 2.", "split.")
    spent = runner.context.coq.budget.spent_s
    assert not await reorder(runner, filler, root, Effort.QUICK)
    assert runner.context.coq.budget.spent_s == spent
