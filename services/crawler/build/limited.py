"""The sandbox of a toolchain with limits for programs of other people, and a watch over what runs in it."""

import asyncio
import contextlib
import os
import re
import signal
import threading
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from coq_checker.toolchain import DEFAULT_PRIVATE_TMP_BYTES, SandboxMode, Toolchain
from crawler.build.cgroup import inside, make_group, remove_group
from crawler.model import CrawlError
from crawler.settings import CrawlerSettings

_LOOK_S = 0.01
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
# Since Linux 5.14 the limit counts a user's processes in one sandbox, not all of them. It does not hold for root.
_COUNTS_BY_NAMESPACE = tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) >= (5, 14)
_MARK = "PALMETTO_CRAWL"
# Builds side by side share a group: it is the bound that holds, the watch the one that tells.
_GROUP_FACTOR = 4


def require_sandbox(toolchain: Toolchain) -> None:
    """Looks whether other people's programs can be kept in.

    Raises:
        CrawlError: there is no sandbox.
    """
    if toolchain.sandbox is SandboxMode.NONE:
        raise CrawlError(
            "There is no sandbox (PALMETTO_SANDBOX=none, or bwrap may not make one), and other people's Makefiles must "
            "not run without: make bwrap work, or crawl with --no-build and build where it does."
        )


@dataclass(frozen=True)
class LimitedToolchain(Toolchain):
    """A toolchain whose programs have limits: CPU time, size of files, and what `Watch` counts.

    Attributes:
        cpu_s: CPU time of each process.
        written_file_bytes: largest file that may be written.
        processes: at one time, where the kernel itself counts them.
        mark: stands in the command line of each, so that `Watch` knows it.
        group: control group that bounds the processes of all; None where there is none.
    """

    cpu_s: int = 600
    written_file_bytes: int = 1 << 29
    processes: int = 256
    mark: str = ""
    group: Path | None = None

    @staticmethod
    def of(toolchain: Toolchain, settings: CrawlerSettings) -> "LimitedToolchain":
        """The same toolchain with the crawler's limits."""
        own = {one.name: getattr(toolchain, one.name) for one in fields(Toolchain)}
        return LimitedToolchain(
            **own,
            cpu_s=settings.cpu_s,
            written_file_bytes=settings.written_file_bytes,
            processes=settings.processes,
            mark=uuid.uuid4().hex,
        )

    def command(
        self,
        program: str,
        *args: str,
        read_only: Sequence[Path] = (),
        writable: Sequence[Path] = (),
        private_tmp_bytes: int | None = DEFAULT_PRIVATE_TMP_BYTES,
        env: Mapping[str, str] | None = None,
        network: bool = False,
        working_directory: Path | None = None,
    ) -> list[str]:
        """As `Toolchain.command`, with limits; the network is never open."""
        limits = [f"--cpu={self.cpu_s}:{self.cpu_s + 5}", f"--fsize={self.written_file_bytes}", "--core=0"]
        if os.geteuid() and _COUNTS_BY_NAMESPACE:
            limits.append(f"--nproc={self.processes}")
        command = Toolchain.command(
            self,
            "nice",  # so that the watch has its turn among as many processes as may be
            "-n10",
            "prlimit",
            *limits,
            "--",
            program,
            *args,
            read_only=read_only,
            writable=writable,
            private_tmp_bytes=private_tmp_bytes,
            env={**(env or {}), _MARK: self.mark},
            network=False,
            working_directory=working_directory,
        )
        return command if self.group is None else inside(self.group, command)


@contextmanager
def bounded(toolchain: Toolchain, settings: CrawlerSettings) -> Iterator[LimitedToolchain]:
    """The toolchain with the crawler's limits; for root, where the system allows it, with a bound on processes too."""
    limited = LimitedToolchain.of(toolchain, settings)
    name = f"palmetto-crawl-{limited.mark}"
    group = None if os.geteuid() else make_group(name, _GROUP_FACTOR * settings.processes)
    try:
        yield replace(limited, group=group)
    finally:
        if group is not None:
            remove_group(group)


@dataclass(slots=True)
class Watch:
    """Looks at everything that runs under a mark and kills what is too large.

    Attributes:
        killed: why, in order: `memory` or `processes`.
        most_processes: of one program at one time, as far as seen.
    """

    mark: str
    memory_bytes: int
    processes: int
    killed: list[str] = field(default_factory=list)
    most_processes: int = 0
    _ended: threading.Event = field(default_factory=threading.Event)

    @staticmethod
    @asynccontextmanager
    async def over(toolchain: LimitedToolchain, settings: CrawlerSettings) -> AsyncIterator["Watch"]:
        """A watch that goes on until the end of the block."""
        watch = Watch(toolchain.mark, settings.memory_bytes, settings.processes)
        # A thread of its own: processes that multiply do not wait for the event loop's turn.
        thread = threading.Thread(target=watch._go_on, daemon=True)
        thread.start()
        try:
            yield watch
        finally:
            watch._ended.set()
            await asyncio.to_thread(thread.join)

    def _go_on(self) -> None:
        while not self._ended.wait(_LOOK_S):
            self.look()

    def look(self) -> None:
        """Looks once."""
        for pid in _children(os.getpid()):
            if self._is_ours(pid):
                self._judge(pid)

    def _is_ours(self, pid: int) -> bool:
        try:
            return self.mark.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False

    def _judge(self, pid: int) -> None:
        family = [pid]
        size = 0
        for one in family:  # grows while it is walked
            if len(family) > self.processes:
                break
            family += _children(one)
            size += _own_bytes(one)
        self.most_processes = max(self.most_processes, len(family))
        reason = "processes" if len(family) > self.processes else "memory" if size > self.memory_bytes else ""
        if reason:
            self.killed.append(reason)
            # bwrap's namespace of processes ends with it, and everything in it.
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        tasks = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 (twenty times a second)
    except OSError:
        return found
    for task in tasks:
        with contextlib.suppress(OSError, ValueError):
            found += map(int, Path(f"/proc/{pid}/task/{task}/children").read_bytes().split())
    return found


def _own_bytes(pid: int) -> int:
    """Memory of a process that it shares with no file."""
    try:
        words = Path(f"/proc/{pid}/statm").read_bytes().split()
        return (int(words[1]) - int(words[2])) * _PAGE_BYTES
    except (OSError, ValueError, IndexError):
        return 0
