"""What a checkpoint's folder says about how the model is to be asked."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from coqdata.prompts import PromptFormat

RECORD = "palmetto.json"
# In the model card's head, where the folder has no record of its own.
_CARD_FIELD = re.compile(r"^palmetto_(layout|printing):\s*[\"']?(\w+)[\"']?\s*$", re.M)


class CheckpointError(Exception):
    """A checkpoint cannot be served; the text is one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is recorded of the training: layout and printing profile; empty where nothing is."""

    layout: str = ""
    printing: str = ""


def read_record(folder: Path) -> Recorded:
    """What `palmetto.json` says, or the head of the model card (`palmetto_layout`, `palmetto_printing`).

    Raises:
        CheckpointError: the record cannot be read.
    """
    path = folder / RECORD
    try:
        if path.is_file():
            told = json.loads(path.read_text())
            return Recorded(str(told.get("layout", "")), str(told.get("printing", "")))
        card = folder / "README.md"
        head = card.read_text(errors="replace").split("\n---", 1)[0] if card.is_file() else ""
    except (OSError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{path} cannot be read ({error}): it is JSON with layout and printing.") from error
    return Recorded(**dict(_CARD_FIELD.findall(head)))


def format_of(folder: Path, layout: str, printing: str) -> PromptFormat:
    """The format that the model was trained with.

    Args:
        folder: of the checkpoint.
        layout, printing: what the settings say; empty: nothing.

    Raises:
        CheckpointError: nobody says, or the settings and the checkpoint say different things.
    """
    recorded = read_record(folder)
    for name, given, told in (("layout", layout, recorded.layout), ("printing", printing, recorded.printing)):
        if given and told and given != told:
            raise CheckpointError(
                f"the checkpoint {folder.name} was made for {name} {told!r} and the settings say {given!r}: "
                "a model is asked only as it was trained."
            )
    if not (printing or recorded.printing):
        raise CheckpointError(
            f"nothing says how goals were printed for the checkpoint {folder.name}: "
            f'give --printing, or write {RECORD} into it ({{"layout": "sft", "printing": "coqgym"}}).'
        )
    try:
        return PromptFormat.named(f"{layout or recorded.layout or 'sft'}/{printing or recorded.printing}")
    except ValueError as error:
        raise CheckpointError(f"{folder.name}: {error}") from error
