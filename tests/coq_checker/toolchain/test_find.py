"""Which toolchain is found, and what is said when none is."""

import hashlib
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coq_checker.engine.plugin.build import _folder
from coq_checker.toolchain import (
    SandboxMode,
    Toolchain,
    ToolchainError,
    ToolchainSettings,
    UnusableError,
    ensure_toolchain,
    find_toolchain,
    list_toolchains,
)
from coq_checker.toolchain.engines import why_no_engine
from coq_checker.toolchain.facts import Facts
from coq_checker.toolchain.places import root_place
from coq_checker.toolchain.recipe import DEFAULT, RECIPES, ROCQ_9_2
from coqdata.releases import prover_name

from .fakes import host_coq, installation, on_path, program, settings, without_host_coq


def test_what_is_on_path_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host_coq(tmp_path / "bin", monkeypatch)
    found = find_toolchain(settings=settings(tmp_path))
    assert (found.name, found.coq_version, found.sertop_version) == ("path", "8.20.1", "0.20.0")
    assert (found.root, found.coqlib, found.engines) == (None, "/opt/coq", ("serapi",))
    assert found.host_path("/opt/coq") == Path("/opt/coq")


class TestInAContainer:
    """What images are: one Coq on PATH, and no sandbox."""

    def test_its_own_coq_has_the_name_of_its_version(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        host_coq(tmp_path / "bin", monkeypatch)
        own = find_toolchain("path", settings(tmp_path))
        found = find_toolchain("coq-8.20", settings(tmp_path))
        assert (found.name, found.coq_version, found.root) == ("coq-8.20", "8.20.1", None)
        assert found.key == own.key
        listed = {one.name: one for one in list_toolchains(settings(tmp_path))}
        assert (listed["coq-8.20"].state, listed["coq-8.20"].coq_version) == ("built", "8.20.1")
        assert listed["coq-8.20"].place == listed["path"].place == str(tmp_path / "bin")

    def test_another_is_not_there(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        host_coq(tmp_path / "bin", monkeypatch)
        with pytest.raises(ToolchainError, match=r"rocq-9\.2 is not here: .* which is 8\.20\.1; use an image"):
            find_toolchain("rocq-9.2", settings(tmp_path))
        listed = {one.name: one.state for one in list_toolchains(settings(tmp_path))}
        assert listed["rocq-9.2"] == "not built"

    def test_where_there_is_none(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        without_host_coq(monkeypatch)
        with pytest.raises(ToolchainError, match="needs this machine's own"):
            find_toolchain("rocq-9.2", settings(tmp_path))

    def test_with_a_sandbox_its_own_coq_is_none_of_ours(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        host_coq(tmp_path / "bin", monkeypatch)
        with pytest.raises(ToolchainError, match="has not been built"):
            find_toolchain("coq-8.20", settings(tmp_path, mode=None))


def test_direct_commands_have_a_clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host_coq(tmp_path / "bin", monkeypatch)
    monkeypatch.setenv("PALMETTO_TEST_SECRET", "secret")
    found = find_toolchain(settings=settings(tmp_path))
    argv = found.command("env", env={"A": "1"}, working_directory=tmp_path)
    lines = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    assert {"A=1", "HOME=/tmp", "LC_ALL=C.UTF-8"} <= set(lines)
    assert not any("secret" in line for line in lines)


class TestFacts:
    def test_versions_are_asked_once(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = tmp_path / "asked"
        host_coq(tmp_path / "bin", monkeypatch, sertop=f"echo once >> {asked}; echo 0.20.0")
        first = find_toolchain(settings=settings(tmp_path))
        assert find_toolchain(settings=settings(tmp_path)) == first
        assert asked.read_text() == "once\n"
        program(tmp_path / "bin", "sertop", f"echo again >> {asked}; echo 0.20.1 # replaced")
        assert find_toolchain(settings=settings(tmp_path)).sertop_version == "0.20.1"
        assert asked.read_text() == "once\nagain\n"

    @pytest.mark.parametrize(
        "damage", ["", "{", '{"identity": 1}', '{"identity": "x", "facts": {"a": 1}}', '{"facts": {"development": 1}}']
    )
    def test_damaged_facts_are_asked_again(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
        host_coq(tmp_path / "bin", monkeypatch)
        first = find_toolchain(settings=settings(tmp_path))
        (kept,) = (tmp_path / "facts").iterdir()
        kept.write_text(damage)
        assert find_toolchain(settings=settings(tmp_path)) == first

    def test_a_cache_that_cannot_be_written_is_no_failure(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        host_coq(tmp_path / "bin", monkeypatch)
        (tmp_path / "file").write_text("in the way")
        assert find_toolchain(settings=settings(tmp_path / "file" / "cache")).coq_version == "8.20.1"

    def test_what_is_installed_later_is_seen(self, switch: Callable[..., Path], tmp_path: Path) -> None:
        prefix = switch("late", package=None)
        with pytest.raises(UnusableError, match=r"development files are missing .*`opam install rocq-runtime`"):
            find_toolchain("opam:late", settings(tmp_path))
        installation(prefix)
        # Debian's package of development files changes neither Coq nor ocamlfind.
        assert find_toolchain("opam:late", settings(tmp_path)).engines == ("native",)

    def test_what_is_gone_is_seen(self, switch: Callable[..., Path], tmp_path: Path) -> None:
        prefix = switch("thin")
        assert find_toolchain("opam:thin", settings(tmp_path)).engines == ("native",)
        (prefix / "lib/rocq-runtime/vernac/vernac.cmxa").unlink()

        with pytest.raises(UnusableError, match="development files are missing"):
            find_toolchain("opam:thin", settings(tmp_path))
        (prefix / "bin/ocamlfind").unlink()
        with pytest.raises(UnusableError, match="no OCaml compiler"):
            find_toolchain("opam:thin", settings(tmp_path))

    def test_an_engine_that_is_compiled_needs_no_compiler(
        self, switch: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PALMETTO_CACHE", str(tmp_path))
        prefix = switch("thin")
        engine = _folder(find_toolchain("opam:thin", settings(tmp_path))) / "palmetto-engine"
        (prefix / "bin/ocamlfind").unlink()
        with pytest.raises(UnusableError, match="no OCaml compiler"):
            find_toolchain("opam:thin", settings(tmp_path))
        engine.mkdir(parents=True)
        (engine / "palmetto_engine_plugin.cmxs").write_bytes(b"machine code")
        (engine / "SHA256").write_text(hashlib.sha256(b"machine code").hexdigest())
        assert find_toolchain("opam:thin", settings(tmp_path)).engines == ("native",)
        # It was compiled for this Coq and no other.
        installation(prefix, "9.1", compiler=None)
        with pytest.raises(UnusableError, match="no OCaml compiler"):
            find_toolchain("opam:thin", settings(tmp_path))

    @pytest.mark.parametrize("gone", [{"compiler": ""}, {"development": ()}])
    def test_a_debian_root_has_no_switch(self, tmp_path: Path, gone: dict[str, Any]) -> None:
        facts = replace(Facts("9.2", "5.4.1", "", "/lib/coq", "5.4.1", (("rocq-runtime", "/x"),)), **gone)
        built = root_place(tmp_path / DEFAULT.root_name("sid"))
        said = why_no_engine(facts, built)
        assert said.endswith(f"delete {built.root} and run `palmetto toolchain ensure {DEFAULT.name}`.")
        said = why_no_engine(facts, root_place(tmp_path / "mine"))
        assert said.endswith(f"install Debian's libcoq-core-ocaml-dev in {tmp_path / 'mine'}.")
        assert "opam" not in said


class TestUsersOwn:
    def test_a_switch_that_has_only_rocq(self, switch: Callable[..., Path], tmp_path: Path) -> None:
        prefix = switch("rocq92")
        found = find_toolchain("opam:rocq92", settings(tmp_path))
        assert (found.name, found.version, found.engines) == ("opam:rocq92", (9, 2), ("native",))
        assert (found.findlib_package, found.standard_libraries) == ("rocq-runtime", ("Stdlib", "Corelib"))
        assert found.coqc_command("-q", "A.v")[-4:] == ["rocq", "c", "-q", "A.v"]
        assert found.coqtop_command()[-2:] == ["rocq", "repl"]
        assert found.coqchk_command("A")[-2:] == ["rocqchk", "A"]
        assert found.search_path.startswith(f"{prefix}/bin:")
        # It is found as the only Coq that there is, too, where `opam env` was not evaluated.
        with pytest.raises(ToolchainError, match="no Coq on PATH"):
            find_toolchain("path", settings(tmp_path))

    def test_a_switch_of_coq_8(self, switch: Callable[..., Path], tmp_path: Path) -> None:
        switch("old", version="8.20.0", name="coqc", package="coq-core")
        found = find_toolchain("opam:old", settings(tmp_path))
        assert (found.version, found.findlib_package, found.standard_library) == ((8, 20, 0), "coq-core", "Coq")
        assert (found.coqc_command()[-1], found.coqtop_command()[-1]) == ("coqc", "coqtop")
        assert found.coqchk_command()[-1] == "coqchk"

    def test_the_first_folder_on_path_decides(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        on_path(installation(tmp_path / "new") / "bin", monkeypatch)
        on_path(installation(tmp_path / "old", "8.20.1", name="coqc", package="coq-core") / "bin", monkeypatch)
        assert find_toolchain("path", settings(tmp_path)).coq_version == "8.20.1"

    def test_opam_switch_prefix(
        self, switch: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OPAM_SWITCH_PREFIX", str(switch("named")))
        assert find_toolchain(settings=settings(tmp_path)).name == "opam:named"

    def test_a_local_switch(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        without_host_coq(monkeypatch)
        prefix = installation(tmp_path / "project" / "_opam")
        assert find_toolchain(f"opam:{prefix.parent}", settings(tmp_path)).version == (9, 2)
        assert find_toolchain(str(prefix.parent), settings(tmp_path)).name == str(prefix.parent)
        monkeypatch.chdir(prefix.parent)
        assert find_toolchain("opam:.", settings(tmp_path)).version == (9, 2)
        assert find_toolchain("./_opam", settings(tmp_path)).name == str(prefix)
        monkeypatch.setenv("OPAM_SWITCH_PREFIX", str(prefix))
        assert find_toolchain(settings=settings(tmp_path)).name == f"opam:{prefix.parent}"

    def test_opam_is_asked_for_a_switch_elsewhere(
        self, switch: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        prefix = installation(tmp_path / "elsewhere")
        opam = f'[ "$*" = "var --switch=far prefix" ] && echo {prefix} && exit; echo no such switch >&2; exit 5'
        program(tmp_path / "bin", "opam", opam)
        on_path(tmp_path / "bin", monkeypatch)
        assert find_toolchain("opam:far", settings(tmp_path)).search_path.startswith(f"{prefix}/bin")
        with pytest.raises(ToolchainError, match="There is no opam switch 'near'"):
            find_toolchain("opam:near", settings(tmp_path))

    def test_a_switch_without_coq(self, nobodys_settings: Path, tmp_path: Path) -> None:
        (nobodys_settings / "opam/empty/bin").mkdir(parents=True)
        with pytest.raises(ToolchainError, match=r"holds no Coq: run `opam install rocq-prover --switch=empty`"):
            find_toolchain("opam:empty", settings(tmp_path))

    @pytest.mark.parametrize(
        ("what", "sentence"),
        [
            ({"version": "8.16.1", "name": "coqc"}, r"Coq 8\.16\.1 .*but with versions 8\.20, 9\.0, 9\.1 and 9\.2"),
            ({"version": "9.3+rc1"}, r"Rocq 9\.3\+rc1 .*but with versions 8\.20, 9\.0, 9\.1 and 9\.2"),
            ({"compiler": None}, r"no OCaml compiler .*`opam install ocamlfind`"),
            ({"package": None}, r"development files are missing .*`opam install rocq-runtime`"),
            ({"package": "coq-core"}, r"development files are missing"),
            ({"compiler": "4.14.1"}, r"compiled with OCaml 5\.4\.1 .* of OCaml 4\.14\.1"),
        ],
    )
    def test_what_no_engine_can_use(
        self, switch: Callable[..., Path], tmp_path: Path, what: dict[str, str | None], sentence: str
    ) -> None:
        switch("one", **what)
        with pytest.raises(UnusableError, match=sentence) as caught:
            find_toolchain("opam:one", settings(tmp_path))
        assert "\n" not in str(caught.value)
        (listed,) = (one for one in list_toolchains(settings(tmp_path)) if one.name == "opam:one")
        assert listed.problem == str(caught.value)

    def test_engines_that_were_compiled_beforehand_need_no_compiler(
        self, switch: Callable[..., Path], tmp_path: Path
    ) -> None:
        switch("image", compiler=None)
        ready = ToolchainSettings("opam:image", SandboxMode.NONE, tmp_path, prebuilt=True)
        assert find_toolchain(settings=ready).engines == ("native",)

    def test_what_cannot_be_used_gives_way_to_what_was_built(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        on_path(installation(tmp_path / "own", "8.16.1", name="coqc") / "bin", monkeypatch)
        with pytest.raises(UnusableError, match=r"8\.16\.1"):
            find_toolchain("path", settings(tmp_path))
        with pytest.raises(ToolchainError, match=r"8\.16\.1"):
            find_toolchain(settings=settings(tmp_path, mode=None))
        (tmp_path / "toolchains" / DEFAULT.root_name(DEFAULT.suites[0])).mkdir(parents=True)
        with pytest.raises(ToolchainError, match=f"in the root {tmp_path}"):  # it is taken, and is empty
            find_toolchain(settings=settings(tmp_path, mode=None))

    def test_what_stands_in_for_it_is_of_its_release(
        self, built: Toolchain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """And it is said once, to everything that a run starts."""
        assert built.root is not None
        name = "rocq" if built.version >= (9,) else "coqc"
        release = ".".join(map(str, built.version[:2]))
        on_path(installation(tmp_path / "own", f"{release}.0", name=name, compiler=None) / "bin", monkeypatch)
        roots = tmp_path / "toolchains"
        roots.mkdir()
        for recipe in RECIPES.values():
            root = roots / recipe.root_name(recipe.suites[0])
            if recipe.name == built.name:
                root.symlink_to(built.root)
            else:
                root.mkdir()
        steps: list[str] = []
        for _ in range(2):
            assert find_toolchain(settings=settings(tmp_path, mode=None)).name == built.name
        assert ensure_toolchain(steps.append, settings(tmp_path, mode=None)).name == built.name
        what = f"{prover_name(built.version)} {release}.0 (on PATH)"
        sentence = f"going on with {built.name}: {what} cannot be used yet, since it has no"
        (said,) = capsys.readouterr().err.splitlines()
        assert said.startswith(f"palmetto: {sentence}")
        assert steps[0].startswith(sentence)

    def test_two_installations_have_keys_of_their_own(self, switch: Callable[..., Path], tmp_path: Path) -> None:
        switch("a")
        switch("b")
        keys = {find_toolchain(f"opam:{name}", settings(tmp_path)).key for name in ("a", "b")}
        assert len(keys) == 2
        assert all(set(key) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-") for key in keys)


class TestSandbox:
    def test_without_one_it_is_said_once(
        self,
        switch: Callable[..., Path],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        switch("one")
        self._refusing(tmp_path, monkeypatch)
        for _ in range(2):
            assert find_toolchain("opam:one", settings(tmp_path, mode=None)).sandbox is SandboxMode.NONE
        said = capsys.readouterr().err.splitlines()
        assert len(said) == 1
        assert said[0].startswith("palmetto: Coq runs without a sandbox, with your rights: bwrap may not")

    def test_one_that_was_asked_for_is_needed(
        self, switch: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        switch("one")
        self._refusing(tmp_path, monkeypatch)
        with pytest.raises(ToolchainError, match="bwrap may not make a sandbox"):
            find_toolchain("opam:one", settings(tmp_path, mode=SandboxMode.BWRAP))

    @staticmethod
    def _refusing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        says = 'case "$1" in --version) echo bubblewrap 0.11.0;; *) echo "bwrap: no" >&2; exit 1;; esac'
        program(tmp_path / "fake", "bwrap", says)
        on_path(tmp_path / "fake", monkeypatch)

    def test_a_switch_below_tmp_is_seen_inside(self, switch: Callable[..., Path], tmp_path: Path) -> None:
        prefix = switch("one")
        assert str(prefix).startswith("/tmp/")
        found = find_toolchain("opam:one", settings(tmp_path, mode=SandboxMode.BWRAP))
        assert (found.coq_version, found.sandbox, found.shared) == ("9.2", SandboxMode.BWRAP, (prefix,))
        inside = subprocess.run(found.command("ls", str(prefix)), capture_output=True, text=True, check=True)
        assert inside.stdout.split() == ["bin", "lib"]

    def test_a_link_below_run_is_followed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        # NixOS has its programs there; here a folder of /tmp stands for it, which is as hidden.
        real = installation(Path(os.environ["HOME"]) / f".cache/palmetto-test-{os.getpid()}") / "bin"
        try:
            (tmp_path / "sw").symlink_to(real)
            on_path(tmp_path / "sw", monkeypatch)
            found = find_toolchain("path", settings(tmp_path, mode=SandboxMode.BWRAP))
            assert found.search_path.startswith(f"{real}:")
            assert found.shared == ()
        finally:
            subprocess.run(["rm", "-r", str(real.parent)], check=True)


def test_the_list(switch: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    switch("one")
    host_coq(tmp_path / "bin", monkeypatch)
    (tmp_path / "toolchains" / ROCQ_9_2.root_name("forky")).mkdir(parents=True)
    listed = {one.name: one for one in list_toolchains(settings(tmp_path, mode=None))}
    assert list(listed) == ["coq-8.20", "rocq-9.2", "path", "opam:one"]
    assert (listed["coq-8.20"].state, listed["coq-8.20"].problem) == ("not built", "")
    assert (listed["rocq-9.2"].state, listed["rocq-9.2"].coq_version) == ("built", "")
    assert "has no coqc or rocq" in listed["rocq-9.2"].problem
    assert (listed["path"].coq_version, listed["path"].engines) == ("8.20.1", ("serapi",))
    assert (listed["opam:one"].coq_version, listed["opam:one"].engines) == ("9.2", ("native",))
