"""`palmetto health` and the images' health check, against real services and things that are none."""

import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from ..coq_checker.servers import PALMETTO


def ask(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(PALMETTO), "health", *words], capture_output=True, text=True, check=False)


def probe(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "palmetto.health", *words], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    """An HTTP server that is alive, and not ready."""

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/healthz" else 503)
            self.end_headers()
            self.wfile.write(b"the model is\nnot loaded")

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_grpc_service_that_serves(checker_address: str) -> None:
    done = ask(checker_address)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{checker_address} serves\n", "")
    assert probe(checker_address).returncode == 0
    assert probe(f"dns:///{checker_address}").returncode == 0


def test_http_is_asked_for_its_path(web: str) -> None:
    assert ask(web).returncode == 0
    assert ask(f"{web}/").returncode == 0
    done = ask(f"{web}/readyz")
    assert done.returncode == 1
    assert done.stderr == f"palmetto: {web}/readyz answers with status 503: the model is not loaded\n"
    assert probe(f"{web}/readyz").returncode == 1


def test_one_that_does_not_serve_is_named_and_all_are_asked(checker_address: str) -> None:
    done = ask("127.0.0.1:1", checker_address)
    assert done.returncode == 1 and done.stdout == f"{checker_address} serves\n"
    assert done.stderr == "palmetto: 127.0.0.1:1 does not answer (UNAVAILABLE).\n"


def test_waiting_ends_when_it_serves_or_when_the_time_is_over() -> None:
    late = ask("http://127.0.0.1:1", "--wait", "1.2")
    assert late.returncode == 1 and "Connection refused" in late.stderr


@pytest.mark.parametrize("given", ["nonsense", "ftp://host:1", "http://", "http://host:port", "host:"])
def test_what_is_no_address_is_one_sentence(given: str) -> None:
    for done in (ask(given), probe(given)):
        assert done.returncode == 2
        assert done.stderr.startswith(f"palmetto: {given!r} is no address of a service: give ")
        assert done.stderr.count("\n") == 1
