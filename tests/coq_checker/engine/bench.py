"""An engine with what tests ask of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from coq_checker.engine.api import Advanced, Answered, Checked, CheckTask, CoqEngine, Gate, Proof
from coq_checker.gates.ast import PROOF, SCRIPT
from coqdata.sentence import split

# Each message and hypothesis on one line.
_SETUP = "Set Printing Width 100000."


@dataclass
class Bench:
    """An engine, and the state that tests begin in.

    Attributes:
        name: which engine it is, and of which Coq.
        engine: itself.
        state: behind its set-up.
    """

    name: str
    engine: CoqEngine
    state: int = 0
    messages: list[str] = field(default_factory=list)

    async def set_up(self) -> None:
        self.state = await self.run(_SETUP, self.engine.first)
        await self.engine.begin(self.state)

    async def advance(self, text: str, state: int | None = None, *, goals: int = 0) -> Advanced:
        """What comes of sentences, by default in the state that tests begin in."""
        return await self.engine.advance(self.state if state is None else state, text.encode(), goals=goals)

    async def run(self, text: str, state: int | None = None) -> int:
        """The state behind sentences that all go through."""
        done = await self.advance(text, state)
        assert done.through, (self.name, done.error, done.astray)
        self.messages += done.messages
        return done.steps[-1].state

    async def fails(self, text: str, state: int | None = None) -> str:
        """Coq's error for the last sentence of a text, whose others go through."""
        done = await self.advance(text, state)
        assert done.error is not None, (self.name, text)
        assert len(done.steps) == len(split(text.encode()).sentences) - 1, (self.name, done.error)
        return done.error.message

    async def proofs(self, text: str, state: int | None = None) -> list[tuple[str, ...]]:
        """What is being proved behind each sentence."""
        done = await self.advance(text, state)
        assert done.through, (self.name, done.error)
        return [step.proofs for step in done.steps]

    async def query(self, command: str, state: int | None = None) -> Answered:
        return await self.engine.query(self.state if state is None else state, command)

    async def known(self, name: str, state: int) -> bool:
        """Whether a name can be used in a state."""
        return (await self.query(f"Check {name}.", state)).error is None

    async def check(
        self,
        statement: str,
        body: str,
        state: int | None = None,
        *,
        setup: str = "",
        goals: int = 0,
        gate: Gate = PROOF,
        ends: Sequence[int] | None = None,
        talk: bool = False,
    ) -> Checked:
        """What comes of the body of a proof."""
        text = body.encode()
        task = CheckTask(
            state=self.state if state is None else state,
            setup=setup.encode(),
            statement=statement.encode(),
            text=text,
            ends=tuple(one.end for one in split(text).sentences) if ends is None else tuple(ends),
            gate=gate,
            goals=goals,
            talk=talk,
        )
        return await self.engine.check(task)

    async def script(
        self, anchor: str, script: str, closing: str, state: int | None = None, setup: str = ""
    ) -> Checked:
        """What comes of a script between the two sentences of an anchor; `closing` defines `checked`."""
        text = script.encode()
        task = CheckTask(
            state=self.state if state is None else state,
            setup=setup.encode(),
            statement=anchor.encode(),
            text=text,
            ends=tuple(one.end for one in split(text).sentences),
            gate=SCRIPT,
            closing=closing.encode(),
            checked="checked",
            goals=4,
        )
        return await self.engine.check(task)

    async def audit(self, text: str, state: int | None = None, *, renamed: str = "") -> list[list[str]]:
        """What the proof at the end of a text rests on; its first sentence is the statement."""
        before = self.state if state is None else state
        done = await self.advance(text, before)
        assert done.through, (self.name, done.error)
        stated, ended = done.steps[0].state, done.steps[-1].state
        audits = await self.engine.audit(Proof(before, before, stated, ended, ended, renamed))
        assert all(audit.problem is None for audit in audits), (self.name, audits)
        return [[str(one) for one in audit.assumptions] for audit in audits]
