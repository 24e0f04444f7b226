"""Requests and answers of the HTTP service."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from prover.codes import ErrorCode

_STATEMENT: dict[str, Any] = {
    "statement": "Lemma add_0_r (n : nat) : n + 0 = n.",
    "context": "Require Import Arith.",
    "budget_cpu_s": 20,
}
_THEOREM: dict[str, Any] = {"project": "examples", "theorem": "length_snoc", "samples": 8}


def _is_text(value: str) -> str:
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValueError("it is not text: it holds half of a character (a lone surrogate)")
    return value


Text = Annotated[str, AfterValidator(_is_text)]


class Budgeted(BaseModel):
    """What every request may say of how the work is done."""

    model_config = ConfigDict(extra="forbid")

    toolchain: Text = Field(
        "", description="Another toolchain than the project's, by a name of `/v1/toolchains`; none given: that one."
    )

    budget_cpu_s: float | None = Field(None, gt=0, le=86_400, description="CPU seconds of Coq for each theorem.")
    samples: int | None = Field(
        None, ge=0, le=64, description="Whole proofs that the model is asked for; none given: as many as suit it."
    )
    seed: int = Field(0, ge=0, lt=1 << 62, description="Of all that is drawn.")
    jobs: int = Field(1, ge=1, le=64, description="Checks under way at one time.")
    backtrack: bool = Field(True, description="Undo tactics where a goal cannot be closed.")
    retrieval: bool = Field(True, description="Ask the retriever for premises.")
    use_model: bool = Field(True, description="Ask the model.")
    neighbours: bool = Field(
        True,
        description="Ask for proofs of similar theorems after the model, where the server has both; "
        "with `retrieval` and `use_model` only.",
    )
    hammer: bool = Field(True, description="Use CoqHammer, where the toolchain has it.")
    prompt: Literal["sft", "instruct"] | None = Field(
        None, description="The prompt's layout; none given: what the model was made for."
    )
    printing: Literal["default", "coqgym"] | None = Field(
        None, description="How the model's goals are printed; none given: what the model was made for."
    )
    stream: bool = Field(False, description="Answer server-sent events, one for each step.")
    tree: bool = Field(True, description="Tell the trees of goals as they grow (`applied`, `undone`), goals included.")


class ProveRequest(Budgeted):
    """A theorem of a project, or a statement in a context given as text."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_STATEMENT, _THEOREM]})

    project: Text = Field("", description="Project that the checker knows; with `theorem`.")
    file: Text = Field("", description="File of the project, where the name alone is not enough.")
    theorem: Text = Field("", description="Name of the theorem; its own proof is not looked at.")
    index: int | None = Field(
        None, ge=0, lt=1 << 32, description="Its index among the file's theorems, where the name stands more than once."
    )
    statement: Text = Field("", description="`Lemma NAME : TYPE.`, in place of `theorem`.")
    context: Text = Field("", description="Coq text before the statement.")

    @model_validator(mode="after")
    def one_target(self) -> "ProveRequest":
        """Exactly one of theorem and statement."""
        if bool(self.theorem) == bool(self.statement):
            raise ValueError("give either `project` and `theorem`, or `statement`")
        if self.theorem and not self.project:
            raise ValueError("`theorem` needs `project`: name a project that the checker knows")
        if self.theorem and self.context:
            raise ValueError("`context` goes with `statement`: a theorem of a project has its file")
        if self.index is not None and not self.file:
            raise ValueError("`index` needs `file`")
        return self


class FillRequest(Budgeted):
    """A whole Coq text with theorems that have no proof yet."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"text": "Lemma a (n : nat) : n + 0 = n.\nAdmitted.\n", "budget_cpu_s": 20}]},
    )

    text: Text = Field(description="The file.")
    project: Text = Field("", description="Project whose load path the text is compiled with.")
    logical_name: Text = Field("", description="Logical name of the file, e.g. `Lists.Extra`.")
    theorems: list[Text] = Field(default_factory=list, description="Fill only these.")


class StageSpent(BaseModel):
    """What one stage of the work took."""

    name: str
    cpu_s: float
    wall_s: float


class ProveAnswer(BaseModel):
    """What came of a theorem."""

    id: str = Field(description="Of the attempt.")
    theorem: str
    verdict: Literal["PROVED", "NOT_PROVED", "TIMEOUT", "ERROR", "CANCELLED"]
    script: str = Field(description="The proof, `Proof.` and `Qed.` included; the checker has accepted it.")
    prelude: str = Field(description="`Require` sentences that the script needs before the theorem.")
    axioms: list[str]
    features: list[str] = Field(description="Parts of Coq's kernel that the proof uses beyond its plain core.")
    known_bugs: list[str] = Field(description="Public reports of soundness bugs of this Coq that touch them.")
    how: str = Field(description="What found it.")
    cpu_s: float
    wall_s: float
    stages: list[StageSpent] = Field(description="What each stage of the work took.")
    model: str = Field(description="The model's name, where one answered.")
    model_answers: int
    prompt_tokens: int = Field(description="As the model server counts them.")
    completion_tokens: int
    coq_version: str = Field(description="Of the Coq that judged.")
    toolchain: str = Field(description="Its name.")
    message: str = Field(description="Why there is no proof; of a filled text also what a proof had to replace.")
    code: ErrorCode = Field(description="The kind of an ERROR; empty otherwise.")
    partial: str = Field(description="The best unfinished proof.")
    holes: int = Field(description="Its holes.")


class TextPosition(BaseModel):
    """A place in a text as editors count it: lines from 0, characters in UTF-16 code units."""

    line: int
    character: int


class TextEdit(BaseModel):
    """Text that takes the place of a range."""

    start_byte: int
    end_byte: int
    start: TextPosition
    end: TextPosition
    new_text: str


class Filled(BaseModel):
    """One theorem of a filled text; the edits are empty where no proof was found, or none that can be put in."""

    theorem: str
    why: Literal["Admitted", "Abort", "admit", "prove"]
    edits: list[TextEdit]
    result: ProveAnswer


class FillAnswer(BaseModel):
    """What came of a text. All edits together leave a text that the checker accepts as far as they go."""

    id: str
    filled: int
    places: int
    theorems: list[Filled]
    text: str = Field(description="The text with the edits made.")


class AttemptAnswer(BaseModel):
    """Where an attempt stands."""

    id: str
    kind: Literal["prove", "fill"]
    state: Literal["waiting", "running", "finished", "cancelled"]
    events: int = Field(description="How many events there are so far.")
    result: dict[str, Any] | None = Field(description="The answer, once it is finished.")


class ErrorBody(BaseModel):
    """Why a request was not answered."""

    message: str
    type: str


class ErrorAnswer(BaseModel):
    """Every answer that is not 2xx, as RFC 9457 has it (`application/problem+json`); `error` is for older clients."""

    type: str = Field(description="Always `about:blank`.")
    title: str = Field(description="The status in words.")
    status: int
    detail: str = Field(description="Why, in a sentence.")
    error: ErrorBody
