"""`palmetto check`: what strict refuses, which engine, and a second opinion."""

import os
import subprocess
from pathlib import Path

import pytest

from coq_checker.client import FreeStatement, Options, SyncCheckerClient
from coq_checker.toolchain import ToolchainError, find_toolchain

from ..coq_checker.servers import PALMETTO, start_server
from .test_check_command import GOOD, assert_one_line, check, good, rows

__all__ = ["good"]

# The kernel computes the argument of the call; what must be computed is not strict. A cast of the VM is harmless.
LOOSE_PROOF = "exact ((fix f (n : nat) := match n with O => 0 | S k => f (Nat.pred (S k)) end) 3)."
LOOSE = f"Lemma loose : nat.\nProof. {LOOSE_PROOF} Qed.\nLemma vm : 2 + 2 = 4.\nProof. vm_compute. reflexivity. Qed.\n"
LEMMAS = ("loose", "vm")


class TestSoundness:
    @pytest.fixture
    def loose(self, tmp_path: Path) -> Path:
        file = tmp_path / "Loose.v"
        file.write_text(LOOSE)
        return file

    def test_a_file_is_told_what_strict_refuses_of_it(self, loose: Path) -> None:
        done = check(loose)
        assert (done.returncode, done.stderr) == (0, "")
        told, harmless = (next(line for line in done.stdout.splitlines() if line.startswith(name)) for name in LEMMAS)
        assert "--strict refuses it: fixpoint_not_strict" in told and len(told) < 160
        assert "refuses" not in harmless and "vm_cast" not in harmless

    def test_strict(self, loose: Path) -> None:
        done = check(loose, "--strict", "--json")
        assert done.returncode == 1
        one, other = rows(done)
        assert (one["verdict"], one["reason"]) == ("REJECTED", "forbidden_feature")
        assert (
            one["message"].startswith("the policy `strict` does not allow") and "fixpoint_not_strict" in one["message"]
        )
        assert "fixpoint_not_strict" in one["features"] and one["features_known"] is True
        assert (other["verdict"], other["features"], other["known_bugs"]) == ("PROVED", ["vm_cast"], [])

    @pytest.mark.parametrize(("options", "status"), [((), 1), (("--strict",), 1), (("--no-strict",), 0)])
    def test_a_proof_from_elsewhere_is_strict_unless_said(
        self, options: tuple[str, ...], status: int, loose: Path, tmp_path: Path
    ) -> None:
        proof = tmp_path / "proof"
        proof.write_text(LOOSE_PROOF)
        done = check(loose, "--theorem", "loose", "--proof", proof, *options, "--json")
        assert done.returncode == status
        (row,) = rows(done)
        assert "fixpoint_not_strict" in row["features"]

    def test_without_a_look_at_terms_the_remedy_is_told(self, loose: Path) -> None:
        with_serapi("coq-8.20")
        done = check(loose, "--toolchain", "coq-8.20", "--engine", "serapi", "--json")
        assert done.returncode == 0, done
        assert [(row["features"], row["features_known"]) for row in rows(done)] == [([], False)] * 2
        refused = check(loose, "--toolchain", "coq-8.20", "--engine", "serapi", "--strict")
        assert_one_line(refused, "`strict`", "`--engine native`", "`report`")
        # What the environment says gives way to the option.
        done = check(loose, "--toolchain", "coq-8.20", "--engine", "native", "--strict", PALMETTO_ENGINE="serapi")
        assert done.returncode == 1, done

    def test_a_service_with_an_engine_that_is_chosen(self) -> None:
        with_serapi("coq-8.20")
        for engine, known in (("serapi", False), ("native", True)):
            # What the environment says gives way to the option.
            environment = {**os.environ, "PALMETTO_ENGINE": "native" if engine == "serapi" else "serapi"}
            wrapped = ("sh", "-c", f'exec "$@" --engine {engine}', "sh")
            server = start_server(wrapped=wrapped, slots=1, toolchain="coq-8.20", environment=environment)
            try:
                with SyncCheckerClient(server.address) as client:
                    options = Options(soundness="report")
                    result = client.check_proof(FreeStatement("Lemma t : True."), "exact I.", options=options)
                    assert (result.proved, result.features_known) == (True, known)
            finally:
                assert server.stop() == 0

    @pytest.mark.parametrize("command", [["serve", "coq-checker"], ["up"], ["check", "X.v"]])
    def test_an_engine_that_there_is_not(self, command: list[str]) -> None:
        argv = [str(PALMETTO), *command, "--engine", "petanque"]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 2 and "petanque" in done.stderr and "native" in done.stderr

    def test_engines_of_others_are_not_chosen(self, loose: Path) -> None:
        assert_one_line(check(loose, "--engine", "native", "--server", "127.0.0.1:1"), "--engine", "--server")


class TestSecondOpinion:
    def test_what_both_accept(self, good: Path) -> None:
        other = other_toolchain()
        done = check(good, "--recheck-with", other, "--recheck")
        assert done.returncode == 0, done
        assert f"{other} accepts it too" in done.stdout
        (row,) = rows(check(good, "--recheck-with", other, "--json"))
        opinion = row["second_opinion"]
        assert (opinion["toolchain"], opinion["accepted"], opinion["message"]) == (other, True, "")

    def test_what_one_refuses_stays_proved(self, tmp_path: Path) -> None:
        with_both()
        file = tmp_path / "Nine.v"
        file.write_text(f"From Stdlib Require Import Arith.\n{GOOD}")
        done = check(file, "--toolchain", "rocq-9.2", "--recheck-with", "coq-8.20")
        assert (done.returncode, done.stderr) == (0, "")
        assert "coq-8.20 does not confirm it: coqc does not accept it: " in done.stdout
        assert "1 of 1 theorems proved" in done.stdout

    def test_an_unknown_one(self, good: Path) -> None:
        assert_one_line(check(good, "--recheck-with", "coq-7.4"), "coq-7.4", "rocq-9.2")


def other_toolchain() -> str:
    """One of the two that is not the one in use."""
    with_both()
    return "coq-8.20" if find_toolchain().name != "coq-8.20" else "rocq-9.2"


def with_both() -> None:
    for name in ("coq-8.20", "rocq-9.2"):
        try:
            find_toolchain(name)
        except ToolchainError as error:
            pytest.skip(str(error))


def with_serapi(name: str) -> None:
    try:
        engines = find_toolchain(name).engines
    except ToolchainError as error:
        pytest.skip(str(error))
    if "serapi" not in engines:
        pytest.skip(f"{name} has no sertop")
