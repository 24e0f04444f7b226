"""`palmetto toolchain`: what it says, to people and to programs, and of bad input."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from coq_checker.toolchain import Toolchain, find_toolchain, list_toolchains
from palmetto.cli import app


@pytest.fixture(autouse=True)
def nobodys_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("PALMETTO_TOOLCHAIN", raising=False)


@pytest.fixture
def toolchain() -> Toolchain:
    """The one that is in use where nobody says which."""
    return find_toolchain()


def run(*args: str) -> Result:
    return CliRunner().invoke(app, ["toolchain", *args])


def test_list(toolchain: Toolchain) -> None:
    answer = json.loads(run("list", "--json").stdout)
    assert answer["in_use"] == toolchain.name
    assert [one["name"] for one in answer["toolchains"]] == [one.name for one in list_toolchains()]
    there = {one["name"]: one for one in answer["toolchains"]}
    assert there[toolchain.name]["coq_version"] == toolchain.coq_version
    assert there[toolchain.name]["engines"] == list(toolchain.engines)
    shown = run("list").stdout
    assert all(name in shown for name in there)


def test_show(toolchain: Toolchain) -> None:
    answer = json.loads(run("show", toolchain.name, "--json").stdout)
    assert (answer["name"], answer["coq"]) == (toolchain.name, toolchain.coq_version)
    assert answer["engines"] == ", ".join(toolchain.engines)
    assert answer == json.loads(run("show", "--json").stdout)


def test_use(toolchain: Toolchain, tmp_path: Path) -> None:
    kept = tmp_path / "config/palmetto/settings.json"
    done = run("use", toolchain.name)
    assert (done.exit_code, json.loads(kept.read_text())) == (0, {"toolchain": toolchain.name})
    assert toolchain.coq_version in done.stdout
    assert json.loads(run("list", "--json").stdout)["in_use"] == toolchain.name
    assert run("use", "auto").exit_code == 0
    assert json.loads(kept.read_text()) == {}


@pytest.mark.parametrize("command", ["show", "use", "ensure"])
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("rocq-8", "There is no toolchain 'rocq-8': give auto, coq-8.20, rocq-9.2, path,"),
        ("opam:nonesuch", "There is no opam switch 'nonesuch'"),
        ("/nonesuch", "There is no folder /nonesuch"),
        ("/proc", "The folder /proc holds no Coq"),
    ],
)
def test_bad_names(tmp_path: Path, command: str, name: str, sentence: str) -> None:
    done = run(command, name)
    assert done.exit_code == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"palmetto: {sentence}")
    assert not (tmp_path / "config").exists()


def test_a_name_in_the_environment_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PALMETTO_TOOLCHAIN", "ubuntu")
    for command in ("list", "show", "ensure"):
        done = run(command)
        assert done.exit_code == 2
        assert done.stderr.startswith("palmetto: PALMETTO_TOOLCHAIN is 'ubuntu': set it to auto,")
