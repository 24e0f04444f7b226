"""How many goals a proof has, by sertop's own account, which no option of Coq's changes."""

from dataclasses import dataclass

from coq_checker.engine.api import EngineLostError
from coq_checker.engine.serapi.document import Document, Place
from coq_checker.engine.serapi.sexp import Sexp, SexpError, read


@dataclass(frozen=True, slots=True)
class Counts:
    """Goals of the innermost proof: in focus, out of focus, on the shelf, and given up."""

    focused: int = 0
    unfocused: int = 0
    shelved: int = 0
    given_up: int = 0


async def counts_at(document: Document, place: Place) -> Counts:
    """How many goals there are in a place; none outside of proofs.

    Raises:
        EngineLostError: sertop's answer cannot be read, or the process is gone.
    """
    answer = await document.goals(place)
    if answer.error is not None:
        return Counts()
    try:
        _, objects = _items(read(answer.objects[0].rstrip()[:-1]))
        if not objects:
            return Counts()
        _, record = _items(_items(objects)[0])
        fields = {bytes(name): _items(value) for name, value in map(_items, _items(record)) if isinstance(name, bytes)}
        stack = [_items(part) for pair in fields[b"stack"] for part in _items(pair)]
        shelved, given_up = len(fields[b"shelf"]), len(fields[b"given_up"])
        return Counts(len(fields[b"goals"]), sum(map(len, stack)), shelved, given_up)
    except (SexpError, IndexError, KeyError, ValueError) as error:
        raise EngineLostError("sertop told the goals in a way that cannot be read") from error


def _items(sexp: Sexp) -> list[Sexp]:
    if isinstance(sexp, bytes):
        raise SexpError("a list is expected")
    return sexp
