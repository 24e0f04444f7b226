"""The work on one place of a file: what was given up is proved where it stands; where that fails, the proof anew."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from coq_checker.client import FreeStatement
from prover.budget import Budget, BudgetSpentError
from prover.coq import Coq, CoqProblemError, Outcome
from prover.events import Finished, ProofVerdict
from prover.fill.begun import Begun, joined
from prover.fill.edits import prelude_edits, script_of, whole_edits
from prover.fill.layout import (
    Edit,
    Level,
    as_blanks,
    beside_others,
    bullets,
    fresh_bullet,
    indentation,
    line_before,
    open_levels,
    under,
    unit_of,
)
from prover.fill.places import Place
from prover.ports import Checks
from prover.settings import ProverSettings

# The part of the budget that what stands there has; the rest is for a proof that takes its place.
_SHARE = 0.6
# Goals that are left open at the end of an unfinished proof are worked on up to this many.
_MOST_GOALS = 8
_STEP_MS = 20_000
_REPLACED = "what stood there could not be finished, so that another proof takes its place."


class Proves(Protocol):
    """Who looks for a proof."""

    async def __call__(self, checks: Begun, draft: str, budget_s: float) -> Finished | None:
        """Works on a goal; None where a proof used what it may not, which `checks` knows then."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What came of a place: the last word of the work, and the edits that put the proof in; none without a proof."""

    finished: Finished
    edits: tuple[Edit, ...] = ()


