"""Each verdict and each reason, on candidates that earn it."""

import pytest

from coq_checker.client import (
    FreeStatement,
    Options,
    ProofResult,
    Reason,
    SyncCheckerClient,
    TheoremRef,
    Verdict,
)
from coq_checker.toolchain import Toolchain

from .servers import DIVERGING, LOOPING

CONTEXT = "Require Import Arith Lia."
TARGET = FreeStatement("Lemma target (n m : nat) : n <= m -> n + 0 <= m.", CONTEXT)


def outcome(result: ProofResult) -> tuple[Verdict, Reason]:
    return result.verdict, result.reason


@pytest.mark.parametrize(
    "proof",
    [
        "Proof. lia. Qed.",
        "Proof.\n  intros H. lia.\nDefined.",
        "lia.",
        "intros H; rewrite Nat.add_0_r. (* Qed. *) exact H.",
        "Proof with auto. intros H. rewrite Nat.add_0_r... Qed.",
        "Proof using Type. lia. Qed.",
        "Proof fun H => eq_ind_r (fun k => k <= m) H (Nat.add_0_r n).",
        "intros H.\n{ assert (n + 0 = n) as ->.\n  - apply Nat.add_0_r.\n  - assumption. }",
        "all: lia.",
        "Proof. lia. Qed.   (* and a last word. *)\n\n",
    ],
)
def test_honest_proofs_are_proved(checker: SyncCheckerClient, proof: str) -> None:
    result = checker.check_proof(TARGET, proof)
    assert outcome(result) == (Verdict.PROVED, Reason.NONE), result
    assert result.proved
    assert (result.message, result.sentence, result.sentence_index) == ("", "", None)
    assert (result.start, result.end, result.goals, result.axioms) == (None, None, (), ())


def test_a_result_tells_where_its_time_went(checker: SyncCheckerClient, toolchain: Toolchain) -> None:
    result = checker.check_proof(TARGET, "Proof. lia. Qed.")
    timings = result.timings
    assert timings.cpu_ns > 0
    assert timings.parse_ns > 0
    assert timings.execute_ns > 0
    assert timings.wall_ns >= timings.parse_ns + timings.execute_ns
    assert result.coq_version == toolchain.coq_version
    assert result.environment_id


def test_equal_environments_have_equal_ids(checker: SyncCheckerClient) -> None:
    first = checker.check_proof(TARGET, "lia.")
    other_statement = FreeStatement("Lemma t : 1 = 1.", CONTEXT)
    other_context = FreeStatement("Lemma t : 1 = 1.", CONTEXT + "\nDefinition x := 1.")
    assert checker.check_proof(other_statement, "auto.").environment_id == first.environment_id
    assert checker.check_proof(other_context, "auto.").environment_id != first.environment_id


@pytest.mark.parametrize(
    ("proof", "verdict", "reason", "sentence", "index"),
    [
        ("Proof. intros H. Qed.", Verdict.INCOMPLETE, Reason.OPEN_GOALS, "Qed.", 2),
        ("Proof. split. Qed.", Verdict.FAILED, Reason.TACTIC, "split.", 1),
        ("Proof. intros H. no_such_tactic. Qed.", Verdict.FAILED, Reason.TACTIC, "no_such_tactic.", 2),
        ("Proof. intros H. apply (. Qed.", Verdict.FAILED, Reason.SYNTAX, "apply (.", 2),
        ("Proof. (* é α *) intros ü. exact ö. Qed.", Verdict.FAILED, Reason.TACTIC, "exact ö.", 2),
        ("intros H.\n+ lia.\n+ lia.", Verdict.FAILED, Reason.TACTIC, "+", 3),
        ("Proof. intros H. exact H'. Qed.", Verdict.FAILED, Reason.TACTIC, "exact H'.", 2),
    ],
)
def test_where_a_candidate_stopped(
    checker: SyncCheckerClient, proof: str, verdict: Verdict, reason: Reason, sentence: str, index: int
) -> None:
    result = checker.check_proof(TARGET, proof)
    assert outcome(result) == (verdict, reason), result
    assert result.sentence == sentence
    assert result.sentence_index == index
    assert result.start is not None
    assert result.end is not None
    assert proof.encode()[result.start : result.end].decode() == sentence
    assert result.message


