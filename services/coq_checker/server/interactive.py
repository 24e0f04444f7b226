"""Session: immutable states over forked Coq processes.

A state is the end of a line of sentences in some process. Running on a line's newest state goes on in
its process; running on an older one forks the process first, so that every state answered stays alive.
"""

import time
from dataclasses import dataclass

from coq_checker.environment import Environment, EnvironmentFailedError
from coq_checker.goals import Goals, goals_at
from coq_checker.limits import Limits
from coq_checker.pool.passed import breach_verdict
from coq_checker.pool.pool import Pool
from coq_checker.pool.watchdog import Guard
from coq_checker.result import Reason, Verdict
from coq_checker.run import run
from coq_checker.session.api import CoqError, CoqSession, SessionLostError, SessionOutputError
from coqdata.sentence import Sentence, split

_QUERIES = frozenset(
    (
        "Search",
        "SearchPattern",
        "SearchRewrite",
        "Check",
        "Print",
        "About",
        "Locate",
        "Compute",
        "Eval",
        "Show",
    )
)
# `Print` commands that write files or are not about one name.
_PRINT_DENIED = frozenset(("Universes", "Sorted"))
_DENIED = frozenset(
    [
        "Load",
        "Cd",
        "Drop",
        "Quit",
        "Back",
        "BackTo",
        "Reset",
        "Undo",
        "Restart",
        "Redirect",
        "Extraction",
        "Recursive",
        "Separate",
        "Extract",
        "Declare",
        "Add",
        "Remove",
        "PalmettoAssumptions",
    ]
)
_MAX_PROCESSES = 64


class StepError(Exception):
    """A request of a session that could not be done; the session goes on.

    Attributes:
        verdict, reason: of what kind.
        start, end: byte range of the failing sentence in the request's text, where there is one.
    """

    def __init__(
        self, verdict: Verdict, reason: Reason, message: str, start: int | None = None, end: int | None = None
    ) -> None:
        super().__init__(message)
        self.verdict, self.reason = verdict, reason
        self.start, self.end = start, end


