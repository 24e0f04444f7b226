"""The axiom gate: what a proof rests on, against what is allowed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from coq_checker.audit import VARIABLE, Assumption
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


_EXPANDS = re.compile(r"^Expands to:\s+(\w+)\s+(\S+)", re.M)


def _is_listed(name: str, allowed: Sequence[str]) -> bool:
    return any(name == one or name.endswith("." + one) for one in allowed)


async def _is_known(one: Assumption, session: CoqSession, state: int) -> bool:
    """Whether the very same thing exists in a state; a like name is not enough."""
    said = await session.query(f"About {one.name}.", state)
    found = _EXPANDS.search("\n".join(said.messages)) if said.error is None else None
    if found is None:
        return False
    return found[2] == one.name and (found[1] == "Variable") == (one.kind == VARIABLE)


async def forbidden(
    assumptions: Sequence[Assumption], policy: AxiomPolicy, session: CoqSession, before: int
) -> list[Assumption]:
    """Those of the assumptions that the policy does not allow.

    What the candidate itself assumes is never allowed, under whatever name it does.

    Args:
        assumptions: what the proof rests on.
        policy: what it may rest on.
        session: the session that proved it.
        before: its state before anything of the candidate: what exists there is the environment's.
    """
    refused: list[Assumption] = []
    for one in assumptions:
        # The variables of an open section are part of the environment's statement, whatever the policy.
        named = policy.environment or one.kind == VARIABLE or _is_listed(one.name, policy.allowed)
        if not named or not await _is_known(one, session, before):
            refused.append(one)
    return refused
