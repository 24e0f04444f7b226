"""What a build folder holds, as a small JSON; and the lock that keeps two builds of it apart."""

import asyncio
import fcntl
import hashlib
import json
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

_RECORD = "build.json"
_LOCK = ".lock"
_LOCK_POLL_S = 0.05


def digest(*parts: bytes) -> str:
    """Hash of the parts, in order."""
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "big") + part)
    return found.hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Entry:
    """What coqc made of a file.

    Attributes:
        key: hash of all that it was made from: source, options, toolchain, compiled files that it requires.
        vo: hash of the compiled file; empty when Coq refused the text.
        message: Coq's refusal; empty when there is none.
        line: where that was, from 1.
    """

    key: str
    vo: str = ""
    message: str = ""
    line: int | None = None


def read_record(folder: Path) -> dict[str, Entry]:
    """What is known of files by their paths in the folder; nothing where nothing readable is recorded."""
    try:
        found = json.loads((folder / _RECORD).read_text("utf-8"))
        return {
            str(name): Entry(str(one["key"]), str(one["vo"]), str(one["message"]), _line(one["line"]))
            for name, one in found.items()
        }
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        return {}


def write_record(folder: Path, record: dict[str, Entry]) -> None:
    """Replaces the record in one step, so that an interruption leaves the old or the new one."""
    fresh = folder / f"{_RECORD}.{os.getpid()}"
    fresh.write_text(json.dumps({name: asdict(one) for name, one in record.items()}, indent=0), "utf-8")
    fresh.replace(folder / _RECORD)


def _line(given: object) -> int | None:
    return given if isinstance(given, int) else None


@asynccontextmanager
async def locked(folders: Iterable[Path]) -> AsyncIterator[None]:
    """Holds the folders, which must be there, against other builds; waits for those under way."""
    with ExitStack() as held:
        # In one order for everybody, so that two builds never wait for each other.
        for folder in sorted(set(folders)):
            handle = held.enter_context((folder / _LOCK).open("w"))
            # Asked again and again, for a thread that waits in the kernel could not be cancelled.
            while not _lock(handle.fileno()):  # noqa: ASYNC110 (another process tells nobody)
                await asyncio.sleep(_LOCK_POLL_S)
        yield


def _lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
