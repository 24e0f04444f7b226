"""The work behind the requests: one theorem, or all that are open in a text."""

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

from coq_checker.client import CheckerClient, FreeStatement, TheoremRef
from prover.codes import ErrorCode
from prover.drafts import with_draft
from prover.events import Applied, Event, Finished, ProofVerdict, Undone
from prover.fill import Begun, Edit, Filled, Finisher, Place, Unfinished, apply
from prover.memory import CheckMemory, RememberingChecker
from prover.patience import Patience
from prover.ports import ModelPort, RetrieverPort
from prover.prover import Prover
from prover.server.attempts import Say, Work
from prover.server.confirm import Confirmation
from prover.server.schema import Budgeted, FillRequest, ProveRequest
from prover.server.settings import ProverServerSettings
from prover.task import ProveTask

# Begun proofs are numbered for each search anew; those of a theorem's further searches are counted on from here.
_RUN = 1_000_000


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
        if request.toolchain:
            told["toolchain"] = request.toolchain
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
            target = TheoremRef(request.project, request.theorem, request.file, request.index, request.toolchain)
        else:
            target = FreeStatement(request.statement, request.context, request.project, toolchain=request.toolchain)
        name = _name(request)

        async def work(say: Say) -> dict[str, Any]:
            finished = await self._attempt(request, target, say)
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
                filled = await self._fill_place(request, text, place, say)
                if filled.edits:
                    made[number] = list(filled.edits)
                row = answer(place.name, filled.finished)
                rows.append(row)
                changes = [_edit(text.source, text.in_source(edit)) for edit in filled.edits]
                say({"kind": "filled_theorem", **row, "edits": changes})
            checked = Confirmation(self._checker, text, request.project, request.logical_name, request.toolchain)
            for number, why in (await checked.taken_back(found, made)).items():
                del made[number]
                verdict = "NOT_PROVED" if checked.fault is ErrorCode.NONE else "ERROR"
                rows[number] |= {"verdict": verdict, "message": why, "code": checked.fault.value}
            in_source = {number: [text.in_source(edit) for edit in one] for number, one in made.items()}
            theorems = [
                {
                    "theorem": place.name,
                    "why": place.why,
                    "edits": [_edit(text.source, edit) for edit in in_source.get(number, [])],
                    "result": rows[number],
                }
                for number, place in enumerate(found)
            ]
            edited = apply(text.source, [edit for one in in_source.values() for edit in one])
            return {
                "filled": len(made),
                "places": len(found),
                "theorems": theorems,
                "text": edited.decode("utf-8", "replace"),
            }

        return work

    async def _fill_place(self, request: FillRequest, text: Unfinished, place: Place, say: Say) -> Filled:
        if place.problem:
            return Filled(Finished(0.0, ProofVerdict.NOT_PROVED, message=place.problem))
        target = FreeStatement(
            place.statement,
            text.context(place),
            request.project,
            request.logical_name,
            toolchain=request.toolchain,
        )
        checker = self._checker if self._memory is None else RememberingChecker(self._checker, self._memory)
        runs = 0

        async def prove(checks: Begun, draft: str, budget_s: float) -> Finished | None:
            nonlocal runs
            first, runs = runs * _RUN, runs + 1
            task = replace(self.task(request, target), budget_cpu_s=budget_s)
            known = checks.barred
            async with contextlib.aclosing(
                _events(self._prover(request, draft, checks), _drafted(task, draft))
            ) as events:
                async for event in events:
                    if isinstance(event, Finished):
                        return event
                    self._tell(request, event, say, first)
                    if checks.barred != known:
                        return None
            raise RuntimeError("the prover ended without a word")

        budget_s = self.budget_cpu_s(request)
        filled = await Finisher(text.whole, place, target, checker, prove, budget_s).fill()
        say(filled.finished.to_json())
        return filled

    async def _attempt(self, request: Budgeted, target: TheoremRef | FreeStatement, say: Say) -> Finished:
        prover = self._prover(request, "")
        async with contextlib.aclosing(_events(prover, self.task(request, target))) as events:
            async for event in events:
                self._tell(request, event, say)
                if isinstance(event, Finished):
                    return event
        raise RuntimeError("the prover ended without a word")

    def _prover(self, request: Budgeted, draft: str, checks: Begun | None = None) -> Prover:
        """Who proves; what stands inside of a proof is remembered below `checks`, where texts are whole."""
        return Prover(
            checks or self._checker,
            with_draft(self._model if request.use_model else None, draft),
            self._retriever,
            neighbours=self._neighbours,
            memory=None if checks is not None else self._memory,
            patience=self._patience,
        )

    @staticmethod
    def _tell(request: Budgeted, event: Event, say: Say, first: int = 0) -> None:
        # The goals of a whole tree are most of what there is to tell; not everybody looks at it.
        if not request.tree and isinstance(event, Applied | Undone):
            return
        told = event.to_json()
        if "attempt" in told:
            told["attempt"] += first
        say(told)


def _drafted(task: ProveTask, draft: str) -> ProveTask:
    return replace(task, use_model=True) if draft else task


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
