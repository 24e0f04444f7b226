"""One sertop process (coq-serapi 0.20 and its kin): started in the sandbox, asked, forked, killed.

A fork is SerAPI's fork(2) of the whole process, which hands over two fifos.
"""

import asyncio
import contextlib
import itertools
import os
import re
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from coq_checker.engine import process
from coq_checker.engine.api import EngineLostError, EngineOutputError, EngineStartError
from coq_checker.engine.family import Family
from coq_checker.engine.loss import GONE, loss
from coq_checker.engine.options import EngineOptions
from coq_checker.engine.serapi.answers import Answer
from coq_checker.engine.serapi.channel import Channel, ChannelClosedError, OutputLimitError
from coq_checker.engine.serapi.sexp import quote

_FORKED = re.compile(rb"^\(Forked (\d+)\s*\)", re.M)
_START_TIMEOUT_S = 60.0
_FORK_TIMEOUT_S = 20.0
_FIFO_POLL_S = 0.0004
# Coq's flags that sertop has under names of its own.
_FLAGS = {
    "-impredicative-set": "--impredicative-set",
    "-indices-matter": "--indices-matter",
    "-noinit": "--no_prelude",
    "-disallow-sprop": "--disallow-sprop",
}


class Sertop:
    """One process. Make one with `start` or `fork`. Not for concurrent use.

    Attributes:
        output_bytes: the largest answer to one request.
    """

    def __init__(self, family: Family, channel: Channel, pid: int, *, first: bool) -> None:
        self.output_bytes = family.options.output_bytes
        self._family = family
        self._channel = channel
        self._pid = pid
        self._since = process.started(pid)
        self._first = first
        self._killed = False
        self._known_children: set[int] = set()
        self._fifos: tuple[Path, ...] = ()

    @classmethod
    async def start(cls, options: EngineOptions, run_folder: Path) -> "Sertop":
        """Starts sertop in the sandbox, with a folder of its own under `run_folder`.

        Raises:
            EngineStartError: it did not come up; the message says what it printed.
        """
        arguments = sertop_arguments(options.arguments)
        # Its own -I adds nothing to where findlib looks for a plugin's package, as Coq's does.
        if plugins := [after for word, after in itertools.pairwise(options.arguments) if word == "-I"]:
            where = ("OCAMLPATH", options.toolchain.ocamlpath(*plugins))
            options = replace(options, environment=(*options.environment, where))
        family = Family(options, run_folder)
        in_read, in_write = os.pipe2(os.O_CLOEXEC)
        out_read, out_write = os.pipe2(os.O_CLOEXEC)
        try:
            root = await family.run(
                "sertop",
                # The other printers cannot print every text.
                "--printer=mach",
                "--omit_env",
                f"--topfile={options.module_file}",
                *arguments,
                stdin=in_read,
                stdout=out_write,
            )
        except BaseException:
            for fd in (in_write, out_read):
                os.close(fd)
            family.end()
            raise
        finally:
            os.close(in_read)
            os.close(out_write)
        channel = Channel(out_read, in_write)
        try:
            async with asyncio.timeout(_START_TIMEOUT_S):
                await channel.request(b'(Parse ((ontop 1)(entry Vernac)) "Check nat.")')
        except (ChannelClosedError, OutputLimitError, TimeoutError) as error:
            said = "it does not know the command Parse" if channel.misunderstood else family.said()
            channel.close()
            family.end()
            raise EngineStartError(f"sertop ended at its start ({said}): run `palmetto toolchain show`.") from error
        except BaseException:
            channel.close()
            family.end()
            raise
        started = cls(family, channel, _find_sertop(root.pid), first=True)
        process.limit(started.pid, address_space_bytes=options.address_space_bytes, file_bytes=options.file_bytes)
        return started

    @property
    def pid(self) -> int:
        """Process id, as seen from this process."""
        return self._pid

    @property
    def alive(self) -> bool:
        """Whether the process is there, as far as can be told without asking it."""
        return not self._killed and not self._channel.ended and process.running(self._pid)

    async def request(self, *commands: bytes, more_bytes: int = 0) -> list[Answer]:
        """The answers to commands.

        Args:
            commands: S-expressions without their tags.
            more_bytes: what the answers may have beyond the output limit.

        Raises:
            EngineLostError: the process is gone.
            EngineOutputError: the answers are larger than the limit.
        """
        try:
            found = await self._channel.request(*commands, limit_bytes=self.output_bytes + more_bytes)
        except ChannelClosedError as error:
            root = self._family.root if self._first else None
            raise (EngineLostError(GONE) if self._killed else await loss(self._pid, root)) from error
        except OutputLimitError as error:
            raise EngineOutputError("Coq's answer is larger than the output limit") from error
        if self._fifos:
            _unlink(self._fifos)
            self._fifos = ()
        return found

    async def fork(self) -> "Sertop":
        """A copy of this process that goes its own way.

        Raises:
            EngineLostError: this process is gone, or its fork did not come up.
        """
        stem = self._family.new_path()
        fifo_in, fifo_out = stem.with_suffix(".in"), stem.with_suffix(".out")
        names = quote(os.fsencode(fifo_in)), quote(os.fsencode(fifo_out))
        try:
            async with asyncio.timeout(_FORK_TIMEOUT_S):
                answer = await self._channel.request_raw(b"(Fork (fifo_in %s) (fifo_out %s))" % names, b"(Forked ")
        except (ChannelClosedError, OutputLimitError) as error:
            raise EngineLostError(GONE) from error
        except TimeoutError as error:
            raise EngineLostError("the Coq process does not fork") from error
        forked = _FORKED.search(answer)
        if forked is None:
            raise EngineLostError("Coq did not say which process it forked")
        pid = self._child(int(forked[1]))
        fds: list[int] = []
        deadline = time.monotonic() + _FORK_TIMEOUT_S
        try:
            for path, mode in ((fifo_in, os.O_WRONLY), (fifo_out, os.O_RDONLY)):
                fds.append(await _open_fifo(path, mode, pid, deadline))
        except BaseException:
            for fd in fds:
                os.close(fd)
            process.kill(pid)
            _unlink((fifo_in, fifo_out))
            raise
        fork = Sertop(self._family, Channel(fds[1], fds[0]), pid, first=False)
        # Its end of `fifo_out` may not be open yet: without the name it would make a plain file instead.
        fork._fifos = (fifo_in, fifo_out)
        return fork

    def _child(self, inside: int) -> int:
        """The fork's process id as seen from here, from its id in the sandbox."""
        for pid in process.children(self._pid):
            if pid not in self._known_children:
                self._known_children.add(pid)
                if process.pid_inside(pid) == inside:
                    return pid
        raise EngineLostError("the forked Coq process is gone")

    def kill(self) -> None:
        """Ends the process at once; a first process takes its forks and its folder with it."""
        if self._killed:
            return
        self._killed = True
        self._channel.close()
        _unlink(self._fifos)
        if self._first:
            self._family.end()
        else:
            process.kill(self._pid, self._since)


