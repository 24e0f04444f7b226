"""Which packages are left out of a root: the hook is run as mmdebstrap runs it, with a stand-in for apt in the root."""

import os
import subprocess
from pathlib import Path

import pytest

from coq_checker.toolchain.wished import hook, left_out

from .fakes import program

# What the hook runs in the root: `chroot ROOT env -i NAME=VALUE... apt-get ...` and `chroot ROOT dpkg-query ...`.
CHROOT = """
here="$(dirname "$0")"; shift
while [ "$1" != apt-get ] && [ "$1" != dpkg-query ]; do shift; done
program="$1"; shift
exec "$here/inside-$program" "$@"
"""
NEW_SOLVER = (
    "E: Unable to satisfy dependencies. Reached two conflicting assignments: 2. libcoq-hierarchy-builder:amd64 Depends "
    "libcoq-elpi-gwzp3\n       but none of the choices are installable:\n       [no choices]"
)
OLD_SOLVER = (
    "The following packages have unmet dependencies:\n other : Depends: libother but it is not going to be installed\n"
    " PACKAGE : Depends: libcoq-elpi-gwzp3 but it is not installable\nE: Unable to correct problems."
)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A folder with the hook for the packages a, b and c, and a root."""
    program(tmp_path / "bin", "chroot", CHROOT)
    program(tmp_path / "bin", "inside-dpkg-query", "for name; do :; done; echo installed")
    script = tmp_path / "hook"
    script.write_text(hook(("a", "b", "c")))
    script.chmod(0o755)
    (tmp_path / "root").mkdir()
    return tmp_path


def call(folder: Path, apt: str) -> tuple[list[str], dict[str, str]]:
    program(folder / "bin", "inside-apt-get", f'echo "$*" >> {folder}/asked\n{apt}')
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    done = subprocess.run([folder / "hook", folder / "root"], env={"PATH": path}, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return (folder / "asked").read_text().splitlines(), left_out(folder / "root")


def test_all_can_be_installed(run: Path) -> None:
    asked, missing = call(run, "exit 0")
    assert missing == {}
    assert [line.rpartition("install ")[2] for line in asked] == ["a b c", "a b c"]
    assert "--simulate" not in asked[-1]
    # A wished package may not push out what is there.
    assert all("--no-remove" in line and "--no-install-recommends" in line for line in asked)


def test_one_cannot(run: Path) -> None:
    fails = 'case "$*" in *" b"*) echo "E: Unable to locate package b"; exit 100;; esac'
    asked, missing = call(run, fails)
    assert missing == {"b": "the suite does not have it"}
    assert [line.rpartition("install ")[2] for line in asked] == ["a b c", "a", "a b", "a c", "a c"]


def test_none_can(run: Path) -> None:
    asked, missing = call(run, "echo E: all broken; exit 100")
    assert missing == dict.fromkeys("abc", "all broken")
    assert all("--simulate" in line for line in asked)  # nothing is installed


def test_installing_fails_half_way(run: Path) -> None:
    program(run / "bin", "inside-dpkg-query", 'for name; do :; done; [ "$name" = b ] || echo installed')
    fails = 'case "$*" in *--simulate*) ;; *) echo "E: Sub-process returned an error code (1)"; exit 100;; esac'
    _, missing = call(run, fails)
    assert missing == {"b": "Sub-process returned an error code (1)"}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (NEW_SOLVER, "it needs libcoq-hierarchy-builder, which needs libcoq-elpi-gwzp3, which the suite does not have"),
        (
            NEW_SOLVER.replace("libcoq-hierarchy-builder", "a"),
            "it needs libcoq-elpi-gwzp3, which the suite does not have",
        ),
        (OLD_SOLVER.replace("PACKAGE", "a"), "it needs libcoq-elpi-gwzp3"),
        ("E: Package 'a' has no installation candidate", "the suite does not have it"),
        ("nothing\twith\ta sign", "nothing with a sign"),
        ("", "apt said nothing"),
    ],
)
def test_what_apt_says_is_told(run: Path, said: str, why: str) -> None:
    (run / "said").write_text(said)
    _, missing = call(run, f'case "$*" in *" a"*) cat {run}/said; exit 100;; esac')
    assert missing == {"a": why}


def test_a_root_without_notes(tmp_path: Path) -> None:
    assert left_out(tmp_path) == {}
