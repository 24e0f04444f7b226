"""What a package wants of Coq, as opam and dune say it: versions, alternatives, conflicts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from coqdata.releases import version_numbers

# Packages of the prover and of its standard library, which have the version of the release.
_COQ = ("coq", "coq-core", "coq-stdlib")
_ROCQ = ("rocq-core", "rocq-prover", "rocq-runtime", "rocq-stdlib")
_FIRST_ROCQ = (9, 0)


@dataclass(frozen=True, slots=True)
class Bound:
    """A comparison with a version, such as `<= "8.20"`; it is met by all patches of what it names."""

    sign: str
    version: str

    def __str__(self) -> str:
        return f'{self.sign} "{self.version}"'


@dataclass(frozen=True, slots=True)
class Needs:
    """A package of the prover's, and what is wanted of its version; None: any."""

    name: str
    condition: "Wanted | None"

    def __str__(self) -> str:
        return self.name if self.condition is None else f"{self.name} {{{self.condition}}}"


@dataclass(frozen=True, slots=True)
class AllOf:
    """All of them."""

    parts: "tuple[Wanted, ...]"

    def __str__(self) -> str:
        return " & ".join(f"({part})" if isinstance(part, OneOf) else str(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class OneOf:
    """At least one of them."""

    parts: "tuple[Wanted, ...]"

    def __str__(self) -> str:
        return " | ".join(map(str, self.parts))


@dataclass(frozen=True, slots=True)
class Not:
    """Its contrary."""

    part: "Wanted"

    def __str__(self) -> str:
        return f"not ({self.part})"


Wanted: TypeAlias = Bound | Needs | AllOf | OneOf | Not


def bound(sign: str, version: str) -> Wanted | None:
    """A comparison; None with what is no release, such as `dev`, which says nothing of releases."""
    return Bound("!=" if sign == "<>" else sign, version) if version_numbers(version) else None


def needs(name: str, condition: Wanted | None) -> Wanted | None:
    """That a package is needed; None for one that is none of the prover's."""
    return Needs(name, condition) if name in (*_COQ, *_ROCQ) else None


def all_of(parts: Iterable[Wanted | None]) -> Wanted | None:
    """All that say something; None where none does."""
    said = tuple(part for part in parts if part is not None)
    return AllOf(said) if len(said) > 1 else next(iter(said), None)


def one_of(parts: Iterable[Wanted | None]) -> Wanted | None:
    """One of those that say something; None where none does."""
    said = tuple(part for part in parts if part is not None)
    return OneOf(said) if len(said) > 1 else next(iter(said), None)


def none_of(parts: Iterable[Wanted | None]) -> Wanted | None:
    """None of those that are of certain versions: what conflicts with the prover itself says nothing."""
    found = one_of(part for part in parts if part is not None and next(_versions(part), None) is not None)
    return None if found is None else Not(found)


def shown(wanted: Wanted) -> str:
    """For a sentence: where it is of one package alone, what is wanted of its version."""
    return str(wanted.condition if isinstance(wanted, Needs) and wanted.condition is not None else wanted)


def says_something(wanted: Wanted) -> bool:
    """Whether there is a release that does not do."""
    versions = list(_versions(wanted))
    beside = [(*version[:-1], version[-1] + 1) for version in versions]
    return any(not met(wanted, version) for version in ((0,), *versions, *beside, (1000,)))


def met(wanted: Wanted, version: tuple[int, ...]) -> bool:
    """Whether a release does."""
    match wanted:
        case Needs(name, condition):
            if name in _ROCQ and version < _FIRST_ROCQ:
                return False
            return condition is None or met(condition, version)
        case AllOf(parts):
            return all(met(part, version) for part in parts)
        case OneOf(parts):
            return any(met(part, version) for part in parts)
        case Not(part):
            return not met(part, version)
        case Bound(sign, text):
            return _compares(sign, version, text)


def distance(wanted: Wanted, version: tuple[int, ...]) -> tuple[int, ...]:
    """How far a release is from the versions that are named: the less, the nearer."""
    here = _padded(version)
    return min(
        (tuple(abs(a - b) for a, b in zip(here, _padded(there), strict=True)) for there in _versions(wanted)),
        default=(0, 0, 0),
    )


def _versions(wanted: Wanted) -> Iterator[tuple[int, ...]]:
    match wanted:
        case Needs(name, None):
            if name in _ROCQ:
                yield _FIRST_ROCQ
        case Needs(_, condition) if condition is not None:
            yield from _versions(condition)
        case AllOf(parts) | OneOf(parts):
            for part in parts:
                yield from _versions(part)
        case Not(part):
            yield from _versions(part)
        case Bound(_, text):
            yield version_numbers(text)


def _padded(version: tuple[int, ...]) -> tuple[int, ...]:
    return (*version, 0, 0, 0)[:3]


def _compares(sign: str, version: tuple[int, ...], text: str) -> bool:
    here = _padded(version)  # Rocq calls its 9.2.0 so in opam, and itself 9.2
    there = version_numbers(text)
    # `8.21~` is before all that is called 8.21.
    before = text.endswith("~")
    same = here[: len(there)]
    match sign:
        case "<":
            return same < there
        case "<=":
            return same < there or (same == there and not before)
        case ">":
            return here > _padded(there) or (before and same == there)
        case ">=":
            return here >= _padded(there)
        case "=":
            return same == there
        case _:
            return here != _padded(there)
