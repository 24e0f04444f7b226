"""Who follows the events sees the tree: each goal, what stands on it, and what was taken away."""

from dataclasses import dataclass, field

import pytest

from coq_checker.client import CheckerClient, FreeStatement
from prover import Event, Finished, ProofVerdict, Prover, ProveTask
from prover.events import Applied, Backtracked, Failed, Filled, Hole, Ran, Repaired, Stage, Started, Undone

from .proposing import Saying

LISTS = """
Require Import List Arith Lia. Import ListNotations.
Fixpoint total (l : list nat) : nat := match l with [] => 0 | x :: r => x + total r end.
"""


@dataclass
class Forest:
    """Trees as a reader of events builds them."""

    roots: dict[int, int] = field(default_factory=dict)
    tactics: dict[int, str] = field(default_factory=dict)
    children: dict[int, tuple[int, ...]] = field(default_factory=dict)
    known: set[int] = field(default_factory=set)

    def read(self, event: Event) -> None:
        if isinstance(event, Applied):
            if event.node not in self.known:
                self.roots.setdefault(event.attempt, event.node)
                assert self.roots[event.attempt] == event.node, "one root a proof"
                self.known.add(event.node)
            self.tactics[event.node] = event.tactic
            self.children[event.node] = tuple(one.node for one in event.children)
            self.known.update(self.children[event.node])
        elif isinstance(event, Undone | Backtracked):
            assert self.tactics.pop(event.node)
            del self.children[event.node]

    def done(self, node: int) -> bool:
        return node in self.tactics and all(self.done(child) for child in self.children[node])

    def words(self, node: int) -> list[str]:
        return [self.tactics[node], *(word for child in self.children[node] for word in self.words(child))]


async def followed(prover: Prover, task: ProveTask) -> tuple[Forest, list[Event], Finished]:
    forest, events = Forest(), []
    async for event in prover.prove(task):
        forest.read(event)
        events.append(event)
    done = events[-1]
    assert isinstance(done, Finished)
    return forest, events, done


@pytest.mark.parametrize(
    ("statement", "context", "answer"),
    [
        ("Theorem t (n m : nat) : n + m = m + n /\\ n = n.", "", "split. - nonsense. - reflexivity."),
        ("Theorem t (l k : list nat) : total (l ++ k) = total k + total l.", LISTS, "induction l. foo. simpl. bar."),
        ("Theorem t (P Q : nat -> Prop) (p : P 7) (q : Q 7) : exists x, P x /\\ Q x.", "", "eexists. split. exact p."),
        ("Theorem t : forall l k, total (l ++ k) = total (k ++ l).", LISTS, ""),
    ],
)
async def test_the_tree_of_a_proof(checker_async: CheckerClient, statement: str, context: str, answer: str) -> None:
    task = ProveTask(FreeStatement(statement, context), budget_cpu_s=30, hammer=False, jobs=2)
    forest, events, done = await followed(Prover(checker_async, Saying(answer)), task)
    assert done.verdict is ProofVerdict.PROVED, done
    finished = [root for root in forest.roots.values() if forest.done(root)]
    assert finished, "the tree that was accepted is whole"
    assert any(all(word.rstrip(".") in done.script for word in forest.words(root)) for root in finished)
    goals = [one.goal for event in events if isinstance(event, Applied) for one in event.children]
    assert all(goal is not None and goal.conclusion for goal in goals)
    for event in events:
        if isinstance(event, Ran | Repaired):
            assert event.node in forest.known | {event.node}
        if isinstance(event, Hole | Filled | Failed):
            assert event.id > 0


async def test_what_a_search_takes_back_is_told(checker_async: CheckerClient) -> None:
    task = ProveTask(FreeStatement("Theorem t (f : nat -> nat) (n : nat) : f (f n) = f n."), 4, hammer=False)
    forest, events, done = await followed(Prover(checker_async), task)
    assert done.verdict is not ProofVerdict.PROVED
    assert any(isinstance(one, Undone) for one in events)
    assert not any(forest.done(root) for root in forest.roots.values())


async def test_stages_tell_what_was_spent_so_far(checker_async: CheckerClient) -> None:
    task = ProveTask(FreeStatement("Theorem t (f : nat -> nat) (n : nat) : f n = n."), 3, hammer=False)
    _, events, done = await followed(Prover(checker_async), task)
    stages = [one for one in events if isinstance(one, Stage)]
    assert isinstance(events[0], Started)
    assert stages[0].name == "cheap"
    assert [one.cpu_s for one in stages] == sorted(one.cpu_s for one in stages)
    assert {one.budget_cpu_s for one in stages} == {3}
    assert stages[-1].cpu_s <= done.cpu_s
