"""A Coq that hangs when it is asked what it is."""

import time
from pathlib import Path

import pytest

from coq_checker.toolchain import (
    SandboxMode,
    ToolchainError,
    ToolchainSettings,
    facts,
    find_toolchain,
    list_toolchains,
)

from .fakes import COQC, host_coq, on_path, program


def settings(cache: Path, choice: str = "auto", mode: SandboxMode | None = SandboxMode.NONE) -> ToolchainSettings:
    return ToolchainSettings(choice=choice, sandbox=mode, cache=cache)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class TestAHangingCoq:
    @pytest.mark.parametrize("mode", [SandboxMode.NONE, SandboxMode.BWRAP])
    def test_it_is_asked_once(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: SandboxMode) -> None:
        monkeypatch.setattr(facts, "_ASK_TIMEOUT_S", 1.0)
        asked = tmp_path / "asked"
        # A child of its own, which holds its output open.
        program(tmp_path / "bin", "coqc", f"echo >>{asked}; sleep 1000 & echo $! >>{asked}; wait")
        on_path(tmp_path / "bin", monkeypatch)
        there = settings(tmp_path, mode=mode)
        with pytest.raises(ToolchainError) as caught:
            find_toolchain(settings=there)
        assert str(caught.value) == (
            "The coqc of the toolchain path does not run (it did not answer within 1 s): mend it, or choose another "
            "that `palmetto toolchain list` shows, with `palmetto toolchain use NAME`."
        )
        (listed,) = (one for one in list_toolchains(there) if one.name == "path")
        assert listed.problem == str(caught.value)
        if mode is SandboxMode.NONE:  # what it writes in a sandbox is lost
            _, child = asked.read_text().splitlines()
            while is_alive(int(child)):
                time.sleep(0.01)

    def test_once_it_is_mended_it_is_asked_anew(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(facts, "_ASK_TIMEOUT_S", 1.0)
        host_coq(tmp_path / "bin", monkeypatch, coqc="exec sleep 1000")
        with pytest.raises(ToolchainError, match="did not answer"):
            find_toolchain(settings=settings(tmp_path))
        program(tmp_path / "bin", "coqc", COQC)
        assert find_toolchain(settings=settings(tmp_path)).name == "path"
