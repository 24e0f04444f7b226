"""opam files, and dune's account of them, as far as they tell which Coq and which libraries a project wants."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from coqdata import dune
from coqdata.releases import version_numbers
from coqdata.wanted import Wanted, all_of, bound, distance, met, needs, none_of, one_of, says_something, shown

_MAX_TEXT = 1 << 18
_MOST_FILES = 20
_DEEPEST = 50
_LIBRARY = ("coq-", "rocq-")
_DUNE_PROJECT = "dune-project"
# Comments, then what means something.
_TOKEN = re.compile(
    r'#[^\n]*|\(\*.*?\*\)|"""(?:[^\\]|\\.)*?"""|"(?:[^"\\]|\\.)*"|[<>!]=|[][(){}|&!?:=<>]|[\w+:.-]*[\w+.-]', re.DOTALL
)
_SIGNS = ("<", "<=", "=", ">", ">=", "!=")
_CLOSING = ("", "]", ")", "}")


@dataclass(frozen=True, slots=True)
class Package:
    """What opam files say.

    Attributes:
        files: their names.
        wanted: what they want of Coq; None where they say nothing.
        said_in: the file that says so: of several the first.
        requires: Coq libraries that they want, by their names in opam.
    """

    files: tuple[str, ...] = ()
    wanted: Wanted | None = None
    said_in: str = ""
    requires: tuple[str, ...] = ()

    @property
    def coq(self) -> str:
        """What they want of Coq, such as `>= "8.10" & < "8.13~"`; empty where they say nothing."""
        return "" if self.wanted is None else shown(self.wanted)

    def refuses(self, version: str) -> bool:
        """Whether this Coq is too new for it, or too old."""
        return self.wanted is not None and not met(self.wanted, version_numbers(version))

    def distance(self, version: tuple[int, ...]) -> tuple[int, ...]:
        """How far a Coq is from the versions that they name: the less, the nearer."""
        return (0, 0, 0) if self.wanted is None else distance(self.wanted, version)


def read_opam(root: Path) -> Package:
    """What the opam files of a folder say, or where they say nothing of Coq, its `dune-project`."""
    names = sorted(path for path in (*root.glob("*.opam"), *root.glob("opam"), *root.glob("opam/*")) if path.is_file())
    seen: list[str] = []
    requires: list[str] = []
    said: list[tuple[Wanted, str]] = []
    for path in names[:_MOST_FILES]:
        if path.suffix != ".opam" and path.name != "opam":
            continue
        text = _text(path)
        if text is None:
            continue
        seen.append(path.relative_to(root).as_posix())
        wanted, libraries = _Reader(text).read()
        requires += libraries
        if wanted is not None and says_something(wanted):
            said.append((wanted, seen[-1]))
    if not said and (text := _text(root / _DUNE_PROJECT)) is not None:
        said = [(one, _DUNE_PROJECT) for one in dune.packages_wanted(text) if says_something(one)]
    first, file = said[0] if said else (None, "")
    return Package(tuple(seen), first, file, tuple(dict.fromkeys(requires)))


def wanted_of(text: str) -> Wanted | None:
    """What the text of one opam file wants of Coq; None where it says nothing."""
    found, _ = _Reader(text).read()
    return found if found is not None and says_something(found) else None


def _text(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8", "replace") if path.stat().st_size <= _MAX_TEXT else None
    except OSError:
        return None


class _TooDeepError(Exception):
    pass


class _Reader:
    """Reads the fields `depends` and `conflicts`. What it does not understand says nothing."""

    def __init__(self, text: str) -> None:
        self._tokens = [one for one in _TOKEN.findall(text) if not one.startswith(("#", "(*"))]
        self._at = 0
        self._libraries: list[str] = []

    def read(self) -> tuple[Wanted | None, list[str]]:
        """What is wanted of Coq, and the libraries that are."""
        found: list[Wanted | None] = []
        depth = 0
        try:
            while (token := self._take()) != "":
                depth += (token in ("[", "{", "(")) - (token in ("]", "}", ")"))
                # A field's name and its colon are one word where nothing stands between them.
                if depth == 0 and token in ("depends", "conflicts") and self._next() == ":":
                    self._take()
                    if token == "depends":
                        found.append(all_of(self._elements()))
                    else:
                        kept = list(self._libraries)
                        found.append(none_of(self._elements()))
                        self._libraries = kept
        except _TooDeepError:
            return None, self._libraries
        return all_of(found), self._libraries

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._next()
        self._at += 1
        return token

    def _elements(self) -> Iterator[Wanted | None]:
        """The elements of a list, or what stands without one."""
        if self._next() != "[":
            yield self._choice(0)
            return
        self._take()
        while self._next() not in ("", "]"):
            before = self._at
            yield self._choice(0)
            self._at = max(self._at, before + 1)
        self._take()

    def _choice(self, depth: int, *, inside: bool = False) -> Wanted | None:
        """Alternatives: of packages, or inside of braces of conditions on one."""
        if depth > _DEEPEST:
            raise _TooDeepError
        one = self._condition if inside else self._package
        choices: list[Wanted | None] = []
        together = [one(depth)]
        while self._next() in ("&", "|"):
            if self._take() == "|":
                choices.append(all_of(together))
                together = []
            together.append(one(depth))
        return one_of((*choices, all_of(together)))

    def _group(self, depth: int, *, inside: bool) -> Wanted | None:
        self._take()
        found = self._choice(depth + 1, inside=inside)
        while self._next() not in _CLOSING:
            self._take()
        self._take()
        return found

    def _package(self, depth: int) -> Wanted | None:
        token = self._next()
        if token in ("(", "["):
            return self._group(depth, inside=False)
        if token in _CLOSING:
            return None
        self._take()
        condition = self._group(depth, inside=True) if self._next() == "{" else None
        if not token.startswith('"'):
            return None
        name = token.strip('"')
        found = needs(name, condition)
        if found is None and name.startswith(_LIBRARY):
            self._libraries.append(name)
        return found

    def _condition(self, depth: int) -> Wanted | None:
        token = self._next()
        if token == "(":
            return self._group(depth, inside=True)
        if token in _CLOSING:
            return None
        self._take()
        if token in ("!", "?"):
            self._condition(depth)
            return None
        if token in _SIGNS:
            version = self._take()
            return bound(token, version.strip('"')) if version.startswith('"') else None
        if self._next() in _SIGNS:  # a variable's comparison
            self._take()
            self._take()
        return None