def test_a_proof_without_its_end_stops_at_its_own_end(checker: SyncCheckerClient) -> None:
    result = checker.check_proof(TARGET, "intros H.")
    assert outcome(result) == (Verdict.INCOMPLETE, Reason.OPEN_GOALS)
    assert (result.start, result.end) == (9, 9)


@pytest.mark.parametrize("proof", ["", "  \n ", "Proof.", "(* nothing. *)"])
def test_an_empty_proof_is_incomplete(checker: SyncCheckerClient, proof: str) -> None:
    assert outcome(checker.check_proof(TARGET, proof)) == (Verdict.INCOMPLETE, Reason.OPEN_GOALS)


@pytest.mark.parametrize(
    "proof", ["Proof. Admitted.", "intros H. Abort.", "intros H. admit. Qed.", "give_up. Qed.", "admit."]
)
def test_what_gives_up_is_incomplete(checker: SyncCheckerClient, proof: str) -> None:
    assert outcome(checker.check_proof(TARGET, proof)) == (Verdict.INCOMPLETE, Reason.ADMITTED)


@pytest.mark.parametrize("proof", ["intros H. lia", "Proof. (* lia. Qed.", 'idtac "a. lia. Qed.', "lia. Qed"])
def test_text_that_does_not_end_is_a_syntax_failure(checker: SyncCheckerClient, proof: str) -> None:
    result = checker.check_proof(TARGET, proof)
    assert outcome(result) == (Verdict.FAILED, Reason.SYNTAX)
    assert result.end == len(proof)


def test_what_the_kernel_refuses(checker: SyncCheckerClient) -> None:
    target = FreeStatement("Lemma loop : False.", "")
    proof = "Proof. fix IH 1. Qed."
    guarded = FreeStatement("Lemma loop (n : nat) : False.", "")
    assert checker.check_proof(target, proof).verdict is Verdict.FAILED
    result = checker.check_proof(guarded, "Proof. revert n. fix IH 1. intros n. exact (IH n). Qed.")
    assert outcome(result) == (Verdict.FAILED, Reason.KERNEL)
    assert result.sentence == "Qed."


@pytest.mark.parametrize(
    ("proof", "index"),
    [
        ("Axiom cheat : False. Qed.", 0),
        ("intros H. Unset Guard Checking. lia. Qed.", 1),
        ('Load "other". Qed.', 0),
        ("lia. Qed. Axiom cheat : False.", 2),
        ('intros H. Redirect "f" Check 1. Qed.', 1),
        ("#[local] Lemma other : True. Qed.", 0),
    ],
)
def test_forbidden_commands_are_rejected(checker: SyncCheckerClient, proof: str, index: int) -> None:
    result = checker.check_proof(TARGET, proof)
    assert outcome(result) == (Verdict.REJECTED, Reason.FORBIDDEN_COMMAND)
    assert result.sentence_index == index


class TestAxioms:
    theorem = TheoremRef("examples", "peirce")
    proof = "Proof. intros t. destruct (classic P) as [p | n]; [exact p | apply t; intros p; contradiction]. Qed."

    def test_what_the_environment_assumes_is_allowed(self, checker: SyncCheckerClient) -> None:
        result = checker.check_proof(self.theorem, self.proof)
        assert result.proved
        assert [name.rpartition(".")[2] for name in result.axioms] == ["classic"]

    @pytest.mark.parametrize(
        "allowed",
        [
            "classic",
            "Classical_Prop.classic",
            # Whichever release a list was written for.
            "Coq.Logic.Classical_Prop.classic",
            "Stdlib.Logic.Classical_Prop.classic",
        ],
    )
    def test_listed_axioms_are_allowed(self, checker: SyncCheckerClient, allowed: str) -> None:
        assert checker.check_proof(self.theorem, self.proof, options=Options(axioms=[allowed])).proved

    @pytest.mark.parametrize(
        "allowed", [[], ["NNPP"], ["lassic"], ["Prop.classic"], ["Mine.Logic.Classical_Prop.classic"]]
    )
    def test_others_are_not(self, checker: SyncCheckerClient, allowed: list[str]) -> None:
        result = checker.check_proof(self.theorem, self.proof, options=Options(axioms=allowed))
        assert outcome(result) == (Verdict.REJECTED, Reason.FORBIDDEN_AXIOM)
        assert [name.rpartition(".")[2] for name in result.axioms] == ["classic"]


