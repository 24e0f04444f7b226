"""A Coq that does not run as it should, or hangs, when it is asked what it is; and what is not there."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from coq_checker.toolchain import (
    SandboxMode,
    ToolchainError,
    facts,
    find_toolchain,
    list_toolchains,
)
from coq_checker.toolchain.recipe import ROCQ_9_2

from .fakes import COQC, host_coq, installation, on_path, program, settings, without_host_coq


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


class TestBroken:
    @pytest.mark.parametrize("script", ["kill -KILL $$", '[ "$1" = -where ] && kill -KILL $$; echo 8.20.1'])
    def test_one_that_is_killed_is_not_called_broken(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
    ) -> None:
        host_coq(tmp_path / "bin", monkeypatch, coqc=script)
        with pytest.raises(ToolchainError, match=r"coqc of the toolchain path was killed by signal 9 .*try again\.$"):
            find_toolchain(settings=settings(tmp_path))
        host_coq(tmp_path / "bin", monkeypatch)
        assert find_toolchain(settings=settings(tmp_path)).coq_version == "8.20.1"

    def test_broken_programs_are_explained(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        host_coq(tmp_path / "bin", monkeypatch, coqc="echo cannot load >&2; exit 1")
        with pytest.raises(ToolchainError, match=r"coqc .* does not run .*cannot load.*palmetto toolchain list"):
            find_toolchain(settings=settings(tmp_path))

    def test_a_broken_sertop_is_none(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        installation(tmp_path, "8.20.1", name="coqc", package="coq-core")
        program(tmp_path / "bin", "sertop", "exit 127")
        on_path(tmp_path / "bin", monkeypatch)
        found = find_toolchain(settings=settings(tmp_path))
        assert (found.engines, found.sertop_version) == (("native",), "")

    def test_no_toolchain_names_the_remedy(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        without_host_coq(monkeypatch)
        with pytest.raises(ToolchainError, match="run `palmetto toolchain ensure`"):
            find_toolchain(settings=settings(tmp_path, mode=SandboxMode.BWRAP))

    def test_what_has_not_been_built(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        host_coq(tmp_path / "bin", monkeypatch)
        with pytest.raises(ToolchainError, match=r"rocq-9\.2 has not been built .*ensure rocq-9\.2`"):
            find_toolchain("rocq-9.2", settings(tmp_path, mode=SandboxMode.BWRAP))

    def test_a_root_without_coq(self, tmp_path: Path) -> None:
        root = tmp_path / "toolchains" / ROCQ_9_2.root_name("sid")
        (root / "usr/bin").mkdir(parents=True)
        with pytest.raises(ToolchainError, match="has no coqc or rocq: delete it"):
            find_toolchain("rocq-9.2", settings(tmp_path, mode=SandboxMode.BWRAP))

    @pytest.mark.parametrize("name", ["coq-8.20", "/opt/root"])
    def test_a_root_needs_a_sandbox(self, tmp_path: Path, name: str) -> None:
        program(tmp_path / "usr/bin", "coqc", COQC)
        name = str(tmp_path) if name.startswith("/") else name
        with pytest.raises(ToolchainError, match="PALMETTO_SANDBOX=none runs Coq directly"):
            find_toolchain(name, settings(tmp_path))

    @pytest.mark.parametrize("name", ["", "debian", "rocq-9.9", "opam:", "coqc"])
    def test_an_unknown_name_lists_those_there_are(
        self, switch: Callable[..., Path], tmp_path: Path, name: str
    ) -> None:
        switch("mine")
        with pytest.raises(ToolchainError, match=r"auto, coq-8\.20, rocq-9\.2, path, opam:mine, or a folder"):
            find_toolchain(name, settings(tmp_path))

    def test_no_such_folder(self, tmp_path: Path) -> None:
        with pytest.raises(ToolchainError, match=f"There is no folder {tmp_path}/none"):
            find_toolchain(str(tmp_path / "none"), settings(tmp_path))
        with pytest.raises(ToolchainError, match=f"The folder {tmp_path} holds no Coq"):
            find_toolchain(str(tmp_path), settings(tmp_path))
