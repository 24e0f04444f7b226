"""Whole crawls: what came of each repository, and that nothing that goes wrong with one touches another."""

import fcntl
import json
from pathlib import Path
from typing import Any

import pytest

from coq_checker.toolchain import Toolchain
from coqdata.catalogue import resolve
from coqdata.crawled import expand, read_catalogue, read_provenance
from coqdata.project import ProjectError
from crawler import take, tree
from crawler.crawl import crawl
from crawler.discover import Wish
from crawler.model import Cause, CrawlError, Result, Split, Status, moment_of
from crawler.report import Report
from crawler.settings import CrawlerSettings

from .conftest import settings_for
from .github import FakeGitHub, Fault, message
from .histories import History, lemma

UNTIL = moment_of("2024-01-01")


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toolchain: Toolchain) -> None:
    monkeypatch.setenv("PALMETTO_CACHE", str(tmp_path / "cache"))


class Place:
    """A GitHub with repositories, and a folder to crawl into."""

    def __init__(self, github: FakeGitHub, folder: Path) -> None:
        self.github, self.folder, self.out = github, folder, folder / "out"

    def repository(self, name: str, commits: dict[str, dict[str, str | bytes | None]], **more: Any) -> History:
        history = History(self.folder / "upstream" / name)
        for when, files in commits.items():
            history.commit(when, files)
        self.github.add(name, history.url, **more)
        return history

    async def crawl(
        self,
        split: Split = Split.TRAIN,
        toolchain: Toolchain | None = None,
        settings: CrawlerSettings | None = None,
        out: Path | None = None,
        against: tuple[Path, ...] = (),
        **wish: Any,
    ) -> tuple[dict[str, Result], Report, bool]:
        report, whole = await crawl(
            out or self.out,
            Wish(split, UNTIL, **wish),
            settings=settings or settings_for(self.github),
            toolchain=toolchain,
            say=lambda _: None,
            against=against,
            jobs=2,
        )
        return {line.repository.name: line.result for line in report.lines}, report, whole


@pytest.fixture
def place(github: FakeGitHub, tmp_path: Path) -> Place:
    return Place(github, tmp_path)


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_a_train_crawl(place: Place, toolchain: Toolchain) -> None:
    project: dict[str, str | bytes | None] = {"_CoqProject": "-Q . Good\nA.v\n", "A.v": lemma("a", "1 = 1")}
    history = place.repository("o/good", {"2023-05-05": project, "2024-05-05": {"A.v": lemma("b", "2 = 2")}})
    place.repository("o/bad", {"2023-05-05": {"A.v": "From Iris Require Import all.\n"}}, stargazers_count=5)
    found, report, whole = await place.crawl(toolchain=toolchain)
    assert whole
    good, bad = found["o/good"], found["o/bad"]
    assert (good.status, good.files, good.built) == (Status.BUILDS, 1, 1)
    assert (bad.status, bad.cause, bad.message) == (
        Status.FAILS,
        Cause.MISSING_DEPENDENCY,
        "it requires Iris, which is not installed",
    )
    (entry,) = read_catalogue(place.out)
    assert (entry.name, entry.files, entry.stars) == ("o--good", 1, 10)
    assert entry.provenance.upstream == "https://github.com/o/good"
    assert entry.provenance.commit == history.git("rev-parse", "HEAD~1")
    assert entry.provenance.licence == "MIT" and entry.provenance.split == "train"
    assert read_provenance(entry.folder) == entry.provenance
    assert (entry.folder / "A.v").read_text() == lemma("a", "1 = 1")
    assert [one.name for one in (place.out / "projects").iterdir()] == ["o--good"]
    assert sorted(one.name for one in place.out.iterdir() if one.name != ".lock") == [
        "catalogue.json",
        "crawl.sqlite",
        "git",
        "projects",
        "report.jsonl",
        "report.md",
    ]
    assert list((place.out / "git").iterdir()) == []
    assert "missing-dependency: it requires Iris" in report.table


