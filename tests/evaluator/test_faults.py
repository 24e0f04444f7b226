"""What a record says of each status that the checker may answer: only what is the theorem's own fault stays."""

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from coq_checker.judge import NOT_STRICT
from evaluator import causes
from evaluator.attempt import Attempts
from evaluator.conditions import Conditions
from evaluator.record import Key
from evaluator.selection import Shard
from evaluator.store import ExperimentStore
from evaluator.theorems import Item
from palmetto.evaluation.provers import ServerProver
from prover.client import ProverClient

from ..prover.faulty import Fault, Faulty, served
from ..prover.server.process import ProverProcess

ITEM = Item(Key("p", "A.v", "t", 0), asked="t", file_index=0)


@pytest.fixture(scope="module")
def checker() -> Iterator[Faulty]:
    faulty = Faulty()
    with served(faulty) as faulty.upstream:
        yield faulty


@pytest.fixture(scope="module")
def prover(checker: Faulty) -> Iterator[ProverProcess]:
    process = ProverProcess(checker.upstream, checker_patience_s="0.5", attempts="1")
    yield process
    assert process.stop() == 0
    assert not any("Traceback" in line for line in process.lines), process.lines


CODE = grpc.StatusCode


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (Fault(CODE.INTERNAL, "the checker failed internally (KeyError); please report it."), causes.INFRASTRUCTURE),
        (Fault(CODE.INTERNAL, "A.v, line 3: no such thing"), causes.INFRASTRUCTURE),
        (Fault(CODE.UNKNOWN, "there is no theorem 't'"), causes.INFRASTRUCTURE),
        (Fault(CODE.ABORTED), causes.INFRASTRUCTURE),
        (Fault(CODE.UNAVAILABLE, "the server is draining: send it to another one."), causes.INFRASTRUCTURE),
        (Fault(CODE.DEADLINE_EXCEEDED), causes.INFRASTRUCTURE),
        (Fault(CODE.RESOURCE_EXHAUSTED, "no room", (("retry-after-ms", "50"),)), causes.INFRASTRUCTURE),
        (Fault(CODE.RESOURCE_EXHAUSTED, "too many streams"), causes.INFRASTRUCTURE),
        (Fault(CODE.RESOURCE_EXHAUSTED, "SERVER: Received message larger than max (9 vs. 4)"), causes.STATEMENT),
        (Fault(CODE.UNAVAILABLE, "the environment of A.v was lost: the Coq process is gone."), causes.INFRASTRUCTURE),
        (Fault(CODE.UNAVAILABLE, "the environment of A.v passed its wall limit."), causes.INFRASTRUCTURE),
        (Fault(CODE.UNAVAILABLE, "the session of A.v was lost at its start: x."), causes.INFRASTRUCTURE),
        (Fault(CODE.FAILED_PRECONDITION, "the environment of A.v passed its cpu limit."), causes.FILE),
        (Fault(CODE.FAILED_PRECONDITION, "A.v, line 3: Unknown reference x."), causes.FILE),
        (Fault(CODE.FAILED_PRECONDITION, "something new about the file"), causes.FILE),
        (Fault(CODE.FAILED_PRECONDITION, "the statement does not run in Coq: x"), causes.STATEMENT),
        (Fault(CODE.FAILED_PRECONDITION, "P.B, which is required, does not build."), causes.PROJECT),
        (Fault(CODE.NOT_FOUND, "there is no project 'p'"), causes.GONE),
        (Fault(CODE.INVALID_ARGUMENT, "the statement must be one sentence."), causes.STATEMENT),
    ],
    ids=lambda value: f"{value.code.name}-{value.message[:30]}" if isinstance(value, Fault) else value,
)
async def test_what_a_status_means(
    fault: Fault, cause: str, checker: Faulty, prover: ProverProcess, tmp_path: Path
) -> None:
    checker.fault = lambda proof: fault
    async with ProverClient(prover.url) as client:
        attempts = Attempts("e", Conditions(budget_cpu_s=1.0), Shard(), ServerProver(client))
        record = (await attempts.make(ITEM)).record
    assert (record.verdict, record.cause) == ("ERROR", cause), record.message
    assert fault.message.rstrip(".") in record.message
    told = next(event for event in record.events if event["kind"] == "finished")
    assert bool(told["code"] in ("unavailable", "internal")) is (cause == causes.INFRASTRUCTURE)
    with ExperimentStore.open(tmp_path / "store") as store:
        store.begin("e", {"model": "m"}, {"p": {"folder": "/x", "content": "1"}})
        store.put(record)
        # What may pass is worked on again when the experiment is started again; the rest has its result.
        assert store.is_done("e", ITEM.key) is (cause not in causes.PASSING)


def test_what_no_type_says_may_pass() -> None:
    told = {"verdict": "ERROR", "message": "A.v, line 3: Unknown reference x."}
    assert causes.of_result(told) == causes.INFRASTRUCTURE
    assert causes.of_result({**told, "code": "of a newer prover"}) == causes.INFRASTRUCTURE
    assert causes.of_result({**told, "code": "environment"}) == causes.FILE


def test_an_engine_that_cannot_keep_the_policy_is_no_fault_of_the_theorem() -> None:
    told = {"verdict": "ERROR", "code": "environment", "message": NOT_STRICT}
    assert causes.of_result(told) == causes.INFRASTRUCTURE
