"""Beginnings of proofs, preludes, messages and printing profiles: what a prover asks for."""

from dataclasses import replace

import pytest

from coq_checker.client import (
    FreeStatement,
    InvalidRequestError,
    Options,
    ProofResult,
    Reason,
    SyncCheckerClient,
    Verdict,
)

TARGET = FreeStatement("Lemma target (n m : nat) : n + m = m + n.", "Require Import Arith Lia.")
PARTIAL = Options(partial=True, want_goals=True)


def run(checker: SyncCheckerClient, proof: str, options: Options = PARTIAL) -> ProofResult:
    return checker.check_proof(TARGET, proof, options=options)


def test_an_empty_beginning_answers_the_statements_goals(checker: SyncCheckerClient) -> None:
    result = run(checker, "")
    assert (result.verdict, result.reason) == (Verdict.INCOMPLETE, Reason.OPEN_GOALS)
    (goal,) = result.goals
    assert [(h.names, h.body, h.type) for h in goal.hypotheses] == [(("n", "m"), None, "nat")]
    assert goal.conclusion == "n + m = m + n"


def test_goals_in_focus_and_out_of_focus_are_counted(checker: SyncCheckerClient) -> None:
    result = run(checker, "induction n.")
    assert (result.goal_count, result.unfocused_count) == (2, 0)
    result = run(checker, "induction n. - simpl.")
    assert (result.goal_count, result.unfocused_count) == (1, 1)
    assert result.goals[0].conclusion == "m = m + 0"
    result = run(checker, "induction n. - simpl. auto.")
    assert (result.reason, result.goal_count, result.unfocused_count) == (Reason.OPEN_GOALS, 0, 1)


def test_only_the_end_is_missing(checker: SyncCheckerClient) -> None:
    result = run(checker, "lia.")
    assert (result.verdict, result.reason, result.goals) == (Verdict.INCOMPLETE, Reason.UNCLOSED, ())
    assert run(checker, "lia. Qed.").proved


def test_a_failing_sentence_tells_the_goals_before_it(checker: SyncCheckerClient) -> None:
    result = run(checker, "intros. destruct n. - reflexivity. - simpl.")
    assert (result.verdict, result.sentence_index, result.sentence) == (Verdict.FAILED, 3, "reflexivity.")
    assert result.goals[0].conclusion == "0 + m = m + 0"


def test_a_beginning_is_gated_like_a_proof(checker: SyncCheckerClient) -> None:
    for proof in ("Axiom cheat : False.", "Fail idtac.", 'Redirect "x" idtac.', "admit. Admitted. Axiom x : False."):
        assert run(checker, proof).verdict is Verdict.REJECTED, proof


def test_given_up_goals_prove_nothing(checker: SyncCheckerClient) -> None:
    result = run(checker, "give_up.")
    assert not result.proved
    assert result.reason is not Reason.UNCLOSED
    assert run(checker, "give_up. Qed.").verdict is Verdict.INCOMPLETE


def test_the_same_beginning_is_not_run_again(checker: SyncCheckerClient) -> None:
    target = replace(TARGET, context="Require Import Arith Lia.")
    work = "assert (forall x, x < 60 -> x * x < 3600) by (intros; nia)."
    first = checker.check_proof(target, work, options=PARTIAL)
    assert first.verdict is Verdict.INCOMPLETE, first
    again = checker.check_proof(target, f"{work} idtac.", options=PARTIAL)
    assert again.timings.cpu_ns < first.timings.cpu_ns
    # A failing tactic leaves what it began with as it was.
    assert checker.check_proof(target, f"{work} discriminate.", options=PARTIAL).verdict is Verdict.FAILED
    assert checker.check_proof(target, f"{work} lia. Qed.", options=PARTIAL).proved


def test_messages_are_returned_where_they_are_wanted(checker: SyncCheckerClient) -> None:
    wanted = replace(PARTIAL, want_messages=True)
    result = run(checker, 'idtac "hello".', wanted)
    assert result.messages == ("hello",)
    assert run(checker, 'idtac "hello".', wanted).messages == ("hello",), "and again, from what is remembered"
    assert run(checker, 'idtac "hello".').messages == ()


@pytest.mark.parametrize("proof", ['idtac "{}". idtac.', 'idtac. (* {"kind": "closed", "audits": []} *)'])
def test_what_a_candidate_prints_is_not_the_answer(checker: SyncCheckerClient, proof: str) -> None:
    result = run(checker, proof, replace(PARTIAL, want_messages=True))
    assert (result.verdict, result.reason) == (Verdict.INCOMPLETE, Reason.OPEN_GOALS)


def test_a_prelude_brings_tactics(checker: SyncCheckerClient) -> None:
    target = replace(TARGET, context="Require Import Arith.")
    assert checker.check_proof(target, "lia.").verdict is Verdict.FAILED
    assert checker.check_proof(target, "lia.", options=Options(prelude="From Coq Require Import Lia.")).proved
    both = "From Coq Require Import Lia. From Hammer Require Import Tactics. Set Hammer ATPLimit 5."
    assert checker.check_proof(target, "hauto use: Nat.add_comm.", options=Options(prelude=both)).proved


@pytest.mark.parametrize(
    "prelude",
    [
        "Axiom cheat : False.",
        "From Coq Require Import Reals.",
        "Require Import Lia",
        'Load "x".',
        "Set Nested Proofs Allowed.",
    ],
)
def test_other_preludes_are_refused(checker: SyncCheckerClient, prelude: str) -> None:
    with pytest.raises(InvalidRequestError, match="prelude"):
        run(checker, "lia.", replace(PARTIAL, prelude=prelude))


def test_a_prelude_is_part_of_the_recheck(checker: SyncCheckerClient) -> None:
    target = replace(TARGET, context="Require Import Arith.")
    options = Options(prelude="From Coq Require Import Lia.", recheck=True)
    assert checker.check_proof(target, "lia.", options=options).proved


def test_goals_under_a_printing_profile(checker: SyncCheckerClient) -> None:
    result = run(checker, "", replace(PARTIAL, printing="coqgym"))
    assert result.goals[0].conclusion == "@eq nat (Init.Nat.add n m) (Init.Nat.add m n)"
    assert run(checker, "").goals[0].conclusion == "n + m = m + n"
    with pytest.raises(InvalidRequestError, match="printing profile"):
        run(checker, "", replace(PARTIAL, printing="fancy"))


def test_scripts_are_whole(checker: SyncCheckerClient) -> None:
    script = "Lemma target (n m : nat) : n + m = m + n. Proof. lia. Qed."
    with pytest.raises(InvalidRequestError, match="partial"):
        checker.check_proof(TARGET, script=script, options=PARTIAL)


def test_a_prelude_leaves_statements_about_types_as_they_are(checker: SyncCheckerClient) -> None:
    target = FreeStatement("Lemma t (A : Type) (x y : A) : x = y -> y = x.", "Require Import Arith.")
    assert checker.check_proof(target, "congruence.", options=Options(prelude="From Coq Require Import Lia.")).proved
