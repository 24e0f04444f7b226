"""What follows from Coq's version: which engines know it, and what its packages are called."""

from coqdata.releases import prover_name

NATIVE_VERSIONS = ((8, 20), (9, 0), (9, 1), (9, 2))
"""The versions that the engine `native` can be compiled for."""


def findlib_package(version: tuple[int, ...]) -> str:
    """The findlib package of its OCaml libraries, such as `rocq-runtime`, of which `rocq-runtime.vernac` is a part."""
    return "rocq-runtime" if prover_name(version) == "Rocq" else "coq-core"


def versions_that_work() -> str:
    """The versions of NATIVE_VERSIONS, for a sentence.

    >>> versions_that_work()
    '8.20, 9.0, 9.1 and 9.2'
    """
    names = [".".join(map(str, one)) for one in NATIVE_VERSIONS]
    return f"{', '.join(names[:-1])} and {names[-1]}"
