"""Runs a proposed proof as a tree: what fails is repaired, or becomes a hole, and the rest of the proof goes on.

The proposal's own bullets only say which of its sentences belong together; which goal each is used on is decided by the
goals that are really there. So a bullet too many, a bullet too few, or a wrong one costs nothing.
"""

import re

from prover.budget import BudgetSpentError
from prover.context import Context
from prover.coq import Outcome
from prover.events import Applied, Ran, Repaired, Subgoal, Undone
from prover.repairs import Failure, named_lemmas, replace_name, rewrites
from prover.script import Block, Branch, Group, Node, Step, goal_number, text_of, text_to

_GIVES_UP = re.compile(
    r"(?<![\w'.])(?:admit|give_up|shelve|shelve_unifiable|Admitted|Abort|swap|cycle|revgoals)(?![\w'])"
)
# Sentences that fail in a row before the rest of a block is left.
_PATIENCE = 3
# CPU milliseconds of one repair.
_REPAIR_MS = 500


class Runner:
    """Works on one tree.

    Args:
        context: the theorem under work.
        attempt: the tree's number.
        repair: mend what fails.
        how: the word for tactics that stand in the proposal.
    """

    def __init__(self, context: Context, attempt: int, *, repair: bool = True, how: str = "model") -> None:
        self.context = context
        self.attempt = attempt
        self.repair = repair
        self.repairs = 0
        self._how = how
        self._lemmas: dict[str, None] = {}
        self._renames: dict[str, str] = {}
        self._left: set[Node] = set()

    @property
    def lemmas(self) -> tuple[str, ...]:
        """Names that the proposal used, latest first."""
        return tuple(reversed(self._lemmas))

    async def try_on(
        self,
        node: Node,
        tactic: str,
        *,
        cpu_ms: int | None = None,
        messages: bool = False,
        prelude: str | None = None,
    ) -> Outcome:
        """Runs a sentence on a node's goal; the tree stays as it is.

        Raises:
            BudgetSpentError, CoqProblemError: as `Coq.run`.
        """
        if _GIVES_UP.search(tactic):
            return Outcome(False, message="it gives up")
        return await self.context.coq.run(
            f"{text_to(node)} {tactic}".lstrip(),
            cpu_ms=cpu_ms or self.context.settings.step_cpu_ms,
            path_cost_s=node.path_cost_s,
            messages=messages,
            prelude=prelude,
        )

    async def use(self, node: Node, tactic: str, how: str, outcome: Outcome) -> None:
        """Puts into the tree what `try_on` found to go through, and looks at the goals that it may have changed."""
        self.grow(node, tactic, how, outcome)
        if not node.children:
            await self.settle(node)

    def grow(self, node: Node, tactic: str, how: str, outcome: Outcome) -> None:
        """Puts into the tree what `try_on` found to go through."""
        node.apply(tactic, how, outcome.goals, outcome.count, outcome.cpu_s)
        self._grew(node)

    def undo(self, node: Node) -> None:
        """Takes a node's tactic, and what is below, out of the tree."""
        node.undo()
        self.context.emit(Undone(self.context.now_s, self.attempt, node.number))

    def restore(self, node: Node, branch: Branch) -> None:
        """Puts back into the tree what stood on a node, and below it, before it was undone."""
        node.restore(branch)
        for one in node.nodes():
            if one.tactic:
                self._grew(one)

    def _grew(self, node: Node) -> None:
        children = tuple(Subgoal(child.number, child.goal) for child in node.children)
        self.context.emit(Applied(self.context.now_s, self.attempt, node.number, node.tactic, node.how, children))

    async def settle(self, node: Node) -> None:
        """After a goal was closed: looks again at the goals that shared existential variables with it."""
        below = node
        while below.parent is not None and below.done:
            above = below.parent
            place = above.children.index(below)
            later = above.children[place + 1 :]
            if above.linked and later and all(one.is_hole for one in later):
                done = above.children[: place + 1]
                if not all(one.done for one in done):
                    return
                text = " ".join([text_to(above), above.tactic, *(f"{{ {text_of(one)} }}" for one in done)])
                seen = await self.context.coq.run(text.strip(), cpu_ms=3000, path_cost_s=below.path_cost_s)
                if not seen.passed:
                    return
                fresh = [Node(goal, above) for goal in seen.goals[: seen.count]]
                above.children = [*done, *fresh]
                self._grew(above)
            below = above

    async def run(self, root: Node, block: Block) -> None:
        """Runs a whole proposal on a node."""
        try:
            await self._block(root, block)
        except BudgetSpentError:
            return

    def _open(self, node: Node) -> list[Node]:
        return [hole for hole in node.holes() if hole not in self._left]

    async def _block(self, node: Node, block: Block) -> None:
        failed = 0
        for at, item in enumerate(block.items):
            opened = self._open(node)
            if not opened:
                return
            if isinstance(item, Group):
                await self._group(node, item, last=at == len(block.items) - 1)
                failed = 0
                continue
            went = False
            for target in self._selected(opened, item):
                if target.is_hole and target.attached:
                    went = await self._step(target, item) or went
            failed = 0 if went else failed + 1
            if failed >= _PATIENCE:
                if len(opened) == 1:
                    return
                # Without bullets, what follows may be meant for the next goal.
                self._left.add(opened[0])
                failed = 0

    @staticmethod
    def _selected(opened: list[Node], step: Step) -> list[Node]:
        if not step.selector or step.selector == "!":
            return opened[:1]
        if step.selector in ("all", "par"):
            return opened
        chosen: list[Node] = []
        for part in step.selector.split(","):
            first, _, last = part.strip().partition("-")
            if not first.strip().isdigit():
                return opened[:1]
            begin = goal_number(first)
            end = goal_number(last) if last.strip().isdigit() else begin
            chosen += opened[begin - 1 : end]
        return chosen

    async def _group(self, node: Node, group: Group, *, last: bool) -> None:
        opened = self._open(node)
        if not group.braces and last and len(opened) == 1 and len(group.blocks) > 1:
            # What should have made several goals did not: one of the blocks may still do.
            target = opened[0]
            for block in group.blocks:
                await self._block(target, block)
                if target.done:
                    return
                if target.tactic:
                    self.undo(target)
            return
        for block in group.blocks:
            opened = self._open(node)
            if not opened:
                return
            target = opened[min(block.start, len(opened)) - 1]
            await self._block(target, block)
            self._left.update(target.holes())

    async def _step(self, node: Node, step: Step) -> bool:
        sentence = step.text
        for old, new in self._renames.items():
            sentence = replace_name(sentence, old, new)
        outcome = await self.try_on(node, sentence)
        self.said(node, sentence, outcome)
        if outcome.passed:
            for name in named_lemmas(sentence):
                self._lemmas[name] = None
            await self.use(node, sentence, self._how, outcome)
            return True
        return self.repair and await self._repaired(node, sentence, outcome)

    async def _repaired(self, node: Node, sentence: str, outcome: Outcome) -> bool:
        failure = Failure(
            sentence,
            outcome.message,
            node.goal,
            self.lemmas,
            (await self.context.library.of(node.goal)).names,
            self.context.tools.hammer,
            "lia" in self.context.tools.tactics,
        )
        for name, rewrite in rewrites(failure, self.context.settings.repair_tries):
            if not rewrite.sentence:
                self._mended(node, name, sentence, "")
                return True
            tried = await self.try_on(node, rewrite.sentence, cpu_ms=_REPAIR_MS)
            if not tried.passed or (tried.count == 1 and tried.goals and self._same(node, tried)):
                continue
            self.repairs += 1
            self._renames.update(rewrite.renames)
            self._mended(node, name, sentence, rewrite.sentence)
            await self.use(node, rewrite.sentence, "repaired", tried)
            return True
        for name in named_lemmas(sentence):
            if failure.goal is None or name not in failure.names:
                self._lemmas[name] = None
        return False

    @staticmethod
    def _same(node: Node, outcome: Outcome) -> bool:
        return node.goal == outcome.goals[0]

    def _mended(self, node: Node, error_class: str, before: str, after: str) -> None:
        self.context.emit(Repaired(self.context.now_s, self.attempt, node.number, error_class, before, after))

    def said(self, node: Node, sentence: str, outcome: Outcome) -> None:
        """Tells what came of a sentence on a node's goal."""
        message = outcome.message if len(outcome.message) <= 500 else outcome.message[:500] + " ..."
        self.context.emit(
            Ran(
                self.context.now_s,
                self.attempt,
                node.number,
                sentence,
                outcome.passed,
                outcome.count if outcome.passed else 0,
                message,
            )
        )
