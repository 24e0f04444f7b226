"""What is open in a Coq text, and the edits that close it."""

import pytest

from prover.fill import Edit, Unfinished, apply, whole_edits
from prover.fill.layout import body_lines, fresh_bullet, open_levels, unit_of

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
    """The text with this proof, as a whole one, in each place."""
    text = Unfinished(source)
    lines = body_lines(proof)
    changes = [edit for one in text.places for edit in whole_edits(text.whole, one, lines, prelude)]
    return apply(source, [text.in_source(edit) for edit in changes])


def test_edits_put_the_proof_in_place() -> None:
    text = filled(TEXT, "Proof.\nauto.\nQed.").decode()
    assert "Lemma given_up (n : nat) : n = n.\nProof.\n  auto.\nQed.\nSection S." in text
    assert "Lemma aborted : True. Proof. auto. Qed.\n" in text
    assert "Lemma marked : 2 = 2.\nProof.\n  auto.\nQed.\nLemma marked_too : 3 = 3.\nProof. auto. Qed.\n" in text
    assert "Abort" not in text
    assert text.startswith("Require Import Arith.\n(* Admitted. admit. *)\nLemma done")
    assert not Unfinished(text.encode()).places


def test_a_prelude_stands_before_the_theorem() -> None:
    text = filled(b"  Lemma a : True.\n  Admitted.\n", "Proof. hauto. Qed.", "From Hammer Require Import Tactics.")
    assert text == b"  From Hammer Require Import Tactics.\n  Lemma a : True.\n  Proof.\n    hauto.\n  Qed.\n"


# In place of `<...>` the proof is put, and nothing else is touched.
PLACED = [
    ("Lemma a : True.\r\n<Admitted.>\r\n", "Proof.\r\n  split.\r\n  - one.\r\n  - two.\r\nQed."),
    ("Lemma a : True.\n  Proof using x.\n  <Admitted.>\n", "  split.\n    - one.\n    - two.\n  Qed."),
    ("\tLemma a : True.\n\tProof.\n\t<Abort.>\n\tGoal True.", "\tsplit.\n\t\t- one.\n\t\t- two.\n\tQed."),
    ("Proof. Lemma a : True. Proof with auto. <Admitted.> (* é *)", "split.\n  - one.\n  - two.\nQed."),
    (
        "Goal True.\nProof.\n    idtac.\nQed.\nGoal True.\nProof.\n<Admitted.>",
        "    split.\n    - one.\n    - two.\nQed.",
    ),
    ("Goal True.\nProof.\nidtac.\nQed.\nGoal True.\nProof.\n<Admitted.>", "split.\n- one.\n- two.\nQed."),
    ("Goal True.\nProof. (* 1 *)\n  (* 2 *)\n  <Admitted.> (* 3 *)", "split.\n  - one.\n  - two.\n  Qed."),
    ("Lemma a : True. (* é *)\n(* 𝔸 *) Proof using. (* 3 *) <Admitted.>", "split.\n  - one.\n  - two.\nQed."),
    ("Lemma a : True.\n  <(* prove *)>\nGoal True.", "Proof.\n    split.\n    - one.\n    - two.\n  Qed."),
    ("Lemma a : True.\n  <now admit; admit>.\nQed.", "split.\n  - one.\n  - two"),
]


@pytest.mark.parametrize(("text", "proof"), PLACED)
def test_only_what_was_admitted_is_replaced(text: str, proof: str) -> None:
    before, _, rest = text.partition("<")
    after = rest.partition(">")[2]
    found = filled(text.replace("<", "").replace(">", "").encode(), "Proof.\n  split.\n  - one.\n  - two.\nQed.")
    assert found.decode() == before + proof + after


