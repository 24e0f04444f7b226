"""The store: what was put is there, whatever happens; several processes; what it refuses."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from evaluator.causes import BUDGET, INFRASTRUCTURE, MODEL_DOWN
from evaluator.record import Key, Record, StageCost
from evaluator.store import ExperimentStore, Outcome, Run, StoreError, Verification, default_store

FULL = Record(
    "e", "p", "A/B.v", "M.t'", 2, "PROVED", "Lemma", "Lemma t' : forall é, é = é.", "Proof. auto. Qed.",
    "From Coq Require Import Lia.", ("ax", "bx"), ("vm_cast",), ("rocq#1",), "cheap+model", "m", "", "partial", 3,
    1.5, 2.5, (StageCost("cheap", 1.0, 2.0), StageCost("model", 0.5, 0.5)), "llama",
    ("```coq\n∀```", ""), 10, 20, "instruct", "coqgym", 60.0, 7, 4, False, False, "8.20.1", "0.1.0",
    "2026-01-01T00:00:00+00:00", "1/2",
    ({"kind": "started", "goals": [{"é": 1}]}, {"kind": "finished", "at_s": 0.5}),
)  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "experiments.sqlite"


def begun(path: Path) -> ExperimentStore:
    store = ExperimentStore.open(path)
    store.begin("e", {"model": "m"}, {"p": {"folder": "/x", "content": "1"}})
    return store


def test_a_record_comes_back_as_it_was(path: Path) -> None:
    with begun(path) as store:
        store.put(FULL)
    with ExperimentStore.open(path, create=False) as store:
        assert list(store.records("e", events=True)) == [FULL]
        assert list(store.records("e")) == [replace(FULL, model_answers=(), events=())]
        assert list(store.records("e", answers=True)) == [replace(FULL, events=())]
        assert store.record("e", FULL.key) == FULL
        assert store.record("e", Key("p", "A/B.v", "M.t'", 0)) is None
        assert store.experiments() == ("e",)
        assert store.experiment("e")["model"] == "m"


def test_a_store_from_before_there_were_features(path: Path) -> None:
    with begun(path) as store:
        store.put(FULL)
    before = sqlite3.connect(path)
    for name in ("features", "known_bugs"):
        before.execute(f"ALTER TABLE records DROP COLUMN {name}")
    before.commit()
    before.close()
    with ExperimentStore.open(path) as store:
        assert store.record("e", FULL.key) == replace(FULL, features=(), known_bugs=())
        store.put(FULL)
        assert store.record("e", FULL.key) == FULL


def test_a_theorem_counts_once(path: Path) -> None:
    with begun(path) as store:
        store.put(FULL)
        store.put(replace(FULL, verdict="NOT_PROVED", cause=BUDGET))
        (one,) = store.records("e")
        assert one.cause == BUDGET


def test_done_is_what_need_not_be_tried_again(path: Path) -> None:
    with begun(path) as store:
        for name, cause in (("a", ""), ("b", BUDGET), ("c", INFRASTRUCTURE), ("d", MODEL_DOWN)):
            store.put(replace(FULL, theorem=name, cause=cause))
        assert {key.theorem for key in store.done("e")} == {"a", "b"}
        assert store.is_done("e", replace(FULL, theorem="a").key)
        assert not store.is_done("e", replace(FULL, theorem="c").key)
        assert store.done("e", since=time.time() + 60) == set()


def test_other_settings_are_refused(path: Path) -> None:
    with begun(path) as store:
        store.put(FULL)
        store.begin("e", {"model": "m"}, {"q": {"folder": "/y", "content": "2"}})
        assert set(store.experiment("e")["projects"]) == {"p", "q"}
        with pytest.raises(StoreError, match=r"ran with model m \(now n\)"):
            store.begin("e", {"model": "n"}, {})
        store.begin("e", {"model": "m", "neighbours": False}, {})
        with pytest.raises(StoreError, match=r"ran with neighbours False \(now True\)"):
            store.begin("e", {"model": "m", "neighbours": True}, {})
        with pytest.raises(StoreError, match="the project p is not what it was"):
            store.begin("e", {"model": "m"}, {"p": {"folder": "/x", "content": "changed"}})
        with pytest.raises(StoreError, match=r"there is no experiment 'f'.* it has e"):
            store.experiment("f")


def test_another_release_of_coq_is_refused(path: Path) -> None:
    def project(**more: str) -> dict[str, dict[str, str]]:
        return {"p": {"folder": "/x", "content": "1", **more}}

    with begun(path) as store:
        store.put(FULL)
        refused = r"worked on p with Coq 8\.20\.\d, and this is Rocq 9\.2\.0: choose another --exp-name, or the same"
        with pytest.raises(StoreError, match=refused):
            store.begin("e", {"model": "m"}, project(coq_version="9.2.0"))
        store.begin("e", {"model": "m"}, project())  # not known here
        store.begin("e", {"model": "m"}, project(coq_version="8.20.0"))
        store.put(replace(FULL, coq_version=""))
        with pytest.raises(StoreError, match=refused):
            store.begin("e", {"model": "m"}, project(coq_version="9.2.0"))
        store.begin("e", {"model": "m"}, {"q": {"folder": "/y", "content": "2", "coq_version": "9.2.0"}})


def test_an_experiment_that_never_began_binds_nobody(path: Path) -> None:
    with begun(path) as store:
        store.begin("e", {"model": "n"}, {"p": {"folder": "/z", "content": "2"}})
        assert store.settings("e") == {"model": "n"}


def test_runs_and_what_they_cost(path: Path) -> None:
    with begun(path) as store:
        store.put_run("e", Run("1", "0/1", "2026-01-01", ended=True, orchestration_cpu_s=2.0))
        assert store.experiment("e")["orchestration_cpu_s"] == 2.0
        store.put_run("e", Run("2", "0/1", "2026-01-02", orchestration_cpu_s=1.5, wall_s=3.0))
        assert store.experiment("e")["orchestration_cpu_s"] == 3.5
        store.put_run("e", Run("3", "0/1", "2026-01-03"))
        assert "orchestration_cpu_s" not in store.experiment("e")
        assert [one.id for one in store.runs("e")] == ["1", "2", "3"]


def test_verifications(path: Path) -> None:
    one = Verification(FULL.key, "Proof. auto. Qed.", Outcome.REFUSED, "no", "now")
    with begun(path) as store:
        store.put_verification("e", one)
        assert store.verifications("e") == {FULL.key: one}


_WRITER = """
import sys
from pathlib import Path
from evaluator.record import Record
from evaluator.store import ExperimentStore
with ExperimentStore.open(Path(sys.argv[1])) as store:
    store.begin("e", {"model": "m"}, {})
    for count in range(30):
        store.put(Record("e", "p", "A.v", f"t{sys.argv[2]}_{count}", 0, "PROVED"))
