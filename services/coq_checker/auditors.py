"""Which auditor a toolchain gets: the plugin where it is built, else Coq's own command."""

from dataclasses import dataclass
from pathlib import Path

import structlog

from coq_checker.audit import Auditor, PluginAuditor, PrintAssumptions
from coq_checker.audit_plugin.build import PluginError, build_plugin, plugin_path
from coq_checker.toolchain import Toolchain

_log = structlog.get_logger("coq_checker")


@dataclass(frozen=True, slots=True)
class SessionExtra:
    """What sessions need for the auditor: directories to read, environment variables."""

    read_only: tuple[Path, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


def choose_auditor(toolchain: Toolchain) -> tuple[Auditor, SessionExtra]:
    """The auditor for a toolchain, and what its sessions need."""
    try:
        build_plugin(toolchain)
    except (PluginError, OSError) as error:
        _log.warning("audit by Print Assumptions", why=str(error))
    path = plugin_path(toolchain)
    if path is None:
        return PrintAssumptions(), SessionExtra()
    return PluginAuditor(), SessionExtra((path,), (("OCAMLPATH", str(path)),))
