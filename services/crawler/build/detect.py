"""How a project says that it is built: `_CoqProject` and its like, dune, opam, configure and make."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from coqdata.opam import Package, read_opam
from coqdata.project import PROJECT_FILE, LoadOptions, LoadPath, ProjectError, parse_project_file
from crawler.build.dune import theories
from crawler.tree import coq_files

# Files of options and file names as coq_makefile takes them.
_PROJECT_FILES = (PROJECT_FILE, "_RocqProject", "Make")
_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
_DEEPEST = 4
_MAX_TEXT = 1 << 20
_MAX_LISTINGS = 50
_BINDING = re.compile(r"(?:^|[\s\"'])-(R|Q)[ \t]+([\w./-]+)[ \t,]+([A-Za-z][\w.]*)")


@dataclass(frozen=True, slots=True)
class Layout:
    """Load path and files of a project.

    Attributes:
        options: with absolute folders below the project's.
        files: absolute, all there.
        missing: files that are listed and are not there, from the project's folder.
        notes: what was changed of what the project says.
    """

    options: LoadOptions
    files: tuple[Path, ...]
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Detected:
    """What was found in a folder.

    Attributes:
        systems: of `coqproject`, `dune`, `opam`, `configure`, `make`.
        layout: load path and files by its own account; None where only its make can tell.
        makefile: whether its make can be run.
        package: what its opam files say.
    """

    systems: tuple[str, ...]
    layout: Layout | None
    makefile: bool
    package: Package = field(default_factory=Package)


def detect(root: Path) -> Detected:
    """Looks at a folder; reads only what lies in it."""
    systems = []
    layout = None
    listings = _listings(root)
    if listings:
        systems.append("coqproject")
        layout = _by_listings(root, listings)
    found = theories(root)
    if found:
        systems.append("dune")
        if layout is None:
            layout = contained(root, LoadOptions(tuple(found.paths), (), tuple(found.arguments)), found.files)
    package = read_opam(root)
    if package.files:
        systems.append("opam")
    if (root / "configure").is_file():
        systems.append("configure")
    makefile = any((root / name).is_file() for name in _MAKEFILES)
    if makefile:
        systems.append("make")
    return Detected(tuple(systems), layout, makefile or "configure" in systems, package)


def guess(root: Path) -> Layout:
    """Load path and files where nothing says it: what its makefiles bind, else the folder itself."""
    paths = []
    for name in _MAKEFILES:
        for flag, folder, logical in _BINDING.findall(_text(root / name)):
            paths.append(LoadPath((root / folder).resolve(), logical, flag == "R"))
    paths = list(dict.fromkeys(paths)) or [LoadPath(root, "", True)]
    return contained(root, LoadOptions(tuple(paths)), coq_files(root))


def contained(root: Path, options: LoadOptions, files: Iterable[Path]) -> Layout:
    """A layout without what lies outside of a folder and without options that no session understands."""
    notes = []
    paths = []
    for path in options.paths:
        if path.folder.is_relative_to(root) and path.folder.is_dir():
            paths.append(path)
        else:
            notes.append(f"load path {_shown(path.folder, root)} ({path.logical}) left out: no folder of the project")
    kept, missing = [], []
    for file in dict.fromkeys(files):
        if not file.is_relative_to(root):
            notes.append(f"file {_shown(file, root)} left out: not in the project")
        elif file.is_file():
            kept.append(file)
        else:
            missing.append(_shown(file, root))
    arguments, unknown = _understood(options.arguments)
    if unknown:
        notes.append(f"options left out: {' '.join(unknown)[:200]}")
    paths = paths or [LoadPath(root, "", True)]
    return Layout(LoadOptions(tuple(paths), (), arguments), tuple(kept), tuple(missing), tuple(notes))


def _understood(arguments: tuple[str, ...]) -> tuple[tuple[str, ...], list[str]]:
    kept: list[str] = []
    unknown: list[str] = []
    given = list(arguments)
    while given:
        one = given[:2] if given[0] in ("-w", "-set", "-unset") else given[:1]
        del given[: len(one)]
        try:
            LoadOptions(arguments=tuple(one)).engine_arguments()
            kept += one
        except ProjectError:
            unknown += one
    return tuple(kept), unknown


def _listings(root: Path) -> list[Path]:
    """Project files: the folder's own, else those of its folders."""
    for name in _PROJECT_FILES:
        if (root / name).is_file():
            return [root / name]
    found = []
    for folder, folders, names in os.walk(root):
        depth = len(Path(folder).relative_to(root).parts)
        folders[:] = sorted(name for name in folders if not name.startswith(".")) if depth < _DEEPEST else []
        for name in _PROJECT_FILES:
            if name in names:
                found.append(Path(folder) / name)
                folders.clear()  # what lies below belongs to it
                break
    return found[:_MAX_LISTINGS]


def _by_listings(root: Path, listings: list[Path]) -> Layout | None:
    paths: list[LoadPath] = []
    arguments: list[str] = []
    files: list[Path] = []
    notes: list[str] = []
    for listing in listings:
        folder = listing.parent
        try:
            options, listed = parse_project_file(_text(listing), folder)
        except (ProjectError, ValueError, OSError) as error:
            notes.append(str(error).replace(str(root), "."))
            continue
        if not options.paths:
            options = LoadOptions((LoadPath(folder, "", False),), (), options.arguments)
        paths += options.paths
        arguments += options.arguments if not _within(options.arguments, arguments) else ()
        files += listed or coq_files(folder)
    if not paths:
        return None
    layout = contained(root, LoadOptions(tuple(dict.fromkeys(paths)), (), tuple(arguments)), files)
    return Layout(layout.options, layout.files, layout.missing, (*notes, *layout.notes))


def _within(part: tuple[str, ...], whole: list[str]) -> bool:
    return any(tuple(whole[at : at + len(part)]) == part for at in range(len(whole) - len(part) + 1))


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_TEXT:
            return ""
        return path.read_bytes().decode("utf-8", "replace").replace("\0", " ")
    except OSError:
        return ""


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else os.path.relpath(path, root)
