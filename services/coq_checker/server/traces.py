"""TraceFile: the goals that every proof of a file meets, read while the file is executed once."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from coq_checker.environment import Environment
from coq_checker.goals import Goals
from coq_checker.limits import Limits
from coq_checker.pool.document import Document
from coq_checker.pool.pool import Pool
from coq_checker.result import Timings
from coqdata import printing
from coqdata.theorem import Theorem

# Goals of one state that are printed: what a proof does next is about the first.
_MOST = 8


@dataclass(frozen=True, slots=True)
class Step:
    """One sentence of a proof, by its byte range in the file, and the goals before it."""

    start: int
    end: int
    goals: Goals


@dataclass(frozen=True, slots=True)
class Trace:
    """What a theorem's proof met; `problem` is why there are no steps, or not all of them."""

    theorem: Theorem
    steps: tuple[Step, ...]
    problem: str = ""
    timings: Timings = Timings()


class Traces:
    """Traces of whole files, each in a session of its own."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def trace(self, environment: Environment, profile: str, limits: Limits) -> AsyncIterator[Trace]:
        """One answer a theorem, in file order.

        Args:
            environment: the file.
            profile: how goals are printed.
            limits: of each theorem.

        Raises:
            EnvironmentFailedError: the file fails outside of its proofs.
        """
        setup = (*environment.setup, *printing.commands(profile))
        document = self._pool.traced_document(replace(environment, setup=setup), _MOST)
        try:
            last = -1
            while stated := document.reading.next_theorems(last, len(environment.source)):
                theorem = stated[0]
                if theorem.ending is not None:
                    async with self._pool.busy(), document.lock:
                        await document.prepare(theorem.proof_end, self._pool.settings.environment_limits, limits)
                # On the way there Coq may have said that there are others, or that it is none.
                found = document.reading.next_theorems(last, len(environment.source))
                if [one.start for one in found] != [one.start for one in stated] or found[0].ending != theorem.ending:
                    continue
                last = theorem.start
                if theorem.ending is None:
                    trace = Trace(theorem, (), "the file ends inside of the proof")
                else:
                    trace = self._read(document, theorem, limits.goals_bytes)
                for number, one in enumerate(found):
                    # The time is told with the first of those that are proved together.
                    yield replace(trace, theorem=one, timings=trace.timings if number == 0 else Timings())
                if not theorem.nested:
                    document.traced.clear()
        finally:
            document.close()

    @staticmethod
    def _read(document: Document, theorem: Theorem, goals_bytes: int) -> Trace:
        held = document.reading.theorem_at(theorem.start)
        passed = None if held is None else document.passed.get(held.start)
        first, last = document.index_at(theorem.statement_end), document.index_at(theorem.proof_end)
        steps = []
        states = [document.state_before(index) for index in range(first, last)]
        if passed is not None and passed.states:
            # A proof that failed has left the document; its states are those of the try.
            opened = first - document.index_at(theorem.start)
            states = list(passed.states[opened - 1 :])
        for index, state in zip(range(first, last), states, strict=False):
            sentence = document.reading.sentences[index]
            before = document.traced.get(state)
            if before is None:
                break
            steps.append(Step(sentence.start, sentence.end, before.cut(goals_bytes)))
        problem = ""
        timings = Timings()
        if passed is not None:
            timings = Timings(wall_ns=passed.wall_ns, cpu_ns=passed.cpu_ns)
            if passed.error is not None:
                problem = passed.error.message
        if not problem and len(steps) < last - first:
            problem = "the goals of some sentences are not known"
        return Trace(theorem, tuple(steps), problem, timings)
