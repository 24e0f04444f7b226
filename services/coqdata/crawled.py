"""What a crawl leaves: projects with where they come from, and the catalogue that lists them."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from coqdata.project import ProjectError

PROVENANCE_FILE = "palmetto-source.json"
CATALOGUE_FILE = "catalogue.json"
THEOREMS_FILE = "theorems.jsonl"
CATALOGUE_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a project's files come from.

    Attributes:
        upstream: address of its repository.
        commit: the commit that was taken.
        committed_at: its date, ISO 8601 in UTC.
        licence: SPDX identifier; empty where none is known.
        split: `train` or `test`; empty where it was not split.
        until: the date that it was split at, ISO 8601.
        marks: data sets that it belongs to, such as `coqgym`.
    """

    upstream: str
    commit: str
    committed_at: str = ""
    licence: str = ""
    split: str = ""
    until: str = ""
    marks: tuple[str, ...] = ()


def write_provenance(folder: Path, provenance: Provenance) -> None:
    """Leaves it in a project's folder.

    Raises:
        OSError: the folder cannot be written.
    """
    (folder / PROVENANCE_FILE).write_text(json.dumps(asdict(provenance), indent=1) + "\n", "utf-8")


def read_provenance(folder: Path) -> Provenance | None:
    """Where a project's files come from; None where nothing readable tells it."""
    try:
        given = json.loads((folder / PROVENANCE_FILE).read_text("utf-8"))
        texts = {name: str(given.get(name, "")) for name in Provenance.__slots__ if name != "marks"}
        return Provenance(**texts, marks=tuple(str(mark) for mark in given.get("marks", ())))
    except (OSError, ValueError, AttributeError, TypeError):
        return None


@dataclass(frozen=True, slots=True)
class CrawledProject:
    """A project of a crawl's catalogue.

    Attributes:
        name: in the catalogue.
        folder: its folder, absolute; it has a `_CoqProject` that lists what compiles.
        stars: of its repository.
        files: Coq files that compile.
        theorems: in a test catalogue, how many of its theorems are for testing.
        provenance: where it comes from.
    """

    name: str
    folder: Path
    stars: int
    files: int
    theorems: int
    provenance: Provenance


def read_catalogue(place: Path) -> list[CrawledProject]:
    """The projects of a catalogue: of the file itself, or of a folder that a crawl wrote.

    Raises:
        ProjectError: it cannot be read.
    """
    listing = place / CATALOGUE_FILE if place.is_dir() else place
    try:
        given: Any = json.loads(listing.read_text("utf-8"))
        if given["format"] != CATALOGUE_FORMAT:
            raise ProjectError(f"{listing} is of another version of Palmetto: crawl again.")
        return [
            CrawledProject(
                name=str(one["name"]),
                folder=(listing.parent / one["folder"]).resolve(),
                stars=int(one["stars"]),
                files=int(one["files"]),
                theorems=int(one["theorems"]),
                provenance=Provenance(**{**one["provenance"], "marks": tuple(one["provenance"]["marks"])}),
            )
            for one in given["projects"]
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ProjectError(
            f"{listing} is no catalogue of a crawl ({error}): give what `palmetto crawl` wrote."
        ) from None


def test_theorems(folder: Path) -> frozenset[tuple[str, str, int]] | None:
    """Of a project that a test crawl left: file, qualified name and number among the file's of that name.

    None where all theorems of the project count: it is from no test crawl.

    Raises:
        ProjectError: it is from a test crawl whose list cannot be read.
    """
    found = read_provenance(folder)
    if found is None or found.split != "test":
        return None
    listing = folder.resolve().parent.parent / THEOREMS_FILE
    try:
        rows = [json.loads(line) for line in listing.read_text("utf-8").split("\n") if line.strip()]
        return frozenset(
            (str(row["file"]), str(row["theorem"]), int(row["index"])) for row in rows if row["project"] == folder.name
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ProjectError(
            f"{folder} is of a test split, and its list {listing} cannot be read ({error}): keep them together."
        ) from None


def expand(arguments: Iterable[str]) -> list[str]:
    """Arguments that name projects, each replaced by the folders that it stands for.

    A catalogue, or the folder of a crawl, stands for its projects; `DIR/*` for each folder in DIR (none that is hidden,
    and not `lost+found`), a crawl's among them for its projects, so that a volume can be named where no shell is.

    Raises:
        ProjectError: a catalogue or a folder cannot be read.
    """
    found: list[str] = []
    for argument in arguments:
        place = Path(argument)
        for one in _folders_in(place.parent) if place.name == "*" else [argument]:
            found += _projects_of(one)
    return found


def _projects_of(argument: str) -> list[str]:
    """The folders of a crawl's projects; the argument itself where it is no crawl."""
    place = Path(argument)
    if place.name == CATALOGUE_FILE or (place.is_dir() and (place / CATALOGUE_FILE).is_file()):
        return [str(one.folder) for one in read_catalogue(place)]
    return [argument]


def _folders_in(folder: Path) -> list[str]:
    try:
        found = sorted(one for one in folder.iterdir() if one.is_dir() and not one.name.startswith((".", "lost+")))
    except OSError as error:
        raise ProjectError(f"the folder of projects {folder} cannot be read ({error.strerror}).") from None
    return [str(one) for one in found]
