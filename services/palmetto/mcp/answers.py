"""What the tools answer: values with a schema, their texts cut to what a model can read."""

from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import BaseModel, Field

from coq_checker import client as checker

_MARK = " ... (cut)"
STATEMENT_LETTERS = 2_000
MESSAGE_LETTERS = 4_000
PROOF_LETTERS = 4_000


def cut(text: str, letters: int) -> str:
    """The text, cut and marked where it is longer."""
    return text if len(text) <= letters else text[:letters] + _MARK


class Project(BaseModel):
    """A project that the checker serves."""

    name: str
    files: list[str] = Field(description="Its Coq files in dependency order; the first ones where they are many.")
    file_count: int
    toolchain: str = Field(description="The Coq that it is checked with; empty where it names none that there is.")
    toolchain_why: str


class Toolchain(BaseModel):
    """A Coq or Rocq with its libraries."""

    name: str = Field(description="What `toolchain` takes.")
    coq_version: str = Field(description="Empty where it is not known.")
    state: Literal["ready", "not built", "unusable"]
    problem: str = Field(description="Why it cannot be used.")
    is_default: bool = Field(description="Used where neither the tool's argument nor the project asks for another.")


class Toolchains(BaseModel):
    """The toolchains."""

    toolchains: list[Toolchain]


class Projects(BaseModel):
    """The projects."""

    projects: list[Project]


class Theorem(BaseModel):
    """A theorem as its file states it."""

    file: str
    name: str = Field(description="With the modules around it: what `theorem` takes.")
    index: int = Field(description="Position among the file's theorems, from 0.")
    kind: str
    statement: str


class Theorems(BaseModel):
    """A page of theorems."""

    theorems: list[Theorem]
    next_cursor: str = Field(description="Give it as `cursor` for the next page; empty: this was the last one.")


class Goal(BaseModel):
    """A goal."""

    hypotheses: list[str] = Field(description="`n m : nat`, `x := 3 : nat`; oldest first.")
    conclusion: str
    existentials: list[str] = Field(description="Existential variables in it that are still open: `?x : nat`.")

    @classmethod
    def of(cls, goal: checker.Goal) -> "Goal":
        """From the checker's."""
        lines = []
        for one in goal.hypotheses:
            body = f" := {one.body}" if one.body is not None else ""
            lines.append(f"{', '.join(one.names)}{body} : {one.type}")
        existentials = [f"{one.name} : {one.type}" for one in goal.existentials]
        return cls(hypotheses=lines, conclusion=goal.conclusion, existentials=existentials)


def goals_of(goals: Iterable[checker.Goal]) -> list[Goal]:
    """Goals from the checker's."""
    return [Goal.of(one) for one in goals]


# Of a proof that Coq's kernel accepts.
Features = Field(description="Parts of Coq's kernel that the proof's own terms use beyond its plain core.")
FeaturesKnown = Field(description="Whether the terms could be looked at; if not, `features` says nothing.")
KnownBugs = Field(description="Public reports of soundness bugs of this Coq that touch these features.")
# What to do is the same whichever feature it is.
_FORBIDDEN_FEATURE = (
    "Prove it another way: let each recursive call be on a variable that a `match` on the decreasing argument binds "
    "(`induction`, or recursion on a proof of `Acc`, gives that), and do without the other features that are named."
)


def message_of(result: checker.ProofResult) -> str:
    """What a result says, with what to do where that is not plain."""
    told = cut(result.message, MESSAGE_LETTERS)
    return f"{told} {_FORBIDDEN_FEATURE}" if result.reason is checker.Reason.FORBIDDEN_FEATURE else told


class Checked(BaseModel):
    """What came of the check of a proof."""

    verdict: Literal["PROVED", "INCOMPLETE", "FAILED", "REJECTED", "TIMEOUT", "OUT_OF_MEMORY", "ERROR"]
    reason: str = Field(
        description="Of what kind the failure is: tactic, syntax, open_goals, forbidden_command, forbidden_feature, ..."
    )
    message: str = Field(description="Coq's words, or why the proof is refused; empty when proved.")
    sentence: str = Field(description="The sentence that failed.")
    start_byte: int | None = Field(description="Where it stands in the given text.")
    end_byte: int | None
    goals: list[Goal] = Field(description="The goals before that sentence, or those left.")
    goal_count: int = Field(description="How many goals are in focus, shown or not.")
    shelf: list[Goal] = Field(description="Goals on the shelf: existential variables that nothing instantiates yet.")
    given_up: list[Goal] = Field(description="Goals that were given up with `admit`.")
    axioms: list[str] = Field(description="What the proved theorem rests on.")
    features: list[str] = Features
    features_known: bool = FeaturesKnown
    known_bugs: list[str] = KnownBugs
    cpu_s: float
    toolchain: str = Field(description="What checked it, and its Coq's version.")
    coq_version: str


