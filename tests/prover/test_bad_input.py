"""Bad input and failing neighbours: never a wrong `PROVED`, never a hang."""

import asyncio
import subprocess

import pytest

from coq_checker.client import CheckerClient, FreeStatement, TheoremRef
from prover import Finished, ProofVerdict, Prover, ProverSettings, ProveTask
from prover.events import Generated, Retrieved, Started

from ..coq_checker.servers import PALMETTO
from .proposing import Knowing, Saying

# Nothing proves it, so that whatever is said of it can only be wrong.
FALSE = FreeStatement("Theorem t (f : nat -> nat) : f 1 = f 2.", "Require Import Lia.")
SHORT = {"budget_cpu_s": 2.0, "hammer": False}


async def finish(prover: Prover, task: ProveTask) -> tuple[list[object], Finished]:
    async with asyncio.timeout(120):
        events: list[object] = [event async for event in prover.prove(task)]
    assert isinstance(events[-1], Finished)
    return events, events[-1]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (FreeStatement("Theorem t : forall n, n ==> ."), "Syntax"),
        (FreeStatement("Theorem t : missing_name = 0."), "missing_name"),
        (FreeStatement("Definition x := 1."), "does not open a proof"),
        (FreeStatement("Theorem t : True. Theorem u : True."), "sentence"),
        (FreeStatement("Theorem t : True.", "Require Import No.Such.Library."), "No.Such"),
        (FreeStatement(""), ""),
        (TheoremRef("nowhere", "t"), "nowhere"),
        (TheoremRef("examples", "no_such_theorem"), "no_such_theorem"),
        (TheoremRef("examples", "t", "NoFile.v"), "NoFile"),
    ],
)
async def test_what_cannot_be_worked_on_is_an_error_that_says_why(
    checker_async: CheckerClient, target: FreeStatement | TheoremRef, message: str
) -> None:
    events, done = await finish(Prover(checker_async), ProveTask(target))
    assert done.verdict is ProofVerdict.ERROR
    assert done.message and message in done.message
    assert "Traceback" not in done.message and "internal fault" not in done.message
    assert not any(isinstance(one, Started) for one in events)


ABSURD = [
    "",
    "<html><body>502</body></html>",
    "auto. " * 200_000,
    "theorem t : f 1 = f 2 := by simp",
    "Admitted.",
    "Proof. admit. Admitted.",
    "Proof. give_up. Qed.",
    "Axiom cheat : forall P : Prop, P. apply cheat. Qed.",
    "Qed. Axiom t2 : False. Theorem u : True.",
    'Redirect "x" idtac. Load "y". Drop.',
    "Unset Guard Checking. fix t 1. Guarded.",
    "exact (match _ : False with end).",
    "- + * -- { } } } { { { 2: { all: all: .",
    "(* (* (*",
    '"unclosed',
    "do 1000000000 (try fail).",
    "{" * 20_000,
    "\N{SNOWMAN} \0 \ud800",
    "eapply (f_equal f). shelve. Qed.",
    "refine (_ : f 1 = f 2). Unshelve. all: shelve.",
]


async def test_absurd_answers_prove_nothing(checker_async: CheckerClient) -> None:
    for start in range(0, len(ABSURD), 7):
        answers = ABSURD[start : start + 7]
        task = ProveTask(FALSE, samples=7, budget_cpu_s=12.0, hammer=False)
        events, done = await finish(Prover(checker_async, Saying(*answers)), task)
        assert done.verdict in (ProofVerdict.NOT_PROVED, ProofVerdict.TIMEOUT), done
        said = [one for one in events if isinstance(one, Generated)]
        assert all(one.script or one.message for one in said)
        assert all(len(one.answer) < 66_000 for one in said)


async def test_a_model_that_fails_costs_nothing_else(checker_async: CheckerClient) -> None:
    target = FreeStatement("Theorem t : forall n m : nat, n + m = m + n.")
    model, retriever = Saying(error="the model server is down."), Knowing(error="there is no index.")
    _, done = await finish(Prover(checker_async, model, retriever), ProveTask(target, budget_cpu_s=20.0, hammer=False))
    assert done.verdict is ProofVerdict.PROVED
    events, done = await finish(Prover(checker_async, model, retriever), ProveTask(FALSE, **SHORT))  # type: ignore[arg-type]
    assert done.verdict is not ProofVerdict.PROVED
    assert "model" in done.message
    assert next(one for one in events if isinstance(one, Retrieved)).message == "there is no index."


async def test_a_model_that_is_slow_is_not_waited_for(checker_async: CheckerClient) -> None:
    settings = ProverSettings(model_timeout_s=0.2)
    events, done = await finish(
        Prover(checker_async, Saying("auto.", delay_s=60), None, settings),
        ProveTask(FALSE, **SHORT),  # type: ignore[arg-type]
    )
    assert done.verdict is not ProofVerdict.PROVED
    assert any(isinstance(one, Generated) and "in time" in one.message for one in events)


async def test_a_checker_that_is_not_there_is_an_error() -> None:
    settings = ProverSettings(checker_patience_s=0.5)
    async with CheckerClient("127.0.0.1:9") as checker:
        _, done = await finish(Prover(checker, settings=settings), ProveTask(FALSE))
    assert done.verdict is ProofVerdict.ERROR
    assert "checker" in done.message


def serving(listen: str) -> subprocess.Popen[bytes]:
    argv = [str(PALMETTO), "serve", "coq-checker", "--listen", listen]
    return subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


async def test_a_checker_that_is_killed_and_comes_back(unused_tcp_port: int) -> None:
    listen = f"127.0.0.1:{unused_tcp_port}"
    target = FreeStatement("Theorem t : forall (A : Type) (l : list A), l ++ nil = l.", "Require Import List.")
    server = serving(listen)
    try:
        async with CheckerClient(listen) as checker, asyncio.timeout(150):
            await checker.wait_until_ready(60)
            events = Prover(checker).prove(ProveTask(target, budget_cpu_s=60.0, hammer=False))
            assert isinstance(await anext(events), Started)
            server.kill()
            server.wait()
            server = serving(listen)
            rest = [event async for event in events]
    finally:
        server.kill()
        server.wait()
    done = rest[-1]
    assert isinstance(done, Finished)
    assert done.verdict is ProofVerdict.PROVED, done
