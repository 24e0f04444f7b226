"""Duplicates and exclusion."""

from typing import Any

import pytest

from extractor.duplicates import Duplicates, Exclusion, Named

LONG = (
    "forall (a b c d : nat), a + b + c + d <= 2 * (a + b) + 3 * (c + d) -> max a b <= max (a + c) (b + d) /\\ "
    "min a b <= min (a + c) (b + d)"
)


def row(goal: str, proof: str = "auto.", hypotheses: tuple[tuple[str, str], ...] = (), **more: str) -> dict[str, Any]:
    given = [{"name": name, "type": kind, "body": ""} for name, kind in hypotheses]
    fields = {"theorem": "t", "file": "A.v", "project": "p", "statement": "", "kind": "proof", **more}
    return {"goal": goal, "proof": proof, "hypotheses": given, **fields}


def test_other_names_are_no_other_goal() -> None:
    found = Duplicates()
    assert found.why("train", row("n + m = m + n", "intros. lia.", (("n", "nat"), ("m", "nat")))) == ""
    again = row("x + y = y + x", "intros. lia.", (("x", "nat"), ("y", "nat")))
    assert found.why("train", again) == "exact duplicate within its split"
    assert found.why("train", row("x + y = x + y", "intros. lia.", (("x", "nat"), ("y", "nat")))) == ""


def test_names_of_binders_do_not_count_and_names_of_constants_do() -> None:
    found = Duplicates()
    assert found.why("train", row("forall n : nat, P n")) == ""
    assert found.why("train", row("forall k : nat, P k")) == "exact duplicate within its split"
    assert found.why("train", row("forall k : nat, Q k")) == ""


def test_another_proof_of_a_goal_is_no_duplicate_within_a_split() -> None:
    found = Duplicates()
    assert found.why("train", row("P", "auto.")) == ""
    assert found.why("train", row("P", "now apply lemma.")) == ""


def test_a_goal_of_the_test_split_is_not_in_the_training_split_whatever_its_proof() -> None:
    found = Duplicates()
    assert found.why("test", row("forall n : nat, P n", "auto.")) == ""
    assert found.why("train", row("forall k : nat, P k", "now apply lemma.")).startswith("exact duplicate of a goal")


def test_long_goals_that_differ_in_little_are_near_duplicates() -> None:
    found = Duplicates()
    proof = "intros a b c d H. split; destruct (Nat.max_spec a b); destruct (Nat.min_spec a b); lia."
    assert found.why("train", row(LONG, proof)) == ""
    assert found.why("train", row(LONG.replace("3 *", "4 *"), proof)) == "near duplicate within its split"
    assert found.why("train", row("forall l : list nat, " + LONG[::-1], proof[::-1])) == ""


@pytest.mark.parametrize(
    ("given", "means"),
    [
        (Named("t"), True),
        (Named("t", "A"), True),
        (Named("t", "p/A.v"), True),
        (Named("t", "A.v", "q"), False),
        (Named("t", "B.v"), False),
        (Named("u"), False),
    ],
)
def test_an_evaluation_list_names_theorems(given: Named, means: bool) -> None:
    exclusion = Exclusion()
    exclusion.add_names([given])
    assert bool(exclusion.why(row("P n"))) is means


def test_the_statement_of_a_named_theorem_is_excluded_wherever_it_stands() -> None:
    exclusion = Exclusion()
    exclusion.add_names([Named("t", "A.v", "p")])
    exclusion.note(row("n + 0 = n", hypotheses=(("n", "nat"),), statement="Lemma t (n : nat) : n + 0 = n."))
    copy = row("m + 0 = m", hypotheses=(("m", "nat"),), theorem="other", project="q")
    assert exclusion.why(copy) == "exact copy of a statement in the evaluation list"


def test_statements_are_excluded_under_any_name() -> None:
    exclusion = Exclusion()
    exclusion.add_statement("Lemma secret : forall n : nat, n + 0 = n.")
    assert exclusion.why(row("k + 0 = k", statement="Theorem mine : forall k : nat, k + 0 = k."))
    assert exclusion.why(row("forall j : nat, j + 0 = j"))
    assert not exclusion.why(row("forall j : nat, 0 + j = j"))
