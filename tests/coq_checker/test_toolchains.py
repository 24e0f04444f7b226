"""Several toolchains in one server: what is checked with which, what answers say of it, and where one is not there."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from coq_checker.client import (
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
    Verdict,
)
from coq_checker.engine.plugin.build import build_plugin
from coq_checker.toolchain import Toolchain, ToolchainError, find_toolchain

from .servers import ServerProcess, start_server

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
        with pytest.raises(EnvironmentFailedError, match=r"Stdlib.*the toolchain rocq-9\.2 has: require it from `Coq`"):
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
