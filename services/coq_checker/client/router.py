"""Checkers at several addresses, with toolchains of their own: which of them a question goes to."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from coq_checker.client.channels import Channels
from coq_checker.client.errors import InvalidRequestError, UnreachableError
from coq_checker.client.sites import Site
from coq_checker.client.types import ProjectInfo, ToolchainInfo
from coqdata.fields import shown

# What a checker said of itself is asked for anew after so long; nobody waits for that.
_TRUST_S = 60.0
# What none has is asked for anew at once, but not more often than this.
_AGAIN_S = 1.0
# The server's own default, whatever a project needs.
_AUTO = "auto"


class Router:
    """The checkers of some addresses. To be made in an event loop.

    With one address everything goes there, and nothing is asked beforehand. With several a question goes where the
    toolchain is that it names, or that its project needs; what needs no certain one goes to the first address.

    Args:
        addresses: as `Channels` takes each, with white space between them.
        max_message_bytes: largest message sent or received.
    """

    def __init__(self, addresses: str, max_message_bytes: int) -> None:
        each = list(dict.fromkeys(addresses.split())) or [addresses]
        self._sites = [Site(one, max_message_bytes, len(each) > 1) for one in each]

    @property
    def only(self) -> Channels | None:
        """The checker of every question; None where there are several."""
        return self._sites[0].channels if len(self._sites) == 1 else None

    async def close(self) -> None:
        """Closes all connections; what is under way is cancelled."""
        for site in self._sites:
            await site.close()

    async def wait_until_ready(self, timeout_s: float) -> None:
        """Waits until one checker answers.

        Raises:
            TimeoutError: none did in time.
        """
        waiting = [asyncio.ensure_future(site.channels.wait_until_ready(timeout_s)) for site in self._sites]
        try:
            for one in asyncio.as_completed(waiting):
                with contextlib.suppress(TimeoutError):
                    return await one
            raise TimeoutError
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def channels(self, toolchain: str = "", project: str = "") -> Channels:
        """The checker for a question.

        Args:
            toolchain: the one that the question names; empty: what its project needs.
            project: its project's name; empty: none, so that it is the first address's.

        Raises:
            InvalidRequestError: no checker knows a toolchain of this name; the message has those that there are.
            UnreachableError: which checker it is cannot be said, since one has not answered yet.
        """
        if len(self._sites) == 1 or toolchain == _AUTO or not (toolchain or project):
            return self._sites[0].channels
        return (await (self._with(toolchain) if toolchain else self._for(project))).channels

    async def _with(self, toolchain: str) -> Site:
        """The checker with a toolchain."""
        await self._ask(lambda: any(site.has(toolchain) for site in self._sites))
        if having := [site for site in self._sites if site.has(toolchain)]:
            return _live(having)
        self._require_answers(f"no checker that answers has the toolchain {shown(toolchain)}")
        for site in self._sites:
            if site.lists(toolchain):
                return site  # it says itself what is missing
        every = ", ".join(one.name for one in self._every_toolchain())
        raise InvalidRequestError(
            f"there is no toolchain {shown(toolchain)} on these checkers; they have: {every} (ListToolchains)."
        )

    async def _for(self, project: str) -> Site:
        """The checker with the toolchain that a project needs."""
        await self._ask(lambda: self._owner(project) is not None)
        owner = self._owner(project)
        if owner is not None:
            like = owner.toolchain_of(project)
            return _live([site for site in self._sites if site.toolchain_of(project) == like])
        self._require_answers(f"which checker the project {shown(project)} is for cannot be said yet")
        serving = (site for site in self._sites if site.project(project) is not None)
        return next(serving, self._sites[0])  # it says itself what is missing

    def _owner(self, project: str) -> Site | None:
        """The first checker that has what a project needs, where all before it have said that they have not."""
        for site in self._sites:
            if site.told is None:
                # It may be the one: where nothing in a project asks for another, each checker takes its own.
                return None
            if site.toolchain_of(project):
                return site
        return None

    async def _ask(self, is_known: Callable[[], bool]) -> None:
        """Has the checkers say what they have, until something is known; or again for later, where it is known."""
        if is_known():
            for site in self._sites:
                if not site.asked_within(_TRUST_S):
                    site.ask()
            return
        pending = {site.ask() for site in self._sites if not site.asked_within(_AGAIN_S)}
        while pending and not is_known():
            _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)

    def _require_answers(self, what: str) -> None:
        for site in self._sites:
            if site.told is None:
                why = site.why or f"the checker at {site.channels.address} has not answered: send the request again."
                raise UnreachableError(f"{what}, since {why}")

    async def _ask_all(self) -> None:
        """Asks all checkers now.

        Raises:
            CheckerError: none of them answers.
        """
        await asyncio.wait([site.ask() for site in self._sites])
        why = [site.why for site in self._sites if site.why is not None]
        if len(why) == len(self._sites):
            raise why[0]

    async def projects(self) -> list[ProjectInfo]:
        """The projects of all checkers that answer, each as the one says that checks it.

        Raises:
            CheckerError: none of them answers.
        """
        await self._ask_all()
        names = sorted({name for site in self._sites if site.told is not None for name in site.told.projects})
        found = []
        for name in names:
            serving = [site for site in self._sites if site.project(name) is not None]
            owner = next((site for site in serving if site.toolchain_of(name)), serving[0])
            one = owner.project(name)
            assert one is not None
            found.append(one)
        return found

    async def toolchains(self) -> list[ToolchainInfo]:
        """The toolchains of all checkers that answer: each once, as one says that has it; the default is the first's.

        Raises:
            CheckerError: none of them answers.
        """
        await self._ask_all()
        return self._every_toolchain()

    def _every_toolchain(self) -> list[ToolchainInfo]:
        found: dict[str, ToolchainInfo] = {}
        for site in self._sites:
            for name, one in (site.told.toolchains if site.told is not None else {}).items():
                if name not in found or (found[name].state != "ready" and one.state == "ready"):
                    found[name] = one if site is self._sites[0] else one.not_default()
        return list(found.values())


def _live(sites: Sequence[Site]) -> Site:
    """The first that is not known to be away; the first where all are."""
    return next((site for site in sites if site.channels.live), sites[0])
