"""Verifies the claimed proofs of an experiment, file by file.

All claimed proofs of a file are first compiled together, for a file that compiles with all of them has each of them
accepted in its place with everything after it. Together go only proofs that cannot help each other: opaque ones that
need the same prelude. What coqc refuses is taken out and judged alone in its file.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from coqdata.project import Project
from coqdata.source import read_source
from coqdata.theorem import Theorem
from evaluator.ports import CompilerPort, Refusal
from evaluator.record import Key, Record
from evaluator.store.values import Outcome, Verification
from evaluator.theorems import file_name, keyed
from evaluator.verify.texts import SUGGEST, Claim, Patched, alone, no_proof, patched, suggested

_NOT_DECLARED = "section variable"


class Verifier:
    """Verifies proofs.

    Args:
        compiler: coqc.
        projects: by name, those that the proofs are of.
    """

    def __init__(self, compiler: CompilerPort, projects: Mapping[str, Project]) -> None:
        self._compiler = compiler
        self._projects = projects

    async def verify(
        self, records: Iterable[Record], *, threads: int, told: Callable[[Verification], None]
    ) -> list[Verification]:
        """What coqc says of each of the proved records.

        Args:
            records: those with claimed proofs; others are left out.
            threads: files at one time.
            told: called with each answer.
        """
        files: dict[tuple[str, str], list[Record]] = {}
        for record in records:
            if record.proved:
                files.setdefault((record.project, record.file), []).append(record)
        room = asyncio.Semaphore(threads)
        found: list[Verification] = []

        async def one(project: str, file: str, mine: list[Record]) -> None:
            async with room:
                judged = await self._file(project, file, mine)
            for record in mine:
                outcome, message = judged[record.key]
                at = datetime.now(UTC).isoformat(timespec="seconds")
                answer = Verification(record.key, record.script, outcome, message, at)
                found.append(answer)
                told(answer)

        try:
            async with asyncio.TaskGroup() as group:
                for (project, file), mine in files.items():
                    group.create_task(one(project, file, mine))
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return found

    async def objection(self, record: Record) -> str:
        """Why coqc does not accept a record's proof in its file with all that follows; empty where it does.

        Empty, too, where that cannot be found out here.
        """
        try:
            (one,) = await self.verify([record], threads=1, told=lambda _: None)
        except OSError:  # no room for the file: the theorem is not to blame
            return ""
        return one.message or "coqc does not accept it." if one.outcome in (Outcome.ALONE, Outcome.REFUSED) else ""

    async def _file(self, name: str, file: str, records: Sequence[Record]) -> dict[Key, tuple[Outcome, str]]:
        project = self._projects.get(name)
        if project is None:
            return _all(records, Outcome.UNKNOWN, f"the project {name} is not on this machine.")
        path = next((one for one in project.files if file_name(project, one) == file), None)
        try:
            source = read_source(path) if path is not None else None
        except OSError:
            source = None
        if path is None or source is None:
            return _all(records, Outcome.UNKNOWN, f"the project {name} has no file {file} any longer.")
        there = dict(keyed(name, file, source))
        judged: dict[Key, tuple[Outcome, str]] = {}
        claims: list[Claim] = []
        for record in records:
            theorem = there.get(record.key)
            if theorem is None:
                judged[record.key] = Outcome.UNKNOWN, "the file does not have this theorem any longer."
            elif record.statement and record.statement != _statement(source, theorem):
                judged[record.key] = Outcome.UNKNOWN, "the theorem is stated otherwise now."
            elif why := no_proof(record.script, record.prelude):
                judged[record.key] = Outcome.REFUSED, why
            else:
                claims.append(Claim(record.key, theorem, record.script, record.prelude))
        return judged | await _Judge(self._compiler, name, path, source).judge(claims)


class _Judge:
    """Judges claims of one file."""

    def __init__(self, compiler: CompilerPort, project: str, path: Path, source: bytes) -> None:
        self._compiler = compiler
        self._project = project
        self._path = path
        self._source = source
        self._using: dict[int, str] = {}
        self._judged: dict[Key, tuple[Outcome, str]] = {}

    async def judge(self, claims: Sequence[Claim]) -> dict[Key, tuple[Outcome, str]]:
        """What coqc says of each."""
        try:
            if any(one.in_section for one in claims):
                await self._look([one.theorem for one in claims])
            for group in _groups(claims):
                await self._together(group)
        except Refusal as refusal:
            for one in claims:
                self._judged.setdefault(one.key, (Outcome.UNKNOWN, refusal.message))
        return self._judged

    async def _look(self, theorems: Sequence[Theorem]) -> None:
        """Finds out which section variables the original proofs use."""
        try:
            printed = await self._compile(SUGGEST + b"\n" + self._source)
        except Refusal as refusal:
            if refusal.passing:
                raise
        else:
            self._using = suggested(printed, theorems)

    async def _compile(self, text: bytes) -> str:
        return await self._compiler.compile(self._project, self._path, text)

    async def _refusal(self, text: Patched | bytes) -> Refusal | None:
        """Why a text is refused; None when it is accepted.

        Raises:
            Refusal: it could not be judged.
        """
        try:
            await self._compile(text if isinstance(text, bytes) else text.text)
        except Refusal as refusal:
            if refusal.passing:
                raise
            return refusal
        return None

    async def _together(self, claims: list[Claim]) -> None:
        if not claims:
            return
        text = patched(self._source, claims, self._using)
        refusal = await self._refusal(text)
        if refusal is None:
            self._judged |= {one.key: (Outcome.AGREES, "") for one in claims}
        elif len(claims) == 1:
            self._judged[claims[0].key] = await self._single(claims[0], text, refusal)
        elif (culprit := text.at(refusal.line)) is not None:
            await self._together([culprit])
            await self._together([one for one in claims if one is not culprit])
        else:
            middle = len(claims) // 2
            await self._together(claims[:middle])
            await self._together(claims[middle:])

    async def _single(self, claim: Claim, text: Patched, refusal: Refusal) -> tuple[Outcome, str]:
        """What is to be said of a claim that coqc refuses as it was put."""
        held = claim.theorem.start in self._using
        if held and text.at(refusal.line) is claim and _NOT_DECLARED in refusal.message:
            # It uses other section variables than the original: what follows may not mind.
            text = patched(self._source, [claim])
            why = await self._refusal(text)
            if why is None:
                return Outcome.AGREES, ""
            refusal = why
        inside = text.at(refusal.line) is claim
        scoped = patched(self._source, [claim], self._using, scoped=True)
        if not inside and claim.prelude and await self._refusal(scoped) is None:
            return Outcome.AGREES, ""
        reasons = [
            *(["counts on how the original proof is made"] if claim.transparent else []),
            *(["counts on the section variables of the original proof"] if held else []),
            *(["does not go with what its prelude loads"] if claim.prelude else []),
        ]
        if not inside and reasons and await self._refusal(alone(self._source, claim)) is None:
            why_not = " or ".join(reasons)
            return Outcome.ALONE, f"accepted in its place, but what follows {why_not}: {refusal.message}"
        if await self._refusal(self._source) is not None:
            # The file ends in an error of its own.
            if await self._refusal(alone(self._source, claim)) is None:
                return Outcome.ALONE, "accepted in its place, but the file does not compile with its own proofs either."
            return Outcome.REFUSED, f"coqc does not accept it: {refusal.message}"
        where = "it" if inside else "the rest of the file with it"
        return Outcome.REFUSED, f"coqc does not accept {where}: {refusal.message}"


def _groups(claims: Iterable[Claim]) -> list[list[Claim]]:
    """Claims that cannot help each other: opaque ones of one prelude together, others by themselves."""
    opaque: dict[str, list[Claim]] = {}
    single: list[list[Claim]] = []
    for claim in claims:
        if claim.transparent or claim.theorem.also:
            single.append([claim])
        else:
            opaque.setdefault(claim.prelude, []).append(claim)
    return [*opaque.values(), *single]


def _all(records: Iterable[Record], outcome: Outcome, message: str) -> dict[Key, tuple[Outcome, str]]:
    return {record.key: (outcome, message) for record in records}


def _statement(source: bytes, theorem: Theorem) -> str:
    return source[theorem.start : theorem.statement_end].decode("utf-8", "replace")
