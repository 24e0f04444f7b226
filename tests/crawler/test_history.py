"""Which side of a date: the cut, and what was first stated since, on real histories."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from coqdata.theorem import theorems
from crawler.fetching import NotWantedError, fetch
from crawler.fresh import Fresh, HistoryTooLargeError, fresh
from crawler.git import Git, GitError
from crawler.history import commits
from crawler.model import Cause, Repository, Split, moment_of
from crawler.settings import CrawlerSettings
from crawler.statements import statement_hash, statements

from .histories import History, lemma

UNTIL = moment_of("2024-01-01")


def described(history: History, **more: Any) -> Repository:
    given = {"id": 1, "full_name": "a/b", "clone_url": history.url, "default_branch": "main", **more}
    return Repository.from_json(given)


async def fetched(history: History, split: Split, tmp_path: Path, settings: CrawlerSettings) -> tuple[Any, Git]:
    place = tmp_path / "fetched.git"
    found = await fetch(described(history), split, UNTIL, place, settings)
    return found, Git.at(place, settings)


async def new_in(history: History, tmp_path: Path, settings: CrawlerSettings, max_bytes: int = 1 << 20) -> Fresh:
    found, git = await fetched(history, Split.TEST, tmp_path, settings)
    every = await commits(git, "--branches")
    return await asyncio.to_thread(fresh, git, every, found.tree.coq, UNTIL, settings.max_file_bytes, max_bytes)


def names(found: Fresh) -> list[str]:
    return [what["theorem"] for _, what in found.theorems]


async def test_the_last_commit_before_the_date(upstream: Path, tmp_path: Path, settings: CrawlerSettings) -> None:
    history = History(upstream / "one")
    history.commit("2020-01-01", {"A.v": lemma("one", "1 = 1")})
    wanted = history.commit("2023-12-31", {"A.v": lemma("two", "2 = 2")})
    history.commit("2024-01-01", {"A.v": lemma("three", "3 = 3")})
    found, git = await fetched(history, Split.TRAIN, tmp_path, settings)
    assert found.commit == wanted
    assert found.committed_at == "2023-12-31T12:00:00Z"
    assert found.evidence["last_before"]["commit"] == wanted
    ((_, oid),) = found.tree.coq
    ((_, text),) = list(git.blobs([oid], 1 << 20))
    assert text == lemma("two", "2 = 2").encode()


async def test_only_that_commit_is_fetched(upstream: Path, tmp_path: Path, settings: CrawlerSettings) -> None:
    history = History(upstream / "one")
    history.commit("2020-01-01", {"A.v": lemma("one", "1 = 1")})
    early = history.git("rev-parse", "HEAD:A.v")
    history.commit("2023-12-31", {"A.v": lemma("two", "2 = 2")})
    history.commit("2024-06-01", {"A.v": lemma("three", "3 = 3")})
    late = history.git("rev-parse", "HEAD:A.v")
    _, git = await fetched(history, Split.TRAIN, tmp_path, settings)
    history.folder.rename(upstream / "gone")  # what is not here cannot be had now
    assert [text for _, text in git.blobs([early, late], 1 << 20)] == [None, None]


async def test_a_commit_on_a_later_one_is_later(upstream: Path, tmp_path: Path, settings: CrawlerSettings) -> None:
    history = History(upstream / "one")
    wanted = history.commit("2023-05-01", {"A.v": lemma("one", "1 = 1")})
    history.commit("2024-05-01", {"A.v": lemma("two", "2 = 2")})
    history.commit("2023-06-01", {"B.v": lemma("three", "3 = 3")})  # a clock that is wrong
    found, _ = await fetched(history, Split.TRAIN, tmp_path, settings)
    assert found.commit == wanted


async def test_a_merge_brings_nothing_later_in(upstream: Path, tmp_path: Path, settings: CrawlerSettings) -> None:
    history = History(upstream / "one")
    history.commit("2023-01-01", {"A.v": lemma("one", "1 = 1")})
    history.git("checkout", "--quiet", "-b", "side")
    history.commit("2024-02-01", {"S.v": lemma("side", "5 = 5")})
    history.git("checkout", "--quiet", "main")
    wanted = history.commit("2023-02-01", {"B.v": lemma("two", "2 = 2")})
    # The merge's own date is before, what it brings in is not.
    history.git("merge", "--quiet", "--no-ff", "--message", "m", "side", when="2023-12-01T00:00:00Z")
    found, _ = await fetched(history, Split.TRAIN, tmp_path, settings)
    assert found.commit == wanted


@pytest.mark.parametrize("split", list(Split))
async def test_an_empty_repository(upstream: Path, tmp_path: Path, settings: CrawlerSettings, split: Split) -> None:
    with pytest.raises(NotWantedError) as told:
        await fetched(History(upstream / "one"), split, tmp_path, settings)
    assert told.value.cause is Cause.EMPTY


async def test_nothing_on_the_wanted_side(upstream: Path, tmp_path: Path, settings: CrawlerSettings) -> None:
    late, early = History(upstream / "late"), History(upstream / "early")
    late.commit("2024-03-01", {"A.v": lemma("one", "1 = 1")})
    early.commit("2023-03-01", {"A.v": lemma("one", "1 = 1")})
    with pytest.raises(NotWantedError) as told:
        await fetched(late, Split.TRAIN, tmp_path, settings)
    assert told.value.cause is Cause.NOTHING_BEFORE
    with pytest.raises(NotWantedError) as told:
        await fetched(early, Split.TEST, tmp_path, settings)
    assert told.value.cause is Cause.NOTHING_NEW


async def test_no_coq_file(upstream: Path, tmp_path: Path, settings: CrawlerSettings) -> None:
    history = History(upstream / "one")
    history.commit("2023-03-01", {"README.md": "nothing", "empty.v": ""})
    with pytest.raises(NotWantedError) as told:
        await fetched(history, Split.TRAIN, tmp_path, settings)
    assert told.value.cause is Cause.NO_COQ


async def test_other_protocols_are_not_used(upstream: Path, tmp_path: Path, settings: CrawlerSettings) -> None:
    history = History(upstream / "one")
    history.commit("2023-03-01", {"A.v": lemma("one", "1 = 1")})
    strict = settings.model_copy(update={"git_protocols": "https"})
    with pytest.raises(GitError, match="transport 'file' not allowed"):
        await fetched(history, Split.TRAIN, tmp_path, strict)
    with pytest.raises(GitError, match="not allowed"):
        place = tmp_path / "x.git"
        await fetch(described(history, clone_url="ext::sh -c 'touch /tmp/x'"), Split.TRAIN, UNTIL, place, settings)


async def test_new_theorems_with_the_commit_that_shows_it(
    upstream: Path, tmp_path: Path, settings: CrawlerSettings
) -> None:
    history = History(upstream / "one")
    old = lemma("old", "forall n, n + 0 = n")
    history.commit("2023-03-01", {"A.v": old})
    first = history.commit("2024-03-01", {"A.v": old + lemma("new", "forall n, 0 + n = n")})
    version = history.git("rev-parse", "HEAD:A.v")
    history.commit("2024-04-01", {"A.v": "(* a word *)\n" + old + lemma("new", "forall n, 0 + n = n", "auto.")})
    found = await new_in(history, tmp_path, settings)
    assert names(found) == ["new"]
    ((_, what),) = found.theorems
    assert what == {
        "file": "A.v",
        "theorem": "new",
        "index": 0,
        "kind": "Lemma",
        "statement": "Lemma new : forall n, 0 + n = n.",
        "first": {
            "commit": first,
            "committed_at": "2024-03-01T12:00:00Z",
            "authored_at": "2024-03-01T12:00:00Z",
            "blob": version,
            "name_was_there": False,
        },
    }
    assert found.known == 1


async def test_what_is_no_new_statement(upstream: Path, tmp_path: Path, settings: CrawlerSettings) -> None:
    history = History(upstream / "one")
    old = "Lemma moved : forall n, n + 0 = n.\nProof. auto. Qed.\nLemma layout : 1=1.\nProof. auto. Qed.\n"
    old += "Lemma renamed : 2 = 2.\nProof. auto. Qed.\n"
    history.commit("2022-01-01", {"A.v": old, "Gone.v": lemma("gone", "7 = 7")})
    history.commit("2022-02-01", {"Gone.v": None})
    new = "Theorem layout (* here *) :\n  1 =\n 1.\nProof. now auto. Qed.\n"
    new += "Lemma other : 2 = 2.\nProof. auto. Qed.\n"
    new += "Lemma back : 7 = 7.\nProof. auto. Qed.\n"  # it was there once, and taken away before the date
    new += "Lemma open : 9 = 9.\nProof. Admitted.\nLemma given_up : 10 = 10.\nProof. Abort.\n"
    new += lemma("fresh", "8 = 8")
    history.commit("2024-02-01", {"A.v": new, "sub/B.v": lemma("moved", "forall n, n + 0 = n")})
    assert names(await new_in(history, tmp_path, settings)) == ["fresh"]


async def test_a_changed_statement_is_new_and_told_as_such(
    upstream: Path, tmp_path: Path, settings: CrawlerSettings
) -> None:
    history = History(upstream / "one")
    history.commit("2022-01-01", {"A.v": lemma("a", "1 = 1")})
    history.commit("2024-02-01", {"A.v": lemma("a", "2 = 2")})
    ((_, what),) = (await new_in(history, tmp_path, settings)).theorems
    assert what["first"]["name_was_there"] is True


async def test_other_branches_show_it_earlier(upstream: Path, tmp_path: Path, settings: CrawlerSettings) -> None:
    history = History(upstream / "one")
    history.commit("2022-01-01", {"A.v": lemma("a", "1 = 1")})
    history.git("checkout", "--quiet", "-b", "side")
    history.commit("2023-02-01", {"B.v": lemma("side", "5 = 5")})
    history.git("checkout", "--quiet", "main")
    history.commit("2024-02-01", {"C.v": lemma("squashed", "5 = 5") + lemma("new", "6 = 6")})
    assert names(await new_in(history, tmp_path, settings)) == ["new"]


async def test_the_earlier_of_two_dates_counts(upstream: Path, tmp_path: Path, settings: CrawlerSettings) -> None:
    history = History(upstream / "one")
    history.commit("2022-01-01", {"A.v": lemma("a", "1 = 1")})
    history.commit("2024-02-01", {"B.v": lemma("rebased", "2 = 2")}, authored="2023-02-01T00:00:00Z")
    history.commit("2024-03-01", {"C.v": lemma("new", "3 = 3")})
    assert names(await new_in(history, tmp_path, settings)) == ["new"]


async def test_what_a_merge_itself_makes_is_seen(upstream: Path, tmp_path: Path, settings: CrawlerSettings) -> None:
    history = History(upstream / "one")
    history.commit("2022-01-01", {"A.v": lemma("a", "1 = 1")})
    history.git("checkout", "--quiet", "-b", "side")
    history.commit("2022-02-01", {"B.v": lemma("b", "2 = 2")})
    history.git("checkout", "--quiet", "main")
    history.commit("2022-02-02", {"C.v": lemma("c", "3 = 3")})
    history.git("merge", "--quiet", "--no-ff", "--no-commit", "side", when="2022-03-01T00:00:00Z")
    history.commit("2022-03-01", {"M.v": lemma("merged", "4 = 4")})
    history.commit("2022-04-01", {"M.v": None})
    history.commit("2024-04-01", {"D.v": lemma("again", "4 = 4") + lemma("new", "5 = 5")})
    assert names(await new_in(history, tmp_path, settings)) == ["new"]


async def test_odd_versions_in_a_history(upstream: Path, tmp_path: Path, settings: CrawlerSettings) -> None:
    history = History(upstream / "one")
    small = settings.model_copy(update={"max_file_bytes": 4096})
    latin = "(* \xe9 *)\n".encode("latin-1")
    odd: dict[str, str | bytes | None] = {
        "A.v": latin + lemma("latin", "1 = 1").encode(),
        "huge.v": lemma("huge", "2 = 2") + "(* " + "x" * 9000 + " *)",
        "chip.v": "module chip;\nendmodule\n",
        'odd "name"\t.v': lemma("odd", "3 = 3"),
    }
    history.commit("2022-01-01", odd)
    history.commit("2024-01-02", {"B.v": lemma("b", "1 = 1") + lemma("c", "3 = 3") + lemma("new", "4 = 4")})
    found = await new_in(history, tmp_path, small)
    assert names(found) == ["new"]


async def test_too_much_to_read_is_told(upstream: Path, tmp_path: Path, settings: CrawlerSettings) -> None:
    history = History(upstream / "one")
    for year in range(2010, 2022):
        history.commit(f"{year}-01-01", {"A.v": lemma("a", f"{year} = {year}")})
    history.commit("2024-01-02", {"A.v": lemma("b", "0 = 0")})
    with pytest.raises(HistoryTooLargeError):
        await new_in(history, tmp_path, settings, max_bytes=200)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Lemma a : True.", "Theorem  b:\n True .", True),
        ("Lemma a (n : nat) : n = n.", "Lemma a (m : nat) : m = m.", False),
        ("Lemma a : 1 = 1.", "#[local] Lemma a : 1 = 1.", True),
        ("Goal True.", "Lemma x : True.", True),
        ("Lemma a (n : nat) : n = n.", "Lemma b : forall (n : nat), n = n.", True),
        ("Instance i : C nat.", "Instance : C nat.", True),
        ("Lemma a (* Lemma b *) : 1 = 1.", "Lemma a : 1 = 1.", True),
        ('Lemma a : "x y" = "x y".', 'Lemma a : "x  y" = "x  y".', False),
    ],
)
def test_when_statements_are_the_same(one: str, other: str, same: bool) -> None:
    hashes = []
    for text in (one, other):
        source = f"{text}\nProof. auto. Qed.\n".encode()
        ((_, found),) = list(statements(source))
        hashes.append(found)
    assert (hashes[0] == hashes[1]) is same


def test_every_theorem_of_a_mutual_statement_has_the_whole_statement() -> None:
    source = b"Lemma a : 1 = 1 with b : 2 = 2.\nProof. auto. auto. Qed.\n"
    (first, one), (second, two) = statements(source)
    assert (first.name, second.name) == ("a", "b")
    assert one == two
    single = theorems(b"Lemma a : 1 = 1.\nProof. auto. Qed.\n")[0]
    assert statement_hash(b"Lemma a : 1 = 1.", single) != one
