"""Existential variables by their numbers: their names, types and contexts, from what `Show Existentials` prints."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from coq_checker.engine.serapi.counts import Counts, Numbers
from coq_checker.engine.serapi.document import Document, Place
from coq_checker.engine.serapi.printed import parse_goal
from coq_checker.goals import Existential, Goal, Hypothesis

# `Existential 1 = ?x : [n : nat  e : n = n |- nat] (shelved)`, one a line where the printing width is wide.
_LISTED = re.compile(r"^Existential \d+ =\s+(\?\S+) : \[(.*?)\](| \(shelved\)| \(given up\))$", re.M | re.S)
_NEXT = re.compile(r"(?:^|  )(?=[^\W\d][\w']* (?::=|:) )")


@dataclass(frozen=True, slots=True)
class Listed:
    """One that is listed: its name, and the goal that it is."""

    name: str
    goal: Goal


async def listed(document: Document, place: Place, counts: Counts) -> dict[int, Listed]:
    """What is listed in a place. Coq lists them by number, and tells no numbers.

    Args:
        document: where.
        place: where there.
        counts: the goals there.
    """
    answer = await document.ask(place, "Show Existentials.")
    lines = _LISTED.findall("\n".join(answer.notices)) if answer.error is None else []
    found: dict[int, Listed] = {}
    marks: dict[str, Numbers] = {
        "": counts.focused + counts.unfocused,
        " (shelved)": counts.shelved,
        " (given up)": counts.given_up,
    }
    for mark, numbers in marks.items():
        marked = [(name, text) for name, text, its in lines if its == mark]
        # Variables that are no goals are not to be taken for such.
        if len(marked) == len(numbers):
            found |= {
                number: Listed(name, _goal(text)) for number, (name, text) in zip(sorted(numbers), marked, strict=True)
            }
    return found


def with_existentials(
    goals: Mapping[int, Goal], known: Mapping[int, Listed], inside: Mapping[int, Numbers]
) -> dict[int, Goal]:
    """Goals with their names, and with the existential variables in them.

    Args:
        goals: by number.
        known: what is listed.
        inside: the variables in each, by number.
    """

    def type_of(number: int) -> str:
        return (goals[number] if number in goals else known[number].goal).conclusion

    return {
        number: replace(
            goal,
            name=known[number].name if number in known else "",
            existentials=tuple(
                Existential(known[one].name, type_of(one)) for one in inside.get(number, ()) if one in known
            ),
        )
        for number, goal in goals.items()
    }


def _goal(text: str) -> Goal:
    """Of `n : nat  m : nat |- n = m`; as `Show` does it, hypotheses of one type that stand together are one."""
    context, _, conclusion = text.rpartition("|- ")
    goal = parse_goal(f"{_NEXT.sub(_LINE, context.rstrip())}\n  ====\n  {conclusion}")
    found: list[Hypothesis] = []
    for one in goal.hypotheses:
        last = found[-1] if found else None
        if last is not None and last.body is one.body is None and last.type == one.type:
            found[-1] = replace(last, names=last.names + one.names)
        else:
            found.append(one)
    return replace(goal, hypotheses=tuple(found))


_LINE = "\n  "
