"""Parts and merging: whatever overlaps is counted once, in whatever order it comes."""

import itertools
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from evaluator.causes import BUDGET, INFRASTRUCTURE
from evaluator.record import Record
from evaluator.store import ExperimentStore, Run, StoreError
from evaluator.store.merge import merge
from evaluator.store.parts import Folder, PartWriter, experiment_folder, parts

from .test_store import FULL

PROJECTS = {"p": {"folder": "/x", "content": "1"}}


def writer(folder: Path | str, shard: str = "0/1", experiment: str = "e", **settings: Any) -> PartWriter:
    return PartWriter(Folder(str(folder)), experiment, {"model": "m", **settings}, PROJECTS, shard)


def write(folder: Path | str, records: list[Record], shard: str = "0/1") -> None:
    one = writer(folder, shard)
    for record in records:
        one.add(record)
    one.flush([Run(shard, shard, "2026-01-01", ended=True, orchestration_cpu_s=1.0)])


def held(path: Path, experiment: str = "e") -> list[Record]:
    with ExperimentStore.open(path, create=False) as store:
        return list(store.records(experiment, events=True))


@pytest.mark.parametrize("scheme", ["", "memory://palmetto-test/"])
def test_a_part_comes_back_as_it_was(tmp_path: Path, scheme: str) -> None:
    folder = f"{scheme}{tmp_path}"
    write(folder, [FULL, replace(FULL, theorem="u", events=())], "1/2")
    (part,) = parts(Folder(folder))
    assert (part.experiment, part.settings, part.projects) == ("e", {"model": "m"}, PROJECTS)
    assert part.records == (FULL, replace(FULL, theorem="u", events=()))
    assert [run.shard for run in part.runs] == ["1/2"]
    assert list(parts(Folder(folder), "other")) == []


def test_a_part_from_before_there_were_features(tmp_path: Path) -> None:
    write(tmp_path, [FULL])
    (name,) = Folder(str(tmp_path)).names()
    pq.write_table(pq.read_table(name).drop_columns(["features", "known_bugs"]), name)
    (part,) = parts(Folder(str(tmp_path)))
    assert part.records == (replace(FULL, features=(), known_bugs=()),)


def test_a_part_is_a_plain_table_for_other_tools(tmp_path: Path) -> None:
    write(tmp_path, [FULL])
    (name,) = Folder(str(tmp_path)).names()
    row = pq.read_table(name).to_pylist()[0]
    assert (row["theorem"], row["cpu_s"], row["backtrack"], row["holes"]) == ("M.t'", 1.5, False, 3)


def test_merging_shards_gives_the_whole_and_nothing_twice(tmp_path: Path) -> None:
    everything = [replace(FULL, theorem=f"t{number}", index=0) for number in range(20)]
    for shard in range(3):
        # They overlap: each has some of the next one's.
        write(tmp_path / "out", everything[shard * 6 : shard * 6 + 10], f"{shard}/3")
    with ExperimentStore.open(tmp_path / "e.sqlite") as store:
        told = merge(store, [str(tmp_path / "out")])["e"]
        assert (told.parts, told.records) == (3, 28)
        again = merge(store, [str(tmp_path / "out"), str(tmp_path / "out")])["e"]
        assert (again.parts, again.taken) == (6, 0)
        assert store.experiment("e")["orchestration_cpu_s"] == 3.0
    assert {one.key for one in held(tmp_path / "e.sqlite")} == {one.key for one in everything}


def test_of_two_records_the_same_one_is_chosen_in_any_order(tmp_path: Path) -> None:
    died = replace(FULL, verdict="ERROR", cause=INFRASTRUCTURE, started_at="2026-01-03")
    early = replace(FULL, started_at="2026-01-01")
    late = replace(FULL, verdict="NOT_PROVED", cause=BUDGET, started_at="2026-01-02")
    places = []
    for name, record in (("died", died), ("early", early), ("late", late)):
        write(tmp_path / name, [record])
        places.append(str(tmp_path / name))
    for number, order in enumerate(itertools.permutations(places)):
        with ExperimentStore.open(tmp_path / f"{number}.sqlite") as store:
            merge(store, order)
        assert held(tmp_path / f"{number}.sqlite") == [late]


def test_stores_of_other_machines_are_merged_too(tmp_path: Path) -> None:
    for name, theorem in (("a", "t"), ("b", "u")):
        with ExperimentStore.open(tmp_path / f"{name}.sqlite") as store:
            store.begin("e", {"model": "m"}, PROJECTS)
            store.put(replace(FULL, theorem=theorem))
    with ExperimentStore.open(tmp_path / "whole.sqlite") as store:
        merge(store, [str(tmp_path / "a.sqlite"), str(tmp_path / "b.sqlite")])
        merge(store, [str(tmp_path / "a.sqlite")], only="e", name="only-a")
    assert [one.theorem for one in held(tmp_path / "whole.sqlite")] == ["t", "u"]
    assert [one.theorem for one in held(tmp_path / "whole.sqlite", "only-a")] == ["t"]


def test_random_overlaps_are_counted_once(tmp_path: Path) -> None:
    drawn = random.Random(0)
    everything = [replace(FULL, theorem=f"t{number}", events=()) for number in range(12)]
    for number in range(8):
        write(tmp_path / "out" / str(number % 3), drawn.sample(everything, drawn.randint(1, 12)), f"{number}/8")
    write(tmp_path / "out", everything)
    with ExperimentStore.open(tmp_path / "e.sqlite") as store:
        merge(store, [str(tmp_path / "out")])
    assert sorted(one.theorem for one in held(tmp_path / "e.sqlite")) == sorted(one.theorem for one in everything)


def test_what_does_not_belong_together_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "out", [FULL])
    other = writer(tmp_path / "out", model="another")
    other.add(replace(FULL, theorem="u"))
    other.flush([])
    with ExperimentStore.open(tmp_path / "e.sqlite") as store, pytest.raises(StoreError, match="ran with model"):
        merge(store, [str(tmp_path / "out")])


def test_what_is_no_part_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with ExperimentStore.open(tmp_path / "e.sqlite") as store:
        with pytest.raises(StoreError, match=r"there are no parts in .*nowhere"):
            merge(store, [str(tmp_path / "nowhere")])
        (tmp_path / "x.parquet").write_text("no")
        with pytest.raises(StoreError, match="is no part of an experiment"):
            merge(store, [str(tmp_path / "x.parquet")])
        with pytest.raises(StoreError, match="cannot be reached"):
            merge(store, ["nosuchscheme://x/y"])
        write(tmp_path / "out", [FULL])
        with pytest.raises(StoreError, match="no parts of the experiment f"):
            merge(store, [str(tmp_path / "out")], only="f")


def test_an_interrupted_write_leaves_no_part(tmp_path: Path) -> None:
    write(tmp_path, [FULL])
    (name,) = Folder(str(tmp_path)).names()
    (Path(name).parent / "0-of-1-x.parquet.abc.tmp").write_bytes(Path(name).read_bytes()[:100])
    assert len(list(parts(Folder(str(tmp_path))))) == 1


def test_what_cannot_be_written_waits(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    one = writer(blocked)
    one.add(FULL)
    assert "cannot be written" in one.try_flush([])
    assert one.waiting == 1
    blocked.unlink()
    assert one.try_flush([]) == ""
    assert one.waiting == 0


def test_names_of_folders() -> None:
    assert experiment_folder("a-1.b_c") == "a-1.b_c"
    assert "/" not in experiment_folder("../x y")
