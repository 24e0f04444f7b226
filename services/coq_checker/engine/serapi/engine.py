"""`CoqEngine` over one sertop: simple and careful rather than fast."""

from collections.abc import Sequence
from pathlib import Path

from coq_checker.engine import process
from coq_checker.engine.api import Advanced, Answered, Audit, Checked, CheckTask, CoqError, Kind, Proof, Seen, Step
from coq_checker.engine.options import EngineOptions
from coq_checker.engine.serapi.assumptions import Ended, audits
from coq_checker.engine.serapi.candidate import Candidates
from coq_checker.engine.serapi.document import NOT_ONE, Document, Place
from coq_checker.engine.serapi.sertop import Sertop
from coq_checker.engine.serapi.show import goals_at
from coq_checker.goals import Goals
from coqdata.sentence import split


class SerapiEngine:
    """One sertop. Make one with `start` or `fork`.

    Attributes:
        first, output_bytes, seen: see `CoqEngine`.
    """

    def __init__(self, document: Document) -> None:
        self.first = 1
        self.seen = Seen()
        self._document = document
        self._places: dict[int, Place] = {self.first: document.first}
        self._newest = self.first
        self._candidates = Candidates(document)

    @classmethod
    async def start(cls, options: EngineOptions, run_folder: Path) -> "SerapiEngine":
        """Starts sertop in the sandbox, with a folder of its own under `run_folder`.

        Raises:
            EngineStartError: it did not come up; the message says what it printed.
        """
        return cls(Document(await Sertop.start(options, run_folder)))

    @property
    def output_bytes(self) -> int:
        """The largest answer to one call."""
        return self._document.sertop.output_bytes

    @output_bytes.setter
    def output_bytes(self, most: int) -> None:
        self._document.sertop.output_bytes = most

    @property
    def pid(self) -> int:
        """Process id, as seen from this process."""
        return self._document.sertop.pid

    @property
    def alive(self) -> bool:
        """Whether the process is there, as far as can be told without asking it."""
        return self._document.sertop.alive

    @property
    def own_cpu_ns(self) -> int:
        """CPU time that the process itself has used so far."""
        return process.own_cpu_ns(self.pid)

    async def advance(self, state: int, text: bytes, ends: Sequence[int] = (), goals: int = 0) -> Advanced:
        """Runs the sentences of a text; see `CoqEngine`."""
        place = self._places.get(state)
        if place is None:
            return Advanced((), error=_not_held(state))
        # Where they seem to end saves Coq from being given the whole rest with each.
        thought = list(ends) or [sentence.end for sentence in split(text).sentences]
        steps: list[Step] = []
        messages: tuple[str, ...] = ()
        at = 0
        while True:
            end = next((one for one in thought[len(steps) :] if one > at), None)
            found = await self._document.read(place, text, at, end)
            if found is None:
                return Advanced(tuple(steps), messages)
            if isinstance(found, CoqError):
                return Advanced(tuple(steps), messages, found)
            if ends and (len(steps) >= len(ends) or ends[len(steps)] != found.end):
                return Advanced(tuple(steps), messages, astray=(found.start, found.end))
            ran = await self._document.run(place, text, found)
            messages += ran.messages
            if ran.place is None:
                return Advanced(tuple(steps), messages, ran.error)
            place, at = ran.place, found.end
            self._newest += 1
            self._places[self._newest] = place
            shown = await goals_at(self._document, place, goals) if goals and place.proofs else None
            steps.append(Step(self._newest, found.start, found.end, place.proofs, shown))

    async def begin(self, state: int) -> None:
        """Lets the text begin in a state: no command in it goes back behind that."""
        place = self._places.get(state)
        if place is not None:
            self._document.beginning = place

    async def check(self, task: CheckTask) -> Checked:
        """What comes of a candidate; see `CoqEngine`."""
        place = self._places.get(task.state)
        if place is None:
            return Checked(Kind.UNAUDITED, error=_not_held(task.state))
        return await self._candidates.check(task, place)

    async def query(self, state: int, command: str) -> Answered:
        """Runs one command that asks."""
        place = self._places.get(state)
        if place is None:
            return Answered(error=_not_held(state))
        text = command.encode()
        found = await self._document.read(place, text)
        if isinstance(found, CoqError):
            return Answered(error=found)
        rest = NOT_ONE if found is None else await self._document.read(place, text, found.end)
        if rest is not None:
            return Answered(error=rest if isinstance(rest, CoqError) else NOT_ONE)
        answer = await self._document.ask(place, command)
        return Answered(answer.messages(), answer.error)

    async def goals(self, state: int, most: int) -> Goals:
        """The goals in focus in a state, `most` of them printed."""
        place = self._places.get(state)
        return Goals((), 0) if place is None else await goals_at(self._document, place, most)

    async def next_sentence(self, state: int, text: bytes) -> tuple[int, int] | None:
        """Where the first sentence of a text begins and ends, as Coq reads it; None where it does not."""
        place = self._places.get(state)
        found = None if place is None else await self._document.read(place, text)
        return None if found is None or isinstance(found, CoqError) else (found.start, found.end)

    async def audit(self, proof: Proof) -> tuple[Audit, ...]:
        """What each thing rests on that a proof made; see `CoqEngine`."""
        numbers = (proof.known, proof.before, proof.stated, proof.ended, proof.asked)
        missing = next((number for number in numbers if number not in self._places), None)
        if missing is not None:
            return (Audit(problem=_not_held(missing).message),)
        known, before, stated, ended, asked = (self._places[number] for number in numbers)
        names = [name for name in stated.proofs if name not in before.proofs]
        return await audits(
            self._document,
            Ended(known, before, ended, asked, names, proof.renamed or ended.named),
        )

    async def warm(self, state: int, names: Sequence[str]) -> None:
        """Nothing: Coq's own command remembers nothing."""

    def release(self, states: Sequence[int]) -> None:
        """Lets go of states, by the next call at the latest."""
        for state in states:
            self._places.pop(state, None)

    async def fork(self) -> "SerapiEngine":
        """A copy of this process, with all of its states, that goes its own way.

        Raises:
            EngineLostError: this process is gone, or its fork did not come up.
        """
        fork = SerapiEngine(await self._document.fork())
        fork._places = dict(self._places)
        fork._newest = self._newest
        return fork

    def kill(self) -> None:
        """Ends the process at once; a first process takes its forks and its folder with it."""
        self._document.sertop.kill()


def _not_held(state: int) -> CoqError:
    return CoqError(f"The state {state} is not held.")
