"""`.glob` files: what coqc notes of a file while it compiles it: what is defined where, and what is referred to where.

Pure functions over bytes. Positions are byte offsets in the source, ends exclusive (in the file they are inclusive).
"""

import re
from dataclasses import dataclass

_REFERENCE = re.compile(rb"R(\d+):(\d+) (\S+) (\S+) (\S*) (\S+)")
_DEFINITION = re.compile(rb"([a-z]+) +(\d+):(\d+) (\S+) (\S+)")
_NONE = b"<>"


class GlobError(ValueError):
    """Not a .glob file; the text is one sentence."""


@dataclass(frozen=True, slots=True)
class Definition:
    """Something that the file defines.

    Attributes:
        kind: coqdoc's word: `def`, `prf`, `ind`, `constr`, `ax`, `inst`, `proj`, `rec`, `class`, `scheme`, `abbrev`,
            `not`, `mod`, `sec`, `var`, `binder`, ...
        start, end: bytes of the name in the source.
        path: modules around it, joined by full stops (for section variables: sections too); empty if none.
        name: its last name.
    """

    kind: str
    start: int
    end: int
    path: str
    name: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A place where the file refers to something.

    Attributes:
        start, end: bytes in the source.
        library: logical name of the file that defines it.
        path: modules there, joined by full stops; empty if none.
        name: its last name; empty where a library as such is meant.
        kind: coqdoc's word: `thm`, `prfax`, `defax`, `def`, `ind`, `constr`, `proj`, `abbrev`, `lib`, `not`, `var`, ...
    """

    start: int
    end: int
    library: str
    path: str
    name: str
    kind: str

    @property
    def full_name(self) -> str:
        """Library, modules and name, joined by full stops."""
        return ".".join(part for part in (self.library, self.path, self.name) if part)


@dataclass(frozen=True, slots=True)
class Glob:
    """A .glob file.

    Attributes:
        library: logical name of the file.
        definitions, references: in the order of the file.
    """

    library: str
    definitions: tuple[Definition, ...]
    references: tuple[Reference, ...]

    @property
    def required(self) -> tuple[str, ...]:
        """Logical names of the libraries that the file requires or imports, each once."""
        return tuple(dict.fromkeys(one.library for one in self.references if one.kind == "lib"))


def read_glob(content: bytes) -> Glob:
    """Reads a .glob file. Lines of an unknown form are left out: Coq adds kinds from time to time.

    Raises:
        GlobError: it does not begin as such files do.
    """
    lines = content.split(b"\n")
    if not lines[0].startswith(b"DIGEST") or len(lines) < 2 or not lines[1].startswith(b"F"):
        raise GlobError("this is no .glob file: it does not begin with DIGEST and the file's logical name.")
    library = _text(lines[1][1:].strip())
    definitions: list[Definition] = []
    references: list[Reference] = []
    texts: dict[bytes, str] = {}  # the same few names come again and again

    def text(word: bytes) -> str:
        found = texts.get(word)
        if found is None:
            found = texts[word] = "" if word == _NONE else _text(word)
        return found

    for line in lines[2:]:
        if line.startswith(b"R"):
            reference = _REFERENCE.fullmatch(line)
            if reference is not None:
                start, end, where, path, name, kind = reference.groups()
                references.append(Reference(int(start), int(end) + 1, *map(text, (where, path, name, kind))))
        else:
            definition = _DEFINITION.fullmatch(line)
            if definition is not None:
                kind, start, end, path, name = definition.groups()
                definitions.append(Definition(text(kind), int(start), int(end) + 1, text(path), text(name)))
    return Glob(library, tuple(definitions), tuple(references))


def _text(word: bytes) -> str:
    return word.decode("utf-8", "replace")
