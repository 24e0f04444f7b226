"""Libraries, and the Debian packages that have them."""

from pathlib import Path

from coq_checker.toolchain.recipe import Recipe
from coq_checker.toolchain.value import Toolchain

LIBRARIES = {
    "AAC_tactics": "libcoq-aac-tactics",
    "Bignums": "libcoq-bignums",
    "Coqprime": "libcoq-coqprime",
    "Coquelicot": "libcoq-coquelicot",
    "Equations": "libcoq-equations",
    "ExtLib": "libcoq-ext-lib",
    "Flocq": "libcoq-flocq",
    "Hammer": "libcoq-hammer",
    "Interval": "libcoq-interval",
    "MathClasses": "libcoq-math-classes",
    "RegLang": "libcoq-reglang",
    "mathcomp": "libcoq-mathcomp",
    "mathcomp.bigenough": "libcoq-mathcomp-bigenough",
    "mathcomp.finmap": "libcoq-mathcomp-finmap",
    "mathcomp.zify": "libcoq-mathcomp-zify",
    "stdpp": "libcoq-stdpp",
}
"""Debian's packages, by the first parts of the logical names in them."""


def library_in(prefix: str, name: str) -> str | None:
    """The library, as `LIBRARIES` names it, that `From prefix Require name` is of; None where it is of none of them.

    >>> library_in("mathcomp", "finmap"), library_in("mathcomp", "all_ssreflect"), library_in("", "Mine.stdpp")
    ('mathcomp.finmap', 'mathcomp', None)
    """
    parts = [*prefix.split("."), *name.split(".")] if prefix else name.split(".")
    names = (".".join(parts[:length]) for length in (2, 1))
    return next((one for one in names if one in LIBRARIES), None)


def has_library(toolchain: Toolchain, library: str) -> bool:
    """Whether a library is installed with a toolchain."""
    root, *inside = library.split(".")
    folder = toolchain.library_folders.get(root)
    return folder is not None and Path(folder, *inside).is_dir()


def promises_library(recipe: Recipe, library: str) -> bool:
    """Whether a toolchain that is built by a recipe is to have a library; its suite may not."""
    return LIBRARIES[library] in recipe.packages
