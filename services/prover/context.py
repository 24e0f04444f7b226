"""What the parts of the prover share while they work on one theorem."""

from collections.abc import Callable
from dataclasses import dataclass, field

from coq_checker.client import Goal
from prover.coq import Coq
from prover.events import Event
from prover.library import Library
from prover.ports import Answers
from prover.settings import ProverSettings


@dataclass(frozen=True, slots=True)
class Tools:
    """What the theorem's environment offers, found out by trying.

    Attributes:
        prelude: what is put before the statement while working, so that there is more.
        hole_prelude: the same, with shorter limits for `hammer`.
        final_preludes: what may be put before the statement of a finished proof, smallest first.
        tactics: names of the tactics that are there.
        hammer: CoqHammer's tactics are there, and may be used.
        provers: `hammer` itself is there.
    """

    prelude: str = ""
    hole_prelude: str = ""
    final_preludes: tuple[str, ...] = ("",)
    tactics: frozenset[str] = frozenset()
    hammer: bool = False
    provers: bool = False


@dataclass(slots=True)
class Asked:
    """What was asked of the model for one theorem; tokens as its server counts them."""

    model: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def add(self, said: Answers) -> None:
        """Counts one question."""
        self.model = said.model or self.model
        self.prompt_tokens += said.prompt_tokens
        self.completion_tokens += said.completion_tokens


@dataclass(slots=True)
class Context:
    """One theorem under work.

    Attributes:
        coq: the checker.
        settings: limits.
        emit: takes events.
        clock: wall-clock seconds since the work began, those of remembered answers included.
        library: premises for goals.
        tools: what the environment offers.
        effort: the most that was tried on a goal without success, by its text.
        solved: finished proofs of goals, by their text, as one line.
        asked: what the model was asked.
        refused: scripts that were finished by their goals, and that the checker did not accept.
    """

    coq: Coq
    settings: ProverSettings
    emit: Callable[[Event], None]
    clock: Callable[[], float]
    library: Library
    tools: Tools = Tools()
    effort: dict[str, int] = field(default_factory=dict)
    solved: dict[str, tuple[str, str]] = field(default_factory=dict)
    asked: Asked = field(default_factory=Asked)
    refused: set[str] = field(default_factory=set)

    @property
    def now_s(self) -> float:
        """Wall-clock seconds since the work began."""
        return self.clock()


def goal_names(goal: Goal) -> tuple[str, ...]:
    """Names of a goal's hypotheses, oldest first."""
    return tuple(name for one in goal.hypotheses for name in one.names)
