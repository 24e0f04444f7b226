"""What models say, and what of it is a proof."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.answers import read_answer


@pytest.mark.parametrize(
    ("answer", "script"),
    [
        ("```coq\nsplit; auto.\nQed.\n```", "split; auto."),
        ("Here it is:\n```\nProof.\n  intros.\n  auto.\nQed.\n```\nIt works.", "intros.\n  auto."),
        ("```python\nprint(1)\n```\n```coq\nlia.\n```", "lia."),
        ("Proof. induction n. - auto. - simpl. auto. Qed.", "induction n. - auto. - simpl. auto."),
        ("Theorem t : True. Proof. exact I. Qed.", "exact I."),
        ("auto", "auto."),
        ("```intros. reflexivity.```", "intros. reflexivity."),
        ("```intros.\nauto.\n```", "intros.\nauto."),
        ("intros. (* open", "intros."),
        ("auto. Admitted.", "auto."),
    ],
)
def test_the_proof_in_an_answer(answer: str, script: str) -> None:
    assert read_answer(answer).script == script


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("", "no proof"),
        ("<!DOCTYPE html><html><body>502 Bad Gateway</body></html>", "no proof in Coq"),
        ("auto. " * 200_000, "longer"),
        ("Admitted.", "no proof"),
        ("theorem foo : n + 0 = n := by\n  simp", "no proof in Coq"),
        ("\0\0", "not text"),
        ("\ud800", "not text"),
        ("12345", "no proof in Coq"),
    ],
)
def test_an_absurd_answer_is_refused_with_a_reason(answer: str, problem: str) -> None:
    reading = read_answer(answer)
    assert reading.script == ""
    assert problem in reading.problem


@given(st.text())
def test_whatever_comes_there_is_a_script_or_a_reason(answer: str) -> None:
    reading = read_answer(answer)
    assert bool(reading.script) != bool(reading.problem)
