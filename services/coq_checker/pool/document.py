"""A document: one engine that has executed a text up to some position, kept to be forked from.

It only ever moves forward. States are values, so that a fork of it can begin at any earlier position: one document
serves every theorem of its file.
"""

import asyncio
import copy
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from coq_checker.engine import process
from coq_checker.engine.api import (
    Advanced,
    CoqEngine,
    CoqError,
    EngineCrashedError,
    EngineLostError,
    EngineOutputError,
    Step,
)
from coq_checker.environment import Environment, EnvironmentFailedError, EnvironmentUnavailableError
from coq_checker.goals import MAX_GOALS, Goals
from coq_checker.limits import Limits
from coq_checker.missing import with_remedy
from coq_checker.pool.passed import Passed
from coq_checker.pool.reading import Reading
from coq_checker.pool.start import start
from coq_checker.pool.watchdog import Breach, Watchdog
from coqdata.theorem import Theorem

# Text between theorems is given to Coq in pieces of this many sentences.
_PIECE = 200
# The longest sentence that is looked for where Coq sees other ones than we do.
_WINDOW_BYTES = 1 << 16
# Of the goals where a proof failed.
_GOALS_BYTES = 64 << 10
# How a proof that fails is left: its theorem is assumed, or dropped where that cannot be (`Derive`).
_GIVING_UP = (b"Admitted.", b"Abort.")


