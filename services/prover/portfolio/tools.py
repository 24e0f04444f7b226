"""What the theorem's environment offers: found out by asking Coq, once for each environment."""

from collections.abc import Mapping

from coqdata.releases import importing
from prover.context import Tools
from prover.coq import Coq, CoqProblemError
from prover.settings import ProverSettings

_PROBED = ("lia", "nia", "lra", "nra", "ring", "field", "tauto", "sauto", "hammer", "done", "subst", "congruence")
# What case analyses of tests and comparisons stand on.
_LEMMAS = {"nat_cases": "destruct (PeanoNat.Nat.leb_spec 0 0)", "Z_cases": "destruct (BinInt.Z.leb_spec 0 0)"}
_TACTICS = "From Hammer Require Import Tactics."
_HAMMER = "From Hammer Require Import Hammer."


def _options(limit_s: int, threads: int) -> str:
    """How long CoqHammer works, and with how many provers at one time."""
    return f"Set Hammer ATPLimit {limit_s}. Set Hammer GSMode {threads}."


async def find_tools(coq: Coq, settings: ProverSettings, *, hammer: bool) -> Tools:
    """The richest prelude that runs before the statement, and the tactics that there are then.

    Raises:
        CoqProblemError: the statement does not run even without a prelude, or the checker is gone.
    """
    lia = importing("Lia", coq.version)
    preludes = [lia, ""]
    if hammer:
        long = _options(settings.atp_limit_s, settings.hammer_threads)
        preludes = [f"{_HAMMER} {lia} {long}", f"{_TACTICS} {lia}", _TACTICS, *preludes]
    for prelude in preludes:
        try:
            seen = await coq.run("", cpu_ms=10_000, prelude=prelude)
        except CoqProblemError as error:
            # A checker that is gone says nothing about what the environment has.
            if not prelude or error.code.may_pass:
                raise
            continue
        if not seen.passed:
            continue
        found = await _known({name: name for name in _PROBED} | _LEMMAS, coq, prelude)
        short = _options(settings.hole_atp_limit_s, settings.hole_hammer_threads)
        holes = f"{_HAMMER} {lia} {short}" if prelude.startswith(_HAMMER) else prelude
        final = [""]
        if lia in prelude:
            final.append(lia)
        if prelude.startswith((_HAMMER, _TACTICS)):
            final += [" ".join(filter(None, (_TACTICS, one))) for one in final]
        return Tools(prelude, holes, tuple(final), found, hammer and "sauto" in found, hammer and "hammer" in found)
    return Tools()


async def _known(tactics: Mapping[str, str], coq: Coq, prelude: str) -> frozenset[str]:
    """The names of those tactics that Coq can read: it resolves names before anything runs.

    They are sentences of one text, which ends at the first that it cannot read.
    """
    found: list[str] = []
    left = list(tactics)
    while left:
        text = "\n".join(f"try (fail; {tactics[name]})." for name in left)
        seen = await coq.run(text, cpu_ms=2000, prelude=prelude)
        passed = len(left) if seen.passed else seen.failed_at or 0
        found += left[:passed]
        left = left[passed + 1 :]
    return frozenset(found)
