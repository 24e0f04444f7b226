"""Choosing an engine for a toolchain, and starting one."""

from pathlib import Path

from coq_checker.audit_plugin.build import build_plugin, plugin_path
from coq_checker.engine.api import CoqEngine
from coq_checker.engine.native import NativeEngine
from coq_checker.engine.options import EngineOptions
from coq_checker.toolchain import Toolchain


def engine_options(toolchain: Toolchain) -> EngineOptions:
    """How engines of a toolchain are started."""
    build_plugin(toolchain)
    plugin = plugin_path(toolchain)
    assert plugin is not None
    return EngineOptions(toolchain, read_only=(plugin,), environment=(("OCAMLPATH", str(plugin)),))


async def start_engine(options: EngineOptions, run_folder: Path) -> CoqEngine:
    """Starts the engine that the options name.

    Raises:
        EngineStartError: it did not come up.
    """
    return await NativeEngine.start(options, run_folder)
