"""Running a command as root, and installing what is missing: with stand-ins for sudo and apt-get."""

import io
import os
from pathlib import Path

import pytest

from coq_checker.toolchain import ToolchainError, privileges

from .fakes import program


def test_root_needs_no_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert privileges.as_root(["true"], "try") == ["true"]


def test_others_go_through_sudo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    program(tmp_path, "sudo", "exit 0")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert privileges.as_root(["true"], "try") == ["sudo", "-n", "true"]


def test_without_sudo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolchainError, match="Root rights are needed to try and sudo is not installed"):
        privileges.as_root(["true"], "try")


def test_a_password_that_nobody_can_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    program(tmp_path, "sudo", "exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(ToolchainError, match="sudo asks for a password: run `sudo -v` first"):
        privileges.as_root(["true"], "try")


def test_no_apt_get(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(privileges, "_search_path", lambda: str(tmp_path))
    with pytest.raises(ToolchainError, match="no apt-get: install bubblewrap with its own package manager"):
        privileges.install_missing({"bwrap": ("bubblewrap",)}, lambda step: None)


def test_apt_get_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(privileges, "as_root", lambda command, purpose: list(command))
    monkeypatch.setattr(privileges, "_search_path", lambda: str(tmp_path))
    program(tmp_path, "apt-get", "echo 'E: no mirror'; exit 100")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(ToolchainError, match=r"could not install bubblewrap \(E: no mirror\)"):
        privileges.install_missing({"bwrap": ("bubblewrap",)}, lambda step: None)


def test_what_is_there_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    monkeypatch.setenv("PATH", str(tmp_path))
    program(tmp_path, "bwrap", "exit 0")
    privileges.install_missing({"bwrap": ("bubblewrap",)}, steps.append)
    assert steps == []