async def test_others_take_the_catalogue(place: Place, toolchain: Toolchain) -> None:
    place.repository("o/one", {"2023-05-05": {"_CoqProject": "-Q . One\nA.v\n", "A.v": lemma("a", "1 = 1")}})
    await place.crawl(toolchain=toolchain)
    folder = str((place.out / "projects/o--one").resolve())
    assert expand(["zfc", str(place.out), str(place.out / "catalogue.json")]) == ["zfc", folder, folder]
    assert folder in expand([f"{place.out.parent}/*"]), "a volume that a crawl lies on"
    assert str(place.out) not in expand([f"{place.out.parent}/*"])
    project = resolve(folder)
    assert project.name == "o--one" and [file.name for file in project.files] == ["A.v"]
    (place.out / "catalogue.json").write_text("{")
    with pytest.raises(ProjectError, match="is no catalogue of a crawl"):
        expand([str(place.out)])


async def test_a_test_crawl(place: Place, toolchain: Toolchain) -> None:
    old, new = lemma("old", "1 = 1"), lemma("new", "forall n : nat, n = n")
    listing = "-Q . Good\nA.v\nBroken.v\n"
    history = place.repository(
        "o/good",
        {
            "2023-05-05": {"_CoqProject": listing, "A.v": old, "Broken.v": ""},
            "2024-05-05": {"A.v": old + new, "Broken.v": lemma("lost", "3 = 3") + "Fail Fail.\nNonsense.\n"},
        },
    )
    place.repository("o/still", {"2023-05-05": {"A.v": old}, "2024-05-05": {"A.v": "(* a word *)" + old}})
    place.repository("o/past", {"2023-05-05": {"A.v": lemma("p", "5 = 5")}})
    found, report, whole = await place.crawl(Split.TEST, toolchain)
    assert whole
    assert found["o/good"].status is Status.PARTLY and found["o/good"].theorems == 1
    assert (found["o/still"].status, found["o/still"].cause) == (Status.SKIPPED, Cause.NOTHING_NEW)
    assert (found["o/past"].status, found["o/past"].cause) == (Status.SKIPPED, Cause.NOTHING_NEW)
    (row,) = rows(place.out / "theorems.jsonl")
    assert (row["project"], row["file"], row["theorem"], row["index"]) == ("o--good", "A.v", "new", 0)
    assert row["first"]["commit"] == history.git("rev-parse", "HEAD")
    assert row["first"]["committed_at"] == "2024-05-05T12:00:00Z"
    assert list(report.theorems) == [row]
    (entry,) = read_catalogue(place.out)
    assert entry.theorems == 1 and (entry.folder / "A.v").read_text() == old + new


async def test_what_another_repository_stated_before_is_not_new(place: Place, tmp_path: Path) -> None:
    place.repository("o/old", {"2022-05-05": {"O.v": lemma("o", "7 = 7")}, "2024-02-02": {"P.v": lemma("p", "8 = 8")}})
    place.repository("o/new", {"2024-03-03": {"A.v": lemma("a", "7 = 7") + lemma("b", "8 = 8") + lemma("c", "9 = 9")}})
    place.repository("o/apart", {"2021-05-05": {"X.v": lemma("x", "9 = 9")}}, pushed_at="2021-05-05T00:00:00Z")
    found, _, _ = await place.crawl(Split.TEST)
    assert [(row["project"], row["theorem"]) for row in rows(place.out / "theorems.jsonl")] == [
        ("o--old", "p"),
        ("o--new", "c"),
    ]
    assert found["o/new"].evidence["left_out"] == {"stated before in o/old": 1, "stated first in o/old": 1}
    # What the train side of another crawl holds counts too.
    await place.crawl(Split.TRAIN, out=tmp_path / "train")
    again, _, _ = await place.crawl(Split.TEST, out=tmp_path / "second", against=(tmp_path / "train",))
    assert again["o/new"].status is Status.SKIPPED
    assert [row["theorem"] for row in rows(tmp_path / "second" / "theorems.jsonl")] == ["p"]


