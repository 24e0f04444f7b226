"""Deadlines, cancellation, a full queue, draining, and Coq processes that die."""

import asyncio
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from coq_checker.client import (
    CheckerClient,
    CheckerError,
    CheckItem,
    DeadlineExceededError,
    FreeStatement,
    Options,
    OverloadedError,
    ProofResult,
    Reason,
    SyncCheckerClient,
    TheoremRef,
    UnavailableError,
    Verdict,
)
from palmetto_protos.checker.v1 import checker_pb2 as pb
from palmetto_protos.checker.v1 import checker_pb2_grpc as pb_grpc

from .servers import EXAMPLES, LOOPING, ServerProcess, start_server, wait_until

LEMMA = FreeStatement("Lemma t (n : nat) : n + 0 = n.", "Require Import Arith.")
GOOD = "apply Nat.add_0_r."
LONG = Options(cpu_ms=300_000, wall_ms=600_000)


@pytest.fixture(scope="module")
def own_server() -> Iterator[ServerProcess]:
    """A service of this module's own, with one slot, so that what runs in it is known."""
    server = start_server(f"examples={EXAMPLES}", slots=1, queue_size=1)
    try:
        yield server
    finally:
        assert server.stop() == 0
    assert server.events("internal fault") == []


def busy(server: ServerProcess) -> bool:
    """Whether a Coq process of the server uses CPU time."""
    before = {process.pid: sum(process.cpu_times()[:2]) for process in server.coqs()}
    time.sleep(0.3)
    for process in server.coqs():
        if process.pid in before and sum(process.cpu_times()[:2]) - before[process.pid] > 0.05:
            return True
    return False


def assert_idle_and_well(server: ServerProcess) -> None:
    wait_until("no Coq process works any longer", lambda: not busy(server))
    with SyncCheckerClient(server.address) as client:
        assert client.check_proof(LEMMA, GOOD).proved


class TestDeadlines:
    def test_of_a_single_check(self, own_server: ServerProcess) -> None:
        with SyncCheckerClient(own_server.address) as client, pytest.raises(DeadlineExceededError):
            client.check_proof(LEMMA, LOOPING, options=LONG, timeout_s=0.5)
        assert_idle_and_well(own_server)

    def test_of_a_stream(self, own_server: ServerProcess) -> None:
        async def check() -> list[str]:
            names = []
            async with CheckerClient(own_server.address) as client:
                items = [CheckItem("good", LEMMA, GOOD), CheckItem("loop", LEMMA, LOOPING, options=LONG)]
                with pytest.raises(DeadlineExceededError):
                    async for name, _ in client.check_proofs(items, timeout_s=1.5):
                        names.append(name)
            return names

        assert asyncio.run(check()) == ["good"]
        assert_idle_and_well(own_server)

    def test_of_a_file(self, own_server: ServerProcess) -> None:
        text = f"Lemma a : True. Proof. exact I. Qed.\nLemma t : True.\n{LOOPING}"

        async def check() -> list[str]:
            names = []
            async with CheckerClient(own_server.address) as client:
                with pytest.raises(DeadlineExceededError):
                    async for answer in client.check_file(text=text, options=LONG, timeout_s=1.5):
                        names.append(answer.theorem.name)
            return names

        assert asyncio.run(check()) == ["a"]
        assert_idle_and_well(own_server)

    def test_while_the_environment_is_prepared(self, own_server: ServerProcess) -> None:
        target = FreeStatement("Lemma u : True.", "Lemma slow : True. Proof. do 1000000000 (try fail). exact I. Qed.")
        with SyncCheckerClient(own_server.address) as client, pytest.raises(DeadlineExceededError):
            client.check_proof(target, "exact I.", timeout_s=1.0)
        assert_idle_and_well(own_server)


