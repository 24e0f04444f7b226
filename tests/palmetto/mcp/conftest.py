"""One stack for all tests of the MCP server, with an index of `examples`."""

import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ...coq_checker.servers import EXAMPLES, PALMETTO
from .hosts import Host, HttpServer, StackAddresses, hosted, stdio


@pytest.fixture(scope="session")
def stack() -> Iterator[StackAddresses]:
    """A running stack (the index takes minutes the first time, then nothing)."""
    done = subprocess.run(
        [PALMETTO, "index", f"examples={EXAMPLES}"], capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stderr
    argv = [str(PALMETTO), "up", "--port", "0", "--project", f"examples={EXAMPLES}"]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        found: dict[str, str] = {}
        for line in process.stderr:
            if known := re.match(r"([a-z-]+) +(\S+:\d+)$", line.strip()):
                found[known[1]] = known[2]
            if line.startswith("ready:"):
                break
        assert {"coq-checker", "retriever", "prover"} <= found.keys(), found
        try:
            yield StackAddresses(f"http://{found['prover']}", found["coq-checker"], found["retriever"])
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0


@pytest.fixture(scope="session")
def over_stdio(stack: StackAddresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    log = tmp_path_factory.mktemp("mcp") / "stderr"
    with hosted(stdio(log, *stack.arguments)) as host:
        yield host
    assert Path(log).read_text() == ""


@pytest.fixture(scope="session")
def http_server(stack: StackAddresses) -> Iterator[HttpServer]:
    server = HttpServer(*stack.arguments)
    yield server
    assert server.stop() == 0, server.lines
    assert len(server.lines) == 1, server.lines


@pytest.fixture(scope="session")
def over_http(http_server: HttpServer) -> Iterator[Host]:
    with hosted(http_server.url) as host:
        yield host


@pytest.fixture(params=["stdio", "http"])
def host(request: pytest.FixtureRequest) -> Host:
    """A client over each transport."""
    found: Host = request.getfixturevalue(f"over_{request.param}")
    return found
