"""Limits of one check, as asked for and as granted."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What one check may use; every field is granted, none is open.

    Attributes:
        cpu_ms: CPU time of the worker and what it starts; decides TIMEOUT.
        wall_ms: wall clock, the safety net.
        memory_bytes: memory on top of the environment's.
        output_bytes: largest answer of Coq read for one command.
        goals_bytes: largest text of goals returned.
    """

    cpu_ms: int
    wall_ms: int
    memory_bytes: int
    output_bytes: int
    goals_bytes: int


def grant(
    default: Limits,
    maximum: Limits,
    *,
    cpu_ms: int = 0,
    wall_ms: int = 0,
    memory_bytes: int = 0,
    output_bytes: int = 0,
    goals_bytes: int = 0,
) -> Limits:
    """The limits granted for a request: 0 takes the default, what is above the maximum is lowered to it.

    The default of `wall_ms` follows `cpu_ms`, in the proportion that the server's defaults have.
    """
    cpu = min(cpu_ms or default.cpu_ms, maximum.cpu_ms)
    wall = wall_ms or max(default.wall_ms, cpu * default.wall_ms // default.cpu_ms)
    return Limits(
        cpu_ms=cpu,
        wall_ms=min(wall, maximum.wall_ms),
        memory_bytes=min(memory_bytes or default.memory_bytes, maximum.memory_bytes),
        output_bytes=min(output_bytes or default.output_bytes, maximum.output_bytes),
        goals_bytes=min(goals_bytes or default.goals_bytes, maximum.goals_bytes),
    )
