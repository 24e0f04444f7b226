"""Running git on repositories of other people: no hooks, no prompts, no settings of this machine, a time limit."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from crawler.model import CrawlError
from crawler.settings import CrawlerSettings

_OPTIONS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.commitGraph=false",
    "credential.helper=",
    "gc.auto=0",
    "maintenance.auto=false",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=120",
    "fetch.recurseSubmodules=false",
)
_SAID_CHARS = 300
_CHUNK = 1 << 16
_OWN_VARIABLES = ("GITHUB_TOKEN", "GH_TOKEN")


class GitError(Exception):
    """A git command failed; the text is what git said, in one line."""


class GitTimeoutError(GitError):
    """A git command took too long."""


def require_git() -> None:
    """Looks for git.

    Raises:
        CrawlError: it is not there.
    """
    if shutil.which("git") is None:
        raise CrawlError("git is not installed, and repositories are fetched with it: install the package git.")


def _environment(protocols: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if (not name.startswith("GIT_") or name.startswith("GIT_SSL_"))
        and name not in _OWN_VARIABLES
        and not name.startswith("PALMETTO_")
    }
    return {
        **kept,
        "GIT_ALLOW_PROTOCOL": protocols,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ASKPASS": "true",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "LC_ALL": "C.UTF-8",
    }


@dataclass(frozen=True, slots=True)
class Git:
    """A bare repository on this machine.

    Attributes:
        folder: where it lies.
        protocols: what may be fetched through, separated by colons.
        timeout_s: the longest that a command may take.
    """

    folder: Path
    protocols: str
    timeout_s: float

    @staticmethod
    def at(folder: Path, settings: CrawlerSettings) -> "Git":
        """The repository in a folder, whether it is there yet or not."""
        return Git(folder, settings.git_protocols, settings.git_timeout_s)

    def _argv(self, arguments: Iterable[str]) -> list[str]:
        bound = ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []
        options = [word for option in _OPTIONS for word in ("-c", option)]
        return [*bound, "git", *options, f"--git-dir={self.folder}", *arguments]

    async def run(self, *arguments: str) -> bytes:
        """What a command prints.

        Raises:
            GitError: it failed; GitTimeoutError: it took too long.
        """
        child = await asyncio.create_subprocess_exec(
            *self._argv(arguments),
            env=_environment(self.protocols),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(self.timeout_s):
                printed, said = await child.communicate()
        except TimeoutError:
            raise GitTimeoutError(f"git {arguments[0]} took more than {self.timeout_s:g} s") from None
        finally:
            if child.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                await child.wait()
        if child.returncode != 0:
            raise GitError(_said(said) or f"git {arguments[0]} ended with {child.returncode}")
        return printed

    async def create(self, url: str) -> None:
        """Makes it, empty, to be filled from an address.

        Raises:
            GitError: it cannot be made.
        """
        await self.run("init", "--quiet", "--bare", "--template=", str(self.folder))
        await self.run("config", "remote.origin.url", url)

    async def fetch(self, *arguments: str) -> None:
        """Fetches from that address.

        Raises:
            GitError: it cannot be had.
        """
        await self.run("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", *arguments)

    async def close_off(self) -> None:
        """Forgets the address: from now on git asks nobody for what a partial clone left out."""
        for section in ("remote.origin", "extensions"):
            with contextlib.suppress(GitError):
                await self.run("config", "--remove-section", section)

    @contextmanager
    def reading(self, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
        """A running command with pipes, for a thread of its own; it is killed at the end."""
        child = subprocess.Popen(
            self._argv(arguments),
            env=_environment("none"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield child
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            for pipe in (child.stdin, child.stdout):
                with contextlib.suppress(OSError):
                    if pipe is not None:
                        pipe.close()
            child.wait()

    def blobs(self, hashes: Iterable[str], max_bytes: int) -> Iterator[tuple[str, bytes | None]]:
        """The contents of files by their hashes; None for one that is not here or larger than `max_bytes`.

        Raises:
            GitError: git ends in between.
        """
        with self.reading("cat-file", "--batch") as child:
            assert child.stdin is not None and child.stdout is not None
            for one in hashes:
                try:
                    child.stdin.write(f"{one}\n".encode())
                    child.stdin.flush()
                except OSError:
                    raise GitError("git cat-file ended") from None
                yield one, _object(child.stdout, max_bytes)


def _object(out: IO[bytes], max_bytes: int) -> bytes | None:
    header = out.readline()
    if not header.endswith(b"\n"):
        raise GitError("git cat-file ended")
    fields = header.split()
    if fields[-1] == b"missing":
        return None
    size = int(fields[-1])
    if size > max_bytes:
        left = size + 1
        while left > 0:
            chunk = out.read(min(left, _CHUNK))
            if not chunk:
                raise GitError("git cat-file ended")
            left -= len(chunk)
        return None
    content = out.read(size + 1)
    if len(content) != size + 1:
        raise GitError("git cat-file ended")
    return content[:-1]


def _said(said: bytes) -> str:
    lines = [line for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(("fatal:", "error:", "remote:"))] or lines
    return " ".join(" ".join(told).split())[:_SAID_CHARS]
