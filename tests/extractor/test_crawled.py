"""What a crawl leaves is taken directly; of a test crawl only the theorems that are for testing; shards."""

import json
from pathlib import Path

import pytest

from coqdata.crawled import CATALOGUE_FILE, CATALOGUE_FORMAT, THEOREMS_FILE, Provenance, write_provenance
from coqdata.project import ProjectError
from evaluator.theorems import sources_of
from palmetto.evaluation.projects import find_projects, spelled

from .conftest import GOOD, Run, rows

TWICE = "Module M. Lemma one : forall A : Prop, A -> A \\/ False. auto. Qed. End M.\n"
TWICE += "Lemma t : True. Abort.\nLemma t : 1 = 1. auto. Qed.\n"


@pytest.fixture
def crawl(tmp_path: Path) -> Path:
    """The folder of a test crawl with one project."""
    out = tmp_path / "crawl"
    folder = out / "projects" / "owner--demo"
    folder.mkdir(parents=True)
    (folder / "_CoqProject").write_text("-Q . Demo\nGood.v\nTwice.v\n")
    (folder / "Good.v").write_text(GOOD)
    (folder / "Twice.v").write_text(TWICE)
    source = Provenance("https://example.org/owner/demo", "0" * 40, split="test", until="2024-01-01")
    write_provenance(folder, source)
    listed = [("Good.v", "shown", 0), ("Twice.v", "t", 1), ("Twice.v", "M.one", 0)]
    lines = [{"project": "owner--demo", "file": file, "theorem": name, "index": at} for file, name, at in listed]
    lines.append({"project": "another", "file": "Good.v", "theorem": "swap", "index": 0})
    (out / THEOREMS_FILE).write_text("".join(json.dumps(line) + "\n" for line in lines))
    entry = {"name": "owner--demo", "folder": "projects/owner--demo", "stars": 3, "files": 2, "theorems": 3}
    told = {name: getattr(source, name) for name in Provenance.__slots__}
    catalogue = {"format": CATALOGUE_FORMAT, "projects": [{**entry, "provenance": told}]}
    (out / CATALOGUE_FILE).write_text(json.dumps(catalogue))
    return out


def test_a_test_crawl_gives_what_is_for_testing(run: Run, crawl: Path, tmp_path: Path) -> None:
    done = run("extract", crawl, "--out", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["splits"] == {"test": 3}
    found = rows(tmp_path / "out", "test")
    assert sorted((row["file"], row["theorem"], row["index"]) for row in found) == [
        ("Good.v", "shown", 1),
        ("Twice.v", "M.one", 0),
        ("Twice.v", "t", 2),
    ]
    assert {row["split"] for row in found} == {"test"}


def test_an_experiment_on_a_test_crawl_is_on_the_same(crawl: Path) -> None:
    projects, broken = find_projects([str(crawl)])
    assert not broken
    (found,) = map(sources_of, projects)
    assert [(one.key.file, one.key.theorem, one.key.index) for one in found.items] == [
        ("Good.v", "shown", 0),
        ("Twice.v", "M.one", 0),
        ("Twice.v", "t", 0),  # an experiment does not count what was aborted
    ]
    (crawl / THEOREMS_FILE).unlink()
    with pytest.raises(ProjectError, match="keep them together"):
        sources_of(projects[0])


def test_a_crawl_is_indexed_as_a_whole(run: Run, crawl: Path) -> None:
    done = run("index", crawl)
    assert done.returncode == 0, done.stderr
    assert "owner--demo: 2 files" in done.stdout
    projects, _ = find_projects([str(crawl)])
    assert spelled(projects) == {"owner--demo": f"owner--demo={crawl / 'projects' / 'owner--demo'}"}


def test_shards_are_the_whole_and_nothing_twice(run: Run, project: Path, tmp_path: Path) -> None:
    parts: list[tuple[str, str]] = []
    for part in ("0/2", "1/2"):
        out = tmp_path / part.replace("/", "-")
        done = run("extract", project, "--out", out, "--shard", part, "--format", "jsonl")
        assert done.returncode == 0, done.stderr
        parts += [(row["file"], row["theorem"]) for row in rows(out)]
    assert sorted(parts) == [("Good.v", "shown"), ("Good.v", "swap"), ("Other.v", "other")]


def test_shards_share_a_folder_that_follows_the_project(run: Run, project: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for part in ("0/2", "1/2"):
        assert run("extract", project, "--out", out, "--shard", part).returncode == 0
    assert sorted(row["theorem"] for row in rows(out)) == ["other", "shown", "swap"]
    another = tmp_path / "another"
    another.mkdir()
    (another / "A.v").write_text("Lemma added : 2 = 2.\nProof. reflexivity. Qed.\n")
    (project / "Good.v").unlink()
    assert run("extract", another, "--out", out).returncode == 0
    assert run("extract", project, "--out", out, "--shard", "0/2").returncode == 0
    assert sorted(row["theorem"] for row in rows(out)) == ["added", "other"]


def test_retrieval_is_asked_with_what_the_index_prints(run: Run, project: Path, tmp_path: Path) -> None:
    names = {}
    for profile in ("default", "coqgym"):
        out = tmp_path / profile
        chosen = ("--max-premises", "8", "--steps", "--profile", profile)
        done = run("extract", project, "--out", out, "--retrieval", *chosen)
        assert done.returncode == 0, done.stderr
        found = {(row["theorem"], row["step"]): row for row in rows(out)}
        names[profile] = {key: [one["name"] for one in row["premises"]] for key, row in found.items()}
        assert len(found) > 4 and any(step for _, step in found)
        assert ("@eq nat" in found["shown", 0]["goal"]) == (profile == "coqgym")
    assert names["default"] == names["coqgym"]
