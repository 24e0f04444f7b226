"""A plugin of a project that misbehaves costs its candidate and nobody else anything; nothing wrong is PROVED by it."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from coq_checker.client import FreeStatement, Options, SyncCheckerClient, UnavailableError
from coq_checker.toolchain import Toolchain

from .servers import start_server

SOURCE = Path(__file__).parent / "unruly" / "unruly.mlg"
META = 'package "plugin" (directory = "." requires = "LIBRARY.plugins.ltac" plugin(native) = "unruly_plugin.cmxs")\n'
COMPILE = """set -e
if command -v coqpp >/dev/null; then coqpp unruly.mlg; else rocq pp-mlg unruly.mlg; fi
ocamlfind ocamlopt -w -a -rectypes -package LIBRARY.plugins.ltac -shared -o unruly_plugin.cmxs unruly.ml
"""
CONTEXT = 'Declare ML Module "unruly.plugin".\n'
LIMITS = Options(cpu_ms=1_000, wall_ms=5_000)


@dataclass
class Unruly:
    """A service with the plugin's project."""

    client: SyncCheckerClient
    toolchain: str
    engine: str

    def check(self, body: str, statement: str = "Lemma t : True.") -> str:
        """The verdict, its reason and what is said about it, in one line."""
        stated = FreeStatement(statement, CONTEXT, project="unruly", toolchain=self.toolchain)
        try:
            result = self.client.check_proof(stated, body, options=LIMITS)
        except UnavailableError as error:
            return f"UNAVAILABLE {error}"
        return f"{result.verdict.name} {result.reason.name} {result.message}"


@pytest.fixture(scope="module", params=["native", "serapi"])
def unruly(
    request: pytest.FixtureRequest, each_toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Unruly]:
    """Each engine that each toolchain can run, with the plugin compiled for its Coq."""
    toolchain, engine = each_toolchain, str(request.param)
    if engine == "serapi" and not toolchain.sertop_version:
        pytest.skip(f"there is no sertop for {toolchain.coq_version}")
    project = tmp_path_factory.mktemp("project")
    (project / "_CoqProject").write_text("-Q . Unruly\n-I plugins\n")
    folder = project / "plugins" / "unruly"
    folder.mkdir(parents=True)
    package = toolchain.findlib_package
    (folder / "META").write_text(META.replace("LIBRARY", package))
    (folder / "unruly.mlg").write_bytes(SOURCE.read_bytes())
    script = COMPILE.replace("LIBRARY", package)
    argv = toolchain.command("sh", "-c", script, writable=[folder], working_directory=folder)
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    server = start_server(
        f"unruly={project}",
        slots=1,
        toolchain=toolchain.name,
        stall_s=1,
        soundness="report",
        environment=os.environ | {"PALMETTO_ENGINE": engine},
    )
    try:
        with SyncCheckerClient(server.address) as client:
            yield Unruly(client, toolchain.name, engine)
        assert server.events("internal fault") == []
    finally:
        assert server.stop() == 0


WRONG = "Lemma t : False."
PROVED = "PROVED NONE "
CRASHED = "FAILED CRASHED this text ends Coq's process, each time that it is tried"
# What comes of a tactic in the proof of something true; the beginning of the answer.
ANSWERS: dict[str, str | tuple[str, ...]] = {
    "print_much": PROVED,
    "fork_away": PROVED,
    "go_away": PROVED,
    "no_signals": PROVED,
    "exit_0": CRASHED,
    "exit_3": CRASHED,
    "close_all": CRASHED,
    "raise_own": 'FAILED TACTIC Anomaly "Uncaught exception Unruly.Of_its_own."',
    "raise_exit": "FAILED TACTIC",
    "raise_end": "FAILED TACTIC",
    "raise_memory": "OUT_OF_MEMORY MEMORY_LIMIT",
    "raise_break": "FAILED TACTIC",
    "raise_failure": 'FAILED TACTIC Anomaly "Uncaught exception Failure',
    "overflow": ("FAILED TACTIC Stack overflow", "TIMEOUT CPU_LIMIT"),  # whatever comes first
    "forever": "TIMEOUT CPU_LIMIT",
}
# sertop's forks have no standard output, and read their fifos by other descriptors than the plugin's process sees.
WITH_SERAPI = {"print_much": "FAILED TACTIC System error", "close_all": PROVED}


@pytest.mark.parametrize("tactic", ANSWERS)
def test_what_comes_of_it(tactic: str, unruly: Unruly) -> None:
    expected = ANSWERS | (WITH_SERAPI if unruly.engine == "serapi" else {})
    assert unruly.check(f"{tactic}. exact I.").startswith(expected[tactic])
    # Nobody else has anything of it, and the same process does not serve the next one wrongly.
    assert unruly.check(f"try {tactic}. exact I.", WRONG).split()[0] != "PROVED"
    assert unruly.check("exact I.") == PROVED
    assert unruly.check("exact I.", WRONG).startswith("FAILED TACTIC The term")


@pytest.mark.parametrize("tactic", ["write_all", "fork_here"])
def test_what_may_come_of_it_in_several_ways(tactic: str, unruly: Unruly) -> None:
    """Two processes on one socket, or an answer of its own: whatever comes, nothing wrong is proved."""
    for _ in range(3):
        unruly.check(f"{tactic}. exact I.")
        assert not unruly.check(f"{tactic}. exact I.", WRONG).startswith("PROVED")
        assert not unruly.check("exact I.", WRONG).startswith("PROVED")
    assert unruly.check("exact I.") == PROVED


@pytest.mark.parametrize("tactic", ["forever", "overflow"])
def test_within_a_time_limit_of_its_own(tactic: str, unruly: Unruly) -> None:
    assert not unruly.check(f"try (timeout 1 {tactic}). exact I.", WRONG).startswith("PROVED")
    assert unruly.check("exact I.") == PROVED


def test_it_stops_itself(unruly: Unruly) -> None:
    """It is taken for one that hangs, each time that it is tried."""
    if (unruly.engine, unruly.toolchain) != ("native", "coq-8.20"):
        pytest.skip("once is enough: the waiting is the server's")
    assert unruly.check("stop_here. exact I.").startswith("UNAVAILABLE the Coq process was lost")
    assert unruly.check("exact I.") == PROVED
