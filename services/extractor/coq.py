"""What is asked of the checker for one file: which of its proofs it accepts, the goals, and whether rests hold."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from coq_checker.client import CheckerClient, CheckItem, Goal, Options, ProofResult, TheoremInfo, TheoremRef, Verdict
from extractor.model import SourceFile
from extractor.rests import Rest, Step, braced, rests, text_of

_K = TypeVar("_K")
# Proofs of files take what they take; the checker's own maximum ends the rest.
_CPU_MS = 600_000
_WALL_MS = 1_800_000
_GOALS_BYTES = 1 << 20
# The proofs are their project's own, as in the check of a file.
_LIMITS = Options(cpu_ms=_CPU_MS, wall_ms=_WALL_MS, goals_bytes=_GOALS_BYTES, soundness="report")


@dataclass(frozen=True, slots=True)
class StepExample:
    """The rest of a proof from one goal on; `at` is the number of its first sentence in the proof."""

    at: int
    goal: Goal
    proof: str


class FileChecks:
    """Asks a checker about one file of a project that it serves.

    Every method raises a CheckerError where the file, or the checker, fails as a whole.
    """

    def __init__(self, client: CheckerClient, file: SourceFile, profile: str) -> None:
        self._client = client
        self._project = file.project
        self._path = file.path
        self._toolchain = file.toolchain
        self._profile = profile

    async def judged(self) -> AsyncIterator[tuple[TheoremInfo, ProofResult]]:
        """Every theorem with the verdict on the proof that stands there, in one pass over the file."""
        async for one in self._client.check_file(
            project=self._project, file=self._path, toolchain=self._toolchain, options=_LIMITS
        ):
            yield one.theorem, one.result

    async def goals(self, indexes: Sequence[int], printing: str = "") -> dict[int, tuple[Goal, ...]]:
        """The goals at the beginning of proofs, read in forks of the session that executed the file.

        `printing` goes before the profile of the examples.
        """
        options = Options(
            partial=True,
            want_goals=True,
            printing=printing or self._profile,
            cpu_ms=_CPU_MS,
            wall_ms=_WALL_MS,
            goals_bytes=_GOALS_BYTES,
            soundness="report",
        )
        answers = await self._ask({index: ("idtac.", self._ref(index)) for index in indexes}, options)
        return {index: result.goals for index, result in answers.items()}

    async def goals_on_the_way(self, printing: str) -> dict[tuple[int, int], Goal]:
        """The first goal before each sentence of each proof, under a profile: by theorem and sentence."""
        answers = self._client.trace_file(
            project=self._project, file=self._path, toolchain=self._toolchain, printing=printing, options=_LIMITS
        )
        return {
            (one.theorem.index, at): step.goals[0]
            async for one in answers
            for at, step in enumerate(one.steps)
            if step.goals
        }

    async def accepted(self, proofs: Mapping[int, str]) -> set[int]:
        """Those of the theorems whose proof, given as a text of its own, is accepted."""
        answers = await self._ask({index: (text, self._ref(index)) for index, text in proofs.items()}, _LIMITS)
        return {index for index, result in answers.items() if result.proved}

    async def steps(self, indexes: Sequence[int]) -> tuple[dict[int, list[StepExample]], int, int]:
        """For these theorems the rests of their proofs that the checker accepts; how many there were and held.

        One run tells for most theorems that all rests hold; where it does not, each is tried on its own.
        """
        wanted = set(indexes)
        traced: dict[int, tuple[list[Step], list[Rest], list[Goal]]] = {}
        answers = self._client.trace_file(
            project=self._project, file=self._path, toolchain=self._toolchain, printing=self._profile, options=_LIMITS
        )
        async for one in answers:
            if one.theorem.index in wanted and not one.problem:
                steps = [Step(step.text, step.goal_count) for step in one.steps]
                goals = [step.goals[0] if step.goals else Goal((), "") for step in one.steps]
                found = [rest for rest in rests(steps) if not goals[rest.start].truncated]
                if found:
                    traced[one.theorem.index] = (steps, found, goals)
        whole = {index: braced(steps, found) for index, (steps, found, _) in traced.items()}
        asked = {index: (text, self._ref(index)) for index, text in whole.items() if text is not None}
        held = {index for index, result in (await self._ask(asked, _LIMITS)).items() if result.proved}
        single: dict[tuple[int, int], tuple[str, TheoremRef]] = {}
        for index, (steps, found, _) in traced.items():
            if index not in held:
                for rest in found:
                    before, after = text_of(steps, 0, rest.start), text_of(steps, rest.start, rest.end)
                    single[index, rest.start] = (f"{before}\n{{ {after}\n}}", self._ref(index))
        options = Options(partial=True, cpu_ms=60_000, wall_ms=_WALL_MS, soundness="report")
        alone = await self._ask(single, options)
        fine = {key for key, result in alone.items() if result.verdict in (Verdict.PROVED, Verdict.INCOMPLETE)}
        accepted: dict[int, list[StepExample]] = {}
        for index, (steps, found, goals) in traced.items():
            accepted[index] = [
                StepExample(rest.start, goals[rest.start], text_of(steps, rest.start, rest.end))
                for rest in found
                if index in held or (index, rest.start) in fine
            ]
        return accepted, sum(len(found) for _, found, _ in traced.values()), sum(map(len, accepted.values()))

    def _ref(self, index: int) -> TheoremRef:
        return TheoremRef(self._project, file=self._path, index=index, toolchain=self._toolchain)

    async def _ask(self, asked: Mapping[_K, tuple[str, TheoremRef]], options: Options) -> dict[_K, ProofResult]:
        keys = list(asked)
        items = (CheckItem(str(at), asked[key][1], asked[key][0], options=options) for at, key in enumerate(keys))
        return {keys[int(name)]: result async for name, result in self._client.check_proofs(items)}
