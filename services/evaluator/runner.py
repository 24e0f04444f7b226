"""Works on the theorems of an experiment, several at one time, until each has its record."""

import asyncio
import time
import uuid
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from evaluator import causes
from evaluator.attempt import Attempts
from evaluator.ports import Follower, ProverPort
from evaluator.record import Record
from evaluator.store import ExperimentStore, Run
from evaluator.store.parts import PartWriter
from evaluator.theorems import Item

# Rounds over what failed for a reason that may pass; in the last one each theorem is alone, so that one that kills
# the prover takes no other with it.
_ROUNDS = 3
_NOTE_RUN_S = 10.0


@dataclass(slots=True)
class Summary:
    """How a run ended.

    Attributes:
        total: theorems of this run, those that were done before included.
        before: those.
        proved: of all of them.
        causes: why others have no proof, by class.
    """

    total: int = 0
    before: int = 0
    proved: int = 0
    causes: Counter[str] = field(default_factory=Counter)

    @property
    def left(self) -> int:
        """Theorems that could not be worked on for a reason that may pass."""
        return sum(self.causes[one] for one in causes.PASSING)


class Runner:
    """One run of an experiment, or of a shard of it.

    Args:
        store: keeps the records; theorems that it has are not worked on again.
        attempts: makes them.
        prover: who is asked.
        follower: is told.
        threads: theorems at one time.
        patience_s: how long, in all, what does not answer is waited for.
        parts: where records go too.
        named: how a person names a project to other commands, where its name alone does not do.
    """

    def __init__(
        self,
        store: ExperimentStore,
        attempts: Attempts,
        prover: ProverPort,
        follower: Follower,
        *,
        threads: int = 1,
        patience_s: float = 300.0,
        parts: PartWriter | None = None,
        named: Mapping[str, str] | None = None,
    ) -> None:
        self._store = store
        self._attempts = attempts
        self._name = attempts.experiment
        self._prover = prover
        self._follower = follower
        self._threads = threads
        self._patience_s = patience_s
        self._parts = parts
        self._named = named or {}
        self._recovering = asyncio.Lock()
        self._recovered_at = 0.0
        self._gone = False
        self._since = 0.0
        self._said: set[tuple[str, str]] = set()

    async def run(self, items: Sequence[Item], *, skip: bool = True) -> Summary:
        """Works on the theorems.

        Args:
            items: they.
            skip: leave out what is done; otherwise it is done again, and what such a run did before it was
                interrupted is left out.

        Raises:
            StoreError: a record cannot be kept.
        """
        run = self._begin(redo=not skip)
        # Others wait for every shard's end, also where there was nothing to do.
        first = not any(one.ended and one.shard == run[0].shard for one in self._store.runs(self._name))
        done = self._store.done(self._name, since=self._since)
        todo = [item for item in items if item.key not in done]
        self._follower.begin(len(items), len(items) - len(todo))
        ticking = asyncio.create_task(self._tick(run))
        ended = False
        try:
            await self._rounds(todo)
            ended = True
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            ticking.cancel()
            with suppress(asyncio.CancelledError):
                await ticking
            self._note(run, ended=ended)
            if self._parts is not None and (todo or first or self._parts.waiting):
                self._parts.flush(self._store.runs(self._name))
        return self.summary(self._store, self._name, items, len(items) - len(todo))

    def _begin(self, *, redo: bool) -> tuple[Run, float]:
        shard = str(self._attempts.shard)
        now = datetime.now(UTC)
        if redo:
            before = [one for one in self._store.runs(self._name) if one.redo and one.shard == shard]
            # One that did not come to its end is gone on with.
            started = now
            for one in reversed(before):
                if one.ended:
                    break
                started = datetime.fromisoformat(one.started_at)
            self._since = started.timestamp()
        run = Run(uuid.uuid4().hex, shard, now.isoformat(), redo=redo)
        self._store.put_run(self._name, run)
        return run, time.monotonic()

    def _note(self, run: tuple[Run, float], *, ended: bool = False) -> None:
        first, begun = run
        self._store.put_run(
            self._name,
            Run(
                first.id,
                first.shard,
                first.started_at,
                ended,
                first.redo,
                self._prover.orchestration_cpu_s(),
                time.monotonic() - begun,
            ),
        )

    async def _tick(self, run: tuple[Run, float]) -> None:
        """Notes from time to time what the run has cost so far, for it may be killed at any moment."""
        while True:
            await asyncio.sleep(_NOTE_RUN_S)
            self._note(run)
            if self._parts is not None and self._parts.due():
                problem = await asyncio.to_thread(self._parts.try_flush, self._store.runs(self._name))
                if problem:
                    self._follower.note(problem)

    async def _rounds(self, todo: Sequence[Item]) -> None:
        left: Iterable[Item] = todo
        for number in range(1, _ROUNDS + 1):
            last = number == _ROUNDS
            failed = await self._round(deque(left), 1 if last else self._threads, last=last)
            # What is still not there was waited for long enough.
            if not failed or self._gone:
                return
            left = sorted(failed, key=lambda item: (item.key.project, item.order))

    async def _round(self, queue: deque[Item], threads: int, *, last: bool) -> list[Item]:
        """Works the queue off; answers what may be tried again."""
        failed: list[Item] = []

        async def work() -> None:
            while queue:
                item = queue.popleft()
                # Another process may have done it meanwhile.
                if self._store.is_done(self._name, item.key, since=self._since):
                    continue
                self._follower.started(item)
                begun = time.monotonic()
                attempted = await self._attempts.make(item)
                record = attempted.record
                self._keep(record)
                again = record.cause in causes.PASSING and not last
                self._follower.finished(record, again)
                self._tell(record, attempted.helpless)
                if record.cause in causes.PASSING:
                    failed.append(item)
                    await self._recover(record.cause, begun)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(threads, len(queue))):
                group.create_task(work())
        return failed

    def _keep(self, record: Record) -> None:
        self._store.put(record)
        if self._parts is not None:
            self._parts.add(record)

    def _tell(self, record: Record, helpless: str) -> None:
        """Says once for each project what makes results worse than they need be."""
        if helpless and self._attempts.conditions.retrieval and (record.project, helpless) not in self._said:
            self._said.add((record.project, helpless))
            name = self._named.get(record.project, record.project)
            said = helpless.replace(f"`palmetto index {record.project}`", f"`palmetto index {name}`")
            self._follower.note(f"{record.project}: without premises: {said}")

    async def _recover(self, cause: str, begun: float) -> None:
        """Waits until what failed is there again, for all threads together, as long as there is patience for."""
        async with self._recovering:
            if self._recovered_at > begun:
                return
            started = time.monotonic()
            problem = await self._prover.recover(cause, max(0.0, self._patience_s))
            self._recovered_at = time.monotonic()
            self._gone = bool(problem)
            if problem:
                self._patience_s -= self._recovered_at - started
                if ("", problem) not in self._said:
                    self._said.add(("", problem))
                    self._follower.note(problem)

    @staticmethod
    def summary(store: ExperimentStore, name: str, items: Sequence[Item], before: int) -> Summary:
        """How it stands with some theorems of an experiment.

        Args:
            store: has the records.
            name: the experiment's.
            items: the theorems.
            before: how many of them were done before.
        """
        keys = {item.key for item in items}
        found = Summary(len(items), before)
        for record in store.records(name):
            if record.key in keys:
                found.proved += record.proved
                if record.cause:
                    found.causes[record.cause] += 1
        return found
