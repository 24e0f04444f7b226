"""A client of several checkers: theorems stay where they are, and nothing is lost when a checker goes."""

import asyncio
import signal
import socket
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from coq_checker.client import CheckerClient, FreeStatement, Options, UnreachableError
from coq_checker.client import channels as channels_module

from .servers import LOOPING, ServerProcess, start_server, wait_until

STATEMENTS = [FreeStatement(f"Lemma t{n} : {n} + 0 = {n}.", "Require Import Arith.\n") for n in range(4)]
GOOD = "Proof. reflexivity. Qed."


@pytest.fixture
def pair() -> Iterator[list[ServerProcess]]:
    """Two checkers."""
    found = [start_server(slots=1), start_server(slots=1)]
    yield found
    for one in found:
        if one.process.poll() is None:
            one.process.kill()
        one.wait()


def both(pair: list[ServerProcess]) -> str:
    return "ipv4:" + ",".join(one.address for one in pair)


def judged(server: ServerProcess) -> int:
    """Candidates that the server has judged."""
    with urllib.request.urlopen(f"http://127.0.0.1:{server.metrics_port}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return int(sum(float(line.split()[-1]) for line in lines if line.startswith("palmetto_checks_total")))


async def test_a_theorem_stays_with_one_checker(pair: list[ServerProcess]) -> None:
    async with CheckerClient(both(pair)) as client:
        await client.wait_until_ready()
        for rounds in ((0, 1), (0, 1), (1,), (1,)):
            results = await asyncio.gather(*(client.check_proof(STATEMENTS[n], GOOD) for n in rounds))
            assert all(one.proved for one in results)
    assert sorted(map(judged, pair)) == [2, 4]


async def test_new_theorems_go_where_the_fewest_are(pair: list[ServerProcess]) -> None:
    async with CheckerClient(both(pair)) as client:
        await client.wait_until_ready()
        for one in STATEMENTS:
            assert (await client.check_proof(one, GOOD)).proved
    assert list(map(judged, pair)) == [2, 2]


async def test_a_killed_checker_costs_nothing(pair: list[ServerProcess]) -> None:
    async with CheckerClient(both(pair)) as client:
        await client.wait_until_ready()
        await asyncio.gather(*(client.check_proof(one, GOOD) for one in STATEMENTS))
        slow = Options(cpu_ms=3000)
        under_way = [asyncio.create_task(client.check_proof(one, LOOPING, options=slow)) for one in STATEMENTS[:2]]
        await asyncio.sleep(1)
        pair[0].process.send_signal(signal.SIGKILL)
        assert [one.verdict.value for one in await asyncio.gather(*under_way)] == ["TIMEOUT"] * 2
        results = await asyncio.gather(*(client.check_proof(one, GOOD) for one in STATEMENTS))
        assert all(one.proved for one in results)
        projects = await client.projects()
    assert projects == []


async def test_a_draining_checker_gets_nothing_new(pair: list[ServerProcess]) -> None:
    async with CheckerClient(both(pair)) as client:
        await client.wait_until_ready()
        await asyncio.gather(*(client.check_proof(one, GOOD) for one in STATEMENTS))
        first = judged(pair[1])
        slow = asyncio.create_task(client.check_proof(STATEMENTS[0], LOOPING, options=Options(cpu_ms=4000)))
        other = asyncio.create_task(client.check_proof(STATEMENTS[1], LOOPING, options=Options(cpu_ms=4000)))
        await asyncio.sleep(1)
        pair[0].terminate()
        wait_until("it drains", lambda: pair[0].events("draining"))
        results = await asyncio.gather(*(client.check_proof(one, GOOD) for one in STATEMENTS))
        assert all(one.proved for one in results)
        assert {(await slow).verdict.value, (await other).verdict.value} == {"TIMEOUT"}
        assert judged(pair[1]) - first >= len(STATEMENTS)
    assert pair[0].wait() == 0


async def test_all_addresses_of_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is asked again, and what is gone from it is left."""
    port = _free_port()
    known = ["127.0.0.1", "127.0.0.2"]
    servers = [start_server(listen=f"{one}:{port}", slots=1) for one in known]
    real = socket.getaddrinfo

    def answer(host: Any, service: Any, *given: Any, **named: Any) -> Any:
        if host != "coq-checker":
            return real(host, service, *given, **named)
        if not known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, int(service))) for one in known]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    monkeypatch.setattr(channels_module, "_RESOLVE_S", 0.0)
    try:
        async with CheckerClient(f"dns:///coq-checker:{port}") as client:
            await client.wait_until_ready()
            for one in STATEMENTS:
                assert (await client.check_proof(one, GOOD)).proved
            assert list(map(judged, servers)) == [2, 2]
            del known[0]
            await client.projects()
            await asyncio.sleep(0.2)
            for one in STATEMENTS:
                assert (await client.check_proof(one, GOOD)).proved
            assert list(map(judged, servers)) == [2, 6]
            known.clear()  # what was known goes on
            assert (await client.check_proof(STATEMENTS[0], GOOD)).proved
        async with CheckerClient(f"dns:///coq-checker:{port}") as client:
            with pytest.raises(UnreachableError, match="coq-checker has no address"):
                await client.check_proof(STATEMENTS[0], GOOD)
    finally:
        for server in servers:
            server.stop()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
