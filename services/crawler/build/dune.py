"""dune files, as far as they tell of Coq theories."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from coqdata.dune import Form, forms
from coqdata.project import LoadPath
from crawler.tree import coq_files

_MAX_TEXT = 1 << 18
_STANZAS = ("coq.theory", "rocq.theory")


@dataclass(slots=True)
class Theories:
    """The Coq theories of a project: load paths, files and options of coqc."""

    paths: list[LoadPath] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.paths)


def theories(root: Path) -> Theories:
    """What the dune files below a folder say."""
    found = Theories()
    stanzas: list[tuple[Path, str, list[Form]]] = []
    for path in sorted(root.rglob("dune")):
        if path.is_file():
            stanzas += [(path.parent, name, fields) for name, fields in _stanzas(path)]
    folders = {folder for folder, _, _ in stanzas}
    for folder, name, fields in stanzas:
        found.paths.append(LoadPath(folder, name, True))
        # Files in a folder below belong to the theory that is stated there, if one is.
        for file in coq_files(folder):
            nearest = next(parent for parent in file.parents if parent in folders)
            if nearest == folder:
                found.files.append(file)
        found.arguments += _flags(fields, found.arguments)
    return found


def _stanzas(path: Path) -> Iterator[tuple[str, list[Form]]]:
    """Name and fields of each theory in a file."""
    try:
        if path.stat().st_size > _MAX_TEXT:
            return
        text = path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return
    for form in forms(text):
        if isinstance(form, list) and form and form[0] in _STANZAS:
            fields = form[1:]
            name = next((one[1] for one in fields if _is_field(one, "name")), None)
            if isinstance(name, str) and re.fullmatch(r"[\w.']+", name):
                yield name, fields


def _is_field(form: Form, name: str) -> bool:
    return isinstance(form, list) and len(form) > 1 and form[0] == name


def _flags(fields: list[Form], had: list[str]) -> list[str]:
    for one in fields:
        if _is_field(one, "flags"):
            words = [word for word in _flat(one[1:]) if not word.startswith((":", "%"))]
            return [] if all(word in had for word in words) else words
    return []


def _flat(forms: "Form | list[Form]") -> Iterator[str]:
    for one in forms:
        if isinstance(one, str):
            yield one
        else:
            yield from _flat(one)
