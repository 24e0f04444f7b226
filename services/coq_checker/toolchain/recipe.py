"""What Debian roots are made of. A root's name carries a hash of its recipe, so a changed recipe is a new root."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

# Raise it when roots are made differently from the same recipes.
_RECIPE_VERSION = 1

# Pages that no program reads: a tenth of a root. Licences stay.
EXCLUDED_PATHS = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*")
INCLUDED_PATHS = ("/usr/share/doc/*/copyright",)

NEEDED_FREE_BYTES = 4 * 1024**3

# CoqHammer calls its provers through `htimeout SECONDS COMMAND ...`, which Debian does not put on PATH.
_HTIMEOUT = ("usr/local/bin/htimeout", '#!/bin/sh\nexec timeout "$@"\n')


@dataclass(frozen=True, slots=True)
class Recipe:
    """A toolchain that Palmetto builds from Debian's packages.

    Attributes:
        name: the toolchain's name, such as `rocq-9.2`.
        version: the version that its name promises, such as (9, 2).
        suites: Debian's suites that have it; the first that works is taken.
        required: packages without which it is none.
        wished: packages that it has where the suite can install them, in the order in which they are tried.
        programs: further files by their paths in the root, and their text; they are executable.
        links: further symbolic links by their paths in the root, and what they say.
        apt_options: options of apt, in apt.conf's form.
    """

    name: str
    version: tuple[int, ...]
    suites: tuple[str, ...]
    required: tuple[str, ...]
    wished: tuple[str, ...]
    programs: tuple[tuple[str, str], ...] = (_HTIMEOUT,)
    links: tuple[tuple[str, str], ...] = ()
    apt_options: tuple[str, ...] = ()

    @property
    def latest(self) -> tuple[int, ...]:
        """A version to compare with, of a root that has not been built: the first patch, which both have."""
        return (*self.version, 1)

    @property
    def packages(self) -> tuple[str, ...]:
        """All packages, by name."""
        return tuple(sorted(self.required + self.wished))

    def root_name(self, suite: str) -> str:
        """The name of the root that is made from a suite, such as `debian-trixie-3f2a91c0b7de`."""
        parts = (
            str(_RECIPE_VERSION),
            suite,
            *self.packages,
            *EXCLUDED_PATHS,
            *INCLUDED_PATHS,
            *(f"{name}={text}" for name, text in sorted(self.programs)),
            *(f"{name}->{text}" for name, text in sorted(self.links)),
            *self.apt_options,
        )
        return f"debian-{suite}-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:12]}"

    def standing_root(self, roots: Path) -> Path | None:
        """The root in a folder of roots that was made by this recipe; None where none was."""
        names = (roots / self.root_name(suite) for suite in self.suites)
        return next((root for root in names if root.is_dir()), None)


COQ_8_20 = Recipe(
    name="coq-8.20",
    version=(8, 20),
    suites=("trixie",),
    # libcoq-serapi-ocaml stays out: with it sertop crashes.
    required=("coq", "coq-serapi", "libcoq-stdlib"),
    wished=(
        "libcoq-hammer",
        "eprover",
        "cvc4",
        "z3",
        "libcoq-aac-tactics",
        "libcoq-bignums",
        "libcoq-coqprime",
        "libcoq-coquelicot",
        "libcoq-equations",
        "libcoq-ext-lib",
        "libcoq-flocq",
        "libcoq-interval",
        "libcoq-math-classes",
        "libcoq-mathcomp",
        "libcoq-mathcomp-bigenough",
        "libcoq-mathcomp-finmap",
        "libcoq-mathcomp-zify",
        "libcoq-reglang",
        "libcoq-stdpp",
    ),
)

ROCQ_9_2 = Recipe(
    name="rocq-9.2",
    version=(9, 2),
    suites=("sid", "forky"),
    required=("coq", "libcoq-core-ocaml-dev", "libcoq-stdlib"),
    wished=(
        "libcoq-hammer",
        "eprover",
        "cvc4",
        "cvc5",
        "z3",
        "libcoq-aac-tactics",
        "libcoq-bignums",
        "libcoq-coqprime",
        "libcoq-coquelicot",
        "libcoq-equations",
        "libcoq-ext-lib",
        "libcoq-flocq",
        "libcoq-interval",
        "libcoq-math-classes",
        "libcoq-mathcomp",
        "libcoq-mathcomp-bigenough",
        "libcoq-mathcomp-finmap",
        "libcoq-mathcomp-zify",
        "libcoq-menhirlib",
        "libcoq-reglang",
        "libcoq-stdpp",
    ),
    # CoqHammer 1.3.3 calls E through its own program, in a folder that Debian's package does not use.
    links=(("usr/libexec/htimeout", "coq-hammer/htimeout"),),
    # These suites move: a mirror's copy may be some days older than it says it may be used.
    apt_options=('Acquire::Check-Valid-Until "false"',),
)

# What is built and used where nothing else is said.
DEFAULT = ROCQ_9_2
# What stands in for it where Debian cannot give it today.
FALLBACK = COQ_8_20
RECIPES = {recipe.name: recipe for recipe in (COQ_8_20, ROCQ_9_2)}


def promised_version(name: str) -> str:
    """The version that a toolchain's name promises, such as `9.2` of `rocq-9.2`; empty where it promises none."""
    recipe = RECIPES.get(name)
    return "" if recipe is None else ".".join(map(str, recipe.version))


def recipe_of_root(root: Path) -> Recipe | None:
    """The recipe that a root was made by, as its name tells; None where it was made by none of these."""
    made = ((recipe, suite) for recipe in RECIPES.values() for suite in recipe.suites)
    return next((recipe for recipe, suite in made if recipe.root_name(suite) == root.name), None)


def of_release(version: tuple[int, ...]) -> Recipe | None:
    """The recipe of a version's release, as (8, 20) is that of 8.20.1; None where there is none."""
    return next((recipe for recipe in RECIPES.values() if version[: len(recipe.version)] == recipe.version), None)


def stands_in(version: tuple[int, ...], roots: Path) -> Recipe | None:
    """The recipe whose root is taken where this machine's own Coq cannot be used; None where none has been built.

    Args:
        version: of that Coq: a root of the same release comes before the default.
        roots: the folder of roots.
    """
    wanted = (of_release(version), DEFAULT, FALLBACK)
    return next((one for one in wanted if one is not None and one.standing_root(roots) is not None), None)
