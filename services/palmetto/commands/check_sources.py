"""The files that `palmetto check` is given, and what is named in them."""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from coq_checker.client import TheoremInfo
from coqdata.catalogue import find_project, resolve
from coqdata.lookup import may_have_other_names, named
from coqdata.project import Project, ProjectError, is_text
from coqdata.source import problem, read_source
from coqdata.theorem import Theorem, theorems


class CannotRunError(Exception):
    """The command cannot run; the text is one sentence."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file to check.

    Attributes:
        path: as it was given.
        text: of it.
        project: that it belongs to, if any.
        toolchain: what requests about it name; empty where its project is to tell, or for the default.
    """

    path: Path
    text: str
    project: Project | None
    toolchain: str = ""

    @property
    def logical_name(self) -> str:
        """What its definitions are called by where no project says so, as coqc would."""
        return self.path.stem if self.path.stem.isidentifier() else ""

    @property
    def file(self) -> str:
        """What the service calls it: its path in the project's folder, else the path that was given."""
        whole = self.path.resolve()
        if not is_text(whole):
            return os.fsencode(whole).decode("utf-8", "backslashreplace")
        if self.project is not None and whole.is_relative_to(self.project.root):
            return whole.relative_to(self.project.root).as_posix()
        # Not to be taken for a path in the project's folder.
        return str(self.path if self.project is None else whole)

    def named(self, message: str) -> str:
        """The service's message with the file under the name that was given."""
        if message.startswith((f"{self.file}, ", f"{self.file}: ", f"{self.file} ")):
            return f"{self.path}{message.removeprefix(self.file)}"
        return message

    def problem(self, message: str) -> str:
        """The message with the file before it, unless it is named there."""
        named = self.named(message)
        return named if named.startswith(str(self.path)) else f"{self.path}: {named}"


def read_text(path: Path) -> str:
    """The text of a file, as `coqdata.source` has it.

    Raises:
        CannotRunError: it cannot be read, or Coq, or a service, could not.
    """
    return read_source_of(path, as_text=True).decode()


def read_source_of(path: Path, *, as_text: bool) -> bytes:
    """The bytes of a file, as `coqdata.source` has them; `as_text`: they are to be sent to a service.

    Raises:
        CannotRunError: it cannot be read, or Coq, or a service, could not.
    """
    try:
        source = read_source(path)
    except OSError as error:
        raise CannotRunError(f"{path} cannot be read: {(error.strerror or 'unknown error').lower()}.") from error
    why = problem(source, as_text=as_text)
    if why is not None:
        raise CannotRunError(f"{path} {why}.")
    return source


def read(path: Path, project: str | None) -> Source:
    """A file with the project that is named, by default the nearest one.

    Raises:
        CannotRunError: the file, or its project, cannot be read.
    """
    text = read_text(path)
    try:
        found = resolve(project) if project is not None else find_project(path)
    except ProjectError as error:
        raise CannotRunError(str(error)) from error
    return Source(path, text, found)


def read_all(paths: Iterable[Path], project: str | None) -> tuple[list[Source], list[str]]:
    """The files that can be read, and a sentence for each that cannot."""
    sources: list[Source] = []
    problems: list[str] = []
    for path in paths:
        try:
            sources.append(read(path, project))
        except CannotRunError as error:
            problems.append(str(error))
    return sources, problems


def told_apart(sources: list[Source]) -> list[Source]:
    """The sources with a name of its own for each project, where two folders have the same one."""
    roots: dict[str, set[Path]] = {}
    for source in sources:
        if source.project is not None:
            roots.setdefault(source.project.name, set()).add(source.project.root)

    def one(source: Source) -> Source:
        project = source.project
        if project is None or len(roots[project.name]) == 1:
            return source
        mark = hashlib.sha256(os.fsencode(project.root)).hexdigest()[:12]
        return replace(source, project=replace(project, name=f"{project.name}-{mark}"))

    return [one(source) for source in sources]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A theorem that is asked for.

    Attributes:
        name: as it was given.
        theorem: what that means in the file; None where only Coq can know the name.
    """

    name: str
    theorem: Theorem | None

    def means(self, answered: TheoremInfo) -> bool:
        """Whether it is this theorem that an answer is about. Coq may number them otherwise than the text does."""
        if self.theorem is None:
            return self.name in (answered.name, answered.qualified_name)
        return answered.start == self.theorem.start and (not self.theorem.also or answered.name == self.theorem.name)


def no_theorem(source: Source, name: str) -> str:
    """Says that a file has no theorem of a name."""
    return f"there is no theorem {name!r} in {source.path}."


def find(source: Source, name: str, *, surely: bool) -> Wanted:
    """The theorem of a file that a name means: `foo`, `Module.foo`, or `foo#3` by its index.

    Args:
        source: the file.
        name: of the theorem.
        surely: the theorem must be known from the text alone.

    Raises:
        CannotRunError: there is none, or more than one.
    """
    listed = theorems(source.text.encode())
    bare, _, index = name.rpartition("#")
    if bare and index.isdecimal():
        found = [one for one in listed if one.index == int(index) and bare in (one.name, one.qualified_name)]
    else:
        found = named(listed, name)
    if not found and not surely and may_have_other_names(source.text.encode(), listed):
        return Wanted(name, None)
    if not found:
        raise CannotRunError(no_theorem(source, name))
    if len(found) > 1:
        names = ", ".join(f"{one.qualified_name}#{one.index}" for one in found)
        raise CannotRunError(f"{name!r} stands {len(found)} times in {source.path}: say which, as one of {names}.")
    return Wanted(name, found[0])
