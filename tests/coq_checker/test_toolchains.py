"""Several toolchains in one server: what is checked with which, what answers say of it, and where one is not there."""

import asyncio
import os
import shutil
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from coq_checker.client import (
    CheckedTheorem,
    CheckerClient,
    CheckItem,
    EnvironmentFailedError,
    FreeStatement,
    InvalidRequestError,
    Options,
    ProofResult,
    Reason,
    SyncCheckerClient,
    TheoremRef,
    UnavailableError,
    Verdict,
)
from coq_checker.engine.plugin.build import build_plugin, plugin_path
from coq_checker.toolchain import Toolchain, ToolchainError, find_toolchain

from .servers import LOOPING, ServerProcess, start_server, wait_until

EIGHT, NINE = "coq-8.20", "rocq-9.2"
# Rocq 9 has this root, and Coq 8 has not.
OF_NINE = "From Stdlib Require Import Lia.\n"
EASY = "Theorem t : forall n, n + 0 = n."
PROOF = "intros; lia."
FILES = {
    "said": {"palmetto.toml": f'[palmetto]\ntoolchain = "{NINE}"\n', "A.v": "Lemma a : 1 = 1.\nProof. trivial. Qed.\n"},
    "told": {"A.v": f"{OF_NINE}Lemma a : forall n, n <= n + 1.\nProof. lia. Qed.\n"},
    "plain": {
        "B.v": "Definition one := 1.\n",
        "A.v": "Require Import B.\nLemma a : one = 1.\nProof. reflexivity. Qed.\n",
    },
    "odd": {"palmetto.toml": '[palmetto]\ntoolchain = "./mine"\n', "A.v": "Lemma a : 1 = 1.\nProof. trivial. Qed.\n"},
    "lacking": {"palmetto.toml": '[palmetto]\ntoolchain = "path"\n', "A.v": "Lemma a : 1 = 1.\nProof. trivial. Qed.\n"},
}


@pytest.fixture(scope="module", autouse=True)
def both_are_there() -> None:
    for name in (EIGHT, NINE):
        try:
            build_plugin(find_toolchain(name))
        except ToolchainError as error:
            pytest.skip(str(error))


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("projects")
    for name, files in FILES.items():
        (root / name).mkdir()
        (root / name / "_CoqProject").write_text('-Q . ""\n')
        for file, text in files.items():
            (root / name / file).write_text(text)
    return root


def without_coq(environment: dict[str, str]) -> dict[str, str]:
    """No Coq of this machine's own is to be found."""
    folders = [one for one in environment["PATH"].split(":") if not (Path(one) / "coqc").exists()]
    folders = [one for one in folders if not (Path(one) / "rocq").exists()]
    return {**environment, "PATH": ":".join(folders), "OPAM_SWITCH_PREFIX": "", "OPAMROOT": "/nowhere"}


@pytest.fixture(scope="module")
def server(projects: Path) -> Iterator[ServerProcess]:
    served = [f"{name}={projects / name}" for name in FILES]
    found = start_server(*served, toolchain=EIGHT, slots=2, environment=without_coq(dict(os.environ)))
    yield found
    assert found.stop() == 0
    assert found.events("internal fault") == [] and found.raw == []


@pytest.fixture
def client(server: ServerProcess) -> Iterator[SyncCheckerClient]:
    with SyncCheckerClient(server.address) as found:
        yield found


@pytest_asyncio.fixture
async def client_async(server: ServerProcess) -> AsyncIterator[CheckerClient]:
    async with CheckerClient(server.address) as found:
        yield found


def by(result: ProofResult) -> tuple[str, str]:
    return result.toolchain, result.coq_version


def named(toolchain: Toolchain) -> tuple[str, str]:
    return toolchain.name, toolchain.coq_version


