"""Which theorems are worked on."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coqdata.project import load_project
from evaluator.record import Key
from evaluator.selection import SelectionError, Shard, Wanted, named, read_wanted, sample, shard
from evaluator.theorems import Item, sources_of

from .evaluating import EXAMPLES, project

SIZES = {"big": 100, "middle": 30, "small": 3}


def items(sizes: dict[str, int]) -> list[Item]:
    return [
        Item(Key(name, f"F{number % 4}.v", f"t{number}", 0), file_index=number, order=(number % 4, number))
        for name, size in sizes.items()
        for number in range(size)
    ]


def test_theorems_of_a_project_by_their_keys(tmp_path: Path) -> None:
    folder = project(
        tmp_path / "p",
        A="Lemma a : True. exact I. Qed.\nModule M. Goal True. exact I. Qed.\n"
        "Goal False. Abort.\nGoal 1 = 1. auto. Qed. End M.",
        B="Goal True. exact I. Save named.\nSection S. Lemma t : True. exact I. Qed. End S.\n"
        "Section R. Lemma t : True. exact I. Qed. End R. Lemma o : True. Admitted.",
    )
    found = sources_of(load_project(folder, "p"))
    assert [(one.key.file, one.key.theorem, one.key.index, one.asked, one.file_index) for one in found.items] == [
        ("A.v", "a", 0, "a", 0),
        ("A.v", "M.Goal_4", 0, "M.Unnamed_thm", 1),
        ("A.v", "M.Goal_9", 0, "M.Unnamed_thm0", 3),
        ("B.v", "named", 0, "named", 0),
        ("B.v", "t", 0, "t", 1),
        ("B.v", "t", 1, "t", 2),
        ("B.v", "o", 0, "o", 3),
    ]
    before = found.content
    (folder / "B.v").write_text("Lemma other : True. Admitted.")
    assert sources_of(load_project(folder, "p")).content != before
    (folder / "A.v").unlink()
    assert "A.v cannot be read (no such file" in sources_of(load_project(folder, "p")).unread[0]


def test_lists_of_theorems(tmp_path: Path) -> None:
    assert read_wanted("a, M.b ,p/F.v:c") == [Wanted("a"), Wanted("M.b"), Wanted("c", "p/F.v")]
    listing = tmp_path / "list"
    listing.write_text("a  # why\n\n# nothing\nF.v:b\n")
    assert read_wanted(str(listing)) == [Wanted("a"), Wanted("b", "F.v")]
    table = tmp_path / "palm.csv"
    table.write_text("project,file,theorem,run,succeeded\np,F,a,x,1\np,F,a,y,0\nq,G,b,x,1\n")
    assert read_wanted(str(table)) == [Wanted("a", "F", "p"), Wanted("b", "G", "q")]
    for wrong, says in (
        (" , ", "names no theorem"),
        ("a:", "names no theorem"),
        (str(tmp_path / "no.txt"), "can be read"),
    ):
        with pytest.raises(SelectionError, match=says):
            read_wanted(wrong)
    listing.write_bytes(b"\xff\xfe")
    with pytest.raises(SelectionError, match="UTF-8"):
        read_wanted(str(listing))


def test_named_theorems_and_those_that_are_gone() -> None:
    given_items = items(SIZES)
    projects = list(SIZES)
    assert [one.key.project for one in named(given_items, [Wanted("t1")], projects)] == projects
    (one,) = named(given_items, [Wanted("t1", "small/F1.v")], projects)
    assert one.key == Key("small", "F1.v", "t1", 0)
    assert named(given_items, [Wanted("t1", "F1", "small"), Wanted("t1", "F1", "elsewhere")], projects) == [one]
    (gone,) = named(given_items, [Wanted("lost", "small/F1.v")], projects)
    assert (gone.key.project, gone.key.file, gone.file_index) == ("small", "F1.v", None)
    with pytest.raises(SelectionError, match="there is no theorem lost in"):
        named(given_items, [Wanted("lost")], projects)
    with pytest.raises(SelectionError, match="none of the theorems"):
        named(given_items, [Wanted("t1", "F1", "elsewhere")], projects)


def test_a_sample_gives_each_project_its_share() -> None:
    given_items = items(SIZES)
    assert Counter(one.key.project for one in sample(given_items, 40, 1)) == {"big": 30, "middle": 9, "small": 1}
    assert Counter(one.key.project for one in sample(given_items, 3, 1)) == {"big": 1, "middle": 1, "small": 1}
    assert sample(given_items, 1000, 1) == given_items
    assert sample(given_items, 20, 1) == sample(given_items, 20, 1)
    assert sample(given_items, 20, 1) != sample(given_items, 20, 2)
    # What else is there changes nothing in a project of which as many are taken.
    more = items({**SIZES, "new": 1})
    assert {one.key for one in sample(more, 134, 1)} >= {one.key for one in sample(given_items, 133, 1)}


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 40), min_size=1), st.integers(1, 100), st.integers(0, 5)
)
def test_a_larger_sample_goes_on_from_a_smaller_one(sizes: dict[str, int], limit: int, seed: int) -> None:
    given_items = items(sizes)
    smaller = sample(given_items, limit, seed)
    assert len(smaller) == min(limit, len(given_items))
    assert {one.key for one in smaller} <= {one.key for one in sample(given_items, limit + 1, seed)}
    assert smaller == [one for one in given_items if one in smaller]


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 40), min_size=1), st.integers(1, 9))
def test_shards_are_a_balanced_partition(sizes: dict[str, int], of: int) -> None:
    given_items = items(sizes)
    found = [shard(given_items, Shard(number, of)) for number in range(of)]
    assert sorted(one.key for part in found for one in part) == sorted(one.key for one in given_items)
    assert max(map(len, found)) - min(map(len, found)) <= 1
    for project_name, size in sizes.items():
        shares = [sum(one.key.project == project_name for one in part) for part in found]
        assert max(shares) - min(shares) <= 1, (project_name, size)
    # The order in which theorems come decides nothing.
    assert {one.key for one in shard(given_items[::-1], Shard(0, of))} == {one.key for one in found[0]}


def test_shards_by_their_text() -> None:
    assert Shard.parse(" 3/4 ") == Shard(3, 4)
    assert str(Shard(3, 4)) == "3/4"
    for wrong in ("", "1", "4/4", "-1/2", "a/b", "0/0", "1/2/3"):
        with pytest.raises(SelectionError, match="is no shard"):
            Shard.parse(wrong)


def test_the_examples_have_theorems() -> None:
    assert len(sources_of(load_project(EXAMPLES)).items) > 40
