"""The configuration of one run: the recipe with its values at the top."""

import ast
from pathlib import Path
from typing import Any

from trainer.errors import TrainError

RECIPE = Path(__file__).resolve().parents[1] / "recipes" / "deepseek_prover_whole.py"


def written(values: dict[str, Any], recipe: Path = RECIPE) -> str:
    """The recipe's text with these values in place of its own; everything else stays as it is, comments too.

    Raises:
        ValueError: the recipe has no such value.
    """
    source = recipe.read_text("utf-8")
    lines = source.splitlines(keepends=True)
    places = {
        node.targets[0].id: (node.lineno - 1, node.end_lineno or node.lineno)
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    unknown = sorted(set(values) - set(places))
    if unknown:
        raise ValueError(f"the recipe has no value {unknown[0]!r}")
    for name in sorted(values, key=lambda one: -places[one][0]):
        begin, end = places[name]
        lines[begin:end] = [_line(name, values[name])]
    return "".join(lines)


def _line(name: str, value: Any) -> str:
    if not isinstance(value, dict):
        return f"{name} = {value!r}\n"
    return f"{name} = dict(\n" + "".join(f"    {key}={one!r},\n" for key, one in value.items()) + ")\n"


def read(file: Path) -> dict[str, Any]:
    """The plain values at the top level of a configuration: numbers, texts, True, False, None.

    Raises:
        TrainError: it is no Python.
    """
    try:
        body = ast.parse(file.read_text("utf-8")).body
    except (OSError, SyntaxError, ValueError) as error:
        raise TrainError(f"{file} cannot be read ({error}): mend it, or remove it to have it written anew.") from error
    return {
        node.targets[0].id: node.value.value
        for node in body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }


def counts(file: Path) -> tuple[int, int]:
    """Iterations of the training, and those of one step, as a configuration tells them.

    Raises:
        TrainError: it is no Python, or does not say them as plain numbers.
    """
    values = read(file)
    found = []
    for name in ("iterations", "accumulate"):
        value = values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise TrainError(f"{file}: give {name} as a plain number, 1 or more; the command reads it there.")
        found.append(value)
    return found[0], found[1]
