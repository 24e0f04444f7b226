"""The search over tactics, with real Coq."""

import pytest

from coq_checker.client import CheckerClient
from prover.portfolio import Filler
from prover.runner import Runner
from prover.script import Node, text_of
from prover.search import Search
from prover.sources import Source
from prover.task import ProveTask

from .proposing import Saying
from .trees import root_of

AXIOMS = "Axiom good : nat -> Prop. Axiom kind : Set. "


class Found:
    """A search, and what it found."""

    def __init__(self, search: Search, root: Node) -> None:
        self.search = search
        self.root = root

    @property
    def text(self) -> str:
        return text_of(self.root)

    async def complete(self) -> bool:
        """Whether Coq takes the proof for one, with nothing left on the shelf."""
        return (await self.search.context.coq.run(self.text, cpu_ms=5000)).complete


async def begun(checker: CheckerClient, statement: str, context: str, *premises: str) -> Found:
    runner, root = await root_of(checker, statement, context, Runner, *premises)
    return Found(Search(runner.context, runner, Filler(runner.context, runner)), root)


async def test_what_a_tactic_leaves_on_the_shelf_is_a_goal(checker_async: CheckerClient) -> None:
    context = AXIOMS + "Inductive c := one | two. Existing Class c. Axiom all : forall {x : c}, good 7."
    found = await begun(checker_async, "Theorem t : good 7.", context, "all")
    assert await found.search.run(found.root, 12)
    assert await found.complete(), found.text


async def test_what_is_no_proof_is_taken_back_and_another_is_found(checker_async: CheckerClient) -> None:
    # What closes the goal of `bad` leaves its `x` open for ever.
    context = AXIOMS + "Axiom bad : forall x : kind, x = x -> good 7. Axiom odd even : nat -> Prop. "
    context += "Axiom fine : forall n, odd n -> good (S n). Axiom o : forall n, even n -> odd n."
    context += " Axiom e : forall n, n <> 20 -> even n."
    found = await begun(checker_async, "Theorem t : good 7.", context, "bad", "fine", "o", "e")
    texts = []
    while await found.search.run(found.root, 12):
        texts.append(found.text)
        if await found.complete() or not found.search.refuse(found.root):
            break
    assert await found.complete(), texts
    assert "bad" in texts[0] and "bad" not in texts[-1]
    assert len(set(texts)) == len(texts)


async def test_it_ends_where_there_is_no_other(checker_async: CheckerClient) -> None:
    context = AXIOMS + "Axiom bad : forall x : kind, x = x -> good 7."
    found = await begun(checker_async, "Theorem t : good 7.", context, "bad")
    tried = 0
    while await found.search.run(found.root, 8):
        tried += 1
        if not found.search.refuse(found.root):
            break
    assert 0 < tried < 10
    assert not found.root.tactic


async def test_premises_beyond_the_first_twelve(checker_async: CheckerClient) -> None:
    others = "Axiom odd : nat -> Prop. " + " ".join(f"Axiom l{n} : good {n} -> good {n + 50}." for n in range(20))
    steps = "Axiom l20 : forall n, odd n -> good (S n). Axiom l21 : forall n, n <> 20 -> odd n."
    names = [f"l{n}" for n in range(22)]
    found = await begun(checker_async, "Theorem t : good 104.", f"{AXIOMS} {others} {steps}", *names)
    assert await found.search.run(found.root)
    assert await found.complete(), found.text
    assert "l20" in found.text and "l21" in found.text


@pytest.mark.parametrize("statement", ["Theorem t (n : nat) : far n.", "Theorem t : sub (fun n => n = 3) far."])
async def test_definitions_hide_quantifiers(checker_async: CheckerClient, statement: str) -> None:
    context = AXIOMS + (
        "Definition far (n : nat) := exists k, forall m, good m -> m = n -> good (k + n). "
        "Definition sub (p q : nat -> Prop) := forall n, p n -> q n."
    )
    found = await begun(checker_async, statement, context)
    assert await found.search.run(found.root)
    assert await found.complete(), found.text


async def test_the_first_part_of_a_tactic_by_itself(checker_async: CheckerClient) -> None:
    context = AXIOMS + "Axiom up : forall n, good (n + n) -> good n. Axiom all : forall n, n <= 8 -> good n."
    runner, root = await root_of(checker_async, "Theorem t : good 4.", context, Runner)
    task = ProveTask(runner.context.coq._target, 30)
    source = Source(runner.context, Saying(tactics=("apply up; apply up.", "apply all; discriminate.")), task)
    search = Search(runner.context, runner, Filler(runner.context, runner), source=source)
    assert await search.run(root)
    assert "apply all." in text_of(root)