async def test_copies_are_found(place: Place) -> None:
    files: dict[str, str | bytes | None] = {f"F{n}.v": lemma(f"f{n}", f"{n} = {n}") for n in range(10)}
    place.repository("o/original", {"2022-01-01": files}, stargazers_count=50)
    place.repository("x/mirror", {"2022-02-02": files}, stargazers_count=3, mirror_url="https://elsewhere.invalid/o")
    moved = {f"theories/{name}": text for name, text in files.items()} | {"theories/F9.v": lemma("other", "0 = 0")}
    place.repository("y/changed", {"2022-03-03": moved}, stargazers_count=2)
    larger = files | {f"G{n}.v": lemma(f"g{n}", f"{n} = {n}") for n in range(20)}
    place.repository("z/larger", {"2022-04-04": larger}, stargazers_count=1)
    place.repository("f/fork", {"2022-01-01": files}, fork=True, parent={"full_name": "o/original"})
    found, _, _ = await place.crawl()
    assert found["o/original"].status is Status.UNBUILT
    assert found["z/larger"].status is Status.UNBUILT
    for name, said in (("x/mirror", "all files are"), ("y/changed", "90% of its Coq files are")):
        assert (found[name].status, found[name].cause) == (Status.SKIPPED, Cause.COPY)
        assert found[name].message == f"{said} in o/original too"
    assert found["x/mirror"].evidence["mirror_of"] == "https://elsewhere.invalid/o"
    assert (found["f/fork"].cause, found["f/fork"].message) == (Cause.FORK, "a fork of o/original")


async def test_known_data_sets_are_marked(place: Place) -> None:
    place.repository("coq-contribs/zfc", {"2022-01-01": {"A.v": lemma("a", "1 = 1")}}, stargazers_count=0)
    place.repository("x/my-zfc", {"2022-01-02": {"A.v": lemma("a", "1 = 1")}}, stargazers_count=9)
    place.repository("rocq-community/HUFFMAN", {"2022-01-02": {"H.v": lemma("h", "2 = 2")}})
    place.repository("o/other", {"2022-01-02": {"O.v": lemma("o", "3 = 3")}})
    found, report, _ = await place.crawl()
    marked = {line.repository.name: line.marks for line in report.lines}
    assert marked["coq-contribs/zfc"] == ("coqgym", "coqstoq", "palm")
    assert marked["rocq-community/HUFFMAN"] == ("coqgym", "coqstoq", "palm")
    assert marked["o/other"] == ()
    # The copy goes, though more people marked it, and the record tells of what.
    assert found["x/my-zfc"].cause is Cause.COPY
    assert found["x/my-zfc"].evidence["marks_of_original"] == ["coqgym", "coqstoq", "palm"]
    assert {entry.name: entry.provenance.marks for entry in read_catalogue(place.out)}["coq-contribs--zfc"]


async def test_stars_licences_and_the_limit(place: Place) -> None:
    for number, (stars, licence) in enumerate(
        [(9, "MIT"), (8, "GPL-3.0"), (7, "Apache-2.0"), (6, None), (5, "MIT"), (1, "MIT")]
    ):
        described = {"spdx_id": licence} if licence else None
        files: dict[str, str | bytes | None] = {"A.v": lemma("a", f"{number} = {number}")}
        place.repository(f"o/r{number}", {"2022-01-01": files}, stargazers_count=stars, license=described)
    wish: dict[str, Any] = {"min_stars": 2, "licences": frozenset(("mit", "apache-2.0"))}
    found, report, _ = await place.crawl(**wish, limit=2)
    assert {name: result.status for name, result in found.items()} == {
        "o/r0": Status.UNBUILT,
        "o/r1": Status.SKIPPED,
        "o/r2": Status.UNBUILT,
        "o/r3": Status.SKIPPED,
    }
    assert found["o/r1"].message == "its licence is GPL-3.0" and found["o/r3"].message == "GitHub knows no licence"
    assert report.left == 1
    assert "/repos/o/r4" not in place.github.paths()
    # A larger limit goes on with the same crawl.
    found, report, _ = await place.crawl(**wish, limit=10)
    assert found["o/r4"].status is Status.UNBUILT and report.left == 0


