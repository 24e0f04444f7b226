"""Recorded answers, by project, file and theorem."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import structlog

from coqdata.prompts import estimate_tokens
from model_server.ask import Ask, Card, Made, cut_at_stop
from model_server.client import Answer
from model_server.errors import InvalidRequestError, NotFoundError

_log = structlog.get_logger("model_server")


class ReplayError(Exception):
    """The recordings cannot be used; the text is one sentence."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a record stands: bytes `[start, end)` of its file."""

    start: int
    end: int


class _Recording:
    """One file of records: their places are kept, their texts read when they are asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places: dict[tuple[str, str], list[_Place]] = {}
        at = 0
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                start, at = at, at + len(line)
                try:
                    record = json.loads(line)
                    key = (file_key(record["file"]), record["theorem"])
                    if not isinstance(record["response"], str):
                        raise TypeError
                except (ValueError, KeyError, TypeError, RecursionError):
                    if line.strip():
                        _log.warning("a record that cannot be read is left out", file=str(path), line=number)
                    continue
                self._places.setdefault(key, []).append(_Place(start, at))

    def responses(self, file: str, theorem: str) -> list[str] | None:
        """What was recorded for a theorem, in the order of the file; None where nothing was."""
        places = self._places.get((file_key(file), theorem))
        if places is None:
            return None
        found: list[str] = []
        with self._path.open("rb") as opened:
            for place in places:
                opened.seek(place.start)
                found.append(str(json.loads(opened.read(place.end - place.start))["response"]))
        return found

    def files_of(self, theorem: str) -> list[str]:
        """The files that have a theorem of that name."""
        return [file for file, name in self._places if name == theorem]


def file_key(file: str) -> str:
    """A file's name as records are found by: without `.v`, and without a leading `./`."""
    return str(PurePosixPath(file.removesuffix(".v")))


class ReplayBackend:
    """Answers of a folder `MODEL/PROJECT.jsonl`, a line for each: `project, file, theorem, response`.

    Each MODEL is a model of the server; a folder of one model alone, with its `PROJECT.jsonl`, does too.
    Files are read when their project is first asked for. A theorem without a record is answered 404 with the
    code `not_recorded`; one with fewer records than `n` gives what there is.
    Every answer stands alone: temperature and seed change nothing.

    Args:
        folder: of the recordings.
        printing: the profile that the goals were printed under when they were recorded; empty: any.

    Raises:
        ReplayError: there is nothing in the folder.
    """

    def __init__(self, folder: Path, printing: str = "") -> None:
        self._folder = folder
        self._loaded: dict[tuple[str, str], _Recording] = {}
        self._models = {one.parent.name: one.parent for one in sorted(folder.glob("*/*.jsonl"))}
        if not self._models and any(folder.glob("*.jsonl")):
            self._models = {folder.resolve().name: folder}
        self._cards = tuple(Card(name, "replay", (), printing, "recorded") for name in self._models)
        if not self._cards:
            raise ReplayError(
                f"there are no recordings in {folder}: it must have files PROJECT.jsonl, or MODEL/PROJECT.jsonl."
            )

    def cards(self) -> tuple[Card, ...]:
        """One for each folder."""
        return self._cards

    async def make(self, card: Card, ask: Ask) -> Made:
        """The recorded answers."""
        target = ask.target
        if not target.project or not target.theorem:
            raise InvalidRequestError(
                "recorded answers are found by metadata.project, metadata.file and metadata.theorem: give them.",
                "invalid_metadata",
            )
        if target.kind == "tactic":
            raise NotFoundError("whole proofs were recorded, no single tactics.", "not_recorded")
        found = self._find(card.name, target.project, target.file, target.theorem)
        answers = [Answer(text, 0.0, estimate_tokens(text)) for text in found[: ask.n]]
        return Made(tuple(cut_at_stop(one, ask.stop) for one in answers), ask.prompt_tokens())

    def _find(self, model: str, project: str, file: str, theorem: str) -> list[str]:
        recording = self._recording(model, project)
        if recording is not None:
            # A name with its modules was recorded without them.
            for name in (theorem, theorem.rpartition(".")[2]):
                key = file_key(file)
                if not file:
                    only = recording.files_of(name)
                    key = only[0] if len(only) == 1 else ""
                responses = recording.responses(key, name)
                if responses is not None:
                    return responses
                # Projects differ in whether paths begin at `theories` and the like.
                near = [one for one in recording.files_of(name) if f"/{key}".endswith(f"/{one}")]
                responses = recording.responses(near[0], name) if len(near) == 1 else None
                if responses is not None:
                    return responses
        where = f" in {file}" if file else ""
        raise NotFoundError(f"{model} has no recorded answer for {theorem}{where} of {project}.", "not_recorded")

    def _recording(self, model: str, project: str) -> _Recording | None:
        key = (model, project)
        if key not in self._loaded:
            # The name comes from a request: it must be that of a file there.
            known = {one.stem: one for one in self._models[model].glob("*.jsonl")}
            if project not in known:
                return None
            self._loaded[key] = _Recording(known[project])
        return self._loaded[key]

    def lines(self, card: Card, ask: Ask) -> AsyncIterator[str] | None:
        """None: the answers are there at once."""
        return None

    async def problem(self) -> str:
        """Whether the folder is still there."""
        return "" if self._folder.is_dir() else f"the folder {self._folder} is gone."

    async def close(self) -> None:
        """Nothing is held."""