class TestScripts:
    target = FreeStatement("Theorem double (n : nat) : n + n = 2 * n.", CONTEXT)

    def check(self, checker: SyncCheckerClient, script: str) -> ProofResult:
        return checker.check_proof(self.target, script=script)

    def test_own_lemmas(self, checker: SyncCheckerClient) -> None:
        script = "Lemma h k : k + 0 = k. Proof. lia. Qed.\nTheorem double (n : nat) : n + n = 2 * n.\nProof. lia. Qed."
        assert self.check(checker, script).proved

    def test_another_statement(self, checker: SyncCheckerClient) -> None:
        result = self.check(checker, "Theorem double (n : nat) : n + n = n + n. Proof. reflexivity. Qed.")
        assert outcome(result) == (Verdict.REJECTED, Reason.STATEMENT_MISMATCH)

    def test_no_such_theorem(self, checker: SyncCheckerClient) -> None:
        result = self.check(checker, "Theorem other (n : nat) : n + n = 2 * n. Proof. lia. Qed.")
        assert outcome(result) == (Verdict.REJECTED, Reason.STATEMENT_MISMATCH)

    def test_an_axiom_of_its_own(self, checker: SyncCheckerClient) -> None:
        result = self.check(checker, "Axiom double : forall n : nat, n + n = 2 * n.")
        assert outcome(result) == (Verdict.REJECTED, Reason.FORBIDDEN_COMMAND)

    def test_empty(self, checker: SyncCheckerClient) -> None:
        assert self.check(checker, "").verdict is Verdict.INCOMPLETE


class TestLimits:
    def test_a_runaway_that_hears_no_interrupt(self, checker: SyncCheckerClient) -> None:
        target = FreeStatement("Lemma t : Nat.pow 3 30 = 0.", CONTEXT)
        options = Options(cpu_ms=400, memory_bytes=6 << 30)
        result = checker.check_proof(target, DIVERGING, options=options)
        assert outcome(result) == (Verdict.TIMEOUT, Reason.CPU_LIMIT)
        assert result.timings.cpu_ns >= 400_000_000
        assert checker.check_proof(TARGET, "lia.").proved

    def test_a_loop(self, checker: SyncCheckerClient) -> None:
        result = checker.check_proof(TARGET, LOOPING, options=Options(cpu_ms=300))
        assert outcome(result) == (Verdict.TIMEOUT, Reason.CPU_LIMIT)
        assert checker.check_proof(TARGET, "lia.").proved

    def test_wall_clock(self, checker: SyncCheckerClient) -> None:
        result = checker.check_proof(TARGET, LOOPING, options=Options(cpu_ms=60_000, wall_ms=300))
        assert outcome(result) == (Verdict.TIMEOUT, Reason.WALL_LIMIT)

    def test_memory(self, checker: SyncCheckerClient) -> None:
        target = FreeStatement("Lemma t : Nat.pow 3 30 = 0.", CONTEXT)
        options = Options(cpu_ms=60_000, memory_bytes=200 << 20)
        result = checker.check_proof(target, DIVERGING, options=options)
        assert outcome(result) == (Verdict.OUT_OF_MEMORY, Reason.MEMORY_LIMIT)
        assert checker.check_proof(target, "Proof. Abort.").reason is Reason.ADMITTED

    def test_output(self, checker: SyncCheckerClient) -> None:
        proof = "Proof. Search nat. lia. Qed."
        result = checker.check_proof(TARGET, proof, options=Options(output_bytes=20_000))
        assert outcome(result) == (Verdict.FAILED, Reason.OUTPUT_LIMIT)
        assert checker.check_proof(TARGET, proof).proved


class TestRecheck:
    def test_an_honest_proof_stands(self, checker: SyncCheckerClient) -> None:
        result = checker.check_proof(TARGET, "lia.", options=Options(recheck=True))
        assert result.proved
        assert result.timings.recheck_ns > 0

    def test_in_a_section_of_a_project(self, checker: SyncCheckerClient) -> None:
        target = TheoremRef("examples", "last_snoc")
        proof = "rewrite snoc_app. apply last_last."
        assert checker.check_proof(target, proof, options=Options(recheck=True)).proved

    def test_what_failed_is_not_rechecked(self, checker: SyncCheckerClient) -> None:
        result = checker.check_proof(TARGET, "split.", options=Options(recheck=True))
        assert outcome(result) == (Verdict.FAILED, Reason.TACTIC)
        assert result.timings.recheck_ns == 0
