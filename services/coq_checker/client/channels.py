"""The checkers behind an address, and which of them is asked.

A checker keeps what it was asked about: the file of a theorem, executed up to it, and the beginning of its proof. So a
theorem stays with one checker, and a new one goes to a checker with the fewest theorems under way, one that has its
file if there is any. `benchmarks/scale` has what this brings over asking them in turn.
"""

import asyncio
import contextlib
import json
import random
import socket
import time
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

import grpc

from coq_checker.client.errors import CheckerError, OverloadedError, UnavailableError, UnreachableError, from_rpc
from palmetto_protos.checker.v1 import checker_pb2_grpc as pb_grpc

_SERVICE = "palmetto.checker.v1.CoqCheckerService"
_SERVICE_CONFIG = json.dumps(
    {
        # One channel is one checker, or all addresses of a host; this policy is the one that asks for their health.
        "loadBalancingConfig": [{"round_robin": {}}],
        "healthCheckConfig": {"serviceName": _SERVICE},
        "methodConfig": [
            {
                "name": [{"service": _SERVICE}],
                "retryPolicy": {
                    "maxAttempts": 4,
                    "initialBackoff": "0.2s",
                    "maxBackoff": "3s",
                    "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
        ],
    }
)
_DNS = "dns:///"
_LIST = ("ipv4:", "ipv6:")
# How long the addresses of a name are taken to be the same.
_RESOLVE_S = 10.0
# A theorem that nothing was asked about for so long is not under way.
_OPEN_S = 10.0
# Theorems and files that are remembered, with the checker that they went to.
_REMEMBERED = 10_000
# Checkers that are tried for one question.
_TRIES = 3
# A checker that was there and is gone is waited for so long before a question fails: it may be starting anew.
_BACK_S = 3.0
_DEAD = (grpc.ChannelConnectivity.TRANSIENT_FAILURE, grpc.ChannelConnectivity.SHUTDOWN)
# What is under way at a checker that has gone from its name may end.
_GONE_GRACE_S = 600.0


class _Remembered:
    """Which checker something went to, and when."""

    def __init__(self) -> None:
        self._held: OrderedDict[int | None, tuple[str, float]] = OrderedDict()

    def get(self, key: int | None) -> str | None:
        """Its checker."""
        found = self._held.get(key)
        return found[0] if found is not None else None

    def put(self, key: int | None, address: str) -> None:
        """Notes that it goes there, now."""
        self._held[key] = (address, time.monotonic())
        self._held.move_to_end(key)
        if len(self._held) > _REMEMBERED:
            self._held.popitem(last=False)

    def forget(self, key: int | None) -> None:
        """It is to go elsewhere."""
        self._held.pop(key, None)

    def recent(self) -> dict[str, int]:
        """How many went to each checker of late."""
        counts: dict[str, int] = {}
        since = time.monotonic() - _OPEN_S
        for address, at in reversed(self._held.values()):
            if at < since:
                break
            counts[address] = counts.get(address, 0) + 1
        return counts


class Channels:
    """The connections to the checkers of one address. To be made in an event loop.

    Args:
        address: `HOST:PORT` or `unix:/path`, one checker; `dns:///NAME:PORT`, all addresses of a name, which is asked
            again every 10 s; `ipv4:A:PORT,B:PORT` (`ipv6:`), these.
        max_message_bytes: largest message sent or received.
        one_of_several: others have other addresses, so that errors say whose they are.
    """

    def __init__(self, address: str, max_message_bytes: int, *, one_of_several: bool = False) -> None:
        self.address = address
        self._told = address if one_of_several else ""
        self._options = [
            ("grpc.max_receive_message_length", max_message_bytes),
            ("grpc.max_send_message_length", max_message_bytes),
            ("grpc.keepalive_time_ms", 30_000),
            ("grpc.keepalive_timeout_ms", 10_000),
            # The environment's proxy is for the network beyond.
            ("grpc.enable_http_proxy", 0),
            # One that is started anew at its address is to be found soon.
            ("grpc.initial_reconnect_backoff_ms", 200),
            ("grpc.max_reconnect_backoff_ms", 2_000),
            ("grpc.service_config", _SERVICE_CONFIG),
        ]
        self._reached: set[str] = set()
        self._channels: dict[str, grpc.aio.Channel] = {}
        self._targets, self._files = _Remembered(), _Remembered()
        self._in_flight: dict[str, int] = {}
        self._resolved_at = float("-inf")
        self._resolving: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        scheme = next((one for one in _LIST if address.startswith(one)), "")
        self._named = address.startswith(_DNS)
        if not self._named:
            parts = address.removeprefix(scheme).split(",") if scheme else [address]
            self._set(f"{scheme}{part}" for part in parts)

    def _set(self, addresses: Iterable[str]) -> None:
        wanted = set(addresses)
        for gone in self._channels.keys() - wanted:
            task = asyncio.ensure_future(self._channels.pop(gone).close(grace=_GONE_GRACE_S))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
        for new in sorted(wanted - self._channels.keys()):
            self._channels[new] = grpc.aio.insecure_channel(new, options=self._options)

    async def close(self) -> None:
        """Closes all connections; what is under way is cancelled."""
        tasks = [*self._closing, *([self._resolving] if self._resolving is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for channel in self._channels.values():
            await channel.close()

    async def _resolve(self) -> None:
        host, _, port = self.address.removeprefix(_DNS).rpartition(":")
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            if not self._channels:
                raise UnreachableError(
                    f"the checker's name {host} has no address ({error}): see that it is right, and a checker runs."
                ) from error
            return  # what was known may still be there
        self._resolved_at = time.monotonic()
        self._set(
            f"ipv6:[{where[0]!s}]:{port}" if family is socket.AF_INET6 else f"ipv4:{where[0]!s}:{port}"
            for family, _, _, _, where in found
        )

    async def _up_to_date(self) -> None:
        if not self._named or time.monotonic() - self._resolved_at < _RESOLVE_S:
            return
        if self._resolving is None or self._resolving.done():
            self._resolving = asyncio.ensure_future(self._resolve())
        if self._channels:  # nobody waits for the name then
            self._resolving.add_done_callback(lambda task: task.cancelled() or task.exception())
        else:
            await asyncio.shield(self._resolving)

    async def wait_until_ready(self, timeout_s: float) -> None:
        """Waits until one checker answers.

        Raises:
            TimeoutError: none did in time.
        """
        async with asyncio.timeout(timeout_s):
            while True:
                with contextlib.suppress(CheckerError):
                    await self._up_to_date()
                states = [one.get_state(try_to_connect=True) for one in self._channels.values()]
                if grpc.ChannelConnectivity.READY in states:
                    return
                await asyncio.sleep(0.02)

    def error(self, rpc: grpc.aio.AioRpcError) -> CheckerError:
        """The typed error of a call that failed here."""
        return from_rpc(rpc, self._told)

    @property
    def live(self) -> bool:
        """Whether it is not known that no checker is there."""
        states = [one.get_state(try_to_connect=True) for one in self._channels.values()]
        return not states or any(state not in _DEAD for state in states)

    def _pick(self, target: int | None, file: int | None, avoid: set[str]) -> str:
        """The checker for a question."""
        if len(self._channels) == 1:
            return next(iter(self._channels))
        there = [one for one in self._channels if one not in avoid] or list(self._channels)
        live = [one for one in there if self._channels[one].get_state(try_to_connect=True) not in _DEAD] or there
        chosen = self._targets.get(target) if target is not None else None
        if chosen is None or chosen not in live:
            open_ = self._targets.recent()
            with_file = self._files.get(file)
            loads = {one: max(open_.get(one, 0), self._in_flight.get(one, 0)) for one in live}
            chosen = min(live, key=lambda one: (loads[one], one != with_file, random.random()))
        if target is not None:
            self._targets.put(target, chosen)
        if file is not None:
            self._files.put(file, chosen)
        return chosen

    async def stub(self, target: int | None = None, file: int | None = None) -> Any:
        """The stub of the checker for a stream or a session.

        Args:
            target: hash of what stays with one checker; None: this question stands alone.
            file: hash of what the checker must have ready for it.

        Raises:
            UnreachableError: the name has no address.
        """
        await self._up_to_date()
        return pb_grpc.CoqCheckerServiceStub(self._channels[self._pick(target, file, set())])

    async def _is_back(self, address: str) -> bool:
        """Whether a checker that was there before, and alone, is there again within moments."""
        if address not in self._reached or len(self._channels) > 1:
            return False
        self._reached.discard(address)  # it is waited for once
        try:
            await asyncio.wait_for(self._channels[address].channel_ready(), _BACK_S)
        except TimeoutError:
            return False
        return True

    async def unary(
        self,
        method: str,
        request: Any,
        *,
        target: int | None = None,
        file: int | None = None,
        timeout_s: float | None = None,
    ) -> Any:
        """Asks a question, and another checker where one is not there or has no room.

        Args:
            method: of the service.
            request: its message.
            target, file: as for `stub`.
            timeout_s: deadline of each try.

        Raises:
            CheckerError: no checker could answer it.
        """
        avoid: set[str] = set()
        while True:
            await self._up_to_date()
            address = self._pick(target, file, avoid)
            stub: Any = pb_grpc.CoqCheckerServiceStub(self._channels[address])
            self._in_flight[address] = self._in_flight.get(address, 0) + 1
            try:
                answer = await getattr(stub, method)(request, timeout=timeout_s)
                self._reached.add(address)
                return answer
            except grpc.aio.AioRpcError as rpc:
                error = self.error(rpc)
                if isinstance(error, UnreachableError) and await self._is_back(address):
                    continue
                avoid.add(address)
                others = self._channels.keys() - avoid
                if not isinstance(error, UnavailableError | OverloadedError) or len(avoid) == _TRIES or not others:
                    raise error from rpc
                self._targets.forget(target)
            finally:
                self._in_flight[address] -= 1
                if not self._in_flight[address]:
                    del self._in_flight[address]
