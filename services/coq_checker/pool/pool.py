"""The pool: slots that take jobs from the queue, workers they keep, documents these are forked from."""

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

from coq_checker.check import Ask
from coq_checker.engine import process
from coq_checker.engine.api import EngineCrashedError, EngineLostError, EngineStartError
from coq_checker.engine.family import all_ended
from coq_checker.environment import Environment, EnvironmentFailedError, EnvironmentUnavailableError
from coq_checker.gates.statement import StatementError
from coq_checker.gates.text import Mode
from coq_checker.limits import Limits
from coq_checker.metrics import Metrics
from coq_checker.pool.crashes import Crashes
from coq_checker.pool.document import Document
from coq_checker.pool.idle import IdleWorkers
from coq_checker.pool.passed import crash_message
from coq_checker.pool.queue import ClosedError, Job, JobQueue
from coq_checker.pool.watchdog import Watchdog
from coq_checker.pool.worker import Target, Worker
from coq_checker.result import ProofResult, Reason, Verdict

# How often an item may lose its process while it runs, and before that.
_TRIES, _TRIES_BEFORE = 2, 4
# How much longer a slot stays with an environment, as a multiple of the time that preparing it took.
_TURNS_FOR_PREPARATION = 2.0


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """How large the pool is.

    Attributes:
        slots: candidates checked at the same time.
        queue_size: candidates that may wait.
        idle_workers: workers kept for the next candidate of their target, whatever their size.
        idle_workers_most: ... and as many at the most where they are small.
        idle_workers_bytes: what is small: the memory of all, without what they share with their documents.
        documents: prepared environments kept at the most.
        documents_bytes: memory of prepared environments kept at the most.
        environment_limits: what preparing an environment may use.
        stall_s: a process at work that takes no CPU time for so long hangs, and is replaced.
    """

    slots: int
    queue_size: int
    idle_workers: int
    idle_workers_most: int
    idle_workers_bytes: int
    documents: int
    documents_bytes: int
    environment_limits: Limits
    stall_s: float = 30.0