def test_marks_go_and_comments_stay() -> None:
    text = b"Lemma a : True.\n(* prove *)\n(* 1 *)\nProof. (* 2 *) (* Prove *) (* 3 *)\nAdmitted. (* 4 *)\n"
    expected = b"Lemma a : True.\n(* 1 *)\nProof. (* 2 *) (* 3 *)\n  auto.\nQed. (* 4 *)\n"
    assert filled(text, "Proof. auto. Qed.") == expected


def test_a_proof_that_is_replaced_keeps_its_end() -> None:
    text = b"Lemma a : True.\nProof using x.\n  now (intros; admit).\n  (* c *)\nDefined.\n"
    expected = b"Lemma a : True.\nProof using x.\n  one.\n  two.\n  (* c *)\nDefined.\n"
    assert filled(text, "Proof.\none.\ntwo.\nQed.") == expected


@pytest.mark.parametrize(
    ("text", "holes", "finishable"),
    [
        ("Lemma a : True. Proof. split. - admit. - { give_up. } Admitted.", ["admit.", "give_up."], True),
        ("Lemma a : True. Proof. split. Abort.", [], True),
        ("Lemma a : True. Proof. assert (b : True) by admit. admit. Admitted.", ["admit."], False),
        ("Lemma a : True. Proof. all: admit. Qed.", [], False),
        ("Lemma a : True. (* prove *) admit. Qed.", ["admit."], False),
        ("Lemma a : True. Proof. Admitted.", [], False),
    ],
)
def test_what_of_a_proof_was_given_up(text: str, holes: list[str], finishable: bool) -> None:
    (place,) = Unfinished(text.encode()).places
    assert [text[start:end] for start, end in place.holes] == holes
    assert place.finishable is finishable


def test_open_bullets() -> None:
    assert [one.mark for one in open_levels("split. - split. + auto. + { split. - auto. - ")] == ["-", "+", "{", "-"]
    assert [one.mark for one in open_levels("split. - split. { auto. } { auto. } - ")] == ["-"]
    assert fresh_bullet(open_levels("- + * ")) == "--"
    assert fresh_bullet(open_levels("- + { ")) == "-"


def test_how_proofs_are_indented() -> None:
    assert unit_of(b"Goal True.\nAdmitted.\n") == "  "
    assert unit_of(b"Section S.\n\tGoal True.\n\tAdmitted.\nEnd S.") == "\t"
    assert unit_of(b"  Goal True.\n  Proof.\n     idtac.\n  Qed.\n") == "   "


@pytest.mark.parametrize("text", [b"Admit Obligations.", b"Admit Obligations of f."])
def test_obligations_that_are_admitted_together_are_told(text: bytes) -> None:
    (place,) = Unfinished(b"Program Definition f : nat := _.\n" + text).places
    assert place.name == text[:-1].decode()
    assert "Next Obligation" in place.problem


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


def test_a_theorem_around_another_one_is_told() -> None:
    outer, inner = Unfinished(b"Lemma a : True. Proof. Lemma b : True. Admitted. Admitted.").places
    assert ("inside" in outer.problem, inner.problem) == (True, "")


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
        filled(b"Lemma a : True.\n(* prove *)\n", "Proof. exact I. Qed.")
        == b"Lemma a : True.\nProof.\n  exact I.\nQed.\n"
    )


def test_edits_of_one_text_do_not_shift_each_other() -> None:
    assert apply(b"abcdef", [Edit(1, 2, "XX"), Edit(4, 5, "")]) == b"aXXcdf"


@pytest.mark.parametrize(
    "command",
    [
        "#[local] Hint Resolve eq_refl : core.",
        "Local Open Scope nat_scope.",
        "Set Printing All.",
        "Require Import Lia.",
    ],
)
def test_a_command_inside_of_a_proof_is_not_taken_away(command: str) -> None:
    """What it says counts for what comes behind: such a proof is left as it is, and it is said why."""
    (place,) = Unfinished(f"Lemma d : 1 = 1. {command} Proof. Admitted.\n".encode()).places
    assert command in place.problem
