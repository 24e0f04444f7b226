"""Building a Debian root: in one piece or not at all, and by one builder at a time."""

import fcntl
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from coq_checker.toolchain.compile_engine import compile_engine
from coq_checker.toolchain.errors import SuiteError, ToolchainError, UnusableError
from coq_checker.toolchain.find import toolchain_at
from coq_checker.toolchain.mmdebstrap import run_mmdebstrap
from coq_checker.toolchain.places import Place, root_place
from coq_checker.toolchain.privileges import Progress, as_root, install_missing
from coq_checker.toolchain.recipe import NEEDED_FREE_BYTES, Recipe
from coq_checker.toolchain.sandbox import sandbox_problem
from coq_checker.toolchain.settings import ToolchainSettings
from coq_checker.toolchain.trial import try_toolchain
from coq_checker.toolchain.value import Toolchain

_BUILD_PROGRAMS = {"mmdebstrap": ("mmdebstrap", "debian-archive-keyring"), "unshare": ("util-linux",)}
_HALF_MADE = ".building-"


def ensure_root(recipe: Recipe, settings: ToolchainSettings, progress: Progress) -> Toolchain:
    """Give the toolchain of a recipe; its root is built where none stands.

    Raises:
        SuiteError: none of the recipe's suites gives what it needs today.
        ToolchainError: something that building needs is missing, or a step failed; nothing half-made is left.
    """
    root = recipe.standing_root(settings.roots)
    if root is None:
        if (problem := sandbox_problem()) is not None:
            raise ToolchainError(problem)
        with _one_builder(settings.roots, progress):
            root = recipe.standing_root(settings.roots)  # another builder may have made it meanwhile
            if root is None:
                root = _build_from_any(recipe, settings, progress)
    return toolchain_at(root_place(root), settings, again=True)


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


def _build_from_any(recipe: Recipe, settings: ToolchainSettings, progress: Progress) -> Path:
    """Build from the first of the recipe's suites that gives what it needs."""
    install_missing(_BUILD_PROGRAMS, progress)
    for left in settings.roots.glob(f"{_HALF_MADE}*"):
        progress(f"removing {left.name}, left by a build that was interrupted")
        _remove(left)
    failed = []
    for suite in recipe.suites:
        root = settings.roots / recipe.root_name(suite)
        try:
            _build(recipe, suite, root, settings, progress)
            return root
        except SuiteError as error:
            progress(f"Debian's {suite} does not give {recipe.name} today: {error}")
            failed.append((suite, error))
    if len(failed) == 1:
        raise failed[0][1]
    suites = " nor ".join(suite for suite, _ in failed)
    raise SuiteError(
        f"The toolchain {recipe.name} cannot be built today, neither from Debian's {suites}: try it another day, or "
        "choose another that `palmetto toolchain list` shows."
    )


def _build(recipe: Recipe, suite: str, root: Path, settings: ToolchainSettings, progress: Progress) -> None:
    """Build next to where the root will be, try it there, and give it its name as the last step."""
    free_bytes = shutil.disk_usage(root.parent).free
    if free_bytes < NEEDED_FREE_BYTES:
        raise ToolchainError(
            f"The Coq toolchain needs {NEEDED_FREE_BYTES / 1e9:.1f} GB and {root.parent} has "
            f"{free_bytes / 1e9:.1f} GB free: make room, or set PALMETTO_CACHE to a folder on a larger disk."
        )
    building = root.parent / f"{_HALF_MADE}{root.name}"
    try:
        progress(f"building the toolchain {recipe.name} with mmdebstrap in {root} (1 to 5 minutes)")
        run_mmdebstrap(recipe, suite, building, progress)
        _add_files(recipe, building)
        progress("trying the new toolchain")
        there = root_place(building)
        place = Place(recipe.name, there.told, building, there.search_path)
        try:
            new = toolchain_at(place, settings)
        except ToolchainError as error:
            raise SuiteError(str(error)) from None
        try_toolchain(new, recipe.version)
        try:
            # Under the name that it will have, so that it is found again.
            compile_engine(replace(new, identity=root.name), progress)
        except UnusableError as error:
            raise SuiteError(str(error)) from None
        _rename(building, root)
    finally:
        if building.exists():
            _remove(building)


def _add_files(recipe: Recipe, root: Path) -> None:
    for name, text in recipe.programs:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            _as_root_in(root, ["install", "-D", "-m", "755", file.name, str(root / name)])
    for name, text in recipe.links:
        _as_root_in(root, ["mkdir", "-p", str((root / name).parent)])
        _as_root_in(root, ["ln", "-sfn", text, str(root / name)])


def _as_root_in(root: Path, step: list[str]) -> None:
    done = subprocess.run(as_root(step, "build the toolchain"), capture_output=True, check=False)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        raise ToolchainError(f"{root} could not be written ({said}): see that the disk has room.")


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
