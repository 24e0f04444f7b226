"""Which library a `Require` means, by Coq's rules for logical names."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from coqdata.project import LoadPath

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LogicalName:
    """The logical name of a library under a load path.

    Attributes:
        full: such as `Coq.Lists.List`.
        recursive: it can be required by its last parts alone (`-R`), not only in full (`-Q`).
    """

    full: str
    recursive: bool


def logical_folder(folder: Path, paths: Iterable[LoadPath]) -> LogicalName | None:
    """The logical name bound to a folder; None when no load path holds it."""
    found: LogicalName | None = None
    for path in paths:
        if folder.is_relative_to(path.folder):
            parts = folder.relative_to(path.folder).parts
            name = ".".join([*([path.logical] if path.logical else []), *parts])
            # Coq lets a later binding of the same folder win, unless that is the empty name.
            if name or found is None:
                found = LogicalName(name, path.recursive)
    return found


def logical_name(file: Path, paths: Iterable[LoadPath]) -> LogicalName | None:
    """The logical name of a .v file; None when no load path holds it."""
    folder = logical_folder(file.parent, paths)
    if folder is None:
        return None
    return LogicalName(f"{folder.full}.{file.stem}".lstrip("."), folder.recursive)


class NameIndex(Generic[T]):
    """Things under logical names, found as `Require` finds libraries."""

    def __init__(self) -> None:
        self._by_last: dict[str, list[tuple[LogicalName, T]]] = {}

    def add(self, name: LogicalName, thing: T) -> None:
        """Puts a thing under a name."""
        self._by_last.setdefault(name.full.rpartition(".")[2], []).append((name, thing))

    def find(self, prefix: str, name: str) -> list[T]:
        """What `From prefix Require name` may mean, `Require name` with an empty prefix."""
        found: list[T] = []
        for known, thing in self._by_last.get(name.rpartition(".")[2], ()):
            if not prefix and known.full == name:
                return [thing]
            if prefix:
                # The last parts are the name's, the first ones the prefix's, and they do not overlap.
                fits = known.full.endswith(f".{name}") and f"{known.full[: -len(name)]}".startswith(f"{prefix}.")
            else:
                fits = known.recursive and known.full.endswith(f".{name}")
            if fits:
                found.append(thing)
        return found
