"""The search over tactics, with real Coq."""

from coq_checker.client import CheckerClient, FreeStatement, Goal
from prover import Prover
from prover.portfolio import Filler
from prover.runner import Runner
from prover.script import Node, text_of
from prover.search import Search, moves, openings
from prover.sources import Source
from prover.task import ProveTask

from .proposing import Knowing, Saying
from .test_prover import proved, work
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


# What closes the goal of `bad` leaves its `x` open for ever.
BAD = AXIOMS + (
    "Axiom bad : forall x : kind, x = x -> good 7. Axiom odd even : nat -> Prop. "
    "Axiom fine : forall n, odd n -> good (S n). Axiom o : forall n, even n -> odd n. "
    "Axiom e : forall n, n <> 20 -> even n."
)


async def all_found(found: Found) -> list[str]:
    """The proofs that a search finds, until one of them is complete or there are no more."""
    texts = []
    while await found.search.run(found.root, 12):
        texts.append(found.text)
        if await found.complete() or not found.search.refuse(found.root):
            break
    return texts


async def test_what_is_no_proof_is_taken_back_and_another_is_found(checker_async: CheckerClient) -> None:
    found = await begun(checker_async, "Theorem t : good 7.", BAD, "bad", "fine", "o", "e")
    texts = await all_found(found)
    assert await found.complete(), texts
    assert "bad" in texts[0] and "bad" not in texts[-1]
    assert len(set(texts)) == len(texts)


async def test_the_tactic_that_left_it_open_is_to_blame_alone(checker_async: CheckerClient) -> None:
    found = await begun(checker_async, "Theorem t : exists n, n = 7 /\\ good n.", BAD, "bad", "fine", "o", "e")
    texts = await all_found(found)
    assert await found.complete(), texts
    assert "bad" in texts[0] and "bad" not in texts[-1]
    # This may leave something open too, and here it does not.
    assert texts[-1].startswith("eexists."), texts


async def test_a_whole_prover_goes_on_after_what_is_no_proof(checker_async: CheckerClient) -> None:
    context = f"{BAD} Axiom bad2 bad3 bad4 : forall x : kind, x = x -> good 7."
    task = ProveTask(FreeStatement("Theorem t : good 7.", context), 30, use_model=False, hammer=False)
    retriever = Knowing("bad", "bad2", "bad3", "bad4", "fine", "o", "e")
    _, done = await work(Prover(checker_async, retriever=retriever), task)
    await proved(checker_async, task, done)
    assert done.stages[-1].name == "search", done.stages
    assert "bad" not in done.script


async def test_it_ends_where_there_is_no_other(checker_async: CheckerClient) -> None:
    context = AXIOMS + "Axiom bad worse : forall x : kind, x = x -> good 7."
    found = await begun(checker_async, "Theorem t : good 7.", context, "bad", "worse")
    texts = await all_found(found)
    assert {"bad" in text for text in texts} == {True, False}, texts
    assert not await found.search.run(found.root, 12)
    assert not found.root.tactic


async def test_a_later_goal_may_decide_what_is_on_the_shelf(checker_async: CheckerClient) -> None:
    context = AXIOMS + "Axiom fine : nat -> Prop. Axiom step : forall k, good (S k). "
    context += "Axiom f : (forall b, negb (negb b) = b) -> fine 7."
    found = await begun(checker_async, "Theorem t : exists x, good x /\\ fine x.", context, "step", "f")
    assert await found.search.run(found.root, 12)
    assert await found.complete(), found.text


async def test_premises_beyond_the_first_twelve(checker_async: CheckerClient) -> None:
    others = "Axiom odd : nat -> Prop. " + " ".join(f"Axiom l{n} : good {n} -> good {n + 50}." for n in range(20))
    steps = "Axiom l20 : forall n, odd n -> good (S n). Axiom l21 : forall n, n <> 20 -> odd n."
    names = [f"l{n}" for n in range(22)]
    found = await begun(checker_async, "Theorem t : good 104.", f"{AXIOMS} {others} {steps}", *names)
    assert await found.search.run(found.root)
    assert await found.complete(), found.text
    assert "l20" in found.text and "l21" in found.text


def test_exists_is_neither_an_arrow_nor_a_conjunction() -> None:
    tactics = [move.tactic for move in moves(Goal((), "exists k, k = 2 -> good k /\\ good 0"))]
    assert "eexists." in tactics and "exists 0." in tactics
    assert not {"split.", "intros.", "induction 1."} & set(tactics)
    assert "eexists." not in [move.tactic for move in moves(Goal((), "existsb f l = true"))]


async def test_definitions_hide_quantifiers(checker_async: CheckerClient) -> None:
    context = AXIOMS + (
        "Definition far (n : nat) := exists k, good (k + n). "
        "Definition sub (p q : nat -> Prop) := forall n, p n -> q n. "
        'Notation "p <<= q" := (sub p q) (at level 70). Notation "! n" := (far n) (at level 50).'
    )
    # The notations hide what could be unfolded.
    through = "intros; intro; repeat intro."
    found = await begun(checker_async, "Theorem t : (fun n => n = 3) <<= (fun n => good n -> good n).", context)
    assert found.root.goal is not None and through in openings(found.root.goal)
    outcome = await found.search.runner.try_on(found.root, through)
    assert outcome.passed and outcome.goals[0].hypotheses
    found = await begun(checker_async, "Theorem t (n : nat) : ! n.", context)
    outcome = await found.search.runner.try_on(found.root, through)
    assert not outcome.passed


async def test_the_first_part_of_a_tactic_by_itself(checker_async: CheckerClient) -> None:
    context = AXIOMS + "Axiom up : forall n, good (n + n) -> good n. Axiom all : forall n, n <= 8 -> good n."
    runner, root = await root_of(checker_async, "Theorem t : good 4.", context, Runner)
    task = ProveTask(FreeStatement("Theorem t : good 4.", context), 30)
    source = Source(runner.context, Saying(tactics=("apply up; apply up.", "apply all; discriminate.")), task)
    search = Search(runner.context, runner, Filler(runner.context, runner), source=source)
    assert await search.run(root)
    assert "apply all." in text_of(root)
