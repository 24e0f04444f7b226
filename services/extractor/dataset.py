"""The data set: all records of a folder put together, without duplicates and without what is to be excluded."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from extractor.duplicates import Duplicates, Exclusion
from extractor.model import ExtractError, FileRecord
from extractor.records import Records, examples_of

# `messages`: one JSON array a split. `jsonl`: the same objects, one a line.
FORMATS = {"messages": ".json", "jsonl": ".jsonl"}
_SPLITS = ("test", "train")  # in this order: what is in the test split must not be in the other one


@dataclass(slots=True)
class SplitFigures:
    """Counts of a split, and sums of estimated tokens."""

    examples: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    licences: Counter[str] = field(default_factory=Counter)
    projects: Counter[str] = field(default_factory=Counter)
    prompt_tokens: list[int] = field(default_factory=list)
    proof_chars: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Figures:
    """What a data set is made of.

    Attributes:
        records: without their examples.
        left_out: examples and theorems that are not in it, by reason.
        wishes: profile, layout and Coq versions of its examples.
    """

    splits: dict[str, SplitFigures] = field(default_factory=dict)
    records: list[FileRecord] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    wishes: Counter[str] = field(default_factory=Counter)

    @property
    def examples(self) -> int:
        """Of all splits."""
        return sum(one.examples for one in self.splits.values())


def assemble(out: Path, form: str, exclusion: Exclusion) -> Figures:
    """Puts all records of a folder together into one file a split; each is written whole or not at all.

    Raises:
        ExtractError: nothing can be written.
    """
    found = list(Records(out).headers())
    figures = Figures(records=[record for _, record in found])
    for record in figures.records:
        figures.left_out.update(record.left_out)
    places = [place for place, record in found if record.written]
    for row in _rows(places):
        if exclusion.named(row):
            exclusion.note(row)
    duplicates = Duplicates()
    try:
        for split in _SPLITS:
            _write_split(out, split, form, places, exclusion, duplicates, figures)
    except OSError as error:
        raise ExtractError(
            f"{out} cannot be written ({error.strerror or error}): make room there, or give another --out."
        ) from None
    return figures


def _write_split(
    out: Path,
    split: str,
    form: str,
    places: list[Path],
    exclusion: Exclusion,
    duplicates: Duplicates,
    figures: Figures,
) -> None:
    target = out / f"{split}{FORMATS[form]}"
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    counts = SplitFigures()
    with ExitStack() as stack:
        stack.callback(fresh.unlink, missing_ok=True)
        file: IO[str] = stack.enter_context(fresh.open("w", encoding="utf-8"))
        opening, between, ending = ("[\n", ",\n", "\n]\n") if form == "messages" else ("", "\n", "\n")
        for row in _rows(places):
            if row["split"] != split:
                continue
            why = exclusion.why(row) or duplicates.why(split, row)
            if why:
                figures.left_out[why] += 1
                continue
            file.write(opening if not counts.examples else between)
            file.write(json.dumps(row, ensure_ascii=False))
            _count(row, counts, figures)
        if counts.examples:
            file.write(ending)
            file.flush()
            os.fsync(file.fileno())
            fresh.replace(target)
            figures.splits[split] = counts
    for old in FORMATS.values():
        stale = out / f"{split}{old}"
        if not counts.examples or old != FORMATS[form]:
            stale.unlink(missing_ok=True)


def _count(row: dict[str, Any], counts: SplitFigures, figures: Figures) -> None:
    counts.examples += 1
    counts.kinds[row["kind"]] += 1
    counts.licences[row["licence"] or "unknown"] += 1
    counts.projects[row["project"]] += 1
    counts.prompt_tokens.append(int(row["prompt_tokens"]))
    counts.proof_chars.append(len(row["proof"]))
    figures.wishes[f"layout {row['layout']}, profile {row['profile']}, Coq {row['coq_version'] or 'unknown'}"] += 1


def _rows(places: list[Path]) -> Iterator[dict[str, Any]]:
    for place in places:
        yield from examples_of(place)
