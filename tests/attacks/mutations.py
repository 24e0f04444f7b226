"""Known ways to loop, and honest fixpoints, in many disguises.

A `Source` is a closed term with spots in it, `«type|term»`, where a term may be dressed up without changing what it
computes; a `Wrap` is such a dress. A `Placement` brings the whole term into a candidate. What loops still loops in any
of them, so that none may be PROVED under the strict policy; what is honest stays so, and shows that the dresses fit.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import count
from random import Random

from coq_checker.result import ProofResult, Reason, Verdict


class Kind(Enum):
    """What a source is: accepted by a Coq with a known bug, or by one whose guard is off; or honest."""

    KNOWN = "known"
    UNGUARDED = "unguarded"
    HONEST = "honest"


class Said(Enum):
    """What the strict policy says to a mutant."""

    PROVED = "PROVED by strict"  # of what only Coq without its guard accepts: not seen to loop
    CAUGHT = "REJECTED by strict"
    REFUSED = "refused by Coq"
    LIMIT = "no answer within the limits"
    OTHER = "refused by another gate, or an error"


@dataclass(frozen=True, slots=True)
class Source:
    """A closed term.

    Attributes:
        name: names it in reports.
        kind: what Coq says to it.
        type: its type, closed.
        term: with spots.
        definitions: what it needs; they are in the environment.
    """

    name: str
    kind: Kind
    type: str
    term: str
    definitions: str = ""


@dataclass(frozen=True, slots=True)
class Spot:
    """A term of a type in which other spots may be."""

    type: str
    parts: "tuple[str | Spot, ...]"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A candidate.

    Attributes:
        name: the source, the placement and the wraps, from the outside in.
        kind: of the source.
        wraps: the names of the wraps that are in it.
        placement: the name of its placement.
        challenge: the environment and the statement.
        text: the candidate.
        form: `proof` or `script`.
    """

    name: str
    kind: Kind
    wraps: tuple[str, ...]
    placement: str
    challenge: str
    text: str
    form: str


# What the wraps use; in the environment, for the body of a proof cannot define it.
PRELUDE = """
Definition dress (A : Type) (x : A) : A := x.
Definition drop (A B : Type) (x : A) (y : B) : A := x.
Definition apply_to (A B : Type) (f : A -> B) (x : A) : B := f x.
Class dressed (A : Type) := undress : A.
Record packed (A : Type) := pack { unpack : A; spare : nat }.
Notation renamed x := (let other := x in other).
Ltac put x := exact x.
"""

Wrap = Callable[[str, str, str], str]  # a type, a term and a fresh name: a term

