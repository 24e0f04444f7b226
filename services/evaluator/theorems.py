"""The theorems of projects, as an experiment names them and as the prover is asked for them."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from coqdata.crawled import test_theorems
from coqdata.lookup import numbered
from coqdata.project import Project
from coqdata.sentence import split
from coqdata.source import read_source
from coqdata.theorem import Theorem, TheoremKind, theorems
from evaluator.record import Key


@dataclass(frozen=True, slots=True)
class Item:
    """A theorem of an experiment.

    Attributes:
        key: what the experiment calls it.
        kind: `Lemma`, `Goal`, ...
        statement: as it stands in the file.
        asked: the checker's name for it.
        file_index: its position among all theorems of the file; None where it is not there (any longer).
        transparent: its proof is part of what the file means (`Defined`): what follows may count on how it is made.
        order: the file's position in the project, and the theorem's in the file: theorems that stand together are
            worked on together, for the checker has their file loaded then.
    """

    key: Key
    kind: str = ""
    statement: str = ""
    asked: str = ""
    file_index: int | None = None
    transparent: bool = False
    order: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Sources:
    """What a project has to work on.

    Attributes:
        project: it.
        items: its theorems, in the order of its files.
        content: hash of all its files and of how they are compiled.
        unread: why files could not be read, a sentence for each.
    """

    project: Project
    items: tuple[Item, ...]
    content: str
    unread: tuple[str, ...] = field(default=())


def sources_of(project: Project) -> Sources:
    """The theorems of a project.

    Left out are those that were aborted, for nothing says that they hold, and those that stand inside of another one's
    proof. A `Goal` has no name: it is `Goal_N`, where its sentence is the N-th of the file, from 0 (as PALM counts).
    Of a project of a test crawl, only the theorems that are for testing count.

    Raises:
        ProjectError: a test crawl without its list of theorems.
    """
    items: list[Item] = []
    unread: list[str] = []
    listed = test_theorems(project.root)
    content = hashlib.sha256("\0".join(project.options.arguments).encode())
    for number, path in enumerate(project.files):
        name = file_name(project, path)
        try:
            source = read_source(path)
        except OSError as error:
            unread.append(f"{path} cannot be read ({(error.strerror or 'unknown error').lower()}).")
            continue
        content.update(f"{name}\0{len(source)}\0".encode() + source)
        places = {} if listed is None else numbered(theorems(source))
        items += [
            Item(
                key,
                one.kind.value,
                _statement(source, one),
                one.qualified_name,
                one.index,
                one.ending == "Defined",
                (number, one.start),
            )
            for key, one in keyed(project.name, name, source)
            if listed is None or (name, *places[one.index]) in listed
        ]
    return Sources(project, tuple(items), content.hexdigest()[:32], tuple(unread))


def keyed(project: str, file: str, source: bytes) -> list[tuple[Key, Theorem]]:
    """The theorems of a file that count, by their keys."""
    found = [one for one in theorems(source) if not one.nested and one.ending != "Abort"]
    places = _sentences(source) if any(one.kind is TheoremKind.GOAL for one in found) else {}
    seen: Counter[str] = Counter()
    keys: list[tuple[Key, Theorem]] = []
    for one in found:
        name = one.qualified_name
        # `Goal` may be ended by `Save NAME`, which gives it one.
        if one.kind is TheoremKind.GOAL and one.ending != "Save":
            name = ".".join([*name.split(".")[:-1], f"Goal_{places[one.start]}"])
        keys.append((Key(project, file, name, seen[name]), one))
        seen[name] += 1
    return keys


def file_name(project: Project, path: Path) -> str:
    """A file as the project's checker calls it."""
    return path.relative_to(project.root).as_posix() if path.is_relative_to(project.root) else path.as_posix()


def _sentences(source: bytes) -> dict[int, int]:
    return {sentence.start: number for number, sentence in enumerate(split(source).sentences)}


def _statement(source: bytes, theorem: Theorem) -> str:
    return source[theorem.start : theorem.statement_end].decode("utf-8", "replace")
