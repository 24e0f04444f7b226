"""`palmetto eval` on a real stack: to the end, interrupted at any moment, with what goes wrong."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from coq_checker.toolchain import Toolchain, find_toolchain
from evaluator import causes
from evaluator.record import Key, Record

from .evaluating import EASY, EXAMPLES, PALMETTO, Running, project, records, run

COMMON = ("--proj", "examples", "--theorems", EASY, "--budget", "4", "--threads", "2")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "e.sqlite"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A stack for the tests that are about the experiment, and not about the services that it starts."""
    argv = [str(PALMETTO), "up", "--port", "0", "--project", f"examples={EXAMPLES}"]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as serving:
        assert serving.stderr is not None
        try:
            line = next(line for line in serving.stderr if line.startswith("ready: "))
            Thread(target=serving.stderr.read, daemon=True).start()  # so that it never waits for us to read
            yield line.split()[1]
        finally:
            serving.terminate()
            assert serving.wait(60) == 0


def by_name(found: dict[Key, Record]) -> dict[str, Record]:
    return {key.theorem: record for key, record in found.items()}


def test_a_run_has_one_record_a_theorem_and_does_nothing_when_it_is_done(store: Path) -> None:
    # PALM's own spellings.
    palm = ("-proj", "examples", "--exp_name", "first", "-threads", "2", "-backtrack", "-skip")
    done = run(*palm, "--theorems", EASY, "--budget", "4", store=store)
    assert done.returncode == 0, done.stderr
    assert "first: 6 of 6 theorems proved (100.0 %)" in done.stdout
    assert "[6/6]" in done.stderr and "a minute" in done.stderr and "left" in done.stderr
    found = by_name(records(store, "first", events=True))
    assert set(found) == set(EASY.split(","))
    one = found["length_snoc"]
    assert one.proved and one.script.startswith("Proof.") and one.script.endswith("Qed.")
    assert (one.experiment, one.project, one.file, one.index, one.kind) == (
        "first", "examples", "ListFacts.v", 0, "Lemma",
    )  # fmt: skip
    assert one.statement.startswith("Lemma length_snoc")
    assert (one.budget_cpu_s, one.prompt, one.printing, one.backtrack, one.retrieval) == (
        4,
        "sft",
        "default",
        True,
        True,
    )
    assert (
        one.coq_version == find_toolchain().coq_version
        and one.palmetto_version
        and one.started_at
        and one.shard == "0/1"
    )
    assert 0 < one.cpu_s < 10 and one.wall_s > 0 and sum(stage.cpu_s for stage in one.stages) <= one.cpu_s + 0.1
    assert one.events[0]["kind"] == "started"
    assert one.events[-1]["kind"] == "finished"
    if one.model_answers:
        assert one.model and one.completion_tokens > 0
    before = records(store, "first")
    again = run(*palm, "--theorems", EASY, "--budget", "4", store=store)
    assert again.returncode == 0
    assert "6 theorems, 6 of them done before" in again.stderr
    assert records(store, "first") == before
    listed = run("list", store=store)
    assert listed.stdout.split("\n")[1].split()[:1] == ["first"]
    shown = run("show", "first", "--json", store=store)
    assert sorted(json.loads(line)["theorem"] for line in shown.stdout.splitlines()) == sorted(found)
    assert "orchestration_cpu_s" in run("show", "first", store=store).stdout
    other = run("--proj", "examples", "--exp-name", "first", "--budget", "5", store=store)
    assert other.returncode == 2
    assert "the experiment first ran with budget_cpu_s 4.0 (now 5.0): choose another --exp-name" in other.stderr


def test_another_toolchain_does_not_go_on_with_an_experiment(
    store: Path, server: str, toolchain: Toolchain, each_toolchain: Toolchain
) -> None:
    arguments = ("--proj", "examples", "--theorems", "contrapositive", "--budget", "4", "--exp-name", "t")
    assert run(*arguments, store=store).returncode == 0
    same = each_toolchain.version[:2] == toolchain.version[:2]
    for options in ((), ("--server", server)):
        settings = () if not options else ("--exp-name", "served")
        if options:
            assert run(*arguments, *settings, *options, "--toolchain", toolchain.name, store=store).returncode == 0
        done = run(*arguments, *settings, *options, "--toolchain", each_toolchain.name, store=store)
        assert done.returncode == (0 if same else 2), done.stderr
        assert ("choose another --exp-name, or the same" in done.stderr) != same


