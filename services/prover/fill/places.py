"""What is to be filled in a Coq file: the theorems without a whole proof, and what of each was given up."""

import re
from bisect import bisect_left
from dataclasses import dataclass

from coqdata.sentence import Sentence, split
from coqdata.theorem import Theorem, theorems
from coqdata.words import read_prefix, words
from prover.fill.layout import Edit

_MARK = re.compile(rb"\(\*\s*prove\s*\*\)", re.I)
_GIVES_UP = re.compile(rb"(?<![\w'.])(?:admit|give_up)(?![\w'])")
_HOLE = re.compile(rb"(?:admit|give_up)\s*\.")
_COMMENT_OR_STRING = re.compile(rb'"[^"]*"|\(\*.*?\*\)', re.S)
_OPENER = re.compile(rb"Proof\b")
_END = b" Admitted."
_ENDS = frozenset((b"Qed", b"Defined", b"Admitted", b"Abort", b"Save"))
_TOGETHER = "theorems that are stated together (`with`) are not filled."
_NESTED = "another theorem stands inside of its proof: take that one out, or prove it first."
# Commands that change what comes after them: a proof that took their place would take them away.
_COMMANDS = frozenset(
    b"""Arguments Axiom Bind Canonical Class Close Coercion Conjecture Context Create Declare Definition Delimit
    Derive Existing Export Fixpoint From Generalizable Global Hint Hypothesis Implicit Import Inductive Infix
    Instance Let Local Ltac Ltac2 Notation Opaque Open Parameter Record Require Reserved Scheme Set Strategy
    Structure Tactic Transparent Typeclasses Unset Variable Variables Variant""".split()
)
_OBLIGATIONS = (
    "obligations that are admitted together are not filled: write `Next Obligation.` and `Admitted.` for each of them."
)


@dataclass(frozen=True, slots=True)
class Place:
    """A theorem without a whole proof. Offsets are bytes in the text with ends.

    Attributes:
        name: the theorem's, with its modules.
        index: its position among the theorems.
        kind: how it is stated.
        statement: the sentence that states it.
        context_end: where the statement begins: what stands before it is its context.
        start, end: where the statement ends, and where the proof does.
        why: `Admitted`, `Abort`, `admit` or `prove`.
        opener: `Proof.`, `Proof using x.`, `Proof with auto.` as it stands there; empty where there is none.
        begin: where the opener begins; where there is none, what follows the statement.
        inside, inside_end: from the first tactic to the last; an empty range at `ending` where there is none.
        ending: where the sentence that ends the proof begins; `end` where there is none.
        keeps_end: that sentence (`Qed.`, `Defined.`) stays.
        holes: the sentences `admit.` that were given up, as byte ranges; the rest of such a proof stays.
        finishable: what stands there is a beginning of a proof that may be gone on with.
        marks: comments `(* prove *)` that go with a proof.
        draft: the unfinished proof that stands there, without its end; empty if there is none.
        problem: why it cannot be filled, as one sentence; empty if it can.
    """

    name: str
    index: int
    kind: str
    statement: str
    context_end: int
    start: int
    end: int
    why: str
    opener: str = ""
    begin: int = 0
    inside: int = 0
    inside_end: int = 0
    ending: int = 0
    keeps_end: bool = False
    holes: tuple[tuple[int, int], ...] = ()
    finishable: bool = False
    marks: tuple[tuple[int, int], ...] = ()
    draft: str = ""
    problem: str = ""


class Unfinished:
    """A text whose theorems are to be filled.

    Attributes:
        source: as it was given.
        whole: with an end after each mark of an open proof that has none, so that each theorem's context runs.
        places: what is to be filled, in order.
    """

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.whole, self._added = _with_ends(source)
        self._newline = "\r\n" if source.count(b"\r\n") * 2 > source.count(b"\n") else "\n"
        self.places = places(self.whole)

    def context(self, place: Place) -> str:
        """What stands before a theorem."""
        return self.whole[: place.context_end].decode("utf-8", "replace")

    def in_source(self, edit: Edit) -> Edit:
        """An edit of the whole text as one of the source."""
        start, end = _before(edit.start, self._added), _before(edit.end, self._added)
        return Edit(start, end, edit.text.replace("\n", self._newline))


def places(whole: bytes) -> list[Place]:
    """The theorems of a text that are to be filled, in order; marked proofs have an end."""
    marks = [match.span() for match in _MARK.finditer(whole)]
    found: list[Place] = []
    for theorem in theorems(whole):
        why = _why(whole, theorem, [start for start, _ in marks])
        if why and not (found and found[-1].context_end == theorem.start):
            found.append(_place(whole, theorem, why, marks))
    found += _admitted_together(whole)
    return sorted(found, key=lambda one: one.context_end)


