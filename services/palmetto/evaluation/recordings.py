"""Recorded answers as the model server wants them: MODEL/PROJECT.jsonl, theorems under the checker's names."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from evaluator.errors import EvaluatorError
from evaluator.theorems import Item

PREFIX = "replay:"


class RecordingsError(EvaluatorError):
    """The recordings cannot be used; the text is one sentence with the remedy."""


def model_folder(model: str) -> Path:
    """The folder of one model's recordings, from `replay:DIR`.

    Args:
        model: DIR is that folder (with files PROJECT.jsonl), or one that holds it alone.

    Raises:
        RecordingsError: it is neither.
    """
    folder = Path(model.removeprefix(PREFIX)).expanduser().resolve()
    if not folder.is_dir():
        raise RecordingsError(f"there is no folder {folder}: give replay:DIR with files PROJECT.jsonl in DIR.")
    if any(folder.glob("*.jsonl")):
        return folder
    inside = sorted({one.parent for one in folder.glob("*/*.jsonl")})
    if not inside:
        raise RecordingsError(f"there are no recordings in {folder}: it must have files PROJECT.jsonl.")
    if len(inside) > 1:
        names = ", ".join(one.name for one in inside)
        raise RecordingsError(f"{folder} has recordings of several models ({names}): name one, replay:DIR/MODEL.")
    return inside[0]


def prepare(source: Path, items: Iterable[Item], target: Path) -> list[str]:
    """Puts the recordings of the items' projects into `target/MODEL`; names the projects that have none.

    Anonymous goals are recorded as `Goal_N`; the checker, and so the model server, knows them under Coq's names.

    Raises:
        RecordingsError: they cannot be read.
    """
    folder = target / source.name
    folder.mkdir(parents=True)
    names: dict[str, dict[tuple[str, str], str]] = {}
    for item in items:
        known = names.setdefault(item.key.project, {})
        if item.asked.rpartition(".")[2] != (bare := item.key.theorem.rpartition(".")[2]):
            known[item.key.file.removesuffix(".v"), bare] = item.asked
    missing = []
    for project, known in names.items():
        try:
            lines = (source / f"{project}.jsonl").read_text("utf-8").split("\n")
        except FileNotFoundError:
            missing.append(project)
            continue
        except (OSError, UnicodeDecodeError) as error:
            raise RecordingsError(f"{source / project}.jsonl cannot be read: it must be UTF-8 text.") from error
        renamed = [_renamed(line, known) for line in lines]
        (folder / f"{project}.jsonl").write_text("\n".join(renamed), "utf-8")
    if len(missing) == len(names):
        raise RecordingsError(f"{source} has no recordings of {', '.join(names)}: see its files, PROJECT.jsonl.")
    return missing


def _renamed(line: str, known: Mapping[tuple[str, str], str]) -> str:
    try:
        record = json.loads(line)
        name = known.get((str(record["file"]).removesuffix(".v"), record["theorem"]))
    except (ValueError, KeyError, TypeError):
        return line  # the model server says what is wrong with it
    return line if name is None else json.dumps({**record, "theorem": name}, ensure_ascii=False)
