"""Session: immutable states over forked Coq processes.

A state is the end of a line of sentences in some process. Running on a line's newest state goes on in
its process; running on an older one forks the process first, so that every state answered stays alive.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from coq_checker.environment import Environment, EnvironmentFailedError
from coq_checker.goals import Goals, goals_at
from coq_checker.limits import Limits
from coq_checker.pool.passed import breach_verdict, crash_message
from coq_checker.pool.pool import Pool
from coq_checker.pool.watchdog import Guard
from coq_checker.result import Reason, Verdict
from coq_checker.run import run
from coq_checker.server.steps import StepError, failure, query_allowed, refuse_query, sentences_of
from coq_checker.session.api import (
    CoqSession,
    SessionCrashedError,
    SessionLostError,
    SessionOutputError,
    SessionStartError,
    queries_at,
)
from coqdata.sentence import Sentence, SentenceKind, declarations, split

_T = TypeVar("_T")

_MAX_PROCESSES = 64
# A text that ends Coq so often has failed.
_CRASHES = 2


@dataclass(slots=True)
class _State:
    """A state: how it came about, and where it lives while its process does.

    Attributes:
        parent: the state that `text` was run on.
        text: that led here.
        count: sentences in `text`.
        declaring: sentences so far that declare symbols with full stops in them.
        session, sid: where it lives.
    """

    parent: int | None
    text: bytes
    count: int
    declaring: tuple[bytes, ...]
    session: CoqSession | None
    sid: int


@dataclass(frozen=True, slots=True)
class Step:
    """A state that was reached.

    Attributes:
        state: its number in this session.
        in_proof: a proof is open there.
        messages: what Coq printed.
        goals: where asked for.
        cpu_ns, wall_ns: what it took.
    """

    state: int
    in_proof: bool
    messages: tuple[str, ...]
    goals: Goals | None
    cpu_ns: int
    wall_ns: int


class Interactive:
    """One client's session: its states, and the processes behind them."""

    def __init__(self, pool: Pool, limits: Limits) -> None:
        self._pool = pool
        self._limits = limits
        self._states: dict[int, _State] = {}
        self._processes: list[CoqSession] = []
        self._next = 1
        self._origin: tuple[Environment, int]

    async def open(self, environment: Environment, position: int, statement: bytes | None) -> Step:
        """The first state: at `position` of the environment, with `statement` opened if given.

        Raises:
            EnvironmentFailedError: the environment or the statement does not run.
            SessionLostError: a process died; the next try starts anew.
        """
        begun = time.monotonic_ns()
        self._origin = (environment, position)
        session = await self._root(statement or b"")
        document = self._pool.document(environment)
        declaring = document.reading.declarations(position)
        first = _State(None, statement or b"", 1, declaring, session, session.tip)
        return await self._step(first, session, (), True, 0, time.monotonic_ns() - begun)

    async def _root(self, statement: bytes) -> CoqSession:
        environment, position = self._origin
        session = await self._forked(environment, position)
        self._processes.append(session)
        if statement:
            done = await run(session, statement, 1)
            if done.failed is not None or done.unclear:
                message = done.error.message if done.error else "it is not one sentence"
                raise EnvironmentFailedError(f"the statement does not run in Coq: {message}")
        return session

    async def _forked(self, environment: Environment, position: int) -> CoqSession:
        limits = self._pool.settings.environment_limits
        try:
            return await self._pool.document(environment).fork_at(position, limits)
        except SessionLostError:
            # Its document had died before anybody noticed: the next one is new.
            return await self._pool.document(environment).fork_at(position, limits)

    async def _live(self, number: int) -> tuple[_State, CoqSession]:
        """A state and its process. What a killed process held is run again from the start."""
        state = self._states.get(number)
        if state is None:
            raise StepError(
                Verdict.ERROR,
                Reason.INVALID_REQUEST,
                f"this session has no state {number}: use one it answered.",
            )
        if state.session is not None:
            return state, state.session
        try:
            if state.parent is None:
                session = await self._root(state.text)
            else:
                session = await self._own_process(*await self._live(state.parent))
                done = await run(session, state.text, state.count)
                if done.failed is not None or done.unclear:
                    raise StepError(Verdict.ERROR, Reason.WORKER_LOST, "the state could not be made again.")
        except EnvironmentFailedError as error:
            raise StepError(Verdict.ERROR, Reason.ENVIRONMENT, str(error)) from error
        except SessionStartError as error:
            raise StepError(Verdict.ERROR, Reason.UNAVAILABLE, str(error)) from error
        state.session, state.sid = session, session.tip
        return state, session

    async def _step(
        self,
        state: _State,
        session: CoqSession,
        messages: tuple[str, ...],
        want_goals: bool,
        cpu_ns: int,
        wall_ns: int,
    ) -> Step:
        sid = session.tip
        shown = await session.query("Show Conjectures.", sid)
        in_proof = shown.error is None and bool(" ".join(shown.messages).strip())
        goals = await goals_at(queries_at(session, sid), self._limits.goals_bytes) if want_goals and in_proof else None
        number, self._next = self._next, self._next + 1
        self._states[number] = state
        return Step(number, in_proof, messages, goals, cpu_ns, wall_ns)

    async def _own_process(self, state: _State, session: CoqSession) -> CoqSession:
        """A process whose tip is the state: its own where nothing rests on it, else a fork."""
        if session.tip == state.sid:
            return session
        if len(self._processes) >= _MAX_PROCESSES:
            raise StepError(
                Verdict.ERROR,
                Reason.UNAVAILABLE,
                f"this session has {_MAX_PROCESSES} branches under way: open another session.",
            )
        fork = await session.fork()
        self._processes.append(fork)
        await fork.back_to(state.sid)
        return fork

    async def run(self, number: int, text: bytes, want_goals: bool) -> Step:
        """A new state, after `text` is run on a state.

        Raises:
            StepError: a sentence failed, was refused, or passed the limits; the state stays as it was.
        """
        known = self._states.get(number)
        parsed = split(text, declaring=known.declaring if known is not None else ())
        ours = sentences_of(text, parsed)

        async def act(state: _State, session: CoqSession, guard: Guard) -> Step:
            sid, sentences = state.sid, ours
            done = await run(session, text[: ours[-1].end], len(ours), ends=[one.end for one in ours])
            if done.unclear:
                # An imported notation may hold full stops that end no sentence.
                await session.back_to(sid)
                coqs = [Sentence(start, end, SentenceKind.COMMAND) for start, end in done.spans]
                sentences = sentences_of(text, split(text, coqs))
                done = await run(session, text[: sentences[-1].end], len(sentences))
            if done.failed is not None or done.unclear:
                await session.back_to(sid)
                raise failure(sentences, done.failed, done.error)
            declaring = (*state.declaring, *declarations(text, sentences))
            new = _State(number, text, len(sentences), declaring, session, session.tip)
            return await self._step(new, session, done.messages, want_goals, guard.cpu_ns, guard.wall_ns)

        return await self._in_process(number, act, own=True)

    async def query(self, number: int, command: str) -> tuple[list[str], int]:
        """What Coq answers to a query in a state, and the wall clock in nanoseconds.

        Raises:
            StepError: it is no query, or it failed.
        """
        if not query_allowed(command):
            raise refuse_query()

        async def act(state: _State, session: CoqSession, guard: Guard) -> tuple[list[str], int]:
            answer = await session.query(command, state.sid)
            if answer.error is not None:
                raise StepError(Verdict.FAILED, Reason.TACTIC, answer.error.message)
            return answer.messages, guard.wall_ns

        return await self._in_process(number, act)

    async def goals(self, number: int) -> Goals:
        """The goals of a state.

        Raises:
            StepError: there is no such state, or its process is gone.
        """

        async def act(state: _State, session: CoqSession, _: Guard) -> Goals:
            return await goals_at(queries_at(session, state.sid), self._limits.goals_bytes)

        return await self._in_process(number, act)

    async def _in_process(
        self, number: int, act: Callable[[_State, CoqSession, Guard], Awaitable[_T]], *, own: bool = False
    ) -> _T:
        """Acts in a state's process; once more where that was dead already.

        Args:
            number: of the state.
            act: what to do; the state's id is known once its process lives.
            own: the process's tip must be the state.
        """
        tries = 3  # the document that it was forked from may be dead as well
        crashes = 0
        while True:
            tries -= 1
            session: CoqSession | None = None
            guard: Guard | None = None
            try:
                state, session = await self._live(number)
                if own:
                    session = await self._own_process(state, session)
                with self._pool.watchdog.watch(session, self._limits) as guard:
                    return await act(state, session, guard)
            except SessionOutputError as error:
                self._forget(session)
                raise StepError(Verdict.FAILED, Reason.OUTPUT_LIMIT, f"{error}.") from error
            except SessionLostError as error:
                if guard is not None and guard.breach is not None:
                    self._forget(session)
                    raise StepError(*breach_verdict(guard.breach, self._limits)) from error
                self._forget(None)
                crashes += isinstance(error, SessionCrashedError)
                if crashes == _CRASHES:
                    raise StepError(Verdict.FAILED, Reason.CRASHED, crash_message(error)) from error
                if not tries:
                    raise StepError(Verdict.ERROR, Reason.WORKER_LOST, f"{error}.") from error

    def _forget(self, lost: CoqSession | None) -> None:
        """Lets go of a process, or of all; the states there are made again when they are asked for."""
        for session in self._processes:
            if lost is None or session is lost:
                session.kill()
        self._processes = [one for one in self._processes if lost is not None and one is not lost]
        for state in self._states.values():
            if lost is None or state.session is lost:
                state.session = None

    def close(self) -> None:
        """Kills every process of the session."""
        for session in self._processes:
            session.kill()
        self._processes.clear()
        self._states.clear()
