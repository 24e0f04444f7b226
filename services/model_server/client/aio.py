"""The asynchronous client."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from coqdata.prompts import Message
from model_server.client.answers import Answer, Reply, read_reply
from model_server.client.errors import ModelError, PrintingMismatchError, RefusedError, UnknownModelError
from model_server.client.http import Wire
from model_server.client.retry import RetryPolicy, with_retries

API_KEY_VARIABLE = "PALMETTO_MODEL_API_KEY"


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model of a server.

    Attributes:
        name: to ask for it.
        backend: how Palmetto's server makes its answers; empty for other servers, which do not say.
        layouts: the prompt layouts that it was made for; empty: not told.
        printing: the printing profile that it was made for; empty: not told.
    """

    name: str
    backend: str = ""
    layouts: tuple[str, ...] = ()
    printing: str = ""


class ModelClient:
    """A client of one OpenAI-compatible server. Use as an async context manager, one for a process.

    Args:
        base_url: such as `http://127.0.0.1:8000/v1`.
        model: which of its models; empty: its first one.
        api_key: empty: from PALMETTO_MODEL_API_KEY; it is never logged.
        retry: how often failures that may pass are tried again.
        timeout_s: for one exchange; connect_timeout_s: for a connection.
        max_in_flight: requests under way at one time; the others wait here.
        max_answer_chars: what is kept of one answer.
        max_bytes: the largest answer of the server that is read.
        failed: told each failed attempt (for figures).

    Every method raises a `ModelError` where there is no answer.
    """

    def __init__(
        self,
        base_url: str,
        model: str = "",
        *,
        api_key: str = "",
        retry: RetryPolicy | None = None,
        timeout_s: float = 120.0,
        connect_timeout_s: float = 10.0,
        max_in_flight: int = 16,
        max_answer_chars: int = 262_144,
        max_bytes: int = 32 << 20,
        failed: Callable[[ModelError], None] | None = None,
    ) -> None:
        key = api_key or os.environ.get(API_KEY_VARIABLE, "")
        self._wire = Wire(base_url, key, timeout_s=timeout_s, connect_timeout_s=connect_timeout_s, max_bytes=max_bytes)
        self._model = model
        self._retry = retry or RetryPolicy()
        self._room = asyncio.Semaphore(max_in_flight)
        self._max_answer_chars = max_answer_chars
        self._failed = failed
        self._served: ServedModel | None = None

    async def __aenter__(self) -> "ModelClient":
        """Nothing is sent yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the connections; what is under way is cancelled."""
        await self.close()

    async def close(self) -> None:
        """Closes the connections."""
        await self._wire.close()

    @property
    def base_url(self) -> str:
        """Where the server is."""
        return self._wire.base_url

    async def models(self) -> list[ServedModel]:
        """The server's models."""
        body = await self._ask("GET", "/models", None)
        listed = body.get("data")
        return [_served(one) for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []

    async def served(self) -> ServedModel:
        """The model that is asked; looked up once.

        Raises:
            UnknownModelError: the server does not have it.
        """
        if self._served is None:
            try:
                found = await self.models()
            except RefusedError as error:
                if not self._model or error.status not in (404, 405):
                    raise
                # Some servers have one model and no list of them.
                found = [ServedModel(self._model)]
            if not found:
                raise UnknownModelError(f"{self.base_url} serves no model.")
            names = [one.name for one in found]
            if self._model and self._model not in names:
                listed = ", ".join(names[:10])
                raise UnknownModelError(f"{self.base_url} has no model {self._model!r}: it has {listed}.", status=404)
            self._served = found[names.index(self._model)] if self._model else found[0]
        return self._served

    async def complete(
        self,
        messages: Iterable[Message | Mapping[str, str]],
        *,
        n: int = 1,
        temperature: float | None = None,
        seed: int | None = None,
        metadata: Mapping[str, str] | None = None,
        max_tokens: int | None = None,
        stop: Iterable[str] = (),
    ) -> list[Answer]:
        """The answers of `reply`, without what they cost."""
        return list((await self.reply(messages, n, temperature, seed, metadata, max_tokens, stop)).answers)

    async def reply(
        self,
        messages: Iterable[Message | Mapping[str, str]],
        n: int = 1,
        temperature: float | None = None,
        seed: int | None = None,
        metadata: Mapping[str, str] | None = None,
        max_tokens: int | None = None,
        stop: Iterable[str] = (),
    ) -> Reply:
        """Up to `n` answers to a conversation, best first where the server tells scores, and the prompt's tokens.

        Servers that give fewer than `n` choices (TGI, `transformers serve`) are asked again with other seeds.

        Args:
            messages: the conversation (`coqdata.prompts` renders it).
            n: how many answers.
            temperature: of sampling; None: the server's own.
            seed: of sampling.
            metadata: what Palmetto's own backends know the theorem by: `project`, `file`, `theorem`, `position`,
                `kind`, `printing`, `requires`. Other servers are not sent it, but `printing` is compared with the
                model's own wherever the server tells that.
            max_tokens: of one answer at the most.
            stop: texts that end an answer.

        Raises:
            PrintingMismatchError: the model was made for another printing profile. Nothing was asked.
        """
        served = await self.served()
        told = dict(metadata or {})
        check_printing(served, told.get("printing", ""))
        body: dict[str, Any] = {
            "model": served.name,
            "messages": [
                {"role": one.role, "content": one.content} if isinstance(one, Message) else dict(one)
                for one in messages
            ],
        }
        settings: dict[str, Any] = {"temperature": temperature, "max_tokens": max_tokens, "stop": list(stop) or None}
        body |= {name: value for name, value in settings.items() if value is not None}
        if told and served.backend:
            body["metadata"] = told
        reply = await self.gather("/chat/completions", body, n, seed)
        return Reply(tuple(sorted(reply.answers, key=lambda one: -one.score)), reply.prompt_tokens)

    async def gather(self, path: str, body: dict[str, Any], n: int, seed: int | None) -> Reply:
        """`n` answers to a request, in as many requests as the server needs for them.

        Where the answer is the same each time (temperature 0) and from a server that can count, nothing is added.
        """
        first = await self._once(path, body, n, seed)
        answers = list(first.answers)
        # A Palmetto server and an answer without any choice mean what they say.
        repeats = bool(answers) and body.get("temperature") != 0 and not (self._served and self._served.backend)
        if repeats and len(answers) < n:
            missing = n - len(answers)
            seeds = [None if seed is None else seed + 1 + number for number in range(missing)]
            more = await asyncio.gather(*(self._once(path, body, 1, one) for one in seeds), return_exceptions=True)
            for one in more:
                if isinstance(one, Reply):
                    answers += one.answers
                elif not isinstance(one, ModelError):
                    raise one
        return Reply(tuple(answers[:n]), first.prompt_tokens)

    @asynccontextmanager
    async def stream(self, path: str, body: dict[str, Any]) -> AsyncIterator[AsyncIterator[str]]:
        """The lines of a streamed answer, as they come. Tried again only until it has begun."""
        async with self._room:
            opened = self._wire.lines(path, body)
            attempt = 0
            while True:
                attempt += 1
                try:
                    lines = await opened.__aenter__()
                    break
                except ModelError as error:
                    if self._failed is not None:
                        self._failed(error)
                    wait_s = self._retry.wait_s(attempt, error)
                    if wait_s is None:
                        raise
                    await asyncio.sleep(wait_s)
                    opened = self._wire.lines(path, body)
            try:
                yield lines
            finally:
                await opened.__aexit__(None, None, None)

    async def _once(self, path: str, body: dict[str, Any], n: int, seed: int | None) -> Reply:
        asked = dict(body)
        if n != 1:
            asked["n"] = n
        if seed is not None:
            asked["seed"] = seed
        return read_reply(await self._ask("POST", path, asked), self._max_answer_chars)

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        async def once() -> dict[str, Any]:
            async with self._room:  # not held while waiting
                return await self._wire.exchange(method, path, body)

        return await with_retries(self._retry, once, self._failed)


def check_printing(served: ServedModel, printing: str) -> None:
    """Compares the profile that goals are printed under with the model's.

    Raises:
        PrintingMismatchError: they differ.
    """
    if printing and served.printing and printing != served.printing:
        raise PrintingMismatchError(
            f"the model {served.name!r} was made for goals printed with the profile {served.printing!r}, "
            f"not {printing!r}.",
            status=400,
            code="printing_mismatch",
        )


def _served(card: dict[str, Any]) -> ServedModel:
    told = card.get("palmetto")
    told = told if isinstance(told, dict) else {}
    layouts = told.get("layouts")
    return ServedModel(
        str(card.get("id", "")),
        str(told.get("backend", "")),
        tuple(map(str, layouts)) if isinstance(layouts, list) else (),
        str(told.get("printing", "")),
    )