async def test_what_disappears_in_between(place: Place) -> None:
    one: dict[str, dict[str, str | bytes | None]] = {"2022-01-01": {"A.v": lemma("a", "1 = 1")}}
    place.repository("o/good", {"2022-01-01": {"G.v": lemma("g", "0 = 0")}})
    for name in ("deleted", "blocked", "forbidden", "unfetchable", "replaced"):
        place.repository(f"o/{name}", one)
    place.repository("new/name", {"2022-01-01": {"N.v": lemma("n", "9 = 9")}})
    place.github.moved["old/name"] = "new/name"
    place.github.answers["/repos/o/deleted"] = message(404, "Not Found")
    place.github.answers["/repos/o/blocked"] = message(451, "Repository access blocked")
    place.github.answers["/repos/o/forbidden"] = message(403, "Repository access blocked")
    other = dict(next(one for one in place.github.repositories if one["full_name"] == "o/replaced"), id=77)
    place.github.answers["/repos/o/replaced"] = Fault(200, {}, json.dumps(other).encode())
    (place.folder / "upstream/o/unfetchable").rename(place.folder / "upstream/o/away")
    found, _, whole = await place.crawl()
    assert whole
    causes = {name: result.cause for name, result in found.items()}
    assert causes == {
        "o/good": None,
        "o/deleted": Cause.GONE,
        "o/blocked": Cause.BLOCKED,
        "o/forbidden": Cause.BLOCKED,
        "o/unfetchable": Cause.GONE,
        "o/replaced": Cause.GONE,
        "new/name": None,
    }
    assert found["new/name"].evidence["earlier_name"] == "old/name"
    assert found["new/name"].folder == "new--name"


async def test_what_could_not_be_had_is_tried_again(place: Place) -> None:
    place.repository("o/good", {"2022-01-01": {"G.v": lemma("g", "0 = 0")}})
    place.repository("o/later", {"2022-01-01": {"L.v": lemma("l", "1 = 1")}})
    place.github.answers["/repos/o/later"] = Fault(200, {}, b"{broken")
    found, _, whole = await place.crawl(settings=settings_for(place.github, request_attempts=2))
    assert not whole
    assert (found["o/later"].status, found["o/later"].cause) == (Status.LATER, Cause.NETWORK)
    assert found["o/good"].status is Status.UNBUILT
    place.github.answers.clear()
    asked = place.github.paths().count("/repos/o/good")
    found, _, whole = await place.crawl()
    assert whole and found["o/later"].status is Status.UNBUILT
    assert place.github.paths().count("/repos/o/good") == asked


async def test_a_github_that_is_down_ends_the_run(place: Place) -> None:
    for number in range(12):
        place.repository(f"o/r{number}", {"2022-01-01": {"A.v": lemma("a", f"{number} = {number}")}})
        place.github.answers[f"/repos/o/r{number}"] = Fault(503)
    with pytest.raises(CrawlError, match="it goes on where it is"):
        await place.crawl(settings=settings_for(place.github, request_attempts=2))
    place.github.answers.clear()
    found, _, whole = await place.crawl()
    assert whole and {result.status for result in found.values()} == {Status.UNBUILT}


