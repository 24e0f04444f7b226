"""What a toolchain can be called: `auto`, `coq-8.20`, `rocq-9.2`, `path`, `opam:NAME`, or a folder."""

from pathlib import Path

from coq_checker.toolchain.errors import ToolchainError
from coq_checker.toolchain.opam import SWITCH_PREFIX, is_path, switches
from coq_checker.toolchain.recipe import RECIPES

AUTO = "auto"
PATH = "path"


def require_name(name: str, said: str | None = None, *, folders: bool = True) -> str:
    """Give the name as `find_toolchain` takes it: a folder, of a local switch too, becomes absolute.

    Args:
        name: what a person wrote.
        said: begins the error's sentence, which goes on with the names that there are.
        folders: whether a folder may be given there, for that sentence.

    Raises:
        ToolchainError: it is none of these.
    """
    if name in (AUTO, PATH, *RECIPES):
        return name
    if name.startswith(SWITCH_PREFIX) and name != SWITCH_PREFIX:
        switch = name.removeprefix(SWITCH_PREFIX)
        return f"{SWITCH_PREFIX}{Path(switch).expanduser().absolute()}" if is_path(switch) else name
    if is_folder(name):
        return str(Path(name).expanduser().absolute())
    raise ToolchainError(f"{said or f'There is no toolchain {name!r}: give'} {possible_names(folders=folders)}.")


def is_folder(name: str) -> bool:
    """Whether a name is a folder's path and none of the other names."""
    return not name.startswith(SWITCH_PREFIX) and is_path(name)


def leads_to_folder(name: str) -> bool:
    """Whether a name says itself where programs are, as a folder or a local switch does.

    Such a name is only for whoever may run programs here: not for a project's own file, nor for a service's clients.
    """
    return is_path(name.removeprefix(SWITCH_PREFIX))


def possible_names(*, folders: bool = True) -> str:
    """The names that there are, for a sentence, with folders or without."""
    found = [f"{SWITCH_PREFIX}{switch}" for switch in switches()]
    names = [AUTO, *RECIPES, PATH, *(found or ["opam:NAME"])]
    if folders:
        names.append("a folder's path (with a slash in it)")
    return f"{', '.join(names[:-1])}, or {names[-1]}"
