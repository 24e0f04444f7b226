"""Projects as a person names them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from coqdata.catalogue import locate, resolve
from coqdata.crawled import expand
from coqdata.project import Project, ProjectError


def find_projects(names: Sequence[str]) -> tuple[list[Project], list[str]]:
    """The projects (NAME, DIR, NAME=DIR, a crawl's catalogue), and a sentence for each that cannot be read.

    Raises:
        ProjectError: there is no such project, two have one name, or a catalogue cannot be read.
    """
    found: dict[str, Project] = {}
    broken: list[str] = []
    for text in expand(names):
        name, _, folder = text.partition("=")
        try:
            project = resolve(folder or name)
        except ProjectError as error:
            if not Path(folder or name).is_dir() and locate(folder or name) is None:
                raise
            broken.append(f"{text} is left out: {error}")
            continue
        project = replace(project, name=name if folder else project.name)
        if project.name in found and found[project.name].root != project.root:
            raise ProjectError(f"two projects are called {project.name!r}: give one of them another name, NAME=DIR.")
        if not project.files:
            broken.append(f"{text} is left out: it has no .v files.")
            continue
        found[project.name] = project
    return list(found.values()), broken


def spelled(projects: Sequence[Project]) -> dict[str, str]:
    """NAME=DIR for each project that its name alone does not lead to from here."""
    found = {}
    for one in projects:
        try:
            known = resolve(one.name).root.resolve() == one.root.resolve()
        except ProjectError:
            known = False
        if not known:
            found[one.name] = f"{one.name}={one.root}"
    return found
