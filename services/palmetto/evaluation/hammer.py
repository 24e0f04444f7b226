"""`hammer` alone as a prover: one tactic on the statement, with CoqHammer's own defaults and the whole budget."""

import re
import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from typing import Any

from coq_checker.client import (
    CheckerClient,
    CheckerError,
    EnvironmentFailedError,
    InvalidRequestError,
    NotFoundError,
    Options,
    OverloadedError,
    ProofResult,
    TheoremRef,
    UnavailableError,
    Verdict,
)
from palmetto.evaluation.provers import LocalProver
from prover.client import ErrorCode, ProverDownError

_HAMMER = "From Hammer Require Import Hammer."
_TACTICS = "From Hammer Require Import Tactics."
_REPLACE = re.compile(r"Replace the hammer tactic with:\s*(.+)\Z", re.DOTALL)
# What is the theorem's own fault.
_CODES: dict[type[CheckerError], ErrorCode] = {
    EnvironmentFailedError: ErrorCode.ENVIRONMENT,
    InvalidRequestError: ErrorCode.INVALID_REQUEST,
    NotFoundError: ErrorCode.NOT_FOUND,
}
_SPENT = (Verdict.TIMEOUT, Verdict.OUT_OF_MEMORY)


class HammerAlone:
    """CoqHammer through the checker of a local stack; otherwise as that stack's prover."""

    def __init__(self, local: LocalProver) -> None:
        self._local = local
        self.coq_version = local.coq_version

    @property
    def lost(self) -> int:
        """As the stack's."""
        return self._local.lost

    async def prove(self, request: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """`hammer` on a theorem, and what it says to put in its place as the proof; the only event is the result.

        Raises:
            ProverError: the checker does not answer.
        """
        target = TheoremRef(
            request["project"],
            request["theorem"],
            request["file"],
            request["index"],
            str(request.get("toolchain", "")),
        )
        started = time.monotonic()
        try:
            async with CheckerClient(self._local.checker) as checker:
                told = await _hammer(checker, target, float(request["budget_cpu_s"]))
        except (UnavailableError, OverloadedError, ValueError) as error:
            raise ProverDownError(f"the checker does not answer: {error}") from error
        except CheckerError as error:
            code = _CODES.get(type(error), ErrorCode.INTERNAL)
            told = {"verdict": "ERROR", "message": str(error), "code": code.value}
        yield {"kind": "result", "wall_s": time.monotonic() - started, **told}

    async def recover(self, cause: str, patience_s: float) -> str:
        """As the stack's."""
        return await self._local.recover(cause, patience_s)

    def orchestration_cpu_s(self) -> float | None:
        """As the stack's."""
        return self._local.orchestration_cpu_s()


async def _hammer(checker: CheckerClient, target: TheoremRef, budget_s: float) -> dict[str, Any]:
    options = replace(_limits(budget_s), partial=True, want_goals=True, want_messages=True, prelude=_HAMMER)
    tried = await checker.check_proof(target, "hammer.", options=options)
    spent_s = tried.timings.cpu_ns / 1e9
    tactic = next((found[1] for said in reversed(tried.messages) if (found := _REPLACE.search(said))), "")
    if not tactic:
        return {**_verdict(tried), **_judge(tried), "message": tried.message, "cpu_s": spent_s}
    # It prints `srun eauto use: ...`, which Coq reads only with brackets.
    tactic = re.sub(r"\bsrun (\w+)", r"srun (\1)", " ".join(tactic.split()).rstrip("."))
    script = f"Proof.\n  {tactic}.\nQed."
    final = tried
    for prelude in (_TACTICS, _HAMMER):
        final = await checker.check_proof(target, script, options=replace(_limits(budget_s), prelude=prelude))
        spent_s += final.timings.cpu_ns / 1e9
        if final.proved:
            proof = {"script": script, "prelude": prelude, "axioms": list(final.axioms), "how": "hammer"}
            proof |= {"features": list(final.features), "known_bugs": list(final.known_bugs)}
            return {"verdict": "PROVED", "cpu_s": spent_s, **proof, **_judge(final)}
    return {**_verdict(final), **_judge(final), "message": f"{tactic}: {final.message}", "cpu_s": spent_s}


def _limits(budget_s: float) -> Options:
    return Options(cpu_ms=int(1000 * budget_s), wall_ms=int(4000 * budget_s), soundness="strict")


def _judge(result: ProofResult) -> dict[str, str]:
    return {"toolchain": result.toolchain, "coq_version": result.coq_version}


def _verdict(result: ProofResult) -> dict[str, str]:
    if result.verdict is Verdict.ERROR:
        return {"verdict": "ERROR", "code": ErrorCode.INTERNAL.value}
    return {"verdict": "TIMEOUT" if result.verdict in _SPENT else "NOT_PROVED"}
