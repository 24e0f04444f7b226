"""What is open in a Coq text, and the edits that close it."""

import pytest

from prover.fill import Edit, apply, edits, places

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
    found = places(TEXT)
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


def test_edits_put_the_proof_in_place() -> None:
    found = {one.name: one for one in places(TEXT)}
    changes = [edit for one in found.values() for edit in edits(one, "Proof.\nauto.\nQed.", "")]
    text = apply(TEXT, changes).decode()
    assert "Lemma given_up (n : nat) : n = n.\nProof.\nauto.\nQed.\nSection S." in text
    assert "Lemma marked : 2 = 2.\nProof.\nauto.\nQed.\nLemma marked_too : 3 = 3.\nProof.\nauto.\nQed.\n" in text
    assert "Abort" not in text
    assert text.startswith("Require Import Arith.\n(* Admitted. admit. *)\nLemma done")
    assert not places(text.encode())


def test_a_prelude_stands_before_the_theorem() -> None:
    (place,) = places(b"Lemma a : True.\nAdmitted.\n")
    text = apply(
        b"Lemma a : True.\nAdmitted.\n", edits(place, "Proof. hauto. Qed.", "From Hammer Require Import Tactics.")
    )
    assert text == b"From Hammer Require Import Tactics.\nLemma a : True.\nProof. hauto. Qed.\n"


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
    assert places(text) == []


def test_a_file_that_ends_inside_of_a_proof() -> None:
    (place,) = places(b"Lemma a : True.\n(* prove *)\n")
    assert apply(b"Lemma a : True.\n(* prove *)\n", edits(place, "Proof. exact I. Qed.", "")) == (
        b"Lemma a : True.\nProof. exact I. Qed.\n"
    )


def test_edits_of_one_text_do_not_shift_each_other() -> None:
    assert apply(b"abcdef", [Edit(1, 2, "XX"), Edit(4, 5, "")]) == b"aXXcdf"