class Pool:
    """Checks candidates in forked workers. Use as an async context manager."""

    def __init__(self, settings: PoolSettings, run_folder: Path, metrics: Metrics) -> None:
        self.settings = settings
        self.watchdog = Watchdog(settings.stall_s)
        self.queue = JobQueue(settings.queue_size)
        self._run_folder = run_folder
        self._metrics = metrics
        self._documents: OrderedDict[str, Document] = OrderedDict()
        self._idle = IdleWorkers(
            max(settings.idle_workers, settings.slots), settings.idle_workers_most, settings.idle_workers_bytes
        )
        self._slots: list[asyncio.Task[None]] = []
        self._running: dict[Job, asyncio.Task[ProofResult]] = {}
        self._busy = asyncio.Semaphore(settings.slots)
        self._crashes = Crashes()

    async def __aenter__(self) -> "Pool":
        """Starts the slots."""
        self._slots = [asyncio.create_task(self._slot(), name=f"slot-{n}") for n in range(self.settings.slots)]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Kills everything at once; what still waits is answered UNAVAILABLE."""
        self.queue.close()
        for job in self.queue.clear():
            _answer(job, ProofResult(Verdict.ERROR, Reason.UNAVAILABLE, "the server is shutting down."))
        for task in [*self._running.values(), *self._slots]:
            task.cancel()
        await asyncio.gather(*self._slots, return_exceptions=True)
        self._idle.clear()
        for document in set(self._documents.values()):
            document.close()
        self._documents.clear()
        await all_ended()

    async def drain(self, grace_s: float) -> None:
        """Takes nothing new and waits up to `grace_s` for what is queued and running."""
        self.queue.close()
        if self._slots:
            await asyncio.wait(self._slots, timeout=grace_s)

    # -- checks

    async def check(self, target: Target, ask: Ask) -> ProofResult:
        """The verdict on one candidate. Cancelling the call kills the work.

        Raises:
            QueueFullError: there is no room.
            ClosedError: the pool is draining.
        """
        job = Job(target, ask, asyncio.get_running_loop().create_future())
        self.queue.put(job)
        try:
            return await job.done
        except asyncio.CancelledError:
            job.done.cancel()
            self.queue.discard(job)
            task = self._running.get(job)
            if task is not None:
                task.cancel()
            raise

    async def _slot(self) -> None:
        """Serves jobs until the queue is closed; a fault of ours costs one round, never the slot."""
        while True:
            try:
                await self._serve_jobs()
            except Exception as error:
                self._metrics.fault(error)
            else:
                return

    async def _serve_jobs(self) -> None:
        worker: Worker | None = None
        last: Target | None = None
        since = time.monotonic()
        job: Job | None = None
        try:
            while True:
                if worker is not None and not len(self.queue):
                    # Whichever slot serves the next job can have it.
                    self._idle.keep(worker)
                    worker = None
                job = await self.queue.get(last, since, self._holds)
                if job is None:
                    return
                begun = time.monotonic()
                fresh = last is None or last.environment != job.target.environment
                if last != job.target:
                    if last is not None:
                        self.queue.serve(last, -1)
                    self.queue.serve(job.target, +1)
                    last = job.target
                if worker is None or worker.target != job.target:
                    worker = self._move(worker, job.target)
                worker = await self._work(worker, job)
                if fresh:
                    # The turn begins when the environment is prepared, and is the longer the more that took: an
                    # environment that has to be made again costs everybody.
                    now = time.monotonic()
                    since = now + _TURNS_FOR_PREPARATION * (now - begun)
        finally:
            if job is not None:
                _answer(
                    job, ProofResult(Verdict.ERROR, Reason.WORKER_LOST, "the checker lost this item; send it again.")
                )
            if last is not None:
                self.queue.serve(last, -1)
            if worker is not None:
                worker.kill()

    def _move(self, worker: Worker | None, target: Target) -> Worker | None:
        """A worker for another target: this one where it can serve it too, or one that was kept."""
        if worker is not None:
            if not worker.worn and worker.turn_to(target, go_on=not len(self.queue)):
                return worker
            self._idle.keep(worker)
        return self._idle.take(target, go_on=not len(self.queue))

    def _holds(self, target: Target) -> bool:
        """Whether what stands before a target is executed already."""
        document = self._documents.get(target.environment.id)
        return document is not None and document.holds(target.position)

    async def _work(self, worker: Worker | None, job: Job) -> Worker | None:
        """Answers one job; returns the worker where it can be used again."""
        if job.done.done():
            return worker  # its client went away while a worker was moved
        box: list[Worker | None] = [worker]
        task = asyncio.create_task(self._verdict(box, job))
        self._running[job] = task
        try:
            result = await task
        except asyncio.CancelledError:
            if box[0] is not None:
                box[0].kill()
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise
            return None
        except Exception as error:  # a fault of ours must not take the slot with it
            self._metrics.fault(error)
            if box[0] is not None:
                box[0].kill()
            why = f"the checker failed internally ({type(error).__name__}); the item was not judged."
            _answer(job, ProofResult(Verdict.ERROR, Reason.WORKER_LOST, why))
            return None
        finally:
            self._running.pop(job, None)
        _answer(job, result)
        kept = box[0]
        if kept is not None and kept.lesson:
            await kept.teach(self.settings.environment_limits)
        return kept if kept is not None and not kept.dead else None

    async def _verdict(self, box: list[Worker | None], job: Job) -> ProofResult:
        started_ns = time.monotonic_ns()
        environment_ns = 0
        losses: list[EngineLostError] = []
        before = 0
        crash = self._crashes.get(job)
        while True:
            running = False
            try:
                if crash is not None:
                    result = ProofResult(Verdict.FAILED, Reason.CRASHED, crash)
                    break
                worker = box[0]
                if worker is None or worker.worn:
                    if worker is not None:
                        worker.kill()
                        box[0] = None
                    begun_ns = time.monotonic_ns()
                    worker = box[0] = await self.make_worker(job.target)
                    environment_ns = time.monotonic_ns() - begun_ns
                elif not worker.there:
                    begun_ns = time.monotonic_ns()
                    await worker.advance(self.settings.environment_limits)
                    environment_ns = time.monotonic_ns() - begun_ns
                running = True
                result = await worker.check(job.ask, self.watchdog)
            except (EnvironmentFailedError, StatementError) as error:
                passing = isinstance(error, EnvironmentUnavailableError)
                result = ProofResult(Verdict.ERROR, Reason.UNAVAILABLE if passing else Reason.ENVIRONMENT, str(error))
            except EngineStartError as error:
                result = ProofResult(Verdict.ERROR, Reason.UNAVAILABLE, str(error))
            except EngineLostError as error:
                if box[0] is not None:
                    box[0].kill()
                    box[0] = None
                self._metrics.worker_lost()
                # Only what dies while the item itself runs is the item's.
                if running:
                    losses.append(error)
                else:
                    before += 1
                if len(losses) < _TRIES and before < _TRIES_BEFORE:
                    continue
                if before >= _TRIES_BEFORE:
                    why = f"the Coq process died {before} times before this item could run ({error})."
                    result = ProofResult(Verdict.ERROR, Reason.WORKER_LOST, why)
                elif all(isinstance(one, EngineCrashedError) for one in losses):
                    result = await self._crashed(job, error)
                else:
                    why = f"the Coq process was lost {_TRIES} times on this item ({error}); send it again."
                    result = ProofResult(Verdict.ERROR, Reason.WORKER_LOST, why)
            break
        self._metrics.checked(result)
        return result.with_timings(queue_ns=started_ns - job.queued_ns, environment_ns=environment_ns)

    async def _crashed(self, job: Job, error: EngineLostError) -> ProofResult:
        """The verdict on a candidate that ended two processes: its statement may do that by itself."""
        ask = replace(job.ask, text=b"", mode=Mode.PROOF, partial=True)
        worker: Worker | None = None
        try:
            worker = await self.make_worker(replace(job.target, mode=Mode.PROOF))
            await worker.check(ask, self.watchdog)
        except EngineCrashedError:
            return ProofResult(Verdict.ERROR, Reason.ENVIRONMENT, f"the statement ends Coq's process ({error}).")
        except (EnvironmentFailedError, EngineLostError, EngineStartError):
            pass  # it says nothing about the statement
        finally:
            if worker is not None:
                worker.kill()
        result = ProofResult(Verdict.FAILED, Reason.CRASHED, crash_message(error))
        self._crashes.keep(job, result.message)
        return result

    async def make_worker(self, target: Target) -> Worker:
        """A new worker at the target."""
        document = self.document(target.environment)
        return await Worker.make(target, document, self.settings.environment_limits)

    # -- what is kept

    def document(self, environment: Environment) -> Document:
        """The document of an environment, made where it is not held; the least recently used make room.

        A text that is the beginning of a held one, or goes on from it, is served by the same document.
        """
        document = self._documents.get(environment.id) or self._related(environment)
        if document is None:
            self._make_room()
            document = Document(environment, self.watchdog, self._run_folder)
        self._documents[environment.id] = document
        self._documents.move_to_end(environment.id)
        return document

    def traced_document(self, environment: Environment, most: int) -> Document:
        """A document that notes the goals it meets, `most` of each state; whoever asked closes it."""
        return Document(environment, self.watchdog, self._run_folder, trace=most)

    def _related(self, environment: Environment) -> Document | None:
        for document in set(self._documents.values()):
            if document.covers(environment):
                return document
            if not document.lock.locked() and document.extend(environment):
                return document
        return None

    def drop(self, toolchain: str) -> None:
        """Lets go of everything that was made with the toolchain of a key, which is not what it was any more."""
        for key, document in list(self._documents.items()):
            if document.environment.options.toolchain.key == toolchain:
                document.close()
                del self._documents[key]
        self._idle.drop(toolchain)

    def _make_room(self) -> None:
        settings = self.settings
        while True:
            held = set(self._documents.values())
            if len(held) < settings.documents and (
                sum(document.rss_bytes() for document in held) < settings.documents_bytes
            ):
                return
            oldest = next((one for one in self._documents.values() if not one.lock.locked()), None)
            if oldest is None:
                return
            oldest.close()
            # A document stands under the id of each text that it served.
            for key in [key for key, document in self._documents.items() if document is oldest]:
                del self._documents[key]

    @contextlib.asynccontextmanager
    async def busy(self) -> AsyncIterator[None]:
        """A place for work outside of the queue (files, interactive sessions): as many as slots."""
        async with self._busy:
            yield

    def count(self, result: ProofResult) -> None:
        """Notes a verdict that was reached outside of the queue."""
        self._metrics.checked(result)

    def usage(self) -> dict[str, int]:
        """Figures for the metrics: documents, idle workers, queued and running jobs, memory in bytes."""
        held = set(self._documents.values())
        pids = [pid for document in held for pid in document.pids()]
        return {
            "documents": len(held),
            "idle_workers": len(self._idle),
            "queued": len(self.queue),
            "running": len(self._running),
            "rss_bytes": sum(process.rss_bytes(pid) for pid in pids),
        }


def _answer(job: Job, result: ProofResult) -> None:
    if not job.done.done():
        job.done.set_result(result)


__all__ = ["ClosedError", "Pool", "PoolSettings"]
