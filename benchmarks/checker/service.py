"""A checker service as a process of its own, with all its CPU time and memory accounted for."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

_CGROUP = Path("/sys/fs/cgroup/cpuacct")


class Service:
    """A running service.

    Attributes:
        address: where it listens.
        pid: the server's process.
    """

    def __init__(self, process: subprocess.Popen[bytes], address: str, group: Path | None) -> None:
        self.address = address
        self.pid = process.pid
        self._process = process
        self._group = group

    @property
    def exact(self) -> bool:
        """Whether CPU time is the kernel's own count for the whole tree, killed processes included."""
        return self._group is not None

    def cpu_s(self) -> float:
        """CPU seconds of the server and everything it started."""
        if self._group is not None:
            return int((self._group / "cpuacct.usage").read_text()) / 1e9
        total = 0.0
        for process in self._tree():
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                total += times.user + times.system
        return total

    def memory_mb(self) -> tuple[float, float]:
        """(RSS, PSS) of the whole tree in MB."""
        rss = pss = 0.0
        for process in self._tree():
            with contextlib.suppress(psutil.Error):
                memory = process.memory_full_info()
                rss, pss = rss + memory.rss / 2**20, pss + memory.pss / 2**20
        return rss, pss

    def _tree(self) -> list[psutil.Process]:
        root = psutil.Process(self.pid)
        return [root, *root.children(recursive=True)]


@contextlib.contextmanager
def service(slots: int, projects: str = "", checkout: Path | None = None, **settings: object) -> Iterator[Service]:
    """A service with so many slots, ended with the block; of another checkout of the project where one is given."""
    group = _make_group()
    environment = {
        **os.environ,
        **({"PYTHONPATH": str(checkout / "services")} if checkout is not None else {}),
        "PALMETTO_CHECKER_SLOTS": str(slots),
        "PALMETTO_CHECKER_PROJECTS": projects,
        **{f"PALMETTO_CHECKER_{name.upper()}": str(value) for name, value in settings.items()},
    }
    join = f"open({str(group / 'cgroup.procs')!r}, 'w').write(str(os.getpid()));" if group else ""
    code = f"import os, sys; {join} os.execv(sys.argv[1], sys.argv[1:])"
    palmetto = str(Path(sys.executable).parent / "palmetto")
    process = subprocess.Popen(
        [sys.executable, "-c", code, palmetto, "serve", "coq-checker", "--listen", "127.0.0.1:0"],
        env=environment,
        stderr=subprocess.PIPE,
    )
    try:
        yield Service(process, _address(process), group)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        if group is not None:
            for _ in range(50):
                with contextlib.suppress(OSError):
                    group.rmdir()
                    break
                time.sleep(0.1)


def cpu_of(argv: list[str]) -> float:
    """CPU seconds of a command and all it starts."""
    group = _make_group()
    if group is None:
        raise SystemExit("CPU time of sandboxed commands needs a writable cpuacct cgroup: run as root.")
    join = f"open({str(group / 'cgroup.procs')!r}, 'w').write(str(os.getpid()));"
    code = f"import os, sys; {join} os.execvp(sys.argv[1], sys.argv[1:])"
    subprocess.run([sys.executable, "-S", "-c", code, *argv], check=False, capture_output=True)
    used = int((group / "cpuacct.usage").read_text()) / 1e9
    with contextlib.suppress(OSError):
        group.rmdir()
    return used


def _make_group() -> Path | None:
    group = _CGROUP / f"palmetto-{os.getpid()}-{time.monotonic_ns()}"
    try:
        group.mkdir()
    except OSError:
        return None
    return group


def _address(process: subprocess.Popen[bytes]) -> str:
    assert process.stderr is not None
    for line in process.stderr:
        found = re.search(rb'"address": "([^"]+)"', line)
        if found:
            threading.Thread(target=lambda stream=process.stderr: list(stream), daemon=True).start()
            return found[1].decode()
    raise SystemExit("the service did not start")
