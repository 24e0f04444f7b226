"""How calls and servers end: cancelled, killed, told to, with their client, without a service; and bad messages."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from ...coq_checker.servers import EXAMPLES, PALMETTO, start_server
from .hosts import (
    HARD,
    HttpServer,
    StackAddresses,
    connected,
    environment,
    hosted,
    servers_of,
    stdio,
    text_of,
    wait_for,
)

OWN = ("--project", f"examples={EXAMPLES}")


@pytest.mark.parametrize("way", ["stdio", "stdio, by initialize", "http", "http, by initialize"])
async def test_a_cancelled_call_stops_its_work(
    way: str, stack: StackAddresses, http_server: HttpServer, tmp_path: Path
) -> None:
    server: Any = http_server.url if way.startswith("http") else stdio(tmp_path / "log", *stack.arguments)
    told: list[str] = []

    async def tell(progress: float, total: float | None, message: str | None) -> None:
        told.append(message or "")

    async with connected(server, "legacy" if "initialize" in way else "auto") as client:
        arguments = {"statement": HARD, "budget_cpu_s": 300}
        call = asyncio.create_task(client.call_tool("prove", arguments, progress_callback=tell))
        assert await asyncio.to_thread(wait_for, lambda: stack.attempts() == 1)
        assert await asyncio.to_thread(wait_for, lambda: bool(told))
        call.cancel()
        assert await asyncio.to_thread(wait_for, lambda: stack.attempts() == 0)
        with pytest.raises(asyncio.CancelledError):
            await call
        done = await client.call_tool("list_projects", {})
        assert not done.is_error


class TestOwnStack:
    """Without addresses the server has a stack of its own."""

    def test_it_starts_when_it_is_needed_and_a_part_that_dies_is_started_anew(self, tmp_path: Path) -> None:
        log = tmp_path / "log"
        before = set(servers_of(psutil.Process()))
        with hosted(stdio(log, *OWN)) as host:
            (server,) = set(servers_of(psutil.Process())) - before
            assert len(host.tools()) == 8
            assert server.children() == []
            told: list[str] = []

            async def first() -> Any:
                async def tell(progress: float, total: float | None, message: str | None) -> None:
                    told.append(message or "")

                return await host.client.call_tool("list_projects", {}, progress_callback=tell)

            done = host._portal.call(first)
            assert not done.is_error, text_of(done)
            assert "starting Coq and the services" in told
            services = server.children()
            assert len(services) == 4

            checker = next(one for one in services if "coq-checker" in one.cmdline())
            checker.kill()
            assert wait_for(lambda: "the service coq-checker is up again" in log.read_text())
            proof = {"statement": "Lemma a : 1 = 1.", "proof": "reflexivity."}
            assert host.ok("check_proof", **proof)["verdict"] == "PROVED"
            assert "the service coq-checker was killed by signal 9 (KILL)" in log.read_text()
            assert sum(one.is_running() for one in services) == 3

            # One that dies too often ends all of them, and the next call starts all anew.
            def killed_again() -> bool:
                for one in server.children():
                    if "coq-checker" in one.cmdline():
                        one.kill()
                return "the next call starts all services anew" in log.read_text()

            assert wait_for(killed_again)
            assert host.ok("check_proof", **proof)["verdict"] == "PROVED"
            family = [server, *server.children(recursive=True)]
            assert len(family) > 4
        _, alive = psutil.wait_procs(family, timeout=30)
        assert alive == []
        assert "Traceback" not in log.read_text()

    def test_a_killed_client_leaves_nothing(self, tmp_path: Path) -> None:
        program = f"""
import asyncio, os
from mcp import Client, StdioServerParameters
async def main():
    server = StdioServerParameters(command={str(PALMETTO)!r}, args=["mcp", *{OWN!r}], env=dict(os.environ))
    async with Client(server) as client:
        await client.call_tool("list_projects", {{}})
        print("up", flush=True)
        await client.call_tool("prove", {{"statement": {HARD!r}, "budget_cpu_s": 300}})
