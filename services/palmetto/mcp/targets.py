"""What a tool is asked about: a theorem of a project, or a statement in a context given as text."""

from dataclasses import dataclass
from typing import Annotated, Any

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from coq_checker import client
from coq_checker.client import CheckerClient, FreeStatement, TheoremRef
from coqdata.project import requires
from coqdata.sentence import split
from coqdata.words import words
from palmetto.mcp.settings import CONTEXT_LETTERS, NAME_LETTERS, PROOF_LETTERS
from retriever.client import Position

ProjectName = Annotated[
    str,
    Field(
        max_length=NAME_LETTERS,
        description="A project of `list_projects`. With `statement`: the project whose files the context may Require.",
    ),
]
TheoremName = Annotated[
    str,
    Field(
        max_length=NAME_LETTERS,
        description="Name of a theorem of `project`, as `list_theorems` has it. Everything before it in its file is "
        "available to the proof. Give this or `statement`.",
    ),
]
FileName = Annotated[
    str, Field(max_length=NAME_LETTERS, description="The theorem's file, where the name alone is not enough.")
]
Index = Annotated[
    int | None,
    Field(ge=0, description="The theorem's `index` in its file, where the name stands there more than once."),
]
Statement = Annotated[
    str,
    Field(
        max_length=PROOF_LETTERS,
        description="A statement of your own, one sentence that opens a proof: `Lemma foo (n : nat) : n + 0 = n.`",
    ),
]
ContextText = Annotated[
    str,
    Field(
        max_length=CONTEXT_LETTERS,
        description="Coq text that stands before `statement`: Require lines, definitions, lemmas. It is trusted: "
        "it says what the statement means.",
    ),
]
Tactics = Annotated[
    list[Annotated[str, Field(max_length=PROOF_LETTERS)]],
    Field(
        max_length=500,
        description="Tactics in order, each one or more sentences: `intros n.`, `- reflexivity.`, `{ lia. }`.",
    ),
]
Prelude = Annotated[
    str,
    Field(
        max_length=NAME_LETTERS,
        description="Require lines before the statement that bring only tactics, e.g. "
        "`From Hammer Require Import Tactics.` or `From Coq Require Import Lia.` (in Rocq 9 `From Stdlib ...`)",
    ),
]
ToolchainName = Annotated[
    str,
    Field(
        max_length=NAME_LETTERS,
        description="Another Coq or Rocq than the project's, by a name of `list_toolchains`; mostly not needed.",
    ),
]
Soundness = Annotated[
    client.Soundness | None,
    Field(
        description="What becomes of a proof that Coq accepts by parts of its kernel that have been unsound: `strict` "
        "rejects it, `report` only tells. Not given: what the checker is set to, which is `strict`.",
    ),
]
CpuSeconds = Annotated[float, Field(gt=0, le=600, description="CPU seconds that Coq may use.")]


@dataclass(frozen=True, slots=True)
class Target:
    """A theorem or a statement, as a tool's arguments name it."""

    project: str = ""
    theorem: str = ""
    file: str = ""
    index: int | None = None
    statement: str = ""
    context: str = ""
    toolchain: str = ""

    def check(self) -> "Target":
        """The target itself.

        Raises:
            ToolError: it names nothing, or two things.
        """
        if self.theorem and self.statement:
            raise ToolError("give either `theorem` or `statement`, not both.")
        if self.theorem and not self.project:
            raise ToolError("`theorem` needs `project`: `list_projects` has their names.")
        if self.theorem and self.context:
            raise ToolError("`context` goes with `statement`: a theorem of a project has its file before it.")
        if not self.theorem and not self.statement:
            raise ToolError("give `project` and `theorem`, or `statement` with its `context`.")
        if self.index is not None and not self.file:
            raise ToolError("`index` needs `file`.")
        return self

    def of_checker(self) -> TheoremRef | FreeStatement:
        """As the checker wants it."""
        if self.theorem:
            return TheoremRef(self.project, self.theorem, self.file, self.index, self.toolchain)
        return FreeStatement(self.statement, self.context, self.project, toolchain=self.toolchain)

    def of_prover(self) -> dict[str, Any]:
        """As the prover wants it."""
        if self.theorem:
            known = {"project": self.project, "theorem": self.theorem, "file": self.file, "toolchain": self.toolchain}
            return known if self.index is None else {**known, "index": self.index}
        return {
            "project": self.project,
            "statement": self.statement,
            "context": self.context,
            "toolchain": self.toolchain,
        }

    async def position(self, checker: CheckerClient) -> Position:
        """Where it stands, as the retriever wants it said.

        Raises:
            CheckerError: there is no such theorem.
        """
        if self.theorem:
            known = await checker.theorem(TheoremRef(self.project, self.theorem, self.file, self.index, self.toolchain))
            return Position(known.project, known.file, known.start)
        required = (f"{root}.{name}" if root else name for root, name in requires(self.context.encode()))
        return Position(project=self.project, requires=tuple(dict.fromkeys(required)))


def whole(tactics: list[str]) -> list[str]:
    """The tactics, each made of whole sentences: a full stop that was forgotten is added.

    So none of them can run into the next one, whatever it holds.

    Raises:
        ToolError: one is no whole sentences even then, or is empty.
    """
    found = []
    for number, tactic in enumerate(tactics):
        text = tactic.strip()
        said = words(text.encode(errors="replace"), 0, 1)  # comments left out
        good = next((one for one in (text, f"{text}.") if said and _whole(one)), None)
        if good is None:
            raise ToolError(f"tactic {number} is not made of whole sentences: {_why(text)}.")
        found.append(good)
    return found


def _whole(text: str) -> bool:
    parsed = split(text.encode(errors="replace"))
    return bool(parsed.sentences) and parsed.problem is None


def _why(text: str) -> str:
    return split(text.encode(errors="replace")).problem or "there is no sentence"
