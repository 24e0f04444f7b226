"""What only Coq knows, asked of a checker service: types as Coq prints them, and the goals that proofs met."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from coq_checker.client import CheckerClient, CheckerError, Options, Session, State
from retriever.index.record import Hypothesis, Step
from retriever.index.source import SourceFile, Unit

_THEOREMS = " | ".join(
    f"is:{word}" for word in ("Theorem", "Lemma", "Fact", "Remark", "Property", "Proposition", "Corollary")
)
_ANSWER = re.compile(r"([^\s:]+):\s+(.*)", re.DOTALL)
_SCOPE = re.compile(rb"^\s*(?:(?:Local|Global|#\[\w+\])\s+)?Open\s+Scope\s+([\w]+)", re.MULTILINE)
_OPTIONS = Options(cpu_ms=600_000, wall_ms=1_800_000)
_TYPE_CHARS = 20_000
_GOAL_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class Printed:
    """A constant, constructor or inductive type of a library, as Coq lists it.

    Attributes:
        name: fully qualified.
        type: as Coq prints it with the library imported.
        theorem: it was stated as a theorem, lemma or the like.
    """

    name: str
    type: str
    theorem: bool


class Asker(Protocol):
    """Who knows what Coq knows."""

    async def printed(self, unit: Unit, files: Sequence[tuple[SourceFile, bytes]]) -> dict[str, list[Printed]]:
        """All that these files (with their texts) define, by logical name; a file that Coq cannot load is not there."""

    async def steps(self, unit: Unit, file: SourceFile, text: bytes) -> dict[int, tuple[tuple[Step, ...], str]]:
        """For the theorems of a file, by the byte where each begins: its steps, and why there are no more."""


class CheckerAsker:
    """Asks a checker service.

    Args:
        client: of a service that serves the projects to be indexed, under the names that their units have.
    """

    def __init__(self, client: CheckerClient) -> None:
        self._client = client

    async def printed(self, unit: Unit, files: Sequence[tuple[SourceFile, bytes]]) -> dict[str, list[Printed]]:
        """See Asker. Raises a CheckerError when the service itself fails."""
        try:
            return await self._printed(unit, files)
        except CheckerError:
            if len(files) == 1:
                return {}
        # Libraries that cannot be loaded together, or one that cannot be loaded at all: each on its own.
        found: dict[str, list[Printed]] = {}
        for one in files:
            found |= await self.printed(unit, [one])
        return found

    async def _printed(self, unit: Unit, files: Sequence[tuple[SourceFile, bytes]]) -> dict[str, list[Printed]]:
        context = "".join(f"Require {file.library}.\n" for file, _ in files)
        project = unit.name if unit.project else ""
        session = await self._client.session(context=context, project=project, options=_OPTIONS)
        async with session:
            return {
                file.library: await self._library(session, file.library, _SCOPE.findall(text)) for file, text in files
            }

    async def _library(self, session: Session, library: str, scopes: Iterable[bytes]) -> list[Printed]:
        everything = await _search(session, session.start, f"Search _ inside {library}.")
        theorems = {
            name for name, _ in await _search(session, session.start, f"Search [{_THEOREMS}] inside {library}.")
        }
        types = {full: (shown, name in theorems) for name, shown in everything for full in [_full(library, name)]}
        inside = await _try(session, session.start, f"Import {library}.")
        for scope in dict.fromkeys(scopes):
            inside = await _try(session, inside, f"Local Open Scope {scope.decode()}.")
        if inside.number != session.start.number:
            by_last: dict[str, list[str]] = {}
            for full in types:
                by_last.setdefault(full.rpartition(".")[2], []).append(full)
            for name, shown in await _search(session, inside, f"Search _ inside {library}."):
                # Of several that end like this the shortest is what the short name means after the import.
                ends = [one for one in by_last.get(name.rpartition(".")[2], ()) if f".{one}".endswith(f".{name}")]
                if ends:
                    full = min(ends, key=len)
                    types[full] = (shown, types[full][1])
        return [Printed(full, shown[:_TYPE_CHARS], theorem) for full, (shown, theorem) in types.items()]

    async def steps(self, unit: Unit, file: SourceFile, text: bytes) -> dict[int, tuple[tuple[Step, ...], str]]:
        """See Asker. Raises a CheckerError when the file cannot be traced."""
        source = text.decode("utf-8", "replace")
        answers = (
            self._client.trace_file(project=unit.name, file=file.path, options=_OPTIONS)
            if unit.project
            else self._client.trace_file(text=source, logical_name=file.library, options=_OPTIONS)
        )
        found: dict[int, tuple[tuple[Step, ...], str]] = {}
        async for traced in answers:
            steps = []
            for one in traced.steps:
                if not one.goals:
                    continue
                goal = one.goals[0]
                hypotheses = tuple(Hypothesis(tuple(h.names), h.body, h.type) for h in goal.hypotheses)
                steps.append(Step(one.start, one.end, goal.conclusion[:_GOAL_CHARS], hypotheses, one.goal_count))
            found[traced.theorem.start] = (tuple(steps), traced.problem)
        return found


async def _search(session: Session, state: State, command: str) -> list[tuple[str, str]]:
    found = []
    for message in await session.query(state, command):
        answer = _ANSWER.fullmatch(message.strip())
        if answer is not None and not answer[1].startswith("("):
            found.append((answer[1], " ".join(answer[2].split())))
    return found


async def _try(session: Session, state: State, command: str) -> State:
    try:
        return await session.run(state, command, want_goals=False)
    except CheckerError:
        return state


def _full(library: str, name: str) -> str:
    """The full name of what a library that is required and not imported shows as `name`."""
    parts = library.split(".")
    for at in range(len(parts)):
        prefix = ".".join(parts[at:]) + "."
        if name.startswith(prefix):
            return f"{library}.{name[len(prefix) :]}"
    return f"{library}.{name}"
