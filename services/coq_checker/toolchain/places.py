"""Where a Coq may be (on PATH, in an opam switch, a folder or a Debian root), and what its programs need there."""

import os
from dataclasses import dataclass
from pathlib import Path

from coq_checker.toolchain.errors import ToolchainError
from coq_checker.toolchain.names import PATH
from coq_checker.toolchain.opam import SWITCH_PREFIX, holds_coq, switch_prefix
from coq_checker.toolchain.programs import Programs, find_programs
from coq_checker.toolchain.recipe import recipe_of_root
from coq_checker.toolchain.sandbox import HIDDEN_DIRECTORIES

_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"

# What an installation outside the system's own folders may need to find its parts; in a nix shell COQPATH or ROCQPATH
# lists the libraries.
_VARIABLES = (
    "CAML_LD_LIBRARY_PATH",
    "COQCORELIB",
    "COQLIB",
    "COQPATH",
    "OCAMLFIND_CONF",
    "OCAMLPATH",
    "ROCQLIB",
    "ROCQPATH",
    "ROCQRUNTIMELIB",
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a Coq may be.

    Attributes:
        name: of the toolchain.
        told: where it is, for a sentence, such as `on PATH`.
        root: the directory to mount at `/`; None for this machine's own.
        search_path: PATH for its programs.
        environment: further variables for them.
        shared: directories that they need and that the sandbox would hide.
    """

    name: str
    told: str
    root: Path | None
    search_path: str
    environment: tuple[tuple[str, str], ...] = ()
    shared: tuple[Path, ...] = ()

    def programs(self) -> tuple[str, Programs] | None:
        """The folder of its programs as they see it themselves, and how they are called; None where it has none."""
        return find_programs(self._folders(), lambda path: _is_program(self.host_path(path)))

    def program(self, name: str) -> Path | None:
        """Where this machine keeps one of its programs; None where it has none of that name."""
        there = (self.host_path(f"{folder}/{name}") for folder in self._folders())
        return next((path for path in there if _is_program(path)), None)

    def host_path(self, inside: str) -> Path:
        """Where this machine keeps the file that its programs see as `inside`."""
        return Path(inside) if self.root is None else self.root / inside.lstrip("/")

    def _folders(self) -> list[str]:
        return [folder for folder in self.search_path.split(":") if folder]


def path_place() -> Place:
    """What PATH leads to."""
    folders = [_seen(folder) for folder in os.environ.get("PATH", os.defpath).split(":") if folder]
    variables = tuple((name, os.environ[name]) for name in _VARIABLES if os.environ.get(name))
    place = Place(PATH, "on PATH", None, ":".join(folders), variables)
    found = place.programs()
    shared = () if found is None else _hidden(Path(found[0]).parent)
    return Place(PATH, place.told, None, place.search_path, variables, shared)


def own_place() -> Place | None:
    """This machine's own Coq: the one on PATH, else that of the switch that OPAM_SWITCH_PREFIX names; None without."""
    place = path_place()
    if place.programs() is not None:
        return place
    prefix = Path(os.environ.get("OPAM_SWITCH_PREFIX", ""))
    if prefix.is_absolute() and holds_coq(prefix):
        local = prefix.name == "_opam"
        return _prefix_place(f"{SWITCH_PREFIX}{prefix.parent if local else prefix.name}", prefix)
    return None


def switch_place(name: str) -> Place:
    """A switch of opam's.

    Raises:
        ToolchainError: there is no such switch, or it holds no Coq.
    """
    return _prefix_place(f"{SWITCH_PREFIX}{name}", switch_prefix(name))


def folder_place(folder: Path) -> Place:
    """A folder: a Debian root, an installation's prefix with `bin` in it, or a project with a switch of its own.

    Raises:
        ToolchainError: it holds no Coq.
    """
    if folder == Path("/"):
        folder = Path("/usr")
    if holds_coq(folder / "usr"):
        return root_place(folder)
    for prefix in (folder, folder / "_opam"):
        if holds_coq(prefix):
            return _prefix_place(str(folder), prefix)
    raise ToolchainError(
        f"The folder {folder} holds no Coq (no coqc or rocq in bin or usr/bin): give another folder, or run "
        "`palmetto toolchain list`."
        if folder.is_dir()
        else f"There is no folder {folder}: give one that holds Coq, or run `palmetto toolchain list`."
    )


def root_place(root: Path) -> Place:
    """A Debian root."""
    recipe = recipe_of_root(root)
    return Place(recipe.name if recipe else str(root), f"in the root {root}", root, _SYSTEM_PATH)


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _prefix_place(name: str, prefix: Path) -> Place:
    libraries = [f"{prefix}/lib/{part}" for part in ("stublibs", "ocaml/stublibs", "ocaml")]
    variables = (("CAML_LD_LIBRARY_PATH", ":".join(libraries)), ("OPAM_SWITCH_PREFIX", str(prefix)))
    return Place(name, f"in {prefix}", None, f"{prefix}/bin:{_SYSTEM_PATH}", variables, _hidden(prefix))


def _seen(folder: str) -> str:
    """A folder of PATH as programs in the sandbox find it: NixOS keeps some below /run, which is hidden."""
    return os.path.realpath(folder) if _hidden(Path(folder)) else folder


def _hidden(folder: Path) -> tuple[Path, ...]:
    """The folder, if the sandbox would hide it."""
    return (folder,) if any(hidden in folder.parents for hidden in HIDDEN_DIRECTORIES) else ()
