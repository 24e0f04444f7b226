"""Models and retrievers that say what a test wants."""

import asyncio
from collections.abc import Sequence

from prover.ports import Answers, Format, HelperError, Premises, Proposal, Question


class Saying:
    """A model with fixed answers.

    Attributes:
        asked: the goals that it was asked about.
    """

    def __init__(self, *answers: str, tactics: Sequence[str] = (), error: str = "", delay_s: float = 0.0) -> None:
        self._answers = answers
        self._tactics = tactics
        self._error = error
        self._delay_s = delay_s
        self.asked: list[Question] = []

    async def format(self, layout: str, printing: str) -> Format:
        return Format(layout or "sft", printing or "default")

    async def proofs(self, question: Question, count: int | None) -> Answers:
        self.asked.append(question)
        await asyncio.sleep(self._delay_s)
        if self._error:
            raise HelperError(self._error)
        return Answers(
            tuple(Proposal(text, -float(at)) for at, text in enumerate(self._answers[:count])), "saying", 7, 3
        )

    async def tactics(self, question: Question, count: int) -> Answers:
        if self._error:
            raise HelperError(self._error)
        return Answers(tuple(Proposal(text, -float(at)) for at, text in enumerate(self._tactics[:count])))


class Knowing:
    """A retriever with fixed names."""

    def __init__(self, *names: str, error: str = "") -> None:
        self._names = names
        self._error = error

    async def premises(self, question: Question, count: int) -> Premises:
        if self._error:
            raise HelperError(self._error)
        return Premises(self._names[:count])
