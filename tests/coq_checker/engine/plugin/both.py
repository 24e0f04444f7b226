"""The plugin's answers beside those of Coq's own Print Assumptions, from one run of coqc."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from coq_checker.engine.plugin.build import plugin_path
from coq_checker.toolchain import Toolchain

_LOAD = 'Declare ML Module "palmetto-engine.plugin".\nSet Printing Width 1000000.\n'
_NONCE = "@nonce@"
_LIMIT_S = 600.0
_ASK = re.compile(r"\(\* ASK ([^*]*)\*\)")

Found = frozenset[tuple[str, str]]
"""What a constant rests on: kinds and names."""

# The plugin's kinds by how Print Assumptions words them.
_CHECKS = {
    "is assumed to be guarded.": "guarded",
    "is assumed to be positive.": "positive",
    "relies on an unsafe hierarchy.": "type_in_type",
    "relies on definitional UIP.": "uip",
}
_CHECK = re.compile(rf"^(\S+) ({'|'.join(map(re.escape, _CHECKS))})")
# The type of a section variable, and what an axiom's absurdity was used for.
_DETAIL = re.compile(r"^(?: |: |used in \S+ to prove)")
_TYPED = re.compile(r"^(\S+)(?: : |$)")


@dataclass(frozen=True, slots=True)
class Answers:
    """Both answers about one constant.

    Attributes:
        plugin: full names.
        coq: names as short as Coq writes them.
    """

    plugin: Found
    coq: Found

    @property
    def agree(self) -> bool:
        """Whether they name the same things, each short name being an end of its full name."""

        def fits(short: tuple[str, str], full: tuple[str, str]) -> bool:
            return short[0] == full[0] and f".{full[1]}".endswith(f".{short[1]}")

        return (
            len(self.coq) == len(self.plugin)
            and all(any(fits(short, full) for full in self.plugin) for short in self.coq)
            and all(any(fits(short, full) for short in self.coq) for full in self.plugin)
        )


def run_coqc(
    toolchain: Toolchain, folder: Path, text: str, *, file: str = "Trial", plugin: bool = True
) -> subprocess.CompletedProcess[str]:
    """Runs coqc on a file, with the plugin loaded before `text` where `plugin` says so.

    `folder` is a scratch directory; a file compiled there before can be required.
    """
    built = plugin_path(toolchain)
    assert built is not None, "the engine in Coq is not built"
    source = folder / f"{file}.v"
    source.write_text((_LOAD if plugin else "") + text)
    argv = toolchain.command(
        "coqc",
        "-w",
        "none",
        "-Q",
        str(folder),
        "",
        str(source),
        read_only=[built],
        writable=[folder],
        env={"OCAMLPATH": str(built)},
        working_directory=folder,
    )
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_LIMIT_S, check=False)


def coqc(toolchain: Toolchain, folder: Path, text: str, file: str = "Trial") -> str:
    """What coqc prints for a file with the plugin loaded before `text`, which must go through."""
    done = run_coqc(toolchain, folder, text, file=file)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def names_inside(toolchain: Toolchain, folder: Path, prelude: str, module: str) -> list[str]:
    """The names of everything in a module, as they resolve after `prelude`."""
    printed = coqc(toolchain, folder, f"{prelude}\nSearch _ inside {module}.\n")
    return re.findall(r"^([\w'.]+):", printed, re.M)


def _question(name: str) -> str:
    """The sentences that ask both about one name."""
    return f'PalmettoAssumptions "{_NONCE}" {name}.\nPrint Assumptions {name}.\n'


def read(printed: str) -> list[tuple[str, Answers]]:
    """The answers to all questions in what coqc printed, in order, with the names asked about."""
    found: list[tuple[str, Answers]] = []
    for part in printed.split(f"{_NONCE} ")[1:]:
        line, _, coq = part.partition("\n")
        name, _, items = line.partition(" = ")
        plugin = frozenset(
            (kind, what) for kind, _, what in (item.partition(" ") for item in items.split("; ") if item)
        )
        found.append((name, Answers(plugin, _read_coq(coq))))
    return found


def _read_coq(printed: str) -> Found:
    found: set[tuple[str, str]] = set()
    kind = "axiom"
    for line in printed.splitlines():
        if line in ("Axioms:", "Section Variables:", "Theory:"):
            kind = {"A": "axiom", "S": "variable", "T": "theory"}[line[0]]
        elif line == "Closed under the global context" or _DETAIL.match(line):
            continue
        elif check := _CHECK.match(line):
            found.add((_CHECKS[check[2]], check[1]))
        else:
            typed = _TYPED.match(line)
            assert typed is not None, line
            found.add((kind, typed[1]))
    return frozenset(found)


def ask(toolchain: Toolchain, folder: Path, text: str) -> list[tuple[str, Answers]]:
    """Both answers about every name in the comments `(* ASK NAME NAME ... *)` of a text, asked there."""
    asked: list[str] = []

    def questions(comment: re.Match[str]) -> str:
        names = comment[1].split()
        asked.extend(names)
        return "\n" + "".join(map(_question, names))

    found = read(coqc(toolchain, folder, _ASK.sub(questions, text)))
    assert [name for name, _ in found] == asked
    return found