asyncio.run(main())
"""
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as client:
            assert client.stdout is not None and client.stdout.readline() == "up\n"
            family = psutil.Process(client.pid).children(recursive=True)
            assert len(family) > 4
            client.kill()
            client.wait()
        _, alive = psutil.wait_procs(family, timeout=60)
        assert alive == []

    def test_one_that_is_told_to_end_while_it_starts_takes_its_services_with_it(self) -> None:
        with raw(*OWN) as server:
            server.request("tools/call", name="list_projects", arguments={})
            process = psutil.Process(server.process.pid)
            assert wait_for(lambda: len(process.children()) >= 2)
            family = process.children(recursive=True)
            # Its input stays open, and no line comes.
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(60) == 0
            _, alive = psutil.wait_procs(family, timeout=60)
        assert alive == []

    def test_one_that_cannot_start_says_so_each_time(self, tmp_path: Path) -> None:
        log = tmp_path / "log"
        with hosted(stdio(log, "--model", "nothing")) as host:
            for _ in range(2):
                assert "'nothing'" in host.error("prove", statement="Lemma a : True.")


class TestServices:
    def test_a_checker_that_is_killed_in_between(self, tmp_path: Path) -> None:
        log = tmp_path / "log"
        proof = {"statement": "Lemma a : 1 = 1.", "proof": "reflexivity."}
        first = start_server()
        address = first.address
        with hosted(stdio(log, "--checker", address)) as host:
            named = ["list_projects", "list_theorems", "list_toolchains", "check_proof", "run_tactics", "search"]
            assert list(host.tools()) == named
            assert host.ok("check_proof", **proof)["verdict"] == "PROVED"
            first.process.kill()
            first.process.wait()
            assert "checker cannot be reached" in host.error("check_proof", **proof)
            second = start_server(listen=address)
            try:
                assert wait_for(lambda: not host.call("check_proof", **proof).is_error)
                assert host.ok("check_proof", **proof)["verdict"] == "PROVED"
            finally:
                second.stop()
        assert "Traceback" not in log.read_text()

    def test_only_what_there_is_is_offered(self, stack: StackAddresses, tmp_path: Path) -> None:
        with hosted(stdio(tmp_path / "log", "--server", stack.prover)) as host:
            assert list(host.tools()) == ["prove", "fill"]

    def test_a_call_that_takes_too_long_is_given_up(self, stack: StackAddresses, tmp_path: Path) -> None:
        with hosted(stdio(tmp_path / "log", *stack.arguments, PALMETTO_MCP_FILL_S="2")) as host:
            said = host.error("fill", text=f"{HARD}\nAdmitted.\n", budget_cpu_s=300)
            assert "given up after 2 s" in said
            assert wait_for(lambda: stack.attempts() == 0)


class TestCommand:
    @pytest.mark.parametrize(
        ("arguments", "word"),
        [
            (("--project", "nothing-of-that-name"), "nothing-of-that-name"),
            (("--checker", "127.0.0.1:1", "--project", "examples"), "--project"),
            (("--http", "0.0.0.0:0"), "PALMETTO_MCP_TOKEN"),
        ],
    )
    def test_bad_input(self, arguments: tuple[str, ...], word: str) -> None:
        argv = [str(PALMETTO), "mcp", *arguments]
        done = subprocess.run(
            argv, env=environment(), capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False
        )
        assert done.returncode == 2 and done.stdout == ""
        assert done.stderr.startswith("palmetto: ") and done.stderr.count("\n") == 1 and word in done.stderr

    def test_the_end_of_input_ends_it(self) -> None:
        argv = [str(PALMETTO), "mcp"]
        done = subprocess.run(
            argv, env=environment(), capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


class Raw:
    """A server that is spoken to by hand, for what no client says."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self._next = 0
        self.request(
            "initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo={"name": "t", "version": "1"}
        )
        assert self.answer()["result"]["serverInfo"]["name"] == "palmetto"
        self.say(json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}).encode())

    def say(self, line: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def request(self, method: str, **parameters: Any) -> int:
        self._next += 1
        self.say(json.dumps({"jsonrpc": "2.0", "id": self._next, "method": method, "params": parameters}).encode())
        return self._next

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        return found

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = self.request(method, **parameters)
        found = self.answer()
        assert found["id"] == number
        return found


@contextmanager
def raw(*arguments: str) -> Iterator[Raw]:
    with subprocess.Popen(
        [str(PALMETTO), "mcp", *arguments],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield Raw(process)
        finally:
            if process.poll() is None:
                process.kill()


class TestBadMessages:
    def test_what_is_no_message_is_answered_and_the_server_goes_on(self) -> None:
        call = '{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"nope","arguments":{"a":"%s"}}}'
        with raw("--checker", "127.0.0.1:1") as server:
            for line, code, name in (
                (b"nonsense", -32700, None),
                (b'{"jsonrpc":"2.0","id":6}', -32600, 6),
                (b'{"jsonrpc":"2.0","id":{"a":1},"method":"ping"}', -32600, None),
                (b"[" * 100_000, -32700, None),
                (b"[1, 2]", -32600, None),
                (b'{"id": 7}', -32600, 7),
                (b"\xff\xfe", -32700, None),
                ((call % (8, "\\ud800")).encode(), -32600, 8),
                ((call % (9, "x" * (17 << 20))).encode(), -32600, 9),
            ):
                server.say(line)
                answer = server.answer()
                assert (answer["error"]["code"], answer["id"]) == (code, name), line[:50]
                assert answer["error"]["message"].endswith(".")
            server.say(b"")
            assert len(server.ask("tools/list")["result"]["tools"]) == 5
            assert "no tool" in server.ask("tools/call", name="nope", arguments={})["result"]["content"][0]["text"]

    def test_a_client_that_does_not_read_does_not_hold_it(self) -> None:
        with raw("--checker", "127.0.0.1:1") as server:
            for _ in range(20):
                server.request("tools/list")  # more than a pipe holds
            time.sleep(0.5)
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(30) == 0

    def test_nothing_but_messages_is_on_standard_output(self, stack: StackAddresses) -> None:
        with raw(*stack.arguments) as server:
            assert server.ask("tools/call", name="list_projects", arguments={})["result"]["isError"] is False
            os.kill(server.process.pid, signal.SIGTERM)
            assert server.process.wait(30) == 0
            assert server.process.stdout is not None and server.process.stdout.read() == b""
