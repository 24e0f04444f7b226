"""`CoqEngine` as a server of states inside of Coq's own toplevel, by the plugin.

Everything is one exchange: the plugin parses, gates, runs and audits, and keeps Coq's own states by number. A fork is
fork(2) of the whole process.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coq_checker.engine import process
from coq_checker.engine.api import (
    Advanced,
    Answered,
    Assumption,
    Audit,
    Checked,
    CheckTask,
    CoqError,
    EngineCrashedError,
    EngineLostError,
    EngineOutputError,
    EngineStartError,
    Head,
    Kind,
    Proof,
    Seen,
    Step,
)
from coq_checker.engine.family import Family, no_folder
from coq_checker.engine.loss import GONE, loss
from coq_checker.engine.options import EngineOptions
from coq_checker.engine.plugin.build import plugin_path
from coq_checker.engine.plugin.sweep import note_use
from coq_checker.engine.wire import Door, Wire, WireClosedError, WireForgedError, WireOutputError
from coq_checker.goals import Existential, Goal, Goals, Hypothesis

_ENTRY = """Declare ML Module "palmetto-engine.plugin".
PalmettoServe "{door.path}" "{door.token}".
"""
_START_TIMEOUT_S = 60.0
_FORK_TIMEOUT_S = 20.0


class NativeEngine:
    """One process of Coq that serves itself. Make one with `start` or `fork`.

    Attributes:
        first, output_bytes, seen: see `CoqEngine`.
    """

    def __init__(
        self, family: Family, wire: Wire, hello: dict[str, Any], first: int, parent: "NativeEngine | None"
    ) -> None:
        self.first = first
        self.output_bytes = family.options.output_bytes
        self.seen = Seen()
        self._family = family
        self._wire = wire
        self._pid = wire.peer
        self._since = process.started(wire.peer)
        self._inside: int = hello["pid"]
        self._parent = parent
        self._killed = False
        self._released: list[int] = []
        # Forks that are gone, by their ids inside of the sandbox, which the process has not waited for yet.
        self._gone: list[int] = []

    @classmethod
    async def start(cls, options: EngineOptions, run_folder: Path) -> "NativeEngine":
        """Starts Coq in the sandbox, with a folder of its own under `run_folder`.

        Raises:
            EngineStartError: it did not come up; the message says what it printed.
        """
        plugin = plugin_path(options.toolchain)
        if plugin is None:
            raise EngineStartError("the engine is not built for this Coq: run `palmetto toolchain ensure`.")
        note_use(plugin)
        family = Family(options, run_folder)
        try:
            with Door(family.new_path()) as door:
                entry = family.folder / "serve.v"
                entry.write_text(_ENTRY.format(door=door))
                arguments = ("-q", *options.arguments, "-topfile", options.module_file, "-l", str(entry))
                root = await family.run(*options.toolchain.programs.toplevel, *arguments)
                wire, hello = await _entered(door, root)
        except OSError as error:
            family.end()
            raise no_folder(run_folder, error) from error
        except _NotUpError as error:
            said = family.said()
            family.end()
            raise EngineStartError(f"Coq ended at its start ({said}): run `palmetto toolchain show`.") from error
        except BaseException:
            family.end()
            raise
        engine = cls(family, wire, hello, hello["state"], None)
        process.limit(engine.pid, address_space_bytes=options.address_space_bytes, file_bytes=options.file_bytes)
        return engine

    @property
    def pid(self) -> int:
        """Process id, as seen from this process."""
        return self._pid

    @property
    def alive(self) -> bool:
        """Whether the process is there, as far as can be told without asking it."""
        return not self._killed and not self._wire.ended

    @property
    def own_cpu_ns(self) -> int:
        """CPU time that the process itself had used when it last answered."""
        return self._wire.cpu_ns

    async def _ask(self, operation: str, *fields: bytes) -> dict[str, Any]:
        try:
            if self._released:
                released, self._released = self._released, []
                await self._wire.request("release", _numbers(released), limit_bytes=self.output_bytes)
            return await self._wire.request(operation, *fields, limit_bytes=self.output_bytes)
        except WireClosedError as error:
            if self._killed:
                raise EngineLostError(GONE) from error
            raise await loss(self._pid, self._family.root if self._parent is None else None) from error
        except WireOutputError as error:
            raise EngineOutputError("Coq's answer is larger than the output limit") from error
        except WireForgedError as error:
            self.kill()
            raise EngineCrashedError("something wrote into the engine's own socket") from error

    async def advance(self, state: int, text: bytes, ends: Sequence[int] = (), goals: int = 0) -> Advanced:
        """Runs the sentences of a text; see `CoqEngine`."""
        answer = await self._ask("advance", b"%d" % state, b"%d" % goals, _numbers(ends), text)
        steps = tuple(
            Step(number, start, end, tuple(names), _goals(there[0]) if there else None)
            for number, start, end, names, *there in answer.get("steps", ())
        )
        astray = answer.get("astray")
        return Advanced(steps, _messages(answer), _error(answer), None if astray is None else (astray[0], astray[1]))

    async def begin(self, state: int) -> None:
        """Lets the text begin in a state: no command in it goes back behind that."""
        await self._ask("begin", b"%d" % state)

    async def check(self, task: CheckTask) -> Checked:
        """What comes of a candidate; see `CoqEngine`."""
        answer = await self._ask(
            "check",
            b"%d" % task.state,
            " ".join(task.gate.commands).encode(),
            b"%d" % task.gate.attributes,
            _numbers(task.ends),
            b"%d" % task.goals,
            b"%d" % task.keep,
            b"%d" % task.talk,
            task.setup,
            task.statement,
            task.closing,
            task.text,
        )
        error = _error(answer)
        if "kind" not in answer:
            return Checked(Kind.UNAUDITED, error=error or CoqError("Coq gave no answer."))
        head = answer.get("head")
        return Checked(
            Kind(answer["kind"]),
            index=answer.get("index", 0),
            error=error,
            what=answer.get("what", ""),
            head=None if head is None else Head(head[0], bool(head[1]), bool(head[2])),
            spans=_spans(answer),
            goals=_goals(answer),
            done=bool(answer.get("done", 0)),
            audits=_audits(answer),
            lesson=tuple(answer.get("uses", ())),
            messages=_messages(answer),
            parse_ns=1000 * answer.get("parse_us", 0),
            audit_ns=1000 * answer.get("audit_us", 0),
        )

    async def query(self, state: int, command: str) -> Answered:
        """Runs one command that asks."""
        answer = await self._ask("query", b"%d" % state, command.encode())
        return Answered(_messages(answer), _error(answer))

    async def goals(self, state: int, most: int) -> Goals:
        """The goals in focus in a state, `most` of them printed."""
        return _goals(await self._ask("goals", b"%d" % state, b"%d" % most))

    async def next_sentence(self, state: int, text: bytes) -> tuple[int, int] | None:
        """Where the first sentence of a text begins and ends, as Coq reads it; None where it does not."""
        spans = _spans(await self._ask("parse", b"%d" % state, text))
        return spans[0] if spans else None

    async def audit(self, proof: Proof) -> tuple[Audit, ...]:
        """What each thing rests on that a proof made; see `CoqEngine`."""
        places = (proof.known, proof.before, proof.stated, proof.ended, proof.asked)
        answer = await self._ask("audit", *(b"%d" % place for place in places))
        error = _error(answer)
        return (Audit(problem=error.message),) if error is not None else _audits(answer)

    async def warm(self, state: int, names: Sequence[str]) -> None:
        """Lets the engine, and so its later forks, remember what constants rest on."""
        await self._ask("warm", b"%d" % state, " ".join(names).encode())

    def release(self, states: Sequence[int]) -> None:
        """Lets go of states, by the next call at the latest."""
        self._released += states

    async def fork(self) -> "NativeEngine":
        """A copy of this process, with all of its states, that goes its own way.

        Raises:
            EngineLostError: this process is gone, or its fork did not come up.
        """
        gone, self._gone = self._gone, []
        try:
            with Door(self._family.new_path()) as door:
                async with asyncio.timeout(_FORK_TIMEOUT_S):
                    await self._ask("fork", str(door.path).encode(), door.token.encode(), _numbers(gone))
                    wire, hello = await door.enter()
        except (TimeoutError, OSError, WireClosedError, WireForgedError) as error:
            raise EngineLostError("the forked Coq process did not come up") from error
        return NativeEngine(self._family, wire, hello, self.first, self)

    def kill(self) -> None:
        """Ends the process at once; a first process takes its forks and its folder with it."""
        if self._killed:
            return
        self._killed = True
        self._wire.close()
        if self._parent is None:
            self._family.end()
        else:
            process.kill(self._pid, self._since)
            self._parent._gone.append(self._inside)


class _NotUpError(Exception):
    """Coq ended before it could be asked anything."""


async def _entered(door: Door, root: asyncio.subprocess.Process) -> tuple[Wire, dict[str, Any]]:
    entering = asyncio.ensure_future(door.enter())
    ending = asyncio.ensure_future(root.wait())
    try:
        await asyncio.wait({entering, ending}, timeout=_START_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
        if not entering.done():
            raise _NotUpError
        try:
            return entering.result()
        except (WireClosedError, WireForgedError) as error:
            raise _NotUpError from error
    finally:
        for task in (entering, ending):
            if not task.done():
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task


def _numbers(values: Sequence[int]) -> bytes:
    return b" ".join([b"%d" % value for value in values])


def _messages(answer: dict[str, Any]) -> tuple[str, ...]:
    return tuple(answer.get("messages", ()))


def _spans(answer: dict[str, Any]) -> tuple[tuple[int, int], ...]:
    return tuple((start, end) for start, end in answer.get("spans", ()))


def _error(answer: dict[str, Any]) -> CoqError | None:
    said = answer.get("error")
    if said is None:
        return None
    message = " ".join(said["message"].split("\n")).strip() or "Coq gave no reason."
    kind = said["kind"]
    return CoqError(message, syntax=kind == "syntax", out_of_memory=kind == "memory" or message == "Out of memory.")


def _goals(answer: dict[str, Any]) -> Goals:
    return Goals(
        tuple(map(_goal, answer.get("goals", ()))),
        answer.get("count", 0),
        answer.get("unfocused", 0),
        answer.get("shelved", 0),
        answer.get("given_up_count", 0),
        shelf=tuple(map(_goal, answer.get("shelf", ()))),
        given_up=tuple(map(_goal, answer.get("given_up", ()))),
    )


def _goal(one: dict[str, Any]) -> Goal:
    return Goal(
        tuple(Hypothesis(tuple(names), body, kind) for names, body, kind in one["h"]),
        one["c"],
        name=one["n"],
        existentials=tuple(Existential(*each) for each in one.get("e", ())),
    )


def _audits(answer: dict[str, Any]) -> tuple[Audit, ...]:
    return tuple(
        Audit(
            tuple(Assumption(kind, name, bool(known)) for kind, name, known in one["items"]),
            name=one["name"],
            features=tuple(one["features"]),
            places=tuple((feature, where) for feature, where in one["places"]),
        )
        for one in answer.get("audits", ())
    )
