"""A goal as a value, from the text that Coq's `Show` prints.

The text is Coq's own: hypotheses in their order, notations as set. With a wide printing width each
hypothesis starts a line two columns in, and what a notation breaks over lines is indented deeper.
"""

import re

from coq_checker.goals import Goal, Hypothesis

HYPOTHESIS = re.compile(r"^  ([^\W\d][\w']*(?:, [^\W\d][\w']*)*) (:=|:) ", re.M)
_BAR = re.compile(r"^  ={4,}[^\n]*$", re.M)


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
    starts = list(HYPOTHESIS.finditer(context))
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
