"""A second opinion: what is proved is compiled in another toolchain too, and what that says changes no verdict."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from coq_checker.client import (
    CheckerClient,
    CheckItem,
    FreeStatement,
    InvalidRequestError,
    Options,
    Reason,
    SecondOpinion,
    SyncCheckerClient,
    TheoremRef,
    Verdict,
)
from coq_checker.engine.plugin.build import build_plugin
from coq_checker.environment import Environment, EnvironmentUnavailableError
from coq_checker.opinion import Elsewhere, opinion
from coq_checker.toolchain import ToolchainError, find_toolchain
from coq_checker.toolchains import UnknownToolchainError

from .machines import Alone, alone
from .servers import ServerProcess, start_server
from .test_toolchains import EIGHT, NINE, without_coq

__all__ = ["alone"]

FILES = {
    "plain": {
        "B.v": "Definition one := 1.\n",
        "A.v": "Require Import B.\nLemma wrong : one = 2.\nProof. reflexivity. Qed.\nLemma a : one = 1.\n"
        "Proof. reflexivity. Qed.\nLemma b : 2 = 2.\nProof. trivial. Qed.\n",
    },
    # What it requires builds with Rocq 9 alone.
    "nine": {
        "B.v": "From Stdlib Require Import Lia.\nLemma b : forall n, n <= n + 1.\nProof. lia. Qed.\n",
        "A.v": "Require Import B.\nLemma a : 0 <= 0 + 1.\nProof. apply b. Qed.\n",
    },
}
PLUS = "Theorem t : forall n, n + 0 = n."
OTHER = {EIGHT: NINE, NINE: EIGHT}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    for name in OTHER:
        try:
            build_plugin(find_toolchain(name))
        except ToolchainError as error:
            pytest.skip(str(error))
    root = tmp_path_factory.mktemp("projects")
    for name, files in FILES.items():
        (root / name).mkdir()
        (root / name / "_CoqProject").write_text('-Q . ""\n')
        for file, text in files.items():
            (root / name / file).write_text(text)
    served = [f"{name}={root / name}" for name in FILES]
    found = start_server(*served, toolchain=EIGHT, slots=2, environment=without_coq(dict(os.environ)))
    yield found
    assert found.stop() == 0
    assert found.events("internal fault") == [] and found.raw == []


@pytest.fixture
def client(server: ServerProcess) -> Iterator[SyncCheckerClient]:
    with SyncCheckerClient(server.address) as found:
        yield found


def agrees(toolchain: str) -> SecondOpinion:
    return SecondOpinion(toolchain, find_toolchain(toolchain).coq_version, accepted=True)


def refuses(opinion: SecondOpinion | None, toolchain: str) -> str:
    """Its message, of a toolchain that has compiled it and does not accept it."""
    assert opinion is not None and not opinion.accepted
    assert (opinion.toolchain, opinion.coq_version) == (toolchain, find_toolchain(toolchain).coq_version)
    return opinion.message


@pytest.mark.parametrize("toolchain", [EIGHT, NINE])
class TestEitherWay:
    def test_a_body(self, toolchain: str, client: SyncCheckerClient) -> None:
        target = FreeStatement(PLUS, toolchain=toolchain)
        options = Options(second_opinion=OTHER[toolchain])
        result = client.check_proof(target, "induction n; simpl; auto.", options=options)
        assert (result.verdict, result.toolchain) == (Verdict.PROVED, toolchain)
        assert result.second_opinion == agrees(OTHER[toolchain])

    def test_a_script(self, toolchain: str, client: SyncCheckerClient) -> None:
        target = FreeStatement(PLUS, toolchain=toolchain)
        options = Options(second_opinion=OTHER[toolchain], recheck=True)
        script = f"Lemma mine n : n + 0 = n. Proof. induction n; simpl; auto. Qed. {PLUS} Proof. exact mine. Qed."
        result = client.check_proof(target, script=script, options=options)
        assert result.proved and result.second_opinion == agrees(OTHER[toolchain])

    def test_a_library_by_a_name_that_one_of_them_has(self, toolchain: str, client: SyncCheckerClient) -> None:
        """Rocq 9 takes `Coq` for its own library; Coq 8 knows no `Stdlib`."""
        options = Options(second_opinion=OTHER[toolchain])
        both = FreeStatement(PLUS, "From Coq Require Import Lia.\n", toolchain=toolchain)
        result = client.check_proof(both, "lia.", options=options)
        assert result.proved and result.second_opinion == agrees(OTHER[toolchain])

    def test_nobody_is_blamed_for_another_ones_proof_in_a_file_of_a_project(
        self, toolchain: str, client: SyncCheckerClient
    ) -> None:
        options = Options(second_opinion=OTHER[toolchain])
        found = client.check_file(project="plain", file="A.v", toolchain=toolchain, options=options)
        verdicts = [one.result.verdict for one in found]
        assert verdicts == [Verdict.FAILED, Verdict.PROVED, Verdict.PROVED]
        wrong, a, b = (one.result.second_opinion for one in found)
        assert wrong is None and a == b == agrees(OTHER[toolchain])

    def test_a_theorem_of_a_project_behind_one_that_fails(self, toolchain: str, client: SyncCheckerClient) -> None:
        options = Options(second_opinion=OTHER[toolchain])
        target = TheoremRef("plain", "a", "A.v", toolchain=toolchain)
        result = client.check_proof(target, "exact eq_refl.", options=options)
        assert result.proved and result.second_opinion == agrees(OTHER[toolchain])


class TestOneOfThemDoesNot:
    def test_a_library_that_is_missing_there(self, client: SyncCheckerClient) -> None:
        target = FreeStatement(PLUS, "From Stdlib Require Import Lia.\n", toolchain=NINE)
        result = client.check_proof(target, "lia.", options=Options(second_opinion=EIGHT))
        assert result.proved
        message = refuses(result.second_opinion, EIGHT)
        assert "with prefix Stdlib" in message and "require it from `Coq`" in message

    def test_what_a_body_uses_is_not_there(self, client: SyncCheckerClient) -> None:
        target = FreeStatement("Lemma t : True.", "Require Import Arith.\n", toolchain=NINE)
        options = Options(second_opinion=EIGHT)
        result = client.check_proof(target, "pose proof Nat.mul_reg_l. exact I.", options=options)
        assert result.proved
        message = refuses(result.second_opinion, EIGHT)
        assert message.startswith("coqc does not accept it: ") and "Nat.mul_reg_l was not found" in message

    def test_a_project_that_does_not_build_there(self, client: SyncCheckerClient) -> None:
        target = TheoremRef("nine", "a", "A.v", toolchain=NINE)
        result = client.check_proof(target, "apply b.", options=Options(second_opinion=EIGHT))
        assert result.proved
        opinion = result.second_opinion
        assert opinion is not None and not opinion.accepted and opinion.coq_version == ""
        assert opinion.message.startswith("it cannot be compiled there: ") and "B.v" in opinion.message
        (one,) = client.check_file(project="nine", file="A.v", toolchain=NINE, options=Options(second_opinion=EIGHT))
        assert one.result.proved and one.result.second_opinion == opinion

    def test_what_is_not_proved_has_none(self, client: SyncCheckerClient) -> None:
        options = Options(second_opinion=NINE, recheck=True)
        for proof in ("exact I.", "intros; admit.", "intros.", "Unset Guard Checking."):
            result = client.check_proof(FreeStatement(PLUS), proof, options=options)
            assert not result.proved and result.second_opinion is None
        assert client.check_proof(FreeStatement(PLUS), "induction n; simpl; auto.").second_opinion is None


class TestNames:
    @pytest.mark.parametrize("name", ["coq-7.4", "/usr", "..", "opam:none"])
    def test_what_there_is_not(self, name: str, client: SyncCheckerClient) -> None:
        options = Options(second_opinion=name)
        said = f"`second_opinion` has to be a toolchain of this checker itself: .* it has: {EIGHT}, {NINE}"
        # Not even a statement that does not run is looked at.
        for target in (FreeStatement("Lemma t : nothing."), TheoremRef("plain", "a")):
            with pytest.raises(InvalidRequestError, match=said):
                client.check_proof(target, "trivial.", options=options)
        with pytest.raises(InvalidRequestError, match=said):
            client.check_file(project="plain", file="A.v", options=options)
        with pytest.raises(InvalidRequestError, match=said):
            client.check_file(text=f"{PLUS}\nAdmitted.\n", options=options)

    def test_in_a_stream(self, client: SyncCheckerClient) -> None:
        items = [
            CheckItem(name, FreeStatement("Lemma t : True."), "exact I.", options=Options(second_opinion=name))
            for name in (NINE, "coq-7.4")
        ]
        found = dict(client.check_proofs(items))
        assert found[NINE].second_opinion == agrees(NINE)
        refused = found["coq-7.4"]
        assert (refused.verdict, refused.reason) == (Verdict.ERROR, Reason.INVALID_REQUEST)

    def test_the_toolchain_itself(self, client: SyncCheckerClient) -> None:
        result = client.check_proof(FreeStatement(PLUS), "auto.", options=Options(second_opinion=EIGHT))
        assert result.proved and result.second_opinion == agrees(EIGHT)


@pytest.mark.parametrize("kind", [UnknownToolchainError, EnvironmentUnavailableError])
async def test_a_toolchain_that_goes_while_the_proof_is_checked(kind: type[Exception]) -> None:
    async def gone() -> Environment:
        raise kind("it was removed.")

    told = await opinion(Elsewhere(NINE, gone, lambda *_: None), lambda environment: environment.source)
    assert told == SecondOpinion(NINE, message="it cannot be compiled there: it was removed.")


async def test_of_several_checkers_the_one_that_checks_gives_it(alone: dict[str, Alone], tmp_path: Path) -> None:
    servers = {name: one.start() for name, one in alone.items()}
    try:
        async with CheckerClient(" ".join(one.address for one in servers.values())) as client:
            for name in servers:
                target = FreeStatement("Lemma t : True.", toolchain=name)
                result = await client.check_proof(target, "exact I.", options=Options(second_opinion=name))
                assert result.second_opinion == agrees(name)
                # Known there, and not built.
                result = await client.check_proof(target, "exact I.", options=Options(second_opinion=OTHER[name]))
                opinion = result.second_opinion
                assert result.proved and opinion is not None
                assert (opinion.accepted, opinion.coq_version) == (False, "")
                assert f"palmetto toolchain ensure {OTHER[name]}" in opinion.message
    finally:
        for one in servers.values():
            assert one.stop() == 0
