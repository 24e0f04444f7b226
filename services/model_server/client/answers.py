"""The choices in an OpenAI-compatible answer, as values."""

import math
from dataclasses import dataclass
from typing import Any

from model_server.client.errors import BadAnswerError


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a model.

    Attributes:
        text: what it said.
        score: higher is better; comparable within one call. 0 where the server gives none.
        tokens: how many tokens it has; 0 where the server does not say.
        finish_reason: `stop`, or `length` where it was cut off.
    """

    text: str
    score: float = 0.0
    tokens: int = 0
    finish_reason: str = "stop"


@dataclass(frozen=True, slots=True)
class Reply:
    """What one request gave: the answers, and how many tokens the prompt has (0: not told)."""

    answers: tuple[Answer, ...]
    prompt_tokens: int = 0


def read_reply(body: dict[str, Any], max_chars: int) -> Reply:
    """The answers in a body of `/chat/completions` or `/completions`.

    An answer longer than `max_chars` is cut, and its `finish_reason` says so.

    Raises:
        BadAnswerError: it is no such body.
    """
    choices = body.get("choices")
    if not isinstance(choices, list):
        raise BadAnswerError("the model server's answer has no choices.", status=200)
    usage = body.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    answers = tuple(answer for choice in choices if (answer := _answer(choice, max_chars)) is not None)
    told = _count(usage.get("completion_tokens"))
    if told and answers and not any(one.tokens for one in answers):
        share = math.ceil(told / len(answers))
        answers = tuple(Answer(one.text, one.score, share, one.finish_reason) for one in answers)
    return Reply(answers, _count(usage.get("prompt_tokens")))


def _answer(choice: object, max_chars: int) -> Answer | None:
    """A choice as a value; None where it holds no text (a refusal, a tool call)."""
    if not isinstance(choice, dict):
        raise BadAnswerError("the model server's answer has a choice that is no object.", status=200)
    message = choice.get("message")
    text = message.get("content") if isinstance(message, dict) else choice.get("text")
    if text is None:
        return None
    if not isinstance(text, str):
        raise BadAnswerError("the model server's answer has a choice whose text is no text.", status=200)
    score = choice.get("score")
    finish_reason = choice.get("finish_reason")
    return Answer(
        text[:max_chars],
        float(score) if isinstance(score, int | float) and math.isfinite(score) else 0.0,
        _count(choice.get("tokens")),
        "length" if len(text) > max_chars else finish_reason if isinstance(finish_reason, str) else "stop",
    )


def _count(given: object) -> int:
    return given if isinstance(given, int) and given > 0 else 0
