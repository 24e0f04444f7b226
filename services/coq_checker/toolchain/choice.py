"""Which toolchain a project needs: what it says itself, else what its files tell."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

from coq_checker.toolchain.errors import ToolchainError
from coq_checker.toolchain.evidence import compiled_with, required_libraries, requires_of_rocq, root_of_rocq
from coq_checker.toolchain.find import find_toolchain
from coq_checker.toolchain.listing import list_toolchains
from coq_checker.toolchain.names import AUTO
from coq_checker.toolchain.packages import has_library, promises_library
from coq_checker.toolchain.places import own_place
from coq_checker.toolchain.project_setting import project_setting
from coq_checker.toolchain.recipe import DEFAULT, RECIPES
from coq_checker.toolchain.settings import ToolchainSettings
from coq_checker.toolchain.value import Toolchain
from coqdata.catalogue import CATALOGUE_COQ, catalogue
from coqdata.opam import Package, read_opam
from coqdata.project import Project
from coqdata.releases import version_numbers
from coqdata.wanted import Bound, distance

# A toolchain's name and version.
_Named: TypeAlias = tuple[str, tuple[int, ...]]


class Choice(NamedTuple):
    """The toolchain for a project.

    Attributes:
        name: as `find_toolchain` takes it.
        why: why it is that one: the end of "..., since".
        unmet: what the project asks for, where no toolchain here is that and this one is the nearest; else empty.
    """

    name: str
    why: str
    unmet: str = ""


def toolchain_for_project(folder: Path, settings: ToolchainSettings | None = None) -> Choice:
    """Give the name of the toolchain that a project needs, and why.

    In this order: what `palmetto.toml` or `pyproject.toml` say, what its compiled files were made with, what its opam
    files ask for, what its files require; else the default. Of those that fit, the default comes first, then what
    Palmetto builds (built or not), then this machine's own; one that lacks a library that its files require comes
    behind one that has all.

    Args:
        folder: the project's, where its `_CoqProject` lies.
        settings: read from the environment by default.

    Raises:
        ToolchainError: its setting cannot be read or names no toolchain, or the default is broken.
    """
    settings = settings or ToolchainSettings.from_environment()
    if (own := project_setting(folder)) is not None:
        return Choice(own[0], f"its {own[1]} says so")
    default = _default(settings)
    if (made := compiled_with(folder)) is not None:
        return _compiled(made, default, settings)
    package = read_opam(folder)
    libraries = required_libraries(folder)
    if package.wanted is not None:
        return _asked_for(package, libraries, default, settings)
    if (required := requires_of_rocq(folder)) is not None:
        file, root = required
        return _of_rocq(default, settings, f"its {file} requires {root}")
    return _with_libraries(libraries, default, settings)


def toolchain_for_file(
    file: Path, text: bytes, settings: ToolchainSettings | None = None, *, said_only: bool = False
) -> Choice | None:
    """Give the name of the toolchain that a file of no project needs, and why; None where it needs no certain one.

    It is that of the nearest folder upward that says so, as `toolchain_for_project` has it, else what it requires
    tells.

    Args:
        file: it.
        text: of it.
        settings: read from the environment by default.
        said_only: what `palmetto.toml` or `pyproject.toml` say, alone.

    Raises:
        ToolchainError: a setting cannot be read or names no toolchain, or the default is broken.
    """
    settings = settings or ToolchainSettings.from_environment()
    for folder in file.resolve().parents:
        if (own := project_setting(folder)) is not None:
            return Choice(own[0], f"{folder / own[1]} says so")
        if not said_only and read_opam(folder).wanted is not None:
            return toolchain_for_project(folder, settings)
    root = None if said_only else root_of_rocq(text)
    return None if root is None else _of_rocq(_default(settings), settings, f"it requires {root}")


def choose_toolchain(project: Project, settings: ToolchainSettings | None = None) -> Choice:
    """Give the name of the toolchain for a project that has been read, and why.

    What it was added with comes first, then what its own files say; projects of PALM's catalogue stay with the version
    that their figures are for; else it is found out as `toolchain_for_project` does.

    Raises:
        ToolchainError: its setting cannot be read or names no toolchain.
    """
    if project.toolchain:
        return Choice(project.toolchain, "it was added with --toolchain")
    if project.name not in catalogue() or project_setting(project.root) is not None:
        return toolchain_for_project(project.root, settings)
    settings = settings or ToolchainSettings.from_environment()
    default = _default(settings)
    wanted = (name for name, version in _candidates(default, settings) if version[:2] == CATALOGUE_COQ)
    version = ".".join(map(str, CATALOGUE_COQ))
    return Choice(next(wanted, default[0]), f"it is of PALM's catalogue, which is for Coq {version}")


def _of_rocq(default: _Named, settings: ToolchainSettings, requires: str) -> Choice:
    name = next((name for name, version in _candidates(default, settings) if version[:1] >= (9,)), default[0])
    return Choice(name, f"{requires}, which Rocq 9 has and Coq 8 has not")


def _compiled(made: tuple[int, ...], default: _Named, settings: ToolchainSettings) -> Choice:
    asked = ".".join(map(str, made))
    alike = Bound("=", asked)
    return _fitting(
        _candidates(default, settings),
        lambda version: version[:2] == made[:2],
        lambda version: distance(alike, version),
        f"its compiled files were made with {asked}",
        f"version {asked}",
    )


def _asked_for(package: Package, libraries: Mapping[str, str], default: _Named, settings: ToolchainSettings) -> Choice:
    kind = "opam file " if package.said_in in package.files else ""

    def fits(version: tuple[int, ...]) -> bool:
        return not package.refuses(".".join(map(str, version)))

    first = _fitting(
        _candidates(default, settings),
        fits,
        package.distance,
        f"its {kind}{package.said_in} asks for {package.coq}",
        package.coq,
    )
    if first.unmet or not (missing := _missing(first.name, libraries, settings)):
        return first
    others = (name for name, version in _candidates(default, settings) if name != first.name and fits(version))
    other = _first_with(others, libraries, settings)
    return first if other is None else Choice(other, f"{first.why}, and {_because(missing, libraries, first.name)}")


def _with_libraries(libraries: Mapping[str, str], default: _Named, settings: ToolchainSettings) -> Choice:
    """The default, unless it lacks a library that is required, and another has all."""
    if missing := _missing(default[0], libraries, settings):
        names = (name for name, _ in _candidates(default, settings) if name != default[0])
        if (other := _first_with(names, libraries, settings)) is not None:
            return Choice(other, _because(missing, libraries, default[0]))
    return Choice(default[0], "nothing in it asks for another than the default")


def _because(missing: Sequence[str], libraries: Mapping[str, str], first: str) -> str:
    return f"its {libraries[missing[0]]} requires {missing[0]}, which {first} has not"


def _missing(name: str, libraries: Mapping[str, str], settings: ToolchainSettings) -> list[str]:
    """The libraries that a toolchain lacks, or where it is not here is not to have."""
    if not libraries:
        return []
    found, recipe = _found(name, settings), RECIPES.get(name)
    if found is not None:
        return [one for one in libraries if not has_library(found, one)]
    return [one for one in libraries if recipe is None or not promises_library(recipe, one)]


def _first_with(names: Iterable[str], libraries: Mapping[str, str], settings: ToolchainSettings) -> str | None:
    """The first toolchain that has all libraries; one that is here comes before one that would have to be built."""
    promised = None
    for name in names:
        if not _missing(name, libraries, settings):
            if _found(name, settings) is not None:
                return name
            promised = promised or name
    return promised


def _found(name: str, settings: ToolchainSettings) -> Toolchain | None:
    try:
        return find_toolchain(name, settings)
    except ToolchainError:
        return None


def _fitting(
    candidates: Iterable[_Named],
    fits: Callable[[tuple[int, ...]], bool],
    how_far: Callable[[tuple[int, ...]], tuple[int, ...]],
    why: str,
    asked: str,
) -> Choice:
    """The first that fits, else the nearest."""
    seen: list[_Named] = []
    for name, version in candidates:
        if fits(version):
            return Choice(name, why)
        seen.append((name, version))
    name, _ = min(seen, key=lambda one: how_far(one[1]))
    return Choice(name, f"{why}, which no toolchain here is, and it is the nearest", asked)


def _default(settings: ToolchainSettings) -> _Named:
    """Name and version of the toolchain that is used where a project asks for none.

    Raises:
        ToolchainError: it would be this machine's own, which is broken.
    """
    try:
        found = find_toolchain(settings=settings)
        return found.name, found.version
    except ToolchainError:
        if settings.choice == AUTO and own_place() is not None:
            raise  # nothing else is taken for it when something is to be checked, either
        name = DEFAULT.name if settings.choice == AUTO else settings.choice
        return name, RECIPES[name].latest if name in RECIPES else ()


def _candidates(default: _Named, settings: ToolchainSettings) -> Iterator[_Named]:
    """Names and versions of what can be chosen, the likelier before: the last ones cost asking each of them."""
    if default[1]:
        yield default
    yield from ((name, recipe.latest) for name, recipe in RECIPES.items() if name != default[0])
    for listed in list_toolchains(settings):
        if listed.state == "found" and not listed.problem and listed.name != default[0]:
            yield listed.name, version_numbers(listed.coq_version)