class Document:
    """The prepared environment of a text. One user at a time moves it (`lock`); forks go their own way.

    Attributes:
        environment: what it runs.
        reading: of the whole text, with what Coq has said of it so far; it may change behind `position`.
        passed: what came of each theorem's own proof, by where its statement begins, once the document is past it.
        traced: the goals of each state inside of a proof that it has met, where `trace` says how many are wanted.

    Args:
        environment: what it is to run.
        watchdog: keeps limits.
        run_folder: where its engine's folder is made.
        trace: how many goals of each state in a proof are noted in `traced`.
    """

    def __init__(self, environment: Environment, watchdog: Watchdog, run_folder: Path, *, trace: int = 0) -> None:
        self.environment = environment
        self.reading = Reading(environment.source)
        self.passed: dict[int, Passed] = {}
        self.traced: dict[int, Goals] = {}
        self.lock = asyncio.Lock()
        self._states: list[int] = []  # _states[i]: state before sentence i; grows as it moves
        self._watchdog = watchdog
        self._run_folder = run_folder
        self._trace = trace
        self._engine: CoqEngine | None = None
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
    def engine(self) -> CoqEngine:
        """The live engine.

        Raises:
            EngineLostError: it was killed, or never started.
        """
        if self._engine is None:
            raise EngineLostError("the document's engine is gone")
        return self._engine

    @property
    def alive(self) -> bool:
        """Whether it has an engine whose process is there."""
        return self._engine is not None and self._engine.alive

    def index_at(self, position: int) -> int:
        """How many sentences end at or before the byte offset `position`."""
        return self.reading.index_at(position)

    @property
    def position(self) -> int:
        """Byte offset in the text up to which it has been executed."""
        return self.reading.sentences[len(self._states) - 2].end if len(self._states) > 1 else 0

    def twin(self, engine: CoqEngine) -> "Document":
        """The same document in a fork of its engine, which goes its own way from here and never starts another."""
        twin = copy.copy(self)
        twin.reading = copy.copy(self.reading)
        twin.lock = asyncio.Lock()
        twin._states = list(self._states)
        twin._engine = engine
        twin._twin = True
        return twin

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
            if self._engine is None:
                if self._twin:
                    raise EngineLostError("the worker died on its way to the theorem")
                await self._start()
                continue
            theorem = self._next_theorem(target)
            known = self.passed.get(theorem.start) if theorem is not None else None
            granted = proof_limits if theorem is not None and proof_limits is not None else limits
            with self._watchdog.watch(self.engine, granted) as guard:
                try:
                    if theorem is None:
                        await self._advance_text(target)
                    else:
                        begun_cpu, begun_wall = guard.cpu_ns, guard.wall_ns
                        await self._advance_theorem(theorem)
                        done = self.passed.get(theorem.start)
                        if done is not None and done is not known:
                            done.cpu_ns, done.wall_ns = guard.cpu_ns - begun_cpu, guard.wall_ns - begun_wall
                except (EngineLostError, EngineOutputError) as error:
                    self.close()
                    lost += 1
                    crashed = isinstance(error, EngineCrashedError)
                    too_much = guard.breach is not None or isinstance(error, EngineOutputError)
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
                        raise EngineLostError(f"{what} was lost: {error}") from error
        return self._states[target]

    async def _start(self) -> None:
        self._engine, first = await start(self.environment, self._run_folder)
        self._states = [first]

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
        if done.error is not None:
            self._fail(first + len(done.steps), "it failed", done.error)
        self._states += [step.state for step in done.steps]

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
        if done.error is None:
            self._states += [step.state for step in done.steps]
            self.passed[theorem.start] = Passed()
            return
        failed = first + len(done.steps)
        if failed < opened:
            self._fail(failed, "it failed", done.error)
        goals = await self.engine.goals(done.steps[-1].state, MAX_GOALS)
        states = tuple(step.state for step in done.steps)
        self.passed[theorem.start] = Passed(done.error, failed, goals.cut(_GOALS_BYTES), states=states)
        await self._assume(first, opened, last, done.steps[: opened - first])
        self.engine.release(states[opened - first :])

    async def _assume(self, first: int, opened: int, last: int, stated: Sequence[Step] = ()) -> None:
        """Goes on after a proof that failed: with its theorem assumed, or without it where Coq cannot assume it.

        Args:
            first, opened, last: indices of the first sentence of the statement, of the first behind it, and of the
                first behind the proof.
            stated: the statement's sentences, where they have been run.
        """
        sentences = self.reading.sentences
        if not stated:
            statement = self.environment.source[sentences[first].start : sentences[opened - 1].end]
            again = await self.engine.advance(self._states[first], statement)
            if not again.through or len(again.steps) != opened - first:
                self._fail(first, "its statement is not clear", again.error)
            stated = again.steps
        behind = stated[-1].state
        done = Advanced(())
        for ending in _GIVING_UP:
            done = await self.engine.advance(behind, ending)
            if done.through and done.steps:
                self.passed[sentences[first].start].left = ending
                break
        else:
            self._fail(first, "it can be neither proved nor assumed", done.error)
        # Inside the failed proof there is no state of its own: all stand for the statement's.
        inside = [behind] * (last - opened - 1)
        self._states += [*(step.state for step in stated), *inside, done.steps[-1].state]

    async def _run(self, first: int, last: int) -> Advanced | None:
        """Runs sentences. None where Coq reads the text otherwise: they are run again then, as it is read anew."""
        source, sentences = self.environment.source, self.reading.sentences
        begin = sentences[first].start
        ends = [sentence.end - begin for sentence in sentences[first:last]]
        text = source[begin : sentences[last - 1].end]
        done = await self.engine.advance(self._states[-1], text, ends, self._trace)
        for step in done.steps:
            if step.goals is not None:
                self.traced[step.state] = step.goals
        syntax = done.error is not None and done.error.syntax
        if done.astray is not None or syntax:
            if await self._follow(first, done):
                self._drop(done)
                return None
            if done.astray is not None:
                self._fail(first + len(done.steps), "Coq does not see the same sentences there as Palmetto")
        if self.reading.learn(first, [step.proofs for step in done.steps]):
            self._drop(done)
            return None
        return done

    def _drop(self, done: Advanced) -> None:
        self.engine.release([step.state for step in done.steps])

    async def _follow(self, first: int, done: Advanced) -> bool:
        """Takes Coq's own sentence from a place on where it sees another than we do; False where it does not.

        What a notation has declared may hold full stops. The sentence where Coq and our lexer part is parsed by itself,
        with what follows it.
        """
        source, reading = self.environment.source, self.reading
        begin = reading.sentences[first].start
        index = first + len(done.steps)
        if done.astray is not None:
            start, end = done.astray
            return reading.follow(index, [(begin + start, begin + end)])
        at = begin + done.steps[-1].end if done.steps else begin
        state = done.steps[-1].state if done.steps else self._states[-1]
        found = await self.engine.next_sentence(state, source[at : at + _WINDOW_BYTES])
        return found is not None and reading.follow(index, [(at + found[0], at + found[1])])

    def _fail(self, sentence: int, otherwise: str, error: CoqError | None = None) -> NoReturn:
        where = self.reading.sentences[min(sentence, len(self.reading.sentences) - 1)]
        line = self.environment.source.count(b"\n", 0, where.start) + 1
        said = error.message if error is not None else otherwise
        syntax = error is not None and error.syntax
        message = with_remedy(f"{self.environment.label}, line {line}: {said}", self.environment.options.toolchain)
        raise EnvironmentFailedError(message, where.start, where.end, said=said, syntax=syntax)

    async def fork_past(self, position: int, limits: Limits) -> tuple[CoqEngine, int]:
        """A fork of the engine, which has executed at least everything before `position`, and the state there.

        Raises:
            EnvironmentFailedError: see `prepare`.
            EngineLostError: the engine died; the next call starts anew.
        """
        async with self.lock:
            state = await self.prepare(position, limits)
            try:
                return await self._fork(self.engine), state
            except EngineLostError:
                self.close()
                raise

    @staticmethod
    async def _fork(engine: CoqEngine) -> CoqEngine:
        """A fork; made to its end even where the caller is cancelled, so that the engine can be used again."""
        forking = asyncio.ensure_future(engine.fork())
        try:
            return await asyncio.shield(forking)
        except asyncio.CancelledError:
            (await forking).kill()
            raise

    async def warm(self, names: Sequence[str], limits: Limits) -> None:
        """Lets the document remember what constants rest on, for the forks to come."""
        async with self.lock:
            if self._engine is None or not self.alive:
                return
            with self._watchdog.watch(self._engine, limits):
                try:
                    await self._engine.warm(self._states[-1], names)
                except (EngineLostError, EngineOutputError):
                    self.close()

    def forget(self, theorem: Theorem) -> None:
        """Lets the proof of a theorem be tried anew: it, and what stands behind it, is run again when asked for."""
        self.passed.pop(theorem.start, None)
        before = self.index_at(theorem.start)
        if self._engine is not None and len(self._states) > before:
            self._engine.release(self._states[before + 1 :])
            del self._states[before + 1 :]

    def pids(self) -> list[int]:
        """The processes that hold it."""
        return [self._engine.pid] if self._engine is not None else []

    def rss_bytes(self) -> int:
        """Resident memory of its process; a part of it is shared with its forks."""
        return sum(process.rss_bytes(pid) for pid in self.pids())

    def close(self) -> None:
        """Kills the engine and every fork of it."""
        if self._engine is not None:
            self._engine.kill()
        self._engine = None
        self._states = []
