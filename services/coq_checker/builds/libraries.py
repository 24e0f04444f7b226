"""Libraries that are required and are no files of ours: which are missing, and what to do about it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from coq_checker.builds.graph import read_sources
from coq_checker.builds.layout import lay_out
from coq_checker.builds.names import LogicalName, NameIndex
from coq_checker.toolchain import Toolchain
from coq_checker.toolchain.packages import LIBRARIES, has_library, library_in
from coq_checker.toolchain.recipe import RECIPES
from coqdata.project import PROJECT_FILE, LoadPath, Project
from coqdata.releases import ALIAS, STANDARD_ROOTS, other_roots, prover_name, standard_libraries

_MISSING = re.compile(
    r"(?:Cannot find a physical path bound to logical path|Unable to locate library|Cannot find library)"
    r" (\S+?)(?: with prefix (\S+?))?\.?(?= |$)"
)
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


def library_remedy(prefix: str, name: str, toolchain: Toolchain) -> str:
    """What to do about a library that a toolchain does not have: `From prefix Require name`."""
    parts = [*prefix.split("."), *name.split(".")] if prefix else name.split(".")
    if parts[0] in STANDARD_ROOTS:
        return _standard_remedy(parts[0], toolchain)
    if (library := library_in(prefix, name)) is not None:
        package = LIBRARIES[library]
        if has_library(toolchain, library):
            return f"{library} ({package}) is here and has no such file: see what it is called in this version"
        # What this one's own recipe names it may lack all the same: its suite did not have it.
        names = [one.name for one in RECIPES.values() if package in one.packages]
        recipe = next((one for one in names if one != toolchain.name), None)
        if recipe is not None:
            return (
                f"the toolchain {recipe} has {parts[0]} ({package}): run `palmetto toolchain ensure {recipe}`, then "
                f"`palmetto toolchain use {recipe}`, or name it (`--toolchain {recipe}`)"
            )
    return f"bind the folder of its project with -Q or -R in {PROJECT_FILE}"


def _standard_remedy(root: str, toolchain: Toolchain) -> str:
    this = f"{prover_name(toolchain.version)} {toolchain.coq_version}"
    if root not in toolchain.standard_libraries and root != ALIAS:
        other = next((one.name for one in RECIPES.values() if root in standard_libraries(one.version)), "")
        return (
            f"{this} has no {root}, and the toolchain {other} has: run `palmetto toolchain ensure {other}`, then "
            f"`palmetto toolchain use {other}`"
        )
    if toolchain.standard_library not in toolchain.library_folders:
        return f"{this} is here without its standard library: install that (opam's rocq-stdlib)"
    return f"the standard library of {this} has no such file: require what took its place"


def message_remedy(message: str, toolchain: Toolchain) -> str | None:
    """What to do about an error of coqc that is not about the file's own text; None when it is.

    Args:
        message: Coq's message, in one line.
        toolchain: whose coqc.
    """
    if (missing := missing_remedy(message, toolchain)) is not None:
        return missing
    if found := _ERROR_BY_DEFAULT.search(message):
        return f"where the file is meant for an older Coq, put `-arg -w -arg -{found[1]}` in {PROJECT_FILE}"
    if _FOREIGN.search(message):
        return f"a folder that {PROJECT_FILE} binds holds files of another Coq: compile them with this one"
    return None


def missing_remedy(message: str, toolchain: Toolchain) -> str | None:
    """What to do where Coq's message is that it does not find a library; None where it is about something else."""
    found = _MISSING.search(message)
    return None if found is None else library_remedy(found[2] or "", found[1], toolchain)


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
