"""Any OpenAI-compatible server behind this one: vLLM, SGLang, TGI, llama.cpp, or a service on the network."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from model_server.ask import Ask, Card, Made
from model_server.client import (
    AccessError,
    BadAnswerError,
    ModelBusyError,
    ModelClient,
    ModelDownError,
    ModelError,
    ModelFailedError,
    ModelTimeoutError,
    RefusedError,
    RetryPolicy,
    UnknownModelError,
)
from model_server.errors import ApiError, BusyError, InvalidRequestError, UpstreamError
from model_server.settings import ModelServerSettings

_PROBE_S = 5.0
# Where a server that has no room does not say when to come back.
_COME_BACK_S = 1.0
_NAMES: dict[type[ModelError], str] = {
    ModelDownError: "down",
    ModelTimeoutError: "timeout",
    ModelBusyError: "busy",
    ModelFailedError: "failed",
    BadAnswerError: "bad_answer",
}


class ProxyBackend:
    """Passes requests on, with retries, a limit on how many are under way, and as many answers as were asked for.

    Args:
        settings: where the server is; its key is sent and never logged.
        retry: how often failures that may pass are tried again.
        failed: told the kind of each failed attempt.
    """

    def __init__(self, settings: ModelServerSettings, retry: RetryPolicy, failed: Callable[[str], None]) -> None:
        self._settings = settings
        name = settings.name or settings.model or "proxy"
        layouts = (settings.layout,) if settings.layout else ()
        self._card = Card(name, "proxy", layouts, settings.printing or "default", "upstream")
        self._client = ModelClient(
            settings.upstream,
            settings.model,
            api_key=settings.api_key.get_secret_value(),
            retry=retry,
            timeout_s=settings.timeout_s,
            connect_timeout_s=settings.connect_timeout_s,
            max_in_flight=settings.upstream_in_flight,
            max_answer_chars=settings.max_answer_chars,
            max_bytes=settings.max_answer_bytes,
            failed=lambda error: failed(_NAMES.get(type(error), "refused")),
        )

    def cards(self) -> tuple[Card, ...]:
        """The one model."""
        return (self._card,)

    async def make(self, card: Card, ask: Ask) -> Made:
        """The server's answers."""
        try:
            body = await self._body(ask)
            reply = await self._client.gather(ask.path, body, ask.n, ask.seed)
        except ModelError as error:
            raise _told(error) from error
        return Made(reply.answers, reply.prompt_tokens or ask.prompt_tokens())

    async def _body(self, ask: Ask) -> dict[str, Any]:
        """The request as it is passed on: whatever it holds, but the model's name there."""
        left_out = {"n", "seed", "stream", "stream_options"}
        if not self._settings.forward_metadata:
            left_out.add("metadata")
        body = {name: value for name, value in ask.raw.items() if name not in left_out and value is not None}
        plain = self._settings.model and not self._settings.forward_metadata
        body["model"] = self._settings.model if plain else (await self._client.served()).name
        return body

    async def lines(self, card: Card, ask: Ask) -> AsyncIterator[str]:
        """The server's own stream, passed on as it comes; as many choices as the server gives."""
        try:
            body = await self._body(ask) | {"stream": True, "n": ask.n}
            body |= {name: ask.raw[name] for name in ("seed", "stream_options") if ask.raw.get(name) is not None}
            async with self._client.stream(ask.path, body) as lines:
                async for line in lines:
                    name, _, value = line.partition(":")
                    value = value.removeprefix(" ")
                    if name == "data" and value == "[DONE]":
                        return
                    if name == "data":
                        yield value
        except ModelError as error:
            raise _told(error) from error
        raise UpstreamError("the server behind this one ended its stream too early.", "upstream_bad_answer")

    async def problem(self) -> str:
        """Whether the server answers."""
        try:
            async with asyncio.timeout(_PROBE_S):
                await self._client.models()
        except TimeoutError:
            return f"{self._client.base_url} does not answer within {_PROBE_S:g} s."
        except ModelError as error:
            return str(error)
        return ""

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.close()


def _told(error: ModelError) -> ApiError:
    """A failure of the server behind this one, as this one tells it."""
    text = str(error)
    match error:
        case AccessError():
            return UpstreamError(f"{text} Is PALMETTO_MODEL_API_KEY right?", "upstream_access")
        case UnknownModelError():
            return UpstreamError(f"{text} Is PALMETTO_MODEL_MODEL right?", "upstream_model")
        case RefusedError():
            return InvalidRequestError(text, error.code or "upstream_refused", status=error.status or 400)
        case ModelBusyError():
            return BusyError(text, "upstream_busy", retry_after_s=error.retry_after_s or _COME_BACK_S)
        case ModelTimeoutError():
            return UpstreamError(text, "upstream_timeout", status=504)
        case ModelDownError():
            return UpstreamError(text, "upstream_down")
        case ModelFailedError():
            return UpstreamError(text, "upstream_failed")
        case _:
            return UpstreamError(text, "upstream_bad_answer")
