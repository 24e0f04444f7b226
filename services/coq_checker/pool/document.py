"""A document: one session that has executed a text up to some position, kept to be forked from.

It only ever moves forward; a fork goes back to any earlier position in a fraction of a millisecond, so
that one document serves every theorem of its file.
"""

import asyncio
import copy
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import NoReturn

from coq_checker.audit import Auditor
from coq_checker.environment import Environment, EnvironmentFailedError, EnvironmentUnavailableError
from coq_checker.goals import goals_at
from coq_checker.limits import Limits
from coq_checker.pool.navigation import run_in_file
from coq_checker.pool.passed import Passed
from coq_checker.pool.reading import Reading
from coq_checker.pool.start import start
from coq_checker.pool.watchdog import Breach, Watchdog
from coq_checker.run import Ran, run
from coq_checker.session import process
from coq_checker.session.api import (
    CoqError,
    CoqSession,
    SessionCrashedError,
    SessionLostError,
    SessionOutputError,
    queries_at,
)
from coq_checker.session.sertop import SertopSession
from coqdata.theorem import Theorem

# Killed forks stay zombies until their parent ends: the document moves to a fork of its own before they are too many.
_MAX_FORKS = 400
# Text between theorems is given to Coq in pieces of this many sentences.
_PIECE = 200
# The longest sentence that is looked for where Coq sees other ones than we do.
_WINDOW_BYTES = 1 << 16
# How a proof that fails is left: its theorem is assumed, or dropped where that cannot be (`Derive`).
_GIVING_UP = (b"Admitted.", b"Abort.")


