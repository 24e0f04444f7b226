"""CheckProofs: many candidates in one stream."""

import asyncio
import queue
from collections.abc import AsyncIterator, Iterator

import grpc
import pytest

from coq_checker.client import (
    CheckerClient,
    CheckItem,
    FreeStatement,
    Options,
    Reason,
    SyncCheckerClient,
    TheoremRef,
    Verdict,
)
from palmetto_protos.checker.v1 import checker_pb2 as pb
from palmetto_protos.checker.v1 import checker_pb2_grpc as pb_grpc

from .servers import LOOPING, start_server

LEMMA = FreeStatement("Lemma t (n : nat) : n + 0 = n.", "Require Import Arith.")
OTHER = TheoremRef("examples", "contrapositive")
GOOD = "rewrite Nat.add_0_r. reflexivity."


def test_one_bad_item_never_fails_the_others(checker: SyncCheckerClient) -> None:
    items = [
        CheckItem("good", LEMMA, GOOD),
        CheckItem("wrong", LEMMA, "reflexivity."),
        CheckItem("no project", TheoremRef("nowhere", "t"), "auto."),
        CheckItem("no theorem", TheoremRef("examples", "nothing"), "auto."),
        CheckItem("no name", TheoremRef("examples"), "auto."),
        CheckItem("NUL", LEMMA, "auto.\0"),
        CheckItem("no sentence", FreeStatement("Lemma t : True"), "auto."),
        CheckItem("no statement", FreeStatement("Definition x := 1."), "auto."),
        CheckItem("no context", FreeStatement("Lemma t : True.", "Require Import Nothing."), "auto."),
        CheckItem("admitted", OTHER, "Admitted."),
        CheckItem("forbidden", OTHER, "Axiom a : False."),
        CheckItem("also good", OTHER, "intros f n p. exact (n (f p))."),
    ]
    answers = dict(checker.check_proofs(items))
    assert {name: (one.verdict, one.reason) for name, one in answers.items()} == {
        "good": (Verdict.PROVED, Reason.NONE),
        "wrong": (Verdict.FAILED, Reason.TACTIC),
        "no project": (Verdict.ERROR, Reason.INVALID_REQUEST),
        "no theorem": (Verdict.ERROR, Reason.INVALID_REQUEST),
        "no name": (Verdict.ERROR, Reason.INVALID_REQUEST),
        "NUL": (Verdict.ERROR, Reason.INVALID_REQUEST),
        "no sentence": (Verdict.ERROR, Reason.INVALID_REQUEST),
        "no statement": (Verdict.ERROR, Reason.ENVIRONMENT),
        "no context": (Verdict.ERROR, Reason.ENVIRONMENT),
        "admitted": (Verdict.INCOMPLETE, Reason.ADMITTED),
        "forbidden": (Verdict.REJECTED, Reason.FORBIDDEN_COMMAND),
        "also good": (Verdict.PROVED, Reason.NONE),
    }
    for name, answer in answers.items():
        assert answer.proved or answer.message, name


def test_an_item_without_target_or_candidate(checker_address: str) -> None:
    with grpc.insecure_channel(checker_address) as channel:
        stub = pb_grpc.CoqCheckerServiceStub(channel)
        statement = pb.FreeStatement(statement="Lemma t : True.")
        items = [
            pb.CheckProofsRequest(id="empty"),
            pb.CheckProofsRequest(id="no candidate", check=pb.CheckProofRequest(statement=statement)),
            pb.CheckProofsRequest(id="no target", check=pb.CheckProofRequest(proof="auto.")),
            pb.CheckProofsRequest(id="whole", check=pb.CheckProofRequest(statement=statement, proof="exact I.")),
        ]
        answers = {one.id: one.result for one in stub.CheckProofs(iter(items), timeout=60)}
    assert {name: one.verdict for name, one in answers.items()} == {
        "empty": pb.VERDICT_ERROR,
        "no candidate": pb.VERDICT_ERROR,
        "no target": pb.VERDICT_ERROR,
        "whole": pb.VERDICT_PROVED,
    }
    assert "candidate" in answers["no candidate"].message
    assert "target" in answers["no target"].message


