"""The rest of a proof from each of its steps on, as far as it is the proof of the goal that stood there."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_BULLET = re.compile(r"([-+*])\1*")
_ENDS = re.compile(r"(?:Qed|Defined|Save|Admitted|Abort)\b")
_OPENS = re.compile(r"Proof\b")
# A sentence that may reach goals beyond the first one: braces around it change what it means.
_WIDE = re.compile(
    r"\s*(?:all|par|!|\d[\d\s,-]*|\[[\w']+\])\s*:|Unshelve\b|Grab\b|Existential\b|.*\b(?:shelve|cycle|swap|revgoals)\b",
    re.S,
)


@dataclass(frozen=True, slots=True)
class Step:
    """A sentence of a proof and how many goals were in focus before it."""

    text: str
    goals: int


@dataclass(frozen=True, slots=True)
class Rest:
    """Sentences `start` to `end` (exclusive) prove the first goal before sentence `start`."""

    start: int
    end: int


def rests(steps: Sequence[Step]) -> list[Rest]:
    """The rests of a proof from its second tactic on, inside each other or side by side.

    By the structure alone: bullets and braces end what they opened, and a goal is done when there are fewer. A proof
    that takes its goals in another order gets rests that a checker refuses.
    """
    found: list[Rest] = []
    open_marks: list[str] = []
    begun = False
    for at, step in enumerate(steps):
        mark = _mark(step.text)
        if mark in ("open", "end"):
            continue
        if mark:
            _enter(open_marks, mark)
            continue
        if not begun:  # from the first one on it is the whole proof
            begun = True
        elif step.goals > 0:
            end = _end(steps, at, _segment(open_marks))
            if end is not None:
                found.append(Rest(at, end))
    return found


def braced(steps: Sequence[Step], inside: Sequence[Rest]) -> str | None:
    """The proof with braces around each of the rests, so that one run shows whether all of them prove their goals.

    None where a sentence reaches other goals than the first, so that braces would change what it does.
    """
    if any(_WIDE.match(step.text) is not None for step in steps):
        return None
    opens = {rest.start for rest in inside}
    closes: dict[int, int] = {}
    for rest in inside:
        closes[rest.end] = closes.get(rest.end, 0) + 1
    lines: list[str] = []
    for at, step in enumerate(steps):
        lines += ["}"] * closes.get(at, 0)
        if _mark(step.text) in ("open", "end"):
            continue
        lines.append(f"{{ {step.text}" if at in opens else step.text)
    lines += ["}"] * closes.get(len(steps), 0)
    return "\n".join(lines)


def text_of(steps: Sequence[Step], start: int, end: int) -> str:
    """Sentences of a proof, without `Proof` and `Qed`, one a line; what follows a bullet or brace stays on its line."""
    lines: list[str] = []
    joined = False
    for step in steps[start:end]:
        mark = _mark(step.text)
        if mark in ("open", "end"):
            continue
        text = step.text.strip()
        if joined:
            lines[-1] += f" {text}"
        else:
            lines.append(text)
        joined = bool(mark) and mark != "}"
    return "\n".join(lines)


def _mark(text: str) -> str:
    """A bullet or brace as it is; `open` for `Proof`, `end` for `Qed` and the like; empty for a tactic."""
    text = text.strip()
    if text in ("{", "}") or _BULLET.fullmatch(text) is not None:
        return text
    if _ENDS.match(text) is not None:
        return "end"
    return "open" if _OPENS.match(text) is not None else ""


def _segment(marks: Sequence[str]) -> list[str]:
    """The bullets that are open inside the innermost brace."""
    last = max((at for at, mark in enumerate(marks) if mark == "{"), default=-1)
    return list(marks[last + 1 :])


def _enter(marks: list[str], mark: str) -> None:
    """Opens or closes what a bullet or brace opens or closes."""
    if mark == "{":
        marks.append(mark)
    elif mark == "}":
        while marks and marks.pop() != "{":
            pass
    elif mark in _segment(marks):
        while marks[-1] != mark:
            marks.pop()
    else:
        marks.append(mark)


def _end(steps: Sequence[Step], start: int, around: Sequence[str]) -> int | None:
    goals = steps[start].goals
    inside: list[str] = []
    for at in range(start + 1, len(steps)):
        mark = _mark(steps[at].text)
        if mark == "end":
            return at if "{" not in inside else None
        if not inside and goals > 1 and steps[at].goals < goals:
            return at
        if mark == "}" and "{" not in inside:
            return at
        if mark and mark not in ("open", "end"):
            if "{" not in inside and mark in around and mark not in inside:
                return at
            if not inside and goals > 1 and mark != "{":
                return None  # bullets share all goals out, not those of the first one alone
            _enter(inside, mark)
    return len(steps) if "{" not in inside else None
