"""The folder that a running service keeps its fifos in, and what killed services left behind."""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

_PREFIX = "palmetto-checker-"
# Locked for as long as the folder's owner lives, however it ends.
_LOCK = "owner.lock"


class RunFolder:
    """A folder of one's own under `parent`, its name beginning with `prefix`, removed at the end of the block.

    Folders whose owners are gone are removed first: those that hold a lock file which nobody has locked.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, parent: Path, prefix: str = _PREFIX) -> None:
        _sweep(parent, prefix)
        self._folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        try:
            fresh = self._folder / f"{_LOCK}.new"
            self._lock = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            # It appears under its name only when it is locked.
            fresh.rename(self._folder / _LOCK)
        except OSError:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def __enter__(self) -> Path:
        """The folder."""
        return self._folder

    def __exit__(self, *_: object) -> None:
        """Removes it."""
        shutil.rmtree(self._folder, ignore_errors=True)
        os.close(self._lock)


def _sweep(parent: Path, prefix: str) -> None:
    for folder in parent.glob(f"{prefix}*"):
        try:
            if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
                continue
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            continue  # not a folder of ours, or one that is being made
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue  # its owner lives
        else:
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(lock)
