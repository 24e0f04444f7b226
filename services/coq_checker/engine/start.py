"""Which engine runs a toolchain's Coq, and starting it."""

import os
from dataclasses import dataclass
from pathlib import Path

import structlog

from coq_checker.engine.api import CoqEngine, EngineStartError
from coq_checker.engine.native import NativeEngine
from coq_checker.engine.options import EngineOptions
from coq_checker.engine.plugin.build import PluginError, build_plugin, plugin_path
from coq_checker.engine.serapi.engine import SerapiEngine
from coq_checker.toolchain import Toolchain, ToolchainError
from coq_checker.toolchain.engines import NATIVE, SERAPI

AUTO = "auto"

_log = structlog.get_logger("coq_checker")


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """An engine, and what its processes need.

    Attributes:
        engine: `native` or `serapi`.
        read_only: directories that they read, besides the toolchain's own.
        environment: further environment variables, as pairs.
    """

    engine: str
    read_only: tuple[Path, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


def engine_options(toolchain: Toolchain, wanted: str | None = None) -> EngineOptions:
    """How engines of a toolchain are started.

    Args:
        toolchain: whose Coq is to run.
        wanted: as in `choose_engine`; what PALMETTO_ENGINE says by default.

    Raises:
        ToolchainError: the toolchain cannot run it; the message is one sentence with the remedy.
    """
    chosen = choose_engine(toolchain, wanted or os.environ.get("PALMETTO_ENGINE") or AUTO)
    return EngineOptions(toolchain, chosen.engine, read_only=chosen.read_only, environment=chosen.environment)


async def start_engine(options: EngineOptions, run_folder: Path) -> CoqEngine:
    """Starts the engine that the options name, with a folder of its own under `run_folder`.

    Raises:
        EngineStartError: it did not come up; the message says what it printed.
    """
    if options.engine == NATIVE:
        return await NativeEngine.start(options, run_folder)
    if options.engine == SERAPI:
        return await SerapiEngine.start(options, run_folder)
    raise EngineStartError(f"there is no engine {options.engine!r}: set PALMETTO_ENGINE to native, serapi or auto.")


def choose_engine(toolchain: Toolchain, wanted: str = AUTO) -> EngineChoice:
    """The engine for a toolchain. What the native one needs is built where it is not there.

    Args:
        toolchain: whose Coq is to run.
        wanted: `native`, `serapi`, or `auto` for the native one where it can be built and else SerAPI's.

    Raises:
        ToolchainError: the toolchain cannot run it; the message is one sentence with the remedy.
    """
    if wanted not in (NATIVE, SERAPI, AUTO):
        raise ToolchainError(f"There is no engine {wanted!r}: set PALMETTO_ENGINE to native, serapi or auto.")
    if wanted == SERAPI:
        if not toolchain.sertop_version:
            raise ToolchainError(
                f"The toolchain {toolchain.name} has no sertop: install coq-serapi there, or unset PALMETTO_ENGINE "
                "(`--engine native`)."
            )
        return EngineChoice(SERAPI)
    try:
        build_plugin(toolchain)
        why = "its engine vanished while it was built; try again."
    except (PluginError, OSError) as error:
        why = str(error)
    path = plugin_path(toolchain)
    if path is not None:
        return EngineChoice(NATIVE, (path,), (("OCAMLPATH", toolchain.ocamlpath(path)),))
    if wanted == NATIVE or not toolchain.sertop_version:
        raise ToolchainError(f"The toolchain {toolchain.name} cannot be used: {why}")
    _log.warning("engine serapi", why=why)
    return EngineChoice(SERAPI)
