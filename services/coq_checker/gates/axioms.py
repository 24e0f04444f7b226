"""The axiom gate: what a proof rests on, against what is allowed."""

from collections.abc import Sequence
from dataclasses import dataclass

from coq_checker.audit import AXIOM, VARIABLE, Assumption
from coq_checker.session.api import CoqSession


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


async def forbidden(
    assumptions: Sequence[Assumption], policy: AxiomPolicy, session: CoqSession, before: int
) -> list[Assumption]:
    """Those of the assumptions that the policy does not allow.

    Args:
        assumptions: what the proof rests on.
        policy: what it may rest on.
        session: the session that proved it.
        before: its state before anything of the candidate: what can be named there is the environment's.
    """
    refused: list[Assumption] = []
    for one in assumptions:
        if _is_listed(one.name, policy.allowed):
            continue
        # The variables of an open section are part of the environment's statement, whatever the policy.
        if not policy.environment and one.kind != VARIABLE:
            refused.append(one)
            continue
        known = await session.query(
            f"{'Check' if one.kind in (AXIOM, VARIABLE) else 'About'} {one.name}.", before
        )
        if known.error is not None:
            refused.append(one)
    return refused
