"""Clears the folder of compiled engines of what nobody uses any longer: each change of sources leaves one behind."""

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path

HALF_MADE = ".building-"
# Compiling is stopped long before.
_DEAD_S = 3600.0
_KEPT_S = 30 * 86400.0
_NOTED_S = 86400.0


def note_use(folder: Path) -> None:
    """Notes that an engine is being used: its folder's time of change tells when it last was, to the day."""
    with contextlib.suppress(OSError):
        if time.time() - folder.stat().st_mtime > _NOTED_S:
            os.utime(folder)


def sweep(folder: Path, key: str) -> None:
    """Removes what builders that are dead left half-made, and a toolchain's engines that were not used for 30 days.

    What cannot be removed stays: it costs room and nothing else.

    Args:
        folder: the engines'.
        key: of the toolchain whose engine has just been compiled; those of others are left alone.
    """
    now = time.time()
    with contextlib.suppress(OSError):
        for one in list(folder.iterdir()):
            with contextlib.suppress(OSError):
                unused_s = now - one.stat().st_mtime
                if one.name.startswith(HALF_MADE):
                    if unused_s > _DEAD_S:
                        shutil.rmtree(one, ignore_errors=True)
                elif one.name.rpartition("-")[0] == key and unused_s > _KEPT_S and not _is_loaded(one):
                    _remove(one)


def _remove(folder: Path) -> None:
    """Removes all of it or, to whoever looks for it, nothing."""
    aside = Path(tempfile.mkdtemp(prefix=HALF_MADE, dir=folder.parent))
    folder.rename(aside / folder.name)
    shutil.rmtree(aside, ignore_errors=True)


def _is_loaded(folder: Path) -> bool:
    """Whether a process has one of its files mapped: in a sandbox it has another path, and is the same file."""
    files = {path.stat().st_ino for path in folder.rglob("*.cmxs")}
    for maps in Path("/proc").glob("[0-9]*/maps"):
        with contextlib.suppress(OSError):
            for line in maps.read_text(errors="replace").splitlines():
                # By its inode alone: an overlay tells devices otherwise. At worst one that could go stays.
                if ".cmxs" in line and int(line.split()[4]) in files:
                    return True
    return False