async def test_odd_repositories_beside_a_good_one(place: Place, toolchain: Toolchain) -> None:
    place.repository("o/good", {"2022-01-01": {"_CoqProject": "-Q . G\nA.v\n", "A.v": lemma("a", "1 = 1")}})
    place.github.add("o/empty", History(place.folder / "upstream/o/empty").url)
    place.repository("o/huge", {"2022-01-01": {"A.v": lemma("h", "2 = 2")}}, size=10_000_000)
    place.repository("o/verilog", {"2022-01-01": {"chip.v": "module chip;\nendmodule\n"}})
    latin = "(* caf\xe9 *)\n".encode("latin-1") + lemma("l", "3 = 3").encode()
    links = place.repository("o/links", {"2022-01-01": {"L.v": latin}})
    (links.folder / "Loop.v").symlink_to("Loop.v")
    links.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},dep")
    links.git("add", "Loop.v")
    links.git("commit", "--quiet", "--message", "m", when="2022-02-02T00:00:00Z")
    damaged = place.repository("o/damaged", {"2022-01-01": {"A.v": lemma("d", "4 = 4")}})
    blob = damaged.git("rev-parse", "HEAD:A.v")
    thing = damaged.folder / ".git/objects" / blob[:2] / blob[2:]
    thing.chmod(0o644)
    thing.write_bytes(b"damaged")
    bomb = "all:\n\tbash -c 'b() { b | b & }; b; sleep 983'\n"
    place.repository("o/hostile", {"2022-01-01": {"Makefile": bomb, "A.v": "Nonsense.\n"}})
    settings = settings_for(place.github, processes=60, git_attempts=2)
    found, _, whole = await place.crawl(toolchain=toolchain, settings=settings)
    came = {name: (result.status, result.cause) for name, result in found.items()}
    assert came == {
        "o/good": (Status.BUILDS, None),
        "o/empty": (Status.SKIPPED, Cause.EMPTY),
        "o/huge": (Status.SKIPPED, Cause.TOO_LARGE),
        "o/verilog": (Status.SKIPPED, Cause.NO_COQ),
        "o/links": (Status.BUILDS, None),
        "o/damaged": (Status.LATER, Cause.NETWORK),
        "o/hostile": (Status.FAILS, Cause.COQ_VERSION),
    }
    assert not whole
    assert found["o/links"].skipped == {"link": ["Loop.v"], "not-utf8": ["L.v"], "submodule": ["dep"]}
    assert "its make was killed" in found["o/hostile"].evidence["build_notes"]


async def test_a_fault_of_ours_costs_one_repository(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.repository("o/one", {"2022-01-01": {"A.v": lemma("a", "1 = 1")}})
    place.repository("o/two", {"2022-01-01": {"B.v": lemma("b", "2 = 2")}})
    real = tree.export

    def export(git: Any, files: Any, folder: Path, settings: CrawlerSettings) -> Any:
        if files.coq[0][0] == "A.v":
            raise RuntimeError("nobody thought of that")
        return real(git, files, folder, settings)

    monkeypatch.setattr(take, "export", export)
    found, _, _ = await place.crawl()
    assert (found["o/one"].cause, found["o/two"].status) == (Cause.FAULT, Status.UNBUILT)
    assert "nobody thought of that" in found["o/one"].message


async def test_a_crawl_goes_on_only_as_it_was_begun(place: Place) -> None:
    place.repository("o/one", {"2022-01-01": {"A.v": lemma("a", "1 = 1")}})
    await place.crawl()
    with pytest.raises(CrawlError, match="begun with split train and this one has test"):
        await place.crawl(Split.TEST)
    with pytest.raises(CrawlError, match="begun with min-stars 0"):
        await place.crawl(min_stars=3)


async def test_two_crawls_do_not_share_a_folder(place: Place) -> None:
    place.out.mkdir()
    with (place.out / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(CrawlError, match="another crawl is at work"):
            await place.crawl()


async def test_a_folder_that_is_none(place: Place) -> None:
    place.out.write_text("")
    with pytest.raises(CrawlError, match="give another folder with --out"):
        await place.crawl()


async def test_a_finished_crawl_asks_nothing_again(place: Place) -> None:
    place.repository("o/one", {"2022-01-01": {"A.v": lemma("a", "1 = 1")}})
    first, _, _ = await place.crawl()
    asked = len(place.github.asked)
    second, _, _ = await place.crawl()
    assert first == second and len(place.github.asked) == asked


def test_every_setting_and_cause_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "crawling.md").read_text()
    settings = {name.upper() for name in CrawlerSettings.model_fields}
    assert {name for name in settings if f"| `{name}` |" not in text} == set()
    assert {cause.value for cause in Cause if f"`{cause.value}`" not in text} == set()
