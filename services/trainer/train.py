"""One training from the request to the card."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from trainer.card import finished, write_card
from trainer.data import DataSet, open_data
from trainer.errors import TrainError
from trainer.run import Report, TrainRequest, TrainResult

_REQUEST = "training.json"
_LOCK = ".lock"
_OWN = (_LOCK, "training.new")


def train(request: TrainRequest, report: Report, version: str) -> TrainResult | None:
    """Trains, or goes on where an earlier run with the same request ended; None where it is finished already.

    Args:
        request: what is wanted.
        report: told how it goes.
        version: Palmetto's, for the card.

    Raises:
        TrainError: it cannot be done.
    """
    data = open_data(request.data, request.layout, request.printing)
    if request.engine == "xtuner" and os.environ.get("NODE_RANK", "0") != "0":
        return _engine(request)(request, data, report)  # the first node has the lock, and writes the card
    with _alone(request.out):
        if _begun(request, data.fingerprint):
            return None
        return _train(request, data, report, version)


def _engine(request: TrainRequest) -> Callable[[TrainRequest, DataSet, Report], TrainResult]:
    if request.engine == "xtuner":
        from trainer.xtuner.engine import train as run  # noqa: PLC0415 - each engine has packages of its own
    elif request.engine == "local":
        try:
            from trainer.local.engine import train as run  # noqa: PLC0415
        except ImportError as error:
            raise TrainError(
                f"the engine `local` needs {error.name}, which is not installed: `pip install palmetto[train]`."
            ) from error
    else:
        raise TrainError(f"there is no engine {request.engine!r}: choose local or xtuner.")
    return run


def _train(request: TrainRequest, data: DataSet, report: Report, version: str) -> TrainResult:
    result = _engine(request)(request, data, report)
    try:
        write_card(request, data, result, version)
    except OSError as error:
        raise TrainError(f"{request.out} cannot be written ({error.strerror}): make room there.") from error
    return result


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """No other training has the folder meanwhile; the kernel lets go of the lock when one dies."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        if not (out / _REQUEST).is_file() and any(one.name not in _OWN for one in out.iterdir()):
            raise TrainError(f"{out} is not empty and holds no training: give another --out.")
        lock = (out / _LOCK).open("w")
    except OSError as error:
        raise TrainError(f"{out} cannot be used ({error.strerror}).") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise TrainError(f"another training is under way in {out}: wait for it, or give another --out.") from None
        yield


def _begun(request: TrainRequest, fingerprint: str) -> bool:
    """Whether the training is finished; notes in the folder what it is of."""
    note = request.out / _REQUEST
    told = {"key": request.key, "data_sha256": fingerprint}
    try:
        if note.is_file():
            held = json.loads(note.read_text("utf-8"))
            if held != told:
                raise TrainError(
                    f"{request.out} holds another training (other data or settings): give another --out, or remove it."
                )
        else:
            _write(note, told)
    except (OSError, ValueError) as error:
        raise TrainError(f"{request.out} cannot be used ({getattr(error, 'strerror', None) or error}).") from error
    record = finished(request.out)
    return record is not None and record.get("key") == request.key


def _write(note: Path, told: dict[str, str]) -> None:
    fresh = note.with_suffix(".new")
    fresh.write_text(json.dumps(told) + "\n", "utf-8")
    fresh.replace(note)
