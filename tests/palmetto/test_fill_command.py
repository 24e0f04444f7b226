"""`palmetto fill`: the file afterwards, and what is said."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..coq_checker.servers import PALMETTO
from ..prover.server.process import ProverProcess

TEXT = """Section S.
  Variable x : nat.
  Hypothesis Hx : x = 1.
  Lemma a : x = 1. (* é *)
  Proof using Hx.
  Admitted.
  Lemma b : x = 1.
  Proof using x. (* not enough *)
  Admitted.
End S.
Check a : forall x, x = 1 -> x = 1.
"""


@pytest.fixture(scope="module")
def prover(checker_address: str) -> Iterator[ProverProcess]:
    process = ProverProcess(checker_address)
    yield process
    assert process.stop() == 0


def test_the_annotation_stays_and_what_it_forbids_is_said(prover: ProverProcess, tmp_path: Path) -> None:
    file = tmp_path / "S.v"
    file.write_bytes(TEXT.replace("\n", "\r\n").encode())
    argv = [str(PALMETTO), "fill", str(file), "--write", "--budget", "2", "--server", prover.url]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 1, done.stderr
    written = file.read_bytes().decode()
    before, after = TEXT.replace("\n", "\r\n").split("Admitted.", 1)
    assert written.startswith(before) and written.endswith(after)
    assert written.removeprefix(before).removesuffix(after).endswith("\r\n  Qed.")
    assert "1 of 2 filled" in done.stderr
    assert "b: not filled: a proof was found that Coq does not accept under `Proof using x.`" in done.stderr
    assert "Hx" in done.stderr.split("not filled")[1]


def test_a_proof_that_is_taken_back_says_why(prover: ProverProcess, tmp_path: Path) -> None:
    file = tmp_path / "T.v"
    text = "Lemma le_n : 1 = 1.\nAbort.\nLemma later : 1 <= 1.\nProof. apply le_n. Qed.\n"
    file.write_text(text)
    argv = [str(PALMETTO), "fill", str(file), "--budget", "2", "--server", prover.url]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "le_n: not filled: the proof was accepted on its own, but what stands after it" in done.stderr
    assert "Unable to unify" in done.stderr
    assert "0 of 1 filled" in done.stderr


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_where_the_text_before_does_not_run_nothing_could_be_tried(
    prover: ProverProcess, tmp_path: Path, options: tuple[str, ...]
) -> None:
    file = tmp_path / "U.v"
    file.write_text("Lemma first : 1 = 1.\nAbort.\nFrom Lost Require Import Thing.\nLemma a : 1 = 1.\nAdmitted.\n")
    argv = [str(PALMETTO), "fill", str(file), "--budget", "2", "--server", prover.url, *options]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 2, done.stderr
    assert "Thing" in (done.stdout if options else done.stderr) and "of 2 filled" in done.stderr
    file.write_text("Lemma a : 1 = 2.\nAdmitted.\n")
    assert subprocess.run(argv, capture_output=True, timeout=300, check=False).returncode == 1