class TestCancellation:
    async def test_of_a_single_check(self, own_server: ServerProcess) -> None:
        async with CheckerClient(own_server.address) as client:
            call = asyncio.create_task(client.check_proof(LEMMA, LOOPING, options=LONG))
            await asyncio.to_thread(wait_until, "the check runs", lambda: busy(own_server))
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await asyncio.to_thread(assert_idle_and_well, own_server)

    async def test_of_a_stream_that_is_left(self, own_server: ServerProcess) -> None:
        async with CheckerClient(own_server.address) as client:
            items = [CheckItem("good", LEMMA, GOOD), CheckItem("loop", LEMMA, LOOPING, options=LONG)]
            answers = client.check_proofs(items)
            assert (await anext(answers))[0] == "good"
            await answers.aclose()  # type: ignore[attr-defined]
            await asyncio.to_thread(assert_idle_and_well, own_server)

    async def test_of_a_session(self, own_server: ServerProcess) -> None:
        async with CheckerClient(own_server.address) as client:
            session = await client.session(context="Lemma t : True.", options=LONG)
            step = asyncio.create_task(session.run(session.start, "do 1000000000 (try fail)."))
            await asyncio.to_thread(wait_until, "the step runs", lambda: busy(own_server))
            session.close()
            with pytest.raises((asyncio.CancelledError, CheckerError)):
                await step
            await asyncio.to_thread(assert_idle_and_well, own_server)

    async def test_by_a_connection_that_breaks(self, own_server: ServerProcess) -> None:
        client = CheckerClient(own_server.address)
        call = asyncio.create_task(client.check_proof(LEMMA, LOOPING, options=LONG))
        await asyncio.to_thread(wait_until, "the check runs", lambda: busy(own_server))
        await client.close()
        await asyncio.gather(call, return_exceptions=True)
        await asyncio.to_thread(assert_idle_and_well, own_server)


async def test_a_full_queue_says_when_to_come_back(own_server: ServerProcess) -> None:
    async with CheckerClient(own_server.address) as client:
        running = asyncio.create_task(client.check_proof(LEMMA, LOOPING, options=LONG))
        await asyncio.to_thread(wait_until, "the check runs", lambda: busy(own_server))
        # One of them takes the one place in the queue; which one is open.
        asked = [asyncio.create_task(client.check_proof(LEMMA, GOOD)) for _ in range(3)]
        finished = asyncio.as_completed(asked)
        for _ in range(2):
            with pytest.raises(OverloadedError, match="queue is full") as refused:
                await next(finished)
            assert refused.value.retry_after_ms > 0
        running.cancel()
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert [one.proved for one in answers if isinstance(one, ProofResult)] == [True]
        assert (await client.check_proof(LEMMA, GOOD)).proved


async def test_who_leaves_the_queue_makes_room(own_server: ServerProcess) -> None:
    async with CheckerClient(own_server.address) as client:
        running = asyncio.create_task(client.check_proof(LEMMA, LOOPING, options=LONG))
        await asyncio.to_thread(wait_until, "the check runs", lambda: busy(own_server))
        for _ in range(3):
            with pytest.raises(DeadlineExceededError):  # not that the queue is full
                await client.check_proof(LEMMA, GOOD, timeout_s=0.3)
        running.cancel()
        assert (await client.check_proof(LEMMA, GOOD)).proved


async def test_a_stream_waits_where_a_call_is_sent_away(own_server: ServerProcess) -> None:
    async with CheckerClient(own_server.address) as client:
        own = TheoremRef("examples", "contrapositive")
        items = [CheckItem(f"text {n}", LEMMA, GOOD) for n in range(100)]
        items += [CheckItem(f"project {n}", own, "intros f n p. exact (n (f p)).") for n in range(100)]
        answers = [result.verdict async for _, result in client.check_proofs(items)]
    assert answers == [Verdict.PROVED] * 200


