"""Text that the checker gives no answer to has failed alone; a checker that answers nothing ends the work, once."""

import grpc
import pytest

from coq_checker.client import CheckerClient, FreeStatement
from prover import Finished, ProofVerdict, Prover, ProverSettings, ProveTask
from prover.codes import ErrorCode
from prover.patience import Patience

from .faulty import Fault, Faulty, served
from .proposing import Saying

TARGET = FreeStatement(
    "Theorem t : forall n m : nat, twice (n + m) = twice n + twice m.",
    "Fixpoint twice (n : nat) := match n with 0 => 0 | S k => S (S (twice k)) end.",
)
PROOF = "induction n; intros m; simpl; [reflexivity | rewrite IHn; reflexivity]."
POISON = "assert (poison : True) by exact I."
SOON = ProverSettings(checker_patience_s=2.0)


async def finished(prover: Prover, **task: object) -> Finished:
    options = {"budget_cpu_s": 20.0, "hammer": False, "retrieval": False, **task}
    events = [event async for event in prover.prove(ProveTask(TARGET, **options))]  # type: ignore[arg-type]
    assert isinstance(events[-1], Finished)
    return events[-1]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(grpc.StatusCode.UNAVAILABLE, "the worker was lost; send it again."),
        Fault(grpc.StatusCode.INTERNAL, "the checker failed internally (KeyError); please report it."),
        Fault(grpc.StatusCode.UNAVAILABLE, "the environment of A.v was lost: the Coq process is gone."),
        Fault(grpc.StatusCode.DEADLINE_EXCEEDED),
        Fault(grpc.StatusCode.UNKNOWN, "something new"),
    ],
    ids=lambda fault: fault.code.name,
)
async def test_one_text_that_gets_no_answer_has_failed_alone(fault: Fault, checker_address: str) -> None:
    faulty = Faulty(checker_address, lambda proof: fault if "poison" in proof else None)
    answers = (f"{POISON} {PROOF}", PROOF)
    with served(faulty) as address:
        async with CheckerClient(address) as checker:
            done = await finished(Prover(checker, Saying(*answers), settings=SOON), budget_cpu_s=30.0)
    poisoned = [text for text in faulty.asked if "poison" in text]
    assert poisoned
    # As often as it is tried, and never again in this attempt.
    assert max(poisoned.count(text) for text in poisoned) <= 4
    assert done.verdict is ProofVerdict.PROVED, done
    assert "poison" not in done.script


async def test_a_whole_proof_that_gets_no_answer_is_refused_alone(checker_address: str) -> None:
    unavailable = Fault(grpc.StatusCode.UNAVAILABLE, "the worker was lost; send it again.")
    faulty = Faulty(checker_address, lambda proof: unavailable if "Qed" in proof else None)
    with served(faulty) as address:
        async with CheckerClient(address) as checker:
            prover = Prover(checker, settings=SOON)
            done = await finished(prover, budget_cpu_s=2.0, samples=0)
    # It is no proof without that answer, and the rest was worked on.
    assert done.verdict in (ProofVerdict.NOT_PROVED, ProofVerdict.TIMEOUT), done
    assert done.cpu_s > 0


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL], ids=lambda one: one.name)
async def test_a_checker_that_answers_nothing_more_ends_the_work(code: grpc.StatusCode, checker_address: str) -> None:
    faulty = Faulty(checker_address)
    # It answers what the work begins with, and the environment's tactics.
    faulty.fault = lambda proof: Fault(code) if len(faulty.asked) > 8 else None
    with served(faulty) as address:
        async with CheckerClient(address) as checker:
            done = await finished(Prover(checker, settings=SOON))
    assert done.verdict is ProofVerdict.ERROR and done.code.may_pass
    assert done.message.startswith("the checker gave no answer (")
    assert "try again" in done.message


async def test_a_dead_checker_is_waited_for_once_by_all(checker_address: str) -> None:
    faulty = Faulty(checker_address, lambda proof: Fault(grpc.StatusCode.UNAVAILABLE))
    with served(faulty) as address:
        async with CheckerClient(address) as checker:
            patience = Patience(SOON.checker_patience_s)

            async def asked() -> tuple[ErrorCode, int]:
                before = len(faulty.asked)
                done = await finished(Prover(checker, settings=SOON, patience=patience))
                return done.code, len(faulty.asked) - before

            code, first = await asked()
            assert code is ErrorCode.UNAVAILABLE and first > 1
            # Those that were queued behind it ask once each.
            assert [await asked() for _ in range(3)] == [(ErrorCode.UNAVAILABLE, 1)] * 3
            # Once it has answered it is waited for again.
            faulty.fault = lambda proof: None
            assert (await asked())[0] is ErrorCode.NONE
            faulty.fault = lambda proof: Fault(grpc.StatusCode.UNAVAILABLE)
            assert (await asked())[1] > 1
