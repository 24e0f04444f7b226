"""PALM's projects and recorded answers, where they are there: all of it to the end, under a small budget."""

import json
from pathlib import Path

import pytest

from coqdata.project import load_project
from evaluator import causes
from evaluator.selection import named, read_wanted
from evaluator.theorems import sources_of
from palmetto.evaluation.recordings import model_folder, prepare

from ..conftest import SHARED
from .evaluating import records, run

CORPORA = SHARED / "corpora"
RECORDED = SHARED / "palm_responses"
OUTCOMES = SHARED / "palm_outcomes.csv"

pytestmark = pytest.mark.shared


def test_the_projects_that_failed_in_palm_run_to_the_end(tmp_path: Path) -> None:
    store = tmp_path / "e.sqlite"
    names = ("--proj", f"{CORPORA / 'angles'},{CORPORA / 'coq-procrastination'}", "--exp-name", "failing")
    palm = ("--theorems", str(OUTCOMES), "--limit", "6", "--seed", "3")
    model = ("--model", f"replay:{RECORDED / 'gpt-3.5-turbo-0125'}")
    done = run(*names, *palm, *model, "--budget", "2", "--threads", "2", store=store)
    assert done.returncode == 0, done.stderr
    assert "coq-procrastination: nothing was recorded for it" in done.stderr
    found = records(store, "failing", events=True)
    assert len(found) == 6
    assert {key.project for key in found} == {"angles", "coq-procrastination"}
    told = {one.cause for one in found.values()}
    assert told <= {"", causes.BUDGET, causes.NOTHING_FOUND, causes.NOT_RECORDED}, told
    with (RECORDED / "gpt-3.5-turbo-0125" / "angles.jsonl").open() as lines:
        said = {(row["file"], row["theorem"]): row["response"] for row in map(json.loads, lines)}
    answered = [one for one in found.values() if one.model_answers]
    assert answered
    for one in answered:
        assert one.model == "gpt-3.5-turbo-0125"
        assert one.model_answers == (said[one.file.removesuffix(".v"), one.theorem],)
    verified = run("verify", "failing", store=store)
    assert verified.returncode == 0, (verified.stdout, verified.stderr)


@pytest.mark.parametrize("model", ["gpt-3.5-turbo-0125", "gpt-4o-2024-05-13", "llama-3-8b-instruct"])
def test_recorded_answers_are_found_under_the_theorems_names(model: str, tmp_path: Path) -> None:
    """Nearly every recorded answer belongs to a theorem of ours; anonymous goals stand under the checker's names."""
    folder = model_folder(f"replay:{RECORDED / model}")
    projects = sorted(one.stem for one in folder.glob("*.jsonl"))
    sources = [sources_of(load_project(CORPORA / name, name)) for name in projects]
    items = [item for one in sources for item in one.items]
    assert prepare(folder, items, tmp_path) == []
    asked = {(item.key.project, item.key.file.removesuffix(".v"), item.asked.rpartition(".")[2]) for item in items}
    for name in projects:
        with (tmp_path / model / f"{name}.jsonl").open() as lines:  # answers have U+2028: no splitlines
            rows = [json.loads(line) for line in lines]
        lost = [row for row in rows if (name, row["file"], row["theorem"].rpartition(".")[2]) not in asked]
        assert lost == [], (name, lost[:3])


def test_all_of_palms_theorems_are_ours() -> None:
    projects = sorted(
        one.name for one in CORPORA.iterdir() if (one / "_CoqProject").is_file() and one.name != "compat811"
    )
    sources = [sources_of(load_project(CORPORA / name, name)) for name in projects]
    items = [item for one in sources for item in one.items]
    found = named(items, read_wanted(str(OUTCOMES)), projects)
    gone = [str(item.key) for item in found if item.file_index is None]
    assert gone == []
    assert len(found) >= 2083
