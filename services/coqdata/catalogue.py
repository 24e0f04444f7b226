"""The catalogue: PALM's evaluation projects, projects that a person added, and where they are found."""

import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from coqdata.project import PROJECT_FILE, Project, ProjectError, load_project

_ADDED = "projects.json"
# The version whose toolchain the catalogue's projects stay with.
CATALOGUE_COQ = (8, 20)
# Names stand in lists with commas, before `=` and in paths.
_NAME = re.compile(r"[\w-][\w.-]*")


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A known project.

    Attributes:
        name: as PALM and CoqGym call it.
        upstream: address of its repository.
        commit: the commit that is meant.
        coq: the Coq that PALM used.
        options: its load path, as in `_CoqProject`.
        palm_theorems: how many of PALM's theorems it has.
        licence: where it is known.
        requires: libraries beyond Coq's own.
        arguments: of coqc, that the project needs on a newer Coq than it was written for.
    """

    name: str
    upstream: str
    commit: str
    coq: str
    options: tuple[str, ...]
    palm_theorems: int
    licence: str
    requires: tuple[str, ...]
    arguments: tuple[str, ...] = ()


@cache
def catalogue() -> dict[str, CatalogueEntry]:
    """The known projects by name."""
    given = tomllib.loads(files("coqdata").joinpath("catalogue.toml").read_text("utf-8"))
    return {
        name: CatalogueEntry(
            name=name,
            upstream=one["upstream"],
            commit=one["commit"],
            coq=one["coq"],
            options=tuple(one["options"]),
            palm_theorems=one["palm_theorems"],
            licence=one["licence"],
            requires=tuple(one["requires"]),
            arguments=tuple(one.get("arguments", ())),
        )
        for name, one in given.items()
    }


def cache_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Where what is kept between runs lies: PALMETTO_CACHE, else the user's cache folder."""
    given = os.environ if environ is None else environ
    if own := given.get("PALMETTO_CACHE"):
        return Path(own).expanduser().absolute()
    if (shared := given.get("XDG_CACHE_HOME")) and Path(shared).is_absolute():
        return Path(shared) / "palmetto"
    home = given.get("HOME")
    return (Path(home) if home else Path.home()) / ".cache" / "palmetto"


def corpora_folder() -> Path:
    """Where ready projects may lie: `corpora` under PALMETTO_SHARED, default `../shared`."""
    return Path(os.environ.get("PALMETTO_SHARED", "../shared")) / "corpora"


@dataclass(frozen=True, slots=True)
class Added:
    """A project that a person added: its folder, and the toolchain chosen for it, if any."""

    folder: Path
    toolchain: str = ""

    @staticmethod
    def read(kept: Any) -> "Added":
        """From what the list has: the folder alone where no toolchain was chosen.

        Raises:
            ValueError, TypeError, KeyError: it is neither.
        """
        if isinstance(kept, str):
            return Added(Path(kept))
        return Added(Path(kept["folder"]), str(kept["toolchain"]))

    def kept(self) -> Any:
        """What the list has of it."""
        return {"folder": str(self.folder), "toolchain": self.toolchain} if self.toolchain else str(self.folder)


def added_projects() -> dict[str, Added]:
    """Projects that a person added, by name.

    Raises:
        ProjectError: the list cannot be read.
    """
    listing = cache_folder() / _ADDED
    if not listing.is_file():
        return {}
    try:
        return {name: Added.read(kept) for name, kept in json.loads(listing.read_text("utf-8")).items()}
    except (OSError, ValueError, AttributeError, TypeError, KeyError) as error:
        raise ProjectError(f"{listing} cannot be read ({error}): mend it or remove it.") from error


def add_project(name: str, folder: Path, toolchain: str = "") -> Project:
    """Remembers a project under a name.

    Args:
        name: what to call it.
        folder: its folder.
        toolchain: the name of the one that it is to be worked on with; empty: what its files tell.

    Raises:
        ProjectError: it is no name, the folder is no project, or the list cannot be written.
    """
    if _NAME.fullmatch(name) is None:
        raise ProjectError(f"{name!r} is no name for a project: use letters, digits, `_`, `-` and `.` inside.")
    project = replace(load(folder, name), toolchain=toolchain)
    entries = {**added_projects(), name: Added(project.root, toolchain)}
    added = {key: one.kept() for key, one in entries.items()}
    listing = cache_folder() / _ADDED
    try:
        listing.parent.mkdir(parents=True, exist_ok=True)
        fresh = listing.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps(added, indent=1, sort_keys=True), "utf-8")
        fresh.replace(listing)
    except OSError as error:
        raise ProjectError(f"{listing} cannot be written ({error.strerror}): set PALMETTO_CACHE.") from error
    return project


def locate(name: str) -> Path | None:
    """Where a project of that name lies on this machine; None when it does not."""
    added = added_projects().get(name)
    places = [
        None if added is None else added.folder,
        corpora_folder() / name,
        cache_folder() / "projects" / name,
    ]
    return next((place.resolve() for place in places if place is not None and place.is_dir()), None)


def load(folder: Path, name: str | None = None) -> Project:
    """The project in a folder, with the arguments that the catalogue has for one of its name, and its toolchain.

    Raises:
        ProjectError: there is no such folder, or its project file is malformed.
    """
    project = load_project(folder, name)
    chosen = [(key, one.toolchain) for key, one in added_projects().items() if one.folder == project.root]
    # A folder may have been added under several names.
    toolchain = dict(chosen).get(project.name, next((one for _, one in chosen if one), ""))
    project = replace(project, toolchain=toolchain)
    entry = catalogue().get(project.name)
    if entry is None or not entry.arguments:
        return project
    options = project.options
    return replace(project, options=replace(options, arguments=(*options.arguments, *entry.arguments)))


def find_project(file: Path) -> Project | None:
    """The project of a file: the nearest folder upward with a `_CoqProject`; None when there is none.

    Raises:
        ProjectError: its project file is malformed.
    """
    for folder in file.resolve().parents:
        if (folder / PROJECT_FILE).is_file():
            return load(folder)
    return None


def resolve(name_or_folder: str) -> Project:
    """A project by its name, or by its folder.

    Raises:
        ProjectError: it is neither, or it is known but not on this machine.
    """
    looks_like_path = "/" in name_or_folder or name_or_folder in (".", "..")
    if not looks_like_path:
        place = locate(name_or_folder)
        if place is not None:
            return load(place, name_or_folder)
    folder = Path(name_or_folder)
    if folder.is_dir():
        return load(folder)
    entry = catalogue().get(name_or_folder)
    if entry is not None:
        raise ProjectError(
            f"the project {entry.name} is in the catalogue but not on this machine: "
            f"clone {entry.upstream} and run `palmetto project add {entry.name} DIR`."
        )
    raise ProjectError(f"there is no project {name_or_folder!r}: give a folder, or a name of `palmetto project list`.")
