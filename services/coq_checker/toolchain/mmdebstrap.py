"""One run of mmdebstrap, and what its failures mean to a person."""

import shlex
import subprocess
import tempfile
from collections import deque
from pathlib import Path

from coq_checker.toolchain.errors import SuiteError, ToolchainError
from coq_checker.toolchain.privileges import Progress, as_root
from coq_checker.toolchain.recipe import EXCLUDED_PATHS, INCLUDED_PATHS, Recipe
from coq_checker.toolchain.wished import hook

_KEPT_LINES = 60

# mmdebstrap mounts /proc, /sys and /dev of this machine in what it builds. In namespaces of its own these
# are never seen outside, and are gone with its last process however it ends: what is half-made can be
# deleted without reaching through a mount.
_APART = ("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc")

# Ends the build when our end of its standard input closes, as it does when we are killed: an ordinary user
# cannot send a signal to what runs under sudo. It names the one process it kills; the shell is the first of
# the namespace, so with its own end the kernel ends whatever else the build had started.
_WHILE_READ = """
exec 3<&0
"$@" </dev/null &
build=$!
( exec >/dev/null 2>&1; cat <&3; kill -KILL "$build" ) &
wait "$build"
"""

# What mmdebstrap and apt say when something is missing, and the remedy. The first that fits is it.
_FAILURES = (
    (("No space left on device",), "the disk is full: make room, or set PALMETTO_CACHE to another disk"),
    (
        (
            "Temporary failure resolving",
            "Could not resolve",
            "Could not connect",
            "Connection failed",
            "Connection timed out",
            "Network is unreachable",
            "Failed to fetch",
            "Unable to fetch",
        ),
        "Debian's package mirror cannot be reached: see that the network and apt's proxy work and try again",
    ),
    (
        ("NO_PUBKEY", "is not signed", "keyring", "public key is not available"),
        "Debian's signatures cannot be checked: install a current debian-archive-keyring",
    ),
    (
        ("Operation not permitted", "Permission denied", "cannot mount", "unshare"),
        "this container may not mount: start it with --privileged, or build the toolchain outside it and set "
        "PALMETTO_TOOLCHAIN to its directory",
    ),
)


# What apt says where a mirror lists what it does not have, or has something else: a suite that is being changed.
_BEING_CHANGED = ("404  Not Found", "Hash Sum mismatch", "File has unexpected size")

# What names the package that a suite cannot install.
_UNMET = (" Depends: ", "Unable to locate package", "has no installation candidate")


def run_mmdebstrap(recipe: Recipe, suite: str, target: Path, progress: Progress) -> None:
    """Make a recipe's Debian root from a suite at `target`, which must not exist.

    Raises:
        SuiteError: the suite does not have what the recipe needs.
        ToolchainError: no root rights, or mmdebstrap failed for another reason.
    """
    with tempfile.TemporaryDirectory(prefix="palmetto-mmdebstrap-") as folder:
        wished = Path(folder) / "wished"
        wished.write_text(hook(recipe.wished), encoding="utf-8")
        options = [f"--dpkgopt=path-exclude={path}" for path in EXCLUDED_PATHS]
        options += [f"--dpkgopt=path-include={path}" for path in INCLUDED_PATHS]
        options += [f"--aptopt={option}" for option in recipe.apt_options]
        command = [
            "mmdebstrap",
            "--mode=root",
            "--variant=apt",
            f"--include={','.join(recipe.required)}",
            f'--customize-hook=sh {shlex.quote(str(wished))} "$1"',
            *options,
            suite,
            str(target),
        ]
        status, lines = _run(command, progress)
    if status != 0:
        raise failure(lines, status)


def _run(command: list[str], progress: Progress) -> tuple[int, list[str]]:
    """Run mmdebstrap; give its exit status and its last lines."""
    apart = [*_APART, "sh", "-c", _WHILE_READ, "sh", *command]
    process = subprocess.Popen(
        as_root(apart, "build the toolchain"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    kept: deque[str] = deque(maxlen=_KEPT_LINES)
    try:
        for raw in process.stdout:
            line = raw.decode(errors="replace").strip()
            kept.append(line)
            if line.startswith("I: "):
                progress(line.removeprefix("I: "))
        status = process.wait()
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()
    return status, list(kept)


def failure(lines: list[str], status: int) -> ToolchainError:
    """Give the error, in one sentence, for what mmdebstrap's last lines tell.

    >>> str(failure(["E: Could not connect to mirror", "E: apt-get update failed"], 25))[:63]
    "The Coq toolchain could not be built: Debian's package mirror c"
    """
    changing = next((line for line in lines if any(sign in line for sign in _BEING_CHANGED)), None)
    if changing is not None:
        return SuiteError(
            f"The Coq toolchain could not be built: the mirror has not all of the suite ({changing}); try later."
        )
    for signs, meaning in _FAILURES:
        for line in lines:
            if any(sign in line for sign in signs):
                return ToolchainError(f"The Coq toolchain could not be built: {meaning} ({line}).")
    errors = [line for line in lines if line.startswith("E:") and "mmdebstrap failed to run" not in line]
    unmet = [line for line in lines if any(sign in line for sign in _UNMET)]
    last = (unmet or errors or lines or ["it said nothing"])[0 if unmet else -1]
    return SuiteError(
        f"The Coq toolchain could not be built: mmdebstrap ended with status {status} ({last}); try again."
    )
