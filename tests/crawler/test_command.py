"""`palmetto crawl`: the command as a person runs it, killed at any point too."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from coq_checker.toolchain import Toolchain

from .github import FakeGitHub, fake_github
from .histories import History, lemma
from .test_build import processes_with

TRAIN = ["crawl", "--until", "2024-01-01", "--split", "train"]
TEST = ["crawl", "--until", "2024-01-01", "--split", "test"]


def environment(github: FakeGitHub, tmp_path: Path, toolchain: Toolchain, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PALMETTO_", "GITHUB_", "GH_"))}
    root = {"PALMETTO_TOOLCHAIN": str(toolchain.root)} if toolchain.root else {}
    return {
        **kept,
        **root,
        "PALMETTO_CACHE": str(tmp_path / "cache"),
        "PALMETTO_CRAWLER_API_URL": github.url,
        "PALMETTO_CRAWLER_GIT_PROTOCOLS": "file",
        "PALMETTO_CRAWLER_LANGUAGES": '["coq"]',
        "PALMETTO_CRAWLER_RETRY_PAUSE_S": "0.01",
        "PALMETTO_CRAWLER_REQUEST_ATTEMPTS": "2",
        "GITHUB_TOKEN": "token",
        **more,
    }


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "palmetto", *map(str, arguments)]


def run(env: dict[str, str], *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command(*arguments), env=env, capture_output=True, text=True, check=False, timeout=200)


def fill(github: FakeGitHub, folder: Path) -> None:
    """Repositories of all kinds."""
    good = History(folder / "good")
    good.commit("2023-01-01", {"_CoqProject": "-Q . G\nA.v\n", "A.v": lemma("a", "1 = 1")})
    good.commit("2024-02-02", {"A.v": lemma("a", "1 = 1") + lemma("new", "forall n : nat, n = n")})
    github.add("o/good", good.url, stargazers_count=30)
    made = History(folder / "made")
    makefile = (
        "all: B.v\n\tcoqc -Q . M B.v\n\tcoqc -Q . M C.v\nB.v:\n\techo 'Lemma b : 2 = 2. Proof. auto. Qed.' > B.v\n"
    )
    made.commit("2023-02-01", {"Makefile": makefile, "C.v": lemma("c", "3 = 3")})
    made.commit("2024-03-03", {"C.v": lemma("c", "3 = 3") + lemma("d", "4 = 4")})
    github.add("o/made", made.url, stargazers_count=20)
    copy = History(folder / "copy")
    copy.commit("2023-03-01", {"_CoqProject": "-Q . G\nA.v\n", "A.v": lemma("a", "1 = 1")})
    copy.commit("2024-02-03", {"A.v": lemma("a", "1 = 1") + lemma("new", "forall n : nat, n = n")})
    github.add("o/copy", copy.url, stargazers_count=10)
    bad = History(folder / "bad")
    bad.commit("2023-03-01", {"A.v": "From Iris Require Import all.\n"})
    bad.commit("2024-03-03", {"A.v": "From Iris Require Import all.\n" + lemma("e", "5 = 5")})
    github.add("o/bad", bad.url, stargazers_count=5)
    github.add("o/gone", f"file://{folder}/gone", stargazers_count=4)


def written(out: Path) -> dict[str, Any]:
    """All that a crawl leaves for others."""
    found: dict[str, Any] = {}
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out).as_posix()
        if path.is_file() and not name.startswith((".lock", "crawl.sqlite")):
            found[name] = path.read_text()
    return found


@pytest.mark.parametrize("arguments", [TRAIN, TEST], ids=["train", "test"])
def test_killed_at_any_point_it_goes_on(
    github: FakeGitHub, tmp_path: Path, toolchain: Toolchain, arguments: list[str]
) -> None:
    fill(github, tmp_path / "upstream")
    env = environment(github, tmp_path, toolchain)
    whole = run(env, *arguments, "--out", tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr
    chance = random.Random(5)
    kills = 0
    for number in range(40):
        with subprocess.Popen(
            command(*arguments, "--out", tmp_path / "killed", "--jobs", "1"),
            env={**env, "PALMETTO_CACHE": str(tmp_path / "other-cache")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as child:
            assert child.stderr is not None
            line = child.stderr.readline()  # a step that is written down
            if line:
                try:
                    # Now at the end of a step, now in the middle of the next one.
                    child.wait(chance.random() * 0.3 * (number % 2))
                except subprocess.TimeoutExpired:
                    kills += 1
                    child.send_signal(signal.SIGKILL)
            said = line + child.stderr.read()
        if child.returncode == 0:
            break
        assert child.returncode == -signal.SIGKILL, said
    assert child.returncode == 0 and kills >= 2
    assert written(tmp_path / "killed") == written(tmp_path / "whole")


def test_killed_in_a_build_nothing_goes_on_running(github: FakeGitHub, tmp_path: Path, toolchain: Toolchain) -> None:
    history = History(tmp_path / "upstream" / "one")
    history.commit("2023-01-01", {"Makefile": "all:\n\tsleep 982\n", "A.v": lemma("a", "1 = 1")})
    github.add("o/one", history.url)
    env = environment(github, tmp_path, toolchain)
    with subprocess.Popen(command(*TRAIN, "--out", tmp_path / "out"), env=env, stderr=subprocess.DEVNULL) as child:
        while not processes_with("sleep 982"):
            assert child.poll() is None
        child.send_signal(signal.SIGKILL)
    while processes_with("sleep 982"):
        pass
    done = run({**env, "PALMETTO_CRAWLER_MAKE_WALL_S": "2"}, *TRAIN, "--out", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    (row,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert row["status"] == "builds"


def test_interrupted_it_says_so(github: FakeGitHub, tmp_path: Path, toolchain: Toolchain) -> None:
    history = History(tmp_path / "upstream" / "one")
    history.commit("2023-01-01", {"Makefile": "all:\n\tsleep 981\n", "A.v": lemma("a", "1 = 1")})
    github.add("o/one", history.url)
    env = environment(github, tmp_path, toolchain)
    with subprocess.Popen(
        command(*TRAIN, "--out", tmp_path / "out"), env=env, stderr=subprocess.PIPE, text=True
    ) as child:
        while not processes_with("sleep 981"):
            assert child.poll() is None
        child.send_signal(signal.SIGTERM)
        assert child.stderr is not None
        said = child.stderr.read()
    assert child.returncode == 143
    assert said.endswith("palmetto: terminated\n") and "Traceback" not in said
    assert processes_with("sleep 981") == []


def test_what_a_person_sees(github: FakeGitHub, tmp_path: Path, toolchain: Toolchain) -> None:
    fill(github, tmp_path / "upstream")
    env = environment(github, tmp_path, toolchain)
    done = run(env, *TEST, "--out", tmp_path / "out", "--add", "--min-stars", "5")
    assert done.returncode == 0, done.stderr
    assert "| o/good | 30 | MIT |" in done.stdout
    assert "2 of 4 repositories are in" in done.stdout
    assert "2 test theorems are in" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr and "token" not in done.stdout + done.stderr
    listed = run(env, "project", "list", "--json")
    names = {row["name"]: row["folder"] for row in map(json.loads, listed.stdout.splitlines())}
    assert names["o--good"] == str(tmp_path / "out/projects/o--good")
    built = run(env, "project", "build", "o--made", "--json")
    assert built.returncode == 0
    rows = [json.loads(line) for line in built.stdout.splitlines()]
    # What the crawl compiled is there.
    assert [(row["status"], row["compiled"]) for row in rows] == [("ok", False)] * len(rows) and rows


@pytest.fixture
def _nobody() -> Iterator[FakeGitHub]:
    with fake_github() as server:
        pass
    yield server


def test_nobody_answers(_nobody: FakeGitHub, tmp_path: Path, toolchain: Toolchain) -> None:
    done = run(environment(_nobody, tmp_path, toolchain), *TRAIN, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "see that it can be reached" in done.stderr.splitlines()[-1] and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "env", "said"),
    [
        (["--until", "soon"], {}, "'soon' is no date"),
        ([], {"PALMETTO_CRAWLER_MEMORY_BYTES": "much"}, "PALMETTO_CRAWLER_MEMORY_BYTES"),
        ([], {"PALMETTO_CRAWLER_API_URL": "nowhere"}, "PALMETTO_CRAWLER_API_URL"),
        ([], {"PALMETTO_CRAWLER_LANGUAGES": "coq"}, "PALMETTO_CRAWLER_LANGUAGES"),
        (["--against", "/nowhere"], {}, "/nowhere is no folder of a crawl"),
        ([], {"PATH": "/nonexistent"}, "git is not installed"),
    ],
)
def test_bad_input_is_one_sentence(
    github: FakeGitHub, tmp_path: Path, toolchain: Toolchain, arguments: list[str], env: dict[str, str], said: str
) -> None:
    whole = environment(github, tmp_path, toolchain, **env)
    done = run(whole, *TRAIN, "--out", tmp_path / "out", "--no-build", *arguments)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("palmetto: ") and said in line
