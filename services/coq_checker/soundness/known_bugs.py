"""Public reports of soundness bugs of Coq's kernel."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class KnownBug:
    """A public report."""

    id: str
    features: tuple[str, ...]


def touching(features: Iterable[str], version: tuple[int, ...]) -> tuple[KnownBug, ...]:
    """Those that touch a proof with these features."""
    return ()
