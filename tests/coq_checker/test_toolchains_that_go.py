"""Toolchains that are not built, cannot run, vanish, are replaced or damaged, under a server that runs."""

import asyncio
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from coq_checker.client import (
    CheckedTheorem,
    CheckerClient,
    CheckItem,
    EnvironmentFailedError,
    FreeStatement,
    Options,
    ProofResult,
    Reason,
    SyncCheckerClient,
    UnavailableError,
    Verdict,
)
from coq_checker.engine.plugin.build import plugin_path
from coq_checker.toolchain import find_toolchain

from .servers import LOOPING, ServerProcess, start_server, wait_until
from .test_toolchains import EASY, EIGHT, NINE, OF_NINE, PROOF, both_are_there, projects, without_coq  # noqa: F401


class Cache:
    """A cache folder with roots of its own that can be taken away; its plugins are those that are compiled already."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "toolchains").mkdir(parents=True)
        made = plugin_path(find_toolchain(EIGHT))
        assert made is not None
        (folder / "plugins").symlink_to(made.parent)

    def root(self, name: str) -> Path:
        root = find_toolchain(name).root
        assert root is not None
        return self.folder / "toolchains" / root.name

    def have(self, name: str) -> None:
        """Puts a toolchain there, its files hard links where they can be."""
        source, target = find_toolchain(name).root, self.root(name)
        linked = subprocess.run(["cp", "-al", str(source), str(target)], check=False, capture_output=True)
        if linked.returncode != 0:
            shutil.rmtree(target, ignore_errors=True)
            subprocess.run(["cp", "-a", str(source), str(target)], check=True)

    def own_plugins(self) -> Path:
        """The folder of its plugins, now copies that may be damaged."""
        plugins = self.folder / "plugins"
        plugins.unlink()
        for name in (EIGHT, NINE):
            made = plugin_path(find_toolchain(name))
            assert made is not None
            shutil.copytree(made, plugins / made.name)
        return plugins

    @property
    def environment(self) -> dict[str, str]:
        return without_coq({**os.environ, "PALMETTO_CACHE": str(self.folder)})


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def test_one_that_has_not_been_built(cache: Cache) -> None:
    cache.have(EIGHT)
    server = start_server(slots=1, toolchain=EIGHT, environment=cache.environment)
    try:
        with SyncCheckerClient(server.address) as client:
            (one,) = (one for one in client.toolchains() if one.name == NINE)
            assert one.state == "not built" and not one.is_default
            target = FreeStatement(EASY, toolchain=NINE)
            with pytest.raises(EnvironmentFailedError, match=f"palmetto toolchain ensure {NINE}"):
                client.check_proof(target, "trivial.")
            (answer,) = client.check_proofs([CheckItem("it", target, "trivial.")])
            assert answer[1].verdict is Verdict.ERROR and answer[1].reason is Reason.ENVIRONMENT
            # It is found once it has been built.
            cache.have(NINE)
            assert client.check_proof(target, "induction n; simpl; auto.").toolchain == NINE
    finally:
        assert server.stop() == 0
    assert server.events("internal fault") == [] and server.raw == []


def test_one_that_the_engine_cannot_run() -> None:
    serapi = {**os.environ, "PALMETTO_ENGINE": "serapi"}
    server = start_server(slots=1, toolchain=EIGHT, soundness="report", environment=serapi)
    try:
        with SyncCheckerClient(server.address) as client:
            assert client.check_proof(FreeStatement(EASY), "induction n; auto.").toolchain == EIGHT
            for _ in range(2):
                with pytest.raises(EnvironmentFailedError, match=f"{NINE} has no sertop: .* unset PALMETTO_ENGINE"):
                    client.check_proof(FreeStatement(EASY, toolchain=NINE), "induction n; auto.")
    finally:
        assert server.stop() == 0
    assert server.events("internal fault") == [] and server.raw == []


def test_one_whose_compiler_is_gone(cache: Cache) -> None:
    for name in (EIGHT, NINE):
        cache.have(name)
    for program in ("ocamlfind", "ocamlopt", "ocamlopt.opt"):
        (cache.root(NINE) / "usr" / "bin" / program).unlink(missing_ok=True)
    (cache.folder / "plugins").unlink()
    server = start_server(slots=1, toolchain=EIGHT, environment=cache.environment)
    try:
        with SyncCheckerClient(server.address) as client:
            (one,) = (one for one in client.toolchains() if one.name == NINE)
            assert one.state == "unusable" and "ocamlfind" in one.problem
            with pytest.raises(EnvironmentFailedError, match="no OCaml compiler"):
                client.check_proof(FreeStatement(EASY, toolchain=NINE), "induction n; auto.")
            assert client.check_proof(FreeStatement(EASY), "induction n; auto.").proved
    finally:
        assert server.stop() == 0
    assert server.events("internal fault") == [] and server.raw == []


class TestGone:
    @pytest.fixture
    def server(self, cache: Cache, projects: Path) -> Iterator[ServerProcess]:  # noqa: F811
        for name in (EIGHT, NINE):
            cache.have(name)
        served = f"plain={projects / 'plain'}"
        found = start_server(served, slots=2, toolchain=EIGHT, environment=cache.environment)
        yield found
        assert found.stop() == 0
        assert found.events("internal fault") == [] and found.raw == []

    def test_while_nothing_runs_in_it(self, server: ServerProcess, cache: Cache) -> None:
        proof = "induction n; simpl; auto."
        with SyncCheckerClient(server.address) as client:
            targets = {name: FreeStatement(EASY, toolchain=name) for name in (EIGHT, NINE)}
            assert all(client.check_proof(target, proof).proved for target in targets.values())
            assert client.check_file(project="plain", file="A.v", toolchain=NINE)[0].result.proved
            shutil.rmtree(cache.root(NINE))
            for tried in (proof, "exact I."):
                with pytest.raises(EnvironmentFailedError, match=f"palmetto toolchain ensure {NINE}"):
                    client.check_proof(targets[NINE], tried)
            with pytest.raises(EnvironmentFailedError, match="toolchain ensure"):
                client.check_file(project="plain", file="A.v", toolchain=NINE)
            with pytest.raises(EnvironmentFailedError, match="toolchain ensure"):
                client.session(targets[NINE])
            (one,) = (one for one in client.toolchains() if one.name == NINE)
            assert one.state == "not built"
            # The other one goes on, and this one does when it is there again.
            assert client.check_proof(targets[EIGHT], proof).proved
            cache.have(NINE)
            assert client.check_proof(targets[NINE], proof).proved
            assert client.check_proof(targets[NINE], "exact I.").verdict is Verdict.FAILED

    def test_replaced_while_nobody_looks(self, server: ServerProcess, cache: Cache) -> None:
        before, after = "", OF_NINE
        with SyncCheckerClient(server.address) as client:
            proof = "induction n; simpl; auto."
            assert client.check_proof(FreeStatement(EASY, before, toolchain=NINE), proof).proved
            shutil.rmtree(cache.root(NINE))
            cache.have(NINE)
            # A process that was there before would not find the library.
            assert client.check_proof(FreeStatement(EASY, before + after, toolchain=NINE), PROOF).proved
            assert client.check_proof(FreeStatement(EASY, before, toolchain=NINE), "exact I.").verdict is Verdict.FAILED

    def test_its_engine_is_damaged(self, server: ServerProcess, cache: Cache) -> None:
        plugins = cache.own_plugins()
        with SyncCheckerClient(server.address) as client:
            assert client.check_proof(FreeStatement(EASY, toolchain=NINE), "induction n; simpl; auto.").proved
            damaged = list(plugins.rglob("*.cmxs"))
            assert len(damaged) == 2
            for machine_code in damaged:
                machine_code.write_bytes(b"")
            # Another text needs a process of its own, and that another engine: it is compiled anew.
            assert client.check_proof(FreeStatement(EASY, OF_NINE, toolchain=NINE), PROOF).proved
            assert any(machine_code.stat().st_size for machine_code in damaged)

    def test_the_default(self, server: ServerProcess, cache: Cache) -> None:
        with SyncCheckerClient(server.address) as client:
            assert client.check_proof(FreeStatement(EASY), "induction n; auto.").proved
            shutil.rmtree(cache.root(EIGHT))
            with pytest.raises(EnvironmentFailedError, match=f"palmetto toolchain ensure {EIGHT}"):
                client.check_proof(FreeStatement(EASY), "exact I.")
            assert client.check_proof(FreeStatement(EASY, toolchain=NINE), "induction n; auto.").proved

    def test_while_a_candidate_runs_in_it(self, server: ServerProcess, cache: Cache) -> None:
        target = FreeStatement("Lemma t : 1 = 2.", toolchain=NINE)
        options = Options(cpu_ms=6000)
        answers: list[tuple[str, ProofResult]] = []
        with SyncCheckerClient(server.address) as client:

            def ask() -> None:
                answers.extend(client.check_proofs([CheckItem("it", target, LOOPING, options=options)]))

            assert client.check_proof(target, "exact I.").verdict is Verdict.FAILED
            asking = threading.Thread(target=ask)
            asking.start()
            wait_until("it runs", lambda: any(one.cpu_times().user > 1 for one in server.coqs()))
            shutil.rmtree(cache.root(NINE))
            asking.join(120)
        ((_, answer),) = answers
        assert answer.verdict is Verdict.ERROR and answer.reason is Reason.UNAVAILABLE
        assert f"the toolchain {NINE} was removed or replaced" in answer.message

    async def test_in_the_midst_of_a_file(self, server: ServerProcess, cache: Cache) -> None:
        text = f"Lemma first : 1 = 1.\nProof. trivial. Qed.\nLemma second : 1 = 2.\n{LOOPING}\n"
        found: list[CheckedTheorem] = []
        async with CheckerClient(server.address) as client:
            with pytest.raises(UnavailableError, match=f"the toolchain {NINE} was removed or replaced"):
                async for one in client.check_file(text=text, toolchain=NINE, options=Options(cpu_ms=6000)):
                    found.append(one)
                    await asyncio.to_thread(shutil.rmtree, cache.root(NINE))
        assert [one.result.verdict for one in found] == [Verdict.PROVED]
