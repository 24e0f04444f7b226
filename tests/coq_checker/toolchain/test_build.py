"""Building the root: with stand-ins for mmdebstrap and for the trial, so that no network is needed."""

import multiprocessing
import os
from collections import namedtuple
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coq_checker.toolchain import (
    SandboxMode,
    Toolchain,
    ToolchainError,
    ToolchainSettings,
    UnusableError,
    build,
    ensure,
    ensure_toolchain,
    mmdebstrap,
    privileges,
)
from coq_checker.toolchain.places import Place
from coq_checker.toolchain.recipe import COQ_8_20, DEFAULT, FALLBACK, RECIPES, ROCQ_9_2, recipe_of_root
from coq_checker.toolchain.trial import try_toolchain
from coq_checker.toolchain.wished import left_out

from .fakes import COQC, installation, on_path, program, without_host_coq

# Makes what mmdebstrap would at its last argument, and notes that it was called.
MAKES_A_ROOT = r"""
for target; do :; done
mkdir -p "$target/usr/bin"
touch "$target/usr/bin/sertop" "$target/usr/bin/coqc"
echo "I: called"
echo called >> "$(dirname "$target")/../calls"
"""
# As mmdebstrap and apt end where a suite has not what is required.
LACKS = r"""
for target; do :; done
case "$*" in *" SUITE "*)
  mkdir -p "$target"
  echo " coq : Depends: libcoq-core-ocaml but it is not going to be installed" >&2
  echo "E: Unable to correct problems, you have held broken packages." >&2
  exit 25;;
esac
"""
ROOT = COQ_8_20.root_name("trixie")

