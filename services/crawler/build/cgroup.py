"""A control group that bounds how many processes there are: for root, whom the limits of processes do not hold."""

import contextlib
import os
import signal
import time
from pathlib import Path

_TRIES = 20
_WAIT_S = 0.05
_MOUNT = Path("/sys/fs/cgroup")


def make_group(name: str, processes: int) -> Path | None:
    """A group below one's own with at most so many processes; None where this system lets us make none.

    Version 1 and version 2 of cgroups (Linux' Documentation/admin-guide) are understood.
    """
    for parent in _parents():
        group = parent / name
        try:
            group.mkdir()
            (group / "pids.max").write_text(f"{processes}\n")
        except OSError:
            remove_group(group)
            continue
        return group
    return None


def _parents() -> list[Path]:
    """The groups that this process is in, where processes are counted."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if "pids" in controllers.split(","):
            found.append(_MOUNT / "pids" / path.lstrip("/"))
        elif not controllers:
            found.append(_MOUNT / path.lstrip("/"))
    return found


def inside(group: Path, command: list[str]) -> list[str]:
    """The command, begun in the group; it does not begin where it cannot join."""
    return ["/bin/sh", "-c", 'echo $$ > "$0" && exec "$@"', str(group / "cgroup.procs"), *command]


def remove_group(group: Path) -> None:
    """Removes a group, once its last processes are gone; what does not end soon is killed."""
    for attempt in range(_TRIES):
        try:
            group.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            if attempt == _TRIES // 2:
                _kill(group)
            time.sleep(_WAIT_S)
        else:
            return


def _kill(group: Path) -> None:
    with contextlib.suppress(OSError, ValueError):
        for pid in (group / "cgroup.procs").read_text().split():
            os.kill(int(pid), signal.SIGKILL)
