"""The toolchains of a server: each is found, and its engine compiled, when it is first asked for."""

import asyncio
import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from coq_checker.engine.options import EngineOptions
from coq_checker.environment import EnvironmentFailedError, EnvironmentUnavailableError
from coq_checker.toolchain import (
    Choice,
    Listed,
    Toolchain,
    ToolchainError,
    ToolchainSettings,
    choose_toolchain,
    find_toolchain,
    list_toolchains,
)
from coqdata.fields import shown
from coqdata.project import Project

# The server's default by a name of its own; what a project's file may say too.
AUTO = "auto"
# One that could not be made ready is not tried again before this: compiling takes a while.
_FAILED_TRUST_S = 10.0

_Stamp = tuple[int, int, int]


class UnknownToolchainError(LookupError):
    """A name that no toolchain has; the text is one sentence with those that there are."""


class ToolchainMissingError(EnvironmentFailedError):
    """A toolchain that is known and cannot be used here; the text is one sentence with the remedy."""


@dataclass(frozen=True, eq=False)
class Ready:
    """A toolchain whose engine can be started.

    Attributes:
        toolchain: it.
        options: how its engines are started.
        stamps: of the files that tell whether it is there, and still the same.
    """

    toolchain: Toolchain
    options: EngineOptions
    stamps: tuple[tuple[str, _Stamp | None], ...]

    @staticmethod
    def of(toolchain: Toolchain, options: EngineOptions) -> "Ready":
        """The toolchain as it is now."""
        prelude = toolchain.host_path(toolchain.coqlib) / "theories" / "Init" / "Prelude.vo"
        folders = [folder for folder in toolchain.search_path.split(":") if folder]
        compilers = (toolchain.host_path(f"{folder}/{toolchain.programs.compiler[0]}") for folder in folders)
        compiler = [path for path in compilers if path.is_file()][:1]
        # The folder itself: what runs in one that was removed does not see what was put in its place.
        root = toolchain.root or toolchain.host_path(toolchain.coqlib)
        # Its folder's time tells when it was last used.
        engine = (path for folder in options.read_only for path in sorted(folder.rglob("*.cmxs")))
        paths = (root, *compiler, prelude, *engine)
        return Ready(toolchain, options, tuple((str(path), _stamp(str(path))) for path in paths))

    def stands(self) -> bool:
        """Whether it is still there, and the same."""
        return all(_stamp(path) == stamp for path, stamp in self.stamps)


def _stamp(path: str) -> _Stamp | None:
    try:
        status = os.stat(path)  # noqa: PTH116 (hot path)
    except OSError:
        return None
    if stat.S_ISDIR(status.st_mode):
        # A copy may have the time of what it was made of; an inode's number is used again.
        return status.st_ino, 0, status.st_ctime_ns
    return status.st_ino, status.st_size, status.st_mtime_ns


@dataclass(frozen=True, slots=True)
class _Failed:
    error: ToolchainMissingError
    at: float


