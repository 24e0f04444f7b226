"""Many tactics in one sentence: the answer is what one after the other would have given, with real Coq."""

import pytest

from coq_checker.client import CheckerClient
from prover.coq import Outcome
from prover.portfolio.unknown import unreadable
from prover.runner import Runner
from prover.script import Node
from prover.search.trials import Trials, chosen, joins, together

from .trees import root_of

STATEMENT = "Theorem t (n m : nat) (H : n = m) (P : nat -> Prop) (HP : P n) : P m /\\ m = n."
CONTEXT = "Ltac forever := idtac; forever."
TACTICS = [
    "apply le_n.",
    "rewrite never_heard_of.",
    "rewrite IHn.",
    "unfold S.",
    "unfold never_defined in *.",
    "destruct nothing_there.",
    "this is no tactic.",
    "2: auto.",
    "exists 1.",
    "split.",
    "apply (.",
    "constructor.",
    "apply never_heard_of.",
    "subst m.",
]


class Counting(Runner):
    """Notes what is asked of Coq."""

    asked: list[str]

    async def try_on(self, node: Node, tactic: str, **options: object) -> Outcome:
        self.asked.append(tactic)
        return await super().try_on(node, tactic, **options)  # type: ignore[arg-type]


async def begun(checker: CheckerClient) -> tuple[Counting, Node]:
    runner, node = await root_of(checker, STATEMENT, CONTEXT, Counting)
    runner.asked = []
    return runner, node


async def all_that_pass(trials: Trials, node: Node, tactics: list[str]) -> list[tuple[str, Outcome]]:
    found, at = [], 0
    while (one := await trials.first(node, tactics, at)) is not None:
        found.append((tactics[one[0]], one[1]))
        at = one[0] + 1
    return found


async def test_it_finds_what_each_by_itself_would(checker_async: CheckerClient) -> None:
    runner, node = await begun(checker_async)
    alone = [(tactic, await runner.try_on(node, tactic)) for tactic in TACTICS]
    runner.asked.clear()
    trials = Trials(runner)
    found = await all_that_pass(trials, node, TACTICS)
    assert [tactic for tactic, _ in found] == ["split.", "constructor.", "subst m."]
    assert [(tactic, one.goals, one.count) for tactic, one in found] == [
        (tactic, one.goals, one.count) for tactic, one in alone if one.passed
    ]
    runner.asked.clear()
    assert await all_that_pass(trials, node, TACTICS) == found
    assert runner.asked == []  # nothing is asked twice


async def test_what_fails_costs_one_check(checker_async: CheckerClient) -> None:
    runner, node = await begun(checker_async)
    failing = [f"exists {number}." for number in range(10)]
    assert await Trials(runner).first(node, failing) is None
    assert len(runner.asked) == 1
    runner.asked.clear()
    names = ["apply never_heard_of.", "unfold S.", "unfold nat in *.", "unfold S in H."]
    assert (await Trials(runner).first(node, [*failing, *names, "split."]) or (0,))[0] == 14
    assert len(runner.asked) == 3  # once for each name that Coq must know before it begins


async def test_a_tactic_that_does_not_end_stops_only_itself(checker_async: CheckerClient) -> None:
    runner, node = await begun(checker_async)
    trials = Trials(runner)
    tactics = ["exists 1.", "forever.", "split."]
    found = await trials.first(node, tactics)
    assert found is not None and found[0] == 2
    assert len(runner.asked) == 4
    runner.asked.clear()
    # It is known by now, and does not spoil another sentence.
    other = Node(node.goal)
    other.apply("split.", "search", found[1].goals, found[1].count, 0.0)
    child = other.children[0]
    assert (await trials.first(child, ["exists 1.", "left.", "forever.", "rewrite <- H."]) or (0,))[0] == 3
    assert [len(asked.split("|")) for asked in runner.asked] == [3, 1, 1]


@pytest.mark.parametrize(
    ("tactic", "fits"),
    [
        ("induction n; simpl.", True),
        ("match goal with |- context [match ?x with _ => _ end] => destruct x eqn:? end.", True),
        ("2: auto.", False),
        ("all: auto.", False),
        ("- auto.", False),
        ("{ auto.", False),
        ("auto. auto.", False),
        ("apply (f.", False),
        ('idtac "a".', False),
        ("auto", False),
        ("Proof.", False),
    ],
)
def test_what_may_stand_within_a_sentence(tactic: str, fits: bool) -> None:
    assert joins(tactic) is fits


def test_what_was_printed_says_which() -> None:
    sentence = together(["a.", "b."])
    assert sentence.startswith("first [") and sentence.count("|") == 2
    assert chosen(["palmetto-trial 0", "palmetto-trial 1\nsaid by b"], 2) == 1
    assert chosen(["palmetto-trial 0", "palmetto-trial none"], 2) == 2
    assert chosen(["of the tactic itself"], 2) is None
    assert unreadable("The reference a.b was not found in the current environment.", ["x a.", "y a.b."]) == ["y a.b."]
    assert unreadable("Syntax error: illegal begin of vernac.", ["x a."]) == []
