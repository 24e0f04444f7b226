"""What a backend is asked, and what it gives, as values."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from coqdata.fields import shown
from coqdata.prompts import Message, estimate_tokens
from model_server.client import Answer
from model_server.errors import InvalidRequestError

KINDS = ("proof", "tactic")


@dataclass(frozen=True, slots=True)
class Target:
    """The theorem that a request is about, out of its `metadata`.

    Attributes:
        project, file, theorem: empty where not told.
        byte: offset of the theorem in the file.
        requires: logical names of the libraries that free text requires.
        kind: `proof` or `tactic`; empty where not told.
        printing: the printing profile that the goal is printed under; empty where not told.
    """

    project: str = ""
    file: str = ""
    theorem: str = ""
    byte: int = 0
    requires: tuple[str, ...] = ()
    kind: str = ""
    printing: str = ""

    @classmethod
    def of(cls, metadata: Mapping[str, str]) -> "Target":
        """The target of a request.

        Raises:
            InvalidRequestError: a value means nothing.
        """
        position = metadata.get("position", "0")
        # `int` takes no more than some thousand digits.
        if not position.isascii() or not position.isdigit() or len(position) > 10 or int(position) >= 1 << 32:
            told = f"metadata.position is {shown(position)}: give a byte offset."
            raise InvalidRequestError(told, "invalid_metadata")
        kind = metadata.get("kind", "")
        if kind and kind not in KINDS:
            raise InvalidRequestError(f"metadata.kind is {shown(kind)}: give `proof` or `tactic`.", "invalid_metadata")
        return cls(
            metadata.get("project", ""),
            metadata.get("file", ""),
            metadata.get("theorem", ""),
            int(position),
            tuple(metadata.get("requires", "").replace(",", " ").split()),
            kind,
            metadata.get("printing", ""),
        )


@dataclass(frozen=True, slots=True)
class Ask:
    """A request as a backend sees it.

    Attributes:
        messages: the conversation; empty for a completion.
        prompt: the text to go on with; None for a conversation.
        n: how many answers.
        temperature, top_p, seed, max_tokens: of sampling; None: the backend's own.
        stop: texts that end an answer; they are no part of it.
        target: the theorem.
        raw: the request's whole body, for a server behind this one.
    """

    messages: tuple[Message, ...]
    prompt: str | None = None
    n: int = 1
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    target: Target = field(default_factory=Target)
    raw: Mapping[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Where OpenAI's interface has it."""
        return "/chat/completions" if self.prompt is None else "/completions"

    def prompt_tokens(self) -> int:
        """About how many tokens the prompt has."""
        if self.prompt is not None:
            return estimate_tokens(self.prompt)
        return sum(estimate_tokens(one.content) + 4 for one in self.messages)


@dataclass(frozen=True, slots=True)
class Made:
    """The answers to a request, and how many tokens its prompt has."""

    answers: tuple[Answer, ...]
    prompt_tokens: int


@dataclass(frozen=True, slots=True)
class Card:
    """What a model is.

    Attributes:
        name: to ask for it.
        backend: what makes its answers.
        layouts: the prompt layouts that it reads; empty: any text.
        printing: the printing profile that it was made for; empty: any (it does not read goals).
        owner: who made it.
    """

    name: str
    backend: str
    layouts: tuple[str, ...]
    printing: str
    owner: str = "palmetto"


class Backend(Protocol):
    """What makes answers. One object serves one or more models, for as long as its context is open."""

    def cards(self) -> tuple[Card, ...]:
        """Its models, the default one first."""

    async def make(self, card: Card, ask: Ask) -> Made:
        """The answers of a model, best first.

        Raises:
            ApiError: there are none.
        """

    def lines(self, card: Card, ask: Ask) -> AsyncIterator[str] | None:
        """The answer as a stream of `data:` lines' contents; None where it comes at once (`make` has it)."""

    async def problem(self) -> str:
        """Why it cannot answer now, in one sentence; empty when it can."""

    async def close(self) -> None:
        """Gives back what it holds."""


def cut_at_stop(answer: Answer, stop: tuple[str, ...]) -> Answer:
    """The answer up to the first text that ends it."""
    ends = [at for text in stop if text and (at := answer.text.find(text)) >= 0]
    if not ends:
        return answer
    text = answer.text[: min(ends)]
    return Answer(text, answer.score, estimate_tokens(text), "stop")
