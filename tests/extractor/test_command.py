"""`palmetto extract` as a person runs it, with a real checker."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from coq_checker.client import SyncCheckerClient, TheoremRef
from coq_checker.toolchain import find_toolchain
from coqdata.crawled import Provenance, write_provenance
from coqdata.prompts import parse_messages, proof_of_answer
from extractor.records import Records

from ..coq_checker.servers import EXAMPLES
from .conftest import Run, palmetto, rows


def test_whole_proofs_with_all_that_is_told_of_them(run: Run, project: Path, tmp_path: Path) -> None:
    write_provenance(project, Provenance("https://example.org/demo", "c0ffee", licence="MIT"))
    done = run("extract", project, "--out", tmp_path / "out")
    assert (done.returncode, "accepted 3 of 3" in done.stdout) == (0, True), done.stderr
    found = {row["theorem"]: row for row in rows(tmp_path / "out")}
    assert sorted(found) == ["other", "shown", "swap"]
    swap = found["swap"]
    assert [one["role"] for one in swap["messages"]] == ["user", "assistant"]
    assert swap["messages"][0]["content"] == (
        "Solve This Proof State:\n\nHypotheses:\nP: Prop\nQ: Prop\n\nGoal:\nP /\\ Q -> Q /\\ P\n\n"
    )
    assert swap["messages"][1]["content"] == ("```coq\nintros [p q]. split.\n- exact q.\n- exact p.\nQed.\n```")
    about = {name: swap[name] for name in ("project", "upstream", "commit", "licence", "file", "line", "profile")}
    assert about == {
        "project": "demo",
        "upstream": "https://example.org/demo",
        "commit": "c0ffee",
        "licence": "MIT",
        "file": "Good.v",
        "line": 4,
        "profile": "default",
    }
    assert swap["coq_version"] == find_toolchain().coq_version
    card = (tmp_path / "out" / "README.md").read_text("utf-8")
    for told in ("accepted 3 (100.0%)", "| MIT | 3 |", "| no finished proof by tactics | 2 |", "| a definition and"):
        assert told in card


def test_every_rest_is_accepted_from_the_goal_in_its_prompt(
    run: Run, checker: SyncCheckerClient, tmp_path: Path
) -> None:
    done = run("extract", f"examples={EXAMPLES}", "--out", tmp_path / "out", "--steps", "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    tried = 0
    for row in rows(tmp_path / "out"):
        said = proof_of_answer(row["messages"][-1]["content"])
        read = parse_messages(row["messages"][:-1])
        assert read is not None
        assert (said, read.state.goal) == (row["proof"], row["goal"])
        if row["kind"] == "proof":
            ref = TheoremRef("examples", file=row["file"], index=row["index"])
            assert checker.check_proof(ref, said).proved, row["theorem"]
            tried += 1
    assert tried > 30
    rests = [row for row in rows(tmp_path / "out") if row["kind"] == "rest"]
    assert len(rests) > 60


def test_the_retrieval_variant_shows_premises_and_none_of_what_comes_later(
    run: Run, project: Path, tmp_path: Path
) -> None:
    done = run("extract", project, "--out", tmp_path / "out", "--retrieval", "--max-premises", "4")
    assert done.returncode == 0, done.stderr
    found = {row["theorem"]: row for row in rows(tmp_path / "out")}
    shown = found["shown"]
    assert shown["layout"] == "instruct"
    assert 0 < len(shown["premises"]) <= 4
    question = shown["messages"][-2]["content"]
    assert all(f"- {one['name']}: " in question for one in shown["premises"])
    assert "shown" not in [one["name"] for one in shown["premises"]]
    assert not {"given", "left_open"} & {one["name"] for one in shown["premises"]}


def test_bad_files_cost_themselves(run: Run, project: Path, tmp_path: Path) -> None:
    (project / "Comment.v").write_bytes(b"(* \xe9 *) Lemma from_latin : 3 + 4 = 7.\nProof. reflexivity. Qed.\n")
    (project / "Latin.v").write_bytes("Check caf\xe9. Lemma l : True.\nProof. exact I. Qed.\n".encode("latin-1"))
    (project / "Broken.v").write_text("Lemma fine : True.\nProof. exact I. Qed.\nDefinition d := no_such_thing.\n")
    (project / "Wrong.v").write_text(
        "Lemma wrong : 1 = 2.\nProof. reflexivity. Qed.\nLemma right : 1 = 1.\nProof. reflexivity. Qed.\n"
    )
    (project / "Huge.v").write_text("(* " + "x" * (9 << 20) + " *)")
    (project / "Loop.v").symlink_to(project / "Loop.v")
    (project / "circle").symlink_to(project, target_is_directory=True)
    done = run("extract", project, "--out", tmp_path / "out", "--json")
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    failed = dict(line.split(": ", 1) for line in told["failed"])
    assert sorted(failed) == ["demo/Broken.v", "demo/Huge.v", "demo/Latin.v"]
    assert failed["demo/Latin.v"].startswith("the file is not UTF-8 at byte 9")
    assert {"other", "shown", "swap", "from_latin"} <= {row["theorem"] for row in rows(tmp_path / "out")}
    assert any(why.startswith("not accepted: FAILED") for why in told["left_out"])
    assert "demo/Latin.v: the file is not UTF-8 at byte 9" in (tmp_path / "out" / "README.md").read_text("utf-8")


def test_a_killed_run_is_gone_on_with_and_nothing_is_there_twice(run: Run, project: Path, tmp_path: Path) -> None:
    for number in range(6):
        (project / f"F{number}.v").write_text(
            f"Lemma slow{number} : {number} = {number}.\nProof. do 3000000 idtac. reflexivity. Qed.\n"
        )
    out = tmp_path / "out"
    arguments = ("extract", project, "--out", out, "--threads", "1")
    killed = subprocess.Popen(palmetto(*arguments), stderr=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and killed.poll() is None and len(list(out.glob("records/*.jsonl"))) < 2:
        time.sleep(0.02)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    before = {place.name: place.stat().st_mtime_ns for place in out.glob("records/*.jsonl")}
    assert 2 <= len(before) < 8, "killed in the middle"
    assert not (out / "train.json").exists()
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("(kept)") == len(before)
    after = {place.name: place.stat().st_mtime_ns for place in out.glob("records/*.jsonl")}
    assert {name: after[name] for name in before} == before
    names = [row["theorem"] for row in rows(out)]
    assert sorted(names) == ["other", "shown", *(f"slow{number}" for number in range(6)), "swap"]


def test_what_is_in_an_evaluation_list_is_left_out(run: Run, project: Path, tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("Good.v:swap\n")
    (tmp_path / "statements.jsonl").write_text(json.dumps({"statement": "forall k : nat, k + 0 = k"}) + "\n")
    done = run(
        "extract", project, "--out", tmp_path / "out", "--exclude", tmp_path / "names.txt",
        "--exclude", tmp_path / "statements.jsonl",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [row["theorem"] for row in rows(tmp_path / "out")] == ["other"]
    # Another data set is such a list, too, as it lies; U+2028 inside a string ends no line.
    (tmp_path / "lines.jsonl").write_text(json.dumps({"goal": "1 = 1", "note": "\u2028"}, ensure_ascii=False) + "\n")
    both = ("--exclude", tmp_path / "out" / "train.json", "--exclude", tmp_path / "lines.jsonl")
    done = run("extract", project, "--out", tmp_path / "rest", *both)
    assert done.returncode == 0, done.stderr
    assert sorted(row["theorem"] for row in rows(tmp_path / "rest")) == ["shown", "swap"]
    assert "named in the evaluation list" in (tmp_path / "out" / "README.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--out", "o"], "give projects, or --from-coqgym"),
        (["x", "--out", "o", "--shard", "2/2"], "'2/2' is no shard: give --shard i/n with 0 <= i < n"),
        (["x", "--out", "o", "--format", "xml"], "--format 'xml' is none"),
        (["x", "--out", "o", "--profile", "mine"], "there is no printing profile"),
        (["--from-coqgym", "nowhere", "--out", "o"], "nowhere is not a folder"),
        (["no-such-project", "--out", "o"], "there is no project"),
        ([".", "--out", "o", "--exclude", "missing.txt"], "missing.txt is no file"),
    ],
)
def test_what_cannot_run_is_said_in_one_sentence(run: Run, arguments: list[str], said: str) -> None:
    done = run("extract", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_records_of_long_names_have_a_place(tmp_path: Path) -> None:
    records = Records(tmp_path)
    places = {records.place("p", "d/" * 200 + name) for name in ("A.v", "B.v")}
    assert len(places) == 2
    assert all(len(place.name) < 255 for place in places)
