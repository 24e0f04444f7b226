"""What is kept of one source file, and its form on disk."""

import json
import os
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

# Of records and packs. An index of another version is not read: it is built again, or named.
FORMAT = 2


class BadIndexError(Exception):
    """An index, or a part of one, that cannot be used; the text is one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that the file defines and that a proof may name.

    Attributes:
        name: fully qualified.
        word: Coq's word for how it is defined (`Lemma`, `Definition`, `Constructor`, `Scheme`, ...).
        kind: coqdoc's word (`prf`, `def`, `ind`, ...); `` for what only Coq's own list has.
        start: byte where its sentence begins (a constructor's or projection's: its name).
        end: byte from which on it can be used: where its sentence, or its proof, ends.
        source: its statement as it stands there; empty where it does not stand there.
        printed: its type as Coq prints it; empty where Coq was not asked.
        section: names of the sections around it, joined by full stops.
    """

    name: str
    word: str
    kind: str
    start: int
    end: int
    source: str
    printed: str = ""
    section: str = ""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A hypothesis of a goal: names that share a body and a type."""

    names: tuple[str, ...]
    body: str | None
    type: str


@dataclass(frozen=True, slots=True)
class Step:
    """One sentence of a proof, and the goal that it met.

    Attributes:
        start, end: its bytes in the file.
        goal: conclusion of the goal in focus.
        hypotheses: of that goal, in Coq's order.
        goals: how many goals were in focus.
    """

    start: int
    end: int
    goal: str
    hypotheses: tuple[Hypothesis, ...]
    goals: int = 1


@dataclass(frozen=True, slots=True)
class Proof:
    """A theorem with its proof.

    Attributes:
        name: fully qualified name of the theorem.
        start: byte where its statement begins.
        proof_start, proof_end: bytes of the proof.
        statement: as it stands in the source.
        text: the proof, from `Proof.` to `Qed.`.
        ending: the word that ends it.
        premises: fully qualified names that its text refers to, in the order of the text.
        section: names of the sections around it, joined by full stops.
        steps: its sentences; empty where the goals were not asked for.
        problem: why there are no steps, or not all.
        at: for each of `premises` the byte where it is referred to.
    """

    name: str
    start: int
    proof_start: int
    proof_end: int
    statement: str
    text: str
    ending: str
    premises: tuple[str, ...]
    section: str
    steps: tuple[Step, ...] = ()
    problem: str = ""
    at: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """One file of the index.

    Attributes:
        path: inside its project or library, with `/`.
        library: its logical name.
        fingerprint: hash of the source, of its .glob file, and of what they were read with.
        requires: logical names of the libraries that it requires itself.
        resolved: these names are Coq's own, in full; False where they are as the source has them.
        aliases: abbreviations of the file that stand for one thing: full name to full name.
        entries, proofs: in the order of the file.
        printed: Coq was asked for its types.
        traced: the checker was asked for its goals.
        notes: what could not be read, each in one sentence.
    """

    path: str
    library: str
    fingerprint: str
    requires: tuple[str, ...]
    resolved: bool
    aliases: tuple[tuple[str, str], ...]
    entries: tuple[Entry, ...]
    proofs: tuple[Proof, ...]
    printed: bool = False
    traced: bool = False
    notes: tuple[str, ...] = ()


def write_record(record: Record, file: Path) -> None:
    """Writes a record in one step, so that an interruption leaves the old one or the new one."""
    fresh = file.with_name(f"{file.name}.{os.getpid()}.part")
    fresh.write_text(json.dumps([FORMAT, astuple(record)], ensure_ascii=False, separators=(",", ":")), "utf-8")
    fresh.replace(file)


def read_record(file: Path) -> Record | None:
    """A record as it was written; None when there is none, or none of this format, or it is damaged."""
    try:
        version, fields = json.loads(file.read_text("utf-8"))
        return _record(fields) if version == FORMAT else None
    except (OSError, ValueError, TypeError, IndexError, KeyError):
        return None


def _record(fields: list[Any]) -> Record:
    path, library, fingerprint, requires, resolved, aliases, entries, proofs, printed, traced, notes = fields
    return Record(
        path,
        library,
        fingerprint,
        tuple(requires),
        resolved,
        tuple((name, target) for name, target in aliases),
        tuple(Entry(*one) for one in entries),
        tuple(_proof(one) for one in proofs),
        printed,
        traced,
        tuple(notes),
    )


def _proof(fields: list[Any]) -> Proof:
    *before, premises, section, steps, problem, at = fields
    name, start, proof_start, proof_end, statement, text, ending = before
    return Proof(
        name,
        start,
        proof_start,
        proof_end,
        statement,
        text,
        ending,
        tuple(premises),
        section,
        tuple(_step(one) for one in steps),
        problem,
        tuple(at),
    )


def _step(fields: list[Any]) -> Step:
    start, end, goal, hypotheses, goals = fields
    return Step(start, end, goal, tuple(Hypothesis(tuple(h[0]), h[1], h[2]) for h in hypotheses), goals)
