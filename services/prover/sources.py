"""Whom a theorem's proofs are asked of: a model, and the errors it may make."""

import asyncio
from dataclasses import replace

from coq_checker.client import Goal
from prover.context import Context
from prover.events import Generated
from prover.ports import Answers, Format, HelperError, ModelPort, Proposal, Question
from prover.task import ProveTask


class Source:
    """One model, for one theorem. It is left alone after it gave no answer.

    Args:
        context: the theorem under work.
        port: the model.
        task: what is asked of the prover.
        how: the word for what it proposes, in trees and results.
        samples: whole proofs that it is asked for; None: as many as suit it.
        layout, printing: as `ModelPort.format` takes them.
        counted: its tokens count as the theorem's.

    Attributes:
        problem: why it gave no answer; empty while it does.
    """

    def __init__(
        self,
        context: Context,
        port: ModelPort,
        task: ProveTask,
        *,
        how: str = "model",
        samples: int | None = None,
        layout: str = "",
        printing: str = "",
        counted: bool = True,
    ) -> None:
        self.problem = ""
        self.how = how
        self._context = context
        self._port = port
        self._wishes = layout, printing
        self._samples = samples
        self._counted = counted
        self._question = Question(task.target, Goal((), ""), seed=task.seed)
        self._format: Format | None = None
        self._no_tactics = False

    async def printing(self) -> str:
        """The profile under which it reads goals; that of Coq itself where it does not answer."""
        found = await self._asked_format()
        return found.printing if found is not None else "default"

    async def offers_tactics(self) -> bool:
        """Whether it may be asked for single tactics."""
        found = await self._asked_format()
        return found is not None and found.tactics

    async def proofs(self, goal: Goal) -> tuple[Proposal, ...]:
        """Whole proofs of a goal that is printed as it wishes; none where it gives no answer."""
        question = await self._about(goal)
        if question is None or self._samples == 0:
            return ()
        try:
            async with asyncio.timeout(self._context.settings.model_timeout_s):
                answers = await self._port.proofs(question, self._samples)
        except (HelperError, TimeoutError) as error:
            self._no_answer(str(error) or "it did not answer in time")
            return ()
        self._count(answers)
        return answers.proposals if self._samples is None else answers.proposals[: self._samples]

    async def tactics(self, goal: Goal, count: int) -> tuple[Proposal, ...]:
        """Single tactics for a goal that is printed as it wishes; none where it gives no answer."""
        question = await self._about(goal)
        if question is None or self._no_tactics:
            return ()
        try:
            async with asyncio.timeout(self._context.settings.model_timeout_s):
                answers = await self._port.tactics(question, count)
        except (HelperError, TimeoutError):
            self._no_tactics = True
            return ()
        self._count(answers)
        return answers.proposals

    async def _asked_format(self) -> Format | None:
        if self._format is None and not self.problem:
            try:
                self._format = await self._port.format(*self._wishes)
            except HelperError as error:
                self._no_answer(str(error))
        return None if self.problem else self._format

    async def _about(self, goal: Goal) -> Question | None:
        found = await self._asked_format()
        if found is None:
            return None
        version = self._context.coq.version
        return replace(self._question, goal=goal, layout=found.layout, printing=found.printing, coq_version=version)

    def _no_answer(self, why: str) -> None:
        self.problem = why
        self._context.emit(Generated(self._context.now_s, 0, "", "", 0.0, why, self.how))

    def _count(self, answers: Answers) -> None:
        if self._counted:
            self._context.asked.add(answers)
