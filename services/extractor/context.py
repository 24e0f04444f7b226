"""What a retriever finds for a goal, as the prompt's context."""

from collections.abc import Sequence
from dataclasses import dataclass

from coq_checker.client import Goal
from coqdata.prompts import Context, Known, KnownProof
from retriever.client import Answer, Hypothesis, Kind, Position, Question, RetrieverClient

# As the prover asks: a model must be shown in training what it is shown later.
_KINDS = (Kind.PREMISE, Kind.DEFINITION, Kind.PROOF)
_SIMILAR = 3
_BATCH = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """A goal and the byte of the theorem that it belongs to."""

    goal: Goal
    byte: int


class Retrieval:
    """Asks a retriever service."""

    def __init__(self, client: RetrieverClient, max_premises: int) -> None:
        self._client = client
        self._most = max_premises

    async def contexts(self, project: str, path: str, asked: Sequence[Asked]) -> list[Context | None]:
        """One for each goal, in order; None where the retriever had no answer.

        Raises:
            RetrieverError: the service does not answer.
        """
        found: list[Context | None] = []
        for at in range(0, len(asked), _BATCH):
            questions = [self._question(project, path, one) for one in asked[at : at + _BATCH]]
            answers = await self._client.retrieve_batch(questions)
            found += [self._context(one) if isinstance(one, Answer) else None for one in answers]
        return found

    def _question(self, project: str, path: str, asked: Asked) -> Question:
        hypotheses = tuple(Hypothesis(one.names, one.type, one.body) for one in asked.goal.hypotheses)
        position = Position(project, path, asked.byte)
        return Question(asked.goal.conclusion, hypotheses, position, _KINDS, max(1, self._most))

    def _context(self, answer: Answer) -> Context:
        return Context(
            definitions=tuple(Known(one.short_name or one.name, one.statement) for one in answer.definitions),
            premises=tuple(Known(one.short_name or one.name, one.statement) for one in answer.premises[: self._most]),
            similar=tuple(KnownProof(one.statement, one.proof) for one in answer.proofs[:_SIMILAR]),
        )