class TestAsked:
    def test_for_a_statement(self, client: SyncCheckerClient, each_toolchain: Toolchain) -> None:
        target = FreeStatement(EASY, "Require Import Arith.\n", toolchain=each_toolchain.name)
        result = client.check_proof(target, "intros; ring.")
        assert result.verdict is Verdict.PROVED
        assert by(result) == named(each_toolchain)
        failed = client.check_proof(target, "exact I.")
        assert failed.verdict is Verdict.FAILED and by(failed) == named(each_toolchain)
        assert failed.environment_id == result.environment_id

    def test_for_a_theorem_and_a_file_of_a_project(self, client: SyncCheckerClient, each_toolchain: Toolchain) -> None:
        one = TheoremRef("plain", "a", "A.v", toolchain=each_toolchain.name)
        assert by(client.check_proof(one, "reflexivity.", options=Options(recheck=True))) == named(each_toolchain)
        (checked,) = client.check_file(project="plain", file="A.v", toolchain=each_toolchain.name)
        assert checked.result.proved and by(checked.result) == named(each_toolchain)
        (traced,) = client.trace_file(project="plain", file="A.v", toolchain=each_toolchain.name)
        assert (traced.toolchain, traced.coq_version) == named(each_toolchain)
        assert len(traced.steps) == 3

    def test_for_a_text(self, client: SyncCheckerClient, each_toolchain: Toolchain) -> None:
        text = f"{EASY}\nProof. intros; induction n; simpl; auto. Qed.\n"
        (checked,) = client.check_file(text=text, toolchain=each_toolchain.name)
        assert checked.result.proved and by(checked.result) == named(each_toolchain)
        (traced,) = client.trace_file(text=text, toolchain=each_toolchain.name)
        assert (traced.toolchain, traced.coq_version) == named(each_toolchain)

    def test_for_a_session(self, client: SyncCheckerClient, each_toolchain: Toolchain) -> None:
        targets = (
            FreeStatement(EASY, toolchain=each_toolchain.name),
            TheoremRef("plain", "a", toolchain=each_toolchain.name),
        )
        for target in targets:
            with client.session(target) as session:
                assert (session.start.toolchain, session.start.coq_version) == named(each_toolchain)
                printed = " ".join(session.query(session.start, "Print Nat.add."))
                assert "fix add" in printed
        with client.session(context=f"{EASY}\n", toolchain=each_toolchain.name) as session:
            after = session.run(session.start, "intros.")
            assert (after.toolchain, after.coq_version) == named(each_toolchain)

    def test_what_only_one_of_them_has(self, client: SyncCheckerClient) -> None:
        assert client.check_proof(FreeStatement(EASY, OF_NINE, toolchain=NINE), PROOF).proved
        with pytest.raises(EnvironmentFailedError, match=r"Stdlib.*the toolchain rocq-9\.2 has: run"):
            client.check_proof(FreeStatement(EASY, OF_NINE, toolchain=EIGHT), PROOF)

    async def test_both_in_one_stream(self, client_async: CheckerClient) -> None:
        contexts = {EIGHT: "From Coq Require Import Lia.\n", NINE: OF_NINE}
        items = [
            CheckItem(f"{number} {name}", FreeStatement(EASY, contexts[name], toolchain=name), proof)
            for number in range(6)
            for name in (EIGHT, NINE)
            for proof in ((PROOF if number % 2 else "exact I."),)
        ]
        items.append(CheckItem("0 none", FreeStatement(EASY, toolchain="coq-7.4"), PROOF))
        found = {name: result async for name, result in client_async.check_proofs(items)}
        refused = found.pop("0 none")
        assert refused.reason is Reason.INVALID_REQUEST and "coq-7.4" in refused.message
        assert len(found) == 12
        for name, result in found.items():
            number, toolchain = name.split()
            assert result.verdict is (Verdict.PROVED if int(number) % 2 else Verdict.FAILED)
            assert result.toolchain == toolchain

    @pytest.mark.parametrize("name", ["coq-7.4", "/usr", "./here", "..", "opam:../mine", "opam:none", "opam:--help"])
    def test_what_there_is_not(self, name: str, client: SyncCheckerClient) -> None:
        targets = (FreeStatement(EASY, toolchain=name), TheoremRef("plain", "a", toolchain=name))
        for target in targets:
            with pytest.raises(InvalidRequestError, match=f"has: {EIGHT}, {NINE}"):
                client.check_proof(target, "trivial.")
            with pytest.raises(InvalidRequestError, match="ListToolchains"):
                client.session(target)
        for call in (client.check_file, client.trace_file):
            with pytest.raises(InvalidRequestError, match="ListToolchains"):
                call(project="plain", file="A.v", toolchain=name)
            with pytest.raises(InvalidRequestError, match="ListToolchains"):
                call(text=f"{EASY}\nAdmitted.\n", toolchain=name)

    def test_the_default_by_its_other_name(self, client: SyncCheckerClient) -> None:
        assert client.check_proof(FreeStatement("Lemma t : 1 = 1.", toolchain="auto"), "trivial.").toolchain == EIGHT


