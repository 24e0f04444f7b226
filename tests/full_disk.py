"""A disk of 200 kB for one process and what it starts, by a mount namespace of its own: real, and gone with it."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from coq_checker.toolchain import find_toolchain
from coqdata.catalogue import cache_folder

SIZE_BYTES = 200 * 1024
# Mounts the disk, fills it up to what is wished, and becomes the command.
_SCRIPT = """
mount -t tmpfs -o size=$2 none "$1" && head -c $3 /dev/zero > "$1/filler" || exit 99
test -z "$4" || mount -o remount,$4 "$1" || exit 99
shift 4
exec "$@"
"""


def on_a_small_disk(place: Path, filled_bytes: int, *argv: str | Path, mode: str = "") -> list[str]:
    """The argument vector of a command for which `place` is such a disk; mode `ro`: one that is read-only."""
    script = ["sh", "-c", _SCRIPT, "sh", str(place), str(SIZE_BYTES), str(filled_bytes), mode]
    return ["unshare", "--map-root-user", "--mount", *script, *map(str, argv)]


def with_this_toolchain(**more: str) -> dict[str, str]:
    """The environment in which another cache has the toolchain and the plugin that this one has."""
    root = find_toolchain().root
    found = {"PALMETTO_PLUGINS": str(cache_folder() / "plugins")}
    return {**os.environ, **found, **({"PALMETTO_TOOLCHAIN": str(root)} if root is not None else {}), **more}


@cache
def _can() -> bool:
    if shutil.which("unshare") is None:
        return False
    argv = on_a_small_disk(Path("/mnt"), 0, "true")
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0


def needs_small_disks() -> None:
    """Skips the test where no mount namespace can be had."""
    if not _can():
        pytest.skip("this machine lets nobody mount a tmpfs in a namespace of its own")
