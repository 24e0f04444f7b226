"""The work behind the requests: one theorem, or all that are open in a text."""

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

from coq_checker.client import CheckerClient, FreeStatement, TheoremRef
from prover.codes import ErrorCode
from prover.drafts import with_draft
from prover.events import Applied, Event, Finished, ProofVerdict, Undone
from prover.fill import Edit, Place, Unfinished, apply, edits
from prover.memory import CheckMemory
from prover.patience import Patience
from prover.ports import ModelPort, RetrieverPort
from prover.prover import Prover
from prover.server.attempts import Say, Work
from prover.server.confirm import Confirmation
from prover.server.schema import Budgeted, FillRequest, ProveRequest
from prover.server.settings import ProverServerSettings
from prover.task import ProveTask


class Works:
    """Makes the work of requests.

    Args:
        settings: limits.
        checker, model, retriever, neighbours: whom the prover asks.
        memory: what the checker has answered before; None to ask every question.
        patience: with the checker, shared by all attempts; None for each its own.
    """

    def __init__(
        self,
        settings: ProverServerSettings,
        checker: CheckerClient,
        model: ModelPort | None,
        retriever: RetrieverPort | None,
        neighbours: ModelPort | None = None,
        memory: CheckMemory | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._settings = settings
        self._checker = checker
        self._model = model
        self._retriever = retriever
        self._neighbours = neighbours
        self._memory = memory
        self._patience = patience

    def budget_cpu_s(self, request: Budgeted) -> float:
        """CPU seconds that each theorem of a request has."""
        return min(request.budget_cpu_s or self._settings.budget_cpu_s, self._settings.max_budget_cpu_s)

    def about(self, request: ProveRequest | FillRequest) -> dict[str, Any]:
        """What is asked, in a few words."""
        told: dict[str, Any] = {"project": request.project, "budget_cpu_s": self.budget_cpu_s(request)}
        if isinstance(request, ProveRequest):
            told |= {"theorem": _name(request), "file": request.file, "index": request.index}
        return told

    def task(self, request: Budgeted, target: TheoremRef | FreeStatement) -> ProveTask:
        """The prover's task."""
        return ProveTask(
            target=target,
            budget_cpu_s=self.budget_cpu_s(request),
            seed=request.seed,
            samples=request.samples,
            jobs=request.jobs,
            backtrack=request.backtrack,
            retrieval=request.retrieval,
            use_model=request.use_model,
            neighbours=request.neighbours and request.use_model,
            hammer=request.hammer,
            layout=request.prompt or "",
            printing=request.printing or "",
        )

    def prove(self, request: ProveRequest) -> Work:
        """Work on one theorem."""
        target: TheoremRef | FreeStatement
        if request.theorem:
            target = TheoremRef(request.project, request.theorem, request.file, request.index)
        else:
            target = FreeStatement(request.statement, request.context, request.project)
        name = _name(request)

        async def work(say: Say) -> dict[str, Any]:
            finished = await self._attempt(request, target, say, draft="")
            return answer(name, finished)

        return work

    def fill(self, request: FillRequest) -> Work:
        """Work on every open theorem of a text, one after the other."""

        async def work(say: Say) -> dict[str, Any]:
            text = Unfinished(request.text.encode())
            known = {one.name for one in text.places}
            unknown = [name for name in request.theorems if name not in known]
            if unknown:
                told = f"there is no theorem {unknown[0]!r} to be filled in the text."
                return {**_nothing(text), "verdict": "ERROR", "message": told, "code": ErrorCode.NOT_FOUND.value}
            found = [one for one in text.places if not request.theorems or one.name in request.theorems]
            say({"kind": "places", "theorems": [{"theorem": one.name, "why": one.why} for one in found]})
            rows: list[dict[str, Any]] = []
            made: dict[int, list[Edit]] = {}
            for number, place in enumerate(found):
                say({"kind": "theorem", "theorem": place.name, "number": number, "of": len(found)})
                finished = await self._fill_place(request, text, place, say)
                if finished.script:
                    made[number] = edits(place, finished.script, finished.prelude)
                row = answer(place.name, finished)
                rows.append(row)
                say({"kind": "filled_theorem", **row})
            checked = Confirmation(self._checker, text, request.project, request.logical_name)
            for number, why in (await checked.taken_back(found, made)).items():
                del made[number]
                rows[number] |= {"verdict": "NOT_PROVED", "message": why}
            changes = {number: [text.in_source(edit) for edit in one] for number, one in made.items()}
            theorems = [
                {
                    "theorem": place.name,
                    "why": place.why,
                    "edits": [_edit(text.source, edit) for edit in changes.get(number, [])],
                    "result": rows[number],
                }
                for number, place in enumerate(found)
            ]
            filled = apply(text.source, [edit for one in changes.values() for edit in one])
            return {
                "filled": len(made),
                "places": len(found),
                "theorems": theorems,
                "text": filled.decode("utf-8", "replace"),
            }

        return work

    async def _fill_place(self, request: FillRequest, text: Unfinished, place: Place, say: Say) -> Finished:
        if place.problem:
            return Finished(0.0, ProofVerdict.NOT_PROVED, message=place.problem)
        target = FreeStatement(place.statement, text.context(place), request.project, request.logical_name)
        return await self._attempt(request, target, say, draft=place.draft)

    async def _attempt(self, request: Budgeted, target: TheoremRef | FreeStatement, say: Say, draft: str) -> Finished:
        task = self.task(request, target)
        model = self._model if request.use_model else None
        prover = Prover(
            self._checker,
            with_draft(model, draft),
            self._retriever,
            neighbours=self._neighbours,
            memory=self._memory,
            patience=self._patience,
        )
        if draft:
            task = replace(task, use_model=True)
        finished: Finished | None = None
        async with contextlib.aclosing(_events(prover, task)) as events:
            async for event in events:
                # The goals of a whole tree are most of what there is to tell; not everybody looks at it.
                if request.tree or not isinstance(event, Applied | Undone):
                    say(event.to_json())
                if isinstance(event, Finished):
                    finished = event
        if finished is None:
            raise RuntimeError("the prover ended without a word")
        return finished


async def _events(prover: Prover, task: ProveTask) -> AsyncGenerator[Event, None]:
    async for event in prover.prove(task):
        yield event


def answer(name: str, finished: Finished) -> dict[str, Any]:
    """What came of a theorem, as the service answers it."""
    told = finished.to_json()
    del told["kind"], told["at_s"]
    return {"theorem": name, **told}


def _name(request: ProveRequest) -> str:
    return request.theorem or " ".join(request.statement.split())[:80]


def nothing_yet(request: ProveRequest | FillRequest) -> dict[str, Any]:
    """The answer to a request before anything is done."""
    if isinstance(request, FillRequest):
        return {"filled": 0, "places": 0, "theorems": [], "text": request.text}
    return answer(_name(request), Finished(0.0, ProofVerdict.NOT_PROVED))


def _nothing(text: Unfinished) -> dict[str, Any]:
    return {"filled": 0, "places": len(text.places), "theorems": [], "text": text.source.decode("utf-8", "replace")}


def _edit(source: bytes, edit: Edit) -> dict[str, Any]:
    return {
        "start_byte": edit.start,
        "end_byte": edit.end,
        "start": _position(source, edit.start),
        "end": _position(source, edit.end),
        "new_text": edit.text,
    }


def _position(source: bytes, offset: int) -> dict[str, int]:
    """Line and character (UTF-16 code units) of a byte offset."""
    before = source[:offset]
    line = before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")
    return {"line": before.count(b"\n"), "character": len(line.encode("utf-16-le")) // 2}