class TestDraining:
    def check_in_thread(self, server: ServerProcess, loops: int) -> tuple[threading.Thread, list[ProofResult]]:
        results: list[ProofResult] = []

        def check() -> None:
            with SyncCheckerClient(server.address) as client:
                proof = f"do {loops} (try fail). apply Nat.add_0_r."
                results.append(client.check_proof(LEMMA, proof, options=LONG))

        thread = threading.Thread(target=check)
        thread.start()
        wait_until("the check runs", lambda: busy(server))
        return thread, results

    def test_what_is_under_way_is_answered(self) -> None:
        server = start_server(slots=1)
        with SyncCheckerClient(server.address) as client:
            assert client.check_proof(LEMMA, GOOD).proved
        thread, results = self.check_in_thread(server, 3_000_000)
        server.terminate()
        wait_until("the drain has begun", lambda: bool(server.events("draining")))
        with SyncCheckerClient(server.address) as client, pytest.raises(UnavailableError):
            client.check_proof(LEMMA, GOOD, timeout_s=5)
        thread.join(60)
        assert [result.verdict for result in results] == [Verdict.PROVED]
        assert server.wait() == 0
        assert server.events("stopped")
        assert server.events("internal fault") == []
        assert server.raw == []

    def test_who_asks_meanwhile_is_answered(self) -> None:
        server = start_server(slots=1, queue_size=10)
        thread, results = self.check_in_thread(server, 20_000_000)
        with grpc.insecure_channel(server.address) as channel:
            health: Any = health_pb2_grpc.HealthStub(channel)
            checker = pb_grpc.CoqCheckerServiceStub(channel)
            assert health.Check(health_pb2.HealthCheckRequest()).status == health_pb2.HealthCheckResponse.SERVING
            server.terminate()
            wait_until("the drain has begun", lambda: bool(server.events("draining")))
            with grpc.insecure_channel(server.address) as fresh:
                others: Any = health_pb2_grpc.HealthStub(fresh)
                for stub in (health, others):
                    for name in ("", "palmetto.checker.v1.CoqCheckerService"):
                        answer = stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=10)
                        assert answer.status == health_pb2.HealthCheckResponse.NOT_SERVING
            for call in (
                lambda: checker.ListProjects(pb.ListProjectsRequest(), timeout=10),
                lambda: list(checker.CheckFile(pb.CheckFileRequest(), timeout=10)),
                lambda: list(checker.CheckProofs(iter([pb.CheckProofsRequest()]), timeout=10)),
            ):
                with pytest.raises(grpc.RpcError) as caught:
                    call()
                assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
                assert "draining" in str(caught.value.details())
        assert not results
        thread.join(60)
        assert [result.verdict for result in results] == [Verdict.PROVED]
        assert server.wait() == 0
        assert server.events("internal fault") == []

    def test_the_grace_ends(self) -> None:
        server = start_server(slots=1, grace_s=0.5)
        outcomes: list[object] = []

        def check() -> None:
            with SyncCheckerClient(server.address) as client:
                try:
                    outcomes.append(client.check_proof(LEMMA, LOOPING, options=LONG, timeout_s=60))
                except CheckerError as error:
                    outcomes.append(error)

        thread = threading.Thread(target=check)
        thread.start()
        wait_until("the check runs", lambda: busy(server))
        coqs = server.coqs()
        assert coqs
        server.terminate()
        assert server.wait() == 0
        wait_until("Coq has ended too", lambda: not any(one.is_running() and one.status() != "zombie" for one in coqs))
        thread.join(60)
        # The client tries again elsewhere, and says that there is nobody.
        (outcome,) = outcomes
        assert isinstance(outcome, UnavailableError)

    def test_a_killed_server_leaves_no_coq_behind(self, tmp_path: Path) -> None:
        server = start_server(slots=1, run_folder=tmp_path)
        with SyncCheckerClient(server.address) as client:
            assert client.check_proof(LEMMA, GOOD).proved
        coqs = server.coqs()
        assert coqs
        server.process.send_signal(signal.SIGKILL)
        server.wait()
        wait_until("Coq has ended too", lambda: not any(one.is_running() and one.status() != "zombie" for one in coqs))


class TestRunFolders:
    def test_what_a_killed_server_left_is_removed(self, tmp_path: Path) -> None:
        strange = tmp_path / "palmetto-checker-strange"
        strange.mkdir()
        (strange / "kept").touch()
        killed, living = start_server(slots=1, run_folder=tmp_path), start_server(slots=1, run_folder=tmp_path)
        try:
            with SyncCheckerClient(killed.address) as one, SyncCheckerClient(living.address) as other:
                assert one.check_proof(LEMMA, GOOD).proved
                assert other.check_proof(LEMMA, GOOD).proved
            killed.process.send_signal(signal.SIGKILL)
            killed.wait()
            assert len(list(tmp_path.iterdir())) == 3
            third = start_server(slots=1, run_folder=tmp_path)
            assert third.stop() == 0
            assert len(list(tmp_path.iterdir())) == 2
            with SyncCheckerClient(living.address) as other:
                assert other.check_proof(FreeStatement("Lemma u : True."), "exact I.").proved
        finally:
            assert living.stop() == 0
        assert list(tmp_path.iterdir()) == [strange]


