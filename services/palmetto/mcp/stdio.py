"""MCP over standard input and output.

The SDK reads and writes its standard streams in threads that cannot be interrupted: a signal would wait for the next
line of a client that says nothing, and a client that does not read would hold the process. So the streams here are
read and written by threads that die with the process, and what the SDK leaves unanswered (a line that is no message,
or too long) gets an answer.
"""

import asyncio
import contextlib
import json
import os
import queue
import re
import signal
import threading
from collections.abc import Callable
from typing import Any

from mcp.server.stdio import stdio_server
from mcp_types import INVALID_REQUEST, PARSE_ERROR, JSONRPCNotification, jsonrpc_message_adapter

from palmetto.mcp.server import PalmettoServer
from palmetto.mcp.settings import MESSAGE_BYTES

_CHUNK = 1 << 16
# Lines that were read and are not yet dealt with.
_AHEAD = 64
# Where the id of a request stands that is too long to be parsed: clients write it near one end.
_END_BYTES = 300
# How long a client that has ended may go on reading.
_FLUSH_S = 1.0
_ID = re.compile(rb'"id"\s*:\s*(-?\d{1,18}|"[^"\\]{0,100}")')


class Input:
    """Lines from a descriptor, without the end of line. Iterate once, in the event loop that made it."""

    def __init__(self, descriptor: int, output: "Output") -> None:
        self._descriptor = descriptor
        self._output = output
        self._refuse = output.refuse
        self._loop = asyncio.get_running_loop()
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._room = threading.Semaphore(_AHEAD)
        self._ended = False
        threading.Thread(target=self._read, name="mcp-stdin", daemon=True).start()

    def end(self) -> None:
        """As if the client had closed its side."""
        if not self._ended:
            self._ended = True
            self._lines.put_nowait(None)
            self._loop.call_later(_FLUSH_S, self._output.give_up)

    def __aiter__(self) -> "Input":
        """Itself."""
        return self

    async def __anext__(self) -> str:
        """The next line."""
        line = None if self._ended else await self._lines.get()
        if line is None or self._ended:
            raise StopAsyncIteration
        self._room.release()
        return line

    def _read(self) -> None:
        buffer = bytearray()
        dropped: bytes | None = None  # the beginning of a line that is too long
        try:
            while chunk := os.read(self._descriptor, _CHUNK):
                buffer += chunk
                while (end := buffer.find(b"\n")) >= 0:
                    line = bytes(buffer[:end])
                    del buffer[: end + 1]
                    if dropped is not None:
                        self._too_long(dropped, line)
                        dropped = None
                    else:
                        self._take(line)
                if len(buffer) > MESSAGE_BYTES:
                    dropped = dropped if dropped is not None else bytes(buffer[:_END_BYTES])
                    del buffer[:-_END_BYTES]
        except OSError:
            pass  # the same as its end
        self._tell(self.end)

    def _take(self, line: bytes) -> None:
        if not line.strip():
            return
        if len(line) > MESSAGE_BYTES:
            self._too_long(line[:_END_BYTES], line)
            return
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            self._tell(self._refuse, None, PARSE_ERROR, "the line is no JSON.")
            return
        try:
            # Half of a surrogate pair, which no UTF-8 can hold: JSON may escape it all the same.
            json.dumps(message, ensure_ascii=False).encode()
        except (UnicodeEncodeError, RecursionError):
            name = message.get("id") if isinstance(message, dict) else None
            self._tell(self._refuse, name, INVALID_REQUEST, "the message holds half of a surrogate pair.")
            return
        if not _is_message(message):
            name = message.get("id") if isinstance(message, dict) else None
            self._tell(self._refuse, name, INVALID_REQUEST, "the line is no message of JSON-RPC 2.0.")
            return
        self._room.acquire()
        self._tell(self._lines.put_nowait, line.decode())

    def _too_long(self, beginning: bytes, end: bytes) -> None:
        found = _ID.search(beginning) or next(reversed(list(_ID.finditer(end[-_END_BYTES:]))), None)
        name = json.loads(found[1]) if found is not None else None
        self._tell(self._refuse, name, INVALID_REQUEST, f"the message has more than {MESSAGE_BYTES} bytes.")

    def _tell(self, what: Callable[..., object], *arguments: object) -> None:
        # An error: the loop has ended, and the process is about to.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(what, *arguments)


class Output:
    """Writes to a descriptor, one text after the other.

    Attributes:
        gone: called when nobody reads any longer.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.gone: Callable[[], None] = lambda: None
        self._loop = asyncio.get_running_loop()
        self._given_up = self._loop.create_future()
        self._texts: queue.SimpleQueue[tuple[bytes, asyncio.Future[None] | None]] = queue.SimpleQueue()
        threading.Thread(target=self._write, name="mcp-stdout", daemon=True).start()

    async def write(self, text: str) -> None:
        """Writes all of it; nothing where nobody reads any longer."""
        if self._given_up.done():
            return
        done = self._loop.create_future()
        self._texts.put((text.encode(), done))
        await asyncio.wait((done, self._given_up), return_when=asyncio.FIRST_COMPLETED)

    def give_up(self) -> None:
        """What is not written by now need not be."""
        _finish(self._given_up)

    async def flush(self) -> None:
        """Nothing is held back."""

    def refuse(self, name: Any, code: int, message: str) -> None:
        """Answers what is no request that can be dealt with."""
        name = name if isinstance(name, str | int) else None
        answer = {"jsonrpc": "2.0", "id": name, "error": {"code": code, "message": message}}
        self._texts.put((json.dumps(answer).encode() + b"\n", None))

    def _write(self) -> None:
        broken = False
        while True:
            data, done = self._texts.get()
            try:
                while data and not broken:
                    data = data[os.write(self._descriptor, data) :]
            except OSError:
                broken = True
                self._tell(self.gone)
            if done is not None:
                self._tell(_finish, done)

    def _tell(self, what: Callable[..., object], *arguments: object) -> None:
        # An error: the loop has ended, and the process is about to.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(what, *arguments)


def _finish(done: "asyncio.Future[None]") -> None:
    if not done.done():
        done.set_result(None)


def _is_message(value: Any) -> bool:
    """Whether the SDK would take it, and not for something else: one with an id of another kind is no notification."""
    try:
        found = jsonrpc_message_adapter.validate_python(value, by_name=False)
    except ValueError:
        return False
    return not isinstance(found, JSONRPCNotification) or "id" not in value


def _claim() -> tuple[int, int]:
    """Descriptors of our own for the client's streams; what others read or print goes elsewhere."""
    own_in, own_out = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return own_in, own_out


async def serve_stdio(server: PalmettoServer) -> None:
    """Serves one client until its input ends, or SIGINT or SIGTERM."""
    own_in, own_out = _claim()
    output = Output(own_out)
    lines = Input(own_in, output)
    output.gone = lines.end
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, lines.end)
    async with stdio_server(lines, output) as (reading, writing):  # type: ignore[arg-type]
        await server.serve_streams(reading, writing)
