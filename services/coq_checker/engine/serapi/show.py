"""Goals as values, from what Coq prints of them and what sertop tells."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from coq_checker.engine.serapi.counts import Counts, counts_at, existentials_in
from coq_checker.engine.serapi.document import Document, Place
from coq_checker.engine.serapi.existentials import listed, with_existentials
from coq_checker.engine.serapi.printed import HYPOTHESIS, parse_goal
from coq_checker.goals import Goal, Goals


async def _shown(document: Document, place: Place, command: str) -> str:
    answer = await document.ask(place, command)
    messages = answer.notices
    return messages[-1] if answer.error is None and messages else ""


async def nothing_left(document: Document, place: Place) -> bool:
    """Whether a proof is open, no goal of which is left anywhere, and none was given up."""
    return bool(place.proofs) and await counts_at(document, place) == Counts()


async def goals_at(document: Document, place: Place, most: int) -> Goals:
    """The goals in focus in a place, on the shelf and given up, `most` of each printed; none outside a proof."""
    if not place.proofs:
        return Goals((), 0)
    counts = await counts_at(document, place)
    found = await _printed(document, place, range(1, min(len(counts.focused), most) + 1))
    told = Goals(
        tuple(found),
        len(counts.focused),
        len(counts.unfocused),
        len(counts.shelved),
        len(counts.given_up),
    )
    if not most or not counts.all:
        return told
    existing = await listed(document, place, counts)
    shown = dict(zip(counts.focused, found, strict=False))
    shown |= await _on_the_shelf(document, place, sorted(counts.shelved)[:most])
    shown |= {number: existing[number].goal for number in sorted(counts.given_up)[:most] if number in existing}
    named = with_existentials(shown, existing, await existentials_in(document, place) if len(counts.all) > 1 else {})
    goals, shelf, given_up = (
        tuple(named[number] for number in numbers if number in named)
        for numbers in (counts.focused, sorted(counts.shelved), sorted(counts.given_up))
    )
    return replace(told, goals=goals, shelf=shelf, given_up=given_up)


async def _printed(document: Document, place: Place, indices: Iterable[int]) -> list[Goal]:
    """Goals in focus, by their positions from 1."""
    found = []
    for index in indices:
        text = await _shown(document, place, f"Show {index}.")
        types: dict[str, str] = {}
        for match in HYPOTHESIS.finditer(text.partition("\n  ====")[0]):
            if match[2] == ":=" and index == 1:
                checked = await _shown(document, place, f"Check {match[1]}.")
                types[match[1]] = re.sub(r"\s+", " ", checked).partition(" : ")[2]
        found.append(parse_goal(text, types))
    return found


async def _on_the_shelf(document: Document, place: Place, numbers: Sequence[int]) -> dict[int, Goal]:
    """Goals on the shelf, by number: in focus, where `Show` prints goals, they are behind `Unshelve`."""
    if not numbers:
        return {}
    ran = await document.run_one(place, b"Unshelve.")
    if ran.place is None:
        return {}
    focused = (await counts_at(document, ran.place)).focused
    there = [number for number in numbers if number in focused]
    goals = await _printed(document, ran.place, [focused.index(number) + 1 for number in there])
    return dict(zip(there, goals, strict=True))
