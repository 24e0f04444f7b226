"""The soundness bugs of Coq and Rocq that are publicly known: `known_bugs.toml`, and which of them a proof touches."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from coq_checker.soundness.features import Feature
from coqdata.releases import version_numbers

_PARTS = 3


class Expressible(StrEnum):
    """Whether a candidate can hold what the report shows, in an environment that does not forbid it."""

    BODY = "body"
    """In the body of a proof, and so in a script as well."""

    SCRIPT = "script"
    """In a script alone, which has definitions of its own."""

    NO = "no"
    """Not at all, or not so that anything false would come of it; `why` says which."""


@dataclass(frozen=True, slots=True)
class KnownBug:
    """One public report.

    Attributes:
        id: such as `rocq#21839`.
        title: what is wrong, in a few words.
        component: of the kernel or of what stands around it.
        features: each set is one way to touch it: all of its features together. None where no feature tells.
        hit: the versions that have it: from the first of a pair up to the second, which is the first without it;
            `()` stands for "from ever" in the first place, and for "until now" in the second.
        link: the report's address.
        expressible: whether a candidate can hold it.
        why: one sentence where none can.
        fixtures: the folders of `tests/attacks` that try it.
    """

    id: str
    title: str
    component: str
    features: tuple[frozenset[Feature], ...]
    hit: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
    link: str
    expressible: Expressible
    why: str = ""
    fixtures: tuple[str, ...] = ()

    def hits(self, version: tuple[int, ...]) -> bool:
        """Whether a version has it, such as `(8, 20, 1)`; an unknown one, `()`, has every bug."""
        if not version:
            return True
        asked = _padded(version)
        return any(_padded(first) <= asked and (not mended or asked < _padded(mended)) for first, mended in self.hit)

    def touched_by(self, features: frozenset[Feature]) -> bool:
        """Whether a proof with these features may rest on it."""
        return any(way <= features for way in self.features)


@cache
def known_bugs() -> tuple[KnownBug, ...]:
    """All of them, as the table has them."""
    given = tomllib.loads(files("coq_checker.soundness").joinpath("known_bugs.toml").read_text("utf-8"))
    return tuple(_bug(one) for one in given["bug"])


def touching(features: Iterable[str], version: tuple[int, ...]) -> tuple[KnownBug, ...]:
    """Those that a version has and that a proof with these features may rest on.

    Args:
        features: of the proof's own terms, by their names.
        version: of the running Coq; `()` where it is not known.

    Raises:
        ValueError: there is no feature of such a name.
    """
    own = frozenset(Feature(one) for one in features)
    return tuple(bug for bug in known_bugs() if bug.hits(version) and bug.touched_by(own))


def _bug(given: dict[str, Any]) -> KnownBug:
    return KnownBug(
        id=given["id"],
        title=given["title"],
        component=given["component"],
        features=tuple(frozenset(Feature(one) for one in way) for way in given["features"]),
        hit=tuple((version_numbers(first), version_numbers(mended)) for first, mended in given["hit"]),
        link=given["link"],
        expressible=Expressible(given["expressible"]),
        why=given.get("why", ""),
        fixtures=tuple(given.get("fixtures", ())),
    )


def _padded(version: tuple[int, ...]) -> tuple[int, ...]:
    return (*version, *(0,) * (_PARTS - len(version)))
