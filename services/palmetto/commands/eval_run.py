"""Running one experiment from the command line."""

import asyncio
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from evaluator.errors import EvaluatorError
from palmetto.commands.eval_show import following, report

if TYPE_CHECKING:
    from palmetto.evaluation.experiment import Experiment

_NAME = re.compile(r"\w[\w.-]{0,99}")


def run(experiment: "Experiment", *, verbose: bool) -> bool:
    """Runs it and says how it ended; whether every theorem has a result that stays.

    Raises:
        EvaluatorError, ProjectError, StackError: it cannot be run.
    """
    # What reads and writes Parquet takes longer to load than other commands take to run.
    from palmetto.evaluation.experiment import evaluate  # noqa: PLC0415

    part = f" (shard {experiment.shard})" if experiment.shard.of > 1 else ""
    with following(f"{experiment.name}{part}", verbose=verbose) as shown:
        ended = asyncio.run(evaluate(experiment, shown))
    print(report(experiment.name + part, ended.summary), flush=True)
    return ended.complete


def checked_name(name: str) -> str:
    """An experiment's name.

    Raises:
        EvaluatorError: it is none.
    """
    if _NAME.fullmatch(name) is None:
        raise EvaluatorError(f"{name!r} is no name for an experiment: use letters, digits, `_`, `-` and `.` inside.")
    return name


def split_names(given: Sequence[str]) -> tuple[str, ...]:
    """Names with commas between, each once."""
    return tuple(dict.fromkeys(name.strip() for text in given for name in text.split(",") if name.strip()))
