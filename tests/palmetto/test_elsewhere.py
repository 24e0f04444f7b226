"""`--elsewhere`: machines that have one toolchain each share the work on projects of both."""

import subprocess
from pathlib import Path

import pytest

from evaluator.record import Record
from evaluator.store import ExperimentStore, Outcome

from ..coq_checker.machines import EIGHT, NINE, Alone, alone
from ..coq_checker.servers import PALMETTO

__all__ = ["alone"]
OTHER = {EIGHT: NINE, NINE: EIGHT}
TEXTS = {
    EIGHT: "From Coq Require Import Lia.\nLemma a (n : nat) : n <= n + 1.\nProof. lia. Qed.\n",
    NINE: "From Stdlib Require Import Lia.\nLemma a (n : nat) : n <= n + 2.\nProof. lia. Qed.\n",
    # What nothing is said of is the default's.
    "": "Lemma a (A : Prop) : A -> A.\nProof. intros x. exact x. Qed.\n",
}
NAMES = {EIGHT: "eight", NINE: "nine", "": "either"}


@pytest.fixture
def projects(tmp_path: Path) -> list[Path]:
    for name, text in TEXTS.items():
        root = tmp_path / "projects" / NAMES[name]
        root.mkdir(parents=True)
        (root / "_CoqProject").write_text("-Q . Mine\n")
        (root / "A.v").write_text(text)
        if name == EIGHT:
            (root / "palmetto.toml").write_text(f'[palmetto]\ntoolchain = "{name}"\n')
    return [tmp_path / "projects" / one for one in NAMES.values()]


def palmetto(
    machine: Alone, *words: str | Path, status: int = 0, elsewhere: str | None = None, default: str = NINE
) -> subprocess.CompletedProcess[str]:
    """A command there. The default is the same on both, which one of them has not."""
    told = {"PALMETTO_TOOLCHAIN": default, "PALMETTO_TOOLCHAINS_ELSEWHERE": elsewhere or ""}
    environment = {**machine.environment, **told}
    argv = [str(PALMETTO), *map(str, words)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=500, env=environment)
    assert done.returncode == status, done
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize("default", [EIGHT, NINE])
def test_one_data_set_of_both(alone: dict[str, Alone], projects: list[Path], tmp_path: Path, default: str) -> None:
    out = tmp_path / "data"
    for name, machine in alone.items():
        done = palmetto(machine, "extract", *projects, "--out", out, elsewhere=OTHER[name], default=default)
        assert f"palmetto: {NAMES[OTHER[name]]} is left out: its toolchain {OTHER[name]} is elsewhere" in done.stderr
        assert ("palmetto: either is left out" in done.stderr) is (name != default)
    assert "3 examples" in done.stdout
    assert len(list((out / "records").iterdir())) == 3


def test_without_it_what_is_not_here_is_said(alone: dict[str, Alone], projects: list[Path], tmp_path: Path) -> None:
    done = palmetto(alone[NINE], "extract", *projects, "--out", tmp_path / "data", status=2)
    assert f"eight needs the toolchain {EIGHT}, since its palmetto.toml says so" in done.stderr
    # The toolchain that is asked for goes before what a project needs.
    words = ("extract", projects[2], "--out")
    done = palmetto(alone[EIGHT], *words, tmp_path / "data", "--toolchain", EIGHT, elsewhere=NINE)
    assert "1 examples" in done.stdout
    done = palmetto(alone[NINE], *words, tmp_path / "data", "--elsewhere", "coq-7.4", status=2)
    assert "There is no toolchain 'coq-7.4'" in done.stderr


def test_where_all_is_elsewhere_nothing_is_done(alone: dict[str, Alone], projects: list[Path], tmp_path: Path) -> None:
    done = palmetto(alone[NINE], "index", projects[0], elsewhere=EIGHT)
    assert done.stdout == "" and "eight is left out" in done.stderr
    assert (
        "0 examples" in palmetto(alone[NINE], "extract", projects[0], "--out", tmp_path / "d", elsewhere=EIGHT).stdout
    )


def test_claims_are_verified_where_their_toolchains_are(
    alone: dict[str, Alone], projects: list[Path], tmp_path: Path
) -> None:
    store = tmp_path / "store.sqlite"
    claimed = {"eight": "Proof. lia. Qed.", "nine": "Proof. lia. Qed.", "either": "Proof. auto. Qed."}
    with ExperimentStore.open(store) as opened:
        told = {root.name: {"folder": str(root), "content": "1"} for root in projects}
        opened.begin("e", {"model": "m"}, told)
        for project, script in claimed.items():
            opened.put(Record("e", project, "A.v", "a", 0, "PROVED", script=script))
    words = ("eval", "verify", "e", "--store", store)
    first = palmetto(alone[EIGHT], *words, elsewhere=NINE)
    assert "e: 2 claimed proofs are left to where their toolchains are" in first.stdout
    assert "e: 1 claimed proofs, 1 compile in their files" in first.stdout
    # What is verified needs no toolchain any more.
    last = palmetto(alone[NINE], *words)
    assert "e: 3 claimed proofs, 3 compile in their files" in last.stdout
    with ExperimentStore.open(store) as opened:
        judged = {key.project: one.outcome for key, one in opened.verifications("e").items()}
    assert judged == dict.fromkeys(claimed, Outcome.AGREES)
    assert f"needs the toolchain {EIGHT}" in palmetto(alone[NINE], *words, "--again", status=2).stderr
