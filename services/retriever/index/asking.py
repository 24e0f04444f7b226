"""What only Coq knows, asked of a checker service: types as Coq prints them, and the goals that proofs met."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from coq_checker.client import (
    CheckerClient,
    CheckerError,
    EnvironmentFailedError,
    InvalidRequestError,
    NotFoundError,
    Options,
    Reason,
    Session,
    State,
    StepFailedError,
)
from coqdata.sentence import split
from coqdata.words import words
from retriever.index.record import Hypothesis, Step
from retriever.index.source import SourceFile, Unit

_THEOREMS = " | ".join(
    f"is:{word}" for word in ("Theorem", "Lemma", "Fact", "Remark", "Property", "Proposition", "Corollary")
)
_ANSWER = re.compile(r"([^\s:]+):\s+(.*)", re.DOTALL)
_CHECKED = re.compile(r"\S+\s+:\s+(.*)", re.DOTALL)
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


@dataclass(frozen=True, slots=True)
class Listing:
    """What Coq says of a library.

    Attributes:
        printed: all that it defines.
        problem: why Coq could not load or list it, in Coq's words; empty where it could.
    """

    printed: tuple[Printed, ...] = ()
    problem: str = ""


class Asker(Protocol):
    """Who knows what Coq knows."""

    async def printed(self, unit: Unit, files: Sequence[tuple[SourceFile, bytes]]) -> dict[str, Listing]:
        """All that these files (with their texts) define, by logical name."""

    async def steps(self, unit: Unit, file: SourceFile, text: bytes) -> dict[int, tuple[tuple[Step, ...], str]]:
        """For the theorems of a file, by the byte where each begins: its steps, and why there are no more."""


class CheckerAsker:
    """Asks a checker service.

    Args:
        client: of a service that serves the projects to be indexed, under the names that their units have.
        toolchain: the name of the one that is asked about; empty: what each project needs, and for libraries the
            service's default.
    """

    def __init__(self, client: CheckerClient, toolchain: str = "") -> None:
        self._client = client
        self._toolchain = toolchain

    async def printed(self, unit: Unit, files: Sequence[tuple[SourceFile, bytes]]) -> dict[str, Listing]:
        """See Asker. Raises a CheckerError when the service itself fails."""
        try:
            return await self._printed(unit, files)
        except CheckerError as error:
            if not of_the_file(error):
                raise
            if len(files) == 1:
                return {files[0][0].library: Listing(problem=" ".join(str(error).split()))}
        # Libraries that cannot be loaded together, or one that cannot be loaded at all: each on its own.
        found: dict[str, Listing] = {}
        for one in files:
            found |= await self.printed(unit, [one])
        return found

    async def _printed(self, unit: Unit, files: Sequence[tuple[SourceFile, bytes]]) -> dict[str, Listing]:
        context = "".join(f"Require {file.library}.\n" for file, _ in files)
        project = unit.name if unit.project else ""
        session = await self._client.session(
            context=context, project=project, toolchain=self._toolchain, options=_OPTIONS
        )
        async with session:
            return {file.library: Listing(tuple(await _library(session, file.library, text))) for file, text in files}

    async def steps(self, unit: Unit, file: SourceFile, text: bytes) -> dict[int, tuple[tuple[Step, ...], str]]:
        """See Asker. Raises a CheckerError when the file cannot be traced."""
        source = text.decode("utf-8", "replace")
        answers = (
            self._client.trace_file(project=unit.name, file=file.path, toolchain=self._toolchain, options=_OPTIONS)
            if unit.project
            else self._client.trace_file(
                text=source, logical_name=file.library, toolchain=self._toolchain, options=_OPTIONS
            )
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


def of_the_file(error: CheckerError) -> bool:
    """Whether a call failed for what it was asked, and not for the state that the service is in."""
    if isinstance(error, StepFailedError):
        return error.reason is not Reason.UNAVAILABLE
    return isinstance(error, EnvironmentFailedError | InvalidRequestError | NotFoundError)


async def _library(session: Session, library: str, text: bytes) -> list[Printed]:
    """All that a library defines, with the types that it would print itself as far as Coq prints them."""
    everything = await _listed(session, session.start, f"Search _ inside {library}.")
    theorems = {name for name, _ in await _listed(session, session.start, f"Search [{_THEOREMS}] inside {library}.")}
    types = {full: (shown, name in theorems) for name, shown in everything for full in [_full(library, name)]}
    by_last: dict[str, list[str]] = {}
    for full in types:
        by_last.setdefault(full.rpartition(".")[2], []).append(full)
    for name, shown in await _inside(session, library, text):
        # Of several that end like this the shortest is what the short name means after the import.
        ends = [one for one in by_last.get(name.rpartition(".")[2], ()) if f".{one}".endswith(f".{name}")]
        if ends:
            full = min(ends, key=len)
            types[full] = (shown, types[full][1])
    return [Printed(full, shown[:_TYPE_CHARS], theorem) for full, (shown, theorem) in types.items()]


async def _inside(session: Session, library: str, text: bytes) -> list[tuple[str, str]]:
    """Names and types of what a library defines as they are printed once it is imported, as far as they can be."""
    everything = f"Search _ inside {library}."
    scopes = [f"Local Open Scope {scope.decode()}." for scope in dict.fromkeys(_SCOPE.findall(text))]
    imported = await _try(session, session.start, f"Import {library}.")
    if imported.number == session.start.number:
        return []
    inside = await _all_tried(session, imported, scopes)
    try:
        return await _search(session, inside, everything)
    except StepFailedError as error:
        if not of_the_file(error):
            raise
    # A notation may rest on one that the library imports and does not export: then Coq cannot print it without.
    imports = [*_imports(text), f"Import {library}.", *scopes]
    inside = await _all_tried(session, session.start, imports)
    try:
        return await _listed(session, inside, everything)
    except StepFailedError as error:
        if not of_the_file(error):
            raise
        return []  # the types as they are printed without the import


async def _listed(session: Session, state: State, command: str) -> list[tuple[str, str]]:
    """What a `Search` finds. Where Coq cannot print it all, each type on its own, without notations where need be.

    Raises:
        StepFailedError: it cannot be listed at all.
    """
    try:
        return await _search(session, state, command)
    except StepFailedError as error:
        if not of_the_file(error):
            raise
        plain = await _try(session, state, "Unset Printing Notations.")
        if plain.number == state.number:
            raise
    found = []
    for name, shown in await _search(session, plain, command):
        try:
            answer = _CHECKED.fullmatch("".join(await session.query(state, f"Check @{name}.")).strip())
        except StepFailedError as error:
            if not of_the_file(error):
                raise
            answer = None
        found.append((name, " ".join(answer[1].split()) if answer is not None else shown))
    return found


def _imports(text: bytes) -> Iterable[str]:
    """The sentences by which a file imports others."""
    for sentence in split(text).sentences:
        said = text[sentence.start : sentence.end]
        if not said.startswith((b"Require", b"From", b"Import", b"Export")):
            continue
        if {b"Import", b"Export"} & set(words(said, 0, 8)):
            yield said.decode("utf-8", "replace")


async def _search(session: Session, state: State, command: str) -> list[tuple[str, str]]:
    found = []
    for message in await session.query(state, command):
        answer = _ANSWER.fullmatch(message.strip())
        if answer is not None and not answer[1].startswith("("):
            found.append((answer[1], " ".join(answer[2].split())))
    return found


async def _all_tried(session: Session, state: State, commands: Iterable[str]) -> State:
    for command in commands:
        state = await _try(session, state, command)
    return state


async def _try(session: Session, state: State, command: str) -> State:
    try:
        return await session.run(state, command, want_goals=False)
    except CheckerError as error:
        if not of_the_file(error):
            raise
        return state


def _full(library: str, name: str) -> str:
    """The full name of what a library that is required and not imported shows as `name`."""
    parts = library.split(".")
    for at in range(len(parts)):
        prefix = ".".join(parts[at:]) + "."
        if name.startswith(prefix):
            return f"{library}.{name[len(prefix) :]}"
    return f"{library}.{name}"
