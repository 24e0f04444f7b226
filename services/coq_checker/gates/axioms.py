"""The axiom gate: what a proof rests on, against what is allowed."""

from collections.abc import Sequence
from dataclasses import dataclass

from coq_checker.engine.api import VARIABLE, Assumption
from coqdata.releases import STANDARD_ROOTS, other_roots


@dataclass(frozen=True, slots=True)
class AxiomPolicy:
    """Which axioms a proof may rest on.

    Attributes:
        allowed: names, or suffixes of whole components of the full name. A name of the standard library may be that
            of another release.
        environment: whatever the environment assumes already is allowed too.
        roots: of the standard library that there is.
    """

    allowed: tuple[str, ...] = ()
    environment: bool = True
    roots: tuple[str, ...] = STANDARD_ROOTS


def _is_listed(name: str, policy: AxiomPolicy) -> bool:
    # What a project calls `Stdlib` itself, where that is no standard library, is not what was listed as `Coq`.
    names = [name, *(other_roots(name) if name.partition(".")[0] in policy.roots else [])]
    return any(one == listed or name.endswith("." + listed) for one in names for listed in policy.allowed)


def forbidden(assumptions: Sequence[Assumption], policy: AxiomPolicy) -> list[Assumption]:
    """Those of the assumptions that the policy does not allow.

    What the candidate itself assumes is never allowed, under whatever name it does.
    """
    refused: list[Assumption] = []
    for one in assumptions:
        # The variables of an open section are part of the environment's statement, whatever the policy.
        named = policy.environment or one.kind == VARIABLE or _is_listed(one.name, policy)
        if not named or not one.known:
            refused.append(one)
    return refused
