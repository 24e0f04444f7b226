"""Which goals a proof has, by sertop's own account, which no option of Coq's changes."""

from collections.abc import Iterator
from dataclasses import dataclass

from coq_checker.engine.api import EngineLostError
from coq_checker.engine.serapi.answers import Answer
from coq_checker.engine.serapi.document import Document, Place
from coq_checker.engine.serapi.sexp import Sexp, SexpError, read

# Numbers of existential variables: each goal is one.
Numbers = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """Goals of the innermost proof, by number: in focus, out of focus, on the shelf, and given up."""

    focused: Numbers = ()
    unfocused: Numbers = ()
    shelved: Numbers = ()
    given_up: Numbers = ()

    @property
    def all(self) -> Numbers:
        """All of them."""
        return self.focused + self.unfocused + self.shelved + self.given_up


async def counts_at(document: Document, place: Place) -> Counts:
    """Which goals there are in a place; none outside of proofs.

    Raises:
        EngineLostError: sertop's answer cannot be read, or the process is gone.
    """
    answer = await document.goals(place)
    try:
        fields = _fields(answer)
        return Counts(*(tuple(map(_number, fields.get(name, ()))) for name in _PARTS))
    except (SexpError, IndexError, KeyError, ValueError) as error:
        raise EngineLostError(_UNREADABLE) from error


async def existentials_in(document: Document, place: Place) -> dict[int, Numbers]:
    """The existential variables in the hypotheses and the conclusion of each goal, by number.

    Raises:
        EngineLostError: sertop's answer cannot be read, or the process is gone.
    """
    answer = await document.goals(place, kernel=True)
    try:
        goals = [goal for part in _fields(answer).values() for goal in part]
        return {_number(goal): tuple(sorted(set(_evars(goal)))) for goal in goals}
    except (SexpError, IndexError, KeyError, ValueError) as error:
        raise EngineLostError(_UNREADABLE) from error


_PARTS = (b"goals", b"stack", b"shelf", b"given_up")
_UNREADABLE = "sertop told the goals in a way that cannot be read"


def _fields(answer: Answer) -> dict[bytes, list[Sexp]]:
    """The goals in an answer, by where they are."""
    if answer.error is not None:
        return {}
    _, objects = _items(read(answer.objects[0].rstrip()[:-1]))
    if not objects:
        return {}
    _, record = _items(_items(objects)[0])
    fields = {bytes(name): _items(value) for name, value in map(_items, _items(record)) if isinstance(name, bytes)}
    stack = [goal for pair in fields[b"stack"] for side in _items(pair) for goal in _items(side)]
    return {**{name: fields[name] for name in _PARTS}, b"stack": stack}


def _number(goal: Sexp) -> int:
    """Of `((info((evar(Ser_Evar 19))(name())))(ty ...)(hyp ...))`."""
    _, info = _items(_items(goal)[0])
    _, evar = _items(_items(info)[0])
    return int(bytes(_items(evar)[1]))  # type: ignore[arg-type]


def _evars(goal: Sexp) -> Iterator[int]:
    """The numbers in `(Evar((Ser_Evar 16) ...))`, wherever it stands."""
    left = list(_items(goal)[1:])
    while left:
        one = left.pop()
        if isinstance(one, bytes):
            continue
        if len(one) == 2 and one[0] == b"Ser_Evar" and isinstance(one[1], bytes):
            yield int(one[1])
        left += one


def _items(sexp: Sexp) -> list[Sexp]:
    if isinstance(sexp, bytes):
        raise SexpError("a list is expected")
    return sexp
