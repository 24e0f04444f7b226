"""What a proof made and rests on, by Coq's own `About` and `Print Assumptions`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from coq_checker.engine.api import AXIOM, VARIABLE, Assumption, Audit
from coq_checker.engine.serapi.document import Document, Place

# An entry of Print Assumptions begins a line: `name : type`, `name` with its type on the lines that follow
# (each begins with a blank or a colon), or `name is assumed to be ...`.
_ENTRY = re.compile(r"^([^\s:]+)(?:\s+(is assumed to be guarded|is assumed to be positive|relies on [\w ]+))?")
_FLAGS = {
    "is assumed to be guarded": "guarded",
    "is assumed to be positive": "positive",
    "relies on definitional UIP": "uip",
}
_CLOSED = "Closed under the global context"
_LOCATED = re.compile(r"^(?:Constant|Inductive|Constructor|Module)\s+(\S+)", re.M)
_EXPANDS = re.compile(r"^Expands to:\s+(\w+)\s+(\S+)", re.M)
_GLOBAL = frozenset(("Constant", "Inductive", "Constructor"))
# What stands in the output of `Print All` where an entry begins. Whatever else looks like one is asked about too.
_DECLARED = re.compile(r"(?:^|\*\*\* \[) ?([^\W\d][\w']*) ?:", re.M)


@dataclass(frozen=True, slots=True)
class Ended:
    """A proof that ended, by places, as `api.Proof` has it.

    Attributes:
        known: what exists there does not count as assumed by the proof.
        before: before the proof's end, and without what it made.
        ended: behind it.
        asked: where it is looked up what that rests on.
        names: what was being proved.
        renamed: the name that the proof's end gives, where it gives one.
    """

    known: Place
    before: Place
    ended: Place
    asked: Place
    names: Sequence[str]
    renamed: str = ""


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


async def audits(document: Document, proof: Ended) -> tuple[Audit, ...]:
    """What each thing rests on that a proof made; none where it made nothing that could be found."""
    names = [proof.renamed] if proof.renamed else proof.names
    made = [name for one in names if (name := await _made(document, one, proof)) is not None]
    # What goes by other names than its own (as with `Derive`) is what is new.
    found = made or await _new(document, proof)
    return tuple([await _audit(document, name, proof) for name in found])


async def _made(document: Document, name: str, proof: Ended) -> str | None:
    """The full name of what has a name behind the proof, if the proof made it: Coq gives no full name twice."""
    expands = await stands_for(document, name, proof.ended)
    if expands is None or expands[0] not in ("Constant", "Variable"):
        return None
    kind = VARIABLE if expands[0] == "Variable" else AXIOM
    return None if await _exists(document, kind, expands[1], proof.before) else expands[1]


async def _new(document: Document, proof: Ended) -> list[str]:
    """The full names of what is there behind the proof and was not before."""
    listed = [await document.ask(place, "Print All.") for place in (proof.before, proof.ended)]
    before, after = (_DECLARED.findall("\n".join(answer.notices)) for answer in listed)
    names = [name for name in dict.fromkeys(after) if name not in set(before)]
    found = [await _made(document, name, proof) for name in names]
    return [name for name in found if name is not None]


async def _audit(document: Document, name: str, proof: Ended) -> Audit:
    printed = await document.ask(proof.asked, f"Print Assumptions {name}.")
    if printed.error is not None:
        return Audit(problem=printed.error.message, name=name)
    messages = printed.notices
    found: list[Assumption] = []
    for message in messages:
        for one in parse_print_assumptions(message):
            full = await _full_name(document, one, proof.asked)
            found.append(Assumption(one.kind, full, await _exists(document, one.kind, full, proof.known)))
    if not found and [message.strip() for message in messages] != [_CLOSED]:
        return Audit(problem="Coq did not say what it rests on", name=name)
    return Audit(tuple(found), name=name)


async def stands_for(document: Document, name: str, place: Place) -> tuple[str, str] | None:
    """What a name stands for in a place: its kind and full name."""
    said = await document.ask(place, f"About {name}.")
    found = _EXPANDS.search("\n".join(said.notices)) if said.error is None else None
    return None if found is None else (found[1], found[2])


async def _exists(document: Document, kind: str, name: str, place: Place) -> bool:
    """Whether there is a variable (of a section) or something global of that full name in a place."""
    expands = await stands_for(document, name, place)
    if expands is None or expands[1] != name:
        return False
    return expands[0] == "Variable" if kind == VARIABLE else expands[0] in _GLOBAL


async def _full_name(document: Document, one: Assumption, place: Place) -> str:
    if one.kind == VARIABLE:
        return one.name  # a constant of another file may have that name too, and would be found first
    located = await document.ask(place, f"Locate Term {one.name}.")
    match = _LOCATED.search(located.notices[0]) if located.notices else None
    return match[1] if match else one.name
