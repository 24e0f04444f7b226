"""What is open in a Coq text, and the edits that close it."""

import pytest

from prover.fill import Edit, Unfinished, apply, edits

TEXT = b"""Require Import Arith.
(* Admitted. admit. *)
Lemma done : 1 = 1. Proof. reflexivity. Qed.
Lemma given_up (n : nat) : n = n.
Proof.
  intros.
Admitted.
Section S.
Lemma holes (n : nat) : n + 0 = n.
Proof. induction n. - reflexivity. - admit. Qed.
End S.
Lemma aborted : True. Proof. Abort.
Lemma marked : 2 = 2.
(* prove *)
Lemma marked_too : 3 = 3.
Proof. (* prove *) Admitted.
Definition admit_like := "admit".
"""


def test_places_in_file_order() -> None:
    found = Unfinished(TEXT).places
    assert [(one.name, one.why) for one in found] == [
        ("given_up", "Admitted"),
        ("holes", "admit"),
        ("aborted", "Abort"),
        ("marked", "prove"),
        ("marked_too", "prove"),
    ]
    assert found[0].draft == "intros."
    assert found[1].draft == "induction n. - reflexivity. - admit."
    assert found[2].draft == ""


def filled(source: bytes, proof: str, prelude: str = "") -> bytes:
    text = Unfinished(source)
    return apply(source, [text.in_source(edit) for one in text.places for edit in edits(one, proof, prelude)])


def test_edits_put_the_proof_in_place() -> None:
    text = filled(TEXT, "Proof.\nauto.\nQed.").decode()
    assert "Lemma given_up (n : nat) : n = n.\nProof.\nauto.\nQed.\nSection S." in text
    assert "Lemma marked : 2 = 2.\nProof.\nauto.\nQed.\nLemma marked_too : 3 = 3.\nProof.\nauto.\nQed.\n" in text
    assert "Abort" not in text
    assert text.startswith("Require Import Arith.\n(* Admitted. admit. *)\nLemma done")
    assert not Unfinished(text.encode()).places


def test_a_prelude_stands_before_the_theorem() -> None:
    text = filled(b"Lemma a : True.\nAdmitted.\n", "Proof. hauto. Qed.", "From Hammer Require Import Tactics.")
    assert text == b"From Hammer Require Import Tactics.\nLemma a : True.\nProof. hauto. Qed.\n"


def test_lines_end_as_those_of_the_file() -> None:
    assert filled(b"Lemma a : True.\r\nAdmitted.\r\n", "Proof.\nQed.") == b"Lemma a : True.\r\nProof.\r\nQed.\r\n"


def test_a_context_has_an_end_for_each_mark() -> None:
    text = Unfinished(b"Lemma a : True.\n(* prove *)\nLemma b : True.\n(* prove *)\n")
    assert [one.name for one in text.places] == ["a", "b"]
    assert text.context(text.places[1]) == "Lemma a : True.\n(* prove *) Admitted.\n"


@pytest.mark.parametrize(
    "text",
    [
        b"(* prove *)\nLemma a : True.\nAdmitted.\n",
        b"Definition two := 2.\n(* prove *)\nLemma a : True.\nProof.\nAdmitted.\n",
        b"Lemma a : True.\nAdmitted. (* prove *)\n",
        b"(* Write (* prove *) after a statement. *) Lemma a : True.\nAdmitted.\n",
        b"Lemma b : True. Proof. idtac. (* prove *) exact I. Qed.\nLemma a : True.\nAdmitted.\n",
        b"Lemma b : True. Proof. split. (* prove *) - auto. Qed.\nLemma a : True.\nAdmitted.\n",
    ],
)
def test_a_mark_without_an_open_proof_changes_nothing(text: bytes) -> None:
    found = Unfinished(text)
    assert found.whole == text
    assert [(one.name, one.why) for one in found.places] == [("a", "Admitted")]


@pytest.mark.parametrize(
    "text",
    [
        b"Lemma a : True. (* prove *) (* prove *)\nLemma b : True. Proof. (* prove *)\n",
        b"Lemma a : True. (* prove *) exact I. Qed.\nLemma b : True. Proof. (* prove *) - exact I. Qed.\n",
    ],
)
def test_a_mark_is_for_the_whole_proof(text: bytes) -> None:
    found = filled(text, "Proof. easy. Qed.")
    assert [(one.name, one.why) for one in Unfinished(text).places] == [("a", "prove"), ("b", "prove")]
    assert b"exact" not in found and found.count(b"Qed.") == 2 and b"Admitted" not in found


def test_theorems_that_are_stated_together_are_told() -> None:
    (place,) = Unfinished(b"Lemma a : True with b : True.\nAdmitted.\n").places
    assert "with" in place.problem


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"Lemma a : True. exact I. Qed.",
        b"Axiom a : False.",
        b"(* prove *)",
        b'Lemma a : "admit" = "admit". reflexivity. Qed.',
    ],
)
def test_nothing_to_fill(text: bytes) -> None:
    assert Unfinished(text).places == []


def test_a_file_that_ends_inside_of_a_proof() -> None:
    assert (
        filled(b"Lemma a : True.\n(* prove *)\n", "Proof. exact I. Qed.") == b"Lemma a : True.\nProof. exact I. Qed.\n"
    )


def test_edits_of_one_text_do_not_shift_each_other() -> None:
    assert apply(b"abcdef", [Edit(1, 2, "XX"), Edit(4, 5, "")]) == b"aXXcdf"
