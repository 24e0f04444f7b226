"""Libraries that a toolchain does not have: what to do about one, told wherever Coq says that it is missing."""

import re
from pathlib import Path

from coq_checker.toolchain import SandboxMode, Toolchain, ToolchainSettings
from coq_checker.toolchain.packages import LIBRARIES, has_library, library_in
from coq_checker.toolchain.recipe import RECIPES, Recipe
from coq_checker.toolchain.wished import left_out
from coqdata.project import PROJECT_FILE
from coqdata.releases import ALIAS, STANDARD_ROOTS, prover_name, standard_libraries

_MISSING = re.compile(
    r"(?:Cannot find a physical path bound to logical path|Unable to locate library|Cannot find library)"
    r"\s(\S+?)(?:\swith\sprefix\s(\S+?))?\.?(?=\s|$)"
)


def missing_remedy(message: str, toolchain: Toolchain) -> str | None:
    """What to do about a library that Coq's message says is missing; None where it says no such thing."""
    found = _MISSING.search(message)
    return None if found is None else library_remedy(found[2] or "", found[1], toolchain)


def with_remedy(message: str, toolchain: Toolchain) -> str:
    """Coq's message, with what to do where it is that a library is missing."""
    remedy = missing_remedy(message, toolchain)
    return message if remedy is None else f"{message.rstrip().rstrip('.')}; {remedy}."


def library_remedy(prefix: str, name: str, toolchain: Toolchain) -> str:
    """What to do about a library that a toolchain does not have: `From prefix Require name`."""
    parts = [*prefix.split("."), *name.split(".")] if prefix else name.split(".")
    if parts[0] in STANDARD_ROOTS:
        return _standard_remedy(parts[0], toolchain)
    if (library := library_in(prefix, name)) is not None:
        return _package_remedy(library, toolchain)
    return f"bind the folder of its project with -Q or -R in {PROJECT_FILE}"


def _standard_remedy(root: str, toolchain: Toolchain) -> str:
    this = _told(toolchain)
    if root not in toolchain.standard_libraries and root != ALIAS:
        other = next(one for one in RECIPES.values() if root in standard_libraries(one.version))
        both = f"require it from `{ALIAS}`, which every release takes, or " if root == "Stdlib" else ""
        return f"{this} has no {root}, and the toolchain {other.name} has: {both}{_use(other)}"
    if toolchain.standard_library not in toolchain.library_folders:
        return f"{this} is here without its standard library: install that (opam's rocq-stdlib)"
    return f"the standard library of {this} has no such file: require what took its place"


def _package_remedy(library: str, toolchain: Toolchain) -> str:
    package = LIBRARIES[library]
    this = f"{_told(toolchain)} ({toolchain.name})"
    own = RECIPES.get(toolchain.name)
    if has_library(toolchain, library) and package not in left_out(toolchain.root or Path("/")):
        return f"the {library} of {this} has no such file: require what took its place"
    for other in RECIPES.values():
        root = other.standing_root(ToolchainSettings.from_environment().roots)
        if other is own or package not in other.packages or (root is not None and package in left_out(root)):
            continue
        return f"{this} is here without {library}, and the toolchain {other.name} has it ({package}): {_use(other)}"
    return f"{this} is here without {library}: `palmetto toolchain show {toolchain.name}` tells why"


def _use(other: Recipe) -> str:
    """How to work with another toolchain, from "run" on: for once, and for a project."""
    settings = ToolchainSettings.from_environment()
    if settings.sandbox is SandboxMode.NONE:
        return f"use an image, or a service, of {other.name}"
    name = other.name
    ensure = "" if other.standing_root(settings.roots) is not None else f"run `palmetto toolchain ensure {name}`, then "
    return (
        f"{ensure}work with `--toolchain {name}`, or give the project that one "
        f'(`toolchain = "{name}"` in its palmetto.toml, or `palmetto project add NAME DIR --toolchain {name}`)'
    )


def _told(toolchain: Toolchain) -> str:
    return f"{prover_name(toolchain.version)} {toolchain.coq_version}"