"""


def test_several_processes_write_at_one_time(path: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", _WRITER, str(path), str(number)]) for number in range(4)]
    assert [one.wait(60) for one in writers] == [0, 0, 0, 0]
    with ExperimentStore.open(path, create=False) as store:
        assert len(list(store.records("e"))) == 120


_ENDLESS = """
import sys
from dataclasses import replace
from pathlib import Path
from evaluator.record import Record
from evaluator.store import ExperimentStore
store = ExperimentStore.open(Path(sys.argv[1]))
store.begin("e", {"model": "m"}, {})
number = 0
while True:
    store.put(Record("e", "p", "A.v", f"t{number}", 0, "PROVED", script="x" * 5000, events=({"kind": "x" * 5000},)))
    print(number, flush=True)
    number += 1
"""


def test_a_killed_writer_loses_nothing_that_was_put(path: Path) -> None:
    for _ in range(3):
        writer = subprocess.Popen([sys.executable, "-c", _ENDLESS, str(path)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        for _ in range(20):
            writer.stdout.readline()
        os.kill(writer.pid, signal.SIGKILL)
        said = [int(line) for line in writer.stdout.read().splitlines() if line]
        writer.wait()
        with ExperimentStore.open(path, create=False) as store:
            there = {one.theorem for one in store.records("e", events=True)}
        assert {f"t{number}" for number in range(max(said, default=19) + 1)} <= there


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "text.sqlite"
    text.write_text("not a database, and long enough to be looked at " * 100)
    with pytest.raises(StoreError, match="cannot be used as experiment store"):
        ExperimentStore.open(text)
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE songs (name TEXT)")
    with pytest.raises(StoreError, match="is a database of something else"):
        ExperimentStore.open(other)
    with pytest.raises(StoreError, match="there is no experiment store"):
        ExperimentStore.open(tmp_path / "none.sqlite", create=False)
    with pytest.raises(StoreError, match="cannot be used as experiment store"):
        ExperimentStore.open(tmp_path)
    newer = tmp_path / "newer.sqlite"
    ExperimentStore.open(newer).close()
    with sqlite3.connect(newer) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="made by a newer Palmetto"):
        ExperimentStore.open(newer)


def test_where_the_store_lies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PALMETTO_EXPERIMENTS", str(tmp_path / "x.sqlite"))
    assert default_store() == tmp_path / "x.sqlite"
    monkeypatch.delenv("PALMETTO_EXPERIMENTS")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_store() == tmp_path / "palmetto" / "experiments.sqlite"
