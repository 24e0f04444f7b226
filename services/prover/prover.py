"""The prover: what is done for one theorem, in which order, and with which share of the budget."""

import asyncio
import time
from collections.abc import AsyncGenerator

from coq_checker.client import Goal
from prover.budget import Budget
from prover.codes import ErrorCode
from prover.context import Context
from prover.coq import Coq, CoqProblemError
from prover.events import Event, Finished, ProofVerdict
from prover.library import Library
from prover.memory import CheckMemory, RememberingChecker
from prover.patience import Patience
from prover.ports import Checks, ModelPort, Question, RetrieverPort
from prover.settings import ProverSettings
from prover.strategy import Result, Strategy
from prover.task import ProveTask


class Prover:
    """Proves theorems, many at a time if wanted: nothing is shared between them but `patience`.

    Args:
        checker: the checker's client; its verdict on the whole script is the only one that counts.
        model: what proposes proofs; None to go without.
        retriever: what knows premises; None to go without.
        settings: limits.
        neighbours: what is asked for proofs after the model, and for tactics where the model offers none; None to go
            without.
        memory: answers of the checker to questions that were asked before; None to ask every question.
        patience: with the checker; to be shared by all provers of one checker. None for one of this prover's own.
    """

    def __init__(
        self,
        checker: Checks,
        model: ModelPort | None = None,
        retriever: RetrieverPort | None = None,
        settings: ProverSettings | None = None,
        neighbours: ModelPort | None = None,
        memory: CheckMemory | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.settings = settings or ProverSettings()
        self._checker = checker
        self._model = model
        self._retriever = retriever
        self._neighbours = neighbours
        self._memory = memory
        self._patience = patience or Patience(self.settings.checker_patience_s)

    async def prove(self, task: ProveTask) -> AsyncGenerator[Event, None]:
        """Works on a theorem and tells every step; the last event, and only that, is `Finished`.

        Closing the iterator (`aclose()`) stops all work at once. Nothing that the work meets is raised: what
        cannot be worked on is a `Finished` with the verdict ERROR and one sentence that says why.
        """
        events: asyncio.Queue[Event] = asyncio.Queue()
        worker = asyncio.create_task(self._finish(task, events))
        try:
            while True:
                event = await events.get()
                yield event
                if isinstance(event, Finished):
                    return
        finally:
            worker.cancel()
            await asyncio.wait({worker})

    async def _finish(self, task: ProveTask, events: asyncio.Queue[Event]) -> None:
        started = time.monotonic()
        remembering = RememberingChecker(self._checker, self._memory) if self._memory is not None else None

        def clock() -> float:
            return time.monotonic() - started + (remembering.wall_s if remembering is not None else 0.0)

        budget = Budget(task.budget_cpu_s)
        asked = remembering or self._checker
        coq = Coq(asked, task.target, budget, self.settings, jobs=task.jobs, patience=self._patience)
        goalless = Question(task.target, Goal((), ""), seed=task.seed)
        library = Library(coq, self._retriever if task.retrieval else None, goalless, self.settings)
        context = Context(coq, self.settings, events.put_nowait, clock, library)
        strategy = Strategy(task, context, self._model, self._neighbours)
        wall_s = task.budget_cpu_s * self.settings.wall_factor + self.settings.wall_slack_s
        verdict, message, code = ProofVerdict.NOT_PROVED, "", ErrorCode.NONE
        result: Result | None = None
        try:
            async with asyncio.timeout(wall_s):
                result = await strategy.work()
            verdict, message = result.verdict, result.message
        except TimeoutError:
            verdict, message = ProofVerdict.TIMEOUT, f"the safety net of {wall_s:.0f} s of wall clock was reached."
            if coq.unanswered:  # time that the checker was waited for is nobody's budget
                verdict, code = ProofVerdict.ERROR, ErrorCode.UNAVAILABLE
                message = (
                    f"the checker does not answer ({coq.unanswered}): see that it runs, and send the request again."
                )
        except CoqProblemError as error:
            verdict, message, code = ProofVerdict.ERROR, str(error), error.code
        except asyncio.CancelledError:
            raise
        except Exception as error:  # a fault of ours costs this theorem, and is said
            verdict, message = ProofVerdict.ERROR, f"internal fault: {type(error).__name__}: {error}"
            code = ErrorCode.INTERNAL
        partial, holes = strategy.trees.best_partial()
        proof = result.proof if result is not None else None
        events.put_nowait(
            Finished(
                at_s=clock(),
                verdict=verdict,
                script=proof.script if proof else "",
                prelude=proof.prelude if proof else "",
                axioms=proof.axioms if proof else (),
                features=proof.features if proof else (),
                known_bugs=proof.known_bugs if proof else (),
                how=result.how if result is not None else "",
                cpu_s=budget.spent_s,
                wall_s=clock(),
                remembered_cpu_s=remembering.cpu_s if remembering is not None else 0.0,
                stages=tuple(strategy.costs),
                model=context.asked.model,
                model_answers=strategy.answers,
                prompt_tokens=context.asked.prompt_tokens,
                completion_tokens=context.asked.completion_tokens,
                coq_version=coq.version,
                toolchain=coq.toolchain,
                message=message,
                code=code,
                partial="" if proof else partial,
                holes=0 if proof else holes,
            )
        )
