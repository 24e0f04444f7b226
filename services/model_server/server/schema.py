"""Requests as they come, in OpenAI's shape. Fields that are not named here are kept for a server behind this one."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from coqdata.prompts import Message
from model_server.ask import Ask, Target
from model_server.errors import InvalidRequestError

# What would change the meaning of an answer if it were passed over in silence.
_NOT_HERE = (
    "tools",
    "tool_choice",
    "functions",
    "function_call",
    "logprobs",
    "top_logprobs",
    "logit_bias",
    "echo",
    "suffix",
    "best_of",
    "audio",
    "structured_outputs",
    "continue_final_message",
)
_HARMLESS = {"tool_choice": ("none", "auto"), "best_of": (1,)}

_Stop = Annotated[str, Field(max_length=1000)]


class TextPart(BaseModel):
    """A part of a message's content."""

    model_config = ConfigDict(extra="allow")

    type: Literal["text"]
    text: str


class ChatMessage(BaseModel):
    """A message."""

    model_config = ConfigDict(extra="allow")

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[TextPart]

    def message(self) -> Message:
        """The message as a value."""
        text = self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)
        return Message("system" if self.role == "developer" else self.role, text)


class StreamOptions(BaseModel):
    """How an answer is streamed."""

    include_usage: bool = False


class Sampling(BaseModel):
    """What both kinds of requests have."""

    model_config = ConfigDict(extra="allow")

    model: str = Field("", max_length=500, description="One of `/v1/models`; empty: the first one.")
    n: int = Field(1, ge=1)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    seed: int | None = Field(None, ge=-(1 << 63), lt=1 << 63)
    max_tokens: int | None = Field(None, ge=1)
    stop: _Stop | Annotated[list[_Stop], Field(max_length=16)] | None = None
    stream: bool = False
    stream_options: StreamOptions | None = None
    metadata: dict[str, str] = Field(
        default_factory=dict,
        max_length=16,
        description="project, file, theorem, position (a byte offset), kind (proof, tactic), printing, requires.",
    )

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_absent(cls, body: Any) -> Any:
        return {name: value for name, value in body.items() if value is not None} if isinstance(body, dict) else body

    def stops(self) -> tuple[str, ...]:
        """The texts that end an answer."""
        if self.stop is None:
            return ()
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop)

    def must_be_plain(self) -> None:
        """Looks for what only some servers can do.

        Raises:
            InvalidRequestError: there is such a thing.
        """
        extra = self.model_extra or {}
        for name in _NOT_HERE:
            if extra.get(name) and extra[name] not in _HARMLESS.get(name, ()):
                raise InvalidRequestError(f"{name} is not supported by this model: leave it out.", "unsupported")
        form = extra.get("response_format")
        if isinstance(form, dict) and form.get("type") != "text":
            raise InvalidRequestError("response_format must be text for this model.", "unsupported")


class ChatRequest(Sampling):
    """A request of `/v1/chat/completions`."""

    messages: list[ChatMessage] = Field(min_length=1, max_length=1000)
    max_completion_tokens: int | None = Field(None, ge=1)

    def ask(self, raw: dict[str, Any]) -> Ask:
        """The request as a value."""
        return Ask(
            messages=tuple(one.message() for one in self.messages),
            n=self.n,
            temperature=self.temperature,
            top_p=self.top_p,
            seed=self.seed,
            max_tokens=self.max_completion_tokens or self.max_tokens,
            stop=self.stops(),
            target=Target.of(self.metadata),
            raw=raw,
        )


class CompletionRequest(Sampling):
    """A request of `/v1/completions`."""

    prompt: str | Annotated[list[str], Field(min_length=1)]

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not self.text:
            raise ValueError("the prompt is empty")
        if not isinstance(self.prompt, str) and len(self.prompt) > 1:
            raise ValueError("one request takes one prompt: send a request for each")
        return self

    @property
    def text(self) -> str:
        """The prompt."""
        return self.prompt if isinstance(self.prompt, str) else self.prompt[0]

    def ask(self, raw: dict[str, Any]) -> Ask:
        """The request as a value."""
        return Ask(
            messages=(),
            prompt=self.text,
            n=self.n,
            temperature=self.temperature,
            top_p=self.top_p,
            seed=self.seed,
            max_tokens=self.max_tokens,
            stop=self.stops(),
            target=Target.of(self.metadata),
            raw=raw,
        )
