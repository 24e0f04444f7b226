"""One candidate: read, passed through the gate, run and audited; or a script that proves a statement itself."""

import time
from dataclasses import dataclass, replace

from coq_checker.engine.api import Checked, CheckTask, CoqError, Kind
from coq_checker.engine.serapi.answers import Sentence
from coq_checker.engine.serapi.assumptions import Ended, audits
from coq_checker.engine.serapi.document import Document, Place
from coq_checker.engine.serapi.show import goals_at, nothing_left
from coq_checker.engine.serapi.statement import same_statement
from coq_checker.goals import Goals

_NOT_FOUND = CoqError("Coq did not say what was proved.")


@dataclass(frozen=True, slots=True)
class _Opened:
    """The place behind a statement, and what opened it."""

    start: Place
    setup: bytes
    statement: bytes
    place: Place


class _Stopped(Exception):
    """It is known what came of the candidate."""

    def __init__(self, outcome: Checked) -> None:
        super().__init__()
        self.outcome = outcome


class Candidates:
    """Checks of candidates in one document, which remembers the last statement."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._opened: _Opened | None = None

    async def check(self, task: CheckTask, start: Place) -> Checked:
        """What comes of a candidate; see `CoqEngine`. `start` is the place of `task.state`."""
        try:
            return await (self._script(task, start) if task.closing else self._body(task, start))
        except _Stopped as stopped:
            return stopped.outcome

    # -- what stands before a candidate

    async def _set_up(self, place: Place, text: bytes, what: str) -> tuple[Place, int]:
        """The place behind all sentences of a text, and how many there are."""
        at = count = 0
        while True:
            found = await self._document.read(place, text, at)
            if found is None:
                return place, count
            if isinstance(found, CoqError):
                raise _Stopped(Checked(Kind.UNSTATED, error=found, what=what))
            ran = await self._document.run(place, text, found)
            if ran.place is None:
                raise _Stopped(Checked(Kind.UNSTATED, error=ran.error, what=what))
            place, at, count = ran.place, found.end, count + 1

    async def _behind(self, place: Place, statement: bytes) -> Place:
        ran = await self._document.run_one(place, statement)
        if ran.place is None:
            raise _Stopped(Checked(Kind.UNSTATED, error=ran.error, what="statement"))
        return ran.place

    async def _open(self, task: CheckTask, start: Place) -> Place:
        opened = self._opened
        if opened is not None and (opened.start, opened.setup, opened.statement) == (start, task.setup, task.statement):
            return opened.place
        before, count = await self._set_up(start, task.setup, "setup")
        place = await self._behind(before, task.statement)
        if count:
            await self._compare(start, before, place, task.statement)
        self._opened = _Opened(start, task.setup, task.statement, place)
        return place

    async def _compare(self, start: Place, before: Place, place: Place, statement: bytes) -> None:
        """What is set up must not change what the statement says."""
        plain = await self._behind(start, statement)
        if not await same_statement(self._document, plain, place, before):
            raise _Stopped(Checked(Kind.CHANGED))

    # -- bodies

    async def _body(self, task: CheckTask, start: Place) -> Checked:
        begun = time.monotonic_ns()
        opened = await self._open(task, start)
        proving = tuple(name for name in opened.proofs if name not in start.proofs)
        if not proving:
            return Checked(Kind.NO_PROOF)
        sentences, problem = await self._read_all(opened, task)
        for index, one in enumerate(sentences):
            if not task.gate.allows(one.head):
                return Checked(Kind.REFUSED, index=index, head=one.head)
        parse_ns = time.monotonic_ns() - begun
        place = opened
        messages: tuple[str, ...] = ()
        renamed = ""
        for index, one in enumerate(sentences):
            ran = await self._document.run(place, task.text, one, talk=task.talk)
            messages += ran.messages
            if ran.place is None:
                return replace(await self._failed(task, index, ran.error, place, messages), parse_ns=parse_ns)
            place, renamed = ran.place, one.named or renamed
        if problem is not None:
            return replace(await self._failed(task, len(sentences), problem, place, messages), parse_ns=parse_ns)
        if any(name in place.proofs for name in proving):
            return Checked(
                Kind.OPEN,
                goals=await self._goals(task, place),
                done=await nothing_left(self._document, place),
                messages=messages,
                parse_ns=parse_ns,
            )
        ended = Ended(known=start, before=opened, ended=place, asked=place, names=proving, renamed=renamed)
        return replace(await self._closed(ended, messages), parse_ns=parse_ns)

    async def _read_all(self, opened: Place, task: CheckTask) -> tuple[list[Sentence], CoqError | None]:
        """All sentences up to the first that does not parse, and why it does not. None is run."""
        sentences: list[Sentence] = []
        problem: CoqError | None = None
        at = 0
        while problem is None:
            end = task.ends[len(sentences)] if len(sentences) < len(task.ends) else None
            found = await self._document.read(opened, task.text, at, end)
            if found is None:
                break
            if isinstance(found, CoqError):
                problem = found
            else:
                sentences.append(found)
                at = found.end
        ends = tuple(one.end for one in sentences)
        if task.ends[: len(ends)] != ends or (problem is None and len(task.ends) != len(ends)):
            raise _Stopped(Checked(Kind.ASTRAY, spans=tuple((one.start, one.end) for one in sentences)))
        return sentences, problem

    # -- scripts

    async def _script(self, task: CheckTask, start: Place) -> Checked:
        before, _ = await self._set_up(start, task.setup, "setup")
        place = await self._behind(before, task.statement)
        spans: list[tuple[int, int]] = []
        messages: tuple[str, ...] = ()
        at = 0
        while True:
            end = task.ends[len(spans)] if len(spans) < len(task.ends) else None
            found = await self._document.read(place, task.text, at, end)
            if found is None:
                break
            if isinstance(found, CoqError):
                return await self._failed(task, len(spans), found, place, messages)
            if task.ends and found.end != end:
                return Checked(Kind.ASTRAY, spans=(*spans, (found.start, found.end)), messages=messages)
            if not task.gate.allows(found.head):
                return Checked(Kind.REFUSED, index=len(spans), head=found.head, messages=messages)
            ran = await self._document.run(place, task.text, found, talk=task.talk)
            messages += ran.messages
            if ran.place is None:
                return await self._failed(task, len(spans), ran.error, place, messages)
            place, at = ran.place, found.end
            spans.append((found.start, found.end))
        try:
            after = await self._behind(place, task.closing)
        except _Stopped as stopped:
            return Checked(Kind.MISMATCH, error=stopped.outcome.error, messages=messages)
        ended = Ended(known=start, before=place, ended=after, asked=after, names=(), renamed=task.checked)
        return await self._closed(ended, messages)

    # -- outcomes

    async def _goals(self, task: CheckTask, place: Place) -> Goals:
        return await goals_at(self._document, place, task.goals) if task.goals else Goals((), 0)

    async def _failed(
        self, task: CheckTask, index: int, error: CoqError | None, place: Place, messages: tuple[str, ...]
    ) -> Checked:
        goals = await self._goals(task, place)
        return Checked(Kind.FAILED, index=index, error=error, goals=goals, messages=messages)

    async def _closed(self, ended: Ended, messages: tuple[str, ...]) -> Checked:
        begun = time.monotonic_ns()
        found = await audits(self._document, ended)
        audit_ns = time.monotonic_ns() - begun
        problem = next((audit.problem for audit in found if audit.problem is not None), None)
        if not found or problem is not None:
            error = _NOT_FOUND if problem is None else CoqError(problem)
            return Checked(Kind.UNAUDITED, error=error, messages=messages, audit_ns=audit_ns)
        return Checked(Kind.CLOSED, audits=found, messages=messages, audit_ns=audit_ns)
