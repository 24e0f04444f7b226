"""An environment as a value: everything that decides what a statement means."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

from coq_checker.engine.options import EngineOptions
from coqdata.sentence import split


class EnvironmentFailedError(Exception):
    """The environment does not run in Coq; the text is one sentence with Coq's message.

    Attributes:
        start, end: byte range of the failing sentence in the environment's text; equal where there is none.
        said: Coq's message alone.
        syntax: the sentence did not parse.
    """

    def __init__(self, message: str, start: int = 0, end: int = 0, *, said: str = "", syntax: bool = False) -> None:
        super().__init__(message)
        self.start = start
        self.end = end
        self.said = said or message
        self.syntax = syntax


class EnvironmentUnavailableError(EnvironmentFailedError):
    """The machine keeps an environment from being made, as with a full disk or no time: its text may be good."""


@dataclass(frozen=True, eq=False)
class Environment:
    """A text and how it is run. Positions inside it are byte offsets.

    Attributes:
        source: the whole text; for a file of a project the whole file.
        options: how its engine is started: toolchain, load path, directories.
        setup: commands that run before the text, for options that are no flags of an engine.
        label: what people call it, for logs and messages.
        built: fingerprint of the compiled files that the text requires; empty where there are none of ours.
    """

    source: bytes
    options: EngineOptions
    setup: tuple[str, ...] = ()
    label: str = "text"
    built: str = ""

    @cached_property
    def setting(self) -> str:
        """Hash of everything but the text: texts of one setting can share a document."""
        digest = hashlib.sha256()
        toolchain = self.options.toolchain
        options = self.options
        parts = (options.engine, self.built, options.module_file, *options.arguments, *self.setup)
        for part in (toolchain.key, toolchain.coq_version, *parts):
            digest.update(part.encode() + b"\0")
        return digest.hexdigest()

    @cached_property
    def id(self) -> str:
        """Hash of everything that makes the environment; equal ids mean equal environments."""
        return hashlib.sha256(self.setting.encode() + self.source).hexdigest()[:24]

    def part(self, statement: int | None) -> str:
        """What people call the statement that begins at a byte offset, or for None the whole."""
        if statement is None:
            return self.label if self.label.startswith("the environment") else f"the environment of {self.label}"
        line = self.source.count(b"\n", 0, statement) + 1
        return f"{self.label}, line {line}: the statement"

    @cached_property
    def problem(self) -> str | None:
        """Why the end of the text is no whole sentence; None where it is."""
        return split(self.source).problem

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Environment) and self.id == other.id)

    def __hash__(self) -> int:
        return hash(self.id)