class Toolchains:
    """Toolchains by name, kept once they are ready.

    Args:
        default: what is used where nobody asks for another.
        options: of the default, which is ready then; None: it is made ready when it is first asked for.
        prepare: compiles a toolchain's engine and says how it is started; called in a thread.
        settings: where toolchains are.

    Attributes:
        lost: is told the key of a toolchain that was removed or replaced: what was made with it is to be let go.
    """

    def __init__(
        self,
        default: Toolchain,
        options: EngineOptions | None,
        prepare: Callable[[Toolchain], EngineOptions],
        settings: ToolchainSettings,
    ) -> None:
        self.default = default
        self.lost: Callable[[str], None] = lambda _: None
        self._prepare = prepare
        self._settings = replace(settings, choice=default.name)
        self._ready: dict[str, Ready] = {} if options is None else {default.name: Ready.of(default, options)}
        self._failed: dict[str, _Failed] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._lost_at: dict[str, float] = {}
        self._allowed: dict[str, None] = {default.name: None}

    def allow(self, name: str) -> None:
        """Lets requests name a toolchain that whoever runs the server chose for a project, a folder say."""
        self._allowed.setdefault(name)

    async def get(self, name: str = "") -> Ready:
        """A toolchain that can be used now; made ready where it is not.

        Args:
            name: one that is listed, or was allowed; empty for the default. Any folder would bring the program that
                judges.

        Raises:
            UnknownToolchainError: there is none of this name.
            ToolchainMissingError: it has not been built, it is gone, or its engine cannot be compiled.
        """
        name = self.default.name if name in ("", AUTO) else name
        held = self._ready.get(name)
        if held is not None and held.stands():
            return held
        if held is None and name not in self._allowed:
            await self.require_known(name)
        async with self._locks.setdefault(name, asyncio.Lock()):
            held = self._ready.get(name)
            if held is not None and held.stands():
                return held
            if held is not None:
                self._let_go(held)
            failed = self._failed.get(name)
            if failed is not None and time.monotonic() - failed.at < _FAILED_TRUST_S:
                raise failed.error
            ready = self._ready[name] = await asyncio.to_thread(self._make, name)
            return ready

    def _make(self, name: str) -> Ready:
        try:
            found = find_toolchain(self._place(name), self._settings)
        except ToolchainError as error:
            raise ToolchainMissingError(str(error)) from error
        try:
            return Ready.of(found, self._prepare(found))
        except (ToolchainError, OSError) as error:
            missing = ToolchainMissingError(str(error))
            self._failed[name] = _Failed(missing, time.monotonic())
            raise missing from error

    def _place(self, name: str) -> str:
        """What leads to a toolchain: the default may have been found by its folder, whatever it is called."""
        root = self.default.root
        return str(root) if name == self.default.name and root is not None and root.is_dir() else name

    async def require_known(self, name: str) -> None:
        """Looks whether there is a toolchain of a name, ready or not.

        Raises:
            UnknownToolchainError: there is none.
        """
        if name == AUTO or name in self._allowed or name in self._ready:
            return
        known = [one.name for one in await self.listed()]
        if name not in known:
            raise UnknownToolchainError(
                f"there is no toolchain {shown(name)} on this checker; it has: {', '.join(known)} (ListToolchains)."
            )

    def _let_go(self, held: Ready) -> None:
        key = held.toolchain.key
        self._lost_at[key] = time.monotonic()
        self._ready = {name: one for name, one in self._ready.items() if one is not held}
        self.lost(key)

    def require_standing(self, toolchain: Toolchain, since: float) -> None:
        """Looks whether a toolchain stood while something was done with it: what fails without it says nothing.

        Args:
            toolchain: that was used.
            since: when the work began, by the monotonic clock, in seconds.

        Raises:
            EnvironmentUnavailableError: it was removed or replaced.
        """
        for held in [one for one in self._ready.values() if one.toolchain.key == toolchain.key]:
            if not held.stands():
                self._let_go(held)
        if self._lost_at.get(toolchain.key, since - 1) >= since:
            raise EnvironmentUnavailableError(
                f"the toolchain {toolchain.name} was removed or replaced on the checker's machine while it was in use, "
                "so that nothing can be said of this: send it again."
            )

    async def listed(self) -> list[Listed]:
        """The toolchains that there are or can be, the default among them."""
        return await asyncio.to_thread(self._list)

    def _list(self) -> list[Listed]:
        listed = {one.name: one for one in list_toolchains(self._settings)}
        for name in self._allowed:
            # The default may be elsewhere than where its name is looked for.
            if name not in listed or (name == self.default.name and listed[name].state == "not built"):
                try:
                    found = find_toolchain(self._place(name), self._settings)
                    listed[name] = Listed(name, "found", found.coq_version, found.engines)
                except ToolchainError as error:
                    listed.setdefault(name, Listed(name, "found", problem=str(error)))
        return list(listed.values())

    def for_project(self, project: Project) -> Choice:
        """The name of the toolchain that a project needs, and why.

        Raises:
            ToolchainError: its own files name none that there is.
        """
        return choose_toolchain(project, self._settings)
