"""What the extractor deals with, as values."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from coqdata.crawled import Provenance
from coqdata.prompts import PromptFormat

FORMAT = 1


class ExtractError(Exception):
    """The extraction cannot go on; the text is one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of a project.

    Attributes:
        project: the name under which the checker serves its project.
        path: inside the project.
        source: where it lies.
        glob: where its .glob file lies, if there is one.
        provenance: where the project comes from.
        only: only these theorems, each a qualified name and its number among the file's of that name; None: all.
        toolchain: the name by which the checker is asked for its toolchain; empty: what the project needs there.
        made_with: tells that toolchain from others; what was made with another is made anew.
    """

    project: str
    path: str
    source: Path
    glob: Path
    provenance: Provenance
    only: frozenset[tuple[str, int]] | None = None
    toolchain: str = ""
    made_with: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be extracted.

    Attributes:
        profile: how goals are printed.
        retrieval: put what a retriever finds into the prompt.
        max_premises: premises in a prompt at the most.
        steps: one example for every goal on the way, too.
        context: a mark of what the retriever knows; another one makes records anew.
    """

    profile: str = "default"
    retrieval: bool = False
    max_premises: int = 30
    steps: bool = False
    context: str = ""

    @property
    def prompt(self) -> PromptFormat:
        """The format of the prompts: sft without retrieval; the layout that shows a context with it.

        Raises:
            ValueError: there is no such profile; the text is one sentence.
        """
        return PromptFormat.named(f"{'instruct' if self.retrieval else 'sft'}/{self.profile}")


@dataclass(frozen=True, slots=True)
class Example:
    """One example.

    Attributes:
        messages: the prompt and the answer.
        fields: what stands beside them, as it is written.
    """

    messages: tuple[dict[str, str], ...]
    fields: dict[str, Any]

    def row(self) -> dict[str, Any]:
        """As it is written."""
        return {"messages": list(self.messages), **self.fields}


@dataclass(slots=True)
class FileRecord:
    """What came out of one source file.

    Attributes:
        key: hash of all that it was made of.
        problem: why the file, or what is left of it, has no examples; empty where it went through.
        theorems: theorems in the file.
        checked, accepted: candidates that were sent to the checker, and those that it accepted.
        left_out: reasons, and how many examples (or theorems) each cost.
        written: how many examples it has.
        examples: they themselves, while the record is made.
    """

    project: str
    path: str
    key: str
    problem: str = ""
    theorems: int = 0
    checked: int = 0
    accepted: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    written: int = 0
    examples: list[dict[str, Any]] = field(default_factory=list)

    def header(self) -> dict[str, Any]:
        """Everything but the examples."""
        given = {name: getattr(self, name) for name in self.__slots__ if name != "examples"}
        return {"format": FORMAT, **given, "left_out": dict(self.left_out)}


def provenance_fields(provenance: Provenance) -> dict[str, str]:
    """The part of an example that tells where its project comes from."""
    given = asdict(provenance)
    return {name: str(given[name]) for name in ("upstream", "commit", "committed_at", "licence")}
