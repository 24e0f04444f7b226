"""Under which conditions an experiment works on its theorems."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Prompt = Literal["sft", "instruct"]
Printing = Literal["default", "coqgym"]


@dataclass(frozen=True, slots=True)
class Conditions:
    """All that decides what comes of a theorem; an experiment has one set of them.

    Attributes:
        model: as it was named: `neighbours`, `replay:DIR`, an address; `hammer` for CoqHammer alone; empty where the
            prover's server has its own.
        budget_cpu_s: CPU seconds of Coq and its provers for each theorem.
        seed: of all that is drawn.
        samples: whole proofs that the model is asked for; 0: as many as suit it.
        prompt: the layout of the prompt.
        printing: how goals are printed for the model.
        backtrack, retrieval, hammer: what the prover may use.
        neighbours: the nearest neighbours are asked after the model.
        toolchain: the name of the one that is used for all projects; empty: what each needs.
    """

    model: str = "neighbours"
    budget_cpu_s: float = 60.0
    seed: int = 0
    samples: int = 0
    prompt: Prompt = "sft"
    printing: Printing = "default"
    backtrack: bool = True
    retrieval: bool = True
    hammer: bool = True
    neighbours: bool = False
    toolchain: str = ""

    def settings(self) -> dict[str, Any]:
        """As the store keeps them; no toolchain is not told, as from before there was a choice."""
        found = asdict(self)
        if not self.toolchain:
            del found["toolchain"]
        return found

    def request(self) -> dict[str, Any]:
        """The prover's words for them."""
        return {
            "budget_cpu_s": self.budget_cpu_s,
            "seed": self.seed,
            "samples": self.samples or None,
            "prompt": self.prompt,
            "printing": self.printing,
            "backtrack": self.backtrack,
            "retrieval": self.retrieval,
            "hammer": self.hammer,
            "neighbours": self.neighbours,
            **({"toolchain": self.toolchain} if self.toolchain else {}),
        }
