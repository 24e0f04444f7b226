"""Where a project's compiled files lie: a folder in the cache that mirrors the project's own."""

import os
from dataclasses import dataclass
from pathlib import Path

from coq_checker.builds.record import digest
from coq_checker.builds.result import BuildError
from coq_checker.toolchain import Toolchain, ToolchainSettings
from coqdata import catalogue
from coqdata.project import PROJECT_FILE, LoadPath, Project


@dataclass(frozen=True, slots=True)
class Unit:
    """A project and its place in the cache.

    Attributes:
        project: whose files are compiled.
        base: the folder that is mirrored: the project's, or one above when files or load paths lie there.
        folder: its mirror in the cache.
        load: the load path of the project, pointing to mirrors: (flag, folder, logical name).
        outside: folders of the load path that belong to no project, bound as they are.
        needs: units of the projects that this one's load path names.
    """

    project: Project
    base: Path
    folder: Path
    load: tuple[tuple[str, Path, str], ...]
    outside: tuple[Path, ...]
    needs: tuple["Unit", ...]

    def mirror(self, path: Path) -> Path:
        """The counterpart of a file or folder below `base`."""
        return self.folder / path.relative_to(self.base)

    @property
    def coqc_arguments(self) -> list[str]:
        """Load path and options, as coqc takes them."""
        words = [word for flag, where, name in self.load for word in _binding(flag, where, name)]
        return [*words, *self.project.options.arguments]

    @property
    def read_only(self) -> tuple[Path, ...]:
        """All folders that coqc or a session must see."""
        found = [self.folder, *self.outside]
        for unit in self.needs:
            found += unit.read_only
        return tuple(dict.fromkeys(found))

    def all(self) -> list["Unit"]:
        """This unit and those that it needs, each once, needed ones first."""
        found = [one for unit in self.needs for one in unit.all()] + [self]
        return list({one.folder: one for one in found}.values())


def lay_out(project: Project, toolchain: Toolchain, _above: tuple[Path, ...] = ()) -> Unit:
    """Decides where everything goes; writes nothing.

    Raises:
        BuildError: projects that need each other.
        ProjectError: a project that this one needs cannot be read.
    """
    root = project.root
    if root in _above:
        circle = " -> ".join(path.name for path in (*_above[_above.index(root) :], root))
        raise BuildError(
            f"projects need each other in a circle ({circle}): mend the -Q and -R in their {PROJECT_FILE}."
        )
    own = {path.folder for path in project.options.paths if _is_own(path, project)}
    base = Path(os.path.commonpath([root, *own, *(file.parent for file in project.files)]))
    needs: dict[Path, Unit] = {}
    load: list[tuple[str, Path, str]] = []
    outside: list[Path] = []
    folder = _folder(project, toolchain)
    for path in project.options.paths:
        where = path.folder
        if where in own:
            where = folder / where.relative_to(base)
        elif (other := _project_root(where)) is not None and other != root:
            if other not in needs:
                needs[other] = lay_out(catalogue.load(other), toolchain, (*_above, root))
            where = needs[other].mirror(where)
        elif where.is_dir():
            outside.append(where)
        load.append(("-R" if path.recursive else "-Q", where, path.logical))
    load += [("-I", where, "") for where in project.options.ml]
    outside += [where for where in project.options.ml if where.is_dir()]
    return Unit(project, base, folder, tuple(load), tuple(dict.fromkeys(outside)), tuple(needs.values()))


def _binding(flag: str, where: Path, name: str) -> list[str]:
    return [flag, str(where)] if flag == "-I" else [flag, str(where), name]


def _is_own(path: LoadPath, project: Project) -> bool:
    """Whether the project's own files lie there, or may."""
    below = any(file.is_relative_to(path.folder) for file in project.files)
    return below or path.folder.is_relative_to(project.root)


def _project_root(folder: Path) -> Path | None:
    return next((one for one in (folder, *folder.parents) if (one / PROJECT_FILE).is_file()), None)


def _folder(project: Project, toolchain: Toolchain) -> Path:
    cache = ToolchainSettings.from_environment().cache
    name = "".join(char if char.isalnum() or char in "-_" else "_" for char in project.root.name) or "root"
    parts = [str(project.root), toolchain.key, toolchain.coq_version, *project.options.coqc_arguments()]
    return cache / "builds" / f"{name}-{digest(*(part.encode() for part in parts))[:12]}"
