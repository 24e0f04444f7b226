"""What is asked of the prover."""

from dataclasses import dataclass

from coq_checker.client import FreeStatement, TheoremRef


@dataclass(frozen=True, slots=True)
class ProveTask:
    """One theorem to prove.

    Attributes:
        target: a theorem of a project that the checker knows, or a statement in a context given as text.
        budget_cpu_s: CPU seconds of Coq (and of the provers that it starts) that may be spent, all forks together.
        seed: of all that is drawn; the order of what is tried depends on nothing else.
        samples: whole proofs that the model is asked for; None: as many as suit it.
        jobs: checks under way at one time.
        backtrack: move a hole that cannot be filled up to the goal before it.
        retrieval: ask the retriever for premises.
        use_model: ask the model.
        neighbours: ask the nearest neighbours after the model, where there are both, if `retrieval` and `use_model`.
        hammer: use CoqHammer, where the toolchain has it.
        layout: the prompt's layout, `sft` or `instruct`; empty: what the model was made for.
        printing: the printing profile of its goals (`coqdata.printing`); empty: what the model was made for.
    """

    target: TheoremRef | FreeStatement
    budget_cpu_s: float = 60.0
    seed: int = 0
    samples: int | None = None
    jobs: int = 1
    backtrack: bool = True
    retrieval: bool = True
    use_model: bool = True
    neighbours: bool = True
    hammer: bool = True
    layout: str = ""
    printing: str = ""

    def __post_init__(self) -> None:
        """Looks at the ranges.

        Raises:
            ValueError: one is out of range; the text says which, and what is allowed.
        """
        if not 0 < self.budget_cpu_s <= 86_400:
            raise ValueError("budget_cpu_s must be above 0 and at most 86400 CPU seconds.")
        if self.samples is not None and not 0 <= self.samples <= 64:
            raise ValueError("samples must be between 0 and 64.")
        if not 1 <= self.jobs <= 256:
            raise ValueError("jobs must be between 1 and 256.")
        if self.layout not in ("", "sft", "instruct"):
            raise ValueError("layout must be `sft` or `instruct`, or empty for the model's own.")
