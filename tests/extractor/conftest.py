"""Projects to extract from, and the command as a person runs it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from retriever.indexing import index_folder

Run = Callable[..., subprocess.CompletedProcess[str]]
GOOD = """Section S.
Variable P Q : Prop.

Lemma swap : P /\\ Q -> Q /\\ P.
Proof.
  intros [p q]. split.
  - exact q.
  - exact p.
Qed.
End S.

Lemma shown : forall n : nat, n + 0 = n.
Proof. induction n as [| n IH]; cbn; congruence. Qed.

Lemma given : True.
Proof I.

Lemma left_open : False.
Proof. Admitted.

Definition number : nat.
Proof. exact 0. Defined.
"""


def palmetto(*arguments: object) -> list[str]:
    """The command line."""
    return [str(Path(sys.executable).parent / "palmetto"), *map(str, arguments)]


@pytest.fixture(autouse=True)
def no_indexes_left() -> Iterator[None]:
    """The cache is shared, for the sake of the libraries' indexes in it; those of the tests' own projects go."""

    def own() -> set[Path]:
        return {place for name in ("demo", "owner--demo") for place in index_folder().glob(f"{name}-*")}

    before = own()
    yield
    for place in own() - before:
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def run() -> Run:
    def ran(*arguments: object) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if name != "PALMETTO_CHECKER_ADDRESS"}
        return subprocess.run(
            palmetto(*arguments), capture_output=True, text=True, check=False, timeout=200, env=environment
        )

    return ran


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with two good files."""
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "Good.v").write_text(GOOD)
    (folder / "Other.v").write_text("Lemma other : 1 = 1.\nProof. reflexivity. Qed.\n")
    return folder


def rows(out: Path, split: str = "train") -> list[dict[str, Any]]:
    """The examples of a data set in either format."""
    array = out / f"{split}.json"
    if array.is_file():
        found: list[dict[str, Any]] = json.loads(array.read_text("utf-8"))
        return found
    return [json.loads(line) for line in (out / f"{split}.jsonl").read_text("utf-8").splitlines()]
