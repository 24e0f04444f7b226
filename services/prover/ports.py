"""What the core needs of the model and of the retriever, whoever serves them."""

from dataclasses import dataclass, field
from typing import Protocol

from coq_checker.client import FreeStatement, Goal, Options, ProofResult, TheoremInfo, TheoremRef


class HelperError(Exception):
    """A model or a retriever that gives no answer. The prover goes on without; the text says why."""


@dataclass(frozen=True, slots=True)
class Question:
    """A goal for which help is asked.

    Attributes:
        target: the theorem that is being proved: only what is accessible there may be answered.
        goal: the goal.
        layout, printing: the prompt's format, and how the goal is printed.
        seed: of what is drawn.
        coq_version: of the Coq that judges; empty where it has not answered yet.
    """

    target: TheoremRef | FreeStatement
    goal: Goal
    layout: str = "sft"
    printing: str = "default"
    seed: int = 0
    coq_version: str = ""


@dataclass(frozen=True, slots=True)
class Format:
    """How a model is asked.

    Attributes:
        layout: of prompts for whole proofs.
        printing: the profile under which goals are printed.
        tactics: it may be asked for single tactics too.
    """

    layout: str = "sft"
    printing: str = "default"
    tactics: bool = True


@dataclass(frozen=True, slots=True)
class Proposal:
    """Text of a model: a whole proof or one tactic; a higher score is better."""

    text: str
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model said to one question.

    Attributes:
        proposals: best first.
        model: its name; empty where none was asked.
        prompt_tokens, completion_tokens: as the server counts them; 0 where it does not.
    """

    proposals: tuple[Proposal, ...] = ()
    model: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Premises:
    """What may help with a goal.

    Attributes:
        names: theorems, shortest readable names, best first.
        definitions: names of definitions that the goal mentions.
        problem: what the answer had to be made without; empty for nothing.
    """

    names: tuple[str, ...] = ()
    definitions: tuple[str, ...] = field(default=())
    problem: str = ""


class Checks(Protocol):
    """What the work on a theorem needs of the checker; its client is one."""

    async def theorem(self, target: TheoremRef) -> TheoremInfo:
        """What the checker knows of a theorem.

        Raises:
            CheckerError: nothing, and why.
        """

    async def check_proof(
        self, target: TheoremRef | FreeStatement, proof: str, *, options: Options, timeout_s: float | None = None
    ) -> ProofResult:
        """Checks the body of a proof.

        Raises:
            CheckerError: it could not run.
        """


class ModelPort(Protocol):
    """A model that proposes proofs."""

    async def format(self, layout: str, printing: str) -> Format:
        """How it is asked: as is wished, or, where a wish is empty, as it was made for.

        Raises:
            HelperError: it was made for something else than what is wished, or does not answer.
        """

    async def proofs(self, question: Question, count: int | None) -> Answers:
        """Whole proofs of the goal, best first; `count` None: as many as suit the model.

        Raises:
            HelperError: none, and why.
        """

    async def tactics(self, question: Question, count: int) -> Answers:
        """Single tactics for the goal, best first; none where the model only makes whole proofs.

        Raises:
            HelperError: none, and why.
        """


class RetrieverPort(Protocol):
    """A retriever."""

    async def premises(self, question: Question, count: int) -> Premises:
        """Premises and definitions for the goal.

        Raises:
            HelperError: none, and why.
        """
