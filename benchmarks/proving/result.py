"""What one attempt at a theorem came to."""

from dataclasses import dataclass

from coq_checker.client import TheoremRef


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt at one theorem.

    Attributes:
        script, prelude: the proof, where there is one.
        verdict: PROVED, NOT_PROVED, TIMEOUT or ERROR.
        how: what found it.
        coqc: what coqc said of it: `accepted`, or why not; empty if it was not asked.
    """

    target: TheoremRef
    script: str
    prelude: str
    verdict: str
    how: str
    cpu_s: float
    wall_s: float
    message: str = ""
    coqc: str = ""

    @property
    def proved(self) -> bool:
        """Whether there is a proof."""
        return self.verdict == "PROVED"

    def to_json(self) -> dict[str, object]:
        """One line of the log."""
        return {
            "project": self.target.project,
            "file": self.target.file,
            "theorem": self.target.theorem,
            "index": self.target.index,
            "verdict": self.verdict,
            "how": self.how,
            "cpu_s": round(self.cpu_s, 3),
            "wall_s": round(self.wall_s, 3),
            "script": self.script,
            "prelude": self.prelude,
            "message": self.message[:300],
            "coqc": self.coqc,
        }