def test_killed_at_any_moment_it_goes_on_and_counts_nothing_twice(store: Path) -> None:
    arguments = (*COMMON[:3], f"{EASY},peirce,snoc_app,rev_snoc,total_app", "--budget", "4", "--exp-name", "k")
    reached = 0
    for number, after in ((signal.SIGKILL, 2), (signal.SIGINT, 4), (signal.SIGTERM, 6)):
        running = Running(*arguments, store=store)
        try:
            running.until_done("k", after)
            status = running.end(number)
            assert status == {signal.SIGKILL: -9, signal.SIGINT: 130, signal.SIGTERM: 143}[number], (
                running.log.read_text()
            )
            assert "Traceback" not in running.log.read_text()
        finally:
            running.close()
        there = running.done("k")
        assert there >= max(after, reached)
        reached = there
    before = records(store, "k")
    done = run(*arguments, store=store)
    assert done.returncode == 0, done.stderr
    assert f"10 theorems, {len(before)} of them done before" in done.stderr
    after_all = records(store, "k")
    assert len(after_all) == 10
    assert {key: after_all[key] for key in before} == before


def test_what_is_killed_while_it_does_all_again_goes_on_too(store: Path, server: str) -> None:
    arguments = (*COMMON, "--exp-name", "again", "--server", server)
    assert run(*arguments, store=store).returncode == 0
    first = records(store, "again")
    running = Running(*arguments, "--no-skip", store=store)

    def fresh() -> list[Record]:
        return [one for key, one in records(store, "again").items() if one.started_at != first[key].started_at]

    try:
        running.until(lambda: len(fresh()) >= 2)
        running.end()
    finally:
        running.close()
    made = {one.key: one for one in fresh()}
    assert len(made) < 6
    done = run(*arguments, "--no-skip", store=store)
    assert done.returncode == 0
    assert f"{len(made)} of them done before" in done.stderr
    last = records(store, "again")
    assert len(last) == 6
    assert all(last[key].started_at != one.started_at for key, one in first.items())
    assert {key: last[key] for key in made} == made
    # That one came to its end: now it is all done once more.
    assert "done before" not in run(*arguments, "--no-skip", store=store).stderr


def test_a_project_that_goes_wrong_is_recorded_and_stops_nothing(store: Path, tmp_path: Path) -> None:
    broken = project(
        tmp_path / "broken",
        A="Lemma before : True. Proof. exact I. Qed.\nDefinition wrong := 1 + true.\nLemma after : True. exact I. Qed.",
        B="Require Import P.A.\nLemma needs : True. Proof. exact I. Qed.",
        C="Lemma fine : True. Proof. exact I. Qed.\nLemma bad : nothing_known. Admitted.\nLemma cut : 1 = ",
        D="Require Import Nowhere.\nLemma lost : True. exact I. Qed.",
    )
    circle = project(tmp_path / "circle", X="Lemma x : True. exact I. Qed.")
    (circle / "_CoqProject").write_text('-Q . "unfinished')
    projects = f"{broken},{circle},examples"
    only = "before,after,needs,bad,fine,lost,broken/C.v:gone,examples/Logic.v:contrapositive"
    done = run("--proj", projects, "--exp-name", "b", "--theorems", only, "--budget", "3", store=store)
    assert done.returncode == 1  # a project could not be read
    assert f"{circle} is left out: " in done.stderr
    found = by_name(records(store, "b"))
    told = {name: (one.verdict, one.cause) for name, one in found.items()}
    assert told == {
        "before": ("PROVED", ""),
        "after": ("ERROR", causes.FILE),
        "needs": ("ERROR", causes.PROJECT),
        "bad": ("ERROR", causes.STATEMENT),
        "fine": ("PROVED", ""),
        "lost": ("ERROR", causes.FILE),
        "gone": ("ERROR", causes.GONE),
        "contrapositive": ("PROVED", ""),
    }, {name: one.message for name, one in found.items()}
    assert "does not build" in found["needs"].message
    again = run("--proj", f"{broken},examples", "--exp-name", "b", "--theorems", only, "--budget", "3", store=store)
    assert again.returncode == 0
    assert "8 of them done before" in again.stderr
    (broken / "A.v").write_text("Lemma before : True. exact I. Qed.")
    changed = run("--proj", str(broken), "--exp-name", "b", "--budget", "3", store=store)
    assert changed.returncode == 2
    assert "the project broken is not what it was" in changed.stderr


