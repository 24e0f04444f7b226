"""Seeing to it that there is a toolchain: what is there is used, what can be built is built."""

import importlib

from coq_checker.toolchain.build import ensure_root
from coq_checker.toolchain.errors import SuiteError, ToolchainError, UnusableError
from coq_checker.toolchain.find import named_place, own_of, toolchain_at
from coq_checker.toolchain.names import AUTO, require_name
from coq_checker.toolchain.places import own_place
from coq_checker.toolchain.privileges import Progress, install_missing
from coq_checker.toolchain.recipe import DEFAULT, FALLBACK, RECIPES, Recipe
from coq_checker.toolchain.settings import SandboxMode, ToolchainSettings
from coq_checker.toolchain.value import Toolchain

_SANDBOX_PROGRAMS = {"bwrap": ("bubblewrap",)}
_PLUGIN_BUILDER = "coq_checker.engine.plugin.build"


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
    _build_plugin(toolchain, progress)
    return toolchain


def _automatic(settings: ToolchainSettings, progress: Progress) -> Toolchain:
    place = own_place()
    if place is not None:
        try:
            return toolchain_at(place, settings, again=True)
        except UnusableError as error:
            if settings.sandbox is SandboxMode.NONE:
                raise
            progress(f"going on with {DEFAULT.name}: {error}")
    try:
        return _built(DEFAULT, settings, progress)
    except SuiteError as error:
        if FALLBACK is DEFAULT:
            raise
        progress(f"going on with {FALLBACK.name}: {error}")
        return _built(FALLBACK, settings, progress)


def _built(recipe: Recipe, settings: ToolchainSettings, progress: Progress) -> Toolchain:
    if settings.sandbox is SandboxMode.NONE:
        return own_of(recipe, settings, again=True)
    install_missing(_SANDBOX_PROGRAMS, progress)
    return ensure_root(recipe, settings, progress)


def _build_plugin(toolchain: Toolchain, progress: Progress) -> None:
    """Compile the engine that runs inside of Coq; without it SerAPI's serves, where the toolchain has that."""
    try:
        # By name: the plugin's builder stands on this package, so it is no import of it.
        builder = importlib.import_module(_PLUGIN_BUILDER)
    except ModuleNotFoundError as error:
        if error.name is None or not _PLUGIN_BUILDER.startswith(error.name):
            raise
        return
    if builder.plugin_available(toolchain):
        return
    progress("compiling the engine in Coq")
    try:
        builder.build_plugin(toolchain)
    except Exception as error:
        why = str(error)
        if isinstance(error, OSError):
            cache = ToolchainSettings.from_environment().cache
            why = f"{cache} cannot be written ({error.strerror}): make room there, or set PALMETTO_CACHE"
        if not toolchain.sertop_version:
            raise ToolchainError(f"The toolchain {toolchain.name} cannot be used: {why}") from error
        progress(f"going on with SerAPI, which is slower: {why}")