class TestDeadCoqs:
    def test_killed_while_idle(self, own_server: ServerProcess) -> None:
        with SyncCheckerClient(own_server.address) as client:
            for _ in range(3):
                assert client.check_proof(LEMMA, GOOD).proved
                for process in own_server.coqs():
                    process.kill()
                assert client.check_proof(LEMMA, GOOD).proved
                assert client.check_file(text="Lemma a : True. Proof. exact I. Qed.")[0].result.proved

    async def test_killed_in_the_middle_the_item_is_tried_again(self, own_server: ServerProcess) -> None:
        async with CheckerClient(own_server.address) as client:
            proof = "do 3000000 (try fail). apply Nat.add_0_r."
            call = asyncio.create_task(client.check_proof(LEMMA, proof, options=LONG))
            await asyncio.to_thread(wait_until, "the check runs", lambda: busy(own_server))
            for process in own_server.coqs():
                process.kill()
            assert (await call).proved

    async def test_killed_again_and_again(self, own_server: ServerProcess) -> None:
        """An item that loses its worker each time is answered, and takes nothing else with it."""
        async with CheckerClient(own_server.address) as client:
            items = [CheckItem("loop", LEMMA, LOOPING, options=LONG)]
            done = asyncio.Event()

            async def ask() -> dict[str, ProofResult]:
                answers = {name: result async for name, result in client.check_proofs(items)}
                done.set()
                return answers

            call = asyncio.create_task(ask())
            while not done.is_set():
                if await asyncio.to_thread(busy, own_server):
                    for process in own_server.coqs():
                        process.kill()
            answers = await call
            assert (answers["loop"].verdict, answers["loop"].reason) == (Verdict.ERROR, Reason.WORKER_LOST)
            assert (await client.check_proof(LEMMA, GOOD)).proved

    async def test_prepared_ones_killed_while_idle(self, own_server: ServerProcess) -> None:
        """What died while nothing ran is no death of the next item's: it is dropped before it is used."""
        lemmas = [FreeStatement(f"Lemma l (n : nat) : n + {k} = {k} + n.", "Require Import Lia.") for k in range(3)]
        async with CheckerClient(own_server.address) as client:
            for _ in range(4):
                for lemma in lemmas:
                    assert (await client.check_proof(lemma, "lia.")).proved
                sertops = own_server.coqs()
                pids = {process.pid for process in sertops}
                for process in sertops:
                    if process.ppid() not in pids:
                        process.kill()
                items = [CheckItem(str(n), lemmas[n % 3], "lia.") for n in range(6)]
                answers = {name: result.verdict async for name, result in client.check_proofs(items)}
                assert answers == dict.fromkeys(map(str, range(6)), Verdict.PROVED)

    async def test_killed_in_the_middle_of_a_file(self, own_server: ServerProcess) -> None:
        text = (
            "Require Import Arith. Lemma a : True. Proof. exact I. Qed.\n"
            "Lemma b : True. Proof. do 3000000 (try fail). exact I. Qed."
        )

        async def ask() -> list[Verdict]:
            return [one.result.verdict async for one in client.check_file(text=text, options=LONG)]

        async with CheckerClient(own_server.address) as client:
            call = asyncio.create_task(ask())
            await asyncio.to_thread(wait_until, "the file runs", lambda: busy(own_server))
            for process in own_server.coqs():
                process.kill()
            assert await call == [Verdict.PROVED, Verdict.PROVED]


def test_keepalive_pings_are_allowed(own_server: ServerProcess) -> None:
    """A client that pings as often as ours may is not thrown out."""
    options = [("grpc.keepalive_time_ms", 10_000), ("grpc.keepalive_permit_without_calls", 1)]
    with grpc.insecure_channel(own_server.address, options=options) as channel:
        grpc.channel_ready_future(channel).result(timeout=30)


def test_a_coq_process_that_hangs_is_replaced(tmp_path: Path) -> None:
    """A process that waits for what never comes takes no CPU time, and passes no limit of it."""
    server = start_server(stall_s=8)
    try:
        with SyncCheckerClient(server.address) as checker:
            target = FreeStatement("Lemma t : True.")
            assert checker.check_proof(target, "exact I.").proved
            for sertop in server.coqs():
                sertop.suspend()
            begun = time.monotonic()
            assert checker.check_proof(target, "exact I. Qed.", options=Options(wall_ms=600_000)).proved
            assert time.monotonic() - begun < 300
    finally:
        server.stop()
