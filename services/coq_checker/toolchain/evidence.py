"""What the files of a project tell about the Coq that they are for. They are read, and nothing of them is run."""

import os
import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from coq_checker.toolchain.packages import LIBRARIES, library_in
from coqdata.project import PROJECT_FILE, ProjectError, parse_project_file, requires

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
    """A file, below the folder, that requires what only Rocq 9 has, and from which root; None where none does."""
    for path, text in _texts(folder):
        if not any(root.encode() in text for root in _ROOTS_OF_ROCQ):
            continue
        for prefix, name in requires(text):
            root = (prefix or name).partition(".")[0]
            if root in _ROOTS_OF_ROCQ:
                return path.relative_to(folder).as_posix(), root
    return None


def required_libraries(folder: Path) -> dict[str, str]:
    """The libraries (`packages.LIBRARIES`) that files below a folder require, each with the first file that does.

    What the folder's own `_CoqProject` binds to a name is the project's, and none of them.
    """
    own = _bound(folder)
    roots = {library.partition(".")[0].encode() for library in LIBRARIES} - own
    found: dict[str, str] = {}
    for path, text in _texts(folder):
        if any(root in text for root in roots):
            for prefix, name in requires(text):
                library = library_in(prefix, name)
                if library is not None and library.partition(".")[0].encode() not in own:
                    found.setdefault(library, path.relative_to(folder).as_posix())
    return found


def _bound(folder: Path) -> set[bytes]:
    """The first parts of the logical names that a project's own load path has."""
    try:
        options, _ = parse_project_file((folder / PROJECT_FILE).read_text("utf-8", "replace"), folder)
    except (OSError, ProjectError):
        return set()
    return {path.logical.partition(".")[0].encode() for path in options.paths}


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
