"""An OpenAI-compatible server with faults: what it does to each request is written down beforehand."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent back.

    Attributes:
        status, content, headers: of the response; a `content` of another kind than bytes is sent as JSON.
        wait_s: before the first byte. Long ones are never waited out: the client gives up before.
        cut: only half of the content is sent, then the connection is closed.
        drop: the connection is closed without a word.
    """

    status: int = 200
    content: Any = b""
    headers: dict[str, str] = field(default_factory=dict)
    wait_s: float = 0.0
    cut: bool = False
    drop: bool = False


@dataclass(slots=True)
class Upstream:
    """The server. Requests for answers take the replies in `script` one by one; behind them all is well.

    Attributes:
        url: its base address.
        asked: the requests for answers so far.
        script: replies to come.
        most: choices that it gives at the most (1: as TGI and `transformers serve`).
        models: what `/models` says.
        text: of its answers; `{seed}` and `{number}` are filled in.
        at_once, most_at_once: requests under way now, and at the most so far.
        gate: while it is closed no request for answers is answered.
    """

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    script: list[Reply] = field(default_factory=list)
    most: int = 100
    models: list[dict[str, Any]] = field(default_factory=lambda: [{"id": "big", "object": "model"}])
    text: str = "```coq\nauto. (* {seed} {number} *)\nQed.\n```"
    at_once: int = 0
    most_at_once: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def choices(self, request: Asked) -> dict[str, Any]:
        """A good answer."""
        count = min(int(request.body.get("n") or 1), self.most)
        chat = request.path.endswith("/chat/completions")
        choices = []
        for number in range(count):
            text = self.text.format(seed=request.body.get("seed"), number=number)
            said = {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
            choices.append({"index": number, "finish_reason": "stop", **said})
        usage = {"prompt_tokens": 7, "completion_tokens": 5 * count, "total_tokens": 7 + 5 * count}
        return {"id": "x", "object": "chat.completion", "choices": choices, "usage": usage}

    def chunks(self) -> bytes:
        """A good answer, streamed."""
        parts = [{"choices": [{"index": 0, "delta": {"content": text}}]} for text in ("au", "to.")]
        return b"".join(b"data: " + json.dumps(part).encode() + b"\n\n" for part in parts) + b"data: [DONE]\n\n"

    async def reply(self, request: Asked) -> Reply:
        """What a request is answered."""
        if request.path.endswith("/models"):
            return Reply(content={"object": "list", "data": self.models})
        self.asked.append(request)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.gate.wait()
        finally:
            self.at_once -= 1
        if self.script:
            return self.script.pop(0)
        if request.body.get("stream"):
            return Reply(content=self.chunks(), headers={"content-type": "text/event-stream"})
        return Reply(content=self.choices(request))


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    content = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(method, path, headers, json.loads(content) if content else {})


async def _write(writer: asyncio.StreamWriter, reply: Reply) -> None:
    content = reply.content if isinstance(reply.content, bytes) else json.dumps(reply.content).encode()
    headers = {"content-type": "application/json", **reply.headers, "content-length": str(len(content))}
    head = f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
    writer.write(head.encode() + (content[: len(content) // 2] if reply.cut else content))
    await writer.drain()


@contextlib.asynccontextmanager
async def upstream() -> AsyncIterator[Upstream]:
    """A server that is up for as long as the block lasts."""
    state = Upstream()
    state.gate.set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                request = await _read(reader)
                if request is None:
                    break
                reply = await state.reply(request)
                await asyncio.sleep(reply.wait_s)
                if reply.drop:
                    break
                await _write(writer, reply)
                if reply.cut:
                    break
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    state.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield state
    finally:
        state.gate.set()
        server.close()
