"""The axiom audit: what a proved constant rests on.

Two auditors answer alike. `PrintAssumptions` asks Coq's own command, which walks through everything
that a proof uses each time (200 to 500 ms for any `lia` proof). `PluginAuditor` asks a small plugin
with a memory that forks inherit (about 0.1 ms), where it could be built; a test compares the two.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from coq_checker.run import run
from coq_checker.session.api import CoqSession, Query, SessionLostError

_WARM_AT_ONCE = 200

# Kinds of what a proof can rest on, with how they are shown: `axiom NAME` is shown as NAME.
AXIOM = "axiom"
VARIABLE = "variable"


@dataclass(frozen=True, slots=True)
class Assumption:
    """One thing a proof rests on.

    Attributes:
        kind: `axiom`, `variable` (of a section), or the check that was switched off: `guarded`,
            `positive`, `type_in_type`, `uip`.
        name: the full name of the axiom, variable, or constant that was not checked.
    """

    kind: str
    name: str

    def __str__(self) -> str:
        return self.name if self.kind == AXIOM else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Audit:
    """What a constant rests on, or why that could not be found out."""

    assumptions: tuple[Assumption, ...] = ()
    problem: str | None = None


class Auditor(Protocol):
    """Finds out what constants rest on."""

    async def prepare(self, session: CoqSession) -> None:
        """Makes a fresh session ready for audits, before anything else runs in it."""

    async def learn(self, query: Query, name: str) -> list[str]:
        """What another session should `warm` up with, after an audit of `name` took long where `query` asks."""

    async def warm(self, session: CoqSession, names: Sequence[str]) -> None:
        """Lets a session, and so its later forks, remember what the constants rest on."""

    async def audit(self, session: CoqSession, names: Sequence[str], state: int | None = None) -> list[Audit]:
        """What each of the constants rests on, by their names in `state` (default: the session's tip)."""


# An entry of Print Assumptions begins a line: `name : type`, `name` with its type on the lines that follow
# (each begins with a blank or a colon), or `name is assumed to be ...`.
_ENTRY = re.compile(r"^([^\s:]+)(?:\s+(is assumed to be guarded|is assumed to be positive|relies on [\w ]+))?")
_FLAGS = {"is assumed to be guarded": "guarded", "is assumed to be positive": "positive"}
_CLOSED = "Closed under the global context"
_LOCATED = re.compile(r"^(?:Constant|Inductive|Constructor|Module)\s+(\S+)", re.M)


def parse_print_assumptions(text: str) -> list[Assumption]:
    """What `Print Assumptions` printed, under a wide printing width."""
    if text.strip() == _CLOSED:
        return []
    found: list[Assumption] = []
    kind = AXIOM
    for line in text.split("\n"):
        if line.startswith("Section Variables:"):
            kind = VARIABLE
        elif line.startswith("Axioms") and line.rstrip().endswith(":"):
            kind = AXIOM
        elif match := _ENTRY.match(line):
            # Whatever begins a line counts: a type that was made to print line ends adds entries, hides none.
            flag = match[2]
            if flag is None:
                found.append(Assumption(kind, match[1]))
            else:
                found.append(Assumption(_FLAGS.get(flag, "type_in_type"), match[1]))
    return found


class PrintAssumptions:
    """Audits by Coq's own `Print Assumptions`."""

    async def prepare(self, session: CoqSession) -> None:
        """Nothing to prepare."""

    async def learn(self, query: Query, name: str) -> list[str]:
        """Coq's command remembers nothing."""
        return []

    async def warm(self, session: CoqSession, names: Sequence[str]) -> None:
        """Coq's command remembers nothing."""

    async def audit(self, session: CoqSession, names: Sequence[str], state: int | None = None) -> list[Audit]:
        """What each of the constants rests on, by their names in `state` (default: the session's tip)."""
        return [await self._audit(session, name, state) for name in names]

    async def _audit(self, session: CoqSession, name: str, state: int | None) -> Audit:
        printed = await session.query(f"Print Assumptions {name}.", state)
        if printed.error is not None:
            return Audit(problem=printed.error.message)
        found: list[Assumption] = []
        for message in printed.messages:
            for one in parse_print_assumptions(message):
                found.append(Assumption(one.kind, await self._full_name(session, one, state)))
        if not found and [message.strip() for message in printed.messages] != [_CLOSED]:
            return Audit(problem="Coq did not say what it rests on")
        return Audit(tuple(found))

    @staticmethod
    async def _full_name(session: CoqSession, one: Assumption, state: int | None) -> str:
        if one.kind == VARIABLE:
            return one.name  # a constant of another file may have that name too, and would be found first
        located = await session.query(f"Locate Term {one.name}.", state)
        match = _LOCATED.search(located.messages[0]) if located.messages else None
        return match[1] if match else one.name


class PluginAuditor:
    """Audits by Palmetto's own plugin, which remembers across audits and forks."""

    async def prepare(self, session: CoqSession) -> None:
        """Loads the plugin, which adds one command and nothing else."""
        done = await run(session, b'Declare ML Module "palmetto-audit.plugin".', 1)
        if done.failed is None:
            done = await run(session, b"PalmettoQuiet.", 1)
        if done.failed is not None:
            said = done.error.message if done.error else ""
            raise SessionLostError(f"the audit plugin did not load: {said}")
        session.after_fork = "PalmettoQuiet."

    async def trace(self, session: CoqSession, nonce: str, most: int) -> None:
        """From now on the session prints `NONCE {state, goals, count}` for each state that it computes in a proof.

        Args:
            session: whose document goes on.
            nonce: begins each such message.
            most: how many goals of a state are printed.
        """
        done = await run(session, f'PalmettoTrace "{nonce}" {most}.'.encode(), 1)
        if done.failed is not None:
            raise SessionLostError("the plugin cannot report goals")

    async def learn(self, query: Query, name: str) -> list[str]:
        """The constants that the body of `name` names."""
        nonce = secrets.token_hex(8)
        printed = await query(f'PalmettoUses "{nonce}" {name}.')
        found = [message for message in printed.messages if message.startswith(nonce)]
        return found[0].split()[1:] if found else []

    async def warm(self, session: CoqSession, names: Sequence[str]) -> None:
        """Audits the constants in the session; what is not there is no matter."""
        for at in range(0, len(names), _WARM_AT_ONCE):
            await session.query(f'PalmettoAssumptions "" {" ".join(names[at : at + _WARM_AT_ONCE])}.')

    async def audit(self, session: CoqSession, names: Sequence[str], state: int | None = None) -> list[Audit]:
        """What each of the constants rests on, by their names in `state` (default: the session's tip)."""
        nonce = secrets.token_hex(8)
        quoted = " ".join(names)
        printed = await session.query(f'PalmettoAssumptions "{nonce}" {quoted}.', state)
        if printed.error is not None:
            if len(names) > 1:
                return [(await self.audit(session, [name], state))[0] for name in names]
            return [Audit(problem=printed.error.message)]
        found = [
            line.removeprefix(nonce).strip()
            for message in printed.messages
            for line in message.split("\n")
            if line.startswith(nonce)
        ]
        if len(found) != len(names):
            return [Audit(problem="the audit plugin did not answer")] * len(names)
        return [self.read(line) for line in found]

    @staticmethod
    def read(line: str) -> Audit:
        """One constant's line, `NONCE NAME = ITEM; ITEM; ...`."""
        items = line.partition(" = ")[2].split("; ") if " = " in line else []
        assumptions = [Assumption(*item.split(" ", 1)) for item in items if " " in item]
        return Audit(tuple(assumptions))
