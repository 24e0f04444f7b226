"""What `palmetto index` is to index: projects, the projects that they need, and installed libraries."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from coq_checker.builds import Unit as BuildUnit
from coq_checker.builds import lay_out
from coq_checker.toolchain import Toolchain
from coqdata.project import Project, requires
from coqdata.source import plain
from retriever.indexing import SourceFile, Unit

_REQUIRED = re.compile(rb"^R\d+:\d+ (\S+) <> <> lib$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Plan:
    """A unit to index, and what it needs.

    Attributes:
        unit: what to index.
        project: it as a project; None for an installed library.
        needs: keys of the plans that come before it.
    """

    unit: Unit
    project: Project | None
    needs: tuple[str, ...]


def plans(projects: Iterable[tuple[str, Project]], toolchain: Toolchain) -> list[Plan]:
    """All that has to be indexed for some built projects, each after what it needs.

    Args:
        projects: with the names that they are to have.
        toolchain: whose libraries they require.

    Raises:
        BuildError: projects that need each other.
        ProjectError: a project that one of these needs cannot be read.
    """
    installed = _Installed(toolchain)
    found: dict[str, Plan] = {}
    for name, project in projects:
        whole = lay_out(project, toolchain)
        for one in whole.all():
            own = one is whole
            unit = _project_unit(name if own else one.project.name, one, toolchain)
            libraries = installed.needed(unit)
            for library in libraries:
                installed.plan(library, found)
            others = [str(need.project.root) for need in one.all() if need is not one]
            keys = (*others, *(installed.key(library) for library in libraries))
            # A project that was named by the user keeps that name, though another one needs it too.
            if own or unit.key not in found:
                found.pop(unit.key, None)
                found[unit.key] = Plan(unit, one.project, tuple(dict.fromkeys(keys)))
    return _ordered(found)


def _ordered(found: dict[str, Plan]) -> list[Plan]:
    ordered: dict[str, Plan] = {}

    def put(key: str) -> None:
        if key in found and key not in ordered:
            plan = found.pop(key)
            for need in plan.needs:
                put(need)
            ordered[key] = plan

    for key in list(found):
        put(key)
    return list(ordered.values())


def _project_unit(name: str, one: BuildUnit, toolchain: Toolchain) -> Unit:
    project = one.project
    files = []
    for path in project.files:
        library = project.options.logical_name(project.root, path) or path.stem
        compiled = one.mirror(path).with_suffix(".glob")
        shown = path.relative_to(project.root) if path.is_relative_to(project.root) else path.relative_to(one.base)
        files.append(SourceFile(shown.as_posix(), library, path, compiled))
    made = f"{toolchain.key} {toolchain.coq_version}"
    return Unit(name, str(project.root), True, tuple(files), made, toolchain.name, toolchain.coq_version)


class _Installed:
    """The libraries of a toolchain: the standard library, and one for each folder of user-contrib."""

    def __init__(self, toolchain: Toolchain) -> None:
        self._toolchain = toolchain
        self._folders = toolchain.library_folders
        # What every project has, required or not, each before what stands on it.
        self._standard = [root for root in self._folders if root in toolchain.standard_libraries]
        self._needed: dict[str, tuple[str, ...]] = {}

    def key(self, library: str) -> str:
        return f"{self._toolchain.key}/{self._toolchain.coq_version}/{library}"

    def needed(self, unit: Unit) -> tuple[str, ...]:
        """The libraries that a unit's files require, and those that these require."""
        waiting = [*self._standard, *sorted(_roots(unit))]
        found: dict[str, None] = {}
        while waiting:
            library = waiting.pop(0)
            if library in self._folders and library not in found:
                found[library] = None
                waiting += self._needs(library)
        return tuple(found)

    def _needs(self, library: str) -> tuple[str, ...]:
        if library not in self._needed:
            roots = _roots(self.unit(library)) - {library}
            self._needed[library] = tuple(sorted(root for root in roots if root in self._folders))
        return self._needed[library]

    def unit(self, library: str) -> Unit:
        """An installed library as a unit."""
        folder = self._folders[library]
        files = []
        for path in sorted(folder.rglob("*.v")):
            parts = path.relative_to(folder).with_suffix("").parts
            name = ".".join((library, *parts))
            files.append(SourceFile(path.relative_to(folder).as_posix(), name, path, path.with_suffix(".glob")))
        this = self._toolchain
        return Unit(library, self.key(library), False, tuple(files), "", this.name, this.coq_version)

    def plan(self, library: str, found: dict[str, Plan]) -> None:
        """Plans a library and what it needs."""
        key = self.key(library)
        if key not in found:
            unit = self.unit(library)
            if library in self._standard:
                needs = self._standard[: self._standard.index(library)]
            else:
                needs = [one for one in self.needed(unit) if one != library]
            found[key] = Plan(unit, None, tuple(self.key(one) for one in needs))
            for one in needs:
                self.plan(one, found)


def _roots(unit: Unit) -> set[str]:
    """First parts of the names of what a unit's files require."""
    found: set[str] = set()
    for file in unit.files:
        if file.glob.is_file():
            names = _REQUIRED.findall(_content(file.glob))
            found |= {name.split(b".")[0].decode("utf-8", "replace") for name in names}
        elif file.source.is_file():
            found |= {(prefix or name).split(".")[0] for prefix, name in requires(plain(_content(file.source)))}
    return found


def _content(path: Path) -> bytes:
    return path.read_bytes()
