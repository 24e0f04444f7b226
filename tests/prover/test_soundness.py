"""What the prover's proofs use of Coq's kernel: strict to the end and told, or refused with a remedy."""

import os
from collections.abc import Iterator

import pytest

from coq_checker.client import CheckerClient, FreeStatement
from coq_checker.toolchain import ToolchainError, find_toolchain
from prover import Finished, ProofVerdict, Prover, ProveTask
from prover.codes import ErrorCode
from prover.settings import ProverSettings

from ..coq_checker.servers import ServerProcess, start_server
from .proposing import Saying

# The kernel computes the argument of the call, which the strict guard does not.
LOOSE = "(fix f (n : nat) := match n with O => 50 | S k => f (Nat.pred (S k)) end) 3"
# Nobody finds the number but the model.
TARGET = FreeStatement("Theorem t : {n : nat | n * n = 2500 /\\ n <> 49}.")
REST = "split; [vm_compute; reflexivity | discriminate]."


async def finished(
    checker: CheckerClient, model: Saying, target: FreeStatement = TARGET, settings: ProverSettings | None = None
) -> Finished:
    task = ProveTask(target, 5, retrieval=False, hammer=False)
    last = None
    async for event in Prover(checker, model, settings=settings).prove(task):
        last = event
    assert isinstance(last, Finished)
    return last


@pytest.fixture(scope="module")
def lax() -> Iterator[ServerProcess]:
    """A checker that tells, where nobody asks for more."""
    found = start_server(slots=1, soundness="report")
    yield found
    assert found.stop() == 0


@pytest.fixture(scope="module")
def blind() -> Iterator[ServerProcess]:
    """A checker that cannot look at terms."""
    try:
        engines = find_toolchain("coq-8.20").engines
    except ToolchainError as error:
        pytest.skip(str(error))
    if "serapi" not in engines:
        pytest.skip("coq-8.20 has no sertop")
    found = start_server(slots=1, toolchain="coq-8.20", environment={**os.environ, "PALMETTO_ENGINE": "serapi"})
    yield found
    assert found.stop() == 0


async def test_what_a_proof_uses_is_told_with_it(checker_async: CheckerClient) -> None:
    done = await finished(checker_async, Saying(f"exists 50. {REST}"))
    assert done.verdict is ProofVerdict.PROVED and "vm_compute" in done.script, done
    assert "vm_cast" in done.features and done.known_bugs == ()
    told = done.to_json()
    assert "vm_cast" in told["features"] and told["known_bugs"] == []


async def test_the_end_is_strict_whatever_the_checker_is_set_to(lax: ServerProcess) -> None:
    proof = f"exists ({LOOSE}). {REST}"
    async with CheckerClient(lax.address) as checker:
        # What the model says passes there, and is of no use here.
        assert (await checker.check_proof(TARGET, proof)).proved
        done = await finished(checker, Saying(proof))
        assert (done.verdict, done.script) == (ProofVerdict.NOT_PROVED, ""), done


async def test_where_terms_cannot_be_looked_at_the_remedy_is_told_at_once(blind: ServerProcess) -> None:
    async with CheckerClient(blind.address) as checker:
        done = await finished(checker, Saying("exact I."), FreeStatement("Theorem t : True."))
    assert (done.verdict, done.code, done.script) == (ProofVerdict.ERROR, ErrorCode.ENVIRONMENT, "")
    assert "`--engine native`" in done.message and done.message.count(". ") == 0
    assert done.cpu_s == 0


async def test_who_sets_it_so_has_the_prover_work_there_without_knowing(blind: ServerProcess) -> None:
    async with CheckerClient(blind.address) as checker:
        settings = ProverSettings(soundness="report")
        done = await finished(checker, Saying("exact I."), FreeStatement("Theorem t : True."), settings)
    assert done.verdict is ProofVerdict.PROVED and done.features == (), done
