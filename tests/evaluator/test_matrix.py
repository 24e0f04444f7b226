"""Two models behind two real servers, compared by one command; and models of other kinds."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from evaluator import causes
from evaluator.store import ExperimentStore

from ..model_server.servers import start_model_server
from .evaluating import Running, records, run

# Proofs that Coq takes, and text that it does not.
RECORDED = {
    "contrapositive": "```coq\nintros HPQ HnQ HP. apply HnQ. apply HPQ. exact HP.\n```",
    "total_seq": "I cannot prove this one.",
    "snoc_app": "```coq\ninduction l as [| y l IH]; cbn; congruence.\n```",
}
THEOREMS = "contrapositive,total_seq,snoc_app,peirce"


@contextmanager
def model_server(*arguments: str) -> Iterator[str]:
    """A model server as a process; its base address."""
    server = start_model_server(*arguments)
    try:
        yield server.url
    finally:
        server.stop()


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    (folder / "sft-model").mkdir(parents=True)
    lines = [
        json.dumps({"project": "examples", "file": file, "theorem": name, "response": RECORDED[name]})
        for name, file in (("contrapositive", "Logic"), ("total_seq", "ListFacts"), ("snoc_app", "ListFacts.v"))
    ]
    (folder / "sft-model" / "examples.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def test_two_servers_are_compared_by_one_command_that_goes_on(tmp_path: Path, recordings: Path) -> None:
    store, page = tmp_path / "e.sqlite", tmp_path / "made" / "report.html"
    palm = tmp_path / "palm.csv"
    palm.write_text("project,file,theorem,run,succeeded,seconds\nexamples,Logic,peirce,gpt,1,\n")
    with (
        model_server("--backend", "replay", "--replay", str(recordings)) as sft,
        model_server("--backend", "neighbours", "--retriever", "") as llama,
    ):
        file = tmp_path / "models.toml"
        file.write_text(f"""
[common]
proj = "examples"
theorems = "{THEOREMS}"
budget = 2
threads = 2

[experiments.sft-no-retrieval]
model = "{sft}"
prompt = "sft"
retrieval = false
samples = 1

[experiments.llama-3-8b]
model = "{llama}"
prompt = "instruct"

[experiments.unreachable]
model = "http://127.0.0.1:9/v1"

[compare]
html = "{page}"
palm = "{palm}"
""")
        done = run("matrix", str(file), "--only", "sft-no-retrieval,llama-3-8b", store=store)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("disagreement: 0 of") == 2
        assert "palmetto: no experiment's model is a run of" in done.stderr
        assert "sft-no-retrieval" in done.stdout and "McNemar" in page.read_text()
        sft_found = {key.theorem: one for key, one in records(store, "sft-no-retrieval", events=True).items()}
        assert set(sft_found) == set(THEOREMS.split(","))
        asked = [one for one in sft_found.values() if one.model]
        assert asked and {one.model for one in asked} == {"sft-model"}
        assert sft_found["total_seq"].model_answers in ((RECORDED["total_seq"],), ())
        assert not any(one.retrieval for one in sft_found.values())
        assert not any(event["kind"] == "retrieved" for one in sft_found.values() for event in one.events)
        again = run("matrix", str(file), store=store)
        assert again.returncode == 1
        assert again.stderr.count("4 theorems, 4 of them done before") == 2
        assert "palmetto: unreachable: the model cannot be used: " in again.stderr
        # It is said before the first one begins, too.
        early = again.stderr.index("palmetto: unreachable: its model cannot be used yet (")
        assert early < again.stderr.index("4 of them done before")
        llama_found = records(store, "llama-3-8b").values()
        assert {(one.prompt, one.retrieval) for one in llama_found} == {("instruct", True)}
        assert any(one.model == "neighbours" for one in llama_found)
        with ExperimentStore.open(store) as opened:
            assert opened.settings("llama-3-8b")["model"] == llama  # type: ignore[index]


def test_recorded_answers_are_used_and_missing_ones_told(tmp_path: Path, recordings: Path) -> None:
    store = tmp_path / "e.sqlite"
    names = ("--proj", "examples", "--exp-name", "r", "--theorems", THEOREMS, "--budget", "4")
    done = run(*names, "--model", f"replay:{recordings / 'sft-model'}", store=store)
    assert done.returncode == 0, done.stderr
    found = {key.theorem: one for key, one in records(store, "r", events=True).items()}
    assert found["snoc_app"].proved and found["snoc_app"].model_answers == (RECORDED["snoc_app"],)
    without = found["total_seq"]
    assert (without.model, without.model_answers) == ("sft-model", (RECORDED["total_seq"],))
    assert found["peirce"].cause in ("", causes.NOT_RECORDED)
    with ExperimentStore.open(store) as opened:
        assert opened.experiment("r")["model"] == "replay:sft-model"


def test_similar_proofs_are_asked_for_where_that_is_wished(tmp_path: Path, recordings: Path) -> None:
    store = tmp_path / "e.sqlite"
    names = ("--proj", "examples", "--theorems", "insert_search_tree", "--budget", "2", "--no-hammer")
    model = ("--model", f"replay:{recordings / 'sft-model'}")
    for name, more in (("alone", ()), ("both", ("--neighbours",))):
        done = run(*names, *model, "--exp-name", name, *more, store=store)
        assert done.returncode == 0, done.stderr
        (found,) = records(store, name, events=True).values()
        sources = {one["source"] for one in found.events if one["kind"] == "generated"}
        assert ("neighbours" in sources) is (name == "both"), sources
        assert found.model_answers == ()
    other = run(*names, *model, "--exp-name", "alone", "--neighbours", store=store)
    assert other.returncode == 2 and "neighbours False (now True)" in other.stderr, other.stderr


def test_hammer_alone(tmp_path: Path) -> None:
    store = tmp_path / "e.sqlite"
    names = ("--proj", "examples", "--exp-name", "h", "--theorems", "contrapositive,Logic.v:drinker")
    done = run(*names, "--budget", "4", "--model", "hammer", store=store)
    assert done.returncode == 0, done.stderr
    found = {key.theorem: one for key, one in records(store, "h").items()}
    assert found["contrapositive"].proved and found["contrapositive"].how == "hammer"
    assert not found["drinker"].proved and found["drinker"].cause in (causes.NOTHING_FOUND, causes.BUDGET)
    assert run("verify", "h", store=store).returncode == 0


def test_a_model_that_goes_away_is_told_and_tried_again(tmp_path: Path, recordings: Path) -> None:
    store = tmp_path / "e.sqlite"
    hard = "total_seq,last_snoc,total_sort,power_add,even_half,run_app"
    with model_server("--backend", "replay", "--replay", str(recordings)) as url:
        arguments = ("--proj", "examples", "--exp-name", "m", "--theorems", hard, "--budget", "2", "--model", url)
        running = Running(*arguments, store=store, environment={"PALMETTO_EVAL_PATIENCE_S": "1"})
        running.until_done("m", 1)
    try:
        assert running.wait() == 1, running.log.read_text()
    finally:
        running.close()
    found = records(store, "m")
    assert len(found) == 6
    left = [one for one in found.values() if one.cause == causes.MODEL_DOWN]
    assert len(left) >= 3 and all("cannot be reached" in one.message for one in left)
    assert "could not be worked on: run the same command again" in running.log.read_text()
