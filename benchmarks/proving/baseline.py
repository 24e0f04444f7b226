"""`hammer` alone: one tactic on the statement, with CoqHammer's own defaults and the whole budget."""

import re
import time

from benchmarks.proving.result import Attempt
from coq_checker.client import CheckerClient, CheckerError, Options, TheoremRef

_PRELUDE = "From Hammer Require Import Hammer."
_REPLACE = re.compile(r"Replace the hammer tactic with:\s*(.+)\Z", re.S)


async def hammer_alone(checker: CheckerClient, target: TheoremRef, budget_cpu_s: float) -> Attempt:
    """Runs `hammer`, and then what it says to put in its place, as a whole proof."""
    started = time.monotonic()
    options = Options(
        cpu_ms=int(1000 * budget_cpu_s),
        wall_ms=int(4000 * budget_cpu_s),
        partial=True,
        want_goals=True,
        want_messages=True,
        prelude=_PRELUDE,
    )
    try:
        result = await checker.check_proof(target, "hammer.", options=options)
        cpu_s = result.timings.cpu_ns / 1e9
        tactic = next((found[1] for said in reversed(result.messages) if (found := _REPLACE.search(said))), "")
        if not tactic:
            return Attempt(target, "", "", "NOT_PROVED", "", cpu_s, time.monotonic() - started, result.message)
        # It prints `srun eauto use: ...`, which Coq reads only with brackets.
        tactic = re.sub(r"\bsrun (\w+)", r"srun (\1)", " ".join(tactic.split()).rstrip("."))
        script = f"Proof.\n  {tactic}.\nQed."
        for prelude in ("From Hammer Require Import Tactics.", _PRELUDE):
            options = Options(cpu_ms=int(1000 * budget_cpu_s), prelude=prelude)
            final = await checker.check_proof(target, script, options=options)
            cpu_s += final.timings.cpu_ns / 1e9
            if final.proved:
                break
        verdict = "PROVED" if final.proved else "NOT_PROVED"
        return Attempt(target, script, prelude, verdict, "hammer", cpu_s, time.monotonic() - started, final.message)
    except CheckerError as error:
        return Attempt(target, "", "", "ERROR", "", 0.0, time.monotonic() - started, str(error))
