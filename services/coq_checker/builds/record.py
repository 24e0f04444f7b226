"""What a build folder holds, as a small JSON: which content each compiled file was made of."""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_RECORD = "build.json"
_LOCK = ".lock"


def digest(*parts: bytes) -> str:
    """Hash of the parts, in order."""
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "big") + part)
    return found.hexdigest()[:32]


def read_record(folder: Path) -> dict[str, str]:
    """Key of each compiled file by its path in the folder; empty where nothing is recorded."""
    try:
        found = json.loads((folder / _RECORD).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(key) for name, key in found.items()} if isinstance(found, dict) else {}


def write_record(folder: Path, record: dict[str, str]) -> None:
    """Replaces the record in one step, so that an interruption leaves the old or the new one."""
    fresh = folder / f"{_RECORD}.{os.getpid()}"
    fresh.write_text(json.dumps(record, indent=0, sort_keys=True), "utf-8")
    fresh.replace(folder / _RECORD)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds the folder against other processes' builds; waits for one that is under way."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
