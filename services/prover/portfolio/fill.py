"""Fills holes: closes a goal with the portfolio, cheap tactics first."""

from collections.abc import Sequence
from enum import IntEnum
from functools import partial

from prover.context import Context
from prover.coq import Outcome
from prover.events import Failed, Filled, Hole
from prover.portfolio import closers
from prover.portfolio.unknown import unreadable
from prover.runner import Runner
from prover.script import Node
from prover.side_by_side import side_by_side


class Effort(IntEnum):
    """How much is tried on a goal. What failed with one effort is not tried again with that or a smaller one.

    HAMMER is `hammer` for a short time: once it has read the libraries it costs a second and what its provers take,
    and does more than the seven tactics of STRONG, which take ten. FULL is `hammer` with all of its time.
    """

    QUICK = 1
    MEDIUM = 2
    LIGHT = 3
    HAMMER = 4
    STRONG = 5
    FULL = 6


class Filler:
    """Closes goals of one tree."""

    def __init__(self, context: Context, runner: Runner) -> None:
        self.context = context
        self.runner = runner

    async def fill(self, node: Node, effort: Effort, *, least: Effort = Effort.QUICK, quiet: bool = False) -> bool:
        """Closes a node's goal with at most `effort` and at least `least`; whether it did.

        `quiet` leaves out the events of failure.

        Raises:
            BudgetSpentError, CoqProblemError: as `Coq.run`.
        """
        context = self.context
        if not node.attached:
            return False
        text = node.text
        known = context.solved.get(text) if text else None
        if known is not None and await self._close(node, *known, cpu_ms=context.settings.step_cpu_ms):
            return True
        reached = context.effort.get(text, 0) if text else 0
        if not quiet and reached < effort:
            context.emit(Hole(context.now_s, node.number, node.goal))
        for level in Effort:
            if level <= reached or level > effort or level < least:
                continue
            if await self._level(node, level):
                if text:
                    context.solved[text] = (node.tactic, node.how)
                if not quiet:
                    context.emit(Filled(context.now_s, node.number, node.tactic, node.how))
                return True
            if text and level <= context.effort.get(text, 0) + 1:
                context.effort[text] = max(context.effort.get(text, 0), level)
        if not quiet and reached < effort:
            context.emit(Failed(context.now_s, node.number))
        return False

    async def fill_begun(self, root: Node, opening: str) -> Outcome | None:
        """What an opening led to, if one round of tactics on all that it leaves proves the goal; or None.

        One sentence asks, which costs little where the answer is no. The tree holds the proof afterwards.
        """
        runner, limit_ms = self.runner, self.context.settings.cheap_cpu_ms
        tactics = closers.begun(self.context.tools, (await self.context.library.of(root.goal)).names)
        asked = f"{opening.rstrip('.')}; {closers.together(tactics)}"
        if not (await runner.try_on(root, asked, cpu_ms=limit_ms)).closed:
            return None
        outcome = await runner.try_on(root, opening)
        if not outcome.passed:
            return None
        await runner.use(root, opening, "search", outcome)
        for hole in list(root.holes()):
            if hole.is_hole and hole.attached:
                await self._together(hole, tactics, "cheap")
        return outcome

    async def fill_all(self, root: Node, effort: Effort) -> bool:
        """Every hole of a tree; whether none is left."""
        for level in Effort:
            if level > effort:
                break
            holes = list(root.holes())
            works = [partial(self._fill_open, hole, level) for hole in holes if not hole.depends]
            await side_by_side(works, self.context.coq.jobs)
            for hole in holes:
                if hole.depends:
                    await self._fill_open(hole, level)
        return root.done

    async def _fill_open(self, hole: Node, effort: Effort) -> bool:
        """As `fill`, unless what was done elsewhere has closed the hole."""
        return not hole.is_hole or await self.fill(hole, effort)

    async def _level(self, node: Node, level: Effort) -> bool:
        context, settings = self.context, self.context.settings
        if level is Effort.QUICK:
            return await self._together(node, closers.quick(context.tools), "cheap")
        if level in (Effort.HAMMER, Effort.FULL):
            return await self._hammer(node, full=level is Effort.FULL)
        found = await context.library.of(node.goal)
        premises = tuple(dict.fromkeys((*self.runner.lemmas[:3], *found.names)))
        if level is Effort.MEDIUM:
            if await self._together(node, closers.with_premises(premises), "premises"):
                return True
            tried = closers.medium(context.tools, premises, settings.cheap_cpu_ms)
            # Most fail at once: asked one by one, the way to Coq and back would take longer than Coq itself.
            done = await self._first(node, [one.tactic for one in tried if not one.slow], "cheap")
            if done:
                return True
            if done is False:
                tried = [one for one in tried if one.slow]
        elif level is Effort.LIGHT:
            tried = closers.light(context.tools, premises, settings.cheap_cpu_ms)
        else:
            tried = closers.strong(context.tools, premises, found.definitions, settings.sauto_cpu_ms)
        for one in tried:
            # `a; b` may come back to another success of `a` under `solve`.
            tactic = f"solve [{one.tactic}]." if ";" in one.tactic else f"{one.tactic}."
            if await self._close(node, tactic, one.how, cpu_ms=one.cpu_ms):
                return True
        return False

    async def _together(self, node: Node, tactics: Sequence[str], how: str) -> bool:
        """Tries tactics in one sentence, and puts the one that did it into the tree."""
        return bool(await self._first(node, tactics, how))

    async def _first(self, node: Node, tactics: Sequence[str], how: str) -> bool | None:
        """As `_together`; None where it is not known that all fail: they took too long, or one does it only there."""
        limit_ms = self.context.settings.cheap_cpu_ms
        while tactics:
            outcome = await self.runner.try_on(node, closers.together(tactics), cpu_ms=limit_ms, messages=True)
            if outcome.passed:
                break
            if outcome.timeout:
                return None
            blamed = unreadable(outcome.message, tactics)
            if not blamed:
                return False
            tactics = [tactic for tactic in tactics if tactic not in blamed]
        else:
            return False
        tactic = closers.chosen(outcome.messages, tactics) if outcome.closed else None
        if tactic is None:
            return None
        if await self._close(node, f"{tactic}.", how, cpu_ms=limit_ms):
            return True
        return await self._close(node, f"solve [{tactic}].", how, cpu_ms=limit_ms) or None

    async def _hammer(self, node: Node, *, full: bool) -> bool:
        tools, settings = self.context.tools, self.context.settings
        if not tools.provers:
            return False
        limit_ms = settings.root_hammer_cpu_ms if full else settings.hammer_cpu_ms
        prelude = tools.prelude if full else tools.hole_prelude
        outcome = await self.runner.try_on(node, "hammer.", cpu_ms=limit_ms, messages=True, prelude=prelude)
        if not outcome.closed:
            return False
        tactic = closers.replacement(outcome.messages)
        if tactic is None:
            return False
        return await self._close(node, f"{tactic}.", "hammer", cpu_ms=4 * self.context.settings.sauto_cpu_ms)

    async def _close(self, node: Node, tactic: str, how: str, *, cpu_ms: int) -> bool:
        outcome = await self.runner.try_on(node, tactic, cpu_ms=cpu_ms)
        if not outcome.closed:
            return False
        if closers.may_shelve(tactic):
            checked = await self.runner.try_on(node, f"{closers.whole(tactic.rstrip('.'))}.", cpu_ms=2 * cpu_ms)
            if not checked.closed:
                return False
        await self.runner.use(node, tactic, how, outcome)
        return True
