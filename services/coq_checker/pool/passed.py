"""What came of a theorem's own proof when a document went past it."""

from dataclasses import dataclass

from coq_checker.engine.api import CoqError, EngineCrashedError, EngineLostError, EngineOutputError
from coq_checker.goals import Goals
from coq_checker.limits import Limits
from coq_checker.pool.watchdog import Breach
from coq_checker.result import Reason, Verdict

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


def crash_message(error: EngineLostError) -> str:
    """The message of a text that ends Coq's process."""
    return f"this text ends Coq's process, each time that it is tried ({error})."


@dataclass(slots=True)
class Passed:
    """What came of it; without an error the proof went through to its end.

    Attributes:
        error: Coq's error, after which the theorem was assumed.
        sentence: index of the failing sentence in the document.
        goals: before that sentence.
        verdict, reason: set where a limit was passed.
        limits: granted, where one of them was passed.
        cpu_ns, wall_ns: what it took.
        states: after each sentence, from the statement on, that went through before one failed.
        left: how the proof was left after it failed: `Admitted.`, or `Abort.` where Coq cannot assume the theorem.
    """

    error: CoqError | None = None
    sentence: int | None = None
    goals: Goals = Goals((), 0)
    verdict: Verdict | None = None
    reason: Reason = Reason.NONE
    limits: Limits | None = None
    cpu_ns: int = 0
    wall_ns: int = 0
    states: tuple[int, ...] = ()
    left: bytes = b"Admitted."

    @classmethod
    def broken(cls, breach: Breach | None, limits: Limits, error: Exception) -> "Passed":
        """A proof that passed a limit, or killed its session."""
        if isinstance(error, EngineOutputError):
            why = CoqError(f"Coq's answer passed the output limit of {limits.output_bytes} bytes.")
            return cls(why, verdict=Verdict.FAILED, reason=Reason.OUTPUT_LIMIT, limits=limits)
        if isinstance(error, EngineCrashedError):
            return cls(CoqError(crash_message(error)), verdict=Verdict.FAILED, reason=Reason.CRASHED, limits=limits)
        if breach is None:
            why = CoqError(f"the Coq process died on this proof ({error}).")
            return cls(why, verdict=Verdict.ERROR, reason=Reason.WORKER_LOST)
        verdict, reason, message = breach_verdict(breach, limits)
        cpu_ns = limits.cpu_ms * 1_000_000 if breach is Breach.CPU else 0
        return cls(CoqError(message), verdict=verdict, reason=reason, limits=limits, cpu_ns=cpu_ns)

    def stale(self, limits: Limits) -> bool:
        """Whether it says little about what `limits` would allow: the process was killed, or had less."""
        if self.verdict is None or self.reason is Reason.CRASHED:
            return False
        return self.limits is None or any(
            getattr(limits, name) > getattr(self.limits, name)
            for name in ("cpu_ms", "wall_ms", "memory_bytes", "output_bytes")
        )
