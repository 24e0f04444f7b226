"""The record of long experiments: what one machine kept another one goes on from; nothing is lost or doubled."""

import json
from dataclasses import replace
from pathlib import Path

from benchmarks.proving.__main__ import keep, take

from evaluator.record import Key, Record
from evaluator.store import ExperimentStore, Outcome, Verification

SETTINGS = {"model": "neighbours", "budget_cpu_s": 60.0}
PROJECTS = {"one": {"folder": "/a", "content": "c1"}, "two": {"folder": "/b", "content": "c2"}}
HERE = {"one": ("/x", "c1"), "two": ("/y", "changed")}


def record(theorem: str, project: str = "one", verdict: str = "PROVED", cpu_s: float = 1.234) -> Record:
    return Record(
        experiment="e",
        project=project,
        file="F.v",
        theorem=theorem,
        index=0,
        verdict=verdict,
        script="Proof. secret. Qed." if verdict == "PROVED" else "",
        statement="Lemma secret.",
        model_answers=("secret",),
        model="some-model",
        cause="" if verdict == "PROVED" else "budget",
        cpu_s=cpu_s,
        started_at="2026-01-01T00:00:00.000+00:00",
    )


def filled(path: Path) -> ExperimentStore:
    store = ExperimentStore.open(path)
    store.begin("e", SETTINGS, PROJECTS)
    store.put_all([record("a"), record("b", verdict="TIMEOUT"), record("c", "two")])
    store.put_verification("e", Verification(Key("one", "F.v", "a", 0), record("a").script, Outcome.AGREES))
    return store


def test_one_machine_goes_on_from_another(tmp_path: Path) -> None:
    file = tmp_path / "records.jsonl"
    with filled(tmp_path / "first.sqlite") as store:
        assert keep(store, file, ["e", "never run"], "abc") == 3
        assert keep(store, file, ["e"], "abc") == 0
    assert "secret" not in file.read_text() and "/a" not in file.read_text()
    with ExperimentStore.open(tmp_path / "second.sqlite") as store:
        # A project that is not the same here is another one.
        assert list(take(store, file, HERE)) == ["e: 2 records taken, 0 were there"]
        assert list(take(store, file, HERE)) == ["e: 0 records taken, 2 were there"]
        store.begin("e", SETTINGS, {"one": {"folder": "/x", "content": "c1"}})
        assert store.done("e") == {Key("one", "F.v", "a", 0), Key("one", "F.v", "b", 0)}
        assert store.verifications("e")[Key("one", "F.v", "a", 0)].agrees
        # By the model's name a report finds the run of PALM to compare with.
        assert {one.model for one in store.records("e")} == {"some-model"}
        store.put(record("d", verdict="NOT_PROVED", cpu_s=3.0))
        assert keep(store, file, ["e"], "def") == 1
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [
        (row["theorem"], row["project"], row["verdict"], row["cpu_s"], row["coqc"], row["code"]) for row in rows[1:]
    ] == [
        ("a", "one", "PROVED", 1.23, Outcome.AGREES.value, "abc"),
        ("b", "one", "TIMEOUT", 1.23, "", "abc"),
        ("d", "one", "NOT_PROVED", 3.0, "", "def"),
        ("c", "two", "PROVED", 1.23, "", "abc"),
    ]
    assert rows[0] == {"experiment": "e", "settings": SETTINGS, "projects": {"one": "c1", "two": "c2"}}


def test_a_proof_that_is_verified_later_is_noted(tmp_path: Path) -> None:
    file = tmp_path / "records.jsonl"
    with filled(tmp_path / "store.sqlite") as store:
        keep(store, file, ["e"], "abc")
        store.put_verification("e", Verification(Key("two", "F.v", "c", 0), record("c").script, Outcome.REFUSED))
        keep(store, file, ["e"], "def")
    rows = [json.loads(line) for line in file.read_text().splitlines()][1:]
    assert [row["coqc"] for row in rows if row["theorem"] == "c"] == [Outcome.REFUSED.value]


def test_what_was_done_again_takes_the_place_of_what_was_kept(tmp_path: Path) -> None:
    file = tmp_path / "records.jsonl"
    with filled(tmp_path / "store.sqlite") as store:
        keep(store, file, ["e"], "abc")
        again = [record("a", verdict="TIMEOUT"), record("b")]
        store.put_all([replace(one, started_at="2026-01-02T00:00:00.000+00:00") for one in again])
        assert keep(store, file, ["e"], "def") == 0
    rows = {row["theorem"]: row for line in file.read_text().splitlines()[1:] for row in [json.loads(line)]}
    assert {name: (row["verdict"], row["coqc"], row["code"]) for name, row in rows.items()} == {
        "a": ("TIMEOUT", "", "def"),
        "b": ("PROVED", "", "def"),
        "c": ("PROVED", "", "abc"),
    }
