"""What is to be filled in a Coq file, and the edits that fill it."""

import re
from bisect import bisect_left
from dataclasses import dataclass

from coqdata.sentence import split
from coqdata.theorem import Theorem, theorems

_MARK = re.compile(rb"\(\*\s*prove\s*\*\)", re.I)
_GIVES_UP = re.compile(rb"(?<![\w'.])(?:admit|give_up)(?![\w'])")
_COMMENT_OR_STRING = re.compile(rb'"[^"]*"|\(\*.*?\*\)', re.S)
_NOTHING = (b"", b"Proof.")
_END = b" Admitted."
_ENDS = frozenset((b"Qed", b"Defined", b"Admitted", b"Abort", b"Save"))


@dataclass(frozen=True, slots=True)
class Place:
    """A theorem without a whole proof. Offsets are in the text with ends.

    Attributes:
        name: the theorem's, with its modules.
        index: its position among the theorems.
        kind: how it is stated.
        statement: the sentence that states it.
        context_end: byte offset of the statement: what stands before it is its context.
        start, end: byte range that a proof goes into.
        why: `Admitted`, `Abort`, `admit` or `prove`.
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
    draft: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """Text that takes the place of the bytes from `start` to `end`."""

    start: int
    end: int
    text: str


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
    marks = [match.start() for match in _MARK.finditer(whole)]
    found: list[Place] = []
    for theorem in theorems(whole):
        why = _why(whole, theorem, marks)
        if not why or (found and found[-1].context_end == theorem.start):
            continue
        proof = whole[theorem.statement_end : theorem.proof_end]
        found.append(
            Place(
                name=theorem.qualified_name,
                index=theorem.index,
                kind=theorem.kind.value,
                statement=whole[theorem.start : theorem.statement_end].decode("utf-8", "replace"),
                context_end=theorem.start,
                start=theorem.statement_end,
                end=theorem.proof_end,
                why=why,
                draft=_without_end(proof) if why in ("admit", "Admitted") else "",
                problem="theorems that are stated together (`with`) are not filled." if theorem.also else "",
            )
        )
    return found


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
    if mark is not None and _COMMENT_OR_STRING.sub(b" ", source[theorem.statement_end : mark]).strip() in _NOTHING:
        return "prove"
    if theorem.ending in ("Admitted", "Abort"):
        return theorem.ending
    body = _COMMENT_OR_STRING.sub(b" ", source[theorem.proof_start : theorem.proof_end])
    return "admit" if theorem.ending is not None and _GIVES_UP.search(body) else ""


def _without_end(proof: bytes) -> str:
    """A proof without `Proof.` and its end."""
    sentences = split(proof).sentences
    kept = list(sentences)
    if kept and proof[kept[0].start : kept[0].end].split(b".")[0].split()[:1] == [b"Proof"]:
        kept = kept[1:]
    if kept and proof[kept[-1].start : kept[-1].end].split(b".")[0].split()[:1][0] in _ENDS:
        kept = kept[:-1]
    if not kept:
        return ""
    return proof[kept[0].start : kept[-1].end].decode("utf-8", "replace")


def edits(place: Place, script: str, prelude: str) -> list[Edit]:
    """What puts a proof in its place, with the `Require` sentences that it needs before the theorem."""
    found = [Edit(place.start, place.end, "\n" + script.strip())]
    if prelude.strip():
        found.insert(0, Edit(place.context_end, place.context_end, prelude.strip() + "\n"))
    return found


def apply(source: bytes, changes: list[Edit]) -> bytes:
    """The text with the edits made; they do not overlap."""
    for edit in sorted(changes, key=lambda one: one.start, reverse=True):
        source = source[: edit.start] + edit.text.encode() + source[edit.end :]
    return source
