"""The files of a project and of those that it needs, and which requires which."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from coq_checker.builds.layout import Unit
from coq_checker.builds.names import NameIndex, logical_name
from coq_checker.builds.record import digest
from coq_checker.builds.result import BuildError
from coqdata.project import requires
from coqdata.source import read_source

# What files require, by the hashes of their texts: a server asks again and again.
_REQUIRES_KEPT = 10_000
_requires: dict[str, list[tuple[str, str]]] = {}


@dataclass(slots=True, eq=False)
class Source:
    """A .v file as it was when the build began.

    Attributes:
        path: where it lies.
        name: where it lies below its unit's base, with `/`.
        unit: whose file it is.
        text: its bytes; empty when it cannot be read.
        unreadable: why it cannot be read; None when it can.
        requires: what it requires, as (prefix, name).
        needs: files of ours that it requires.
        elsewhere: those of `requires` that no file of ours is.
    """

    path: Path
    name: str
    unit: Unit
    text: bytes
    unreadable: str | None
    requires: list[tuple[str, str]]
    needs: list["Source"] = field(default_factory=list)
    elsewhere: list[tuple[str, str]] = field(default_factory=list)

    def shown_from(self, root: Path) -> str:
        """Its path as seen from a folder, with `/`."""
        return Path(os.path.relpath(self.path, root)).as_posix()


def read_sources(unit: Unit, only: Path | None = None, text: bytes | None = None) -> dict[Path, Source]:
    """All files of a unit and of those that it needs, each after those that it requires.

    Args:
        unit: whose files are read.
        only: a file to read too, though the project may not list it.
        text: of `only`, where it is not what lies there.

    Raises:
        BuildError: files require each other in a circle.
    """
    found: dict[Path, Source] = {}
    for one in reversed(unit.all()):
        extra = [only] if only is not None and one is unit else []
        for path in (*one.project.files, *extra):
            if path not in found and path.is_relative_to(one.base):
                found[path] = _read(path, one, text if path == only else None)
    for one in unit.all():
        _connect(one, found)
    return {path: found[path] for path in _ordered(found)}


def closure(start: Iterable[Source]) -> set[Path]:
    """The files, and all that they require."""
    found: set[Path] = set()
    waiting = list(start)
    while waiting:
        source = waiting.pop()
        if source.path not in found:
            found.add(source.path)
            waiting += source.needs
    return found


def _read(path: Path, unit: Unit, text: bytes | None) -> Source:
    name = path.relative_to(unit.base).as_posix()
    if text is None:
        try:
            # As sessions are given it: the .glob file's offsets are those of the whole file, byte order mark and all.
            text = read_source(path)
        except OSError as error:
            return Source(path, name, unit, b"", f"it cannot be read ({error.strerror})", [])
    key = digest(text)
    found = _requires.get(key)
    if found is None:
        found = _requires[key] = requires(text)
        while len(_requires) > _REQUIRES_KEPT:
            _requires.pop(next(iter(_requires)), None)
    return Source(path, name, unit, text, None, found)


def _connect(unit: Unit, sources: dict[Path, Source]) -> None:
    """Finds what the unit's files require, as its own load path names the files of all units."""
    index: NameIndex[Source] = NameIndex()
    for source in sources.values():
        name = logical_name(source.path, unit.project.options.paths)
        if name is not None:
            index.add(name, source)
    for source in sources.values():
        if source.unit is not unit:
            continue
        for required in source.requires:
            # A library of the toolchain may have the file's own name.
            found = [one for one in index.find(*required) if one is not source]
            source.needs += [one for one in found if one not in source.needs]
            if not found:
                source.elsewhere.append(required)


def _ordered(sources: dict[Path, Source]) -> list[Path]:
    graph = {path: [one.path for one in source.needs] for path, source in sources.items()}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = " -> ".join(path.name for path in reversed(error.args[1]))
        raise BuildError(f"files require each other in a circle ({circle}): break it.") from error
