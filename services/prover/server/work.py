"""The work behind the requests: one theorem, or all that are open in a text."""

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

from coq_checker.client import CheckerClient, CheckerError, FreeStatement, Options, TheoremRef
from prover.drafts import with_draft
from prover.events import Event, Finished
from prover.fill import Edit, Place, apply, edits, places
from prover.ports import ModelPort, RetrieverPort
from prover.prover import Prover
from prover.server.attempts import Say, Work
from prover.server.schema import Budgeted, FillRequest, ProveRequest
from prover.server.settings import ProverServerSettings
from prover.task import ProveTask


class Works:
    """Makes the work of requests.

    Args:
        settings: limits.
        checker, model, retriever: whom the prover asks.
    """

    def __init__(
        self,
        settings: ProverServerSettings,
        checker: CheckerClient,
        model: ModelPort | None,
        retriever: RetrieverPort | None,
    ) -> None:
        self._settings = settings
        self._checker = checker
        self._model = model
        self._retriever = retriever

    def task(self, request: Budgeted, target: TheoremRef | FreeStatement) -> ProveTask:
        """The prover's task."""
        budget = min(request.budget_cpu_s or self._settings.budget_cpu_s, self._settings.max_budget_cpu_s)
        return ProveTask(
            target=target,
            budget_cpu_s=budget,
            seed=request.seed,
            samples=request.samples,
            jobs=request.jobs,
            backtrack=request.backtrack,
            retrieval=request.retrieval,
            use_model=request.use_model,
            hammer=request.hammer,
            layout=request.prompt or "",
            printing=request.printing or "",
        )

    def prove(self, request: ProveRequest) -> Work:
        """Work on one theorem."""
        target: TheoremRef | FreeStatement
        if request.theorem:
            target = TheoremRef(request.project, request.theorem, request.file, request.index)
            name = request.theorem
        else:
            target = FreeStatement(request.statement, request.context, request.project)
            name = " ".join(request.statement.split())[:80]

        async def work(say: Say) -> dict[str, Any]:
            finished = await self._attempt(self.task(request, target), say, draft="")
            return answer(name, finished)

        return work

    def fill(self, request: FillRequest) -> Work:
        """Work on every open theorem of a text, one after the other."""

        async def work(say: Say) -> dict[str, Any]:
            source = request.text.encode()
            found = [one for one in places(source) if not request.theorems or one.name in request.theorems]
            say({"kind": "places", "theorems": [{"theorem": one.name, "why": one.why} for one in found]})
            rows: list[dict[str, Any]] = []
            made: dict[int, list[Edit]] = {}
            for number, place in enumerate(found):
                say({"kind": "theorem", "theorem": place.name, "number": number, "of": len(found)})
                target = FreeStatement(
                    place.statement,
                    context=source[: place.context_end].decode("utf-8", "replace"),
                    project=request.project,
                    logical_name=request.logical_name,
                )
                finished = await self._attempt(self.task(request, target), say, draft=place.draft)
                if finished.script:
                    made[number] = edits(place, finished.script, finished.prelude)
                row = answer(place.name, finished)
                rows.append(row)
                say({"kind": "filled_theorem", **row})
            await self._confirm(request, source, found, rows, made)
            changes = [edit for one in made.values() for edit in one]
            theorems = [
                {
                    "theorem": place.name,
                    "why": place.why,
                    "edits": [_edit(source, edit) for edit in made.get(number, [])],
                    "result": rows[number],
                }
                for number, place in enumerate(found)
            ]
            text = apply(source, changes).decode("utf-8", "replace")
            return {"filled": len(made), "places": len(found), "theorems": theorems, "text": text}

        return work

    async def _attempt(self, task: ProveTask, say: Say, draft: str) -> Finished:
        prover = Prover(self._checker, with_draft(self._model, draft), self._retriever)
        if draft:
            task = replace(task, use_model=True)
        finished: Finished | None = None
        async with contextlib.aclosing(_events(prover, task)) as events:
            async for event in events:
                say(event.to_json())
                if isinstance(event, Finished):
                    finished = event
        if finished is None:
            raise RuntimeError("the prover ended without a word")
        return finished

    async def _confirm(
        self,
        request: FillRequest,
        source: bytes,
        found: list[Place],
        rows: list[dict[str, Any]],
        made: dict[int, list[Edit]],
    ) -> None:
        """Has the whole edited text checked; an edit after which its theorem does not stand there is taken back."""
        if not made:
            return
        text = apply(source, [edit for one in made.values() for edit in one]).decode("utf-8", "replace")
        proved: set[str] = set()
        with contextlib.suppress(CheckerError):
            answers = self._checker.check_file(
                text=text, project=request.project, logical_name=request.logical_name, options=Options()
            )
            async for one in answers:
                if one.result.proved:
                    proved.add(one.theorem.qualified_name)
        for number in list(made):
            if found[number].name not in proved:
                del made[number]
                rows[number] |= {
                    "verdict": "NOT_PROVED",
                    "message": "the proof was accepted on its own, but not in the edited file.",
                }


async def _events(prover: Prover, task: ProveTask) -> AsyncGenerator[Event, None]:
    async for event in prover.prove(task):
        yield event


def answer(name: str, finished: Finished) -> dict[str, Any]:
    """What came of a theorem, as the service answers it."""
    told = finished.to_json()
    del told["kind"], told["at_s"]
    return {"theorem": name, **told}


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
