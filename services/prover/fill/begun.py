"""A checker that stands inside a proof: what the prover takes for a whole proof is put where something was given up."""

import re
from collections.abc import Callable
from dataclasses import replace

from coq_checker.client import FreeStatement, Options, ProofResult, Reason, TheoremInfo, TheoremRef, Verdict
from coqdata.sentence import split
from prover.fill.layout import body_lines
from prover.ports import Checks

_BARRED = re.compile(r"section variables? (?:is|are) used but not declared:\s*(.+?)\s*\.(?:\s|$)", re.S)


class Begun:
    """A checker for proofs of one goal inside of a proof.

    Args:
        checker: whom it asks.
        before: the proof up to the goal, with what `Proof` says of it (`Proof using x.`).
        placed: the text that a body makes of `before`, as it will stand in the file.
        end: the sentence that ends the proof.
        prelude: `Require` sentences that `before` needs.
        after: what stands behind the goal's proof, up to the next goal or the end.
        beside: how many goals there are beside this one; None where it is the whole proof's.
        hidden: hypotheses that the proof may not use: tactics do not see them.

    Attributes:
        barred: section variables that proofs used and that the annotation of the proof forbids.
        refused: Coq's words where the last proof that was found was not accepted; empty if none was refused.
        cpu_s: CPU seconds that its questions took.
    """

    def __init__(
        self,
        checker: Checks,
        before: str,
        placed: Callable[[list[str]], str],
        *,
        after: str = "",
        end: str = "Qed.",
        prelude: str = "",
        beside: int | None = None,
        hidden: frozenset[str] = frozenset(),
    ) -> None:
        self.barred: frozenset[str] = frozenset()
        self.refused = ""
        self.cpu_s = 0.0
        self._checker = checker
        self._placed = placed
        self._after = after
        self._end = end
        self._prelude = prelude
        self._beside = beside
        focus = " {" if beside is not None else ""
        self._clears = [f"clear dependent {name}." for name in sorted(hidden)]
        self._cleared: set[str] = set()
        hide = "".join(f"\ntry {one}" for one in self._clears)
        self._before = before + focus + hide
        self._sentences = len(split(self._before.encode()).sentences)

    async def theorem(self, target: TheoremRef) -> TheoremInfo:
        """As the checker's."""
        return await self._checker.theorem(target)

    async def check_proof(
        self, target: TheoremRef | FreeStatement, proof: str, *, options: Options, timeout_s: float | None = None
    ) -> ProofResult:
        """The checker's answer for the beginning of a proof of the goal, or for a whole one in its place."""
        options = replace(options, prelude=joined(self._prelude, options.prelude))
        if options.partial:
            result = await self._ask(target, f"{self._before}\n{proof}", options, timeout_s)
            index = result.sentence_index
            if index is not None:
                index = index - self._sentences if index >= self._sentences else None
            done = result.reason is Reason.OPEN_GOALS and (result.goal_count, result.unfocused_count) == (
                0,
                self._beside,
            )
            reason = Reason.UNCLOSED if done else result.reason
            return replace(result, sentence_index=index, reason=reason)
        result = await self._whole(target, self._placed(body_lines(proof)), options, timeout_s)
        if not result.proved and self._clears and _BARRED.search(result.message):
            # A tactic found what is hidden again: the proof hides it, too.
            result = await self._whole(target, self._placed([*self._clears, *body_lines(proof)]), options, timeout_s)
            self._cleared.add(proof)
        if not result.proved:
            self.refused = result.message
            names = _BARRED.search(result.message)
            if names is not None:
                self.barred |= frozenset(re.split(r"[\s,]+", names[1]))
        return result

    def lines(self, script: str) -> list[str]:
        """The lines that a proof which was accepted has in its place, without `Proof.` and its end."""
        return [*self._clears, *body_lines(script)] if script in self._cleared else body_lines(script)

    async def _whole(
        self, target: TheoremRef | FreeStatement, text: str, options: Options, timeout_s: float | None
    ) -> ProofResult:
        if self._beside is None:
            return await self._ask(target, f"{text}\n{self._end}", options, timeout_s)
        partly = replace(options, partial=True)
        closed = await self._ask(target, text, partly, timeout_s)
        if not _passed(closed) or closed.goal_count + closed.unfocused_count > self._beside:
            return closed
        text += self._after
        # Where other goals are left, their turn comes: the last one's proof is checked with all the others.
        result = await self._ask(target, text, partly, timeout_s) if self._after.strip() else closed
        if result.reason is Reason.UNCLOSED:
            return await self._ask(target, f"{text}\n{self._end}", options, timeout_s)
        return replace(result, verdict=Verdict.PROVED, reason=Reason.NONE) if _passed(result) else result

    async def _ask(
        self, target: TheoremRef | FreeStatement, text: str, options: Options, timeout_s: float | None
    ) -> ProofResult:
        result = await self._checker.check_proof(target, text, options=options, timeout_s=timeout_s)
        self.cpu_s += result.timings.cpu_ns / 1e9
        return result


def _passed(result: ProofResult) -> bool:
    return result.verdict is Verdict.INCOMPLETE and result.reason in (Reason.OPEN_GOALS, Reason.UNCLOSED)


def joined(*preludes: str) -> str:
    """The `Require` sentences of several preludes, each once."""
    found: dict[str, None] = {}
    for prelude in preludes:
        source = prelude.encode()
        for one in split(source).sentences:
            found[source[one.start : one.end].decode()] = None
    return " ".join(found)