WRAPS: dict[str, Wrap] = {
    "cast": lambda ty, t, x: f"({t} : {ty})",
    "cast_of_cast": lambda ty, t, x: f"(({t} : {ty}) : {ty})",
    "let": lambda ty, t, x: f"(let {x} := {t} in {x})",
    "typed_let": lambda ty, t, x: f"(let {x} : {ty} := {t} in {x})",
    "let_around": lambda ty, t, x: f"(let {x} := 0 in {t})",
    "redex": lambda ty, t, x: f"((fun {x} : {ty} => {x}) {t})",
    "unused_argument": lambda ty, t, x: f"((fun {x} : nat => {t}) 0)",
    "argument_dropped": lambda ty, t, x: f"((fun ({x} : {ty}) ({x}_ : nat) => {x}) {t} 0)",
    "used_twice": lambda ty, t, x: f"((fun {x} {x}_ : {ty} => {x}) {t} {t})",
    "match": lambda ty, t, x: f"(match tt return {ty} with tt => {t} end)",
    "branches": lambda ty, t, x: f"(if true return {ty} then {t} else {t})",
    "convoy": lambda ty, t, x: (
        f"(match true return ({ty}) -> {ty} with true => fun {x} => {x} | false => fun {x} => {x} end {t})"
    ),
    "along_equality": lambda ty, t, x: f"(match @eq_refl nat 0 in _ = {x} return {ty} with eq_refl => {t} end)",
    "pair": lambda ty, t, x: f"(@fst ({ty}) unit (@pair ({ty}) unit {t} tt))",
    "record": lambda ty, t, x: f"(unpack ({ty}) (pack ({ty}) {t} 0))",
    "identity": lambda ty, t, x: f"(dress ({ty}) {t})",
    "dropped": lambda ty, t, x: f"(drop ({ty}) nat {t} 0)",
    "applied": lambda ty, t, x: f"(apply_to nat ({ty}) (fun {x} : nat => {t}) 0)",
    "passed": lambda ty, t, x: f"(apply_to ({ty}) ({ty}) (fun {x} => {x}) {t})",
    "method": lambda ty, t, x: f"(@undress ({ty}) {t})",
    "notation": lambda ty, t, x: f"(renamed {t})",
    "eta": lambda ty, t, x: f"(fun {x} => {t} {x})",
    "inner_fixpoint": lambda ty, t, x: (
        f"((fix {x} (n_{x} : nat) {{struct n_{x}}} : {ty} := match n_{x} with O => {t} | S m_{x} => {x} m_{x} end) 0)"
    ),
    "deeper_fixpoint": lambda ty, t, x: (
        f"((fix {x} (n_{x} : nat) {{struct n_{x}}} : {ty} := match n_{x} with O => {t} | S m_{x} => {x} m_{x} end) 1)"
    ),
    "default_of_fixpoint": lambda ty, t, x: (
        f"((fix {x} (k_{x} : {ty}) (n_{x} : nat) {{struct n_{x}}} : {ty} :="
        f" match n_{x} with O => k_{x} | S m_{x} => {x} k_{x} m_{x} end) {t} 0)"
    ),
    "mutual_fixpoint": lambda ty, t, x: (
        f"((fix {x} (n_{x} : nat) {{struct n_{x}}} : {ty} := match n_{x} with O => {t} | S m_{x} => g_{x} m_{x} end"
        f" with g_{x} (n_{x} : nat) {{struct n_{x}}} : {ty} := match n_{x} with O => {t} | S m_{x} => {x} m_{x} end"
        f" for {x}) 0)"
    ),
    "tactic": lambda ty, t, x: f"(ltac:(exact {t}) : {ty})",
    "refined": lambda ty, t, x: f"(ltac:(refine {t}) : {ty})",
    "tactic_let": lambda ty, t, x: f"(ltac:(let {x} := constr:({t}) in put {x}) : {ty})",
    "posed": lambda ty, t, x: f"(ltac:(pose ({x} := {t}); exact {x}) : {ty})",
    "destructed": lambda ty, t, x: f"(ltac:(destruct tt; exact {t}) : {ty})",
    "cut": lambda ty, t, x: f"(ltac:(cut ({ty}); [intros {x}; exact {x} | exact {t}]) : {ty})",
    "tactic_fixpoint": lambda ty, t, x: f"(ltac:(fix {x} 1; intros n_{x}; exact {t}) : nat -> {ty}) 0",
    "abstract": lambda ty, t, x: f"(ltac:(abstract exact {t}) : {ty})",
    "transparent_abstract": lambda ty, t, x: f"(ltac:(transparent_abstract exact {t}) : {ty})",
}

_NOT_STRICT = frozenset(("fixpoint_not_strict", "cofixpoint_not_strict"))


def said(one: Mutant, result: ProofResult) -> Said:
    """What a verdict under the strict policy means."""
    if result.verdict is Verdict.PROVED:
        return Said.PROVED
    if result.reason is Reason.FORBIDDEN_FEATURE:
        return Said.CAUGHT
    # A switched-off guard is an axiom, and comes first.
    if one.kind is Kind.UNGUARDED and "unset_guard_checking" in result.features:
        return Said.CAUGHT if _NOT_STRICT.intersection(result.features) else Said.PROVED
    if result.verdict in (Verdict.FAILED, Verdict.INCOMPLETE):
        return Said.REFUSED
    return Said.LIMIT if result.verdict in (Verdict.TIMEOUT, Verdict.OUT_OF_MEMORY) else Said.OTHER


_SCRIPT = "Theorem goal : exists f : {0}, f = f.\nProof. exists {1}. reflexivity. Qed.\n"


def _script(before: str, made: str = "made") -> Callable[[str, str], str]:
    return lambda ty, t: before.format(ty=ty, t=t) + _SCRIPT.format(ty, made)


