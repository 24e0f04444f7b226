"""The toolchains that there are: those that Palmetto builds, built or not, and those of this machine's own."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from coq_checker.toolchain.errors import ToolchainError
from coq_checker.toolchain.find import named_place, own_of, toolchain_at
from coq_checker.toolchain.names import PATH
from coq_checker.toolchain.opam import SWITCH_PREFIX, switches
from coq_checker.toolchain.places import own_place, path_place, root_place
from coq_checker.toolchain.recipe import RECIPES, Recipe
from coq_checker.toolchain.settings import SandboxMode, ToolchainSettings


@dataclass(frozen=True, slots=True)
class Listed:
    """A toolchain that there is, or that can be built.

    Attributes:
        name: as `find_toolchain` takes it.
        state: `built` and `not built` for what Palmetto builds, `found` for this machine's own.
        coq_version: empty where it is not known.
        engines: what can check proofs with it.
        place: where it is; empty where it has not been built.
        problem: why it cannot be used, in one sentence; empty where it can.
    """

    name: str
    state: Literal["built", "not built", "found"]
    coq_version: str = ""
    engines: tuple[str, ...] = ()
    place: str = ""
    problem: str = ""


def list_toolchains(settings: ToolchainSettings | None = None) -> list[Listed]:
    """Give the toolchains of known names, and what is on PATH and in opam's switches.

    Args:
        settings: read from the environment by default.
    """
    settings = settings or ToolchainSettings.from_environment()
    return [*_known(settings), *_own(settings)]


def _known(settings: ToolchainSettings) -> Iterator[Listed]:
    for recipe in RECIPES.values():
        root = recipe.standing_root(settings.roots)
        if settings.sandbox is SandboxMode.NONE and (own := _own_of(recipe, settings)) is not None:
            yield own
        elif root is None:
            yield Listed(recipe.name, "not built")
        elif settings.sandbox is SandboxMode.NONE:
            problem = "PALMETTO_SANDBOX=none, and a Debian root is run through bwrap: unset it."
            yield Listed(recipe.name, "built", place=str(root), problem=problem)
        else:
            try:
                found = toolchain_at(root_place(root), settings)
                yield Listed(recipe.name, "built", found.coq_version, found.engines, str(root))
            except ToolchainError as error:
                yield Listed(recipe.name, "built", place=str(root), problem=str(error))


def _own_of(recipe: Recipe, settings: ToolchainSettings) -> Listed | None:
    """What a container has of a recipe; None where it has not."""
    try:
        found = own_of(recipe, settings)
    except ToolchainError:
        return None
    place = own_place()
    where = (place.programs() or ("",))[0] if place is not None else ""
    return Listed(recipe.name, "built", found.coq_version, found.engines, where)


def _own(settings: ToolchainSettings) -> Iterator[Listed]:
    names = [PATH] if path_place().programs() is not None else []
    for name in (*names, *(f"{SWITCH_PREFIX}{switch}" for switch in switches())):
        where = ""
        try:
            place = named_place(name)
            where = (place.programs() or ("",))[0]
            found = toolchain_at(place, settings)
            yield Listed(name, "found", found.coq_version, found.engines, where)
        except ToolchainError as error:
            yield Listed(name, "found", place=where, problem=str(error))
