"""One attempt at one theorem, made into a record whatever happens."""

import asyncio
import importlib.metadata
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from evaluator import causes
from evaluator.conditions import Conditions
from evaluator.ports import FilesPort, ProverPort
from evaluator.record import Record, StageCost
from evaluator.selection import Shard
from evaluator.theorems import Item
from prover.client import ProverError

# Wall clock that an attempt may take, beyond what the prover itself allows: so many budgets, and so much more.
_NET_FACTOR, _NET_S = 20.0, 900.0
# Events kept of one attempt; the first ones tell how it began, the last ones how it ended.
_FIRST_EVENTS, _LAST_EVENTS = 2000, 500
# What only a reader who follows an attempt needs.
_NOT_KEPT = frozenset(("attempt", "stage"))


@dataclass(slots=True)
class _Seen:
    """What an attempt's events told."""

    events: list[dict[str, Any]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    problem: str = ""
    said: str = ""
    statement: str = ""
    helpless: str = ""
    result: dict[str, Any] | None = None

    def add(self, event: dict[str, Any]) -> None:
        kind = event.get("kind")
        if kind == "result":
            self.result = event
            return
        if kind == "generated" and event.get("source", "model") == "model":
            if event.get("answer") or event.get("script"):
                self.answers.append(str(event.get("answer", "")))
            elif problem := causes.of_model(str(event.get("message", ""))):
                self.said, self.problem = str(event["message"]), problem
        elif kind == "started":
            self.statement = str(event.get("statement", ""))
        elif kind == "retrieved":
            self.helpless = str(event.get("message", ""))
        if kind not in _NOT_KEPT:
            self.events.append(event)

    def kept(self) -> tuple[dict[str, Any], ...]:
        left_out = len(self.events) - _FIRST_EVENTS - _LAST_EVENTS
        if left_out <= 0:
            return tuple(self.events)
        gap = {"kind": "left_out", "events": left_out}
        return (*self.events[:_FIRST_EVENTS], gap, *self.events[-_LAST_EVENTS:])


@dataclass(frozen=True, slots=True)
class Attempted:
    """A record, and why the retriever gave nothing where it did not."""

    record: Record
    helpless: str = ""


@dataclass(frozen=True, slots=True)
class Attempts:
    """Makes attempts.

    Attributes:
        experiment: their name.
        conditions: what they are made under.
        shard: which one this is.
        prover: who makes them.
        files: asked about a proof that ends in `Defined`, for what it is made of counts there, and about one with a
            prelude, for what it loads may change what follows (hints do); None to ask nobody.
    """

    experiment: str
    conditions: Conditions
    shard: Shard
    prover: ProverPort
    files: FilesPort | None = None

    async def make(self, item: Item) -> Attempted:
        """Works on a theorem."""
        started = datetime.now(UTC).isoformat(timespec="milliseconds")
        if item.file_index is None:
            told = {"verdict": "ERROR", "message": f"there is no theorem {item.key.theorem!r} in {_place(item)}."}
            return Attempted(self._record(item, started, _Seen(result=told), causes.GONE))
        lost = self.prover.lost
        seen = _Seen()
        try:
            async with asyncio.timeout(_NET_FACTOR * self.conditions.budget_cpu_s + _NET_S):
                await self._follow(item, seen)
        except ProverError as error:
            return Attempted(self._failed(item, started, seen, causes.INFRASTRUCTURE, str(error)))
        except TimeoutError:
            message = "the prover did not end in many times its budget."
            return Attempted(self._failed(item, started, seen, causes.INFRASTRUCTURE, message))
        if self.prover.lost != lost:
            # Its helpers may have been gone while it went on without them.
            message = "a service died while the theorem was worked on."
            return Attempted(self._failed(item, started, seen, causes.INFRASTRUCTURE, message))
        if seen.problem == causes.MODEL_DOWN:
            message = f"the model gave no answer ({seen.said})."
            return Attempted(self._failed(item, started, seen, causes.MODEL_DOWN, message))
        cause = causes.of_result(seen.result or {}, seen.problem)
        record = self._record(item, started, seen, cause)
        if record.proved and (item.transparent or record.prelude) and self.files is not None:
            why = await self.files.objection(record)
            if why:
                record = replace(record, verdict="NOT_PROVED", cause=causes.REST, message=why, partial=record.script)
                record = replace(record, script="", prelude="", axioms=(), features=(), known_bugs=(), how="")
        return Attempted(record, seen.helpless)

    async def _follow(self, item: Item, seen: _Seen) -> None:
        request = {
            "project": item.key.project,
            "file": item.key.file,
            "theorem": item.asked,
            "index": item.file_index,
            "tree": False,
            **self.conditions.request(),
        }
        async with aclosing(self.prover.prove(request)) as events:
            async for event in events:
                seen.add(event)
                # What is found without the model says nothing about it: the theorem is tried again when it answers.
                if seen.problem == causes.MODEL_DOWN:
                    return

    def _failed(self, item: Item, started: str, seen: _Seen, cause: str, message: str) -> Record:
        seen.result = {"verdict": "ERROR", "message": message}
        return self._record(item, started, seen, cause)

    def _record(self, item: Item, started: str, seen: _Seen, cause: str) -> Record:
        result: Mapping[str, Any] = seen.result or {}
        verdict = str(result.get("verdict", "ERROR"))
        conditions = self.conditions
        return Record(
            experiment=self.experiment,
            project=item.key.project,
            file=item.key.file,
            theorem=item.key.theorem,
            index=item.key.index,
            verdict=verdict if verdict in ("PROVED", "NOT_PROVED", "TIMEOUT") else "ERROR",
            kind=item.kind,
            statement=item.statement or seen.statement,
            script=str(result.get("script", "")),
            prelude=str(result.get("prelude", "")),
            axioms=tuple(map(str, result.get("axioms", ()))),
            features=tuple(map(str, result.get("features", ()))),
            known_bugs=tuple(map(str, result.get("known_bugs", ()))),
            how=str(result.get("how", "")),
            message=str(result.get("message", "")),
            cause=cause,
            partial=str(result.get("partial", "")),
            holes=int(result.get("holes", 0)),
            cpu_s=float(result.get("cpu_s", 0.0)),
            wall_s=float(result.get("wall_s", 0.0)),
            stages=tuple(
                StageCost(str(one["name"]), float(one["cpu_s"]), float(one["wall_s"]))
                for one in result.get("stages", ())
            ),
            model=str(result.get("model", "")),
            model_answers=tuple(seen.answers),
            prompt_tokens=int(result.get("prompt_tokens", 0)),
            completion_tokens=int(result.get("completion_tokens", 0)),
            prompt=conditions.prompt,
            printing=conditions.printing,
            budget_cpu_s=conditions.budget_cpu_s,
            seed=conditions.seed,
            samples=conditions.samples,
            backtrack=conditions.backtrack,
            retrieval=conditions.retrieval,
            coq_version=str(result.get("coq_version", "")) or self.prover.coq_version,
            palmetto_version=importlib.metadata.version("palmetto"),
            started_at=started,
            shard=str(self.shard),
            events=seen.kept(),
        )


def _place(item: Item) -> str:
    return "/".join(part for part in (item.key.project, item.key.file) if part)
