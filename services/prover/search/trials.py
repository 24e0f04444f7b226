"""Many tactics on one goal in few checks: one sentence tries them in order and says which of them went through.

A search tries some dozen tactics on each goal, most of which fail within a millisecond. Asked one by one, the way to
Coq and back would take longer than Coq itself.
"""

import re
from collections.abc import Sequence

from prover.coq import Outcome
from prover.portfolio.unknown import unreadable
from prover.runner import Runner
from prover.script import Node, text_to

_MARK = "palmetto-trial"
_NONE = "none"
# Tactics in one sentence, and its CPU milliseconds for itself and for each of them.
_MOST = 16
_BASE_MS, _EACH_MS = 300, 60
# CPU milliseconds of a tactic that is tried alone.
_ALONE_MS = 600
# What may not stand within a larger sentence: bullets, braces, selectors, and more than one sentence.
_PLAIN = re.compile(r"[a-z_][^\"]*\.\Z", re.S)
_SENTENCE_END = re.compile(r"\.\s")
_OPENED, _ENDED = re.compile(r"\b(?:lazy|multi)?match\b"), re.compile(r"\bend\b")
_SELECTOR = re.compile(r"(?:all|par)\s*:(?!=)")
_FAILED = Outcome(False, message="it fails")


class Trials:
    """What came of tactics on the goals of one tree."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._outcomes: dict[tuple[str, str], Outcome] = {}
        self._slow: set[str] = set()  # tactics that reached their limit
        self._most = _MOST

    async def first(self, node: Node, tactics: Sequence[str], start: int = 0) -> tuple[int, Outcome] | None:
        """The first tactic from `start` on that goes through on a node's goal, and its outcome; None where none does.

        Raises:
            BudgetSpentError, CoqProblemError: as `Coq.run`.
        """
        where = text_to(node)
        at = start
        while at < len(tactics):
            known = self._outcomes.get((where, tactics[at]))
            if known is None:
                await self._try(node, where, self._chunk(where, tactics, at))
            elif known.passed:
                return at, known
            else:
                at += 1
        return None

    def _chunk(self, where: str, tactics: Sequence[str], start: int) -> list[str]:
        """Tactics that one sentence may try: those from `start` on whose outcome is not known."""
        found: list[str] = []
        for tactic in tactics[start:]:
            known = self._outcomes.get((where, tactic))
            if known is not None and not known.passed:
                continue
            alone = tactic in self._slow or not joins(tactic)
            if known is not None or len(found) == self._most or (alone and found):
                break
            found.append(tactic)
            if alone:
                break
        return found

    async def _try(self, node: Node, where: str, tactics: list[str]) -> None:
        """Finds the outcome of the first of the tactics, and of all up to one that goes through."""
        while len(tactics) > 1:
            limit_ms = _BASE_MS + _EACH_MS * len(tactics)
            seen = await self._runner.try_on(node, together(tactics), cpu_ms=limit_ms, messages=True)
            if seen.passed:
                number = chosen(seen.messages, len(tactics))
                if number is None:
                    break
                self._outcomes |= {(where, tactic): _FAILED for tactic in tactics[:number]}
                if number < len(tactics):
                    self._outcomes[where, tactics[number]] = seen
                return
            failed = unreadable(seen.message, tactics)
            if not failed:
                break
            self._outcomes |= {(where, tactic): _FAILED for tactic in failed}
            tactics = [tactic for tactic in tactics if tactic not in failed]
        else:
            if not tactics:
                return
        if len(tactics) > 1:
            self._most = max(4, self._most // 2)
        for tactic in tactics:
            alone = await self._runner.try_on(node, tactic, cpu_ms=_ALONE_MS)
            self._outcomes[where, tactic] = alone
            if alone.timeout:
                self._slow.add(tactic)
            if alone.passed:
                return


def joins(tactic: str) -> bool:
    """Whether a sentence is one plain tactic, which may stand within a larger sentence."""
    return (
        _PLAIN.match(tactic) is not None
        and _SENTENCE_END.search(tactic) is None
        and _SELECTOR.match(tactic) is None
        and len(_OPENED.findall(tactic)) == len(_ENDED.findall(tactic))
        and all(tactic.count(opening) == tactic.count(closing) for opening, closing in ("()", "[]", "{}"))
    )


def together(tactics: Sequence[str]) -> str:
    """One sentence that does what the first of the tactics does that goes through, or nothing; see `chosen`."""
    tries = [f'(idtac "{_MARK} {number}"; {tactic.removesuffix(".")})' for number, tactic in enumerate(tactics)]
    return f'first [{" | ".join(tries)} | idtac "{_MARK} {_NONE}"].'


def chosen(messages: Sequence[str], count: int) -> int | None:
    """Which tactic of `together` went through, by what was printed; `count` where none of them did."""
    marks = [line.split()[1] for one in messages for line in one.split("\n") if line.startswith(_MARK + " ")]
    if not marks:
        return None
    return count if marks[-1] == _NONE else int(marks[-1])
