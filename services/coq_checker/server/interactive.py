"""Session: immutable states of one client, in a fork of a document's process.

Running on any state makes another one and leaves it as it is. Where the process dies its states are run again when they
are asked for.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from coq_checker.engine.api import CoqEngine, EngineCrashedError, EngineLostError, EngineOutputError, EngineStartError
from coq_checker.environment import Environment, EnvironmentFailedError
from coq_checker.goals import MAX_GOALS, Goals
from coq_checker.limits import Limits
from coq_checker.missing import with_remedy
from coq_checker.pool.passed import breach_verdict, crash_message
from coq_checker.pool.pool import Pool
from coq_checker.pool.watchdog import Guard
from coq_checker.result import Reason, Verdict
from coq_checker.server.steps import StepError, failure, query_allowed, refuse_query, sentences_of
from coqdata.sentence import Sentence, SentenceKind, declarations, split

_T = TypeVar("_T")

# A text that ends Coq so often has failed.
_CRASHES = 2
# So often is a text read again where Coq sees other sentences than we do: each time tells one more.
_READINGS = 16


@dataclass(slots=True)
class _State:
    """A state: how it came about, and where it is while the process lives.

    Attributes:
        parent: the state that `text` was run on.
        text: that led here.
        declaring: sentences so far that declare symbols with full stops in them.
        place: the engine's number of it; None where that is gone.
        in_proof: a proof is open there.
    """

    parent: int | None
    text: bytes
    declaring: tuple[bytes, ...]
    place: int | None
    in_proof: bool


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
    """One client's session: its states, and the process behind them."""

    def __init__(self, pool: Pool, limits: Limits) -> None:
        self._pool = pool
        self._limits = limits
        self._states: dict[int, _State] = {}
        self._engine: CoqEngine | None = None
        self._begin = 0
        self._next = 1
        self._origin: tuple[Environment, int]

    @property
    def environment(self) -> Environment:
        """What it was opened in."""
        return self._origin[0]

    async def open(self, environment: Environment, position: int, statement: bytes | None) -> Step:
        """The first state: at `position` of the environment, with `statement` opened if given.

        Raises:
            EnvironmentFailedError: the environment or the statement does not run.
            EngineLostError: a process died; the next try starts anew.
        """
        begun = time.monotonic_ns()
        self._origin = (environment, position)
        engine = await self._forked(environment, position)
        place, in_proof = await self._root(engine, statement or b"")
        declaring = self._pool.document(environment).reading.declarations(position)
        first = _State(None, statement or b"", declaring, place, in_proof)
        return await self._step(first, engine, (), True, 0, time.monotonic_ns() - begun)

    async def _root(self, engine: CoqEngine, statement: bytes) -> tuple[int, bool]:
        """The first state's place in a process, and whether a proof is open there."""
        place = self._begin
        if not statement:
            shown = await engine.query(place, "Show Conjectures.")
            return place, shown.error is None and bool(" ".join(shown.messages).strip())
        done = await engine.advance(place, statement)
        if not done.through or len(done.steps) != 1:
            message = done.error.message if done.error else "it is not one sentence"
            why = with_remedy(f"the statement does not run in Coq: {message}", self.environment.options.toolchain)
            raise EnvironmentFailedError(why)
        return done.steps[0].state, bool(done.steps[0].proofs)

    async def _forked(self, environment: Environment, position: int) -> CoqEngine:
        limits = self._pool.settings.environment_limits
        try:
            self._engine, self._begin = await self._pool.document(environment).fork_past(position, limits)
        except EngineLostError:
            # Its document had died before anybody noticed: the next one is new.
            self._engine, self._begin = await self._pool.document(environment).fork_past(position, limits)
        return self._engine

    async def _live(self, number: int) -> tuple[int, CoqEngine]:
        """A state's place and the process. What a killed process held is run again from the start."""
        state = self._states.get(number)
        if state is None:
            raise StepError(
                Verdict.ERROR,
                Reason.INVALID_REQUEST,
                f"this session has no state {number}: use one it answered.",
            )
        try:
            engine = self._engine or await self._forked(*self._origin)
            if state.place is None and state.parent is None:
                state.place, _ = await self._root(engine, state.text)
        except EnvironmentFailedError as error:
            raise StepError(Verdict.ERROR, Reason.ENVIRONMENT, str(error)) from error
        except EngineStartError as error:
            raise StepError(Verdict.ERROR, Reason.UNAVAILABLE, str(error)) from error
        if state.place is None and state.parent is not None:
            before, engine = await self._live(state.parent)
            done = await engine.advance(before, state.text)
            if not done.through or not done.steps:
                raise StepError(Verdict.ERROR, Reason.WORKER_LOST, "the state could not be made again.")
            state.place = done.steps[-1].state
        assert state.place is not None
        return state.place, engine

    async def _step(
        self,
        state: _State,
        engine: CoqEngine,
        messages: tuple[str, ...],
        want_goals: bool,
        cpu_ns: int,
        wall_ns: int,
    ) -> Step:
        goals: Goals | None = None
        if want_goals and state.in_proof and state.place is not None:
            goals = await self._goals(engine, state.place)
        number, self._next = self._next, self._next + 1
        self._states[number] = state
        return Step(number, state.in_proof, messages, goals, cpu_ns, wall_ns)

    async def _goals(self, engine: CoqEngine, place: int) -> Goals:
        return (await engine.goals(place, MAX_GOALS)).cut(self._limits.goals_bytes)

    async def run(self, number: int, text: bytes, want_goals: bool) -> Step:
        """A new state, after `text` is run on a state.

        Raises:
            StepError: a sentence failed, was refused, or passed the limits; the state stays as it was.
        """
        known = self._states.get(number)
        before = known.declaring if known is not None else ()
        ours = sentences_of(text, split(text, declaring=before))

        async def act(place: int, engine: CoqEngine, guard: Guard) -> Step:
            sentences = ours
            for _ in range(_READINGS):
                done = await engine.advance(place, text[: sentences[-1].end], [one.end for one in sentences])
                if done.astray is None:
                    break
                # An imported notation may hold full stops that end no sentence.
                spans = [(step.start, step.end) for step in done.steps] + [done.astray]
                engine.release([step.state for step in done.steps])
                coqs = [Sentence(start, end, SentenceKind.COMMAND) for start, end in spans]
                sentences = sentences_of(text, split(text, coqs))
            if not done.through or not done.steps:
                engine.release([step.state for step in done.steps])
                raise failure(sentences, len(done.steps), done.error)
            *between, last = done.steps
            engine.release([step.state for step in between])
            declaring = (*before, *declarations(text, sentences))
            new = _State(number, text, declaring, last.state, bool(last.proofs))
            return await self._step(new, engine, done.messages, want_goals, guard.cpu_ns, guard.wall_ns)

        return await self._in_process(number, act)

    async def query(self, number: int, command: str) -> tuple[list[str], int]:
        """What Coq answers to a query in a state, and the wall clock in nanoseconds.

        Raises:
            StepError: it is no query, or it failed.
        """
        if not query_allowed(command):
            raise refuse_query()

        async def act(place: int, engine: CoqEngine, guard: Guard) -> tuple[list[str], int]:
            answer = await engine.query(place, command)
            if answer.error is not None:
                raise StepError(Verdict.FAILED, Reason.TACTIC, answer.error.message)
            return list(answer.messages), guard.wall_ns

        return await self._in_process(number, act)

    async def goals(self, number: int) -> Goals:
        """The goals of a state.

        Raises:
            StepError: there is no such state, or its process is gone.
        """

        async def act(place: int, engine: CoqEngine, _: Guard) -> Goals:
            return await self._goals(engine, place)

        return await self._in_process(number, act)

    def in_proof(self, number: int) -> bool:
        """Whether a proof is open in a state that there is."""
        return self._states[number].in_proof

    async def _in_process(self, number: int, act: Callable[[int, CoqEngine, Guard], Awaitable[_T]]) -> _T:
        """Acts in a state; once more where its process was dead already.

        Args:
            number: of the state.
            act: what to do at its place.
        """
        tries = 3  # the document that it was forked from may be dead as well
        crashes = 0
        while True:
            tries -= 1
            guard: Guard | None = None
            try:
                place, engine = await self._live(number)
                with self._pool.watchdog.watch(engine, self._limits) as guard:
                    return await act(place, engine, guard)
            except EngineOutputError as error:
                self._forget()
                raise StepError(Verdict.FAILED, Reason.OUTPUT_LIMIT, f"{error}.") from error
            except EngineLostError as error:
                self._forget()
                if guard is not None and guard.breach is not None:
                    raise StepError(*breach_verdict(guard.breach, self._limits)) from error
                crashes += isinstance(error, EngineCrashedError)
                if crashes == _CRASHES:
                    raise StepError(Verdict.FAILED, Reason.CRASHED, crash_message(error)) from error
                if not tries:
                    raise StepError(Verdict.ERROR, Reason.WORKER_LOST, f"{error}.") from error

    def _forget(self) -> None:
        """Lets go of the process; its states are made again when they are asked for."""
        if self._engine is not None:
            self._engine.kill()
        self._engine = None
        for state in self._states.values():
            state.place = None

    def close(self) -> None:
        """Kills the process of the session."""
        self._forget()
        self._states.clear()
