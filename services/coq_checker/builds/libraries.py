"""Libraries that are required and are no files of ours: which are missing, and what to do about it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from coq_checker.builds.graph import read_sources
from coq_checker.builds.layout import lay_out
from coq_checker.builds.names import LogicalName, NameIndex
from coq_checker.missing import library_remedy, missing_remedy
from coq_checker.toolchain import Toolchain
from coqdata.project import PROJECT_FILE, LoadPath, Project
from coqdata.releases import ALIAS, other_roots

# Coq ends its warnings with the name and the categories; those with the last one are errors unless told otherwise.
_ERROR_BY_DEFAULT = re.compile(r"\[([a-z][\w-]*)(?:,[\w-]+)*,default\]$")
_FOREIGN = re.compile(
    r"bad (?:version|magic) number|another version of (?:Coq|Rocq)|inconsistent assumptions over library"
)


@dataclass(frozen=True, slots=True)
class MissingLibrary:
    """A `Require` that nothing answers.

    Attributes:
        path: the file that requires, from the project's folder.
        prefix: P of `From P Require N`, else empty.
        name: N.
        remedy: what to do about it.
    """

    path: str
    prefix: str
    name: str
    remedy: str


def missing_libraries(project: Project, toolchain: Toolchain) -> list[MissingLibrary]:
    """What the project's files require that neither it, nor a project that it needs, nor the toolchain has.

    Raises:
        BuildError: files or projects need each other in a circle.
        ProjectError: a project that this one needs cannot be read.
    """
    unit = lay_out(project, toolchain)
    bound = [path for path in project.options.paths if path.folder in unit.outside]
    there = _compiled_libraries(toolchain, bound)
    found: list[MissingLibrary] = []
    for source in read_sources(unit).values():
        if source.unit is unit:
            shown = source.shown_from(project.root)
            for prefix, name in source.elsewhere:
                if not there.find(prefix, name):
                    found.append(MissingLibrary(shown, prefix, name, library_remedy(prefix, name, toolchain)))
    return found


def message_remedy(message: str, toolchain: Toolchain) -> str | None:
    """What to do about an error of coqc that is not about the file's own text; None when it is.

    Args:
        message: Coq's message, in one line.
        toolchain: whose coqc.
    """
    if remedy := missing_remedy(message, toolchain):
        return remedy
    if found := _ERROR_BY_DEFAULT.search(message):
        return f"where the file is meant for an older Coq, put `-arg -w -arg -{found[1]}` in {PROJECT_FILE}"
    if _FOREIGN.search(message):
        return f"a folder that {PROJECT_FILE} binds holds files of another Coq: compile them with this one"
    return None


def _compiled_libraries(toolchain: Toolchain, bound: Iterable[LoadPath]) -> NameIndex[Path]:
    index: NameIndex[Path] = NameIndex()
    # The standard library's names may be shortened, and those of others may not.
    standard = toolchain.standard_libraries
    installed = [LoadPath(folder, root, root in standard) for root, folder in toolchain.library_folders.items()]
    for place in (*installed, *bound):
        for path in place.folder.rglob("*.vo"):
            parts = path.relative_to(place.folder).with_suffix("").parts
            name = ".".join([*([place.logical] if place.logical else []), *parts])
            index.add(LogicalName(name, place.recursive), path)
            if place in installed and place.recursive:
                # Rocq still takes the names that it had under `Coq`.
                for other in other_roots(name, (ALIAS,)):
                    index.add(LogicalName(other, False), path)
    return index
