"""Seeing to it that there is a toolchain: what is there is used, what can be built is built."""

import time
from contextlib import suppress
from pathlib import Path

from coq_checker.toolchain.build import ensure_root
from coq_checker.toolchain.compile_engine import compile_engine
from coq_checker.toolchain.errors import SuiteError, UnusableError
from coq_checker.toolchain.find import instead_of, named_place, own_of, toolchain_at
from coq_checker.toolchain.names import AUTO, require_name
from coq_checker.toolchain.places import own_place
from coq_checker.toolchain.privileges import Progress, install_missing
from coq_checker.toolchain.recipe import DEFAULT, FALLBACK, RECIPES, Recipe, of_release
from coq_checker.toolchain.settings import SandboxMode, ToolchainSettings
from coq_checker.toolchain.value import Toolchain

_SANDBOX_PROGRAMS = {"bwrap": ("bubblewrap",)}
# How long suites that did not give the default are not asked again where another toolchain stands in for it: it costs
# a minute.
_NOT_AGAIN_S = 20 * 3600


def ensure_toolchain(
    progress: Progress, settings: ToolchainSettings | None = None, name: str | None = None
) -> Toolchain:
    """Give the toolchain to use, and make it first where there is none.

    What stands already is left as it is, so a second call costs what finding it costs.

    Args:
        progress: told in a few words what is being done, several times.
        settings: what is wanted; read from the environment by default.
        name: which, as `find_toolchain` takes it; what the settings say by default.

    Raises:
        ToolchainError: something that it needs is missing, or a step failed; nothing half-made is left.
    """
    settings = settings or ToolchainSettings.from_environment()
    choice = settings.choice if name is None else require_name(name)
    if settings.sandbox is SandboxMode.BWRAP:
        install_missing(_SANDBOX_PROGRAMS, progress)
    if choice == AUTO:
        toolchain = _automatic(settings, progress)
    elif choice in RECIPES:
        toolchain = _built(RECIPES[choice], settings, progress)
    else:
        toolchain = toolchain_at(named_place(choice), settings, again=True)
    compile_engine(toolchain, progress)
    return toolchain


def _automatic(settings: ToolchainSettings, progress: Progress) -> Toolchain:
    place = own_place()
    if place is not None:
        try:
            return toolchain_at(place, settings, again=True)
        except UnusableError as error:
            if settings.sandbox is SandboxMode.NONE:
                raise
            recipe = of_release(error.version)
            if recipe is not None and recipe.standing_root(settings.roots) is not None:
                progress(instead_of(error, recipe))
                return _built(recipe, settings, progress)
            progress(instead_of(error, DEFAULT))
    return _default(settings, progress)


def _default(settings: ToolchainSettings, progress: Progress) -> Toolchain:
    """The default, or what stands in for it where Debian does not give it today."""
    refused = settings.roots / f".refused-{DEFAULT.root_name(DEFAULT.suites[0])}"
    stands_in = DEFAULT.standing_root(settings.roots) is None and FALLBACK.standing_root(settings.roots) is not None
    if stands_in and _is_recent(refused):
        again = f"`palmetto toolchain ensure {DEFAULT.name}` tries it again."
        progress(f"going on with {FALLBACK.name}: Debian did not give {DEFAULT.name} when it was last asked; {again}")
        return _built(FALLBACK, settings, progress)
    try:
        return _built(DEFAULT, settings, progress)
    except SuiteError as error:
        if FALLBACK is DEFAULT:
            raise
        with suppress(OSError):  # it is asked again, then
            refused.touch()
        progress(f"going on with {FALLBACK.name}: {error}")
        return _built(FALLBACK, settings, progress)


def _is_recent(note: Path) -> bool:
    try:
        return 0 <= time.time() - note.stat().st_mtime < _NOT_AGAIN_S
    except OSError:
        return False


def _built(recipe: Recipe, settings: ToolchainSettings, progress: Progress) -> Toolchain:
    if settings.sandbox is SandboxMode.NONE:
        return own_of(recipe, settings, again=True)
    install_missing(_SANDBOX_PROGRAMS, progress)
    return ensure_root(recipe, settings, progress)
