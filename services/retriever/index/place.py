"""Where indexes lie, and which builder may write."""

import asyncio
import fcntl
import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from coqdata.catalogue import cache_folder

CURRENT = "current"
_LOCK = ".lock"
_LOCK_POLL_S = 0.1


def index_folder() -> Path:
    """Where indexes lie: PALMETTO_RETRIEVER_INDEXES, else `index` in the cache folder (PALMETTO_CACHE).

    Who builds an index and who serves it find it under the same setting.
    """
    given = os.environ.get("PALMETTO_RETRIEVER_INDEXES")
    return Path(given).expanduser() if given else cache_folder() / "index"


def unit_folder(root: Path, name: str, key: str) -> Path:
    """The folder of a project's or library's index."""
    readable = "".join(char if char.isalnum() or char in "-_" else "_" for char in name) or "index"
    return root / f"{readable}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def current_pack(folder: Path) -> Path | None:
    """The pack that holds now; None when there is none."""
    try:
        name = (folder / CURRENT).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return folder / name if name.startswith("pack-") and "/" not in name else None


def set_current(folder: Path, pack: Path) -> None:
    """Makes a pack the one that holds, in one step."""
    fresh = folder / f"{CURRENT}.{os.getpid()}.part"
    fresh.write_text(pack.name, "utf-8")
    fresh.replace(folder / CURRENT)


def unit_folders(root: Path) -> Iterator[Path]:
    """All folders with an index in them."""
    if root.is_dir():
        for folder in sorted(root.iterdir()):
            if (folder / CURRENT).is_file():
                yield folder


@asynccontextmanager
async def locked(folder: Path) -> AsyncIterator[None]:
    """Holds a folder, which must be there, against other builders; waits for one that is under way."""
    with (folder / _LOCK).open("w") as handle:
        # Asked again and again, for a thread that waits in the kernel could not be cancelled.
        while True:
            try:
                fcntl.flock(handle.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(_LOCK_POLL_S)
        yield
