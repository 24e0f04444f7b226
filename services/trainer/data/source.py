"""Reads the examples of a data set, one after the other."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ijson

from coqdata.prompts import PromptFormat
from trainer.errors import TrainError

_FILES = ("train.jsonl", "train.json")
_CHUNK_BYTES = 1 << 20
_ROLES = ("system", "user")


@dataclass(frozen=True, slots=True)
class Example:
    """A conversation whose last message is the answer.

    Attributes:
        prompt: role and content of each message before it.
        answer: what the model is to say.
        project, file: where it comes from; empty where the data do not tell.
    """

    prompt: tuple[tuple[str, str], ...]
    answer: str
    project: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set that was read through once.

    Attributes:
        file: with the training examples.
        examples: how many.
        projects: examples by project; files: by project and file.
        format: layout and printing profile of the prompts.
        fingerprint: SHA-256 of the file.
        licences: examples by licence.
    """

    file: Path
    examples: int
    projects: dict[str, int]
    files: dict[tuple[str, str], int]
    format: PromptFormat
    fingerprint: str
    licences: dict[str, int] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Example]:
        """The examples, in the order of the file."""
        for row in _rows(self.file):
            yield _example(row, self.file)


def open_data(folder: Path, layout: str = "", printing: str = "") -> DataSet:
    """Reads a data set through.

    Args:
        folder: as `palmetto extract` leaves it: `train.json` (one array) or `train.jsonl` with OpenAI's messages.
        layout, printing: what the prompts are, where the data do not say.

    Raises:
        TrainError: it cannot be read, is empty, or mixes formats.
    """
    file = next((folder / name for name in _FILES if (folder / name).is_file()), None)
    if file is None:
        raise TrainError(f"{folder} has no train.json or train.jsonl: give the folder of `palmetto extract --out`.")
    projects: Counter[str] = Counter()
    files: Counter[tuple[str, str]] = Counter()
    licences: Counter[str] = Counter()
    formats: Counter[tuple[str, str]] = Counter()
    for row in _rows(file):
        one = _example(row, file)
        projects[one.project] += 1
        files[one.project, one.file] += 1
        licences[str(row.get("licence") or "unknown")] += 1
        formats[str(row.get("layout") or layout), str(row.get("profile") or printing)] += 1
    if not projects:
        raise TrainError(f"{file} has no examples: extract from projects that have proofs.")
    if len(formats) > 1:
        told = ", ".join(f"{one}/{other}" for one, other in sorted(formats))
        raise TrainError(f"{file} mixes prompt formats ({told}): extract with one layout and one printing profile.")
    ((found_layout, found_printing),) = formats
    for word, given, found in (("layout", layout, found_layout), ("printing", printing, found_printing)):
        if given and given != found:
            raise TrainError(f"{file} was made with {word} {found!r}, not {given!r}: leave out --{word}.")
        if not found:
            raise TrainError(f"{file} does not say the {word} of its prompts: give --{word}.")
    try:
        format_ = PromptFormat.named(f"{found_layout}/{found_printing}")
    except ValueError as error:
        raise TrainError(f"{file}: {error}") from error
    return DataSet(
        file, projects.total(), dict(projects), dict(files), format_, _fingerprint(file), dict(licences.most_common())
    )


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    try:
        if file.suffix == ".json":
            with file.open("rb") as source:
                if source.read(_CHUNK_BYTES).lstrip()[:1] != b"[":
                    raise TrainError(f"{file} is no JSON array of examples: extract again.")
                source.seek(0)
                yield from ijson.items(source, "item", use_float=True)
        else:
            with file.open(encoding="utf-8") as lines:
                for number, line in enumerate(lines, 1):
                    if line.strip():
                        try:
                            yield json.loads(line)
                        except ValueError as error:
                            raise TrainError(f"{file}, line {number} is no JSON ({error}): extract again.") from None
    except (ijson.JSONError, UnicodeDecodeError) as error:
        raise TrainError(f"{file} is no JSON array of examples ({error}): extract again.") from None
    except OSError as error:
        raise TrainError(f"{file} cannot be read ({error.strerror}).") from None


def _example(row: Any, file: Path) -> Example:
    try:
        messages = [(str(one["role"]), one["content"]) for one in row["messages"]]
        *prompt, (role, answer) = messages
        good = role == "assistant" and bool(prompt) and all(isinstance(text, str) and text for _, text in messages)
        good = good and prompt[-1][0] == "user" and all(name in _ROLES for name, _ in prompt)
        for _, text in messages if good else ():
            text.encode()
    except UnicodeEncodeError:
        raise TrainError(f"{file} has an example that holds half a character (a surrogate): extract again.") from None
    except (KeyError, TypeError, ValueError):
        good = False
    if not good:
        shown = json.dumps(row, ensure_ascii=False, default=str)[:120]
        raise TrainError(
            f"{file} has an example whose `messages` are no prompt (system, user) with one answer (assistant): {shown}"
        )
    return Example(tuple(prompt), answer, str(row.get("project") or ""), str(row.get("file") or ""))


def _fingerprint(file: Path) -> str:
    found = hashlib.sha256()
    try:
        with file.open("rb") as source:
            while chunk := source.read(_CHUNK_BYTES):
                found.update(chunk)
    except OSError as error:
        raise TrainError(f"{file} cannot be read ({error.strerror}).") from error
    return found.hexdigest()
