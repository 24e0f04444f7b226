"""`palmetto project ...` as a person meets it: what is printed, and the exit status."""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from coq_checker.toolchain import Toolchain
from coqdata.catalogue import catalogue
from palmetto.cli import app

SHARED = os.environ.get("PALMETTO_SHARED", "../shared")
GOOD = "Definition one := 1.\n"
BAD = "From P Require Import A.\n\nDefinition two : bool := one.\n"


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, toolchain: Toolchain, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of the test's own, with the toolchain that was found before."""
    if toolchain.root is not None:
        monkeypatch.setenv("PALMETTO_TOOLCHAIN", str(toolchain.root))
    monkeypatch.setenv("PALMETTO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PALMETTO_SHARED", str(tmp_path / "shared"))


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["project", *map(str, words)])


def make(root: Path, listing: str | None, **files: str) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    if listing is not None:
        (root / "_CoqProject").write_text(listing)
    for name, text in files.items():
        (root / f"{name}.v").write_text(text)
    return root


def problems(result: Result) -> list[str]:
    return [line for line in result.stdout.splitlines() if line.startswith("PROBLEM")]


def only_error(result: Result) -> str:
    """The one sentence of a command that could not run."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("palmetto: ")
    return line


def test_list_has_the_catalogue_and_what_was_added(tmp_path: Path) -> None:
    root = make(tmp_path / "mine", "-Q . P\nA.v\n", A=GOOD)
    said = "toolchain coq-8.20, since nothing in it asks for another than the default"
    assert run("add", "mine", root).stdout == f"mine: 1 files in {root}; {said}\n"
    plain = run("list").stdout.splitlines()
    assert len(plain) == 1 + len(catalogue()) + 1
    (line,) = (line for line in plain if line.startswith("mine "))
    assert str(root) in line
    (line,) = (line for line in plain if line.startswith("zfc "))
    assert line.split()[-2:] == ["-", catalogue()["zfc"].upstream]
    rows = {row["name"]: row for row in map(json.loads, run("list", "--json").stdout.splitlines())}
    assert rows["mine"]["folder"] == str(root)
    assert rows["zfc"]["palm_theorems"] == catalogue()["zfc"].palm_theorems
    assert rows["zfc"]["folder"] is None


def test_list_shows_where_a_catalogue_project_lies(tmp_path: Path) -> None:
    root = make(tmp_path / "shared" / "corpora" / "zfc", "-R . ZFC\nA.v\n", A=GOOD)
    rows = {row["name"]: row for row in map(json.loads, run("list", "--json").stdout.splitlines())}
    assert rows["zfc"]["folder"] == str(root)


def test_add_refuses_what_is_no_folder(tmp_path: Path) -> None:
    assert "is not a folder" in only_error(run("add", "x", tmp_path / "nothing"))


def test_build_by_name_then_by_folder(tmp_path: Path) -> None:
    root = make(tmp_path / "mine", "-Q . P\nA.v\n", A=GOOD)
    run("add", "mine", root)
    first = run("build", "mine")
    assert first.exit_code == 0
    assert first.stdout.startswith("1 of 1 files build, 1 compiled now, in ")
    assert run("build", root).stdout.startswith("1 of 1 files build, 0 compiled now, in ")
    assert sorted(path.name for path in root.iterdir()) == ["A.v", "_CoqProject"]


def test_build_shows_failures_and_exits_with_1(tmp_path: Path) -> None:
    root = make(tmp_path / "mine", "-Q . P\nA.v\nB.v\nC.v\n", A=GOOD, B=BAD, C="Require Import P.B.\n")
    result = run("build", root, "--jobs", "1")
    assert result.exit_code == 1
    header, b, c, summary = result.stdout.splitlines()
    assert header.split() == ["file", "line", "problem"]
    assert b.split()[:2] == ["B.v", "3"]
    assert 'has type "nat"' in b
    assert c.split(maxsplit=1) == ["C.v", "it requires B.v, which does not build"]
    assert summary.startswith("1 of 3 files build, 1 compiled now, in ")


def test_build_as_json(tmp_path: Path) -> None:
    root = make(tmp_path / "mine", "-Q . P\nA.v\nB.v\n", A=GOOD, B=BAD)
    result = run("build", root, "--json")
    assert result.exit_code == 1
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(row["file"], row["status"], row["line"], row["compiled"], row["own"]) for row in rows] == [
        ("A.v", "ok", None, True, True),
        ("B.v", "failed", 3, False, True),
    ]


def test_build_counts_the_projects_that_are_needed(tmp_path: Path) -> None:
    make(tmp_path / "base", "-Q . Base\nX.v\n", X=GOOD)
    root = make(tmp_path / "mine", "-Q ../base Base\n-Q . P\nA.v\n", A="Require Import Base.X.\n")
    assert run("build", root).stdout.startswith("1 of 1 files build, 1 of 1 of the projects that it needs, 2 compiled")


def test_build_that_cannot_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "there is no project 'nonesuch'" in only_error(run("build", "nonesuch"))
    assert "in the catalogue but not on this machine" in only_error(run("build", "zfc"))
    assert "has no .v files" in only_error(run("build", make(tmp_path / "empty", None)))
    circle = make(tmp_path / "ring", "-Q . R\nA.v\nB.v\n", A="Require R.B.\n", B="Require R.A.\n")
    assert "in a circle" in only_error(run("build", circle))
    monkeypatch.setenv("PALMETTO_TOOLCHAIN", str(tmp_path / "nowhere"))
    assert "nowhere" in only_error(run("build", make(tmp_path / "mine", "-Q . P\nA.v\n", A=GOOD)))


def test_doctor_of_a_sound_project(tmp_path: Path, toolchain: Toolchain) -> None:
    result = run("doctor", make(tmp_path / "mine", "-Q . P\nA.v\n", A=GOOD))
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert problems(result) == []
    assert f"ok       Coq {toolchain.coq_version}" in lines
    assert lines[-1] == "ok       1 of 1 files build"


def test_doctor_names_every_problem_with_a_remedy(tmp_path: Path) -> None:
    text = "From Lost Require Import Thing.\n"
    root = make(tmp_path / "mine", "-Q ../none None\n-Q . P\nA.v\nB.v\nGone.v\n", A=text)
    (root / "B.v").write_bytes(b'Definition s := "\xff".\n')
    result = run("doctor", root)
    assert result.exit_code == 1
    found = problems(result)
    assert any("Gone.v: not there: restore it" in line for line in found)
    assert any("B.v: holds a string that is not UTF-8 at byte 17: coqc takes it" in line for line in found)
    assert any("-Q " in line and "none None: no such folder: mend it" in line for line in found)
    assert any("A.v: From Lost Require Thing: there is no such library: bind the folder" in line for line in found)
    assert any("A.v builds: line 1: Cannot find a physical path" in line for line in found)


@pytest.mark.parametrize("command", ["doctor", "build"])
def test_a_long_build_is_told_where_there_is_no_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr("palmetto.commands.project._TOLD_EVERY_S", 0.01)
    result = run(command, make(tmp_path / "mine", "-Q . P\nA.v\nB.v\n", A=GOOD, B="From P Require A.\n"))
    assert result.exit_code == 0
    told = result.stderr.splitlines()
    assert told[0] == "palmetto: mine is being compiled: it has begun."
    assert "palmetto: mine is being compiled: 1 of 2 files are done, the last one A.v." in told
    assert "being compiled" not in result.stdout


def test_doctor_of_a_project_file_that_cannot_be_read(tmp_path: Path) -> None:
    result = run("doctor", make(tmp_path / "mine", "-Q 'open", A=GOOD))
    assert result.exit_code == 1
    (line,) = problems(result)
    assert "is malformed" in line


def test_doctor_of_an_argument_that_sessions_lack(tmp_path: Path) -> None:
    found = problems(run("doctor", make(tmp_path / "mine", "-Q . P\n-arg -type-in-type\nA.v\n", A=GOOD)))
    assert any("-type-in-type" in line for line in found)


def test_doctor_without_a_project_or_a_toolchain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "there is no project" in only_error(run("doctor", "nonesuch"))
    monkeypatch.setenv("PALMETTO_TOOLCHAIN", str(tmp_path / "nowhere"))
    result = run("doctor", make(tmp_path / "mine", "-Q . P\nA.v\n", A=GOOD))
    assert result.exit_code == 1
    (line,) = problems(result)
    assert line.startswith("PROBLEM  toolchain: ")


@pytest.mark.shared
def test_doctor_of_a_project_of_the_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PALMETTO_SHARED", SHARED)
    result = run("doctor", "hoare-tut")
    assert result.exit_code == 0, result.output
    assert f"(PALM checked hoare-tut with {catalogue()['hoare-tut'].coq}: figures may differ)" in result.stdout


@pytest.mark.parametrize("name", ["bad name", "bad name/..", "..", ".", "", "a,b", "a=b", "-/x", "a/b"])
def test_add_refuses_what_is_no_name(tmp_path: Path, name: str) -> None:
    root = make(tmp_path / "mine", "-Q . P\nA.v\n", A=GOOD)
    assert "is no name for a project" in only_error(run("add", "--", name, root))
    assert run("add", "mine-1.0_x", root).exit_code == 0
