"""The toolchain that a command works with: the one of `--toolchain`, else the one that a project needs."""

import contextlib
import sys
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from coq_checker.toolchain import (
    Toolchain,
    ToolchainError,
    choose_toolchain,
    find_toolchain,
    require_name,
    toolchain_for_file,
)
from coqdata.project import Project

# A toolchain, and the projects that it is used for, with their names.
Group = tuple[Toolchain, list[tuple[str, Project]]]

ToolchainOption = Annotated[
    str | None,
    typer.Option(
        "--toolchain",
        help="Work with this one (`palmetto toolchain list`), whatever a project needs; "
        "default: what it needs, else the one in use.",
        metavar="NAME",
    ),
]

ElsewhereOption = Annotated[
    str,
    typer.Option(
        "--elsewhere",
        envvar="PALMETTO_TOOLCHAINS_ELSEWHERE",
        help="Leave out projects that need one of these toolchains, which another machine has, or another image.",
        metavar="NAME[,NAME...]",
    ),
]


def elsewhere_names(given: str) -> frozenset[str]:
    """The toolchains of `--elsewhere`.

    Raises:
        ToolchainError: there is no such name.
    """
    return frozenset(require_name(name) for one in given.split(",") if (name := one.strip()))


def is_elsewhere(project: Project, given: str | None, elsewhere: Collection[str]) -> bool:
    """Whether a project is another machine's to work on.

    Args:
        project: it.
        given: the toolchain of `--toolchain`, which goes before what it needs.
        elsewhere: toolchains that others have.

    Raises:
        ToolchainError: its own files name none that there is.
    """
    if not elsewhere:
        return False
    return (given or choose_toolchain(project).name) in elsewhere


def for_services(given: str | None) -> str:
    """What a service of this command's own takes as its default: the name, folders absolute; empty for none.

    Raises:
        ToolchainError: there is no such name.
    """
    return "" if given is None else require_name(given)


def for_requests(given: str | None, server: str | None = None) -> str:
    """What requests name; empty where none was given.

    Args:
        given: the option.
        server: address of a service that runs already, which has toolchains of its own; None where this command
            starts one: then it is seen to that the toolchain is here.

    Raises:
        ToolchainError: there is no such toolchain.
    """
    if given is None:
        return ""
    return find_toolchain(given).name if server is None else require_name(given)


def for_own_stack(given: str | None, server: str | None, project: Project | None, named: str = "") -> str:
    """What the services that this command starts for one project take as their default; empty for the usual one.

    It is what is needed: the usual default may lack what it takes to run, and nothing would run with it.

    Args:
        given: the option.
        server: address of a service that runs already: then none is started.
        project: what is worked on; None where it is a file of no project.
        named: what requests about such a file name.

    Raises:
        ToolchainError: there is no such name, or the project's own is not here.
    """
    if given is not None or server is not None or (project is None and not named):
        return for_services(given)
    return _by_name(find_toolchain(named) if project is None else for_project(project)[0])


def _by_name(toolchain: Toolchain) -> str:
    """Its name; empty for the default, which may have been found by its folder, whatever it is called."""
    with contextlib.suppress(ToolchainError):
        if find_toolchain().key == toolchain.key:
            return ""
    return toolchain.name


def for_own_checker(
    given: str | None, projects: Sequence[tuple[str, Project]], others: Collection[str]
) -> tuple[Toolchain | None, dict[str, Project]]:
    """What the checker that this command starts has for a default (None for the usual one), and its projects.

    A default that cannot be found stops nothing where each project needs another.

    Args:
        given: the option.
        projects: what is worked on, by their names.
        others: what requests about files of no project name; empty names are of the default.

    Raises:
        ToolchainError: what is needed is not here.
    """
    if given is not None:
        return find_toolchain(given), dict(projects)
    try:
        find_toolchain()
    except ToolchainError:
        if "" in others:
            raise
        groups = by_toolchain(projects)
        served = {name: replace(one, toolchain=toolchain.name) for toolchain, named in groups for name, one in named}
        return groups[0][0] if groups else find_toolchain(next(iter(others))), served
    return None, dict(projects)


def for_project(project: Project, given: str | None = None) -> tuple[Toolchain, str]:
    """The toolchain that a project is worked on with here, and why it is that one: the end of "..., since".

    Raises:
        ToolchainError: it is not here.
    """
    if given is not None:
        return find_toolchain(given), "--toolchain says so"
    name, why, _ = choose_toolchain(project)
    return _standing(name, why, f"The project {project.name}"), why


def for_file(given: str | None, server: str | None, file: Path, text: bytes) -> str:
    """What requests about a file of no project name; empty for the default.

    Args:
        given: the option.
        server: address of a service that runs already: only what a file of settings says is asked of it, since its
            toolchains may have other names.
        file: it.
        text: of it.

    Raises:
        ToolchainError: there is no such toolchain, or what it needs is not here.
    """
    if given is not None:
        return for_requests(given, server)
    choice = toolchain_for_file(file, text, said_only=server is not None)
    if choice is None:
        return ""
    return choice.name if server is not None else _standing(choice.name, choice.why, str(file)).name


def _standing(name: str, why: str, what: str) -> Toolchain:
    with contextlib.suppress(ToolchainError):
        # The one in use may have been found by its folder, whatever it is called.
        default = find_toolchain()
        if default.name == name:
            return default
    try:
        return find_toolchain(name)
    except ToolchainError as error:
        raise ToolchainError(f"{what} needs the toolchain {name}, since {why}: {error}") from None


def by_toolchain(
    named: Sequence[tuple[str, Project]], given: str | None = None, elsewhere: Collection[str] = ()
) -> list[Group]:
    """Projects by the toolchains that they are worked on with, in the order in which they were given.

    Args:
        named: the projects, with their names.
        given: the toolchain of `--toolchain`.
        elsewhere: toolchains whose projects are left out, which is said on standard error.

    Raises:
        ToolchainError: one of the toolchains is not here.
    """
    found: dict[str, Group] = {}
    for name, project in named:
        if is_elsewhere(project, given, elsewhere):
            needed = given or choose_toolchain(project).name
            print(f"palmetto: {name} is left out: its toolchain {needed} is elsewhere (--elsewhere).", file=sys.stderr)
            continue
        toolchain, _ = for_project(project, given)
        found.setdefault(toolchain.key, (toolchain, []))[1].append((name, project))
    return list(found.values())


def name_for(toolchain: Toolchain, asked: str, server: str | None) -> str:
    """The name by which a checker is asked for a toolchain that is used here.

    Args:
        toolchain: that is used.
        asked: the one of `--toolchain`, which goes before.
        server: address of a checker that runs already, whose default may go by another name and is meant by none; None
            for one that this command started. Of several the name says which.
    """
    if server is None or asked or len(server.split()) > 1:
        return asked or toolchain.name
    try:
        return "" if find_toolchain().key == toolchain.key else toolchain.name
    except ToolchainError:
        return toolchain.name
