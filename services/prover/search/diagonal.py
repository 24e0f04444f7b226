"""Tactic-level search: depth first within a budget that grows, as Tactician's diagonal search does.

A goal may be worked on with a budget of b: a move of cost c leaves b - c for the goals that it makes. A sub-goal that
is closed stays closed. What was tried with as much budget before is not tried again.
"""

from prover.answers import read_answer
from prover.context import Context
from prover.coq import Outcome
from prover.portfolio import Effort, Filler, may_shelve
from prover.runner import Runner
from prover.script import Node, goal_text, text_to
from prover.search.moves import Move, moves
from prover.search.trials import Trials, joins
from prover.sources import Source

# The budgets that a search goes through: from the first to the last, or to that of a short one.
FIRST, SHORT, LAST = 2, 6, 24
# What is left of the budget where more than quick tactics are tried on a goal.
_LIGHT_AT = 3
_TACTIC_MS = 600
_MODEL_TACTICS = 8
_LONGEST_TACTIC = 500
# Goals that one tactic may make.
_MAX_GOALS = 16


class Search:
    """A search on goals of one tree."""

    def __init__(
        self,
        context: Context,
        runner: Runner,
        filler: Filler,
        *,
        source: Source | None = None,
    ) -> None:
        self.context = context
        self.runner = runner
        self.filler = filler
        self._source = source
        self._failed: dict[str, int] = {}
        self._refused: set[tuple[str, str]] = set()
        self._unfilled: set[str] = set()
        self._trials = Trials(runner)
        self._moves: dict[str, list[Move]] = {}

    async def run(self, root: Node, last: int = LAST) -> bool:
        """Closes a hole; whether it did. The hole is as it was otherwise.

        Raises:
            BudgetSpentError, CoqProblemError: as `Coq.run`; the tree keeps what was under work.
        """
        for budget in range(FIRST, last + 1):
            if await self._solve(root, budget, frozenset()):
                return True
        return False

    def refuse(self, root: Node) -> bool:
        """What was found is no proof: takes it back, for `run` to find another; whether it may.

        The last tactic that may have left something open is not used on its goal again, or else the first one.
        """
        steps = [(node.text, node.tactic) for node in root.nodes() if node.how == "search"]
        shelving = [one for one in reversed(steps) if may_shelve(one[1])]
        blamed = next((one for one in (*shelving, *steps) if one not in self._refused), None)
        text = root.text
        self.runner.undo(root)
        if blamed is not None:
            self._refused.add(blamed)
        elif steps or text in self._unfilled:
            return False
        else:
            self._unfilled.add(text)
        return True

    async def _solve(self, node: Node, budget: int, above: frozenset[str]) -> bool:
        text = node.text
        effort = Effort.LIGHT if budget >= _LIGHT_AT and len(above) < 3 else Effort.QUICK
        if text not in self._unfilled and await self.filler.fill(node, effort, quiet=True):
            return True
        if node.goal is None or self._failed.get(text, 0) >= budget:
            return False
        tried = [move for move in await self._ranked(node) if move.cost <= budget]
        tactics = [move.tactic for move in tried]
        at = 0
        while (found := await self._trials.first(node, tactics, at)) is not None:
            at, outcome = found
            move = tried[at]
            at += 1
            tactic = move.tactic
            # Where goals share variables, a later one may decide what is on the shelf.
            if outcome.closed and may_shelve(tactic) and joins(tactic) and not node.depends:
                tactic, outcome = await self._unshelved(node, tactic, outcome)
            if (text, tactic) in self._refused or outcome.count > _MAX_GOALS or len(outcome.goals) < outcome.count:
                continue
            made = {goal_text(goal) for goal in outcome.goals[: outcome.count]}
            if text in made or made & above:
                continue
            self.runner.grow(node, tactic, "search", outcome)
            if not node.children:
                await self.runner.settle(node)
                return True
            if await self._all(node, budget - move.cost, above | {text}):
                return True
            self.runner.undo(node)
        self._failed[text] = budget
        return False

    async def _unshelved(self, node: Node, tactic: str, outcome: Outcome) -> tuple[str, Outcome]:
        """The same tactic with what it leaves on the shelf, where nobody would look, as goals."""
        shown = f"unshelve ({tactic.removesuffix('.')})."
        found = await self.runner.try_on(node, shown, cpu_ms=_TACTIC_MS)
        return (shown, found) if found.passed and not found.closed else (tactic, outcome)

    async def _all(self, node: Node, budget: int, above: frozenset[str]) -> bool:
        # The cheapest check first: a goal that no move may follow must close at once.
        while True:
            hole = next(node.holes(), None)
            if hole is None:
                return True
            if not await self._solve(hole, budget, above):
                return False

    async def _ranked(self, node: Node) -> list[Move]:
        known = self._moves.get(node.text)
        if known is not None:
            return known
        assert node.goal is not None
        library = await self.context.library.of(node.goal)
        found = moves(node.goal, library.names)
        asked = await self._asked(node)
        unique: dict[str, Move] = {}
        for move in sorted([*asked, *found], key=lambda move: move.cost):
            unique.setdefault(move.tactic, move)
        self._moves[node.text] = list(unique.values())
        return self._moves[node.text]

    async def _asked(self, node: Node) -> list[Move]:
        source = self._source
        if source is None or node.goal is None:
            return []
        goal = node.goal
        printing = await source.printing()
        if printing != "default":
            text, cost_s = text_to(node), node.path_cost_s
            seen = await self.context.coq.run(text, cpu_ms=_TACTIC_MS, path_cost_s=cost_s, printing=printing)
            goal = seen.goals[0] if seen.passed and seen.goals else goal
        found: list[Move] = []
        for at, one in enumerate(await source.tactics(goal, _MODEL_TACTICS)):
            reading = read_answer(one.text)
            # A tactic is one sentence; what is more is a proof.
            if reading.script and len(reading.script) < _LONGEST_TACTIC:
                tactic = " ".join(reading.script.split())
                found.append(Move(tactic, 1 + at // 2))
                first, _, rest = tactic.partition(";")
                if rest and joins(f"{first.rstrip()}."):
                    found.append(Move(f"{first.rstrip()}.", 2 + at // 2))
        return found
