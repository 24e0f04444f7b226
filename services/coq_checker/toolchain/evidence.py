"""What the files of a project tell about the Coq that they are for. They are read, and nothing of them is run."""

import contextlib
import os
import struct
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from coq_checker.toolchain.packages import LIBRARIES, library_in
from coqdata.project import PROJECT_FILE, LoadPath, ProjectError, parse_project_file, requires

_SEEN_FILES = 20_000
_READ_FILES = 200
_MAX_TEXT = 1 << 20

# A compiled file begins with these letters and its format as a number, such as 82000 of 8.20 and 90299 of 9.2.
_VO = struct.Struct(">4sI")
_VO_LETTERS = b"Coq!"

_ROOTS_OF_ROCQ = frozenset({"Stdlib", "Corelib"})


def compiled_with(folder: Path) -> tuple[int, ...] | None:
    """The version that most of a project's `.vo` files were made with, such as (8, 20); None where there are none."""
    seen: Counter[tuple[int, ...]] = Counter()
    for path in _some(folder, ".vo"):
        if (version := vo_version(path)) is not None:
            seen[version] += 1
    return max(seen, key=lambda version: (seen[version], version), default=None)


def vo_version(path: Path) -> tuple[int, ...] | None:
    """The version that made a `.vo` file, such as (9, 2); None where the file is none, or cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(_VO.size)
    except OSError:
        return None
    if len(head) < _VO.size:
        return None
    letters, number = _VO.unpack(head)
    return (number // 10_000, number // 100 % 100) if letters == _VO_LETTERS else None


def requires_of_rocq(folder: Path) -> tuple[str, str] | None:
    """A file, below the folder, that requires what only Rocq 9 has, and from which root; None where none does.

    What the folder's project itself calls so is its own, and no sign of Rocq.
    """
    roots = _ROOTS_OF_ROCQ - _own_roots(folder, _ROOTS_OF_ROCQ)
    for path, text in _texts(folder):
        if (root := root_of_rocq(text, roots)) is not None:
            return path.relative_to(folder).as_posix(), root
    return None


def root_of_rocq(text: bytes, roots: Collection[str] = _ROOTS_OF_ROCQ) -> str | None:
    """From which of the roots that only Rocq 9 has a text requires something; None where from none."""
    if not any(root.encode() in text for root in roots):
        return None
    required = ((prefix or name).partition(".")[0] for prefix, name in requires(text))
    return next((root for root in required if root in roots), None)


def required_libraries(folder: Path) -> dict[str, str]:
    """The libraries (`packages.LIBRARIES`) that files below a folder require, each with the first file that does.

    What the folder's own project binds to a name is the project's, and none of them.
    """
    roots = frozenset(library.partition(".")[0] for library in LIBRARIES)
    roots -= _own_roots(folder, roots)
    found: dict[str, str] = {}
    for path, text in _texts(folder):
        if any(root.encode() in text for root in roots):
            for prefix, name in requires(text):
                library = library_in(prefix, name)
                if library is not None and library.partition(".")[0] in roots:
                    found.setdefault(library, path.relative_to(folder).as_posix())
    return found


def _own_roots(folder: Path, roots: frozenset[str]) -> frozenset[str]:
    """Those of some roots that a project binds itself."""
    listing = folder / PROJECT_FILE
    paths: tuple[LoadPath, ...] = ()
    with contextlib.suppress(OSError, UnicodeDecodeError, ProjectError):
        paths = parse_project_file(listing.read_text("utf-8"), folder)[0].paths
    bound = {path.logical.partition(".")[0] for path in paths}
    unnamed = [path.folder for path in paths if not path.logical] if paths else [folder]
    bound |= {root for root in roots for place in unnamed if (place / root).is_dir()}
    return roots & bound


def _texts(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for path in _some(folder, ".v"):
        try:
            if path.stat().st_size <= _MAX_TEXT:
                yield path, path.read_bytes()
        except OSError:
            continue


def _some(folder: Path, suffix: str) -> Iterator[Path]:
    """The first files of a kind, in the order of their names; what is hidden, and a switch of opam's, is left out."""
    seen = found = 0
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "_opam")
        for name in sorted(names):
            seen += 1
            if name.endswith(suffix):
                found += 1
                yield Path(where, name)
            if seen >= _SEEN_FILES or found >= _READ_FILES:
                return
