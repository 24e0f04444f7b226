"""The checker at one address, and what it last said of itself."""

import asyncio
import time
from dataclasses import dataclass

from coq_checker.client.channels import Channels
from coq_checker.client.errors import CheckerError
from coq_checker.client.types import ProjectInfo, ToolchainInfo, project_from_pb, toolchain_from_pb
from palmetto_protos.checker.v1 import checker_pb2 as pb

# A checker that has much to look through for the first time may take a while.
_ASK_S = 30.0


@dataclass(frozen=True, slots=True)
class Told:
    """What a checker says of itself: its toolchains and its projects, by name."""

    toolchains: dict[str, ToolchainInfo]
    projects: dict[str, ProjectInfo]


class Site:
    """The checker at an address. To be made in an event loop.

    Args:
        address: as `Channels` takes it.
        max_message_bytes: largest message sent or received.
        one_of_several: there are others.

    Attributes:
        channels: the connections.
        told: what it said when it last answered; None before.
        why: why it did not answer when it was last asked; None where it did.
    """

    def __init__(self, address: str, max_message_bytes: int, one_of_several: bool) -> None:
        self.channels = Channels(address, max_message_bytes, one_of_several=one_of_several)
        self.told: Told | None = None
        self.why: CheckerError | None = None
        self._asked_at = float("-inf")
        self._asking: asyncio.Task[None] | None = None

    def asked_within(self, seconds: float) -> bool:
        """Whether it was asked so lately."""
        return time.monotonic() - self._asked_at <= seconds

    def ask(self) -> "asyncio.Task[None]":
        """Asks it what it has; what it said before stands where it does not answer."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.ensure_future(self._ask())
        return self._asking

    async def _ask(self) -> None:
        try:
            toolchains, projects = await asyncio.gather(
                self.channels.unary("ListToolchains", pb.ListToolchainsRequest(), timeout_s=_ASK_S),
                self.channels.unary("ListProjects", pb.ListProjectsRequest(), timeout_s=_ASK_S),
            )
            self.told = Told(
                {one.name: toolchain_from_pb(one) for one in toolchains.toolchains},
                {one.name: project_from_pb(one) for one in projects.projects},
            )
            self.why = None
        except CheckerError as error:
            self.why = error
        self._asked_at = time.monotonic()

    def has(self, toolchain: str) -> bool:
        """Whether it can check with a toolchain."""
        found = self.told.toolchains.get(toolchain) if self.told is not None else None
        return found is not None and found.state == "ready"

    def lists(self, toolchain: str) -> bool:
        """Whether it knows a toolchain, though it may not have it."""
        return self.told is not None and toolchain in self.told.toolchains

    def project(self, name: str) -> ProjectInfo | None:
        """A project, if it serves it."""
        return self.told.projects.get(name) if self.told is not None else None

    def toolchain_of(self, project: str) -> str:
        """The toolchain that it checks a project with; empty where it has not the project, or not what that needs."""
        found = self.project(project)
        return found.toolchain if found is not None and self.has(found.toolchain) else ""

    async def close(self) -> None:
        """Closes the connections; what is under way is cancelled."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)
        await self.channels.close()
