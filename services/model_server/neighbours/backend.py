"""The embedded default: answers from nearest neighbours, with neither weights nor a network beyond the retriever."""

import asyncio
import time
from collections.abc import AsyncIterator

import structlog

from coqdata.prompts import INSTRUCT, LAYOUTS, TACTIC, Message, ProofState, estimate_tokens, parse_messages
from model_server.ask import Ask, Card, Made, cut_at_stop
from model_server.client import Answer
from model_server.errors import InvalidRequestError
from model_server.neighbours.propose import choose, propose
from model_server.settings import ModelServerSettings
from retriever.client import Answer as Found
from retriever.client import (
    Hypothesis,
    Kind,
    NotIndexedError,
    Position,
    Question,
    RetrieverClient,
    RetrieverError,
    UnavailableError,
)

_log = structlog.get_logger("model_server")
# After the retriever did not answer it is left alone for so long: each goal would wait for it in vain.
_REST_S = 5.0


class NeighboursBackend:
    """Reads the goal out of the prompt, asks the retriever for similar ones, and adapts their proofs.

    Where there is no retriever, or no index, the goal's shape alone is gone by.
    """

    def __init__(self, settings: ModelServerSettings) -> None:
        self._settings = settings
        self._card = Card(
            settings.name or "neighbours",
            "neighbours",
            (settings.layout,) if settings.layout else tuple(LAYOUTS),
            settings.printing or "default",
        )
        self._retriever = RetrieverClient(settings.retriever) if settings.retriever else None
        self._asks_again_s = 0.0

    def cards(self) -> tuple[Card, ...]:
        """The one model."""
        return (self._card,)

    async def make(self, card: Card, ask: Ask) -> Made:
        """Proofs or tactics, distinct, best first."""
        messages = ask.messages if ask.prompt is None else (Message("user", ask.prompt),)
        parsed = parse_messages(messages)
        if parsed is None:
            raise InvalidRequestError(
                "the last user message shows no proof state: this model reads only the prompt layouts "
                f"{', '.join(LAYOUTS)} (coqdata.prompts renders them).",
                "unreadable_prompt",
            )
        kind = ask.target.kind or parsed.layout.kind
        found = await self._found(parsed.state, kind, ask)
        proposals = await asyncio.to_thread(propose, parsed.state, kind, found)
        temperature = self._settings.temperature if ask.temperature is None else ask.temperature
        chosen = choose(proposals, ask.n, temperature, ask.seed)
        layout = TACTIC if kind == "tactic" else INSTRUCT
        answers = [self._answer(layout.answer(one.text), one.score, ask) for one in chosen]
        return Made(tuple(answers), ask.prompt_tokens())

    @staticmethod
    def _answer(text: str, score: float, ask: Ask) -> Answer:
        return cut_at_stop(Answer(text, round(score, 6), estimate_tokens(text)), ask.stop)

    async def _found(self, state: ProofState, kind: str, ask: Ask) -> Found:
        if self._retriever is None or time.monotonic() < self._asks_again_s:
            return Found()
        target = ask.target
        kinds: tuple[Kind, ...] = (Kind.TACTIC, Kind.PREMISE, Kind.DEFINITION)
        if kind == "proof":
            kinds = (Kind.PROOF, *kinds)
        question = Question(
            goal=state.goal,
            hypotheses=tuple(Hypothesis((one.name,), one.type, one.body) for one in state.hypotheses),
            position=Position(target.project, target.file, target.byte, () if target.file else target.requires),
            kinds=kinds,
            k=max(self._settings.neighbours, ask.n),
        )
        try:
            return await self._retriever.retrieve(question, timeout_s=self._settings.retriever_timeout_s)
        except NotIndexedError:
            return Found()
        except RetrieverError as error:
            if isinstance(error, UnavailableError):
                self._asks_again_s = time.monotonic() + _REST_S
            _log.warning("no similar proofs", why=str(error))
            return Found()

    def lines(self, card: Card, ask: Ask) -> AsyncIterator[str] | None:
        """None: the answers are there at once."""
        return None

    async def problem(self) -> str:
        """None ever: without a retriever it answers too."""
        return ""

    async def close(self) -> None:
        """Closes the connection to the retriever."""
        if self._retriever is not None:
            await self._retriever.close()
