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

from coq_checker.run import open_proofs, run
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
        known: whether the very same thing existed before what was proved.
    """

    kind: str
    name: str
    known: bool = False

    def __str__(self) -> str:
        return self.name if self.kind == AXIOM else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Audit:
    """What a constant rests on, or why that could not be found out."""

    assumptions: tuple[Assumption, ...] = ()
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that ended, by states of a session: what it made is what the kernel has after it and had not before.

    Attributes:
        known: what exists in this state does not count as assumed by the proof.
        before: the state before the statement.
        stated: the state behind the statement.
        ended: the state behind the end of the proof.
        renamed: the name that the proof's end gives, where it gives one (`Defined NAME`), or that of a definition
            which is no proof.
        around: the names of the proofs around a nested one, which Coq holds back until the outermost of them ends:
            `before` and `ended` are that one's.
    """

    known: int
    before: int
    stated: int
    ended: int
    renamed: str = ""
    around: tuple[str, ...] = ()


class Auditor(Protocol):
    """Finds out what proofs rest on."""

    async def prepare(self, session: CoqSession) -> None:
        """Makes a fresh session ready for audits, before anything else runs in it."""

    async def learn(self, query: Query, name: str) -> list[str]:
        """What another session should `warm` up with, after an audit of `name` took long where `query` asks."""

    async def warm(self, session: CoqSession, names: Sequence[str]) -> None:
        """Lets a session, and so its later forks, remember what the constants rest on."""

    async def audit(self, session: CoqSession, proof: Proof) -> list[Audit]:
        """What each of the constants rests on that a proof made; at least one answer."""


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


_EXPANDS = re.compile(r"^Expands to:\s+(\w+)\s+(\S+)", re.M)
_GLOBAL = frozenset(("Constant", "Inductive", "Constructor"))


async def _exists(session: CoqSession, kind: str, name: str, state: int) -> bool:
    """Whether there is a variable (of a section) or something global of that full name in a state."""
    said = await session.query(f"About {name}.", state)
    found = _EXPANDS.search("\n".join(said.messages)) if said.error is None else None
    if found is None or found[2] != name:
        return False
    return found[1] == "Variable" if kind == VARIABLE else found[1] in _GLOBAL


class PrintAssumptions:
    """Audits by Coq's own `Print Assumptions`."""

    async def prepare(self, session: CoqSession) -> None:
        """Nothing to prepare."""

    async def learn(self, query: Query, name: str) -> list[str]:
        """Coq's command remembers nothing."""
        return []

    async def warm(self, session: CoqSession, names: Sequence[str]) -> None:
        """Coq's command remembers nothing."""

    async def audit(self, session: CoqSession, proof: Proof) -> list[Audit]:
        """What each of the constants rests on that a proof made; at least one answer."""
        names: Sequence[str] = (proof.renamed,)
        if not proof.renamed:
            around = (*proof.around, *await open_proofs(session, proof.before))
            names = [name for name in await open_proofs(session, proof.stated) if name not in around]
        found = [await self._audit(session, name, proof) for name in names]
        return found or [Audit(problem="Coq did not say what was proved")]

    async def _audit(self, session: CoqSession, name: str, proof: Proof) -> Audit:
        located = await session.query(f"About {name}.", proof.ended)
        made = _EXPANDS.search("\n".join(located.messages)) if located.error is None else None
        # What has the name must be what this proof made: Coq gives no full name twice.
        kind = VARIABLE if made is not None and made[1] == "Variable" else AXIOM
        if made is None or await _exists(session, kind, made[2], proof.before):
            return Audit(problem=f"it made nothing of the name {name}")
        printed = await session.query(f"Print Assumptions {made[2]}.", proof.ended)
        if printed.error is not None:
            return Audit(problem=printed.error.message)
        found: list[Assumption] = []
        for message in printed.messages:
            for one in parse_print_assumptions(message):
                full = await self._full_name(session, one, proof.ended)
                found.append(Assumption(one.kind, full, await _exists(session, one.kind, full, proof.known)))
        if not found and [message.strip() for message in printed.messages] != [_CLOSED]:
            return Audit(problem="Coq did not say what it rests on")
        return Audit(tuple(found))

    @staticmethod
    async def _full_name(session: CoqSession, one: Assumption, state: int) -> str:
        if one.kind == VARIABLE:
            return one.name  # a constant of another file may have that name too, and would be found first
        located = await session.query(f"Locate Term {one.name}.", state)
        match = _LOCATED.search(located.messages[0]) if located.messages else None
        return match[1] if match else one.name


class PluginAuditor:
    """Audits by Palmetto's own plugin, which remembers across audits and forks."""

    async def prepare(self, session: CoqSession) -> None:
        """Loads the plugin, which adds one command and nothing else."""
        nonce = secrets.token_hex(8)
        for command in ('Declare ML Module "palmetto-audit.plugin".', "PalmettoQuiet.", f'PalmettoProofs "{nonce}".'):
            done = await run(session, command.encode(), 1)
            if done.failed is not None or done.unclear:
                said = done.error.message if done.error else ""
                raise SessionLostError(f"the audit plugin did not load: {said}")
        session.after_fork = "PalmettoQuiet."
        session.tells_proofs = nonce

    async def trace(self, session: CoqSession, nonce: str, most: int) -> None:
        """From now on the session prints `NONCE {state, goals, count}` for each state that it computes in a proof.

        Args:
            session: whose document goes on.
            nonce: begins each such message.
            most: how many goals of a state are printed.
        """
        done = await run(session, f'PalmettoGoals "{nonce}" {most}.'.encode(), 1)
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

    async def audit(self, session: CoqSession, proof: Proof) -> list[Audit]:
        """What each of the constants rests on that a proof made; at least one answer."""
        nonce = secrets.token_hex(8)
        command = f'PalmettoProved "{nonce}" {proof.known} {proof.before} {proof.stated} {proof.ended}.'
        printed = await session.query(command, proof.ended)
        if printed.error is not None:
            return [Audit(problem=printed.error.message)]
        found = [
            line.removeprefix(nonce).strip()
            for message in printed.messages
            for line in message.split("\n")
            if line.startswith(nonce)
        ]
        if proof.around:
            found = [line for line in found if self._name(line) not in proof.around] or found
        return [self.read(line) for line in found] or [Audit(problem="the audit plugin did not answer")]

    @staticmethod
    def _name(line: str) -> str:
        return line.partition(" = ")[0].rpartition(" ")[2].rpartition(".")[2]

    @staticmethod
    def read(line: str) -> Audit:
        """One constant's line, `NONCE NAME = ITEM; ITEM; ...`; an item is `known KIND NAME` or `new KIND NAME`."""
        items = line.partition(" = ")[2].split("; ") if " = " in line else []
        words = [item.split(" ", 2) for item in items if item]
        return Audit(tuple(Assumption(kind, name, since == "known") for since, kind, name in words))
