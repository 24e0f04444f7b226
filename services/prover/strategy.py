"""The order of work on one theorem: what is cheap and often enough comes first."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from coq_checker.client import Goal
from prover.answers import read_answer
from prover.backtrack import backtrack
from prover.budget import BudgetSpentError
from prover.context import Context
from prover.coq import CoqProblemError
from prover.events import Generated, ProofVerdict, Ran, Retrieved, StageCost, Started
from prover.final import Accepted, accept
from prover.portfolio import Effort, Filler, find_tools
from prover.ports import HelperError, ModelPort, Proposal, Question
from prover.runner import Runner
from prover.script import Node, parse, script
from prover.search import TIDY, Search, openings
from prover.side_by_side import side_by_side
from prover.task import ProveTask

# Shares of the budget that a stage may spend at the most. What a stage leaves is for those after it.
_CHEAP, _MODEL, _SKETCH, _SEARCH, _HAMMER = 0.05, 0.2, 0.17, 0.25, 0.45
# Begun proofs that are worked on further, and the holes that one may have.
_TREES, _MOST_HOLES = 10, 4
# An answer longer than this is cut in events.
_SHOWN = 65_536


@dataclass(frozen=True, slots=True)
class Result:
    """How the work ended."""

    verdict: ProofVerdict
    proof: Accepted | None = None
    how: str = ""
    message: str = ""


@dataclass(slots=True)
class _Tree:
    root: Node
    runner: Runner
    filler: Filler


def _open(root: Node) -> int:
    """How many holes a tree has."""
    return sum(1 for _ in root.holes())


class _Done(Exception):
    """A proof was accepted."""

    def __init__(self, proof: Accepted, how: str) -> None:
        self.proof = proof
        self.how = how


class Strategy:
    """The work on one theorem.

    Attributes:
        answers: how many of the model's answers were used.
        costs: what each stage took so far.
    """

    def __init__(self, task: ProveTask, context: Context, model: ModelPort | None) -> None:
        self.answers = 0
        self.costs: list[StageCost] = []
        self._task = task
        self._context = context
        self._model = model if task.use_model else None
        self._random = random.Random(task.seed)
        self._trees: list[_Tree] = []
        self._goal: Goal | None = None
        self._problem = ""
        self._best: tuple[int, int, str] | None = None

    async def work(self) -> Result:
        """Proves the theorem, or says why not.

        Raises:
            CoqProblemError: it cannot be worked on.
        """
        context = self._context
        try:
            with self._counted("start"):
                await self._start()
            stages: list[tuple[str, Callable[[], Awaitable[None]], float]] = [
                ("cheap", self._cheap, _CHEAP),
                ("model", self._generate, _MODEL),
                ("light", self._light, _CHEAP),
                ("openings", self._sketch, _SKETCH),
                ("hammer", self._hammer, _HAMMER),
                ("strong", self._strong, 0.1),
                ("holes", self._fill_trees, 0.5),
                ("search", self._search, _SEARCH),
                ("search", self._search_on, 1.0),
            ]
            for name, stage, share in stages:
                try:
                    with self._counted(name), context.coq.budget.stage(share * context.coq.budget.total_s):
                        await stage()
                except BudgetSpentError:
                    if context.coq.budget.exhausted:
                        raise
        except BudgetSpentError:
            return Result(ProofVerdict.TIMEOUT, message=self._problem or "the budget was spent.")
        except _Done as done:
            return Result(ProofVerdict.PROVED, done.proof, done.how)
        return Result(ProofVerdict.NOT_PROVED, message=self._problem or "nothing that was tried proves it.")

    @contextmanager
    def _counted(self, name: str) -> Iterator[None]:
        """Notes what a stage takes, however it ends."""
        context = self._context
        cpu_s, now_s = context.coq.budget.spent_s, context.now_s
        try:
            yield
        finally:
            self.costs.append(StageCost(name, context.coq.budget.spent_s - cpu_s, context.now_s - now_s))

    def best_partial(self) -> tuple[str, int]:
        """The unfinished proof with the fewest holes and the most done, and how many holes it has."""
        for tree in self._trees:
            self._note(tree)
        return (self._best[2], self._best[0]) if self._best is not None else ("", 0)

    def _note(self, tree: _Tree) -> None:
        """Keeps a tree's text if it is the best so far: backtracking takes away what was built."""
        root = tree.root
        if not root.tactic:
            return
        found = (_open(root), -sum(1 for _ in root.nodes()), script(root, ending="Admitted."))
        if self._best is None or found < self._best:
            self._best = found

    async def _start(self) -> None:
        context = self._context
        statement = await context.coq.statement()
        seen = await context.coq.run("", cpu_ms=10_000, prelude="")
        if not seen.passed or not seen.goals:
            raise CoqProblemError(seen.message or "the statement has no goal.")
        self._goal = seen.goals[0]
        context.emit(Started(context.now_s, statement, seen.goals))
        context.tools = await find_tools(context.coq, context.settings, hammer=self._task.hammer)
        context.coq.prelude = context.tools.prelude
        await self._retrieve()
        self._seen = seen

    def _tree(self, *, repair: bool = True) -> _Tree:
        runner = Runner(self._context, len(self._trees), repair=repair)
        return _Tree(Node(self._goal), runner, Filler(self._context, runner))

    async def _question(self) -> Question:
        """The theorem's goal, printed as the model was made for."""
        assert self._goal is not None
        task = self._task
        goal = self._goal
        if task.printing != "default":
            seen = await self._context.coq.run("", cpu_ms=10_000, printing=task.printing)
            goal = seen.goals[0] if seen.goals else goal
        return Question(task.target, goal, task.layout, task.printing, task.seed)

    async def _finish(self, tree: _Tree) -> None:
        """Has a finished tree checked.

        Raises:
            _Done: it is accepted.
        """
        if not tree.root.done:
            return
        accepted = await accept(self._context, script(tree.root))
        if accepted is not None:
            how = dict.fromkeys(node.how for node in tree.root.nodes() if node.how)
            raise _Done(accepted, "+".join(how))

    async def _cheap(self) -> None:
        tree = self._tree()
        if await tree.filler.fill(tree.root, Effort.MEDIUM):
            await self._finish(tree)

    async def _retrieve(self) -> None:
        context = self._context
        if not self._task.retrieval:
            return
        found = await context.library.of(self._goal)
        context.emit(Retrieved(context.now_s, found.names, context.library.problem))

    async def _generate(self) -> None:
        """The model's proofs: each as it stands, then each goal by goal, then the holes of the best."""
        scripts: dict[str, None] = {}
        for number, proposal in enumerate(await self._proposals()):
            reading = read_answer(proposal.text, self._context.settings.max_answer_bytes)
            shown = proposal.text if len(proposal.text) <= _SHOWN else proposal.text[:_SHOWN] + " ..."
            now_s = self._context.now_s
            self._context.emit(Generated(now_s, number, shown, reading.script, proposal.score, reading.problem))
            self.answers += 1
            if reading.script:
                scripts[reading.script] = None
        jobs = self._context.coq.jobs
        await side_by_side([partial(self._whole, text) for text in scripts], jobs)
        trees = await side_by_side([partial(self._grown, text) for text in scripts], jobs)
        for effort in (Effort.MEDIUM, Effort.LIGHT):
            for tree in sorted(trees, key=lambda one: _open(one.root)):
                if await tree.filler.fill_all(tree.root, effort):
                    await self._finish(tree)

    async def _proposals(self) -> tuple[Proposal, ...]:
        if self._model is None or self._task.samples == 0:
            return ()
        question = await self._question()
        try:
            async with asyncio.timeout(self._context.settings.model_timeout_s):
                answers = await self._model.proofs(question, self._task.samples)
        except (HelperError, TimeoutError) as error:
            said = str(error) or "it did not answer in time"
            self._problem = f"the model gave no answer ({said}); nothing else proves it."
            self._context.emit(Generated(self._context.now_s, 0, "", "", 0.0, said))
            return ()
        self._context.asked.add(answers)
        return answers.proposals if self._task.samples is None else answers.proposals[: self._task.samples]

    async def _whole(self, text: str) -> None:
        """A proposed proof as it stands."""
        context = self._context
        seen = await context.coq.run(text, cpu_ms=2 * context.settings.step_cpu_ms)
        if seen.complete:
            accepted = await accept(context, "\n".join(["Proof.", text, "Qed."]))
            if accepted is not None:
                raise _Done(accepted, "model")

    async def _grown(self, text: str) -> _Tree:
        """A proposed proof run goal by goal."""
        tree = self._tree()
        self._trees.append(tree)
        await tree.runner.run(tree.root, parse(text, self._context.settings.max_sentences))
        await tree.filler.fill_all(tree.root, Effort.QUICK)
        await self._finish(tree)
        return tree

    async def _light(self) -> None:
        tree = self._tree()
        if await tree.filler.fill(tree.root, Effort.LIGHT):
            await self._finish(tree)

    async def _sketch(self) -> None:
        assert self._goal is not None
        library = await self._context.library.of(self._goal)
        works = [partial(self._opened, opening) for opening in openings(self._goal, library.definitions)]
        await side_by_side(works, self._context.coq.jobs)

    async def _opened(self, opening: str) -> None:
        """One opening, with what is cheap on the goals that it leaves."""
        tree = self._tree()
        outcome = await tree.runner.try_on(tree.root, opening)
        if not outcome.passed or outcome.count > 12 or outcome.goals[:1] == (self._goal,):
            return
        self._context.emit(Ran(self._context.now_s, tree.runner.attempt, opening, True, outcome.count))
        await tree.runner.use(tree.root, opening, "search", outcome)
        self._trees.append(tree)
        for hole in list(tree.root.holes()):
            if not (hole.is_hole and hole.attached) or await tree.filler.fill(hole, Effort.QUICK):
                continue
            tidied = await tree.runner.try_on(hole, TIDY)
            if tidied.passed and not (tidied.count == 1 and tidied.goals[0] == hole.goal):
                await tree.runner.use(hole, TIDY, "search", tidied)
        await tree.filler.fill_all(tree.root, Effort.LIGHT)
        await self._finish(tree)

    async def _strong(self) -> None:
        tree = self._tree()
        if await tree.filler.fill(tree.root, Effort.STRONG):
            await self._finish(tree)

    async def _search(self, last: int = 6) -> None:
        tree = self._tree()
        self._trees.append(tree)
        search = Search(self._context, tree.runner, tree.filler, model=self._model, question=await self._question())
        if await search.run(tree.root, last):
            await self._finish(tree)

    async def _search_on(self) -> None:
        await self._search(16)

    async def _hammer(self) -> None:
        tree = self._tree()
        if await tree.filler.fill(tree.root, Effort.HAMMER):
            await self._finish(tree)

    async def _fill_tree(self, tree: _Tree, effort: Effort) -> None:
        """The holes of one tree, if they are few."""
        holes = list(tree.root.holes())
        if len(holes) > _MOST_HOLES:
            return
        for hole in holes:
            if hole.is_hole and hole.attached and not await tree.filler.fill(hole, effort):
                break
        await self._finish(tree)

    async def _fill_trees(self) -> None:
        """The holes of what was begun, those with the fewest first; one that stays open ends the work on its tree."""
        ranked = sorted((one for one in self._trees if one.root.tactic), key=lambda one: _open(one.root))
        for effort in (Effort.STRONG, Effort.HAMMER):
            works = [partial(self._fill_tree, tree, effort) for tree in ranked[:_TREES]]
            await side_by_side(works, self._context.coq.jobs)
        if self._task.backtrack:
            for tree in ranked[:_TREES]:
                self._note(tree)
                if await backtrack(self._context, tree.filler, tree.root, Effort.HAMMER):
                    await self._finish(tree)
