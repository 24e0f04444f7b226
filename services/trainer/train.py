"""One training from the request to the card."""

import os
from collections.abc import Callable

from trainer.card import write_card
from trainer.data import DataSet, open_data
from trainer.errors import TrainError
from trainer.folder import alone, begun
from trainer.preflight.model import context_of
from trainer.run import Report, TrainRequest, TrainResult

_Engine = Callable[[TrainRequest, DataSet, Report], TrainResult]


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
    engine = _engine(request)
    context, length = context_of(request.base), request.recipe.max_length
    if 0 < context < length:
        raise TrainError(f"{request.base} was made for {context} tokens, and --max-length is {length}: give no more.")
    if request.engine == "xtuner" and os.environ.get("NODE_RANK", "0") != "0":
        return engine(request, data, report)  # the first node has the lock, and writes the card
    with alone(request.out):
        if begun(request, data.fingerprint):
            return None
        result = engine(request, data, report)
        try:
            write_card(request, data, result, version)
        except OSError as error:
            raise TrainError(f"{request.out} cannot be written ({error.strerror}): make room there.") from error
        return result


def _engine(request: TrainRequest) -> _Engine:
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
