"""What is to be indexed, as values: the caller knows where sources, .glob files and libraries lie."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file.

    Attributes:
        path: inside its project or library, with `/`.
        library: its logical name.
        source: where its text lies.
        glob: where its .glob file lies or would lie.
    """

    path: str
    library: str
    source: Path
    glob: Path


@dataclass(frozen=True, slots=True)
class Unit:
    """A project or an installed library: what is indexed together.

    Attributes:
        name: what people call it.
        key: tells it from others of that name: the project's folder, or the toolchain.
        project: it is a project, not an installed library.
        files: in dependency order as far as that is known.
        toolchain: key of the one that compiled them: what is known by another is asked anew.
        toolchain_name, coq_version: how people know that one, told with what is found.
    """

    name: str
    key: str
    project: bool
    files: tuple[SourceFile, ...]
    toolchain: str = ""
    toolchain_name: str = ""
    coq_version: str = ""
