"""The axiom gate: what a proof rests on, against what is allowed."""

from collections.abc import Sequence
from dataclasses import dataclass

from coq_checker.engine.api import VARIABLE, Assumption


@dataclass(frozen=True, slots=True)
class AxiomPolicy:
    """Which axioms a proof may rest on.

    Attributes:
        allowed: names, or suffixes of whole components of the full name.
        environment: whatever the environment assumes already is allowed too.
    """

    allowed: tuple[str, ...] = ()
    environment: bool = True


def _is_listed(name: str, allowed: Sequence[str]) -> bool:
    return any(name == one or name.endswith("." + one) for one in allowed)


def forbidden(assumptions: Sequence[Assumption], policy: AxiomPolicy) -> list[Assumption]:
    """Those of the assumptions that the policy does not allow.

    What the candidate itself assumes is never allowed, under whatever name it does.
    """
    refused: list[Assumption] = []
    for one in assumptions:
        # The variables of an open section are part of the environment's statement, whatever the policy.
        named = policy.environment or one.kind == VARIABLE or _is_listed(one.name, policy.allowed)
        if not named or not one.known:
            refused.append(one)
    return refused
