"""The builds that a server's environments rest on, each kept until a file of it changes."""

import asyncio
import os
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from coq_checker.builds import Build, BuildError, BuildFaultError, build_project
from coq_checker.environment import EnvironmentFailedError, EnvironmentUnavailableError
from coq_checker.toolchain import Toolchain
from coqdata.project import Project, ProjectError

# What a build was made of is compared with each request; whether something else has come to decide it (a new file, a
# `_CoqProject` of another folder), no more often than this.
_BUILD_TRUST_S = 1.0
# Looking takes longer the more there is to look at: it takes no more than one part in so many of the time.
_BUILD_LOOK_SHARE = 500
_LONGEST_BUILD_TRUST_S = 5.0
# A build that failed is not tried again before this.
_FAILED_BUILD_TRUST_S = 10.0
# Builds remembered: one for each file or text that was asked for.
_BUILDS = 1024

# The project's folder, the file that is looked at, and the hash of its text where it is not the one there.
_BuildKey = tuple[Path, Path | None, int | None]


@dataclass(frozen=True, slots=True)
class HeldBuild:
    """A build, until when it is trusted, and what its sources were then; None where they changed meanwhile."""

    build: Build
    until: float
    stamps: tuple[tuple[int, int], ...] | None

    def stands(self) -> bool:
        """Whether it need not be looked at again."""
        fresh = time.monotonic() < self.until
        return fresh and self.stamps is not None and self.stamps == _stamps(self.build.sources)


@dataclass(frozen=True, slots=True)
class _Failed:
    """A build that failed: why, when, and what the project's files were then."""

    message: str
    at: float
    stamps: tuple[tuple[int, int], ...]


class Builds:
    """Builds of projects, and of what single files require."""

    def __init__(self, toolchain: Toolchain, jobs: int) -> None:
        self._toolchain = toolchain
        self._jobs = jobs
        self._held: OrderedDict[_BuildKey, HeldBuild] = OrderedDict()
        self._failed: OrderedDict[_BuildKey, _Failed] = OrderedDict()
        self._locks: dict[str, asyncio.Lock] = {}

    async def of(self, project: Project, only: Path | None, text: bytes | None = None) -> Build:
        """As `held`, the build alone."""
        return (await self.held(project, only, text)).build

    async def held(self, project: Project, only: Path | None, text: bytes | None = None) -> HeldBuild:
        """The build of a project, or of what one file requires; the same object for as long as nothing changes.

        Args:
            project: whose.
            only: the file; None for the whole project.
            text: of the file, where it is not what lies there.

        Raises:
            EnvironmentFailedError: it does not build.
            EnvironmentUnavailableError: for now nothing builds here.
        """
        lock = self._locks.setdefault(str(project.root), asyncio.Lock())
        key = (project.root, only, None if text is None else hash(text))
        async with lock:
            failed = self._failed.get(key)
            if failed is not None:
                if time.monotonic() - failed.at < _FAILED_BUILD_TRUST_S and failed.stamps == _stamps(project.files):
                    raise EnvironmentFailedError(failed.message)
                del self._failed[key]
            held = self._held.get(key)
            if held is not None and held.stands():
                return held
            begun = time.monotonic()
            begun_ns = time.time_ns()
            try:
                build = await build_project(project, self._toolchain, jobs=self._jobs, only=only, text=text)
            except BuildFaultError as error:
                # Not remembered: it may be mended by now.
                raise EnvironmentUnavailableError(str(error)) from error
            except (BuildError, ProjectError) as error:
                self._failed[key] = _Failed(str(error), time.monotonic(), _stamps(project.files))
                while len(self._failed) > _BUILDS:
                    self._failed.popitem(last=False)
                raise EnvironmentFailedError(str(error)) from error
            if held is not None and held.build == build:
                build = held.build  # the same object, so that what was made of it is found again
            stamps = _stamps(build.sources)
            quiet = all(changed_ns < begun_ns for changed_ns, _ in stamps)
            now = time.monotonic()
            until = now + max(_BUILD_TRUST_S, min(_LONGEST_BUILD_TRUST_S, (now - begun) * _BUILD_LOOK_SHARE))
            self._held[key] = found = HeldBuild(build, until, stamps if quiet else None)
            self._held.move_to_end(key)
            while len(self._held) > _BUILDS:
                self._held.popitem(last=False)
            return found


def _stamps(sources: Iterable[Path]) -> tuple[tuple[int, int], ...]:
    """When each file was changed, in nanoseconds, and its size; zeros for one that is gone."""
    found: list[tuple[int, int]] = []
    for path in sources:
        try:
            status = os.stat(path)  # noqa: PTH116 (for each request)
        except OSError:
            found.append((0, 0))
        else:
            found.append((status.st_mtime_ns, status.st_size))
    return tuple(found)
