"""`palmetto project fetch`: projects of the catalogue from where they come from."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from coqdata.catalogue import CatalogueEntry, catalogue
from coqdata.project import PROJECT_FILE
from palmetto.commands import fail

# Tells which commit lies there.
_COMMIT = ".palmetto-commit"
_FETCH_S = 1800


class FetchError(Exception):
    """A project cannot be fetched; the text is one sentence."""


def fetch(
    projects: Annotated[list[str], typer.Argument(help="Names of the catalogue (`palmetto project list`).")],
    into: Annotated[Path, typer.Option(help="Folder that gets a folder for each project.")],
) -> None:
    """Fetch projects of the catalogue, each at its commit. Exit 0: all are there; 1: some are not; 2: could not run."""
    unknown = [name for name in projects if name not in catalogue()]
    if unknown:
        raise fail(f"the catalogue has no {', '.join(unknown)}: see `palmetto project list`.")
    if shutil.which("git") is None:
        raise fail("git is not installed, and projects are fetched with it: install the package git.")
    try:
        into.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise fail(f"{into} cannot be made ({error.strerror}): see that its parent can be written.") from None
    failed = False
    for name in dict.fromkeys(projects):
        entry = catalogue()[name]
        try:
            print(f"{name}: {_take(entry, into)}", flush=True)
        except FetchError as error:
            failed = True
            print(f"{name}: {error}", flush=True)
    raise typer.Exit(1 if failed else 0)


def _take(entry: CatalogueEntry, into: Path) -> str:
    """Puts a project there, whole or not at all; what was done.

    Raises:
        FetchError: it cannot be had.
    """
    place = into / entry.name
    if place.exists():
        stamp = place / _COMMIT
        if stamp.is_file() and stamp.read_text().strip() == entry.commit:
            return "there already"
        raise FetchError(f"{place} is there and is not commit {entry.commit[:12]}: move it away, or leave it out here.")
    try:
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=into) as scratch:
            made = Path(scratch) / entry.name
            _git("init", "--quiet", "--template=", str(made))
            _git("-C", str(made), "fetch", "--quiet", "--depth", "1", entry.upstream, entry.commit)
            _git("-C", str(made), "checkout", "--quiet", "--detach", "FETCH_HEAD")
            shutil.rmtree(made / ".git")
            if not (made / PROJECT_FILE).exists():
                (made / PROJECT_FILE).write_text("".join(f"{option}\n" for option in entry.options))
            (made / _COMMIT).write_text(f"{entry.commit}\n")
            made.chmod(0o755)
            made.rename(place)
    except OSError as error:
        raise FetchError(f"{place} cannot be written ({error.strerror}).") from None
    needs = f"; it needs {', '.join(entry.requires)}" if entry.requires else ""
    return f"fetched commit {entry.commit[:12]}{needs}"


def _git(*arguments: str) -> None:
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            ["git", *arguments],
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_FETCH_S,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        raise FetchError(f"git took more than {_FETCH_S} s: try it again.") from None
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise FetchError(f"it cannot be fetched ({said[-1] if said else f'status {done.returncode}'}): try it again.")