def _place(whole: bytes, theorem: Theorem, why: str, marks: list[tuple[int, int]]) -> Place:
    sentences = _within(whole, theorem.statement_end, theorem.proof_end)
    command = next((one for one in sentences if _is_command(whole[one.start : one.end])), None)
    opener = ending = None
    if sentences and theorem.ending != "Proof" and _OPENER.match(whole, sentences[0].start):
        opener, sentences = sentences[0], sentences[1:]
    if sentences and _first_word(whole, sentences[-1]) in _ENDS:
        sentences, ending = sentences[:-1], sentences[-1]
    end = theorem.proof_end if ending is None else ending.start
    inside = sentences[0].start if sentences else end
    own = [(start, stop) for start, stop in marks if theorem.statement_end <= start < inside] if why == "prove" else []
    holes = [one for one in sentences if _HOLE.fullmatch(whole, one.start, one.end)]
    # `admit` inside of a longer sentence: what was given up is no sentence.
    rest = b" ".join(whole[one.start : one.end] for one in sentences if one not in holes)
    plain = not _GIVES_UP.search(_COMMENT_OR_STRING.sub(b" ", rest))
    problem = (
        _TOGETHER
        if theorem.also
        else _NESTED
        if any(one.nested for one in theorems(whole[theorem.start : theorem.proof_end]))
        else ""
        if command is None
        else f"`{_text(whole, [command])}` stands inside of its proof: move it before the statement."
    )
    return Place(
        name=theorem.qualified_name,
        index=theorem.index,
        kind=theorem.kind.value,
        statement=whole[theorem.start : theorem.statement_end].decode("utf-8", "replace"),
        context_end=theorem.start,
        start=theorem.statement_end,
        end=theorem.proof_end,
        why=why,
        opener=whole[opener.start : opener.end].decode("utf-8", "replace") if opener is not None else "",
        begin=opener.start if opener is not None else inside,
        inside=inside,
        inside_end=sentences[-1].end if sentences else end,
        ending=end,
        keeps_end=theorem.ending not in ("Admitted", "Abort", None),
        holes=tuple((one.start, one.end) for one in holes),
        finishable=bool(sentences) and plain and why != "prove" and ending is not None,
        marks=tuple(own),
        draft=_text(whole, sentences) if why in ("admit", "Admitted") else "",
        problem=problem,
    )


def _admitted_together(whole: bytes) -> list[Place]:
    """`Admit Obligations`, whose theorems stand nowhere."""
    found: list[Place] = []
    for sentence in split(whole).sentences:
        text = whole[sentence.start : sentence.end]
        if b"Obligations" not in text:
            continue
        said = words(text, read_prefix(text).end, 4)
        if said[:2] != [b"Admit", b"Obligations"]:
            continue
        shown = " ".join(text.decode("utf-8", "replace").rstrip(".").split())
        at = sentence.end
        found.append(Place(shown, -1, "Obligation", "", sentence.start, at, at, "Admitted", problem=_OBLIGATIONS))
    return found


def _within(whole: bytes, start: int, end: int) -> list[Sentence]:
    """The sentences of a part of a text, with their offsets in the text."""
    return [Sentence(start + one.start, start + one.end, one.kind) for one in split(whole[start:end]).sentences]


def _first_word(whole: bytes, sentence: Sentence) -> bytes:
    said = words(whole[sentence.start : sentence.end], 0, 1)
    return said[0] if said else b""


def _is_command(text: bytes) -> bool:
    """Whether a sentence is a command that changes what comes after it."""
    heads = (*words(text, 0, 1), *words(text, read_prefix(text).end, 1))
    return text.startswith(b"#[") or any(one in _COMMANDS for one in heads)


def _text(whole: bytes, sentences: list[Sentence]) -> str:
    return whole[sentences[0].start : sentences[-1].end].decode("utf-8", "replace") if sentences else ""


def _with_ends(source: bytes) -> tuple[bytes, list[int]]:
    """The text with an end after each mark of an open proof that has none, and where these were put, in the new text.

    Elsewhere an end would be one too many, and no context behind it would run.
    """
    sentences = split(source).sentences
    starts = [sentence.start for sentence in sentences]
    marks: list[int] = []
    for mark in _MARK.finditer(source):
        at = bisect_left(starts, mark.end())
        following = source[starts[at] : sentences[at].end] if at < len(starts) else b""
        if _goes_on(following):
            continue
        marks.append(mark.end())
    whole, added = _put_in(source, marks)
    ends = {theorem.proof_end for theorem in theorems(whole)}
    kept = [mark for mark, at in zip(marks, added, strict=True) if at + len(_END) in ends]
    return (whole, added) if len(kept) == len(marks) else _put_in(source, kept)


def _goes_on(following: bytes) -> bool:
    """Whether a proof goes on with this sentence, or ends with it."""
    word = re.match(rb"\w*", following)
    if word is not None and word[0] in _ENDS | {b"Proof"}:
        return True
    # Commands begin with a capital letter or an attribute; the others are tactics, bullets and braces.
    return bool(following) and not (following[:1].isupper() or following[:1] == b"#")


def _put_in(source: bytes, places: list[int]) -> tuple[bytes, list[int]]:
    """The text with an end at each of these places, and where these are in it."""
    parts: list[bytes] = []
    added: list[int] = []
    last = 0
    for number, at in enumerate(places):
        parts += [source[last:at], _END]
        added.append(at + number * len(_END))
        last = at
    return b"".join([*parts, source[last:]]), added


def _before(offset: int, added: list[int]) -> int:
    """Where a byte of the text with ends stands in the text without."""
    return offset - sum(min(len(_END), offset - at) for at in added if at < offset)


def _why(source: bytes, theorem: Theorem, marks: list[int]) -> str:
    """Why the theorem is to be filled; empty where it is not."""
    mark = next((at for at in marks if theorem.statement_end <= at < theorem.proof_end), None)
    if mark is not None and _is_opener(_COMMENT_OR_STRING.sub(b" ", source[theorem.statement_end : mark]).strip()):
        return "prove"
    if theorem.ending in ("Admitted", "Abort"):
        return theorem.ending
    body = _COMMENT_OR_STRING.sub(b" ", source[theorem.proof_start : theorem.proof_end])
    return "admit" if theorem.ending is not None and _GIVES_UP.search(body) else ""


def _is_opener(text: bytes) -> bool:
    """Whether this is nothing, or `Proof.` with what may stand in it, and nothing else."""
    return not text or (_OPENER.match(text) is not None and len(split(text).sentences) == 1)
