"""Premises for each goal, from the retriever: asked once for a goal, and only names that Coq reads there are kept."""

import asyncio

from coq_checker.client import Goal
from prover.coq import Coq
from prover.ports import HelperError, Premises, Question, RetrieverPort
from prover.script import goal_text
from prover.settings import ProverSettings

_CHECK_MS = 2000


class Library:
    """The retriever, for one theorem.

    Attributes:
        problem: why it gives no answers any more; empty while it does.
    """

    def __init__(self, coq: Coq, retriever: RetrieverPort | None, question: Question, settings: ProverSettings) -> None:
        self.problem = "" if retriever is not None else "there is no retriever."
        self._coq = coq
        self._retriever = retriever
        self._question = question
        self._settings = settings
        self._known: dict[str, Premises] = {}
        self._readable: dict[str, bool] = {}

    async def of(self, goal: Goal | None) -> Premises:
        """Premises and definitions for a goal; none where the retriever gives none.

        Raises:
            BudgetSpentError, CoqProblemError: as `Coq.run`.
        """
        if goal is None or self._retriever is None or self.problem:
            return Premises()
        text = goal_text(goal)
        if text not in self._known:
            self._known[text] = await self._ask(self._retriever, goal)
        return self._known[text]

    async def _ask(self, retriever: RetrieverPort, goal: Goal) -> Premises:
        question = self._question
        asked = Question(question.target, goal, question.layout, question.printing, question.seed, self._coq.version)
        try:
            async with asyncio.timeout(self._settings.retriever_timeout_s):
                found = await retriever.premises(asked, self._settings.premises)
        except HelperError as error:
            self.problem = str(error)
        except TimeoutError:
            self.problem = f"the retriever did not answer within {self._settings.retriever_timeout_s:.0f} s."
        else:
            await self._learn((*found.names, *found.definitions))
            return Premises(
                tuple(name for name in found.names if self._readable[name]),
                tuple(name for name in found.definitions if self._readable[name]),
                found.problem,
            )
        return Premises()

    async def _learn(self, names: tuple[str, ...]) -> None:
        """Finds out which names Coq reads: one that it does not would fail every tactic that names it.

        Without the `@`, Coq would search for instances of implicit arguments, which may take all of the limit.
        """
        left = [name for name in dict.fromkeys(names) if name not in self._readable]
        while left:
            seen = await self._coq.run(" ".join(f"Check @{name}." for name in left), cpu_ms=_CHECK_MS)
            passed = len(left) if seen.passed else seen.failed_at or 0
            self._readable |= dict.fromkeys(left[:passed], True)
            left = left[passed:]
            if left:
                self._readable[left.pop(0)] = False
