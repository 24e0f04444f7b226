"""Repairs, each against the message that Coq really gives."""

import pytest

from coq_checker.client import FreeStatement, Options, SyncCheckerClient
from coq_checker.toolchain import Toolchain
from prover.repairs import Failure, rewrites
from prover.repairs.names import likeness, meant_names, modern

CONTEXT = """
Require Import Arith List Lia. Import ListNotations.
Lemma double_positive (n : nat) : 0 < n -> 0 < n + n. Proof. lia. Qed.
Inductive even : nat -> Prop := e0 : even 0 | e2 n : even n -> even (S (S n)).
"""
PARTIAL = Options(partial=True, want_goals=True)


def repaired(
    checker: SyncCheckerClient, statement: str, before: str, sentence: str, premises: tuple[str, ...] = ()
) -> tuple[str, str]:
    """(error class, sentence) of the first rewrite that Coq takes, for a sentence that it does not take."""
    target = FreeStatement(statement, CONTEXT)
    failed = checker.check_proof(target, f"{before} {sentence}", options=PARTIAL)
    assert failed.message and failed.sentence == sentence, failed
    failure = Failure(sentence, failed.message, failed.goals[0], (), premises, False, True)
    for name, rewrite in rewrites(failure, 40):
        if not rewrite.sentence:
            return name, ""
        tried = checker.check_proof(target, f"{before} {rewrite.sentence}", options=PARTIAL)
        if not tried.message or tried.verdict.value == "INCOMPLETE":
            return name, rewrite.sentence
    raise AssertionError(f"nothing mends {failed.message}")


@pytest.mark.parametrize(
    ("statement", "before", "sentence", "expected"),
    [
        ("Lemma t (n m : nat) : n + m = m + n.", "", "omega.", ("name_not_found", "lia.")),
        ("Lemma t (n m : nat) : n + m = m + n.", "", "apply plus_comm.", ("name_not_found", "apply Nat.add_comm.")),
        ("Lemma t (n : nat) (Hn : n = 0) : 0 = n.", "", "rewrite H.", ("name_not_found", "rewrite Hn.")),
        ("Lemma t (n : nat) : n = n -> True.", "", "intros n.", ("name_in_use", "intros n0.")),
        ("Lemma t : forall n : nat, n = n.", "", "intros a b c.", ("no_product", "intros a.")),
        ("Lemma t (P Q : Prop) : P /\\ Q -> P.", "intros H.", "destruct H as [a | b | c].", ("pattern", None)),
        ("Lemma t (n m : nat) : n = m -> m = n.", "intros H.", "rewrite H in n.", ("other_form", None)),
        ("Lemma t (n : nat) (H : n = 1) : n + 0 = 1.", "", "exact H.", ("other_form", None)),
        ("Lemma t (n : nat) (H : 1 = n) : n = 1.", "", "reflexivity.", ("automation", None)),
        (
            "Lemma t (n m k : nat) : n + (m + k) = k + n.",
            "",
            "rewrite Nat.add_comm Nat.add_comm.",
            ("syntax", None),
        ),
    ],
)
def test_a_failing_sentence_is_mended(
    checker: SyncCheckerClient, statement: str, before: str, sentence: str, expected: tuple[str, str | None]
) -> None:
    name, mended = repaired(checker, statement, before, sentence)
    assert name == expected[0], mended
    if expected[1] is not None:
        assert mended == expected[1]


def test_what_is_given_up_is_tried_with_the_lemmas_so_far() -> None:
    failure = Failure("admit.", "it gives up", None, ("double_positive",), (), False, True)
    name, rewrite = next(rewrites(failure, 10))
    assert (name, rewrite.sentence) == ("given_up", "solve [eauto using double_positive].")


def test_a_missing_name_is_replaced_by_the_nearest_premise(checker: SyncCheckerClient) -> None:
    statement = "Lemma t (n : nat) : 0 < n -> 0 < n + n."
    premises = ("Nat.lt_trans", "double_positive", "app_nil_r")
    found = repaired(checker, statement, "", "apply positive_double.", premises)
    assert found == ("name_not_found", "apply double_positive.")


def test_what_rocq_says_may_be_meant_is_tried_first(checker: SyncCheckerClient, toolchain: Toolchain) -> None:
    statement = "Lemma t (n m k : nat) : n + (m + k) = n + m + k."
    if toolchain.version >= (9, 2):
        assert repaired(checker, statement, "", "apply Nat.add_asoc.") == ("name_not_found", "apply Nat.add_assoc.")
    message = (
        "The reference Nat.add_asoc was not found in the current environment. Did you mean Nat.odd_succ, Nat.odd_pow, "
        "Nat.land_assoc, N.add_assoc, Nat.add_sub\nor Nat.add_assoc?"
    )
    failure = Failure("rewrite Nat.add_asoc.", message, None, (), (), False, True)
    tried = [rewrite.sentence for _, rewrite in rewrites(failure, 40)]
    assert tried[0] == "rewrite Nat.add_assoc."
    assert not any("?" in one or "mean" in one for one in tried)


@pytest.mark.parametrize("told", ["", " Did you mean ?", " Did you mean x", " Did you mean a, b"])
def test_what_is_told_may_be_cut(told: str) -> None:
    message = f"The reference foo was not found in the current environment.{told}"
    assert meant_names(message, "foo") == []


def test_names_are_alike_by_their_parts() -> None:
    assert likeness("add_comm", "Nat.add_comm") > likeness("add_comm", "Nat.mul_comm") > likeness("add_comm", "rev")


def test_names_of_older_libraries() -> None:
    assert "Nat.mul_assoc" in list(modern("mult_assoc"))
    assert "Nat.le_0_l" in list(modern("le_0_n"))


def test_no_more_is_tried_than_allowed() -> None:
    failure = Failure("apply foo.", "Unable to unify a with b", None, ("a", "b"), (), True, True)
    assert len(list(rewrites(failure, 3))) == 3
    assert list(rewrites(failure, 0)) == []