@pytest.mark.parametrize("service", ["prover", "retriever"])
def test_a_service_that_dies_is_started_anew_and_costs_no_theorem(store: Path, service: str) -> None:
    running = Running(*COMMON, "--exp-name", "d", store=store)
    try:
        running.until_done("d", 1)
        os.kill(running.service(service).pid, signal.SIGKILL)
        assert running.wait() == 0, running.log.read_text()
    finally:
        running.close()
    found = records(store, "d")
    assert len(found) == 6
    assert all(one.proved for one in found.values()), {one.theorem: one.message for one in found.values()}


def test_a_server_that_is_gone_is_told_and_tried_again(store: Path, tmp_path: Path) -> None:
    serving = subprocess.Popen(
        [str(PALMETTO), "up", "--port", "0", "--project", f"examples={EXAMPLES}"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert serving.stderr is not None
    try:
        line = next(line for line in serving.stderr if line.startswith("ready: "))
        url = line.split()[1]
        arguments = (*COMMON, "--exp-name", "s", "--server", url)
        running = Running(*arguments, store=store, environment={"PALMETTO_EVAL_PATIENCE_S": "2"})
        try:
            running.until_done("s", 2)
            serving.kill()
            assert running.wait() == 1
        finally:
            running.close()
    finally:
        serving.kill()
        serving.wait()
    said = running.log.read_text()
    assert "could not be worked on: run the same command again" in said
    assert "Traceback" not in said
    found = records(store, "s")
    assert len(found) == 6
    # The prover tells which Coq judged.
    judged = [one for one in found.values() if one.proved]
    assert judged and all(one.coq_version == find_toolchain().coq_version and one.palmetto_version for one in judged)
    left = [one for one in found.values() if one.cause == causes.INFRASTRUCTURE]
    assert left and {one.verdict for one in left} == {"ERROR"}
    ways = ("does not answer", "went away", "was told to end", "is ending")
    assert all(any(way in one.message for way in ways) for one in left), [one.message for one in left]
    gone = run(*arguments, store=store)
    assert gone.returncode == 1  # it may come back
    assert "does not answer" in gone.stderr


def test_shards_that_are_merged_are_the_whole(store: Path, tmp_path: Path, server: str) -> None:
    out = tmp_path / "parts"
    names = (*COMMON[:4], "--budget", "6", "--server", server)
    for number in range(2):
        shard_store = tmp_path / f"shard{number}.sqlite"
        done = run(*names, "--exp-name", "m", "--shard", f"{number}/2", "--out", str(out), store=shard_store)
        assert done.returncode == 0, done.stderr
        assert "(shard " in done.stdout
        assert sum(one.shard == f"{number}/2" for one in records(shard_store, "m").values()) == 3
        waiting = ("merge", str(out), "--exp-name", "m", "--shards", "2", "--patience", "0")
        some = run(*waiting, store=tmp_path / f"waited{number}.sqlite")
        assert some.returncode == (1 if number == 0 else 0), some.stderr
        assert f"m: {number + 1} of 2 shards have ended" in some.stderr
        assert f"{3 * (number + 1)} theorems now" in some.stdout
    # A machine that starts from nothing finds in the parts what is done.
    fresh = tmp_path / "fresh.sqlite"
    done = run(*names, "--exp-name", "m", "--shard", "0/2", "--out", str(out), store=fresh)
    assert "3 of them done before" in done.stderr
    merged = run("merge", str(out), str(out), str(tmp_path / "shard0.sqlite"), store=store)
    assert merged.returncode == 0, merged.stderr
    assert "6 theorems now" in merged.stdout
    whole = tmp_path / "whole.sqlite"
    assert run(*names, "--exp-name", "m", "--threads", "2", store=whole).returncode == 0
    ours, theirs = records(store, "m"), records(whole, "m")
    assert {key: one.verdict for key, one in ours.items()} == {key: one.verdict for key, one in theirs.items()}
    verified = run("verify", "m", store=store)
    assert verified.returncode == 0, verified.stderr
    assert "disagreement: 0 of 6 (0.00 %)" in verified.stdout


def test_a_killed_shard_goes_on_from_its_parts_and_its_store(tmp_path: Path, server: str) -> None:
    out, own = tmp_path / "parts", tmp_path / "own.sqlite"
    arguments = (*COMMON, "--exp-name", "p", "--out", str(out), "--server", server)
    running = Running(*arguments, store=own)
    try:
        running.until_done("p", 2)
        running.end()
    finally:
        running.close()
    assert run(*arguments, store=own).returncode == 0
    store = tmp_path / "merged.sqlite"
    assert run("merge", str(out), store=store).returncode == 0
    assert records(store, "p") == records(own, "p")


COUNTED_ON = """Definition five : nat.
Proof. exact 5. Defined.
Definition free : nat -> nat.
Proof. intro n. exact (S n). Defined.
Lemma it_is : five = 5.
Proof. reflexivity. Qed.
"""


def test_a_proof_that_the_rest_of_its_file_cannot_use_is_none(store: Path, tmp_path: Path) -> None:
    """What ends in `Defined` is used by how it is made: any number will do for the statement, only 5 for the file."""
    where = project(tmp_path / "counted", A=COUNTED_ON)
    done = run("--proj", str(where), "--exp-name", "e", "--budget", "4", "--no-retrieval", store=store)
    assert done.returncode == 0, done.stderr
    found = by_name(records(store, "e"))
    assert {name: one.verdict for name, one in found.items()} == {
        "five": "NOT_PROVED", "free": "PROVED", "it_is": "PROVED",
    }  # fmt: skip
    one = found["five"]
    assert one.cause == causes.REST and one.script == ""
    assert "what follows counts on how the original proof is made" in one.message
    assert one.partial.startswith("Proof.")
    verified = run("verify", "e", store=store)
    assert verified.returncode == 0, verified.stdout
    assert "disagreement: 0 of 2 (0.00 %)" in verified.stdout


WITHOUT_Z = """Require Import PeanoNat.
Lemma sums (a b c d : nat) : a < b -> c < d -> 3 * a + 2 * c < 3 * b + 2 * d.
Proof.
  intros H K; apply Nat.add_lt_mono; apply Nat.mul_lt_mono_pos_l; try assumption; apply Nat.lt_0_succ.
Qed.
Fail Check BinInt.Z.add.
Lemma same : 1 = 1.
Proof. reflexivity. Qed.
"""


def test_a_proof_whose_prelude_changes_what_follows_is_none(store: Path, tmp_path: Path) -> None:
    """`lia` proves it, but with `lia` come the integers, which what follows counts on not to be there."""
    where = project(tmp_path / "without", A=WITHOUT_Z)
    done = run("--proj", str(where), "--exp-name", "e", "--budget", "6", "--no-retrieval", "--no-hammer", store=store)
    assert done.returncode == 0, done.stderr
    found = by_name(records(store, "e"))
    assert {name: one.verdict for name, one in found.items()} == {"sums": "NOT_PROVED", "same": "PROVED"}
    assert found["sums"].cause == causes.REST and "lia" in found["sums"].partial
    assert "what its prelude loads" in found["sums"].message
    verified = run("verify", "e", store=store)
    assert "disagreement: 0 of 1 (0.00 %)" in verified.stdout
