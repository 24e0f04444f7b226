"""Answers in OpenAI's shape, whole or as a stream of events."""

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

from model_server.ask import Ask, Card, Made


def models_body(cards: tuple[Card, ...], started: int) -> dict[str, Any]:
    """The body of `/v1/models`; what OpenAI's interface has no field for stands under `palmetto`."""
    return {"object": "list", "data": [model_body(card, started) for card in cards]}


def model_body(card: Card, started: int) -> dict[str, Any]:
    """A model of that list."""
    palmetto = {"backend": card.backend, "layouts": list(card.layouts), "printing": card.printing}
    return {"id": card.name, "object": "model", "created": started, "owned_by": card.owner, "palmetto": palmetto}


def _usage(made: Made) -> dict[str, int]:
    completion = sum(one.tokens for one in made.answers)
    return {
        "prompt_tokens": made.prompt_tokens,
        "completion_tokens": completion,
        "total_tokens": made.prompt_tokens + completion,
    }


def _head(card: Card, kind: str, *, chat: bool) -> dict[str, Any]:
    prefix = "chatcmpl" if chat else "cmpl"
    return {
        "id": f"{prefix}-{uuid.uuid4().hex}",
        "object": kind,
        "created": int(time.time()),
        "model": card.name,
    }


def answer_body(card: Card, ask: Ask, made: Made) -> dict[str, Any]:
    """The body of an answer; each choice has its `score` and its `tokens` besides."""
    chat = ask.prompt is None
    choices: list[dict[str, Any]] = []
    for index, one in enumerate(made.answers):
        said = {"message": {"role": "assistant", "content": one.text}} if chat else {"text": one.text}
        choices.append(
            {
                "index": index,
                **said,
                "logprobs": None,
                "finish_reason": one.finish_reason,
                "score": one.score,
                "tokens": one.tokens,
            }
        )
    head = _head(card, "chat.completion" if chat else "text_completion", chat=chat)
    return {**head, "choices": choices, "usage": _usage(made)}


def answer_events(card: Card, ask: Ask, made: Made, *, include_usage: bool) -> Iterator[str]:
    """The same as the contents of `data:` lines, without the last one, `[DONE]`."""
    chat = ask.prompt is None
    head = _head(card, "chat.completion.chunk" if chat else "text_completion", chat=chat)
    for index, one in enumerate(made.answers):
        said = {"delta": {"role": "assistant", "content": one.text}} if chat else {"text": one.text}
        first = {"index": index, **said, "finish_reason": None}
        nothing: dict[str, Any] = {"delta": {}} if chat else {"text": ""}
        ended = {
            "index": index,
            **nothing,
            "finish_reason": one.finish_reason,
            "score": one.score,
            "tokens": one.tokens,
        }
        yield json.dumps({**head, "choices": [first]})
        yield json.dumps({**head, "choices": [ended]})
    if include_usage:
        yield json.dumps({**head, "choices": [], "usage": _usage(made)})
