"""What a crawl leaves: the catalogue, the test theorems, and the report, each written in one step."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from coqdata.crawled import CATALOGUE_FILE, CATALOGUE_FORMAT, THEOREMS_FILE, Provenance
from coqdata.project import ProjectError, load_project
from crawler.discover import Wish
from crawler.model import Cause, Repository, Result, Split, Status
from crawler.store import Store

REPORT_FILE = "report.jsonl"
TABLE_FILE = "report.md"


@dataclass(frozen=True, slots=True)
class Line:
    """A repository in the report: GitHub's description, what came of it, and the data sets that it belongs to."""

    repository: Repository
    result: Result
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What a crawl has come to.

    Attributes:
        lines: a line for each repository that was looked at, in their order.
        theorems: of a test split: a theorem each, as written to `theorems.jsonl`.
        left: repositories that were found and not looked at, for the sake of the limit.
        notes: what is to be said of the search.
        table: the report's table, as Markdown.
    """

    lines: tuple[Line, ...]
    theorems: tuple[dict[str, Any], ...]
    left: int
    notes: tuple[str, ...]
    table: str

    def count(self, *statuses: Status) -> int:
        """How many came to one of these."""
        return sum(line.result.status in statuses for line in self.lines)


def write_report(out: Path, store: Store, wish: Wish, others: Sequence[Store], left: int, coq: str) -> Report:
    """Writes all of it, from what the store knows.

    Args:
        out: the crawl's folder.
        store: the crawl's own.
        wish: what was wanted.
        others: of crawls whose statements count as known before.
        left: repositories that were found and not looked at.
        coq: version of the Coq that built; empty where nothing was built.

    Raises:
        OSError: the folder cannot be written.
    """
    lines = []
    for one in store.repositories():
        result = store.result(one.id)
        if result is not None:
            lines.append(Line(one, result, tuple((store.fetched(one.id) or {}).get("marks", ()))))
    theorems: list[dict[str, Any]] = []
    if wish.split is Split.TEST:
        lines, theorems = _test_theorems(out, lines, store, others)
    _write(out / REPORT_FILE, "".join(_json(_row(line)) for line in lines))
    if wish.split is Split.TEST:
        _write(out / THEOREMS_FILE, "".join(_json(one) for one in theorems))
    kept = [line for line in lines if line.result.status.kept]
    catalogue = {
        "format": CATALOGUE_FORMAT,
        "split": wish.split.value,
        "until": wish.until.isoformat(),
        "coq": coq,
        "projects": [_entry(line, wish) for line in kept],
    }
    _write(out / CATALOGUE_FILE, json.dumps(catalogue, indent=1, ensure_ascii=False) + "\n")
    notes = tuple(store.slice_notes())
    table = table_of(lines, wish, coq, left, notes)
    _write(out / TABLE_FILE, table)
    return Report(tuple(lines), tuple(theorems), left, notes, table)


def _test_theorems(
    out: Path, lines: Sequence[Line], store: Store, others: Sequence[Store]
) -> tuple[list[Line], list[dict[str, Any]]]:
    """The theorems for testing: each once, of files that compile, stated nowhere else before."""
    candidates: dict[int, list[tuple[str, int, int, dict[str, Any]]]] = {}
    for number, line in enumerate(lines):
        if line.result.status.kept:
            compiled = _compiled(out / "projects" / line.result.folder)
            for at, (one, what) in enumerate(store.fresh(line.repository.id)):
                if what["file"] in compiled:
                    candidates.setdefault(one, []).append((what["first"]["committed_at"], number, at, what))
    left_out: dict[int, Counter[str]] = {}
    taken: dict[int, list[tuple[int, dict[str, Any]]]] = {}
    for one, places in candidates.items():
        known = next((name for other in (store, *others) if (name := other.stated_in(one)) is not None), None)
        first = min(places, key=lambda place: place[:3])
        for place in places:
            number = place[1]
            if known is not None:
                left_out.setdefault(number, Counter())[f"stated before in {known}"] += 1
            elif number != first[1]:
                left_out.setdefault(number, Counter())[f"stated first in {lines[first[1]].repository.name}"] += 1
            else:
                taken.setdefault(number, []).append((place[2], place[3]))
    found: list[Line] = []
    theorems = []
    for number, line in enumerate(lines):
        mine = sorted(taken.get(number, ()), key=lambda one: one[0])
        result = line.result
        if number in left_out:
            result = replace(result, evidence={**result.evidence, "left_out": dict(left_out[number])})
        if result.status.kept:
            result = replace(result, theorems=len(mine))
            if not mine:
                said = "no new theorem is left: they are in files that do not compile, or stated elsewhere before"
                result = replace(result, status=Status.SKIPPED, cause=Cause.NOTHING_NEW, message=said, folder="")
        found.append(replace(line, result=result))
        theorems += [{"project": result.folder, **what} for _, what in mine]
    return found, theorems


def _compiled(folder: Path) -> set[str]:
    try:
        return {path.relative_to(folder.resolve()).as_posix() for path in load_project(folder).files}
    except ProjectError:  # somebody took it away
        return set()


def _row(line: Line) -> dict[str, Any]:
    one = line.repository
    described = {"repository": one.name, "id": one.id, "stars": one.stars, "licence": one.licence}
    return {**described, "archived": one.archived, "marks": list(line.marks), **line.result.as_json()}


def _entry(line: Line, wish: Wish) -> dict[str, Any]:
    one, result = line.repository, line.result
    provenance = Provenance(
        upstream=f"https://github.com/{one.name}",
        commit=result.commit,
        committed_at=result.committed_at,
        licence=one.licence,
        split=wish.split.value,
        until=wish.until.isoformat(),
        marks=line.marks,
    )
    return {
        "name": result.folder,
        "folder": f"projects/{result.folder}",
        "stars": one.stars,
        "files": result.built or result.files,
        "whole": result.status is Status.BUILDS,
        "theorems": result.theorems,
        "systems": list(result.systems),
        "provenance": asdict(provenance),
        "evidence": result.evidence,
        "skipped": result.skipped,
    }


def table_of(lines: Iterable[Line], wish: Wish, coq: str, left: int, notes: Sequence[str]) -> str:
    """The report for a person, as Markdown."""
    shown = list(lines)
    statuses = Counter(line.result.status.value for line in shown)
    causes = Counter((line.result.status.value, line.result.cause.value) for line in shown if line.result.cause)
    text = [f"# Crawl: {wish.split.value}, {wish.until:%Y-%m-%d}", ""]
    text.append(f"{len(shown)} repositories{f', built with Coq {coq}' if coq else ''}.")
    if left:
        text.append(f"{left} more were found and not looked at (`--limit`).")
    text += [
        "",
        "| came to | repositories |",
        "|---|---|",
        *(f"| {name} | {n} |" for name, n in statuses.most_common()),
    ]
    text += ["", "| why not | repositories |", "|---|---|"]
    text += [f"| {status}: {cause} | {n} |" for (status, cause), n in causes.most_common()]
    head = "| repository | stars | licence | commit | came to | files | theorems | build | known as | why not |"
    text += ["", head, "|---|---|---|---|---|---|---|---|---|---|"]
    for line in shown:
        one, result = line.repository, line.result
        cells = (
            one.name,
            str(one.stars),
            one.licence or "-",
            f"{result.commit[:12]} {result.committed_at[:10]}".strip() or "-",
            result.status.value,
            f"{result.built}/{result.files}" if result.files else "-",
            str(result.theorems) if wish.split is Split.TEST else "-",
            " ".join(result.systems) or "-",
            " ".join(line.marks) or "-",
            f"{result.cause.value}: {result.message}" if result.cause else "",
        )
        text.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    if notes:
        text += ["", "Of the search:", "", *(f"- {note}" for note in notes)]
    return "\n".join(text) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "/").replace("<", "&lt;").split())[:200]


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def _write(path: Path, text: str) -> None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.write_text(text.encode("utf-8", "replace").decode(), "utf-8")
    fresh.replace(path)
