"""Why a process ended: its signal, and whether the kernel killed it for want of memory; else its own last words."""

import contextlib
import re
import signal
from pathlib import Path

_OURS = "palmetto: "
# The last line of a traceback.
_RAISED = re.compile(r"[A-Z_a-z][\w.]*(?:Error|Exception|Interrupt)\b")


def memory_kills(root: Path = Path("/")) -> int | None:
    """Processes of this one's control group that the kernel has killed for want of memory; None: it does not tell.

    Args:
        root: where `proc` and `sys` are mounted.
    """
    try:
        groups = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return None
    for group in groups:
        _, controllers, path = group.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        base = root / "sys/fs/cgroup" / controllers
        # In a container the group that is named may be mounted as the root.
        for folder in (base / path.lstrip("/"), base):
            for name in ("memory.events", "memory.oom_control"):
                with contextlib.suppress(OSError, ValueError):
                    values = dict(line.split(maxsplit=1) for line in (folder / name).read_text().splitlines())
                    if "oom_kill" in values:
                        return int(values["oom_kill"])
    return None


def ending(status: int, log: str, killed: bool | None) -> str:
    """How a process ended, as the end of a sentence about it.

    Args:
        status: as `subprocess` has it: negative for a signal.
        log: what it printed.
        killed: whether the kernel has killed a process for want of memory meanwhile; None where that is not known.
    """
    if status < 0:
        return _by_signal(-status, killed)
    lines = log.strip().splitlines()
    own = next((line.removeprefix(_OURS) for line in reversed(lines) if line.startswith(_OURS)), "")
    if own:
        return f"ended with status {status}: {own.rstrip('.')}"
    if status == 0:
        return "ended with status 0: somebody told it to"
    raised = lines[-1] if lines and _RAISED.match(lines[-1]) else "it said nothing about it"
    return f"ended with status {status}: {raised.rstrip('.')}"


def _by_signal(number: int, killed: bool | None) -> str:
    try:
        name = signal.Signals(number).name.removeprefix("SIG")
    except ValueError:
        name = "unknown"
    told = f"was killed by signal {number} ({name})"
    if number != signal.SIGKILL or killed is False:
        return told
    return f"{told}: out of memory, {'as the kernel says' if killed else 'as a rule'} (fewer --jobs take less)"
