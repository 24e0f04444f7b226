"""`palmetto project fetch` from a repository on this machine, which git is told to take for the real one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from coqdata.catalogue import catalogue
from coqdata.project import load_project

PALMETTO = Path(sys.executable).with_name("palmetto")


def fetch(into: Path, *names: str, **environment: str) -> subprocess.CompletedProcess[str]:
    argv = [str(PALMETTO), "project", "fetch", *names, "--into", str(into)]
    return subprocess.run(argv, check=False, capture_output=True, text=True, env={**os.environ, **environment})


@pytest.fixture
def upstream(tmp_path: Path) -> dict[str, str]:
    """Settings of git by which the address of `zfc` leads to a repository without the commit that is meant."""
    made = tmp_path / "upstream"
    git = ["git", "-C", str(made), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "init", "--quiet", str(made)], check=True)
    (made / "Axioms.v").write_text("Lemma t : True. Proof. exact I. Qed.\n")
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", "all"], check=True)
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{made}.insteadOf",
        "GIT_CONFIG_VALUE_0": catalogue()["zfc"].upstream,
    }


def test_a_commit_that_is_not_there(tmp_path: Path, upstream: dict[str, str]) -> None:
    done = fetch(tmp_path / "p", "zfc", **upstream)
    assert done.returncode == 1
    assert "zfc: it cannot be fetched" in done.stdout
    assert list((tmp_path / "p").iterdir()) == []


def test_what_is_fetched_is_a_project(
    tmp_path: Path, upstream: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from dataclasses import replace

    from palmetto.commands import project_fetch

    folder = upstream["GIT_CONFIG_KEY_0"].removeprefix("url.file://").removesuffix(".insteadOf")
    head = subprocess.run(["git", "-C", folder, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    entry = replace(catalogue()["zfc"], commit=head.stdout.strip())
    for name, value in upstream.items():
        monkeypatch.setenv(name, value)
    said = project_fetch._take(entry, tmp_path)
    assert said.startswith(f"fetched commit {entry.commit[:12]}")
    project = load_project(tmp_path / "zfc")
    assert [path.logical for path in project.options.paths]
    assert (tmp_path / "zfc" / "Axioms.v").is_file()
    assert not (tmp_path / "zfc" / ".git").exists()
    assert project_fetch._take(entry, tmp_path) == "there already"
    with pytest.raises(project_fetch.FetchError, match="is not commit"):
        project_fetch._take(catalogue()["zfc"], tmp_path)


def test_bad_input_is_one_sentence(tmp_path: Path) -> None:
    done = fetch(tmp_path, "nothing-like-it")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "palmetto: the catalogue has no nothing-like-it: see `palmetto project list`.\n"
    (tmp_path / "file").write_text("")
    done = fetch(tmp_path / "file" / "p", "zfc")
    assert done.returncode == 2
    assert "cannot be made" in done.stderr
