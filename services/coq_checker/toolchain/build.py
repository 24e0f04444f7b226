"""Building the Debian root: in one piece or not at all, and by one builder at a time."""

import fcntl
import importlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from coq_checker.toolchain import recipe
from coq_checker.toolchain.errors import ToolchainError
from coq_checker.toolchain.find import host_has_coq, host_toolchain, root_toolchain
from coq_checker.toolchain.mmdebstrap import run_mmdebstrap
from coq_checker.toolchain.privileges import Progress, as_root, install_missing
from coq_checker.toolchain.sandbox import sandbox_problem
from coq_checker.toolchain.settings import SandboxMode, ToolchainSettings
from coq_checker.toolchain.trial import try_toolchain
from coq_checker.toolchain.value import Toolchain

_SANDBOX_PROGRAMS = {"bwrap": ("bubblewrap",)}
_BUILD_PROGRAMS = {"mmdebstrap": ("mmdebstrap", "debian-archive-keyring"), "unshare": ("util-linux",)}
_HALF_MADE = ".building-"
_PLUGIN_BUILDER = "coq_checker.audit_plugin.build"


def ensure_toolchain(progress: Progress, settings: ToolchainSettings | None = None) -> Toolchain:
    """Give the toolchain to use, and make it first where there is none.

    What stands already is left as it is, so a second call costs what finding it costs.

    Args:
        progress: told in a few words what is being done, several times.
        settings: what is wanted; read from the environment by default.

    Raises:
        ToolchainError: something that it needs is missing, or a step failed; nothing half-made is left.
    """
    settings = settings or ToolchainSettings.from_environment()
    if settings.sandbox is SandboxMode.BWRAP:
        install_missing(_SANDBOX_PROGRAMS, progress)
    if settings.choice.startswith("/"):
        toolchain = root_toolchain(Path(settings.choice), settings)
    elif settings.choice == "auto" and host_has_coq():
        toolchain = host_toolchain(settings)
    elif settings.sandbox is SandboxMode.NONE:
        raise ToolchainError(
            "PALMETTO_SANDBOX=none needs sertop and coqc on PATH, and they are not there: install them, or "
            "unset it to have the Debian root built and run through bwrap."
        )
    else:
        toolchain = _debian_toolchain(settings, progress)
    _build_audit_plugin(toolchain, progress)
    return toolchain


def _debian_toolchain(settings: ToolchainSettings, progress: Progress) -> Toolchain:
    root = settings.roots / recipe.root_name()
    if not root.is_dir():
        if (problem := sandbox_problem()) is not None:
            raise ToolchainError(problem)
        with _one_builder(settings.roots, progress):
            if not root.is_dir():  # another builder may have made it meanwhile
                _build(root, settings, progress)
    return root_toolchain(root, settings)


@contextmanager
def _one_builder(roots: Path, progress: Progress) -> Iterator[None]:
    """Hold the lock of the folder of roots; the kernel lets go of it when a builder dies."""
    try:
        roots.mkdir(parents=True, exist_ok=True)
        lock = (roots / ".lock").open("w", encoding="utf-8")
    except OSError as error:
        raise ToolchainError(
            f"The cache folder {roots} cannot be written ({error.strerror}): set PALMETTO_CACHE to a folder that can."
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("waiting for another build of the toolchain to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(root: Path, settings: ToolchainSettings, progress: Progress) -> None:
    """Build next to where the root will be, try it there, and give it its name as the last step."""
    install_missing(_BUILD_PROGRAMS, progress)
    for left in root.parent.glob(f"{_HALF_MADE}*"):
        progress(f"removing {left.name}, left by a build that was interrupted")
        _remove(left)
    free_bytes = shutil.disk_usage(root.parent).free
    if free_bytes < recipe.NEEDED_FREE_BYTES:
        raise ToolchainError(
            f"The Coq toolchain needs {recipe.NEEDED_FREE_BYTES / 1e9:.1f} GB and {root.parent} has "
            f"{free_bytes / 1e9:.1f} GB free: make room, or set PALMETTO_CACHE to a folder on a larger disk."
        )
    building = root.parent / f"{_HALF_MADE}{root.name}"
    try:
        progress(f"building the Coq toolchain with mmdebstrap in {root} (1 to 5 minutes)")
        run_mmdebstrap(building, progress)
        progress("trying the new toolchain")
        _add_programs(building)
        try_toolchain(root_toolchain(building, settings))
        _rename(building, root)
    finally:
        if building.exists():
            _remove(building)


def _add_programs(root: Path) -> None:
    for name, text in recipe.EXTRA_PROGRAMS.items():
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            step = ["install", "-m", "755", file.name, str(root / name)]
            done = subprocess.run(as_root(step, "build the toolchain"), capture_output=True, check=False)
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip()
            raise ToolchainError(f"{root / name} could not be written ({said}): see that the disk has room.")


def _rename(building: Path, root: Path) -> None:
    step = ["mv", "-T", str(building), str(root)]
    done = subprocess.run(as_root(step, "build the toolchain"), capture_output=True, check=False)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        raise ToolchainError(
            f"The new toolchain could not be put in place ({said}): run `palmetto toolchain ensure` again."
        )


def _remove(directory: Path) -> None:
    """Delete a root, never anything that is mounted in it."""
    step = ["rm", "-rf", "--one-file-system", str(directory)]
    with suppress(ToolchainError):
        subprocess.run(as_root(step, "remove a half-made toolchain"), capture_output=True, check=False)


def _build_audit_plugin(toolchain: Toolchain, progress: Progress) -> None:
    """Compile the plugin that makes axiom audits fast; without it audits are slower, not weaker."""
    try:
        # By name: the plugin's builder stands on this package, so it is no import of it.
        builder = importlib.import_module(_PLUGIN_BUILDER)
    except ModuleNotFoundError as error:
        if error.name is None or not _PLUGIN_BUILDER.startswith(error.name):
            raise
        return
    if builder.plugin_available(toolchain):
        return
    progress("compiling the axiom audit plugin")
    try:
        builder.build_plugin(toolchain)
    except Exception as error:
        why = str(error)
        if isinstance(error, OSError):
            cache = ToolchainSettings.from_environment().cache
            why = f"{cache} cannot be written ({error.strerror}): make room there, or set PALMETTO_CACHE"
        progress(f"going on without the axiom audit plugin, with slower audits: {why}")
