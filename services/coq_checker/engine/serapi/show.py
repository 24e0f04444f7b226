"""Goals as values, from the text that Coq's `Show` prints.

The text is Coq's own: hypotheses in their order, notations as set. With a wide printing width each
hypothesis starts a line two columns in, and what a notation breaks over lines is indented deeper.
"""

import re

from coq_checker.goals import Goal, Goals, Hypothesis

_HYPOTHESIS = re.compile(r"^  ([^\W\d][\w']*(?:, [^\W\d][\w']*)*) (:=|:) ", re.M)
_BAR = re.compile(r"^  ={4,}[^\n]*$", re.M)
_COUNT = re.compile(r"^(\d+) (?:focused )?goals?\b")


def _split_definition(text: str, types: dict[str, str], name: str) -> tuple[str, str]:
    """Body and type of `body : type`. A body may hold ` : ` itself, so Coq is asked for the type."""
    known = types.get(name)
    if known is not None and text.endswith(" : " + known):
        return text[: -len(known) - 3], known
    body, _, kind = text.rpartition(" : ")
    return (body, kind) if body else (text, "")


def parse_goal(text: str, types: dict[str, str] | None = None) -> Goal:
    """A goal from the text of `Show N.`.

    Args:
        text: what Coq printed; everything before the first hypothesis is skipped.
        types: printed types of local definitions, by name.
    """
    bar = _BAR.search(text)
    if bar is None:
        return Goal((), text.strip())
    found: list[Hypothesis] = []
    context = text[: bar.start()].rstrip()
    starts = list(_HYPOTHESIS.finditer(context))
    for here, after in zip(starts, [*starts[1:], None], strict=False):
        value = context[here.end() : after.start() if after else len(context)].rstrip()
        names = tuple(here[1].split(", "))
        if here[2] == ":=":
            body, kind = _split_definition(value, types or {}, names[0])
            found.append(Hypothesis(names, body, kind))
        else:
            found.append(Hypothesis(names, None, value))
    conclusion = text[bar.end() :].strip("\n")
    return Goal(tuple(found), "\n".join(line.removeprefix("  ") for line in conclusion.split("\n")).strip())


async def goals_at(query: Query, limit_bytes: int) -> Goals:
    """The goals in focus in the state that `query` asks; none outside a proof."""
    shown = await query("Show.")
    if shown.error is not None or not shown.messages:
        return Goals((), 0)
    text = shown.messages[-1]
    count = _COUNT.match(text)
    if count is None:
        return Goals((), 0)
    found: list[Goal] = []
    for index in range(1, min(int(count[1]), MAX_GOALS) + 1):
        one = await query(f"Show {index}.")
        if one.error is not None or not one.messages:
            break
        goal_text = one.messages[-1]
        types: dict[str, str] = {}
        for match in _HYPOTHESIS.finditer(goal_text.partition("\n  ====")[0]):
            if match[2] == ":=" and index == 1:
                checked = await query(f"Check {match[1]}.")
                if checked.error is None and checked.messages:
                    types[match[1]] = re.sub(r"\s+", " ", checked.messages[-1]).partition(" : ")[2]
        found.append(parse_goal(goal_text, types))
        if sum(len(goal.conclusion) for goal in found) > limit_bytes:
            break
    return Goals(cut(found, limit_bytes), int(count[1]))