class Finisher:
    """The work on one place.

    Args:
        source: the text with ends.
        place: where in it.
        target: its theorem.
        checker: whom it asks.
        prove: who looks for proofs.
        budget_s: CPU seconds of Coq for all of it.
    """

    def __init__(
        self,
        source: bytes,
        place: Place,
        target: FreeStatement,
        checker: Checks,
        prove: Proves,
        budget_s: float,
    ) -> None:
        self._source = source
        self._place = place
        self._prove = prove
        self._checker = checker
        self._budget_s = budget_s
        self._spent_s = 0.0
        self._budget = Budget(budget_s)
        self._coq = Coq(checker, target, self._budget, ProverSettings())
        self._runs: list[Finished] = []
        self._hidden: frozenset[str] = frozenset()
        self._refused = ""

    async def fill(self) -> Filled:
        """Proves what was given up, with what stands around it, or says why not."""
        edits: list[Edit] | None = None
        if self._place.finishable:
            try:
                edits = await self._in_place()
            except BudgetSpentError:
                edits = None
            except CoqProblemError as error:
                return Filled(Finished(0.0, ProofVerdict.ERROR, message=str(error)))
        if edits is not None:
            return self._done(edits, "")
        last, lines = await self._anew()
        if not last.script:
            return Filled(self._summed(last, message=self._why_not(last)))
        edits = whole_edits(self._source, self._place, lines, last.prelude)
        return self._done(
            edits, _REPLACED if self._place.inside < self._place.inside_end and self._place.why != "prove" else ""
        )

    def _done(self, edits: list[Edit], message: str) -> Filled:
        script = script_of(self._source, self._place, edits)
        last = self._runs[-1] if self._runs else Finished(0.0, ProofVerdict.PROVED, how="draft")
        return Filled(self._summed(replace(last, script=script), message=message), tuple(edits))

    @property
    def _end(self) -> str:
        place = self._place
        return self._source[place.ending : place.end].decode("utf-8", "replace") if place.keeps_end else "Qed."

    async def _anew(self) -> tuple[Finished, list[str]]:
        """A proof of the whole theorem, under what `Proof` says there."""
        place = self._place
        # A proof that begins without `Proof.` goes on without it.
        opener = place.opener or ("" if place.inside < place.inside_end else "Proof.")
        end = self._end

        def make(hidden: frozenset[str]) -> Begun:
            return Begun(self._checker, opener, lambda lines: "\n".join([opener, *lines]), end=end, hidden=hidden)

        return await self._search(make, place.draft, max(0.1, self._budget_s - self._used_s))

    async def _search(
        self, make: Callable[[frozenset[str]], Begun], draft: str, budget_s: float
    ) -> tuple[Finished, list[str]]:
        """A proof of a goal and its lines; another one where one uses what the proof's annotation forbids."""
        while True:
            begun = make(self._hidden)
            finished = await self._prove(begun, draft, budget_s)
            self._refused = begun.refused or self._refused
            if finished is not None:
                self._runs.append(finished)
                return finished, begun.lines(finished.script)
            self._spent_s += begun.cpu_s
            budget_s = max(0.1, budget_s - begun.cpu_s)
            self._hidden |= begun.barred

    @property
    def _used_s(self) -> float:
        return self._spent_s + self._budget.spent_s + sum(one.cpu_s for one in self._runs)

    async def _run(self, text: str) -> Outcome:
        return await self._coq.run(text, cpu_ms=_STEP_MS, prelude=self._prelude)

    @property
    def _prelude(self) -> str:
        return joined(*(one.prelude for one in self._runs))

    async def _in_place(self) -> list[Edit] | None:
        """The edits that finish what stands there; None where that fails.

        Raises:
            BudgetSpentError: nothing is left.
            CoqProblemError: the target does not run, or the checker is gone.
        """
        place = self._place
        edits: list[Edit] = []
        for number, (start, end) in enumerate(place.holes, 1):
            stop = place.holes[number][0] if number < len(place.holes) else place.ending
            before = self._text(edits, start)
            state = await self._run(before)
            if not state.passed or state.count == 0:
                return None
            blanks = as_blanks(self._source, start)
            crowded = state.count > 1 or bool(bullets(open_levels(before)))
            after = self._source[end:stop].decode("utf-8", "replace")
            text = await self._goal(before, state, blanks, after, crowded=crowded, of=len(place.holes))
            if text is None:
                return None
            edits.append(Edit(start, end, text))
        if not place.keeps_end:
            last = await self._rest(edits)
            if last is None:
                return None
            edits.append(last)
        return prelude_edits(self._source, place, self._prelude) + edits

    def _text(self, edits: list[Edit], stop: int) -> str:
        """The proof up to an offset, with the edits made."""
        parts: list[str] = []
        at = self._place.begin
        for edit in edits:
            parts += [self._source[at : edit.start].decode("utf-8", "replace"), edit.text]
            at = edit.end
        return "".join([*parts, self._source[at:stop].decode("utf-8", "replace")])

    async def _goal(
        self, before: str, state: Outcome, blanks: str, after: str, *, crowded: bool, of: int
    ) -> str | None:
        """The text that proves the first goal in focus after `before`."""

        def shown(lines: list[str]) -> str:
            return under(lines, blanks, braces=crowded and not beside_others(lines))

        def make(hidden: frozenset[str]) -> Begun:
            return Begun(
                self._checker,
                before,
                lambda lines: before + shown(lines),
                after=after,
                end=self._end,
                prelude=self._prelude,
                beside=state.count + state.unfocused - 1,
                hidden=hidden,
            )

        left_s = _SHARE * self._budget_s - self._used_s
        if left_s <= 0.1:
            return None
        found, lines = await self._search(make, "", max(left_s / max(1, of - len(self._runs)), 0.1))
        return shown(lines) if found.script else None

    async def _rest(self, edits: list[Edit]) -> Edit | None:
        """What proves the goals that are open where the proof was given up, and ends it."""
        place = self._place
        before = self._text(edits, place.ending).rstrip()
        tail = ""
        base = self._base(before)
        for _ in range(_MOST_GOALS):
            state = await self._run(before + tail)
            if not state.passed:
                return None
            if state.complete:
                return await self._ended(before, tail)
            levels = open_levels(before + tail)
            if state.count == 0:
                step = await self._next_bullet(before + tail, levels)
                if step is None:
                    return None
                tail += step
                if step.endswith("}"):
                    continue
                state = await self._run(before + tail)
                blanks = as_blanks(tail.encode(), len(tail.encode()))
            elif state.count == 1:
                blanks = levels[-1].inner if levels else base
                tail += f"\n{blanks}"
            else:
                outer = levels[-1].inner if levels else base
                mark = fresh_bullet(levels)
                tail += f"\n{outer}{mark} "
                blanks = outer + " " * (len(mark) + 1)
                state = replace(state, count=1, unfocused=state.unfocused + state.count - 1)
            crowded = bool(bullets(open_levels(before + tail)))
            goals = state.count + state.unfocused + len(self._runs)
            text = await self._goal(before + tail, state, blanks, "", crowded=crowded, of=goals)
            if text is None:
                return None
            tail += text
        return None

    async def _ended(self, before: str, tail: str) -> Edit | None:
        """The end, after what was put before it; None where Coq does not take the proof."""
        place, source = self._place, self._source
        if not self._runs:  # there was nothing to be proved
            result = await self._coq.verify(f"{before}\n{self._end}", "")
            if not result.proved:
                self._refused = result.message
                return None
        own = line_before(source, place.ending)
        if own.strip():
            # Several goals have lines of their own; what goes on with one goal goes on with its line.
            body = tail if re.match(r"\s*[-+*}]", tail) else tail.lstrip()
            ending = "\n" + indentation(source, place.begin) if "\n" in body else " " if body else ""
            return Edit(place.ending, place.end, f"{body}{ending}Qed.")
        text = f"{tail}\n{own}Qed."
        return Edit(place.ending, place.end, text.removeprefix("\n").removeprefix(own))

    async def _next_bullet(self, text: str, levels: list[Level]) -> str | None:
        """What brings the next goal into focus: a bullet that is open, or the end of a brace."""
        for level in reversed(levels):
            mark = "}" if level.mark == "{" else f"{level.mark} "
            step = f"\n{level.outer}{mark}"
            if (await self._run(text + step)).passed:
                return step
            if level.mark == "{":
                return None
        return None

    def _base(self, before: str) -> str:
        """The blanks before the last line of tactics."""
        lines = before.split("\n")
        if len(lines) == 1:
            return indentation(self._source, self._place.begin) + unit_of(self._source)
        return lines[-1][: len(lines[-1]) - len(lines[-1].lstrip(" \t"))]

    def _why_not(self, last: Finished) -> str:
        if not self._refused or last.verdict not in (ProofVerdict.NOT_PROVED, ProofVerdict.TIMEOUT):
            return last.message
        said = " ".join(self._refused.split())
        opener = " ".join(self._place.opener.split())
        under_what = f" under `{opener}`" if opener not in ("", "Proof.") else ""
        return f"a proof was found that Coq does not accept{under_what} ({said}), and no other one."

    def _summed(self, last: Finished, message: str) -> Finished:
        """What came of all searches together."""
        runs = self._runs or [last]
        how = dict.fromkeys(part for one in runs if one.script for part in one.how.split("+") if part)
        return replace(
            last,
            message=message,
            prelude=self._prelude if last.script else "",
            how="+".join(how) if self._runs else last.how,
            axioms=_all(one.axioms for one in runs) if last.script else (),
            features=_all(one.features for one in runs) if last.script else (),
            known_bugs=_all(one.known_bugs for one in runs) if last.script else (),
            cpu_s=self._used_s,
            wall_s=sum(one.wall_s for one in runs),
            stages=tuple(stage for one in runs for stage in one.stages),
            model=next((one.model for one in runs if one.model), ""),
            model_answers=sum(one.model_answers for one in runs),
            prompt_tokens=sum(one.prompt_tokens for one in runs),
            completion_tokens=sum(one.completion_tokens for one in runs),
        )


def _all(each: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for one in each for name in one))
