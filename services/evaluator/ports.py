"""What the evaluator needs of the world: a prover, and somebody to tell how far it is."""

from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any, Protocol

from evaluator.record import Record
from evaluator.theorems import Item


class ProverPort(Protocol):
    """A prover that theorems are given to."""

    @property
    def coq_version(self) -> str:
        """The version of its checker's Coq; empty where it is not known."""

    @property
    def lost(self) -> int:
        """How often something that it rests on has died so far: what was under way then says nothing."""

    def prove(self, request: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """The events of the work on a theorem, the last one of the kind `result`.

        Raises:
            ProverError: it did not answer, or went away.
        """

    async def recover(self, cause: str, patience_s: float) -> str:
        """Brings back what does not answer, or waits for it; empty when it is there again, else why it is not.

        Args:
            cause: MODEL_DOWN or INFRASTRUCTURE.
            patience_s: how long it is waited for.
        """

    def orchestration_cpu_s(self) -> float | None:
        """CPU seconds so far outside Coq, the provers that it starts, and the model; None where they are not known."""


class FilesPort(Protocol):
    """The files that the theorems stand in."""

    async def objection(self, record: Record) -> str:
        """Why a file does not compile with the proof of a record in it; empty where it does, or is not to be had."""


class Follower(Protocol):
    """Whom the runner tells what happens."""

    def begin(self, total: int, done: int) -> None:
        """So many theorems are to be worked on, besides so many that are done."""

    def started(self, item: Item) -> None:
        """A theorem's turn has come."""

    def finished(self, record: Record, again: bool) -> None:
        """A theorem has its record; `again`: it failed for a reason that may pass, and will be tried again."""

    def note(self, text: str) -> None:
        """Something that a person should know, in a sentence."""


class Refusal(Exception):
    """coqc does not accept a file.

    Attributes:
        message: Coq's, in one line.
        line: of the error in the text, from 1; None where none is to blame.
        passing: it was not the text: coqc took too long, was killed, or what the file requires does not build.
    """

    def __init__(self, message: str, line: int | None, *, passing: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.passing = passing


class CompilerPort(Protocol):
    """coqc, in a fresh process each time."""

    async def compile(self, project: str, file: Path, text: bytes) -> str:
        """Compiles a text as a file of a project, in that file's place; answers what coqc printed.

        Raises:
            Refusal: it does not compile.
        """