# Each takes the type and the term.
BODIES: dict[str, Callable[[str, str], str]] = {
    "exists": lambda ty, t: f"Proof. exists {t}. reflexivity. Qed.",
    "refine": lambda ty, t: f"Proof. refine (ex_intro _ {t} eq_refl). Qed.",
    "pose": lambda ty, t: f"Proof. pose (made := {t}). exists made. reflexivity. Qed.",
    "let_in_term": lambda ty, t: f"Proof. exact (let made : {ty} := {t} in ex_intro _ made eq_refl). Qed.",
    "assert": lambda ty, t: f"Proof. assert (made : {ty}) by exact {t}. exists made. reflexivity. Qed.",
    "abstracted": lambda ty, t: "Proof. unshelve eexists; [abstract exact " + t + " | reflexivity]. Qed.",
    "unused": lambda ty, t: f"Proof. pose (unused := {t}). exists (dress _ {t}). reflexivity. Qed.",
    "hole": lambda ty, t: f"Proof. unshelve eexists. {{ exact {t}. }} reflexivity. Qed.",
}
SCRIPTS: dict[str, Callable[[str, str], str]] = {
    "definition": _script("Definition made : {ty} := {t}.\n"),
    "program": _script("Program Definition made : {ty} := {t}.\n"),
    "section": _script("Section Inner. Variable extra : nat. Definition made : {ty} := {t}. End Inner.\n"),
    "section_variable": _script(
        "Section Inner. Variable extra : nat. Definition made : {ty} := drop ({ty}) nat {t} extra. End Inner.\n",
        "(made 0)",
    ),
    "section_let": _script("Section Inner. Let hidden : {ty} := {t}. Definition made : {ty} := hidden. End Inner.\n"),
    "defined": _script("Lemma made : {ty}.\nProof. exact {t}. Defined.\n"),
    "qed": _script("Lemma made : {ty}.\nProof. exact {t}. Qed.\n"),
    "instance": _script("Instance made : dressed ({ty}) := {t}.\n"),
    "notation": _script("Notation made := ({t}).\n"),
    "ltac": _script("Ltac made := exact {t}.\n", "(ltac:(made))"),
    "extra_parameter": _script("Definition made (extra : nat) : {ty} := {t}.\n", "(made 0)"),
    "two_definitions": _script("Definition first : {ty} := {t}.\nDefinition made : {ty} := dress ({ty}) first.\n"),
    "obligation": _script("Program Definition made : {ty} := _.\nNext Obligation. exact {t}. Defined.\n"),
    "record_field": _script("Definition both := pack ({ty}) {t} 0.\nDefinition made := unpack _ both.\n"),
    "mutual_block": _script(
        "Fixpoint made (n : nat) : {ty} := match n with O => {t} | S m => other m end\n"
        "with other (n : nat) : {ty} := match n with O => {t} | S m => made m end.\n",
        "(made 0)",
    ),
}


def parts(text: str) -> tuple[str | Spot, ...]:
    """The text with its spots.

    Raises:
        ValueError: a spot is not closed, or has no type.
    """
    found, end = _parts(text, 0)
    if end != len(text):
        raise ValueError(f"a spot ends that has not begun, at {end}")
    return found


def _parts(text: str, at: int) -> tuple[tuple[str | Spot, ...], int]:
    found: list[str | Spot] = []
    start = at
    while at < len(text) and text[at] != "»":
        if text[at] == "«":
            found.append(text[start:at])
            bar = text.index("|", at)
            inner, end = _parts(text, bar + 1)
            if end == len(text):
                raise ValueError(f"the spot at {at} is not closed")
            found.append(Spot(text[at + 1 : bar], inner))
            at = start = end + 1
        else:
            at += 1
    found.append(text[start:at])
    return tuple(found), at


def spots(found: tuple[str | Spot, ...]) -> int:
    """How many spots there are, at any depth."""
    return sum(1 + spots(one.parts) for one in found if isinstance(one, Spot))


def rendered(found: tuple[str | Spot, ...], chosen: dict[int, list[str]]) -> str:
    """The text, where the spots that are chosen, by number, wear their wraps, the outermost first."""
    number, fresh = count(), count()

    def text(some: tuple[str | Spot, ...]) -> str:
        return "".join(one if isinstance(one, str) else spot(one) for one in some)

    def spot(one: Spot) -> str:
        wraps = chosen.get(next(number), [])
        term = f"({text(one.parts)})"
        for wrap in reversed(wraps):
            term = f"({WRAPS[wrap](one.type, term, f'w{next(fresh)}')})"
        return term

    return text(found)


def mutant(source: Source, placement: str, chosen: dict[int, list[str]]) -> Mutant:
    """A source in a dress.

    Args:
        source: what is dressed up.
        placement: of BODIES or SCRIPTS.
        chosen: which spot wears which wraps.
    """
    term = f"({rendered(parts(source.term), chosen)})"
    place = {**BODIES, **SCRIPTS}[placement]
    off = "Unset Guard Checking.\n" if source.kind is Kind.UNGUARDED else ""
    wraps = tuple(wrap for number in sorted(chosen) for wrap in chosen[number])
    told = ", ".join(f"{number}: {' '.join(chosen[number])}" for number in sorted(chosen))
    return Mutant(
        name=f"{source.name} {placement} [{told}]",
        kind=source.kind,
        wraps=wraps,
        placement=placement,
        challenge=f"{PRELUDE}{source.definitions}\n{off}Theorem goal : exists f : {source.type}, f = f.",
        text=place(source.type, term),
        form="proof" if placement in BODIES else "script",
    )


def mutants(sources: list[Source], random: Random) -> Iterator[Mutant]:
    """Mutants without end: of each source in turn, one to three wraps at spots by chance, somewhere."""
    places = [*BODIES, *SCRIPTS]
    while True:
        for source in sources:
            chosen: dict[int, list[str]] = {}
            for _ in range(random.choice((1, 1, 1, 2, 2, 3))):
                chosen.setdefault(random.randrange(spots(parts(source.term))), []).append(random.choice(list(WRAPS)))
            yield mutant(source, random.choice(places), chosen)
