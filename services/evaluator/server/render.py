"""Makes one report: what is asked comes as JSON on standard input, the page goes as JSON to standard output."""

import json
import sys
from pathlib import Path

from evaluator.errors import EvaluatorError
from evaluator.report import html, loading
from evaluator.store import ExperimentStore


def main() -> None:
    """Reads, makes, answers."""
    asked = json.load(sys.stdin)
    try:
        with ExperimentStore.open(Path(asked["store"]), create=False) as store:
            found = loading.load(store, asked["names"], projects=asked["projects"], answers=True)
        told = {"html": html.render(found, asked["home"]), "policy": html.policy()}
    except EvaluatorError as error:
        told = {"problem": str(error)}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