@dataclass(slots=True)
class _State:
    """A state: how it came about, and where it lives while its process does."""

    parent: int | None
    text: bytes
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
        return await self._step(session, None, statement or b"", (), True, 0, time.monotonic_ns() - begun)

    async def _root(self, statement: bytes) -> CoqSession:
        environment, position = self._origin
        document = self._pool.document(environment)
        session = await document.fork_at(position, self._pool.settings.environment_limits)
        self._processes.append(session)
        if statement:
            done = await run(session, statement, 1)
            if done.failed is not None or done.unclear:
                message = done.error.message if done.error else "it is not one sentence"
                raise EnvironmentFailedError(f"the statement does not run in Coq: {message}")
        return session

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
                done = await run(session, state.text, len(split(state.text).sentences))
                if done.failed is not None or done.unclear:
                    raise StepError(Verdict.ERROR, Reason.WORKER_LOST, "the state could not be made again.")
        except EnvironmentFailedError as error:
            raise StepError(Verdict.ERROR, Reason.ENVIRONMENT, str(error)) from error
        state.session, state.sid = session, session.tip
        return state, session

    async def _step(
        self,
        session: CoqSession,
        parent: int | None,
        text: bytes,
        messages: tuple[str, ...],
        want_goals: bool,
        cpu_ns: int,
        wall_ns: int,
    ) -> Step:
        sid = session.tip
        shown = await session.query("Show Conjectures.", sid)
        in_proof = shown.error is None and bool(" ".join(shown.messages).strip())
        goals = await goals_at(session, sid, self._limits.goals_bytes) if want_goals and in_proof else None
        number, self._next = self._next, self._next + 1
        self._states[number] = _State(parent, text, session, sid)
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
        sentences = _sentences(text)
        state, here = await self._live(number)
        sid = state.sid
        session = await self._own_process(state, here)
        with self._pool.watchdog.watch(session, self._limits) as guard:
            try:
                done = await run(session, text[: sentences[-1].end], len(sentences))
                if done.failed is not None or done.unclear:
                    await session.back_to(sid)
                    raise _failure(sentences, done.failed, done.error)
                return await self._step(session, number, text, done.messages, want_goals, guard.cpu_ns, guard.wall_ns)
            except (SessionLostError, SessionOutputError) as error:
                raise self._lost(session, guard, error) from error

    async def query(self, number: int, command: str) -> tuple[list[str], int]:
        """What Coq answers to a query in a state, and the wall clock in nanoseconds.

        Raises:
            StepError: it is no query, or it failed.
        """
        words = command.replace(".", " ").split()
        head = words[0] if words else ""
        one = split(command.encode()).sentences
        if head not in _QUERIES or len(one) != 1 or (head == "Print" and words[1:2] and words[1] in _PRINT_DENIED):
            allowed = ", ".join(sorted(_QUERIES))
            raise StepError(
                Verdict.REJECTED,
                Reason.FORBIDDEN_COMMAND,
                f"a query is one command of {allowed}, with its full stop.",
            )
        state, session = await self._live(number)
        with self._pool.watchdog.watch(session, self._limits) as guard:
            try:
                answer = await session.query(command, state.sid)
            except (SessionLostError, SessionOutputError) as error:
                raise self._lost(session, guard, error) from error
            if answer.error is not None:
                raise StepError(Verdict.FAILED, Reason.TACTIC, answer.error.message)
            return answer.messages, guard.wall_ns

    async def goals(self, number: int) -> Goals:
        """The goals of a state.

        Raises:
            StepError: there is no such state, or its process is gone.
        """
        state, session = await self._live(number)
        with self._pool.watchdog.watch(session, self._limits) as guard:
            try:
                return await goals_at(session, state.sid, self._limits.goals_bytes)
            except (SessionLostError, SessionOutputError) as error:
                raise self._lost(session, guard, error) from error

    def _lost(self, session: CoqSession, guard: Guard, error: Exception) -> StepError:
        """Lets go of a killed process; its states are made again when they are asked for."""
        session.kill()
        self._processes = [one for one in self._processes if one is not session]
        for state in self._states.values():
            if state.session is session:
                state.session = None
        if guard.breach is not None:
            return StepError(*breach_verdict(guard.breach, self._limits))
        if isinstance(error, SessionOutputError):
            return StepError(Verdict.FAILED, Reason.OUTPUT_LIMIT, f"{error}.")
        return StepError(Verdict.ERROR, Reason.WORKER_LOST, f"{error}.")

    def close(self) -> None:
        """Kills every process of the session."""
        for session in self._processes:
            session.kill()
        self._processes.clear()
        self._states.clear()


def _sentences(text: bytes) -> list[Sentence]:
    parsed = split(text)
    if not parsed.sentences or parsed.problem is not None:
        why = parsed.problem or "there is no sentence"
        raise StepError(
            Verdict.FAILED, Reason.SYNTAX, f"the text is not whole sentences: {why}.", parsed.rest, len(text)
        )
    for sentence in parsed.sentences:
        word = text[sentence.start : sentence.end].split(maxsplit=1)[0].rstrip(b".").decode("utf-8", "replace")
        if word in _DENIED:
            raise StepError(
                Verdict.REJECTED,
                Reason.FORBIDDEN_COMMAND,
                f"a session may not use the command `{word}`.",
                sentence.start,
                sentence.end,
            )
    return parsed.sentences


def _failure(sentences: list[Sentence], index: int | None, error: CoqError | None) -> StepError:
    if error is None or index is None:
        return StepError(Verdict.REJECTED, Reason.UNCLEAR_TEXT, "Coq does not see the same sentences in this text.")
    where = sentences[min(index, len(sentences) - 1)]
    reason = Reason.SYNTAX if error.syntax else Reason.TACTIC
    return StepError(Verdict.FAILED, reason, error.message, where.start, where.end)
