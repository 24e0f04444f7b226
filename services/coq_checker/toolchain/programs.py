"""How the programs of an installation are called: `coqc`, or `rocq c` where there is no `coqc`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Programs:
    """For each program the words that a command begins with.

    Attributes:
        compiler: compiles files: `coqc` or `rocq c`.
        toplevel: reads commands: `coqtop` or `rocq repl`.
        checker: checks compiled files: `coqchk` or `rocqchk`.
        dependencies: what files require: `coqdep` or `rocq dep`.
        makefile: makes a Makefile of a `_CoqProject`: `coq_makefile` or `rocq makefile`.
    """

    compiler: tuple[str, ...]
    toplevel: tuple[str, ...]
    checker: tuple[str, ...]
    dependencies: tuple[str, ...]
    makefile: tuple[str, ...]


COQ = Programs(("coqc",), ("coqtop",), ("coqchk",), ("coqdep",), ("coq_makefile",))
"""What every Coq 8 has, and Rocq 9 where its compatibility programs are installed."""

ROCQ = Programs(("rocq", "c"), ("rocq", "repl"), ("rocqchk",), ("rocq", "dep"), ("rocq", "makefile"))
"""What every Rocq 9 has."""


def find_programs(folders: Iterable[str], is_there: Callable[[str], bool]) -> tuple[str, Programs] | None:
    """The first folder that holds Coq, and how its programs are called; None where none does.

    All of them are taken from one folder: another may hold another version.

    Args:
        folders: of a search path, in its order.
        is_there: whether a path is a program.
    """
    for folder in folders:
        for programs in (ROCQ, COQ):
            if is_there(f"{folder}/{programs.compiler[0]}"):
                return folder, programs
    return None
