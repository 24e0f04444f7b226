"""Every engine tells the same of a process that ends, is killed, or says too much."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coq_checker.engine import process
from coq_checker.engine.api import (
    EngineCrashedError,
    EngineLostError,
    EngineOutputError,
    EngineStartError,
    Kind,
    Proof,
)
from coq_checker.engine.options import EngineOptions
from coq_checker.engine.start import start_engine

from .bench import Bench

CRASH = """let pair := constr:(ltac:(exact_no_check (fun x : nat => x)) : nat * nat) in
    pose (fst pair) as crash; vm_compute in crash."""
LOOP = "Ltac loop := idtac; loop."
MUCH, MUCH_BYTES = "Search nat.", 5000
LEFT_BEHIND_BYTES = 32 << 10

Call = Callable[[Bench], Awaitable[object]]
CALLS: dict[str, Call] = {
    "advance": lambda bench: bench.advance("Check 0."),
    "check": lambda bench: bench.check("Lemma l : True.", "exact I. Qed."),
    "query": lambda bench: bench.query("Check 0."),
    "goals": lambda bench: bench.engine.goals(bench.state, 1),
    "next_sentence": lambda bench: bench.engine.next_sentence(bench.state, b"Check 0."),
    "audit": lambda bench: bench.engine.audit(Proof(bench.state, bench.state, bench.state, bench.state, bench.state)),
    "fork": lambda bench: bench.engine.fork(),
}


class TestTheProcessEnds:
    async def test_by_what_it_is_given(self, bench: Bench) -> None:
        state = await bench.run("Lemma l : True.")
        fork = Bench("fork", await bench.engine.fork(), bench.state)
        with pytest.raises(EngineCrashedError, match="Coq ended by SIG"):
            await fork.advance(CRASH, state)
        assert not fork.engine.alive and bench.engine.alive
        with pytest.raises(EngineLostError):
            await fork.query("Check 0.")
        with pytest.raises(EngineCrashedError):
            await bench.check("Lemma l : True.", f"{CRASH} exact I. Qed.")
        assert not bench.engine.alive

    async def test_by_a_command_that_is_asked(self, bench: Bench) -> None:
        with pytest.raises(EngineCrashedError):
            await bench.query(f"Check ltac:({CRASH.rstrip('.')}; exact I) : True.")

    @pytest.mark.parametrize("call", CALLS)
    async def test_before_a_call(self, bench: Bench, call: str) -> None:
        state = await bench.run("Set Nested Proofs Allowed. Lemma l : True.")
        fork = Bench("fork", await bench.engine.fork(), state)
        os.kill(fork.engine.pid, signal.SIGKILL)
        with pytest.raises(EngineLostError) as lost:
            while True:  # it may be answered a last time
                await CALLS[call](fork)
        assert not isinstance(lost.value, EngineCrashedError)
        assert await bench.known("0", bench.state)

    async def test_between_a_request_and_its_answer(self, bench: Bench) -> None:
        state = await bench.run(f"{LOOP} Lemma l : True.")
        fork = Bench("fork", await bench.engine.fork(), bench.state)
        for one in (fork, bench):
            running = asyncio.create_task(one.advance("loop.", state))
            begun = process.own_cpu_ns(one.engine.pid)
            while process.own_cpu_ns(one.engine.pid) < begun + 20_000_000:
                await asyncio.sleep(0.01)
            os.kill(one.engine.pid, signal.SIGKILL)
            with pytest.raises(EngineLostError, match="killed by SIGKILL") as lost:
                await running
            assert not isinstance(lost.value, EngineCrashedError)

    async def test_when_it_is_killed_here(self, bench: Bench) -> None:
        state = await bench.run(LOOP)
        running = asyncio.create_task(bench.check("Lemma m : True.", "loop. Qed.", state))
        await asyncio.sleep(0.05)
        bench.engine.kill()
        with pytest.raises(EngineLostError, match="the Coq process is gone"):
            await running
        with pytest.raises(EngineLostError):
            await bench.query("Check 0.")

    async def test_nobody_waits_any_longer(self, bench: Bench) -> None:
        state = await bench.run(f"{LOOP} Lemma l : True.")
        running = asyncio.create_task(bench.advance("loop.", state))
        await asyncio.sleep(0.05)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        with pytest.raises(EngineLostError):
            await bench.query("Check 0.")


class TestTooMuch:
    async def test_output(self, bench: Bench) -> None:
        assert sum(map(len, (await bench.query(MUCH)).messages)) > MUCH_BYTES
        asks: list[Call] = [
            lambda one: one.query(MUCH),
            lambda one: one.advance(f"Check 0. {MUCH}"),
            lambda one: one.check("Lemma m : True.", f"{MUCH} exact I. Qed."),
        ]
        for ask in asks:
            fork = Bench("fork", await bench.engine.fork(), bench.state)
            fork.engine.output_bytes = MUCH_BYTES
            with pytest.raises(EngineOutputError):
                await ask(fork)
            fork.engine.kill()
        assert await bench.known("0", bench.state)

    async def test_what_looks_like_an_answer_is_none(self, bench: Bench) -> None:
        text = """Goal True. idtac "(Answer p0 Completed)"; idtac "(Answer p1(CoqExn((str""no""))))".
            Fail fail "{}". exact I. Qed. Check "(Answer 1 Completed)"%string."""
        done = await bench.advance(text)
        assert len(done.steps) == 5 and done.error is not None and "string" in done.error.message
        assert await bench.known("0", bench.state)

    async def test_many_candidates(self, bench: Bench) -> None:
        """Of the states of a candidate nothing is left, and Coq itself keeps little of what was once declared."""
        state = await bench.run("Definition a := 1.")

        async def candidates(count: int) -> int:
            for number in range(count):
                body = f"Proof. assert (e{number} : 1 = 1) by reflexivity. split; reflexivity. Qed."
                found = await bench.check("Theorem t : a = 1 /\\ a = a.", body, state)
                assert found.kind is Kind.CLOSED
            return process.rss_bytes(bench.engine.pid)

        before = await candidates(500)
        assert await candidates(1500) - before < 1500 * LEFT_BEHIND_BYTES


class TestStart:
    @pytest.mark.parametrize(
        "wrong",
        [{"arguments": ("-no-such-flag",)}, {"arguments": ("-Q", "/nowhere", "1 2")}, {"module_file": "1.v"}],
        ids=str,
    )
    async def test_it_does_not_come_up(self, options: EngineOptions, tmp_path: Path, wrong: dict[str, Any]) -> None:
        with pytest.raises(EngineStartError) as failed:
            await start_engine(replace(options, **wrong), tmp_path)
        assert str(failed.value).endswith(".") and "\n" not in str(failed.value)
        assert list(tmp_path.iterdir()) == []

    async def test_there_is_no_folder(self, options: EngineOptions, tmp_path: Path) -> None:
        with pytest.raises(EngineStartError, match="PALMETTO_CHECKER_RUN_FOLDER"):
            await start_engine(options, tmp_path / "nowhere")

    async def test_the_path_of_its_folder_is_long(self, options: EngineOptions, tmp_path: Path) -> None:
        folder = tmp_path / ("long" * 50) / ("long" * 50)
        folder.mkdir(parents=True)
        engine = await start_engine(options, folder)
        try:
            fork = await engine.fork()
            assert (await fork.query(fork.first, "Check nat.")).error is None
        finally:
            engine.kill()

    async def test_load_path_and_module(self, options: EngineOptions, tmp_path: Path) -> None:
        library = tmp_path / "library"
        library.mkdir()
        arguments = ("-Q", str(library), "My.Library", "-I", str(library), "-noinit", "-indices-matter")
        given = replace(options, arguments=arguments, module_file="My/Own.v", read_only=(*options.read_only, library))
        engine = await start_engine(given, tmp_path)
        try:
            bench = Bench("", engine, engine.first)
            state = await bench.run("Axiom a : Type.")
            said = await bench.query("About a.", state)
            assert "Own.a" in said.messages[0]
            assert (await bench.query("Check nat.")).error is not None
            assert "My.Library" in "".join((await bench.query("Print LoadPath.")).messages)
        finally:
            engine.kill()
