"""The folder that a training is in: whose it is, and that nobody else writes there meanwhile."""

import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trainer.card import finished
from trainer.errors import TrainError
from trainer.run import TrainRequest

_REQUEST = "training.json"
_LOCK = ".lock"
_OWN = (_LOCK, "training.new")
# What a training leaves that ended before it had anything to go on with; it is made anew. Of the engine `xtuner`, once
# the data are prepared, the configuration may have been edited.
_EARLY = ("tokens", "checkpoints", "xtuner")
_LATE = ("checkpoints/checkpoint-*", "xtuner/*.json", "xtuner/config.py")
_EARLY_JSON = "order.json"


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """No other training has the folder meanwhile; the kernel lets go of the lock when one dies.

    Raises:
        TrainError: one has, or the folder is of no training, or cannot be made.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        _looked_at(out)
        lock = (out / _LOCK).open("w")
    except OSError as error:
        raise TrainError(f"{out} cannot be used ({error.strerror}): give another --out.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise TrainError(f"another training is under way in {out}: wait for it, or give another --out.") from None
        yield


def usable(out: Path) -> None:
    """Looks, without writing, whether a training can be in a folder.

    Raises:
        TrainError: it is none, or holds something else.
    """
    try:
        if out.exists():
            _looked_at(out)
    except OSError as error:
        raise _unusable(out, error) from error


def begun(request: TrainRequest, fingerprint: str) -> bool:
    """Whether the training is finished; notes in the folder what it is of.

    Raises:
        TrainError: the folder holds another training.
    """
    try:
        if not _same(request, fingerprint):
            for name in _EARLY:
                shutil.rmtree(request.out / name, ignore_errors=True)
            _write(request.out / _REQUEST, _told(request, fingerprint))
    except (OSError, ValueError) as error:
        raise _unusable(request.out, error) from error
    record = finished(request.out)
    return record is not None and record.get("key") == request.key


def _looked_at(out: Path) -> None:
    if not (out / _REQUEST).is_file() and any(one.name not in _OWN for one in out.iterdir()):
        raise TrainError(f"{out} is not empty and holds no training: give another --out.")


def _same(request: TrainRequest, fingerprint: str) -> bool:
    """Whether the folder holds this training; one that ended before its first checkpoint does not count."""
    note = request.out / _REQUEST
    if not note.is_file():
        return False
    if json.loads(note.read_text("utf-8")) == _told(request, fingerprint):
        return True
    if _late(request.out):
        raise TrainError(
            f"{request.out} holds another training (other data or settings): give another --out, or remove it."
        )
    return False


def _late(out: Path) -> bool:
    """Whether there is something that would be lost."""
    known = (_REQUEST, *_OWN, *_EARLY)
    return any(one.name not in known for one in out.iterdir()) or any(
        one.name != _EARLY_JSON for pattern in _LATE for one in out.glob(pattern)
    )


def _told(request: TrainRequest, fingerprint: str) -> dict[str, str]:
    return {"key": request.key, "data_sha256": fingerprint}


def _unusable(out: Path, error: Exception) -> TrainError:
    why = getattr(error, "strerror", None) or error
    return TrainError(f"{out} cannot be used ({why}): give another --out.")


def _write(note: Path, told: dict[str, str]) -> None:
    fresh = note.with_suffix(".new")
    fresh.write_text(json.dumps(told) + "\n", "utf-8")
    fresh.replace(note)
