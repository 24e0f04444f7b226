"""TraceFile: the goals that the proofs of a file meet."""

import pytest

from coq_checker.client import EnvironmentFailedError, InvalidRequestError, NotFoundError, SyncCheckerClient

TEXT = """Require Import Arith Lia List.
Section S.
Variable A : Type.
Lemma app_nil (l : list A) : l ++ nil = l.
Proof. induction l; simpl. - reflexivity. - rewrite IHl. reflexivity. Qed.
End S.
Lemma local n m : n + m = m + n.
Proof. pose (x := n + 1). destruct n as [|k]. { lia. } lia. Qed.
Lemma bad : 1 = 2. Proof. auto. reflexivity. Qed.
Lemma after : 1 = 1. Proof. exact eq_refl. Qed.
"""


def test_every_sentence_with_the_goals_before_it(checker: SyncCheckerClient) -> None:
    traced = {one.theorem.name: one for one in checker.trace_file(text=TEXT)}
    assert list(traced) == ["app_nil", "local", "bad", "after"]
    steps = traced["app_nil"].steps
    assert [step.text for step in steps] == [
        "Proof.", "induction l; simpl.", "-", "reflexivity.", "-", "rewrite IHl.", "reflexivity.", "Qed.",
    ]  # fmt: skip
    assert [step.goal_count for step in steps] == [1, 1, 2, 1, 0, 1, 1, 0]
    hypotheses = [(h.names, h.type) for h in steps[5].goals[0].hypotheses]
    assert hypotheses == [(("A",), "Type"), (("a",), "A"), (("l",), "list A"), (("IHl",), "l ++ nil = l")]
    assert steps[5].goals[0].conclusion == "a :: l ++ nil = a :: l"
    assert TEXT.encode()[steps[5].start : steps[5].end] == b"rewrite IHl."
    assert not traced["app_nil"].problem


def test_local_definitions_keep_their_bodies(checker: SyncCheckerClient) -> None:
    local = next(one for one in checker.trace_file(text=TEXT) if one.theorem.name == "local")
    before = {step.text: step for step in local.steps}
    assert [(h.names, h.body) for h in before["destruct n as [|k]."].goals[0].hypotheses] == [
        (("n", "m"), None),
        (("x",), "n + 1"),
    ]


def test_a_proof_that_fails_has_its_steps_up_to_there(checker: SyncCheckerClient) -> None:
    traced = {one.theorem.name: one for one in checker.trace_file(text=TEXT)}
    assert "unify" in traced["bad"].problem
    assert [step.text for step in traced["bad"].steps] == ["Proof.", "auto.", "reflexivity."]
    assert len(traced["after"].steps) == 3
    assert not traced["after"].problem


def test_a_printing_profile(checker: SyncCheckerClient) -> None:
    traced = checker.trace_file(text="Lemma a : 1 + 1 = 2. Proof. reflexivity. Qed.", printing="coqgym")
    assert "@eq nat" in traced[0].steps[0].goals[0].conclusion


def test_what_cannot_be_traced(checker: SyncCheckerClient) -> None:
    with pytest.raises(InvalidRequestError, match="NUL"):
        checker.trace_file(text="\0")
    with pytest.raises(InvalidRequestError, match="profile"):
        checker.trace_file(text=TEXT, printing="fancy")
    with pytest.raises(NotFoundError):
        checker.trace_file(project="nowhere", file="a.v")
    with pytest.raises(EnvironmentFailedError, match="line 1"):
        checker.trace_file(text="Check nothing. Lemma a : True. Proof. exact I. Qed.")
