"""A second opinion: the text of a proof, compiled in another toolchain by coqc and coqchk. It changes no verdict."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from coq_checker.builds.writing import MachineFaultError
from coq_checker.environment import Environment, EnvironmentFailedError
from coq_checker.missing import with_remedy
from coq_checker.recheck import compiled
from coq_checker.result import SecondOpinion
from coq_checker.toolchain import Toolchain
from coq_checker.toolchains import UnknownToolchainError


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """An environment in another toolchain than its own.

    Attributes:
        toolchain: the name of that; there is one.
        environment: makes it, with what it requires built there; raises EnvironmentFailedError where it cannot be had.
        require_standing: raises EnvironmentFailedError where a toolchain has been removed since a time of the monotonic
            clock, in seconds.
    """

    toolchain: str
    environment: Callable[[], Awaitable[Environment]]
    require_standing: Callable[[Toolchain, float], None]


async def opinion(elsewhere: Elsewhere, text: Callable[[Environment], bytes]) -> SecondOpinion:
    """What another toolchain says of a text: whatever keeps it from being compiled there is told, and raised never.

    Args:
        elsewhere: where to compile it.
        text: makes the whole of it for that environment.
    """
    begun = time.monotonic()
    try:
        environment = await elsewhere.environment()
    except (EnvironmentFailedError, UnknownToolchainError) as error:  # it was there when the request came
        return SecondOpinion(elsewhere.toolchain, message=f"it cannot be compiled there: {error}")
    used = environment.options.toolchain
    try:
        problem = await compiled(environment, text(environment))
        if problem is not None:
            elsewhere.require_standing(used, begun)
    except (MachineFaultError, EnvironmentFailedError) as error:
        why = f"the machine keeps it from being compiled there, which says nothing of the proof: {error}"
        return SecondOpinion(used.name, used.coq_version, message=why)
    message = "" if problem is None else with_remedy(problem, used)
    return SecondOpinion(used.name, used.coq_version, problem is None, message)
