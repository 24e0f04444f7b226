"""What the Debian root is made of. Its name carries a hash of this, so a changed recipe is a new root."""

import hashlib

SUITE = "trixie"

# Raise it when the root is made differently from the same packages.
_RECIPE_VERSION = 1

# libcoq-serapi-ocaml stays out: with it sertop crashes.
PACKAGES = (
    "coq",
    "coq-serapi",
    "cvc4",
    "eprover",
    "libcoq-aac-tactics",
    "libcoq-bignums",
    "libcoq-coqprime",
    "libcoq-coquelicot",
    "libcoq-equations",
    "libcoq-ext-lib",
    "libcoq-flocq",
    "libcoq-hammer",
    "libcoq-interval",
    "libcoq-math-classes",
    "libcoq-mathcomp",
    "libcoq-mathcomp-bigenough",
    "libcoq-mathcomp-finmap",
    "libcoq-mathcomp-zify",
    "libcoq-reglang",
    "libcoq-stdlib",
    "libcoq-stdpp",
    "z3",
)

# Pages that no program reads: a tenth of the root. Licences stay.
EXCLUDED_PATHS = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*")
INCLUDED_PATHS = ("/usr/share/doc/*/copyright",)

# CoqHammer calls its provers through `htimeout SECONDS COMMAND ...`, which Debian does not ship.
EXTRA_PROGRAMS = {"usr/local/bin/htimeout": '#!/bin/sh\nexec timeout "$@"\n'}

NEEDED_FREE_BYTES = 4 * 1024**3


def root_name() -> str:
    """The name of the root that this recipe makes, such as `debian-trixie-3f2a91c0b7de`."""
    parts = (
        str(_RECIPE_VERSION),
        SUITE,
        *PACKAGES,
        *EXCLUDED_PATHS,
        *INCLUDED_PATHS,
        *(f"{name}={text}" for name, text in sorted(EXTRA_PROGRAMS.items())),
    )
    return f"debian-{SUITE}-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:12]}"
