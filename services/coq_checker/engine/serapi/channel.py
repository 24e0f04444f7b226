"""The two ends of a sertop process: commands out, answers in."""

import asyncio
import contextlib
import os
import secrets

from coq_checker.engine.serapi.answers import Answer, read_answer


class ChannelClosedError(Exception):
    """The process at the other end is gone."""


class OutputLimitError(Exception):
    """The process answered more bytes than the limit; it cannot be used any longer."""


_MISUNDERSTOOD = b"(Of_sexp_error"


class Channel:
    """One conversation: a request is some commands, its answer ends when the last is completed.

    Tags carry a nonce, so that no text printed by Coq can pass for the end of an answer. Only one
    request may be under way at a time.

    Attributes:
        misunderstood: the process said that it does not know a command, and would never answer.

    Args:
        read_fd: where the process's standard output arrives; non-blocking, owned by the channel.
        write_fd: the process's standard input; non-blocking, owned by the channel.
    """

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._read_fd = read_fd
        self._write_fd = write_fd
        self._buffer = bytearray()
        self._pending = b""
        self._nonce = b"p" + secrets.token_hex(6).encode()
        self._count = 0
        self._end = b""
        self._limit = 0
        self._waiter: asyncio.Future[bytes] | None = None
        self._closed = False
        self._eof = False
        self.misunderstood = False
        os.set_blocking(read_fd, False)
        os.set_blocking(write_fd, False)
        self._loop.add_reader(read_fd, self._readable)

    @property
    def ended(self) -> bool:
        """Whether the process at the other end is gone, or the channel closed."""
        return self._closed or self._eof

    async def request(self, *commands: bytes, limit_bytes: int = 64 << 20) -> list[Answer]:
        """Sends the commands in one write and returns the answer of each.

        Raises:
            ChannelClosedError: the process died, or the channel was closed, before the end.
            OutputLimitError: the answers grew beyond `limit_bytes`.
        """
        if self._closed or self._eof:
            raise ChannelClosedError
        tags = [b"%s%d" % (self._nonce, self._count + 1 + index) for index in range(len(commands))]
        self._count += len(commands)
        self._end = b"(Answer %s Completed)\n" % tags[-1]
        self._limit = limit_bytes
        data = b"".join(b"(%s %s)\n" % (tag, command) for tag, command in zip(tags, commands, strict=True))
        rest = await self._exchange(data)
        found: list[Answer] = []
        for tag in tags:
            lines, _, rest = rest.partition(b"(Answer %s Completed)\n" % tag)
            found.append(read_answer(tag, lines))
        return found

    async def request_raw(self, command: bytes, end: bytes) -> bytes:
        """Sends one untagged command and returns everything up to the bytes `end` and the line's end."""
        if self._closed or self._eof:
            raise ChannelClosedError
        self._end, self._limit = end, 1 << 20
        return await self._exchange(command + b"\n")

    async def _exchange(self, data: bytes) -> bytes:
        self._waiter = self._loop.create_future()
        self._buffer.clear()
        self._send(data)
        try:
            return await self._waiter
        except asyncio.CancelledError:
            self.close()  # what still comes would pass for the answer of the next request
            raise
        finally:
            self._waiter = None

    def _send(self, data: bytes) -> None:
        data = self._pending + data
        try:
            sent = os.write(self._write_fd, data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._finish()
            return
        if sent < len(data):
            self._pending = data[sent:]
            self._loop.add_writer(self._write_fd, self._writable)
        else:
            self._pending = b""

    def _writable(self) -> None:
        self._loop.remove_writer(self._write_fd)
        data, self._pending = self._pending, b""
        if data:
            self._send(data)

    def _readable(self) -> None:
        try:
            data = os.read(self._read_fd, 1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._eof = True
            self._loop.remove_reader(self._read_fd)
            self._finish()
            return
        waiter = self._waiter
        if waiter is None or waiter.done():
            return  # late feedback of a request that was given up
        buffer = self._buffer
        buffer += data
        if buffer.endswith(b")\n") and buffer.find(self._end, max(0, len(buffer) - len(data) - 256)) >= 0:
            answer = bytes(buffer)
            buffer.clear()
            waiter.set_result(answer)
        elif buffer.startswith(_MISUNDERSTOOD) or b"\n" + _MISUNDERSTOOD in buffer[-len(data) - 16 :]:
            self.misunderstood = True
            waiter.set_exception(ChannelClosedError())
        elif len(buffer) > self._limit:
            waiter.set_exception(OutputLimitError())

    def _finish(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(ChannelClosedError())

    def close(self) -> None:
        """Closes both ends; a request under way fails with ChannelClosedError."""
        if self._closed:
            return
        self._closed = True
        if not self._eof:
            self._loop.remove_reader(self._read_fd)
        with contextlib.suppress(Exception):
            self._loop.remove_writer(self._write_fd)
        self._finish()
        for fd in {self._read_fd, self._write_fd}:
            with contextlib.suppress(OSError):
                os.close(fd)
