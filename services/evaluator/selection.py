"""Which theorems an experiment works on: those that are named, a sample of them, a shard of that."""

import csv
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluator.errors import EvaluatorError
from evaluator.record import Key
from evaluator.theorems import Item

_SHARD = re.compile(r"(\d{1,6})/(\d{1,6})")
_PLACE = re.compile(r"(?:(?P<file>.+):)?(?P<theorem>[^:/,]+)")
_COLUMNS = ("project", "file", "theorem")


class SelectionError(EvaluatorError):
    """The theorems that are asked for are not there; the text is one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One of so many equal parts."""

    number: int = 0
    of: int = 1

    def __str__(self) -> str:
        """`i/n`."""
        return f"{self.number}/{self.of}"

    @staticmethod
    def parse(text: str) -> "Shard":
        """Reads `i/n`.

        Raises:
            SelectionError: it is no shard.
        """
        found = _SHARD.fullmatch(text.strip())
        if found is None or int(found[1]) >= int(found[2]):
            raise SelectionError(f"{text!r} is no shard: give --shard i/n with 0 <= i < n, such as 0/4.")
        return Shard(int(found[1]), int(found[2]))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A theorem by name, in a file of a project where these are given."""

    theorem: str
    file: str = ""
    project: str = ""

    def means(self, item: Item) -> bool:
        """Whether it means a theorem."""
        key = item.key
        if self.project and self.project != key.project:
            return False
        if self.file and self.file.removesuffix(".v") not in (
            key.file.removesuffix(".v"),
            f"{key.project}/{key.file}".removesuffix(".v"),
        ):
            return False
        return self.theorem in (key.theorem, key.theorem.rpartition(".")[2])

    def __str__(self) -> str:
        """As people write it."""
        return ":".join(part for part in ("/".join(p for p in (self.project, self.file) if p), self.theorem) if part)


def read_wanted(text: str) -> list[Wanted]:
    """The theorems that `--theorems` names.

    Args:
        text: names with commas between, each `NAME`, `FILE.v:NAME` or `PROJECT/FILE.v:NAME`; or a file with one a line
            (`#` begins a comment), or a CSV file with the columns
            `project`, `file`, `theorem`; or JSON lines with these, as a test crawl leaves them.

    Raises:
        SelectionError: it cannot be read, or names nothing.
    """
    path = Path(text)
    if "," not in text and path.is_file():
        found = _from_file(path)
    elif "," not in text and (path.suffix in (".txt", ".csv", ".lst") or path.is_dir()):
        raise SelectionError(f"{path} is no list of theorems that can be read: give a file, or names with commas.")
    else:
        found = [_named(part) for part in text.split(",") if part.strip()]
    if not found:
        raise SelectionError(
            f"--theorems {text!r} names no theorem: give names with commas between, or a file of them."
        )
    return list(dict.fromkeys(found))


def _from_file(path: Path) -> list[Wanted]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise SelectionError(f"{path} cannot be read as UTF-8 text: give a list of theorems, one a line.") from None
    if path.suffix == ".jsonl":
        return _from_json_lines(path, lines)
    if lines and set(_COLUMNS) <= set(lines[0].split(",")):
        return [Wanted(row["theorem"], row["file"], row["project"]) for row in csv.DictReader(lines) if row["theorem"]]
    return [_named(line) for line in (one.partition("#")[0] for one in lines) if line.strip()]


def _from_json_lines(path: Path, lines: Sequence[str]) -> list[Wanted]:
    try:
        rows = [json.loads(line) for line in lines if line.strip()]
        return [Wanted(str(row["theorem"]), str(row.get("file", "")), str(row.get("project", ""))) for row in rows]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SelectionError(
            f"{path} is no list of theorems ({error}): give one JSON object a line, with `theorem` and, where it takes "
            "them to tell which one is meant, `file` and `project`."
        ) from None


def _named(text: str) -> Wanted:
    found = _PLACE.fullmatch(text.strip())
    if found is None:
        raise SelectionError(f"{text.strip()!r} names no theorem: write NAME, FILE.v:NAME or PROJECT/FILE.v:NAME.")
    return Wanted(found["theorem"].strip(), (found["file"] or "").strip())


def named(items: Sequence[Item], wanted: Iterable[Wanted], projects: Sequence[str]) -> list[Item]:
    """The theorems that are named, each once; one that is not there is an item without a place.

    Args:
        items: all theorems.
        wanted: those that are named. What names another project than `projects` is left out.
        projects: the projects that are evaluated.

    Raises:
        SelectionError: a name that is nowhere, and nothing tells to which project it belongs; or nothing is left.
    """
    by_name: dict[str, list[Item]] = {}
    for item in items:
        for name in {item.key.theorem, item.key.theorem.rpartition(".")[2]}:
            by_name.setdefault(name, []).append(item)
    found: dict[Key, Item] = {}
    for one in wanted:
        if one.project and one.project not in projects:
            continue
        means = [item for item in by_name.get(one.theorem, ()) if one.means(item)]
        for item in means or _gone(one, projects):
            found[item.key] = item
    if not found:
        raise SelectionError(f"none of the theorems that are named belongs to {', '.join(projects)}: see --proj.")
    return sorted(found.values(), key=lambda item: (projects.index(item.key.project), item.order))


def _gone(one: Wanted, projects: Sequence[str]) -> list[Item]:
    project, file = one.project, one.file
    head, _, rest = file.partition("/")
    if not project and head in projects and rest:
        project, file = head, rest
    if not project and len(projects) == 1:
        project = projects[0]
    if not project:
        raise SelectionError(
            f"there is no theorem {one} in {', '.join(projects)}: see its spelling, or name its project."
        )
    return [Item(Key(project, file, one.theorem, 0))]


def sample(items: Sequence[Item], limit: int, seed: int) -> list[Item]:
    """So many theorems, each project with its share (Sainte-Lague), drawn with the seed.

    A larger limit takes what a smaller one takes, and more. The order is that of `items`.
    """
    drawn: dict[str, list[Item]] = {}
    for item in sorted(items, key=lambda one: _drawn(one, seed)):
        drawn.setdefault(item.key.project, []).append(item)
    taken = dict.fromkeys(drawn, 0)
    chosen: set[Key] = set()
    for _ in range(min(limit, len(items))):
        # The next place goes to the project with the largest remaining quotient; all have one before any has two.
        name = max(
            (one for one in drawn if taken[one] < len(drawn[one])),
            key=lambda one: (taken[one] == 0, len(drawn[one]) / (2 * taken[one] + 1), one),
        )
        chosen.add(drawn[name][taken[name]].key)
        taken[name] += 1
    return [item for item in items if item.key in chosen]


def _drawn(item: Item, seed: int) -> bytes:
    key = item.key
    return hashlib.sha256(f"{seed}\0{key.project}\0{key.file}\0{key.theorem}\0{key.index}".encode()).digest()


def shard(items: Sequence[Item], part: Shard) -> list[Item]:
    """A shard's theorems: the same on every machine, no shard with more than one theorem more than another.

    Each shard gets its share of each project, hard and easy theorems mixed. The order is that of `items`.
    """
    dealt = sorted(items, key=lambda one: (one.key.project, _drawn(one, 0)))
    mine = {item.key for item in dealt[part.number :: part.of]}
    return [item for item in items if item.key in mine]
