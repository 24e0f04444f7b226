"""Records: one finished file of examples for each source file, written under another name and renamed."""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from extractor.model import FORMAT, ExtractError, FileRecord

_FOLDER = "records"
_ENDING = ".jsonl"


def fingerprint(*parts: bytes | str) -> str:
    """Hash of what a record is made of."""
    digest = hashlib.sha256(str(FORMAT).encode())
    for part in parts:
        given = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(f"\0{len(given)}\0".encode() + given)
    return digest.hexdigest()


class Records:
    """The records of a folder. Several processes may write into one folder, each its own files.

    Raises:
        ExtractError: the folder cannot be written.
    """

    def __init__(self, out: Path) -> None:
        self._folder = out / _FOLDER
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(out, error) from None

    def place(self, project: str, path: str) -> Path:
        """Where the record of a file lies."""
        # A name may be as long as a file system has them only when nothing is appended to it.
        shown = quote(f"{project}/{path}", safe="")
        if len(shown) > 180:
            shown = f"{shown[:120]}-{hashlib.sha256(shown.encode()).hexdigest()[:32]}"
        return self._folder / f"{shown}{_ENDING}"

    def finished(self, project: str, path: str, key: str) -> FileRecord | None:
        """The record of a file without its examples, if it is there, of this key, and went through."""
        try:
            with self.place(project, path).open(encoding="utf-8") as lines:
                record = read_header(lines.readline())
        except (OSError, ValueError):
            return None
        return record if record.key == key and not record.problem else None

    def write(self, record: FileRecord) -> None:
        """Writes a record whole.

        Raises:
            ExtractError: it cannot be written.
        """
        record.written = len(record.examples)
        place = self.place(record.project, record.path)
        fresh = place.with_name(f"{place.name}.{os.getpid()}.tmp")
        try:
            with fresh.open("w", encoding="utf-8") as file:
                file.write(line_of(record.header()))
                for example in record.examples:
                    file.write(line_of(example))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(place)
        except OSError as error:
            raise _unwritable(place, error) from None

    def forget_all_but(self, paths: Mapping[str, Collection[str]]) -> None:
        """Removes the records of these projects' files, by project, that the project has no longer.

        Raises:
            ExtractError: one cannot be removed.
        """
        for place, record in self.headers():
            if record.project in paths and record.path not in paths[record.project]:
                try:
                    place.unlink(missing_ok=True)
                except OSError as error:
                    raise _unwritable(place, error) from None

    def headers(self) -> Iterator[tuple[Path, FileRecord]]:
        """All records without their examples, by name; one that cannot be read is left out."""
        for place in sorted(self._folder.glob(f"*{_ENDING}")):
            try:
                with place.open(encoding="utf-8") as lines:
                    yield place, read_header(lines.readline())
            except (OSError, ValueError):
                continue


def examples_of(place: Path) -> Iterator[dict[str, Any]]:
    """The examples of a record, one at a time."""
    with place.open(encoding="utf-8") as lines:
        next(lines, None)
        for line in lines:
            yield json.loads(line)


def line_of(value: dict[str, Any]) -> str:
    """A value on one line."""
    return json.dumps(value, ensure_ascii=False) + "\n"


def read_header(line: str) -> FileRecord:
    """A record from its first line, without its examples.

    Raises:
        ValueError: it is none of this version.
    """
    given = json.loads(line)
    if not isinstance(given, dict) or given.pop("format", None) != FORMAT:
        raise ValueError("a record of another version")
    try:
        return FileRecord(**{**given, "left_out": Counter(given["left_out"])})
    except (TypeError, KeyError) as error:
        raise ValueError(f"no record: {error}") from None


def _unwritable(place: Path, error: OSError) -> ExtractError:
    return ExtractError(
        f"{place} cannot be written ({error.strerror or error}): make room there, or give another --out."
    )
