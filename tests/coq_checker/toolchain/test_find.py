"""Which toolchain is found, and what is said when none is."""

import subprocess
from pathlib import Path

import pytest

from coq_checker.toolchain import SandboxMode, ToolchainError, ToolchainSettings, find_toolchain

from .fakes import COQC, host_coq, program, without_host_coq


def settings(cache: Path, choice: str = "auto", mode: SandboxMode = SandboxMode.NONE) -> ToolchainSettings:
    return ToolchainSettings(choice=choice, sandbox=mode, cache=cache)


def test_sertop_on_path_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host_coq(tmp_path / "bin", monkeypatch)
    found = find_toolchain(settings(tmp_path))
    assert (found.name, found.coq_version, found.sertop_version) == ("host-8.20.1", "8.20.1", "0.20.0")
    assert (found.root, found.coqlib) == (None, "/opt/coq")
    assert found.host_path("/opt/coq") == Path("/opt/coq")


def test_direct_commands_have_a_clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host_coq(tmp_path / "bin", monkeypatch)
    monkeypatch.setenv("PALMETTO_TEST_SECRET", "secret")
    argv = find_toolchain(settings(tmp_path)).command("env", env={"A": "1"}, working_directory=tmp_path)
    lines = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    assert {"A=1", "HOME=/tmp", "LC_ALL=C.UTF-8"} <= set(lines)
    assert not any("secret" in line for line in lines)


def test_versions_are_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = tmp_path / "asked"
    host_coq(tmp_path / "bin", monkeypatch, sertop=f"echo once >> {asked}; echo 0.20.0")
    first = find_toolchain(settings(tmp_path))
    assert find_toolchain(settings(tmp_path)) == first
    assert asked.read_text() == "once\n"
    program(tmp_path / "bin", "sertop", f"echo again >> {asked}; echo 0.20.1 # replaced")
    assert find_toolchain(settings(tmp_path)).sertop_version == "0.20.1"
    assert asked.read_text() == "once\nagain\n"


@pytest.mark.parametrize("damage", ["", "{", '{"identity": 1}', '{"identity": "x", "facts": {"a": 1}}'])
def test_damaged_facts_are_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    host_coq(tmp_path / "bin", monkeypatch)
    first = find_toolchain(settings(tmp_path))
    (kept,) = (tmp_path / "facts").iterdir()
    kept.write_text(damage)
    assert find_toolchain(settings(tmp_path)) == first


def test_a_cache_that_cannot_be_written_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host_coq(tmp_path / "bin", monkeypatch)
    (tmp_path / "file").write_text("in the way")
    assert find_toolchain(settings(tmp_path / "file" / "cache")).coq_version == "8.20.1"


def test_broken_programs_are_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host_coq(tmp_path / "bin", monkeypatch, coqc="echo cannot load >&2; exit 1")
    with pytest.raises(ToolchainError, match=r"do not run .*cannot load.*PALMETTO_TOOLCHAIN=debian"):
        find_toolchain(settings(tmp_path))


def test_no_toolchain_names_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_host_coq(monkeypatch)
    with pytest.raises(ToolchainError, match="run `palmetto toolchain ensure`"):
        find_toolchain(settings(tmp_path, mode=SandboxMode.BWRAP))


def test_debian_is_used_though_sertop_is_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host_coq(tmp_path / "bin", monkeypatch)
    with pytest.raises(ToolchainError, match=f"no root at {tmp_path}/toolchains/debian-trixie-"):
        find_toolchain(settings(tmp_path, choice="debian", mode=SandboxMode.BWRAP))


def test_no_sandbox_needs_sertop_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_host_coq(monkeypatch)
    with pytest.raises(ToolchainError, match="PALMETTO_SANDBOX=none"):
        find_toolchain(settings(tmp_path))


def test_a_root_without_coq_is_refused(tmp_path: Path) -> None:
    program(tmp_path / "usr/bin", "coqc", COQC)
    with pytest.raises(ToolchainError, match="has no sertop in usr/bin"):
        find_toolchain(settings(tmp_path, choice=str(tmp_path), mode=SandboxMode.BWRAP))


def test_a_bwrap_that_does_not_work_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host_coq(tmp_path / "bin", monkeypatch)
    program(tmp_path / "bin", "bwrap", 'test "$1" = --version || { echo "bwrap: not permitted" >&2; exit 1; }')
    with pytest.raises(ToolchainError, match=r"may not make a sandbox here \(bwrap: not permitted\)"):
        find_toolchain(settings(tmp_path, mode=SandboxMode.BWRAP))
