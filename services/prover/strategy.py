"""The order of work on one theorem: what is cheap and often enough comes first."""

import itertools
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
from prover.events import Generated, ProofVerdict, Retrieved, Stage, StageCost, Started
from prover.final import Accepted, accept
from prover.portfolio import Effort, Filler, find_tools
from prover.ports import ModelPort
from prover.reorder import reorder
from prover.runner import Runner
from prover.script import Node, parse, script
from prover.search import TIDY, Search, openings, steps_back
from prover.side_by_side import side_by_side
from prover.sources import Source
from prover.task import ProveTask

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

    Args:
        task: what is asked.
        context: what the parts share.
        model: what proposes proofs; None for nothing.
        neighbours: what is asked for proofs after the model, and for tactics where the model offers none; None for
            nothing.

    Attributes:
        answers: how many of the model's answers were used.
        costs: what each stage took so far.
    """

    def __init__(
        self, task: ProveTask, context: Context, model: ModelPort | None, neighbours: ModelPort | None = None
    ) -> None:
        self.answers = 0
        self.costs: list[StageCost] = []
        self._task = task
        self._context = context
        self._model: Source | None = None
        self._neighbours: Source | None = None
        if task.use_model and model is not None:
            self._model = Source(context, model, task, samples=task.samples, layout=task.layout, printing=task.printing)
        if task.use_model and task.retrieval and task.neighbours and neighbours is not None:
            self._neighbours = Source(context, neighbours, task, how="neighbours", counted=False)
        self._trees: list[_Tree] = []
        self._numbers = itertools.count()
        self._goal: Goal | None = None
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
                ("cheap", partial(self._root, Effort.MEDIUM), 0.05),
                ("model", partial(self._generate, self._model), 0.12),
                ("neighbours", partial(self._generate, self._neighbours), 0.12),
                ("begun", self._begun, 0.1),
                ("light", partial(self._root, Effort.LIGHT), 0.05),
                ("premises", self._step_back, 0.1),
                ("hammer", partial(self._root, Effort.FULL, Effort.FULL), 0.42),
                ("openings", self._sketch, 0.12),
                ("holes", self._fill_trees, 0.4),
                ("search", self._search, 0.15),
                ("strong", partial(self._root, Effort.STRONG), 0.15),
                ("backtrack", self._backtrack, 0.3),
                ("search", self._search_on, 1.0),
            ]
            if self._neighbours is None:
                stages = [one for one in stages if one[0] != "neighbours"]
            for name, stage, share in stages:
                context.emit(Stage(context.now_s, name, context.coq.budget.spent_s, context.coq.budget.total_s))
                try:
                    with self._counted(name), context.coq.budget.stage(share * context.coq.budget.total_s):
                        await stage()
                except BudgetSpentError:
                    if context.coq.budget.exhausted:
                        raise
        except BudgetSpentError:
            return Result(ProofVerdict.TIMEOUT, message=self._problem() or "the budget was spent.")
        except _Done as done:
            return Result(ProofVerdict.PROVED, done.proof, done.how)
        return Result(ProofVerdict.NOT_PROVED, message=self._problem() or "nothing that was tried proves it.")

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

    def _tree(self, how: str = "model") -> _Tree:
        runner = Runner(self._context, next(self._numbers), how=how)
        return _Tree(Node(self._goal), runner, Filler(self._context, runner))

    def _problem(self) -> str:
        """What the model said in place of answers, as the message of a result."""
        why = self._model.problem if self._model is not None else ""
        return f"the model gave no answer ({why}); nothing else proves it." if why else ""

    async def _goal_for(self, source: Source) -> Goal:
        """The theorem's goal, printed as a source wishes."""
        assert self._goal is not None
        printing = await source.printing()
        if printing == "default":
            return self._goal
        seen = await self._context.coq.run("", cpu_ms=10_000, printing=printing)
        return seen.goals[0] if seen.goals else self._goal

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
        # One of these is wrong in a way that its goal did not show: none is taken for granted again.
        for node in tree.root.nodes():
            self._context.solved.pop(node.text, None)

    async def _root(self, effort: Effort, least: Effort = Effort.QUICK) -> None:
        """The statement itself, with what takes at most `effort` and at least `least`."""
        tree = self._tree()
        if await tree.filler.fill(tree.root, effort, least=least):
            await self._finish(tree)

    async def _retrieve(self) -> None:
        context = self._context
        if not self._task.retrieval:
            return
        found = await context.library.of(self._goal)
        context.emit(Retrieved(context.now_s, found.names, context.library.problem or found.problem))

    async def _generate(self, source: Source | None) -> None:
        """A source's proofs: each as it stands, then each goal by goal, then the holes of the best."""
        if source is None:
            return
        scripts: dict[str, None] = {}
        for number, proposal in enumerate(await source.proofs(await self._goal_for(source))):
            reading = read_answer(proposal.text, self._context.settings.max_answer_bytes)
            shown = proposal.text if len(proposal.text) <= _SHOWN else proposal.text[:_SHOWN] + " ..."
            now_s = self._context.now_s
            self._context.emit(
                Generated(now_s, number, shown, reading.script, proposal.score, reading.problem, source.how)
            )
            self.answers += source is self._model
            if reading.script:
                scripts[reading.script] = None
        jobs = self._context.coq.jobs
        await side_by_side([partial(self._whole, text, source.how) for text in scripts], jobs)
        trees = await side_by_side([partial(self._grown, text, source.how) for text in scripts], jobs)
        for effort in (Effort.MEDIUM, Effort.LIGHT):
            for tree in sorted(trees, key=lambda one: _open(one.root)):
                if await tree.filler.fill_all(tree.root, effort):
                    await self._finish(tree)
        for tree in trees:
            if await reorder(tree.runner, tree.filler, tree.root, Effort.MEDIUM):
                await self._finish(tree)

    async def _whole(self, text: str, how: str) -> None:
        """A proposed proof as it stands."""
        context = self._context
        seen = await context.coq.run(text, cpu_ms=context.settings.step_cpu_ms)
        if seen.complete:
            accepted = await accept(context, "\n".join(["Proof.", text, "Qed."]))
            if accepted is not None:
                raise _Done(accepted, how)

    async def _grown(self, text: str, how: str) -> _Tree:
        """A proposed proof run goal by goal."""
        tree = self._tree(how)
        self._trees.append(tree)
        await tree.runner.run(tree.root, parse(text, self._context.settings.max_sentences))
        await tree.filler.fill_all(tree.root, Effort.QUICK)
        await self._finish(tree)
        return tree

    async def _begun(self) -> None:
        """Every opening once, each with one round of tactics on what it leaves."""
        assert self._goal is not None
        works = [partial(self._begin, opening) for opening in dict.fromkeys(("intros.", *openings(self._goal)))]
        await side_by_side(works, self._context.coq.jobs)

    async def _begin(self, opening: str) -> None:
        tree = self._tree()
        outcome = await tree.filler.fill_begun(tree.root, opening)
        if outcome is not None:
            tree.runner.said(tree.root, opening, outcome)
            self._trees.append(tree)
            await self._finish(tree)

    async def _sketch(self) -> None:
        assert self._goal is not None
        library = await self._context.library.of(self._goal)
        works = [partial(self._opened, opening) for opening in openings(self._goal, library.definitions)]
        await side_by_side(works, self._context.coq.jobs)

    async def _step_back(self) -> None:
        """One step back with each of the likeliest premises."""
        assert self._goal is not None
        library = await self._context.library.of(self._goal)
        works = [partial(self._opened, opening) for opening in steps_back(library.names)]
        await side_by_side(works, self._context.coq.jobs)

    async def _opened(self, opening: str) -> None:
        """One opening, with what is cheap on the goals that it leaves."""
        tree = self._tree()
        outcome = await tree.runner.try_on(tree.root, opening)
        if not outcome.passed or outcome.count > 12 or outcome.goals[:1] == (self._goal,):
            return
        tree.runner.said(tree.root, opening, outcome)
        await tree.runner.use(tree.root, opening, "search", outcome)
        self._trees.append(tree)
        for hole in list(tree.root.holes()):
            if not (hole.is_hole and hole.attached) or await tree.filler.fill(hole, Effort.QUICK):
                continue
            tidied = await tree.runner.try_on(hole, TIDY)
            if tidied.passed and not (tidied.count == 1 and tidied.goals[0] == hole.goal):
                await tree.runner.use(hole, TIDY, "search", tidied)
        if not await tree.filler.fill_all(tree.root, Effort.LIGHT):
            await reorder(tree.runner, tree.filler, tree.root, Effort.LIGHT)
        await self._finish(tree)

    async def _search(self, last: int = 6) -> None:
        tree = self._tree()
        self._trees.append(tree)
        search = Search(self._context, tree.runner, tree.filler, source=await self._tactician())
        while await search.run(tree.root, last):
            await self._finish(tree)
            if not search.refuse(tree.root):
                return

    async def _tactician(self) -> Source | None:
        """Who is asked for tactics."""
        if self._model is not None and await self._model.offers_tactics():
            return self._model
        return self._neighbours

    async def _search_on(self) -> None:
        await self._search(24)

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
        """The holes of what was begun; one that stays open ends the work on its tree."""
        works = [partial(self._fill_tree, tree, Effort.HAMMER) for tree in self._ranked()]
        await side_by_side(works, self._context.coq.jobs)

    async def _backtrack(self) -> None:
        """The same with more effort, and with goals above given another try."""
        works = [partial(self._fill_tree, tree, Effort.STRONG) for tree in self._ranked()]
        await side_by_side(works, self._context.coq.jobs)
        for tree in self._ranked() if self._task.backtrack else ():
            self._note(tree)
            if await backtrack(self._context, tree.filler, tree.root, Effort.HAMMER):
                await self._finish(tree)

    def _ranked(self) -> list[_Tree]:
        """What was begun: few holes first, and where some goals are closed already before where none is."""
        begun = [one for one in self._trees if one.root.tactic]

        def key(tree: _Tree) -> float:
            closed = any(not node.is_hole and not node.children for node in tree.root.nodes())
            return _open(tree.root) - 0.5 * closed

        return sorted(begun, key=key)[:_TREES]