class Document:
    """The prepared environment of a text. One user at a time moves it (`lock`); forks go their own way.

    Attributes:
        environment: what it runs.
        reading: of the whole text, with what Coq has said of it so far; it may change behind `position`.
        passed: what came of each theorem's own proof, by where its statement begins, once the document is past it.
        gated: sentences that the syntax-tree gate has passed in this environment.
        heard: told of what Coq prints while the document moves on.
        started: called with each session before the text runs in it.
    """

    def __init__(self, environment: Environment, auditor: Auditor, watchdog: Watchdog, run_folder: Path) -> None:
        self.environment = environment
        self.reading = Reading(environment.source)
        self.passed: dict[int, Passed] = {}
        self.gated: set[bytes] = set()
        self.heard: Callable[[Sequence[str]], None] | None = None
        self.started: Callable[[CoqSession], Awaitable[None]] | None = None
        self.lock = asyncio.Lock()
        self._states: list[int] = []  # _states[i]: state before sentence i; grows as it moves
        self._auditor = auditor
        self._watchdog = watchdog
        self._run_folder = run_folder
        self._session: CoqSession | None = None
        self._first: CoqSession | None = None
        self._twin = False

    def covers(self, environment: Environment) -> bool:
        """Whether the environment's text is the beginning of this document's, sentence by sentence."""
        if self.environment == environment:
            return True
        return self.environment.setting == environment.setting and self.reading.begins_with(environment.source)

    def extend(self, environment: Environment) -> bool:
        """Makes a longer text that begins with this document's the document's own; False where it does not.

        What has been executed stays: the next theorem of a text that grows is reached by moving on.
        """
        if self.environment.setting != environment.setting or not self.reading.extend(environment.source):
            return False
        self.environment = environment
        return True

    @property
    def session(self) -> CoqSession:
        """The live session.

        Raises:
            SessionLostError: it was killed, or never started.
        """
        if self._session is None:
            raise SessionLostError("the document's session is gone")
        return self._session

    @property
    def alive(self) -> bool:
        """Whether it has a session whose process is there."""
        return self._session is not None and self._session.alive

    def index_at(self, position: int) -> int:
        """How many sentences end at or before the byte offset `position`."""
        return self.reading.index_at(position)

    @property
    def position(self) -> int:
        """Byte offset in the text up to which it has been executed."""
        return self.reading.sentences[len(self._states) - 2].end if len(self._states) > 1 else 0

    def twin(self, session: CoqSession) -> "Document":
        """The same document in a fork of its session, which goes its own way from here and never starts another."""
        twin = copy.copy(self)
        twin.reading = copy.copy(self.reading)
        twin.lock = asyncio.Lock()
        twin.heard = twin.started = None
        twin._states = list(self._states)
        twin._session = twin._first = session
        twin._twin = True
        return twin

    async def rewind(self, position: int) -> None:
        """Forgets what was executed after `position`, which it is past."""
        del self._states[self.index_at(position) + 1 :]
        await self.session.back_to(self._states[-1])

    def holds(self, position: int) -> bool:
        """Whether everything before `position` has been executed."""
        return self.alive and len(self._states) > self.index_at(position)

    def state_before(self, index: int) -> int:
        """The state before a sentence that the document is past."""
        return self._states[index]

    def state_at(self, position: int) -> int:
        """The state at a position that the document is past."""
        return self._states[self.index_at(position)]

    async def prepare(self, position: int, limits: Limits, proof_limits: Limits | None = None) -> int:
        """Executes everything before `position` and returns the state there. The caller holds `lock`.

        A theorem before it whose proof fails is assumed, as `Admitted` would.

        Args:
            position: byte offset in the text.
            limits, proof_limits: of each piece of text, and of each theorem with its proof where they differ.

        Raises:
            EnvironmentFailedError: a sentence outside of proofs fails, or passes the limits.
        """
        try:
            return await self._prepare(position, limits, proof_limits)
        except asyncio.CancelledError:
            self.close()  # it works on what nobody waits for
            raise

    async def _prepare(self, position: int, limits: Limits, proof_limits: Limits | None) -> int:
        lost = 0
        if not self.alive:
            self.close()  # nobody's fault: it died while nothing ran in it
        # On the way Coq may say that the text has other sentences.
        while len(self._states) <= (target := self.index_at(position)):
            if self._session is None:
                if self._twin:
                    raise SessionLostError("the worker died on its way to the theorem")
                await self._start()
                continue
            theorem = self._next_theorem(target)
            known = self.passed.get(theorem.start) if theorem is not None else None
            granted = proof_limits if theorem is not None and proof_limits is not None else limits
            with self._watchdog.watch(self.session, granted) as guard:
                try:
                    if theorem is None:
                        await self._advance_text(target)
                    else:
                        begun_cpu, begun_wall = guard.cpu_ns, guard.wall_ns
                        await self._advance_theorem(theorem)
                        done = self.passed.get(theorem.start)
                        if done is not None and done is not known:
                            done.cpu_ns, done.wall_ns = guard.cpu_ns - begun_cpu, guard.wall_ns - begun_wall
                except (SessionLostError, SessionOutputError) as error:
                    self.close()
                    lost += 1
                    crashed = isinstance(error, SessionCrashedError)
                    too_much = guard.breach is not None or isinstance(error, SessionOutputError)
                    what = self.environment.part(None if theorem is None else theorem.start)
                    given_up = known is not None and known.error is not None
                    if theorem is not None and not given_up and (too_much or lost > 1):
                        # Its proof is passed over from now on, and the document made anew up to there.
                        broken = Passed.broken(guard.breach, granted, error)
                        broken.cpu_ns, broken.wall_ns = max(broken.cpu_ns, guard.last_cpu_ns), guard.wall_ns
                        self.passed[theorem.start] = broken
                    elif too_much or (crashed and lost > 1):
                        which = guard.breach.value if guard.breach is not None else "output"
                        why = f"passed its {which} limit" if too_much else f"ends Coq's process ({error})"
                        kind = EnvironmentUnavailableError if guard.breach is Breach.WALL else EnvironmentFailedError
                        raise kind(f"{what} {why}.") from error
                    elif lost > 1:
                        raise SessionLostError(f"{what} was lost: {error}") from error
        return self._states[target]

    async def _start(self) -> None:
        self._first = self._session = await start(self.environment, self._auditor, self._run_folder, self.started)
        self._states = [self._session.tip]

    def _next_theorem(self, target: int) -> Theorem | None:
        """The theorem that starts at the next sentence and ends before the target."""
        here = len(self._states) - 1
        if here >= target:
            return None
        theorem = self.reading.theorem_at(self.reading.sentences[here].start)
        if theorem is None or theorem.ending is None or self.index_at(theorem.proof_end) > target:
            return None
        return theorem

    async def _advance_text(self, target: int) -> None:
        first = len(self._states) - 1
        last = min(target, first + _PIECE)
        for index in range(first + 1, last):
            theorem = self.reading.theorem_at(self.reading.sentences[index].start)
            if theorem is not None and self.index_at(theorem.proof_end) <= target:
                last = index
                break
        done = await self._run(first, last)
        if done is None:
            return
        if done.failed is not None:
            self._fail(first + done.failed, "it failed", done.error)
        self._states += done.states

    async def _advance_theorem(self, theorem: Theorem) -> None:
        first = len(self._states) - 1
        last = self.index_at(theorem.proof_end)
        opened = self.index_at(theorem.statement_end)
        before = self.passed.get(theorem.start)
        if before is not None and before.error is not None:
            await self._assume(first, opened, last)
            return
        done = await self._run(first, last)
        if done is None:
            return
        if done.failed is None:
            self._states += done.states
            self.passed[theorem.start] = Passed()
            return
        failed = first + done.failed
        if failed < opened or done.error is None:
            self._fail(failed, "it failed", done.error)
        state = done.states[done.failed - 1] if done.failed <= len(done.states) else self._states[-1]
        goals = await goals_at(queries_at(self.session, state), 64 << 10)
        self.passed[theorem.start] = Passed(done.error, failed, goals.goals, states=tuple(done.states[: done.failed]))
        await self.session.back_to(self._states[first])
        await self._assume(first, opened, last)

    async def _assume(self, first: int, opened: int, last: int) -> None:
        """Goes on after a proof that failed: with its theorem assumed, or without it where Coq cannot assume it."""
        sentences = self.reading.sentences
        statement = self.environment.source[sentences[first].start : sentences[opened - 1].end]
        for ending in _GIVING_UP:
            done = await run(self.session, statement + b"\n" + ending, opened - first + 1)
            if done.failed is None and not done.unclear:
                self.passed[sentences[first].start].left = ending
                break
            await self.session.back_to(self._states[first])
        else:
            self._fail(first, "its statement is not clear", done.error)
        # Inside the failed proof there is no state of its own: all stand for the statement's.
        stated = done.states[-2]
        self._states += done.states[:-1] + [stated] * (last - opened - 1) + [done.states[-1]]

    async def _run(self, first: int, last: int) -> Ran | None:
        """Runs sentences. None where Coq reads the text otherwise: nothing is executed then, and it is read anew."""
        source, sentences = self.environment.source, self.reading.sentences
        begin = sentences[first].start
        ends = [sentence.end - begin for sentence in sentences[first:last]]
        done = await run_in_file(self.session, source[begin : sentences[last - 1].end], ends)
        if self.heard is not None:
            self.heard(done.messages)
        astray = done.unclear or (done.failed is not None and done.failed == len(done.states))
        if astray and done.refused is None and await self._follow(first, done):
            return None
        if done.unclear:
            self._fail(first, "Coq does not see the same sentences there as Palmetto")
        if done.proofs is not None and self.reading.learn(first, done.proofs):
            await self.session.back_to(self._states[-1])
            return None
        return done

    async def _follow(self, first: int, done: Ran) -> bool:
        """Takes Coq's own sentences from a place on where it sees others than we do; False where it does not.

        What a notation has declared may hold full stops. The sentence where Coq and our lexer part is parsed by itself,
        with what follows it. The session is back before the piece then.
        """
        source, session = self.environment.source, self.session
        begin = self.reading.sentences[first].start
        spans = [(begin + start, begin + end) for start, end in done.spans]
        if not self.reading.follow(first, spans):
            at, tip = spans[-1][1] if spans else begin, session.tip
            found = await session.add(source[at : at + _WINDOW_BYTES], most=1)
            await session.back_to(tip)
            beyond = [(at + start, at + end) for start, end in found.spans]
            if not self.reading.follow(first + len(spans), beyond):
                return False
        await session.back_to(self._states[-1])
        return True

    def _fail(self, sentence: int, otherwise: str, error: CoqError | None = None) -> NoReturn:
        where = self.reading.sentences[min(sentence, len(self.reading.sentences) - 1)]
        line = self.environment.source.count(b"\n", 0, where.start) + 1
        self.close()  # half of a piece may be in the session
        said = error.message if error is not None else otherwise
        syntax = error is not None and error.syntax
        message = f"{self.environment.label}, line {line}: {said}"
        raise EnvironmentFailedError(message, where.start, where.end, said=said, syntax=syntax)

    async def fork_at(self, position: int, limits: Limits) -> CoqSession:
        """A fork of the session, gone back to `position`.

        Raises:
            EnvironmentFailedError: see `prepare`.
            SessionLostError: the session died; the next call starts anew.
        """
        worker, state = await self.fork_past(position, limits)
        try:
            await worker.back_to(state)
        except BaseException:
            worker.kill()
            raise
        return worker

    async def fork_past(self, position: int, limits: Limits) -> tuple[CoqSession, int]:
        """A fork of the session, which has executed at least everything before `position`, and the state there.

        Raises:
            EnvironmentFailedError: see `prepare`.
            SessionLostError: the session died; the next call starts anew.
        """
        async with self.lock:
            state = await self.prepare(position, limits)
            try:
                session = self.session
                if isinstance(session, SertopSession) and session.forks >= _MAX_FORKS:
                    session = await self._renew(session)
                return await self._fork(session), state
            except SessionLostError:
                self.close()
                raise

    @staticmethod
    async def _fork(session: CoqSession) -> CoqSession:
        """A fork; made to its end even where the caller is cancelled, so that the session can be used again."""
        forking = asyncio.ensure_future(session.fork())
        try:
            return await asyncio.shield(forking)
        except asyncio.CancelledError:
            (await forking).kill()
            raise

    async def warm(self, names: list[str], limits: Limits) -> None:
        """Lets the document remember what constants rest on, for the forks to come."""
        async with self.lock:
            if self._session is None or not self.alive:
                return
            with self._watchdog.watch(self._session, limits):
                try:
                    await self._auditor.warm(self._session, names)
                except (SessionLostError, SessionOutputError):
                    self.close()

    async def _renew(self, session: CoqSession) -> CoqSession:
        fresh = await self._fork(session)
        if session is not self._first:
            session.kill()
        self._session = fresh
        return fresh

    def forget(self, theorem: Theorem) -> None:
        """Lets the proof of a theorem be tried anew: everything is executed again when it is asked for."""
        self.passed.pop(theorem.start, None)
        self.close()

    def pids(self) -> list[int]:
        """The processes that hold it."""
        return [session.pid for session in {self._session, self._first} if session is not None]

    def rss_bytes(self) -> int:
        """Resident memory of its process; a part of it is shared with its forks."""
        return sum(process.rss_bytes(pid) for pid in self.pids())

    def close(self) -> None:
        """Kills the session and every fork of it."""
        for session in (self._session, self._first):
            if session is not None:
                session.kill()
        self._session = self._first = None
        self._states = []
