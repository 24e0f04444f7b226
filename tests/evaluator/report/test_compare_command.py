"""`palmetto compare`, run as people run it."""

import dataclasses
import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from evaluator.report import Experiment
from evaluator.store import ExperimentStore, Outcome, Verification

from ...browser import opened
from ...coq_checker.servers import PALMETTO
from .making import made, paired, realistic

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ONE, TWO = paired(both=59, only_first=6, only_second=16, neither=80)
APART = made("apart", {"elsewhere": {"a": True}})
LARGE = realistic("large", {"demo": 30, "PolTac": 12}, 0.5, 1)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "experiments.sqlite"
    with ExperimentStore.open(path) as opened_store:
        for one in (ONE, TWO, APART, LARGE):
            keep(opened_store, one)
        opened_store.begin("empty", {}, {})
        proofs = sorted(LARGE.proved)
        for key, outcome in zip(proofs, (Outcome.REFUSED, Outcome.AGREES, Outcome.ALONE), strict=False):
            opened_store.put_verification("large", Verification(key, LARGE.records[key].script, outcome))
        opened_store.put_verification("large", Verification(proofs[3], "Proof. another. Qed.", Outcome.REFUSED))
    return path


def keep(store: ExperimentStore, experiment: Experiment) -> None:
    store.begin(experiment.name, {}, {})
    store.put_all([dataclasses.replace(record) for record in experiment.records.values()])


def compare(store: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PALMETTO, "compare", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PALMETTO_EXPERIMENTS": str(store)},
    )


def assert_one_line(done: subprocess.CompletedProcess[str], *says: str) -> None:
    """The command could not run, and says why in one line."""
    assert done.returncode == 2, done
    (line,) = done.stderr.splitlines()
    assert line.startswith("palmetto: ")
    for part in says:
        assert part in line
    assert done.stdout == ""


def test_it_prints_the_tables(store: Path) -> None:
    done = compare(store, "one", "two")
    assert done.returncode == 0, done
    assert done.stderr == ""
    assert "65/161  40.4 % [33.1, 48.1]" in done.stdout
    assert "+6.2 [+0.5, +11.9]" in done.stdout
    assert "and 6 more: --list" in done.stdout
    assert "more: --list" not in compare(store, "one", "two", "--list").stdout


def test_it_prints_json(store: Path) -> None:
    done = compare(store, "one", "two", "--json")
    assert done.returncode == 0, done
    found = json.loads(done.stdout)
    assert found["experiments"] == ["one", "two"]
    assert found["pairs"][0]["total"]["only_second"] == 16


def test_it_writes_all_outputs_at_once(store: Path, tmp_path: Path) -> None:
    page, text = tmp_path / "report.html", tmp_path / "report.md"
    done = compare(store, "large", "--html", page, "--markdown", text, "--json")
    assert done.returncode == 0, done
    assert done.stderr.splitlines() == [f"palmetto: wrote {page}", f"palmetto: wrote {text}"]
    found = json.loads(done.stdout)
    share = found["success"]["all projects"]["large"]
    assert f"**{share['proved']}/42 " in text.read_text()
    assert found["verified"]["large"] == {
        "proofs": share["proved"],
        "agrees": 1,
        "alone": 1,
        "refused": 1,
        "unknown": 0,
        "refused_proofs": [dataclasses.asdict(min(LARGE.proved))],
    }
    assert f"{share['proved']}/42" in page.read_text()


def test_its_page_has_what_the_store_has(store: Path, tmp_path: Path, browser: "Browser") -> None:
    page = tmp_path / "report.html"
    assert compare(store, "large", "--html", page).returncode == 0
    with opened(browser, page.as_uri()) as shown:
        assert f"{len(LARGE.proved)}/42" in shown.page.locator("#success tr.total").inner_text()
        assert "coqc refused 1 of the proofs" in shown.page.locator(".notes").inner_text()
        shown.page.locator(".theorem > summary").first.click()
        # The answers, which the other outputs leave in the store.
        assert shown.page.locator(".theorem").first.locator("article details").count() == 2
        assert shown.complaints == []


def test_it_prints_markdown(store: Path) -> None:
    done = compare(store, "one", "two", "--markdown", "-")
    assert done.returncode == 0, done
    assert done.stdout.startswith("# two against one\n")
    assert done.stderr == ""


def test_projects_are_chosen(store: Path) -> None:
    found = json.loads(compare(store, "large", "--proj", "PolTac", "--json").stdout)
    assert found["success"]["PolTac"]["large"]["theorems"] == 12
    assert "demo" not in found["success"]


def test_palms_outcomes_are_a_column(store: Path, tmp_path: Path) -> None:
    table = tmp_path / "palm.csv"
    table.write_text(
        "project,file,theorem,run,succeeded,seconds\n" + "".join(f"demo,A,t{n},gpt,1,\n" for n in range(90))
    )
    done = compare(store, "one", "two", "--palm", f"{table}:gpt", "--json")
    assert done.returncode == 0, done
    found = json.loads(done.stdout)
    assert found["success"]["demo"]["PALM: gpt"]["theorems"] == 90
    assert found["palm"] == [{"run": "gpt", "matched": 90, "recorded": 90, "unmatched": 0, "ambiguous": 0}]
    # t0 to t58 by both, to t64 by one alone, to t80 by two alone.
    assert [(pair["first"], pair["second"], pair["total"]["second"]) for pair in found["pairs"]] == [
        ("one", "two", 75),
        ("PALM: gpt", "one", 65),
        ("PALM: gpt", "two", 75),
    ]


def test_bad_input_is_one_sentence(store: Path, tmp_path: Path) -> None:
    assert_one_line(compare(store, "one", "three"), "no experiment 'three'", "apart", "empty", "large", "one", "two")
    assert_one_line(compare(store, "one", "apart"), "one and apart have no theorem in common")
    assert_one_line(compare(store, "one", "empty"), "the experiment empty is empty: run `palmetto eval")
    assert_one_line(compare(store, "one", "one"), "the experiment one is named twice")
    assert_one_line(compare(store, "one", "--proj", "zfc"), "no theorem of zfc: it has those of demo")
    assert_one_line(compare(store, "one", "--proj", " , "), "no project is named")
    assert_one_line(compare(store, "one", "--json", "--markdown", "-"), "--json and --markdown - both print")
    assert_one_line(
        compare(store, "one", "--html", tmp_path / "none" / "x.html"), "x.html cannot be written: no such file"
    )
    other = tmp_path / "other.csv"
    other.write_text("name,score\na,1\n")
    assert_one_line(compare(store, "one", "--palm", other), "other.csv is not PALM's table: it has no column 'project'")
    assert_one_line(compare(store, "one", "--palm", tmp_path / "no.csv"), "no.csv cannot be read: no such file")
    assert_one_line(compare(tmp_path / "no.sqlite", "one"), "there is no experiment store at", "palmetto eval")
