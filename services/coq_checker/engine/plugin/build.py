"""Builds the engine that runs inside of Coq with the toolchain's own OCaml, and finds it again.

The plugin is machine code for one Coq: it is compiled in the sandbox, with its result kept beside the
other things that are built once, under a name made of its sources and of the toolchain.
"""

import contextlib
import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from importlib.resources import files
from pathlib import Path

from coq_checker.engine.plugin.sweep import HALF_MADE, sweep
from coq_checker.toolchain import NATIVE_VERSIONS, Toolchain, ToolchainSettings, versions_that_work

# What differs between releases is a module of its own, the first of all.
_RELEASE = "palmetto_release"
# In the order in which they stand on each other.
_UNITS = (
    "palmetto_compat",
    "palmetto_items",
    "palmetto_lookup",
    "palmetto_coq",
    "palmetto_audit",
    "palmetto_json",
    "palmetto_sizes",
    "palmetto_guard",
    "palmetto_features",
    "palmetto_made",
    "palmetto_goals",
    "palmetto_heard",
    "palmetto_document",
    "palmetto_candidate",
    "palmetto_par",
    "palmetto_wire",
    "palmetto_serve",
)
_COMMANDS = "g_palmetto_engine"
_SOURCES = (*(f"{unit}.ml" for unit in _UNITS), f"{_COMMANDS}.mlg")
_META = """version = "1"
description = "Coq as a server of states"
package "plugin" (
  directory = "."
  requires = "LIBRARY.vernac"
  plugin(native) = "palmetto_engine_plugin.cmxs"
)
"""
_MACHINE_CODE = "palmetto_engine_plugin.cmxs"
# Beside it: its digest.
_MADE = "SHA256"
# Exits with _UNFIT after a clause that tells why, where nothing can be compiled.
_UNFIT = 3
_COMPILE = f"""set -e
unfit() {{ echo "$1" >&2; exit {_UNFIT}; }}
compiler=$(ocamlfind ocamlopt -version 2>/dev/null) || unfit "there is no ocamlfind with OCaml's native compiler"
ocamlfind query LIBRARY.vernac >/dev/null 2>&1 || unfit "ocamlfind knows no LIBRARY.vernac"
made_with=$( (coqc --version || rocq --version) 2>/dev/null | sed -n 's/.*compiled with OCaml *//p')
test -n "$made_with" || unfit "neither coqc nor rocq tells what OCaml it was compiled with"
test "$compiler" = "$made_with" || unfit "Coq was compiled with OCaml $made_with and the compiler is $compiler"
if command -v coqpp >/dev/null; then coqpp {_COMMANDS}.mlg; else rocq pp-mlg {_COMMANDS}.mlg; fi
units="{" ".join((_RELEASE, *_UNITS, _COMMANDS))}"
objects=
for unit in $units; do
  ocamlfind ocamlopt -w -a -package LIBRARY.vernac,LIBRARY.stm -c $unit.ml
  objects="$objects $unit.cmx"
done
ocamlfind ocamlopt -package LIBRARY.vernac,LIBRARY.stm -shared -o palmetto_engine_plugin.cmxs $objects
"""
_TIMEOUT_S = 300.0
_SAID_CHARS = 300


class PluginError(Exception):
    """The plugin could not be built; the text is one sentence with what follows from it."""


def _release(toolchain: Toolchain) -> str | None:
    """The release that the toolchain's Coq is of, such as `9.2`; None where the plugin does not know it."""
    release = toolchain.version[:2]
    return ".".join(map(str, release)) if release in NATIVE_VERSIONS else None


def _of_this_coq(text: str, toolchain: Toolchain) -> str:
    return text.replace("LIBRARY", toolchain.findlib_package)


def _sources(release: str | None) -> dict[str, bytes]:
    package = files("coq_checker.engine.plugin")
    sources = {name: package.joinpath(name).read_bytes() for name in _SOURCES}
    if release is not None:
        differs = package.joinpath("compat", f"{_RELEASE}_{release.replace('.', '_')}.ml")
        sources[f"{_RELEASE}.ml"] = differs.read_bytes()
    return sources


def _machine_code(toolchain: Toolchain) -> str:
    """Coq's own machine code, which the plugin must fit: one version may be built anew, by another compiler."""
    core = toolchain.host_path(toolchain.coqlib).parent / toolchain.findlib_package / "vernac" / "vernac.cmxs"
    try:
        found = core.stat()
        return _digest(core, found.st_size, found.st_mtime_ns)
    except OSError:
        return "unknown"


@functools.lru_cache(maxsize=16)
def _digest(path: Path, size: int, changed_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _name(toolchain: Toolchain) -> str:
    which = f"{toolchain.key} {toolchain.coq_version} {toolchain.coqlib} {_machine_code(toolchain)}"
    digest = hashlib.sha256(which.encode())
    for text in (*_sources(_release(toolchain)).values(), _META.encode(), _COMPILE.encode()):
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
    return next((place for place in places if _is_whole(place)), None)


def _is_whole(folder: Path) -> bool:
    """Whether a folder has the plugin that was compiled for it: one that was damaged since, or put there, ends Coq."""
    try:
        made = (folder / "palmetto-engine" / _MADE).read_text()
        found = (folder / "palmetto-engine" / _MACHINE_CODE).stat()
        return made == _digest(folder / "palmetto-engine" / _MACHINE_CODE, found.st_size, found.st_mtime_ns)
    except (OSError, UnicodeDecodeError):
        return False


def build_plugin(toolchain: Toolchain) -> None:
    """Builds the plugin, unless it is there.

    Raises:
        PluginError: the plugin does not know the toolchain's Coq, the toolchain has no OCaml, another one than
            Coq was compiled with or no development files of Coq, or compiling failed.
    """
    folder = _folder(toolchain)
    if plugin_path(toolchain) is not None:
        return
    release = _release(toolchain)
    if release is None:
        raise PluginError(
            f"the engine in Coq is for the versions {versions_that_work()}, and this is {toolchain.coq_version}: "
            "install one of those."
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=HALF_MADE, dir=folder.parent))
    try:
        for name, text in _sources(release).items():
            (work / name).write_bytes(text)
        compiling = _of_this_coq(_COMPILE, toolchain)
        argv = toolchain.command("sh", "-c", compiling, writable=[work], working_directory=work)
        try:
            done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TIMEOUT_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PluginError(f"the engine in Coq could not be compiled ({error}): {_REMEDY}") from error
        if done.returncode != 0:
            said = " ".join((done.stderr + done.stdout).decode(errors="replace").split())[-_SAID_CHARS:]
            raise PluginError(f"the engine in Coq could not be compiled ({said}): {_REMEDY}")
        made = work / "made" / "palmetto-engine"
        made.mkdir(parents=True)
        shutil.copy(work / _MACHINE_CODE, made)
        (made / "META").write_text(_of_this_coq(_META, toolchain))
        (made / _MADE).write_text(hashlib.sha256((made / _MACHINE_CODE).read_bytes()).hexdigest())
        # What another builder has just put there stays: processes may be loading it.
        if not _is_whole(folder):
            with contextlib.suppress(OSError):
                folder.rename(work / "damaged")
        try:
            (work / "made").rename(folder)
        except OSError:
            if plugin_path(toolchain) is None:  # another build was as fast: its result is the same
                raise
        sweep(folder.parent, toolchain.key)
    finally:
        shutil.rmtree(work, ignore_errors=True)


_REMEDY = "install ocamlfind and Coq's development files for the OCaml that Coq was compiled with."
