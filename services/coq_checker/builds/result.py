"""What a build gives: an answer for each file, and how a session is to see the compiled files."""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path


class BuildError(Exception):
    """A build that cannot be had; the text is one sentence with the remedy."""


class BuildFaultError(BuildError):
    """The machine keeps a build from being made: a full disk, no sandbox. No file is to blame."""


class FileStatus(Enum):
    """What came of a file."""

    OK = "ok"
    """It is compiled, now or before."""
    FAILED = "failed"
    """Coq does not accept it, or it could not be read."""
    SKIPPED = "skipped"
    """A file that it requires is not there, so it was not tried."""


@dataclass(frozen=True, slots=True)
class FileResult:
    """What came of one file.

    Attributes:
        path: from its project's folder, with `/`; a file of another project that is built along starts with `../`.
        status: whether it is there.
        message: for a failed or skipped file, why, in one line.
        line: line of the error, from 1; None where there is none.
        compiled: True when coqc ran on it now and made it; False when it stood from before.
        wall_ms: how long coqc took now; 0 when it was not run.
        own: True for a file of the project itself, False for one of a project that it needs.
    """

    path: str
    status: FileStatus = FileStatus.OK
    message: str = ""
    line: int | None = None
    compiled: bool = False
    wall_ms: int = 0
    own: bool = True

    @property
    def problem(self) -> str | None:
        """Line and message in one; None when the file is there."""
        if self.status is FileStatus.OK:
            return None
        return f"line {self.line}: {self.message}" if self.line is not None else self.message


@dataclass(frozen=True, slots=True)
class Build:
    """A built project. Two builds are equal when a session sees the same through both.

    Attributes:
        load_arguments: `-R`, `-Q`, `-I` with the folders of compiled files: (flag, folder, logical name).
        read_only: folders that a session must see.
        folder: the counterpart of the project's folder: each compiled file lies where its source does.
        fingerprint: hash of all compiled files that were asked for, and of the other folders that the load path names.
        files: what came of each file that was asked for, in dependency order.
        sources: where these files lie.
    """

    load_arguments: tuple[tuple[str, Path, str], ...]
    read_only: tuple[Path, ...]
    folder: Path
    fingerprint: str
    files: tuple[FileResult, ...] = field(default=(), compare=False)
    sources: tuple[Path, ...] = field(default=(), compare=False)

    @property
    def problems(self) -> tuple[FileResult, ...]:
        """The files that failed or were skipped."""
        return tuple(one for one in self.files if one.status is not FileStatus.OK)
