"""Text that ends Coq's process is a failed candidate, and costs nobody else anything."""

import asyncio
from collections.abc import Iterator

import pytest

from coq_checker.client import (
    CheckerClient,
    EnvironmentFailedError,
    FreeStatement,
    Reason,
    StepFailedError,
    SyncCheckerClient,
    Verdict,
)

from .servers import ServerProcess, start_server
from .test_check_file import PROVED, outcomes


@pytest.fixture
def own_server() -> Iterator[ServerProcess]:
    """A service that nobody else asks."""
    server = start_server(slots=1)
    try:
        yield server
    finally:
        server.stop()


CRASH = """Proof.
  let pair := constr:(ltac:(exact_no_check (fun x : nat => x)) : nat * nat) in
  pose (fst pair) as crash; vm_compute in crash.
Qed."""


class TestTextThatEndsCoq:
    def test_par(self, checker: SyncCheckerClient) -> None:
        """`par:` needs processes that are not there, and goes on without them."""
        text = """Lemma a : True /\\ True. Proof. split. par: exact I. Qed.
Lemma b : True /\\ 1 = 1 /\\ True. Proof. repeat split. par: abstract auto. Qed.
Lemma c : True /\\ 1 = 2. Proof. split. par: auto. Qed.
Lemma d : True /\\ 1 = 2. Proof. split. par: fail. Qed.
Lemma e : exists x : nat, x = 1. Proof. eexists. par: reflexivity. Qed.
Lemma f : True * True. Proof. split. par: abstract exact I. Defined.
Lemma g : f = (f_subproof, f_subproof0). Proof. reflexivity. Qed.
Lemma h : True * (True /\\ True). Proof. split. par: try exact I. split. par: exact I. Qed.
Lemma i : (True /\\ 1 = 1) * True. Proof. split. par: try split. all: exact I. Qed.
"""
        failed = (Verdict.FAILED, Reason.TACTIC)
        expected = dict.fromkeys("abfgh", PROVED) | {
            "c": (Verdict.INCOMPLETE, Reason.OPEN_GOALS),
            "d": failed,
            "e": failed,
            "i": failed,
        }
        assert outcomes(checker.check_file(text=text)) == expected
        target = FreeStatement("Lemma t : True /\\ 1 = 1.")
        assert checker.check_proof(target, "split. par: auto.").proved
        assert checker.check_proof(target, script="Lemma t : True /\\ 1 = 1. Proof. split. par: auto. Qed.").proved

    def test_in_a_file(self, checker: SyncCheckerClient) -> None:
        text = f"Lemma a : True. {CRASH}\nLemma b : True. Proof. exact I. Qed.\n"
        crashed = (Verdict.FAILED, Reason.CRASHED)
        assert outcomes(checker.check_file(text=text)) == {"a": crashed, "b": PROVED}

    @pytest.mark.parametrize("kind", ["Lemma x :", "Definition x :", "Goal"])
    def test_a_statement(self, checker: SyncCheckerClient, kind: str) -> None:
        """A statement that ends Coq is no proof's fault, and what comes behind it cannot be judged."""
        crash = CRASH.removeprefix("Proof.").removesuffix("Qed.").strip().removesuffix(".")
        text = f"Lemma a : True. Proof. exact I. Qed.\n{kind} ltac:({crash}; exact True).\nProof. exact I. Qed.\n"
        found = checker.check_file(text=f"{text}Lemma b : True. Proof. exact I. Qed.\n")
        assert list(outcomes(found).values()) == [PROVED, *[(Verdict.ERROR, Reason.ENVIRONMENT)] * 2]
        assert "line 2: the statement ends Coq" in found[1].result.message
        if kind != "Goal":
            with pytest.raises(EnvironmentFailedError, match="the statement ends Coq"):
                checker.check_proof(FreeStatement(f"{kind} ltac:({crash}; exact True)."), "trivial.")

    def test_is_a_failed_candidate(self, own_server: ServerProcess) -> None:
        with SyncCheckerClient(own_server.address) as client:
            target = FreeStatement("Lemma t : True.")
            first = client.check_proof(target, CRASH)
            assert (first.verdict, first.reason) == (Verdict.FAILED, Reason.CRASHED)
            assert first.timings.environment_ns > 0
            again = client.check_proof(target, CRASH)
            assert (again.verdict, again.reason, again.message) == (first.verdict, first.reason, first.message)
            # It is known, and no process is made for it.
            assert again.timings.environment_ns == 0
            assert client.check_proof(target, "exact I.").proved
        assert own_server.events("internal fault") == []

    def test_in_a_session(self, own_server: ServerProcess) -> None:
        with SyncCheckerClient(own_server.address) as client, client.session(context="Require Import Lia.") as session:
            stated = session.run(session.start, "Lemma t (n : nat) : n = n.")
            with pytest.raises(StepFailedError) as caught:
                session.run(stated, CRASH.removesuffix("Qed."))
            assert (caught.value.verdict, caught.value.reason) == (Verdict.FAILED, Reason.CRASHED)
            assert not session.run(stated, "Proof. lia. Qed.").in_proof

    def test_in_a_trace(self, checker: SyncCheckerClient) -> None:
        first, second = checker.trace_file(text=f"Lemma a : True. {CRASH}\nLemma b : True. Proof. exact I. Qed.\n")
        assert "ends Coq" in first.problem
        assert (second.problem, len(second.steps)) == ("", 3)

    async def test_of_many(self, own_server: ServerProcess) -> None:
        async with CheckerClient(own_server.address) as client:
            target = FreeStatement("Lemma t : True.")
            proofs = [CRASH, "exact I.", CRASH + " ", "trivial."]
            found = await asyncio.gather(*(client.check_proof(target, proof) for proof in proofs))
            assert [one.verdict for one in found] == [Verdict.FAILED, Verdict.PROVED, Verdict.FAILED, Verdict.PROVED]
