"""What came of a theorem's own proof when a document went past it."""

from dataclasses import dataclass

from coq_checker.goals import Goal
from coq_checker.limits import Limits
from coq_checker.pool.watchdog import Breach
from coq_checker.result import Reason, Verdict
from coq_checker.session.api import CoqError

_BREACHES = {
    Breach.CPU: (Verdict.TIMEOUT, Reason.CPU_LIMIT, "the CPU limit of {0.cpu_ms} ms was reached."),
    Breach.WALL: (Verdict.TIMEOUT, Reason.WALL_LIMIT, "the wall-clock limit of {0.wall_ms} ms was reached."),
    Breach.MEMORY: (
        Verdict.OUT_OF_MEMORY,
        Reason.MEMORY_LIMIT,
        "the memory limit of {0.memory_bytes} bytes was reached.",
    ),
}


def breach_verdict(breach: Breach, limits: Limits) -> tuple[Verdict, Reason, str]:
    """Verdict, reason and message for a limit that was passed."""
    verdict, reason, text = _BREACHES[breach]
    return verdict, reason, text.format(limits)


@dataclass(slots=True)
class Passed:
    """What came of it; without an error the proof went through to its end.

    Attributes:
        error: Coq's error, after which the theorem was assumed.
        sentence: index of the failing sentence in the document.
        goals: before that sentence.
        verdict, reason: set where a limit was passed.
        cpu_ns, wall_ns: what it took.
    """

    error: CoqError | None = None
    sentence: int | None = None
    goals: tuple[Goal, ...] = ()
    verdict: Verdict | None = None
    reason: Reason = Reason.NONE
    cpu_ns: int = 0
    wall_ns: int = 0

    @classmethod
    def broken(cls, breach: Breach | None, limits: Limits, error: Exception) -> "Passed":
        """A proof that passed a limit, or killed its session."""
        if breach is None:
            why = CoqError(f"the Coq process died on this proof ({error}).")
            return cls(why, verdict=Verdict.ERROR, reason=Reason.WORKER_LOST)
        verdict, reason, message = breach_verdict(breach, limits)
        cpu_ns = limits.cpu_ms * 1_000_000 if breach is Breach.CPU else 0
        return cls(CoqError(message), verdict=verdict, reason=reason, cpu_ns=cpu_ns)