class Step(BaseModel):
    """The state after a tactic that passed."""

    number: int = Field(description="The tactic's position, from 0; -1: the state before all.")
    tactic: str
    goal: Goal | None = Field(description="The first goal in focus.")
    goal_count: int = Field(description="Goals in focus.")
    unfocused_count: int = Field(description="Goals behind bullets and braces.")


class FailedTactic(BaseModel):
    """The tactic that did not pass."""

    number: int
    tactic: str
    sentence: str = Field(description="The sentence in it that failed.")
    reason: str
    message: str


class Ran(BaseModel):
    """What tactics did."""

    status: Literal["open", "no_goals_left", "proved", "failed"] = Field(
        description="open: goals are left; no_goals_left: only `Qed.` is missing; proved: `Qed.` was among the "
        "tactics and the proof is accepted; failed: see `failed`, the goals are those before it."
    )
    steps: list[Step]
    goals: list[Goal] = Field(description="All goals in focus at the end.")
    goal_count: int
    unfocused_count: int
    shelf: list[Goal] = Field(description="Goals on the shelf: existential variables that nothing instantiates yet.")
    given_up: list[Goal] = Field(description="Goals that were given up with `admit`.")
    failed: FailedTactic | None
    features: list[str] = Features
    features_known: bool = FeaturesKnown
    known_bugs: list[str] = KnownBugs


class Found(BaseModel):
    """What Coq printed."""

    results: list[str]
    count: int = Field(description="How many results there are, shown or not.")


class Premise(BaseModel):
    """A lemma or a definition."""

    name: str
    short_name: str = Field(description="The shortest name that Coq reads there.")
    kind: str
    statement: str
    project: str
    file: str
    score: float


class SimilarProof(BaseModel):
    """A similar theorem with its proof."""

    theorem: str
    statement: str
    proof: str
    project: str
    file: str
    score: float


class SimilarStep(BaseModel):
    """A tactic that was used on a similar goal."""

    tactic: str
    goal: str
    theorem: str
    score: float


class Retrieved(BaseModel):
    """What may help, best first; what was not asked for is empty."""

    goal: Goal = Field(description="The goal that was asked about.")
    premises: list[Premise]
    definitions: list[Premise]
    proofs: list[SimilarProof]
    tactics: list[SimilarStep]
    missing_libraries: list[str] = Field(description="Libraries of the context that no index has.")
    note: str = Field(description="Where the index is of another Coq than the goal: which, and what to do; else empty.")


class Proved(BaseModel):
    """What came of a theorem."""

    verdict: Literal["PROVED", "NOT_PROVED", "TIMEOUT"]
    script: str = Field(description="The proof, `Proof.` and `Qed.` included; the checker has accepted it.")
    prelude: str = Field(description="Require lines that the script needs before the theorem; put them there.")
    axioms: list[str]
    features: list[str] = Features
    known_bugs: list[str] = KnownBugs
    how: str = Field(description="What found it.")
    message: str = Field(description="Why there is no proof.")
    partial: str = Field(description="The best unfinished proof, where there is no proof.")
    holes: int = Field(description="Goals that it leaves open.")
    cpu_s: float
    wall_s: float
    toolchain: str = Field(description="What checked it, and its Coq's version.")
    coq_version: str


class Position(BaseModel):
    """A place as editors count it: lines from 0, characters in UTF-16 code units."""

    line: int
    character: int


class Edit(BaseModel):
    """Text that takes the place of a range."""

    start_byte: int
    end_byte: int
    start: Position
    end: Position
    new_text: str


class FilledTheorem(BaseModel):
    """One theorem of a filled text."""

    theorem: str
    why: str = Field(description="Why it was tried: Admitted, Abort, admit, or the mark `(* prove *)`.")
    verdict: str
    message: str
    edits: list[Edit] = Field(description="Empty where no proof was found.")


class Filled(BaseModel):
    """What came of a text."""

    filled: int
    places: int = Field(description="Theorems without a proof that were found.")
    theorems: list[FilledTheorem]
    text: str = Field(description="The text with all edits made; the checker has accepted it as far as they go.")


def shown(texts: Sequence[str], most: int, letters: int) -> list[str]:
    """The first texts, as many as asked for and as go into so many letters in all."""
    found: list[str] = []
    for text in texts[:most]:
        found.append(cut(text, min(letters, STATEMENT_LETTERS)))
        letters -= len(found[-1])
        if letters <= 0:
            break
    return found
