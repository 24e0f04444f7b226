"""Whether two readings of a statement say the same: printed in full, with each name standing for the same thing."""

import re

from coq_checker.engine.serapi.assumptions import stands_for
from coq_checker.engine.serapi.document import Document, Place
from coq_checker.engine.serapi.show import goals_at
from coq_checker.goals import Goal, Hypothesis

_PRINT_ALL = b"Set Printing All."
_MOST_GOALS = 32
_NAME = re.compile(r"[^\W\d][\w']*(?:\.[^\W\d][\w']*)*")


async def same_statement(document: Document, plain: Place, other: Place, before: Place) -> bool:
    """Whether what is to be proved in two places is the same.

    A name that the statement binds counts as well, where something of that name stands for another thing in the other
    place: it is not told from a use of that thing.

    Args:
        document: where.
        plain: behind the statement alone.
        other: behind the statement with what is set up for it.
        before: before the latter; section variables that are there may have been added to the goals.
    """
    ones, twos = [await _goals(document, place) for place in (plain, other)]
    if len(ones) != len(twos):
        return False
    texts: list[str] = []
    for one, two in zip(ones, twos, strict=True):
        said, heard = _by_name(one), _by_name(two)
        if one.conclusion != two.conclusion or any(heard.get(name) != what for name, what in said.items()):
            return False
        for name in heard.keys() - said.keys():
            found = await stands_for(document, name, before)
            if found is None or found[0] != "Variable":
                return False
        texts += [one.conclusion, *(f"{what.body or ''} {what.type}" for what in said.values())]
    for name in {name for text in texts for name in _NAME.findall(text)}:
        if await stands_for(document, name, plain) != await stands_for(document, name, other):
            return False
    return True


async def _goals(document: Document, place: Place) -> tuple[Goal, ...]:
    printing = await document.run_one(place, _PRINT_ALL)
    return (await goals_at(document, printing.place or place, _MOST_GOALS)).goals


def _by_name(goal: Goal) -> dict[str, Hypothesis]:
    return {name: Hypothesis((), one.body, one.type) for one in goal.hypotheses for name in one.names}
