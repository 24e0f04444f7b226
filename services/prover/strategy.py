"""The order of work on one theorem: what is cheap and often enough comes first."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from coq_checker.client import Goal
from prover.answers import read_answer
from prover.backtrack import backtrack
from prover.budget import BudgetSpentError
from prover.codes import ErrorCode
from prover.context import Context
from prover.coq import CoqProblemError
from prover.events import Generated, ProofVerdict, Retrieved, Stage, StageCost, Started
from prover.final import Accepted, accept
from prover.portfolio import Effort, find_tools
from prover.ports import ModelPort
from prover.reorder import reorder
from prover.script import parse
from prover.search import LAST, SHORT, TIDY, Search, openings, steps_back
from prover.side_by_side import side_by_side
from prover.sources import Source
from prover.task import ProveTask
from prover.trees import Done, Tree, Trees

# Holes that a begun proof may have to be worked on further.
_MOST_HOLES = 4
# An answer longer than this is cut in events.
_SHOWN = 65_536


@dataclass(frozen=True, slots=True)
class Result:
    """How the work ended."""

    verdict: ProofVerdict
    proof: Accepted | None = None
    how: str = ""
    message: str = ""


class Strategy:
    """The work on one theorem.

    Args:
        task: what is asked.
        context: what the parts share.
        model: what proposes proofs; None for nothing.
        neighbours: what is asked for proofs after the model, and for tactics where the model offers none; None for
            nothing.

    Attributes:
        trees: the proofs that are begun.
        answers: how many of the model's answers were used.
        costs: what each stage took so far.
    """

    def __init__(
        self, task: ProveTask, context: Context, model: ModelPort | None, neighbours: ModelPort | None = None
    ) -> None:
        self.answers = 0
        self.trees = Trees(context)
        self.costs: list[StageCost] = []
        self._task = task
        self._context = context
        self._model: Source | None = None
        self._neighbours: Source | None = None
        if task.use_model and model is not None:
            self._model = Source(context, model, task, samples=task.samples, layout=task.layout, printing=task.printing)
        if task.use_model and task.retrieval and task.neighbours and neighbours is not None:
            self._neighbours = Source(context, neighbours, task, how="neighbours", counted=False)
        self._goal: Goal | None = None
        self._searched: tuple[Tree, Search] | None = None

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
                ("search", partial(self._search, SHORT), 0.15),
                ("strong", partial(self._root, Effort.STRONG), 0.15),
                ("backtrack", self._backtrack, 0.3),
                ("search", partial(self._search, LAST), 1.0),
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
        except Done as done:
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

    async def _start(self) -> None:
        context = self._context
        statement = await context.coq.statement()
        seen = await context.coq.run("", cpu_ms=10_000, prelude="")
        if not seen.passed or not seen.goals:
            code = ErrorCode.UNAVAILABLE if seen.unjudged else ErrorCode.ENVIRONMENT
            raise CoqProblemError(seen.message or "the statement has no goal.", code)
        self._goal = seen.goals[0]
        context.emit(Started(context.now_s, statement, seen.goals))
        context.tools = await find_tools(context.coq, context.settings, hammer=self._task.hammer)
        context.coq.prelude = context.tools.prelude
        await self._retrieve()

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

    async def _root(self, effort: Effort, least: Effort = Effort.QUICK) -> None:
        """The statement itself, with what takes at most `effort` and at least `least`."""
        tree = self.trees.new(self._goal)
        if await tree.filler.fill(tree.root, effort, least=least):
            await self.trees.finish(tree)

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
            for tree in sorted(trees, key=lambda one: one.open):
                if await tree.filler.fill_all(tree.root, effort):
                    await self.trees.finish(tree)
        for tree in trees:
            if await reorder(tree.runner, tree.filler, tree.root, Effort.MEDIUM):
                await self.trees.finish(tree)

    async def _whole(self, text: str, how: str) -> None:
        """A proposed proof as it stands."""
        context = self._context
        seen = await context.coq.run(text, cpu_ms=context.settings.step_cpu_ms)
        if seen.complete:
            accepted = await accept(context, "\n".join(["Proof.", text, "Qed."]))
            if accepted is not None:
                raise Done(accepted, how)

    async def _grown(self, text: str, how: str) -> Tree:
        """A proposed proof run goal by goal."""
        tree = self.trees.new(self._goal, how, keep=True)
        await tree.runner.run(tree.root, parse(text, self._context.settings.max_sentences))
        await tree.filler.fill_all(tree.root, Effort.QUICK)
        await self.trees.finish(tree)
        return tree

    async def _begun(self) -> None:
        """Every opening once, each with one round of tactics on what it leaves."""
        assert self._goal is not None
        works = [partial(self._begin, opening) for opening in dict.fromkeys(("intros.", *openings(self._goal)))]
        await side_by_side(works, self._context.coq.jobs)

    async def _begin(self, opening: str) -> None:
        tree = self.trees.new(self._goal)
        outcome = await tree.filler.fill_begun(tree.root, opening)
        if outcome is not None:
            tree.runner.said(tree.root, opening, outcome)
            self.trees.keep(tree)
            await self.trees.finish(tree)

    async def _sketch(self) -> None:
        """Every opening once, with more work on the goals that it leaves."""
        assert self._goal is not None
        await self._each(openings(self._goal))

    async def _step_back(self) -> None:
        """One step back with each of the likeliest premises."""
        await self._each(steps_back((await self._context.library.of(self._goal)).names))

    async def _each(self, begins: list[str]) -> None:
        await side_by_side([partial(self._opened, one) for one in begins], self._context.coq.jobs)

    async def _opened(self, opening: str) -> None:
        """One opening, with what is cheap on the goals that it leaves."""
        tree = self.trees.new(self._goal)
        outcome = await tree.runner.try_on(tree.root, opening)
        if not outcome.passed or outcome.count > 12 or outcome.goals[:1] == (self._goal,):
            return
        tree.runner.said(tree.root, opening, outcome)
        await tree.runner.use(tree.root, opening, "search", outcome)
        self.trees.keep(tree)
        for hole in list(tree.root.holes()):
            if not (hole.is_hole and hole.attached) or await tree.filler.fill(hole, Effort.QUICK):
                continue
            tidied = await tree.runner.try_on(hole, TIDY)
            if tidied.passed and not (tidied.count == 1 and tidied.goals[0] == hole.goal):
                await tree.runner.use(hole, TIDY, "search", tidied)
        if not await tree.filler.fill_all(tree.root, Effort.LIGHT):
            await reorder(tree.runner, tree.filler, tree.root, Effort.LIGHT)
        await self.trees.finish(tree)

    async def _search(self, last: int) -> None:
        """The search, which goes on where it was."""
        if self._searched is None:
            tree = self.trees.new(self._goal, keep=True)
            search = Search(self._context, tree.runner, tree.filler, source=await self._tactician())
            self._searched = tree, search
        tree, search = self._searched
        if tree.root.tactic:
            self.trees.note(tree)
            tree.runner.undo(tree.root)
        while await search.run(tree.root, last):
            await self.trees.finish(tree)
            if not search.refuse(tree.root):
                return

    async def _tactician(self) -> Source | None:
        """Who is asked for tactics."""
        if self._model is not None and await self._model.offers_tactics():
            return self._model
        return self._neighbours

    async def _fill_tree(self, tree: Tree, effort: Effort) -> None:
        """The holes of one tree, if they are few."""
        holes = list(tree.root.holes())
        if len(holes) > _MOST_HOLES:
            return
        for hole in holes:
            if hole.is_hole and hole.attached and not await tree.filler.fill(hole, effort):
                break
        await self.trees.finish(tree)

    async def _fill_trees(self) -> None:
        """The holes of what was begun; one that stays open ends the work on its tree."""
        works = [partial(self._fill_tree, tree, Effort.HAMMER) for tree in self.trees.ranked()]
        await side_by_side(works, self._context.coq.jobs)

    async def _backtrack(self) -> None:
        """The same with more effort, and with goals above given another try."""
        works = [partial(self._fill_tree, tree, Effort.STRONG) for tree in self.trees.ranked()]
        await side_by_side(works, self._context.coq.jobs)
        for tree in self.trees.ranked() if self._task.backtrack else ():
            self.trees.note(tree)
            if await backtrack(self._context, tree.filler, tree.root, Effort.HAMMER):
                await self.trees.finish(tree)
