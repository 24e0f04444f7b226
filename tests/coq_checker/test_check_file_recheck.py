"""CheckFile with a recheck: no theorem is blamed for what is wrong elsewhere in its file."""

import contextlib
from pathlib import Path

import pytest

from coq_checker.client import (
    CheckerClient,
    EnvironmentFailedError,
    FreeStatement,
    Options,
    Reason,
    SyncCheckerClient,
    Verdict,
)

from .servers import start_server
from .test_check_file import MIXED, MUTUAL, PROVED, outcomes


class TestRecheck:
    """No theorem is blamed for what is wrong elsewhere in its file."""

    def test_others_fail(self, checker: SyncCheckerClient) -> None:
        options = Options(cpu_ms=1000)
        plain = outcomes(checker.check_file(text=MIXED, options=options))
        sure = outcomes(checker.check_file(text=MIXED, options=Options(cpu_ms=1000, recheck=True)))
        assert sure == plain
        assert list(plain.values()).count(PROVED) == 6
        assert outcomes(checker.check_file(text=MUTUAL, options=Options(recheck=True)))["m2"] == PROVED

    @pytest.mark.parametrize(
        "rest",
        [
            "Lemma open : True. Proof. split.",
            "Lemma open : True. Proof. fail",
            "Definition x := .\nLemma later : True. Proof. exact I. Qed.",
            "Lemma ill : 1 = true. Proof. exact I. Qed.",
            "Program Definition p (n : nat) : {m : nat | m = n /\\ n = m} := n.\nLemma b : 1 = 2. Proof. auto. Qed.",
        ],
    )
    async def test_the_file_breaks(self, checker_async: CheckerClient, rest: str) -> None:
        text = f"Module M. Section S. Variable n : nat.\nLemma good : n = n. Proof. reflexivity. Qed.\n{rest}"
        found = []
        # What is left open at the end is said after the answers.
        with contextlib.suppress(EnvironmentFailedError):
            async for one in checker_async.check_file(text=text, options=Options(recheck=True)):
                found.append(one)
        assert outcomes(found)["M.good"] == PROVED

    def test_what_follows_breaks(self, checker: SyncCheckerClient) -> None:
        with pytest.raises(EnvironmentFailedError, match="nothing_here"):
            checker.check_file(
                text="Lemma a : True. Proof. exact I. Qed.\nCheck nothing_here.", options=Options(recheck=True)
            )

    def test_one_that_coqc_refuses(self, checker: SyncCheckerClient) -> None:
        """Its proof looks at how wide Coq prints, and so goes through in a session alone."""
        text = """
From Ltac2 Require Import Ltac2.
Ltac2 rec broken (s : string) (i : int) :=
  if Int.equal i (String.length s) then false
  else if Int.equal (Char.to_int (String.get s i)) 10 then true else broken s (Int.add i 1).
Ltac2 long () := Message.to_string (Message.of_constr
  '(forall a b c d e f g : nat, a + b + c + d + e + f + g = g + f + e + d + c + b + a /\\ a + b + c + d = d + c)).
Lemma before : True. Proof. exact I. Qed.
Lemma wrong : 1 = 2. Proof. reflexivity. Qed.
Lemma wide : True. Proof. if broken (long ()) 0 then fail else exact I. Qed.
Lemma after : True. Proof. exact I. Qed.
"""
        failed = (Verdict.FAILED, Reason.TACTIC)
        plain = {"before": PROVED, "wrong": failed, "wide": PROVED, "after": PROVED}
        assert outcomes(checker.check_file(text=text)) == plain
        answers = checker.check_file(text=text, options=Options(recheck=True))
        assert outcomes(answers) == {**plain, "wide": (Verdict.REJECTED, Reason.RECHECK)}
        assert "Ltac2" in answers[2].result.message
        assert "/" not in answers[2].result.message

    def test_a_candidate_after_what_fails(self, checker: SyncCheckerClient) -> None:
        context = "Module M. Lemma wrong : 1 = 2. Proof. reflexivity. Qed.\n"
        target = FreeStatement("Lemma t : 2 = 1.", context)
        assert checker.check_proof(target, "symmetry. exact wrong.", options=Options(recheck=True)).proved
        program = "Program Definition p (n : nat) : {m : nat | m = n /\\ n = m} := n.\n"
        target = FreeStatement("Lemma t : True.", program)
        assert checker.check_proof(target, "exact I.", options=Options(recheck=True)).proved


@pytest.mark.parametrize("flag", ["-noinit", "-nois", "-indices-matter", "-impredicative-set", "-disallow-sprop"])
def test_with_flags_of_a_project(flag: str, tmp_path: Path) -> None:
    (tmp_path / "_CoqProject").write_text(f"-Q . F\n-arg {flag}\nA.v\n")
    (tmp_path / "A.v").write_text("Require Import Coq.Init.Prelude.\nLemma a : True.\nProof. exact I. Qed.\n")
    server = start_server(f"flags={tmp_path}")
    try:
        with SyncCheckerClient(server.address) as client:
            answers = outcomes(client.check_file(project="flags", file="A.v", options=Options(recheck=True)))
    finally:
        server.stop()
    assert answers == {"a": PROVED}
