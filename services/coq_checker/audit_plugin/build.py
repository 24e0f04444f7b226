"""Builds the audit plugin with the toolchain's own OCaml, and finds it again.

The plugin is machine code for one Coq: it is compiled in the sandbox, with its result kept beside the
other things that are built once, under a name made of its sources and of the toolchain.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from importlib.resources import files
from pathlib import Path

from coq_checker.toolchain import Toolchain, ToolchainSettings

# In the order in which they stand on each other.
_UNITS = (
    "palmetto_items",
    "palmetto_lookup",
    "palmetto_coq",
    "palmetto_audit",
    "palmetto_made",
    "palmetto_json",
    "palmetto_goals",
    "palmetto_run",
    "palmetto_states",
    "palmetto_par",
    "palmetto_quiet",
)
_COMMANDS = "g_palmetto_audit"
_SOURCES = (*(f"{unit}.ml" for unit in _UNITS), f"{_COMMANDS}.mlg")
_META = """version = "1"
description = "What constants rest on"
package "plugin" (
  directory = "."
  requires = "coq-core.vernac"
  plugin(native) = "palmetto_audit_plugin.cmxs"
)
"""
_COMPILE = f"""set -e
coqpp {_COMMANDS}.mlg
for unit in {" ".join((*_UNITS, _COMMANDS))}; do
  ocamlfind ocamlopt -package coq-core.vernac,coq-core.stm -c $unit.ml
done
ocamlfind ocamlopt -package coq-core.vernac,coq-core.stm -shared -o palmetto_audit_plugin.cmxs \
  {" ".join(f"{unit}.cmx" for unit in (*_UNITS, _COMMANDS))}
"""
_TIMEOUT_S = 300.0
_SAID_CHARS = 300


class PluginError(Exception):
    """The plugin could not be built; the text is one sentence with what follows from it."""


def _sources() -> dict[str, bytes]:
    package = files("coq_checker.audit_plugin")
    return {name: package.joinpath(name).read_bytes() for name in _SOURCES}


def _coq_stamp(toolchain: Toolchain) -> str:
    """Coq's own machine code, which the plugin must fit: a host's may be built anew as the same version."""
    core = toolchain.host_path(toolchain.coqlib).parent / "coq-core" / "vernac" / "vernac.cmxs"
    try:
        found = core.stat()
    except OSError:
        return "unknown"
    return f"{found.st_size} {found.st_mtime_ns}"


def _name(toolchain: Toolchain) -> str:
    which = f"{toolchain.key} {toolchain.coq_version} {toolchain.coqlib} {_coq_stamp(toolchain)}"
    digest = hashlib.sha256(which.encode())
    for text in (*_sources().values(), _META.encode(), _COMPILE.encode()):
        digest.update(text)
    return f"{toolchain.key}-{digest.hexdigest()[:12]}"


def _folder(toolchain: Toolchain) -> Path:
    return ToolchainSettings.from_environment().cache / "plugins" / _name(toolchain)


def plugin_path(toolchain: Toolchain) -> Path | None:
    """The folder for OCAMLPATH that holds the plugin built for this toolchain; None where it is not.

    PALMETTO_PLUGINS names a folder of plugins that were built beforehand, as images have it: it comes before the cache.
    """
    places = [_folder(toolchain)]
    if ready := os.environ.get("PALMETTO_PLUGINS"):
        places.insert(0, Path(ready) / _name(toolchain))
    return next((place for place in places if (place / "palmetto-audit" / "META").is_file()), None)


def plugin_available(toolchain: Toolchain) -> bool:
    """Whether the plugin has been built for this toolchain."""
    return plugin_path(toolchain) is not None


def build_plugin(toolchain: Toolchain) -> None:
    """Builds the plugin, unless it is there.

    Raises:
        PluginError: the toolchain has no OCaml or no development files of Coq, or compiling failed.
    """
    folder = _folder(toolchain)
    if plugin_available(toolchain):
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".building-", dir=folder.parent))
    try:
        for name, text in _sources().items():
            (work / name).write_bytes(text)
        argv = toolchain.command("sh", "-c", _COMPILE, writable=[work], working_directory=work)
        try:
            done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TIMEOUT_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PluginError(f"the audit plugin could not be compiled ({error}); {_INSTEAD}") from error
        if done.returncode != 0:
            said = " ".join((done.stderr + done.stdout).decode(errors="replace").split())[-_SAID_CHARS:]
            raise PluginError(f"the audit plugin could not be compiled ({said}); {_INSTEAD}")
        made = work / "made" / "palmetto-audit"
        made.mkdir(parents=True)
        shutil.copy(work / "palmetto_audit_plugin.cmxs", made)
        (made / "META").write_text(_META)
        try:
            (work / "made").rename(folder)
        except OSError:
            if not plugin_available(toolchain):  # another build was as fast: its result is the same
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


_INSTEAD = "audits use Coq's slower Print Assumptions: install ocamlfind and Coq's development files for it."
