"""The built VS Code extension, and the provers that its tests ask."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ..coq_checker.servers import PALMETTO
from ..e2e.test_stack import up

EXTENSION = Path(__file__).resolve().parents[2] / "editors" / "vscode"
TESTS = EXTENSION / "build" / "test"
TOKEN = "a-token-for-tests-of-the-editor"
NODE = shutil.which("node")


def need_extension() -> None:
    """Skips where the extension is not built."""
    if NODE is None:
        pytest.skip("no node on PATH: install Node.js 20 or newer, then `make vscode`")
    if not (EXTENSION / "dist" / "extension.js").exists() or not TESTS.is_dir():
        pytest.skip("the VS Code extension is not built: `make vscode` builds it")


@contextmanager
def a_stack() -> Iterator[tuple[str, dict[str, str]]]:
    """A whole stack: the prover's address, and those of the services behind it."""
    with up() as (process, url, lines):
        addresses = dict(line.split() for line in "".join(lines).splitlines() if len(line.split()) == 2 and ":" in line)
        yield url, addresses
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


@contextmanager
def a_guarded_prover(addresses: dict[str, str], origins: str = "") -> Iterator[str]:
    """One more prover in front of the services of a stack, which wants a token.

    Args:
        addresses: of the services, by name.
        origins: sites whose pages may ask it.
    """
    environment = {**os.environ, "PALMETTO_PROVER_TOKEN": TOKEN, "PALMETTO_PROVER_ORIGINS": origins}
    argv = [str(PALMETTO), "serve", "prover", "--listen", "127.0.0.1:0", "--checker", addresses["coq-checker"]]
    argv += ["--retriever", addresses["retriever"], "--model", f"http://{addresses['model-server']}/v1"]
    process = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stderr is not None
    try:
        for line in process.stderr:
            said = json.loads(line)
            if said["event"] == "listening":
                yield str(said["address"])
                break
        else:
            pytest.fail("the prover ended at its start")
    finally:
        process.terminate()
        process.communicate(timeout=60)
