"""opam files, as far as they tell which Coq and which libraries a project wants."""

import re
from dataclasses import dataclass
from pathlib import Path

from coqdata.releases import version_numbers

_MAX_TEXT = 1 << 18
_DEPENDS = re.compile(r"\bdepends\s*:\s*\[", re.MULTILINE)
_ONE = re.compile(r'"([\w.+-]+)"\s*(\{[^}]*\})?')
_BOUND = re.compile(r'(<=|<|=)\s*"([^"]+)"')
_COQ = ("coq", "coq-core", "rocq-prover", "rocq-core")
_LIBRARY = ("coq-", "rocq-")
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Package:
    """What opam files say.

    Attributes:
        files: their names.
        coq: what they want of Coq, such as `>= "8.10" & < "8.13~"`; empty where they say nothing.
        requires: Coq libraries that they want, by their names in opam.
    """

    files: tuple[str, ...] = ()
    coq: str = ""
    requires: tuple[str, ...] = ()

    def refuses(self, version: str) -> bool:
        """Whether this Coq is too new for it, or too old."""
        return bool(self.coq) and _refused(version, self.coq)


def read_opam(root: Path) -> Package:
    """What the opam files of a folder say."""
    names = sorted(path for path in (*root.glob("*.opam"), *root.glob("opam"), *root.glob("opam/*")) if path.is_file())
    coq, requires, seen = "", [], []
    for path in names[:20]:
        if path.suffix != ".opam" and path.name != "opam":
            continue
        try:
            if path.stat().st_size > _MAX_TEXT:
                continue
            text = _COMMENT.sub("", path.read_bytes().decode("utf-8", "replace"))
        except OSError:
            continue
        seen.append(path.relative_to(root).as_posix())
        for name, wanted in _depends(text):
            if name in _COQ:
                coq = coq or wanted
            elif name.startswith(_LIBRARY):
                requires.append(name)
    return Package(tuple(seen), coq, tuple(dict.fromkeys(requires)))


def _depends(text: str) -> list[tuple[str, str]]:
    """Names and conditions of what is depended on."""
    begin = _DEPENDS.search(text)
    if begin is None:
        return []
    depth, at = 1, begin.end()
    while at < len(text) and depth:
        depth += {"[": 1, "]": -1}.get(text[at], 0)
        at += 1
    return [(name, wanted[1:-1].strip()) for name, wanted in _ONE.findall(text[begin.end() : at - 1])]


def _refused(version: str, wanted: str) -> bool:
    """Whether an upper bound, or an exact one, is below; conditions with alternatives are taken to be met."""
    if "|" in wanted:
        return False
    here = version_numbers(version)
    here += (0,) * (3 - len(here))  # Rocq calls its 9.2.0 so in opam, and itself 9.2
    for sign, bound in _BOUND.findall(re.sub(r'(>=|>|!=)\s*"[^"]*"', "", wanted)):
        there = version_numbers(bound)
        if not there:
            continue
        if sign == "<" and here[: len(there)] >= there:
            return True
        if sign == "<=" and here[: len(there)] > there:
            return True
        if sign == "=" and here[: len(there)] != there:
            return True
    # A project of Rocq 9 or later needs what this Coq does not have.
    bounds = map(version_numbers, re.findall(r'>=?\s*"([^"]+)"', wanted))
    return any(bound > here for bound in bounds if bound)