class TestProjects:
    def test_which_and_why(self, client: SyncCheckerClient) -> None:
        found = {one.name: (one.toolchain, one.toolchain_why) for one in client.projects()}
        assert found["said"] == (NINE, "its palmetto.toml says so")
        assert found["told"] == (NINE, "its A.v requires Stdlib, which Rocq 9 has and Coq 8 has not")
        assert found["plain"] == (EIGHT, "nothing in it asks for another than the default")
        assert found["odd"][0] == "" and "names the folder './mine'" in found["odd"][1]

    @pytest.mark.parametrize(("project", "toolchain"), [("said", NINE), ("told", NINE), ("plain", EIGHT)])
    def test_they_are_checked_with_it(self, project: str, toolchain: str, client: SyncCheckerClient) -> None:
        (checked,) = client.check_file(project=project, file="A.v")
        assert checked.result.proved and checked.result.toolchain == toolchain
        proof = "auto." if project != "told" else "lia."
        assert client.check_proof(TheoremRef(project, "a"), proof).toolchain == toolchain
        text = FILES[project]["A.v"]
        (checked,) = client.check_file(text=text, project=project, file="A.v")
        assert checked.result.proved and checked.result.toolchain == toolchain

    def test_one_that_names_a_folder(self, client: SyncCheckerClient) -> None:
        with pytest.raises(EnvironmentFailedError, match="names the folder"):
            client.check_proof(TheoremRef("odd", "a"), "trivial.")
        assert client.check_proof(TheoremRef("odd", "a", toolchain=NINE), "trivial.").proved

    def test_one_whose_toolchain_is_not_here(self, client: SyncCheckerClient) -> None:
        with pytest.raises(EnvironmentFailedError, match=r"needs the toolchain path, since its palmetto\.toml says so"):
            client.check_proof(TheoremRef("lacking", "a"), "trivial.")

    def test_one_that_says_something_else(self, client: SyncCheckerClient, projects: Path) -> None:
        setting = projects / "said" / "palmetto.toml"
        setting.write_text(f'[palmetto]\ntoolchain = "{EIGHT}"\n')
        try:
            assert client.check_proof(TheoremRef("said", "a"), "trivial.").toolchain == EIGHT
        finally:
            setting.write_text(FILES["said"]["palmetto.toml"])
            os.utime(setting, ns=(1, 1))
        assert client.check_proof(TheoremRef("said", "a"), "trivial.").toolchain == NINE


def test_the_list(client: SyncCheckerClient) -> None:
    found = {one.name: one for one in client.toolchains()}
    for name in (EIGHT, NINE):
        toolchain = find_toolchain(name)
        assert found[name].coq_version == toolchain.coq_version and found[name].engines == toolchain.engines
        assert found[name].state == "ready" and found[name].problem == ""
    assert [name for name, one in found.items() if one.is_default] == [EIGHT]


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
    server = start_server(slots=1, toolchain=EIGHT, environment={**os.environ, "PALMETTO_ENGINE": "serapi"})
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
    def server(self, cache: Cache, projects: Path) -> Iterator[ServerProcess]:
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