def sertop_arguments(arguments: Sequence[str]) -> list[str]:
    """sertop's form of Coq's arguments: `-Q FOLDER,NAME` for `-Q FOLDER NAME`.

    Raises:
        EngineStartError: sertop has no counterpart of one of them.
    """
    found: list[str] = []
    words = iter(arguments)
    for word in words:
        if word in ("-Q", "-R"):
            folder, name = next(words, ""), next(words, "")
            if "," in folder:
                raise EngineStartError(f"sertop takes no folder with a comma in its name ({folder}): rename it.")
            found += [word, f"{folder},{name}"]
        elif word == "-I":
            found += [word, next(words, "")]
        elif word in _FLAGS:
            found.append(_FLAGS[word])
        else:
            raise EngineStartError(f"sertop has no counterpart of Coq's argument {word}: set PALMETTO_ENGINE=native.")
    return found


def _unlink(paths: Sequence[Path]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()


def _find_sertop(pid: int) -> int:
    """The sertop under a sandbox's own processes; a sandbox starts no other."""
    for candidate in [pid, *process.descendants(pid)]:
        if process.name(candidate).startswith("sertop"):
            return candidate
    return pid


async def _open_fifo(path: Path, mode: int, pid: int, deadline: float) -> int:
    """Opens a fifo that the process `pid` is about to make; does not block the loop."""
    while True:
        try:
            return os.open(path, mode | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:  # not made yet, or its reader is not there yet
            if time.monotonic() > deadline or not process.name(pid):
                raise EngineLostError("the forked Coq process did not come up") from error
        await asyncio.sleep(_FIFO_POLL_S)
