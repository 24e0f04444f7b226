"""A model that first proposes what stands there already: an unfinished proof is the best proof to start from."""

from dataclasses import replace

from prover.ports import Answers, Format, ModelPort, Proposal, Question


class _Drafted:
    """A model before which a draft comes.

    Args:
        model: whose proposals follow; None for none.
        draft: a proof with holes.
    """

    def __init__(self, model: ModelPort | None, draft: str) -> None:
        self._model = model
        self._draft = draft

    async def format(self, layout: str, printing: str) -> Format:
        """The model's."""
        return await self._model.format(layout, printing) if self._model is not None else Format()

    async def proofs(self, question: Question, count: int | None) -> Answers:
        """The draft for the theorem itself, then the model's."""
        draft, self._draft = self._draft, ""
        own = (Proposal(draft, score=1.0),) if draft else ()
        left = None if count is None else count - len(own)
        if self._model is None or left == 0:
            return Answers(own)
        said = await self._model.proofs(question, left)
        return replace(said, proposals=own + said.proposals)

    async def tactics(self, question: Question, count: int) -> Answers:
        """The model's."""
        return await self._model.tactics(question, count) if self._model is not None else Answers()


def with_draft(model: ModelPort | None, draft: str) -> ModelPort | None:
    """The model, asked after the draft; the model itself where there is none."""
    return _Drafted(model, draft) if draft.strip() else model