def test_every_item_is_answered_once(checker: SyncCheckerClient) -> None:
    contexts = [f"Definition k{n} := {n}." for n in range(5)]
    items = [
        CheckItem(f"{n}", FreeStatement(f"Lemma t : {n} = {n}.", contexts[n % 5]), "reflexivity." if n % 3 else "f.")
        for n in range(300)
    ]
    answers = checker.check_proofs(items)
    assert sorted(int(name) for name, _ in answers) == list(range(300))
    assert all(result.proved == bool(int(name) % 3) for name, result in answers)


def test_no_items_no_answers(checker: SyncCheckerClient) -> None:
    assert checker.check_proofs([]) == []


async def test_a_slow_item_holds_up_nobody(checker_async: CheckerClient) -> None:
    slow = CheckItem("slow", LEMMA, LOOPING, options=Options(cpu_ms=3000))
    fast = [CheckItem(f"{n}", LEMMA, GOOD) for n in range(20)]
    order = [name async for name, _ in checker_async.check_proofs([slow, *fast])]
    assert order[-1] == "slow"
    assert sorted(order[:-1]) == sorted(f"{n}" for n in range(20))


async def test_answers_come_while_requests_are_still_sent(checker_async: CheckerClient) -> None:
    answered = asyncio.Event()

    async def items() -> AsyncIterator[CheckItem]:
        yield CheckItem("first", LEMMA, GOOD)
        # The second is only sent when the first one's answer is here.
        await asyncio.wait_for(answered.wait(), 60)
        yield CheckItem("second", LEMMA, GOOD)

    names = []
    async for name, result in checker_async.check_proofs(items()):
        assert result.proved
        names.append(name)
        answered.set()
    assert names == ["first", "second"]


def test_a_slow_server_slows_the_sender_down() -> None:
    """With a queue of one and items that take long, all of many are answered, and reading stops meanwhile."""
    server = start_server(slots=1, queue_size=1, max_in_flight=2)
    taken: queue.Queue[int] = queue.Queue()
    count = 2000
    # Large items: what the transport buffers is a part of them.
    padding = "(* " + "x" * 20_000 + " *) "

    def requests() -> Iterator[pb.CheckProofsRequest]:
        for number in range(count):
            taken.put(number)
            proof = "idtac. " if number else "do 100000 idtac. "
            check = pb.CheckProofRequest(
                statement=pb.FreeStatement(statement="Lemma t : True."), proof=padding + proof + "exact I."
            )
            yield pb.CheckProofsRequest(id=str(number), check=check)

    try:
        with grpc.insecure_channel(server.address) as channel:
            answers = pb_grpc.CoqCheckerServiceStub(channel).CheckProofs(requests(), timeout=120)
            first = next(answers)
            ahead = taken.qsize()
            rest = list(answers)
        assert first.result.verdict == pb.VERDICT_PROVED
        assert ahead < count, "everything was taken in before the first answer"
        assert len(rest) == count - 1
        assert all(one.result.verdict == pb.VERDICT_PROVED for one in rest)
    finally:
        assert server.stop() == 0


def test_an_item_has_one_candidate() -> None:
    with pytest.raises(ValueError, match="either"):
        CheckItem("x", LEMMA)
    with pytest.raises(ValueError, match="either"):
        CheckItem("x", LEMMA, "auto.", "Lemma t : True. Proof. auto. Qed.")


def test_an_error_of_the_senders_own_reaches_it(checker: SyncCheckerClient) -> None:
    def items() -> Iterator[CheckItem]:
        yield CheckItem("1", LEMMA, GOOD)
        raise KeyError("no more")

    with pytest.raises(KeyError, match="no more"):
        checker.check_proofs(items())
    assert checker.check_proof(LEMMA, GOOD).proved
