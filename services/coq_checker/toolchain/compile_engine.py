"""Compiling the engine that runs inside of a toolchain's Coq, where the program has it."""

import importlib
from typing import Any

from coq_checker.toolchain.errors import ToolchainError, UnusableError
from coq_checker.toolchain.privileges import Progress
from coq_checker.toolchain.settings import ToolchainSettings
from coq_checker.toolchain.value import Toolchain

_PLUGIN_BUILDER = "coq_checker.engine.plugin.build"


def is_compiled(toolchain: Toolchain) -> bool:
    """Whether the engine was compiled before: it then runs without a compiler, too."""
    builder = _builder()
    return builder is not None and builder.plugin_path(toolchain) is not None


def _builder() -> Any:
    """The module that compiles the engine; None where the program does not have it."""
    try:
        # By name: the plugin's builder stands on this package, so it is no import of it.
        return importlib.import_module(_PLUGIN_BUILDER)
    except ModuleNotFoundError as error:
        if error.name is None or not _PLUGIN_BUILDER.startswith(error.name):
            raise
        return None


def compile_engine(toolchain: Toolchain, progress: Progress) -> None:
    """Compile the engine, unless it is there; without it SerAPI's serves, where the toolchain has that.

    Raises:
        UnusableError: it does not compile, and there is no SerAPI.
        ToolchainError: it could not be written, and there is no SerAPI.
    """
    builder = _builder()
    if builder is None or builder.plugin_path(toolchain) is not None:
        return
    progress("compiling the engine in Coq")
    try:
        builder.build_plugin(toolchain)
    except Exception as error:
        why = str(error)
        kind: type[ToolchainError] = UnusableError
        if isinstance(error, OSError):
            cache = ToolchainSettings.from_environment().cache
            why = f"{cache} cannot be written ({error.strerror}): make room there, or set PALMETTO_CACHE"
            kind = ToolchainError
        if not toolchain.sertop_version:
            raise kind(f"The toolchain {toolchain.name} cannot be used: {why}") from error
        progress(f"going on with SerAPI, which is slower: {why}")