# Runs the command that follows its options: making namespaces needs root.
UNSHARES_NOTHING = """
while [ "$1" != sh ]; do shift; done
exec "$@"
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ToolchainSettings:
    without_host_coq(monkeypatch)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr(build, "sandbox_problem", lambda: None)
    monkeypatch.setattr(build, "try_toolchain", lambda toolchain, version: None)
    monkeypatch.setattr(build, "as_root", lambda command, purpose: list(command))
    monkeypatch.setattr(mmdebstrap, "as_root", lambda command, purpose: list(command))
    monkeypatch.setattr(ensure, "compile_engine", lambda toolchain, progress: None)
    monkeypatch.setattr(build, "compile_engine", lambda toolchain, progress: None)
    monkeypatch.setattr(build, "toolchain_at", made)
    program(tmp_path / "bin", "mmdebstrap", MAKES_A_ROOT)
    program(tmp_path / "bin", "bwrap", "exit 0")
    program(tmp_path / "bin", "unshare", UNSHARES_NOTHING)
    return ToolchainSettings("coq-8.20", SandboxMode.BWRAP, tmp_path)


def made(place: Place, settings: ToolchainSettings, again: bool = False) -> Toolchain:
    return Toolchain(place.name, "8.20.1", "0.20.0", "/opt/coq", place.root, SandboxMode.BWRAP, place.search_path)


def silent(step: str) -> None:
    return None


def left_in(settings: ToolchainSettings) -> list[str]:
    kept = (".lock", ".refused-")
    return sorted(path.name for path in settings.roots.iterdir() if not path.name.startswith(kept))


def test_a_root_is_built_once(settings: ToolchainSettings) -> None:
    steps: list[str] = []
    first = ensure_toolchain(steps.append, settings)
    assert first.root == settings.roots / ROOT
    assert "called" in steps
    assert first.name == "coq-8.20"
    assert (first.root / "usr/local/bin/htimeout").stat().st_mode & 0o777 == 0o755
    again: list[str] = []
    assert ensure_toolchain(again.append, settings) == first
    assert again == []
    assert (settings.cache / "calls").read_text() == "called\n"
    assert left_in(settings) == [ROOT]


@pytest.mark.parametrize("error", [ToolchainError("it does not run"), KeyboardInterrupt()])
def test_a_root_that_fails_its_trial_is_not_left(
    settings: ToolchainSettings, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fails(toolchain: Toolchain, version: tuple[int, ...]) -> None:
        assert toolchain.root is not None and toolchain.root.is_dir()
        raise error

    monkeypatch.setattr(build, "try_toolchain", fails)
    with pytest.raises(type(error)):
        ensure_toolchain(silent, settings)
    assert left_in(settings) == []


def test_what_a_killed_build_left_is_removed(settings: ToolchainSettings) -> None:
    half = settings.roots / ".building-debian-trixie-000000000000"
    (half / "usr").mkdir(parents=True)
    ensure_toolchain(silent, settings)
    assert left_in(settings) == [ROOT]


def test_two_builders_build_once(settings: ToolchainSettings, tmp_path: Path) -> None:
    program(tmp_path / "bin", "mmdebstrap", "sleep 0.5\n" + MAKES_A_ROOT)
    context = multiprocessing.get_context("fork")
    builders = [context.Process(target=ensure_toolchain, args=(silent, settings)) for _ in range(3)]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join()
    assert [builder.exitcode for builder in builders] == [0, 0, 0]
    assert (settings.cache / "calls").read_text() == "called\n"


@pytest.mark.parametrize(
    ("said", "sign"),
    [
        ("E: Temporary failure resolving 'mirror'", "mirror cannot be reached"),
        ("E: Failed to fetch the Release file", "mirror cannot be reached"),
        ("E: cannot write: No space left on device", "the disk is full"),
        ("E: The repository is not signed.", "debian-archive-keyring"),
        ("E: mount: Operation not permitted", "this container may not mount"),
        ("E: something nobody thought of", "ended with status 25 (E: something nobody thought of)"),
    ],
)
def test_failures_of_mmdebstrap_are_explained(
    settings: ToolchainSettings, tmp_path: Path, said: str, sign: str
) -> None:
    script = f'for target; do :; done; mkdir -p "$target"; echo "{said}" >&2; exit 25'
    program(tmp_path / "bin", "mmdebstrap", script)
    with pytest.raises(ToolchainError) as caught:
        ensure_toolchain(silent, settings)
    assert sign in str(caught.value)
    assert "\n" not in str(caught.value)
    assert left_in(settings) == []


def test_a_build_ends_when_nobody_waits_for_it(settings: ToolchainSettings, tmp_path: Path) -> None:
    # The stand-in sleeps for longer than the test may take: the test ends only if the build is ended.
    program(
        tmp_path / "bin",
        "mmdebstrap",
        'for target; do :; done; mkdir "$target"; echo "I: up"; exec sleep 9999',
    )

    def interrupts(step: str) -> None:
        if step == "up":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ensure_toolchain(interrupts, settings)
    assert left_in(settings) == []


def test_too_small_a_disk(settings: ToolchainSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", ["total", "used", "free"])
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage(10**9, 0, 10**9))
    with pytest.raises(ToolchainError, match=r"has 1\.0 GB free: make room, or set PALMETTO_CACHE"):
        ensure_toolchain(silent, settings)


def test_a_cache_that_cannot_be_written(settings: ToolchainSettings, tmp_path: Path) -> None:
    (tmp_path / "toolchains").write_text("a file in the way")
    with pytest.raises(ToolchainError, match="set PALMETTO_CACHE"):
        ensure_toolchain(silent, settings)


def test_a_sandbox_that_does_not_work_stops_before_the_build(
    settings: ToolchainSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "sandbox_problem", lambda: "bwrap may not: allow it.")
    with pytest.raises(ToolchainError, match="allow it"):
        ensure_toolchain(silent, settings)
    assert not (settings.cache / "calls").exists()


@pytest.mark.parametrize("choice", ["auto", "rocq-9.2"])
def test_no_sandbox_needs_the_hosts_own_coq(settings: ToolchainSettings, tmp_path: Path, choice: str) -> None:
    with pytest.raises(ToolchainError, match="PALMETTO_SANDBOX=none runs Coq directly and so needs this machine's own"):
        ensure_toolchain(silent, ToolchainSettings(choice, SandboxMode.NONE, tmp_path))


def test_the_hosts_own_coq_needs_no_build(settings: ToolchainSettings, tmp_path: Path) -> None:
    program(tmp_path / "bin", "sertop", "echo 0.20.0")
    program(tmp_path / "bin", "coqc", COQC)
    found = ensure_toolchain(silent, ToolchainSettings("auto", SandboxMode.NONE, tmp_path))
    assert (found.name, found.coq_version) == ("path", "8.20.1")


def test_a_coq_of_no_use_is_told_and_the_default_is_built(
    settings: ToolchainSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path(installation(tmp_path / "own", "8.16.1", name="coqc") / "bin", monkeypatch)
    program(tmp_path / "bin", "bwrap", 'while [ "$1" != -- ]; do shift || exit 0; done; shift; exec "$@"')
    steps: list[str] = []
    assert ensure_toolchain(steps.append, ToolchainSettings("auto", None, tmp_path)).name == DEFAULT.name
    assert any("8.16.1" in step and step.startswith(f"going on with {DEFAULT.name}") for step in steps)


class TestSuites:
    def test_the_second_stands_in_for_the_first(self, settings: ToolchainSettings, tmp_path: Path) -> None:
        program(tmp_path / "bin", "mmdebstrap", LACKS.replace("SUITE", "sid") + MAKES_A_ROOT)
        steps: list[str] = []
        found = ensure_toolchain(steps.append, settings, "rocq-9.2")
        assert found.root == settings.roots / ROCQ_9_2.root_name("forky")
        assert any("sid does not give rocq-9.2 today" in step and "libcoq-core-ocaml" in step for step in steps)
        assert left_in(settings) == [ROCQ_9_2.root_name("forky")]
        assert (found.root / "usr/libexec/htimeout").readlink() == Path("coq-hammer/htimeout")
        # What stands is used, though the first suite may work by now.
        assert ensure_toolchain(silent, settings, "rocq-9.2") == found

    def test_where_all_are_broken(self, settings: ToolchainSettings, tmp_path: Path) -> None:
        program(tmp_path / "bin", "mmdebstrap", LACKS.replace(" SUITE ", ""))
        with pytest.raises(
            ToolchainError, match=r"rocq-9\.2 cannot be built today, neither from Debian's sid nor forky"
        ):
            ensure_toolchain(silent, settings, "rocq-9.2")
        assert left_in(settings) == []

    def test_the_default_falls_back(self, settings: ToolchainSettings, tmp_path: Path) -> None:
        notes = 'for word; do echo "$word" >> $(dirname "$0")/../words; done\n'
        lacks = LACKS.replace("SUITE", "sid") + LACKS.replace("SUITE", "forky")
        program(tmp_path / "bin", "mmdebstrap", notes + lacks + MAKES_A_ROOT)
        settings = ToolchainSettings("auto", SandboxMode.BWRAP, tmp_path)
        steps: list[str] = []
        found = ensure_toolchain(steps.append, settings)
        assert found.name == "coq-8.20"
        (said,) = (step for step in steps if step.startswith("going on with coq-8.20"))
        assert "rocq-9.2 cannot be built today" in said
        asked = (tmp_path / "words").read_text()
        # On the same day no suite is asked again, unless somebody wants it: that costs a minute.
        steps.clear()
        assert ensure_toolchain(steps.append, settings) == found
        (said,) = steps
        assert said.startswith("going on with coq-8.20") and "`palmetto toolchain ensure rocq-9.2`" in said
        assert (tmp_path / "words").read_text() == asked
        with pytest.raises(ToolchainError, match=r"rocq-9\.2 cannot be built today"):
            ensure_toolchain(silent, settings, "rocq-9.2")
        # On another day they are.
        (note,) = settings.roots.glob(".refused-*")
        os.utime(note, (0, 0))
        program(tmp_path / "bin", "mmdebstrap", MAKES_A_ROOT)
        assert ensure_toolchain(silent, settings).name == "rocq-9.2"

    @pytest.mark.parametrize(
        "said",
        [
            "E: Unable to locate package coq",
            "E: Failed to fetch http://m/debian/pool/main/c/coq/coq_9.2.deb  404  Not Found [IP: ::1 80]",
            "E: Failed to fetch http://m/debian/dists/sid/main/binary-amd64/Packages.xz  Hash Sum mismatch",
            "E: Failed to fetch http://m/debian/dists/sid/main/Packages.xz  File has unexpected size (1 != 2).",
            "E: Sub-process /usr/bin/dpkg returned an error code (1)",
        ],
    )
    def test_what_a_suite_that_is_being_changed_says(
        self, settings: ToolchainSettings, tmp_path: Path, said: str
    ) -> None:
        lacks = LACKS.replace("SUITE", "sid").replace(
            "E: Unable to correct problems, you have held broken packages.", said
        )
        lacks = "\n".join(line for line in lacks.splitlines() if "Depends" not in line)
        program(tmp_path / "bin", "mmdebstrap", lacks + MAKES_A_ROOT)
        steps: list[str] = []
        found = ensure_toolchain(steps.append, settings, "rocq-9.2")
        assert found.root == settings.roots / ROCQ_9_2.root_name("forky")
        (told,) = (step for step in steps if step.startswith("Debian's sid does not give rocq-9.2 today: "))
        assert said.removeprefix("E: ") in told

    def test_a_suite_that_the_engine_does_not_compile_in(
        self, settings: ToolchainSettings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def not_in_sid(toolchain: Toolchain, progress: privileges.Progress) -> None:
            assert toolchain.root is not None and toolchain.root.is_dir()
            if "sid" in toolchain.key:
                raise UnusableError("The toolchain rocq-9.2 cannot be used: it does not compile.")

        monkeypatch.setattr(build, "compile_engine", not_in_sid)
        steps: list[str] = []
        found = ensure_toolchain(steps.append, settings, "rocq-9.2")
        assert found.root == settings.roots / ROCQ_9_2.root_name("forky")
        assert (
            "Debian's sid does not give rocq-9.2 today: The toolchain rocq-9.2 cannot be used: it does not compile."
            in steps
        )
        assert left_in(settings) == [ROCQ_9_2.root_name("forky")]

    @pytest.mark.parametrize("said", ["E: Temporary failure resolving 'mirror'", "E: No space left on device"])
    def test_a_fault_of_the_machine_is_no_broken_suite(
        self, settings: ToolchainSettings, tmp_path: Path, said: str
    ) -> None:
        asked = "for target; do :; done; echo x >> $(dirname $target)/../asked"
        program(tmp_path / "bin", "mmdebstrap", f'{asked}; echo "{said}" >&2; exit 25')
        with pytest.raises(ToolchainError, match="could not be built"):
            ensure_toolchain(silent, settings, "rocq-9.2")
        assert (tmp_path / "asked").read_text() == "x\n"

    def test_a_suite_that_has_moved_on(self, settings: ToolchainSettings, tmp_path: Path) -> None:
        moved = made(Place("rocq-9.2", "in a root", tmp_path, "/usr/bin"), settings)
        with pytest.raises(ToolchainError, match=r"rocq-9\.2 is to be 9\.2, and Debian has 8\.20\.1 now"):
            try_toolchain(moved, ROCQ_9_2.version)

    def test_a_suite_whose_coq_is_of_no_use(self, settings: ToolchainSettings, monkeypatch: pytest.MonkeyPatch) -> None:
        def of_no_use_in_sid(place: Place, settings: ToolchainSettings, again: bool = False) -> Toolchain:
            if "sid" in str(place.root):
                raise UnusableError("Palmetto does not work with Rocq 9.3.")
            return made(place, settings, again)

        monkeypatch.setattr(build, "toolchain_at", of_no_use_in_sid)
        steps: list[str] = []
        found = ensure_toolchain(steps.append, settings, "rocq-9.2")
        assert found.root == settings.roots / ROCQ_9_2.root_name("forky")
        assert "Debian's sid does not give rocq-9.2 today: Palmetto does not work with Rocq 9.3." in steps
        assert left_in(settings) == [ROCQ_9_2.root_name("forky")]

    def test_what_mmdebstrap_is_asked_for(self, settings: ToolchainSettings, tmp_path: Path) -> None:
        keeps = 'for word; do echo "$word" >> $(dirname "$0")/../words; done\n'
        # As mmdebstrap runs what it is given to customize the root.
        hook = 'for word; do case "$word" in --customize-hook=*) sh -c "${word#*=}" exec "$target";; esac; done\n'
        program(tmp_path / "bin", "mmdebstrap", keeps + MAKES_A_ROOT + hook)
        program(
            tmp_path / "bin", "chroot", 'echo "$*" >> $(dirname "$0")/../asked; case "$*" in *cvc4*) exit 100;; esac'
        )
        root = ensure_toolchain(silent, settings, "rocq-9.2").root
        words = (tmp_path / "words").read_text().splitlines()
        assert '--aptopt=Acquire::Check-Valid-Until "false"' in words
        assert "--include=coq,libcoq-core-ocaml-dev,libcoq-stdlib" in words
        assert words[-2] == "sid"
        assert root is not None
        assert list(left_out(root)) == ["cvc4"]
        others = " ".join(package for package in ROCQ_9_2.wished if package != "cvc4")
        assert (tmp_path / "asked").read_text().splitlines()[-1].endswith(f" install {others}")


class TestRecipes:
    def test_the_default_and_what_stands_in_for_it(self) -> None:
        assert (DEFAULT, FALLBACK) == (ROCQ_9_2, COQ_8_20)

    def test_the_root_that_stands_keeps_its_name(self) -> None:
        assert COQ_8_20.root_name("trixie") == "debian-trixie-73773eff6e6e"

    def test_the_name_follows_the_recipe(self) -> None:
        names = {recipe.root_name(suite) for recipe in RECIPES.values() for suite in recipe.suites}
        assert len(names) == 3
        base = ROCQ_9_2.root_name("sid")
        changes: list[dict[str, Any]] = [
            {"wished": (*ROCQ_9_2.wished, "coqide")},
            {"links": ()},
            {"apt_options": ()},
            {"programs": ()},
        ]
        assert all(replace(ROCQ_9_2, **change).root_name("sid") != base for change in changes)

    def test_a_root_tells_its_recipe(self, tmp_path: Path) -> None:
        assert recipe_of_root(tmp_path / ROCQ_9_2.root_name("forky")) is ROCQ_9_2
        assert recipe_of_root(tmp_path / "debian-forky-000000000000") is None
