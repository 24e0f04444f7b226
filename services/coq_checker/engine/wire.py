"""Requests and answers over an engine's own socket, which nothing that Coq prints or reads can touch.

A request is a line `OPERATION NUMBER LIMIT LENGTH ...` and its fields of bytes, an answer a line
`TOKEN NUMBER CPU LENGTH` and JSON. See plugin/palmetto_wire.ml for the other end.
"""

import asyncio
import contextlib
import json
import os
import secrets
import socket
import struct
from pathlib import Path
from typing import Any

_READ_BYTES = 1 << 18
_CREDENTIALS = struct.Struct("3i")
# What an answer may take beyond the messages that its limit is about: goals have limits of their own.
_SLACK_BYTES = 32 << 20


class WireClosedError(Exception):
    """The process at the other end is gone."""


class WireOutputError(Exception):
    """The answer is larger than its limit; the process cannot be used any longer."""


class WireForgedError(Exception):
    """Something that is no answer has been written into the socket."""


class Door:
    """Where one process comes in: a socket in a folder, for as long as the block lasts.

    Attributes:
        path: of the socket.
        token: what the process shows to be the one that is waited for.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.token = secrets.token_hex(8)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)

    def __enter__(self) -> "Door":
        """Opens it.

        Raises:
            OSError: the folder cannot be written.
        """
        try:
            # A path has 107 bytes at the most: that of the folder may be longer.
            folder = os.open(self.path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                self._socket.bind(f"/proc/self/fd/{folder}/{self.path.name}")
            finally:
                os.close(folder)
            self._socket.listen(1)
        except BaseException:
            self._socket.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Closes it; who is in stays in."""
        self._socket.close()
        with contextlib.suppress(OSError):
            self.path.unlink()

    async def enter(self) -> tuple["Wire", dict[str, Any]]:
        """Waits for the process, and for what it says first."""
        connection = await self._accepted()
        wire = Wire(connection, self.token)
        try:
            return wire, await wire.hello()
        except BaseException:
            wire.close()
            raise

    async def _accepted(self) -> socket.socket:
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[socket.socket] = loop.create_future()

        def look() -> None:
            if waiter.done():
                return
            try:
                connection, _ = self._socket.accept()
            except BlockingIOError:
                return
            except OSError as error:
                waiter.set_exception(error)
            else:
                waiter.set_result(connection)

        loop.add_reader(self._socket, look)
        try:
            look()  # it may be there already
            return await waiter
        finally:
            loop.remove_reader(self._socket)


class Wire:
    """The socket of one process. Only one request may be under way at a time.

    Attributes:
        cpu_ns: CPU time that the process had used when it last answered.
    """

    def __init__(self, connection: socket.socket, token: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = connection
        self._token = token.encode()
        self.cpu_ns = 0
        self._count = 0
        self._buffer = bytearray()
        self._pending = b""
        self._length: int | None = None
        self._waiter: asyncio.Future[bytes] | None = None
        self._limit = 1 << 20
        self._closed = self._ended = False
        connection.setblocking(False)
        self._loop.add_reader(connection, self._readable)

    @property
    def peer(self) -> int:
        """The id of the process that came in, as seen from this process."""
        found = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        return int(_CREDENTIALS.unpack(found)[0])

    @property
    def ended(self) -> bool:
        """Whether the process at the other end is gone, or the socket closed."""
        if self._closed or self._ended:
            return True
        try:
            return self._socket.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    async def hello(self) -> dict[str, Any]:
        """What the process says first."""
        return await self._answer(b"")

    async def request(self, operation: str, *fields: bytes, limit_bytes: int) -> dict[str, Any]:
        """The answer to one request.

        Raises:
            WireClosedError: the process ended, or the socket was closed, before the answer.
            WireForgedError: something else was written.
            WireOutputError: the answer is too large.
        """
        self._count += 1
        self._limit = limit_bytes + _SLACK_BYTES
        head = f"{operation} {self._count} {limit_bytes} {' '.join([str(len(field)) for field in fields])}".rstrip()
        return await self._answer(b"".join((head.encode(), b"\n", *fields)))

    async def _answer(self, data: bytes) -> dict[str, Any]:
        if self._closed or self._ended:
            raise WireClosedError
        waiter = self._waiter = self._loop.create_future()
        if data:
            self._send(data)
        self._take()
        try:
            text = await waiter
        except BaseException:
            self.close()  # what still comes would pass for the next answer
            raise
        finally:
            self._waiter = None
        try:
            # Coq's texts may hold what is no UTF-8.
            found: object = json.loads(text.decode("utf-8", "replace"), strict=False)
        except ValueError as error:
            raise WireForgedError from error
        if not isinstance(found, dict):
            raise WireForgedError
        if "overflow" in found:
            raise WireOutputError
        return found

    def _send(self, data: bytes) -> None:
        data = self._pending + data
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._end(WireClosedError())
            return
        self._pending = data[sent:]
        if self._pending:
            self._loop.add_writer(self._socket, self._writable)

    def _writable(self) -> None:
        self._loop.remove_writer(self._socket)
        data, self._pending = self._pending, b""
        self._send(data)

    def _readable(self) -> None:
        try:
            data = self._socket.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._ended = True
            self._loop.remove_reader(self._socket)
            self._end(WireClosedError())
            return
        self._buffer += data
        self._take()

    def _take(self) -> None:
        """Gives the answer to who waits for it, once it is whole."""
        if self._waiter is None or self._waiter.done():
            return
        if self._length is None:
            at = self._buffer.find(b"\n")
            if at < 0:
                if len(self._buffer) > 128:
                    self._end(WireForgedError())
                return
            head = bytes(self._buffer[:at]).split(b" ")
            mine = head[:2] == [self._token, b"%d" % self._count] and len(head) == 4
            if not mine or not (head[2].isdigit() and head[3].isdigit()):
                self._end(WireForgedError())
                return
            self.cpu_ns, self._length = 1000 * int(head[2]), int(head[3])
            del self._buffer[: at + 1]
        if self._length > self._limit:
            self._end(WireOutputError())
        elif len(self._buffer) >= self._length:
            text = bytes(self._buffer[: self._length])
            del self._buffer[: self._length]
            self._length = None
            self._waiter.set_result(text)

    def _end(self, error: Exception) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)

    def close(self) -> None:
        """Closes the socket; a request under way fails with WireClosedError."""
        if self._closed:
            return
        self._closed = True
        if not self._ended:
            self._loop.remove_reader(self._socket)
        with contextlib.suppress(Exception):
            self._loop.remove_writer(self._socket)
        self._end(WireClosedError())
        self._socket.close()
