"""The engine's own socket: what is no answer is told from one."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from coq_checker.engine.wire import Door, Wire, WireClosedError, WireForgedError, WireOutputError


class Peer:
    """The other end of a wire, in a test's hands."""

    def __init__(self, wire: Wire, connection: socket.socket, token: str) -> None:
        self.wire, self.connection, self.token = wire, connection, token

    def answer(self, number: int, value: object, token: str | None = None) -> bytes:
        text = json.dumps(value).encode()
        return f"{self.token if token is None else token} {number} 2500 {len(text)}\n".encode() + text

    async def ask(self, *said: bytes, limit_bytes: int = 1000, close: bool = False) -> dict[str, object]:
        """What comes of a request after which these bytes are written, piece by piece."""
        asking = asyncio.create_task(self.wire.request("query", b"1", b"Check 0.", limit_bytes=limit_bytes))
        for piece in said:
            await asyncio.sleep(0)
            self.connection.sendall(piece)
            await asyncio.sleep(0.005)
        if close:
            self.connection.close()
        return await asking


async def enter(folder: Path, first: bytes | None = None) -> Peer:
    with Door(folder / "door") as door:
        entering = asyncio.create_task(door.enter())
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(door.path))
        hello = f"{door.token} 0 7 11\n".encode() + b'{"pid": 17}'
        connection.sendall(hello if first is None else first)
        wire, said = await entering
        assert said == {"pid": 17}
        return Peer(wire, connection, door.token)


@pytest_asyncio.fixture
async def peer(tmp_path: Path) -> AsyncIterator[Peer]:
    found = await enter(tmp_path)
    yield found
    found.wire.close()
    found.connection.close()


async def test_an_answer(peer: Peer) -> None:
    for number in (1, 2, 3):
        whole = peer.answer(number, {"messages": ["é\n", str(number)]})
        assert await peer.ask(whole[:3], whole[3:20], whole[20:]) == {"messages": ["é\n", str(number)]}
        assert peer.wire.cpu_ns == 2_500_000
    assert peer.connection.recv(1000).startswith(b"query 1 1000 1 8\n1Check 0.query 2 ")


async def test_bytes_that_are_no_text(peer: Peer) -> None:
    said = b'{"m": "\xff\x00\n"}'
    found = await peer.ask(f"{peer.token} 1 7 {len(said)}\n".encode() + said)
    assert found == {"m": "�\x00\n"}


async def test_a_large_request(peer: Peer) -> None:
    asking = asyncio.create_task(peer.wire.request("advance", b"x" * (4 << 20), limit_bytes=1000))
    await asyncio.sleep(0.01)
    peer.connection.setblocking(False)
    received = 0
    while received < 4 << 20:
        received += len(await asyncio.get_running_loop().sock_recv(peer.connection, 1 << 20))
    peer.connection.sendall(peer.answer(1, {}))
    assert await asking == {}


@pytest.mark.parametrize(
    "forged",
    [
        "0123456789abcdef 1 7 2\n{}",
        "token 1 7 2\n{}",
        "TOKEN 2 7 2\n{}",
        "TOKEN 0 7 2\n{}",
        "TOKEN 1 7 -2\n{}",
        "TOKEN 1 -7 2\n{}",
        "TOKEN 1 7\n{}",
        "TOKEN 1 7 2 2\n{}",
        "TOKEN 1 7 two\n{}",
        "TOKEN 1  2\n{}",
        "\n",
        "x" * 200,
        "TOKEN 1 7 2\n{]",
        "TOKEN 1 7 2\n[]",
    ],
)
async def test_forged(peer: Peer, forged: str) -> None:
    with pytest.raises(WireForgedError):
        await peer.ask(forged.replace("TOKEN", peer.token).encode())


async def test_forged_before_it_is_asked(peer: Peer) -> None:
    peer.connection.sendall(b"x 1 2\n{}")
    await asyncio.sleep(0.01)
    with pytest.raises(WireForgedError):
        await peer.ask()


async def test_forged_at_the_door(tmp_path: Path) -> None:
    with pytest.raises(WireForgedError):
        await enter(tmp_path, b'0123456789abcdef 0 7 11\n{"pid": 17}')
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("written", [0, 5, 30])
async def test_half_written(peer: Peer, written: int) -> None:
    whole = peer.answer(1, {"messages": ["a message"]})
    with pytest.raises(WireClosedError):
        await peer.ask(whole[:written], close=True)
    assert peer.wire.ended
    with pytest.raises(WireClosedError):
        await peer.ask()


async def test_too_large(peer: Peer) -> None:
    with pytest.raises(WireOutputError):
        await peer.ask(f"{peer.token} 1 7 {1 << 40}\n".encode())


async def test_the_process_says_that_it_is_too_much(peer: Peer) -> None:
    with pytest.raises(WireOutputError):
        await peer.ask(peer.answer(1, {"overflow": 1}))


async def test_closed_here(peer: Peer) -> None:
    asking = asyncio.create_task(peer.wire.request("query", limit_bytes=1000))
    await asyncio.sleep(0)
    peer.wire.close()
    peer.wire.close()
    with pytest.raises(WireClosedError):
        await asking


async def test_an_answer_that_nobody_waits_for_is_not_taken_for_the_next(peer: Peer) -> None:
    asking = asyncio.create_task(peer.wire.request("query", limit_bytes=1000))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    with pytest.raises(WireClosedError):
        await peer.ask()
