"""`CoqSession` over SerAPI's `sertop` (coq-serapi 0.20 and its kin).

Sentences are added, executed and cancelled in one linear document; `fork` is SerAPI's fork(2) of the
whole process, which hands over two fifos.
"""

import asyncio
import contextlib
import errno
import itertools
import os
import re
import shutil
import tempfile
import time
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coq_checker.session import answers, process
from coq_checker.session.api import (
    Added,
    AstHead,
    Executed,
    SessionLostError,
    SessionOutputError,
    SessionStartError,
)
from coq_checker.session.channel import Channel, ChannelClosedError, OutputLimitError
from coq_checker.session.loss import GONE, loss
from coq_checker.session.sexp import quote
from coq_checker.toolchain import Toolchain

# Coq allocates fast: a larger minor heap than OCaml's 256k words saves about 10 % of the CPU time.
_OCAML_PARAMETERS = "s=1M,o=400"
_FIRST_STATE = 1
_FORKED = re.compile(rb"^\(Forked (\d+)\s*\)", re.M)
_START_TIMEOUT_S = 60.0
_FORK_TIMEOUT_S = 20.0
_FIFO_POLL_S = 0.0004


# Processes that were killed and not waited for yet.
_ending: set[asyncio.Future[int]] = set()


async def all_ended() -> None:
    """Waits until every session that was killed is gone."""
    loop = asyncio.get_running_loop()
    # What another loop waited for, and did not live to see, is not ours.
    mine = {ending for ending in _ending if ending.get_loop() is loop}
    if mine:
        await asyncio.wait(mine, timeout=_START_TIMEOUT_S)


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How a session is started.

    Attributes:
        toolchain: whose sertop runs.
        arguments: sertop's own flags (load path and the like).
        read_only: directories that the session may read, besides the toolchain's own.
        environment: further environment variables of the process.
        output_bytes: the largest answer read for one command.
        address_space_bytes: backstop for the memory of every process of the session.
        file_bytes: largest file that the session can write into its private /tmp.
        private_tmp_bytes: size of the private /tmp.
    """

    toolchain: Toolchain
    arguments: tuple[str, ...] = ()
    read_only: tuple[Path, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    output_bytes: int = 32 << 20
    address_space_bytes: int = 6 << 30
    file_bytes: int = 64 << 20
    private_tmp_bytes: int = 256 << 20


class _Family:
    """What a first process and all its forks share: the folder of fifos, and the sandbox around them."""

    def __init__(self, options: SessionOptions, folder: Path) -> None:
        self.options = options
        self.folder = folder
        self.names = itertools.count()
        self.root: asyncio.subprocess.Process | None = None

    def end(self) -> None:
        if self.root is not None and self.root.returncode is None:
            process.kill(self.root.pid)
            ending = asyncio.ensure_future(self.root.wait())
            _ending.add(ending)
            ending.add_done_callback(_ending.discard)
        shutil.rmtree(self.folder, ignore_errors=True)


class SertopSession:
    """One sertop process. Make one with `start` or `fork`."""

    def __init__(self, family: _Family, channel: Channel, pid: int, states: list[int], *, first: bool) -> None:
        self._family = family
        self._channel = channel
        self._pid = pid
        self._states = states
        self._first = first
        self._killed = False
        self._known_children: set[int] = set()
        self._newest = max(states)
        self._owed: int | None = None
        self._fifos: tuple[Path, ...] = ()
        self.forks = 0
        # A command that every fork begins with.
        self.after_fork: str | None = None
        self.tells_proofs: str | None = None
        self.reaped_cpu_ns = 0
        self.output_bytes = family.options.output_bytes

    @classmethod
    async def start(cls, options: SessionOptions, run_folder: Path) -> "SertopSession":
        """Starts a sertop in the sandbox, with a folder of its own under `run_folder`.

        Raises:
            SessionStartError: it did not come up; the message says what it printed.
        """
        try:
            folder = Path(tempfile.mkdtemp(prefix="session-", dir=run_folder))
        except OSError as error:
            raise _no_folder(run_folder, error) from error
        family = _Family(options, folder)
        in_read, in_write = os.pipe2(os.O_CLOEXEC)
        out_read, out_write = os.pipe2(os.O_CLOEXEC)
        log = folder / "stderr"
        argv = options.toolchain.command(
            "sertop",
            "--printer=sertop",
            "--omit_att",
            "--omit_env",
            *options.arguments,
            read_only=options.read_only,
            writable=[folder],
            private_tmp_bytes=options.private_tmp_bytes,
            env={"OCAMLRUNPARAM": _OCAML_PARAMETERS, "TMPDIR": "/tmp", **dict(options.environment)},
        )
        try:
            with log.open("wb") as stderr:
                family.root = await asyncio.create_subprocess_exec(
                    *argv, stdin=in_read, stdout=out_write, stderr=stderr, start_new_session=True
                )
        except OSError as error:
            for fd in (in_write, out_read):
                os.close(fd)
            family.end()
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
                raise _no_folder(run_folder, error) from error
            raise SessionStartError(f"Coq could not be started ({error}): run `palmetto toolchain ensure`.") from error
        finally:
            os.close(in_read)
            os.close(out_write)
        channel = Channel(out_read, in_write)
        try:
            async with asyncio.timeout(_START_TIMEOUT_S):
                await channel.request(b"Noop")
        except (ChannelClosedError, OutputLimitError, TimeoutError) as error:
            printed = log.read_text(errors="replace").partition("\nRaised at ")[0].partition("\nCalled from ")[0]
            said = " ".join(printed.split())[-500:] or "it printed nothing"
            channel.close()
            family.end()
            raise SessionStartError(f"sertop ended at its start ({said}): run `palmetto toolchain show`.") from error
        except BaseException:
            channel.close()
            family.end()
            raise
        session = cls(family, channel, _find_sertop(family.root.pid), [_FIRST_STATE], first=True)
        process.limit(session.pid, address_space_bytes=options.address_space_bytes, file_bytes=options.file_bytes)
        return session

    @property
    def pid(self) -> int:
        """Process id, as seen from this process."""
        return self._pid

    @property
    def tip(self) -> int:
        """State id of the document's end."""
        return self._states[-1]

    @property
    def alive(self) -> bool:
        """Whether the process is there, as far as can be told without asking it."""
        return not self._killed and not self._channel.ended and process.running(self._pid)

    async def _request(self, *commands: bytes) -> list[bytes]:
        """Answers to the commands; a going back that is still owed goes first, in the same exchange."""
        owed, self._owed = self._owed, None
        if owed is not None:
            commands = (b"(Cancel (%d))" % owed, *commands)
        try:
            given = await self._channel.request(*commands, limit_bytes=self.output_bytes)
        except ChannelClosedError as error:
            root = self._family.root if self._first else None
            raise (SessionLostError(GONE) if self._killed else await loss(self._pid, root)) from error
        except OutputLimitError as error:
            raise SessionOutputError("Coq's answer is larger than the output limit") from error
        if self._fifos:
            _unlink(self._fifos)
            self._fifos = ()
        if owed is None:
            return given
        failed = answers.error(given[0])
        if failed is not None:
            raise SessionLostError(f"Coq could not go back: {failed.message}")
        return given[1:]

    async def add(self, text: bytes, heads_of: Sequence[int] = (), most: int | None = None) -> Added:
        """Parses all sentences of `text` at the tip, up to the first that does not parse.

        Args:
            text: sentences.
            heads_of: indices of sentences whose syntax tree is asked for too.
            most: how many are parsed at the most.
        """
        # State ids count up, so that those of the new sentences are known before they are made; they are
        # compared with what comes back.
        foreseen = [self._newest + 1 + index for index in heads_of]
        queries = [b"(Query ((sid %d)) Ast)" % state for state in foreseen]
        options = b"" if most is None else b"(lim %d)" % most
        added, *trees = await self._request(b"(Add (%s) %s)" % (options, quote(text)), *queries)
        parsed = answers.added(added)
        states = [state for state, _, _ in parsed]
        heads: dict[int, AstHead | None] = {}
        for index, state, tree in zip(heads_of, foreseen, trees, strict=True):
            if index < len(states):
                heads[index] = answers.query_head(tree) if states[index] == state else None
        if states:
            self._newest = max(self._newest, states[-1])
            self._states += states
        if any(head is None for head in heads.values()):
            missing = [index for index, head in heads.items() if head is None]
            given = await self._request(*[b"(Query ((sid %d)) Ast)" % states[index] for index in missing])
            heads.update(zip(missing, map(answers.query_head, given), strict=True))
        spans = [(start, end) for _, start, end in parsed]
        return Added(states, spans, answers.error(added), heads, self._executed(added))

    async def execute(self, state: int) -> Executed:
        """Executes the document up to `state`."""
        (answer,) = await self._request(b"(Exec %d)" % state)
        return self._executed(answer)

    def _executed(self, answer: bytes) -> Executed:
        printed, error = answers.messages(answer), answers.error(answer)
        if self.tells_proofs is None:
            return Executed(printed, error)
        messages: list[str] = []
        proofs: dict[int, tuple[str, ...]] = {}
        for message in printed:
            if message.startswith(self.tells_proofs):
                state_id, *names = message.split()[1:]
                proofs[int(state_id)] = tuple(names)
            else:
                messages.append(message)
        return Executed(messages, error, proofs)

    async def back_to(self, state: int) -> None:
        """Forgets everything after `state`; Coq is told with the next command."""
        if self._states[-1] == state:
            return
        at = bisect_left(self._states, state)
        # Cancelling the first of them takes with it all that rest on it.
        first = self._states[at + 1]
        self._owed = first if self._owed is None else min(self._owed, first)
        del self._states[at + 1 :]

    async def parse(self, text: bytes, state: int) -> AstHead | None:
        """What one sentence is, parsed where `state` ends and not executed; None when it does not parse."""
        (answer,) = await self._request(b"(Parse ((ontop %d)(entry Vernac)) %s)" % (state, quote(text)))
        if answers.error(answer) is not None:
            return None
        return answers.query_head(answer) or AstHead("unreadable", "", False, False)

    async def query(self, command: str | bytes, state: int | None = None) -> Executed:
        """Runs a command in an isolated copy of `state` (default: the tip)."""
        sid = self.tip if state is None else state
        text = command if isinstance(command, bytes) else command.encode()
        (answer,) = await self._request(b"(Query ((sid %d)) (Vernac %s))" % (sid, quote(text)))
        return Executed(answers.messages(answer), answers.error(answer))

    async def fork(self) -> "SertopSession":
        """A copy of this process and its document that goes its own way.

        Raises:
            SessionLostError: this process is gone, or its fork did not come up.
        """
        stem = self._family.folder / str(next(self._family.names))
        fifo_in, fifo_out = stem.with_suffix(".in"), stem.with_suffix(".out")
        command = b"(Fork (fifo_in %s) (fifo_out %s))" % (
            quote(os.fsencode(fifo_in)),
            quote(os.fsencode(fifo_out)),
        )
        try:
            async with asyncio.timeout(_FORK_TIMEOUT_S):
                if self._owed is not None:
                    await self._request(b"Noop")
                answer = await self._channel.request_raw(command, b"(Forked ")
        except (ChannelClosedError, OutputLimitError) as error:
            raise SessionLostError("the Coq process is gone") from error
        except TimeoutError as error:
            raise SessionLostError("the Coq process does not fork") from error
        forked = _FORKED.search(answer)
        if forked is None:
            raise SessionLostError("Coq did not say which process it forked")
        self.forks += 1
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
        channel = Channel(fds[1], fds[0])
        fork = SertopSession(self._family, channel, pid, list(self._states), first=False)
        # Its end of `fifo_out` may not be open yet: without the name it would make a plain file instead.
        fork._fifos = (fifo_in, fifo_out)
        fork._newest = self._newest
        fork.tells_proofs = self.tells_proofs
        if self.after_fork is not None:
            fork.after_fork = self.after_fork
            try:
                async with asyncio.timeout(_FORK_TIMEOUT_S):
                    await fork.query(self.after_fork)
            except TimeoutError as error:
                fork.kill()
                raise SessionLostError("the forked Coq process does not answer") from error
            except BaseException:
                fork.kill()
                raise
        return fork

    def _child(self, inside: int) -> int:
        """The fork's process id as seen from here, from its id in the sandbox."""
        for pid in process.children(self._pid):
            if pid not in self._known_children:
                self._known_children.add(pid)
                if process.pid_inside(pid) == inside:
                    return pid
        raise SessionLostError("the forked Coq process is gone")

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
            process.kill(self._pid)


def _unlink(paths: Sequence[Path]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()


def _no_folder(run_folder: Path, error: OSError) -> SessionStartError:
    return SessionStartError(
        f"a session's folder cannot be made in {run_folder} ({error.strerror}): free some space there, "
        "or set PALMETTO_CHECKER_RUN_FOLDER to another one."
    )


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
                raise SessionLostError("the forked Coq process did not come up") from error
        await asyncio.sleep(_FIFO_POLL_S)
