"""What /proc says of a process and its descendants, and limits set from outside.

CPU time, not wall clock, decides a verdict: it does not depend on the machine's load.
"""

import contextlib
import os
import resource
import signal
from dataclasses import dataclass
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def _read(path: str) -> bytes:
    fd = os.open(path, os.O_RDONLY)
    try:
        return os.read(fd, 1 << 16)
    finally:
        os.close(fd)


def own_cpu_ns(pid: int) -> int:
    """CPU time that the process itself has used; 0 when it is gone."""
    try:
        return int(_read(f"/proc/{pid}/schedstat").split(None, 1)[0])
    except (OSError, ValueError, IndexError):
        pass
    try:
        fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
        return (int(fields[11]) + int(fields[12])) * _TICK_NS
    except (OSError, ValueError, IndexError):
        return 0


def reaped_cpu_ns(pid: int) -> int:
    """CPU time of the children that the process has waited for."""
    try:
        fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
        return (int(fields[13]) + int(fields[14])) * _TICK_NS
    except (OSError, ValueError, IndexError):
        return 0


def children(pid: int) -> list[int]:
    """Process ids of the direct children, zombies too."""
    found: list[int] = []
    try:
        if os.stat(f"/proc/{pid}/task").st_nlink == 3:  # noqa: PTH116 (hot path): one thread, as most have
            return list(map(int, _read(f"/proc/{pid}/task/{pid}/children").split()))
        tasks = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 (hot path)
    except OSError:
        return found
    for task in tasks:
        with contextlib.suppress(OSError):
            found += map(int, _read(f"/proc/{pid}/task/{task}/children").split())
    return found


def has_living_children(pid: int) -> bool:
    """Whether it has children that have not ended; one that nobody has waited for yet has."""
    return any(running(child) for child in children(pid))


def descendants(pid: int) -> list[int]:
    """Process ids of children, their children, and so on."""
    found = children(pid)
    for child in found:  # grows while it is walked
        found += children(child)
    return found


@dataclass(frozen=True, slots=True)
class Usage:
    """A process at one moment, from one file of /proc: the others would be read for each figure alone.

    Attributes:
        pid: its process id.
        name: the command's name, 15 bytes at the most.
        cpu_ns: CPU time of its own and of the children that it has waited for, in ticks of 10 ms as a rule.
        rss_bytes: resident memory.
        faulted_bytes: memory that it has had made for itself, at the most. Every page that is written first, or copied
            because another process has it too, is one fault. That says nothing where huge pages are the rule, for one
            fault is one of these then.
    """

    pid: int
    name: bytes
    cpu_ns: int
    rss_bytes: int
    faulted_bytes: int


def usage(pid: int) -> Usage | None:
    """What a process uses; None when it is gone."""
    try:
        said, _, rest = _read(f"/proc/{pid}/stat").rpartition(b")")
        fields = rest.split(None, 22)
        ticks = int(fields[11]) + int(fields[12]) + int(fields[13]) + int(fields[14])
        return Usage(
            pid,
            said.partition(b"(")[2],
            ticks * _TICK_NS,
            int(fields[21]) * _PAGE_BYTES,
            int(fields[7]) * _PAGE_BYTES,
        )
    except (OSError, ValueError, IndexError):
        return None


def family(pid: int) -> list[Usage]:
    """What the process and its descendants use, it first; empty when it is gone."""
    return [one for member in (pid, *descendants(pid)) if (one := usage(member)) is not None]


def cpu_ns(pid: int) -> int:
    """CPU time of the process and its descendants, so that provers that it starts count too."""
    total = own_cpu_ns(pid) + reaped_cpu_ns(pid)
    for child in descendants(pid):
        total += own_cpu_ns(child) + reaped_cpu_ns(child)
    return total


def rss_bytes(pid: int) -> int:
    """Resident memory; 0 when the process is gone."""
    try:
        return int(_read(f"/proc/{pid}/statm").split()[1]) * _PAGE_BYTES
    except (OSError, ValueError, IndexError):
        return 0


def proportional_bytes(pid: int) -> int:
    """Memory with what is shared divided among those who share it; 0 when the process is gone."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return 1024 * sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))


def huge_pages_are_the_rule() -> bool:
    """Whether the kernel gives out huge pages unasked."""
    try:
        return b"[always]" in _read("/sys/kernel/mm/transparent_hugepage/enabled")
    except OSError:
        return False


def running(pid: int) -> bool:
    """Whether the process is there, and no zombie."""
    try:
        return _read(f"/proc/{pid}/stat").rpartition(b")")[2].split(None, 1)[0] not in (b"Z", b"X")
    except (OSError, IndexError):
        return False


def exit_status(pid: int) -> int | None:
    """How a process ended that nobody has waited for yet, as `waitpid` tells it; None where it runs or is gone."""
    try:
        fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
        return int(fields[49]) if fields[0] == b"Z" else None
    except (OSError, ValueError, IndexError):
        return None


def name(pid: int) -> str:
    """The command's name, 15 bytes at the most; empty when the process is gone."""
    try:
        return _read(f"/proc/{pid}/comm").decode(errors="replace").strip()
    except OSError:
        return ""


def pid_inside(pid: int) -> int:
    """The process's id in its own PID namespace; 0 when it is gone."""
    try:
        for line in _read(f"/proc/{pid}/status").splitlines():
            if line.startswith(b"NSpid:"):
                return int(line.split()[-1])
    except OSError:
        return 0
    return pid


def limit(pid: int, *, address_space_bytes: int | None = None, file_bytes: int | None = None) -> None:
    """Sets limits of a running process; what the kernel refuses stays as it was.

    The address space is only a backstop: the watchdog judges resident memory.
    """
    with contextlib.suppress(OSError, ValueError):
        if address_space_bytes is not None:
            resource.prlimit(pid, resource.RLIMIT_AS, (address_space_bytes, resource.RLIM_INFINITY))
    with contextlib.suppress(OSError, ValueError):
        if file_bytes is not None:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
            resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))


def started(pid: int) -> int:
    """When the process began, in ticks since the machine did; 0 when it is gone. Ids are given anew, times are not."""
    try:
        return int(_read(f"/proc/{pid}/stat").rpartition(b")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return 0


def kill(pid: int, since: int | None = None) -> None:
    """Kills the process and its descendants at once.

    Args:
        pid: of the process.
        since: when it began (`started`): what has its id and began at another time is somebody else's.
    """
    if since is not None and started(pid) != since:
        return
    for victim in [pid, *descendants(pid)]:
        with contextlib.suppress(OSError):
            os.kill(victim, signal.SIGKILL)
