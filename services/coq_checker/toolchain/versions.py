"""What follows from Coq's version: which engines know it, and what its parts are called."""

import re

NATIVE_VERSIONS = ((8, 20), (9, 0), (9, 1), (9, 2))
"""The versions that the engine `native` can be compiled for."""

_ROCQ = (9,)


def version_numbers(version: str) -> tuple[int, ...]:
    """The numbers that a version begins with, to be compared; what follows them, such as `+rc1`, is left out.

    >>> version_numbers("8.20.1"), version_numbers("9.3+rc1"), version_numbers("none")
    ((8, 20, 1), (9, 3), ())
    """
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def prover_name(version: tuple[int, ...]) -> str:
    """What the prover of a version calls itself: `Coq`, or from 9.0 on `Rocq`."""
    return "Rocq" if version >= _ROCQ else "Coq"


def findlib_package(version: tuple[int, ...]) -> str:
    """The findlib package of its OCaml libraries, such as `rocq-runtime`, of which `rocq-runtime.vernac` is a part."""
    return "rocq-runtime" if version >= _ROCQ else "coq-core"


def standard_libraries(version: tuple[int, ...]) -> tuple[str, ...]:
    """The logical roots of its standard library, and then of what the prover itself brings beside it."""
    return ("Stdlib", "Corelib") if version >= _ROCQ else ("Coq",)


def versions_that_work() -> str:
    """The versions of NATIVE_VERSIONS, for a sentence.

    >>> versions_that_work()
    '8.20, 9.0, 9.1 and 9.2'
    """
    names = [".".join(map(str, one)) for one in NATIVE_VERSIONS]
    return f"{', '.join(names[:-1])} and {names[-1]}"
