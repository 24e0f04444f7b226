"""Reads a source file and its .glob file into a record. Pure: bytes in, values out."""

import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterable
from itertools import pairwise

from coqdata.glob import Definition, Glob, GlobError, Reference, read_glob
from coqdata.project import requires
from coqdata.sentence import Sentence, SentenceKind, split
from coqdata.theorem import Theorem, theorems
from coqdata.words import identifier, read_prefix, tokens, words
from retriever.index.record import FORMAT, Entry, Proof, Record

# Definitions that become entries, with a word where the sentence itself tells none.
_WORDS = {
    "prf": "Theorem",
    "def": "Definition",
    "ind": "Inductive",
    "coind": "CoInductive",
    "variant": "Variant",
    "rec": "Record",
    "class": "Class",
    "corec": "CoRecord",
    "constr": "Constructor",
    "proj": "Projection",
    "meth": "Method",
    "ax": "Axiom",
    "inst": "Instance",
    "scheme": "Scheme",
    "abbrev": "Notation",
    "prim": "Primitive",
}
_PARTS = frozenset(("constr", "proj", "meth", "scheme"))
# References to these are premises of a proof; the ones that are no entries fall away later.
_USED = frozenset(
    [
        "thm",
        "prfax",
        "defax",
        "ax",
        "def",
        "ind",
        "coind",
        "variant",
        "rec",
        "class",
        "constr",
        "proj",
        "meth",
        "inst",
        "scheme",
        "abbrev",
        "prim",
        "coe",
        "canonstruc",
    ]
)
# Kinds of the file format that a source without .glob tells by its sentences' first words.
_BY_WORD = {
    **dict.fromkeys(("Definition", "Fixpoint", "CoFixpoint", "Function", "Example", "Let"), "def"),
    **dict.fromkeys(("Inductive", "CoInductive", "Variant"), "ind"),
    **dict.fromkeys(("Record", "Structure", "Class"), "rec"),
    **dict.fromkeys(("Axiom", "Axioms", "Parameter", "Parameters", "Conjecture"), "ax"),
    "Instance": "inst",
}
_STATEMENT_BYTES = 20_000
_PROOF_BYTES = 60_000


def fingerprint(source: bytes, glob: bytes | None, *settings: str) -> str:
    """Hash of what a record is made of."""
    digest = hashlib.sha256(f"{FORMAT}\0{len(source)}\0".encode())
    digest.update(source)
    digest.update(b"\0" if glob is None else b"\1" + glob)
    digest.update("\0".join(settings).encode())
    return digest.hexdigest()


def read_file(path: str, library: str, source: bytes, glob: bytes | None, mark: str) -> Record:
    """The record of a file, without printed types and goals.

    Args:
        path: inside its project or library.
        library: its logical name.
        source: its text.
        glob: its .glob file; None when it was not compiled. Then no proof's premises are known.
        mark: its fingerprint.
    """
    notes: list[str] = []
    read: Glob | None = None
    if glob is None:
        notes.append(f"{path} has no .glob file, so what its proofs use is not known.")
    else:
        try:
            read = read_glob(glob)
        except GlobError as error:
            notes.append(f"{path}: {error}")
    reader = _Reader(library, source, read)
    entries = reader.entries()
    return Record(
        path=path,
        library=library,
        fingerprint=mark,
        requires=read.required if read is not None else tuple(_written(source)),
        resolved=read is not None,
        aliases=tuple(reader.aliases()),
        entries=tuple(entries),
        proofs=tuple(reader.proofs()),
        notes=tuple(notes),
    )


def _written(source: bytes) -> Iterable[str]:
    """`P|N` for `From P Require N`, to be resolved among the libraries that are there."""
    return dict.fromkeys(f"{prefix}|{name}" for prefix, name in requires(source))


def _part_end(source: bytes, start: int, stop: int) -> int:
    """Where a constructor or field ends that begins at `start`, and ends before `stop`.

    That is before `with` of a type that is defined together with it, `where` of a notation, or what closes the record.
    """
    text = source[start:stop]
    depth = matches = end = 0
    for at, word in tokens(text):
        if word in (b"(", b"{", b"["):
            depth += 1
        elif word in (b")", b"}", b"]"):
            depth -= 1
            if depth < 0:
                break
        elif word == b"match":
            matches += 1
        elif word == b"with" and matches:
            matches -= 1
        elif depth == 0 and word in (b"with", b"where"):
            break
        end = at + len(word)
    return start + end


class _Reader:
    def __init__(self, library: str, source: bytes, glob: Glob | None) -> None:
        self.library, self.source, self.glob = library, source, glob
        self.sentences: list[Sentence] = split(source).sentences
        self.starts = [one.start for one in self.sentences]
        self.theorems: list[Theorem] = theorems(source)
        self.by_start = {one.start: one for one in self.theorems}
        self.references = sorted(glob.references, key=lambda one: one.start) if glob is not None else []
        self.at = [one.start for one in self.references]
        self.sections = _Sections(source, self.sentences) if glob is not None else None

    def text(self, start: int, end: int, most: int = _STATEMENT_BYTES) -> str:
        """The source between two offsets, cut off where it is longer than anybody reads."""
        return self.source[start : min(end, start + most)].decode("utf-8", "replace")

    def sentence_at(self, offset: int) -> Sentence | None:
        index = bisect_right(self.starts, offset) - 1
        if index < 0 or self.sentences[index].end <= offset:
            return None
        return self.sentences[index]

    def section(self, offset: int) -> str:
        return self.sections.at(offset) if self.sections is not None else ""

    def entries(self) -> list[Entry]:
        if self.glob is None:
            return list(self._entries_by_sentences())
        found: list[Entry] = []
        seen: set[str] = set()
        wanted = [one for one in self.glob.definitions if one.kind in _WORDS]
        after = {one: following.start for one, following in pairwise(sorted(wanted, key=lambda one: one.start))}
        for one in wanted:
            name = ".".join(part for part in (self.library, one.path, one.name) if part)
            sentence = self.sentence_at(one.start)
            if sentence is None or name in seen or one.name.startswith(":"):
                continue
            seen.add(name)
            found.append(self._entry(one, name, sentence, after.get(one, sentence.end)))
        return found

    def _entry(self, one: Definition, name: str, sentence: Sentence, following: int) -> Entry:
        theorem = self.by_start.get(sentence.start)
        end = sentence.end if theorem is None else max(theorem.proof_end, sentence.end)
        start, stop = sentence.start, sentence.end
        word = _WORDS[one.kind]
        if one.kind in _PARTS:
            start = one.start
            # A scheme has no text of its own.
            stop = min(sentence.end, max(following, one.end))
            stop = start if one.kind == "scheme" else _part_end(self.source, start, stop)
        else:
            word = self._word(sentence) or word
        text = self.text(start, stop)
        if one.kind in _PARTS:
            text = re.sub(r"[\s|;({}.]+$", "", text)
        return Entry(name, word, one.kind, start, end, text, "", self.section(one.start))

    def _word(self, sentence: Sentence) -> str:
        text = self.source[sentence.start : sentence.end]
        for word in words(text, read_prefix(text).end, 2):
            name = identifier(word)
            if name[:1].isupper() and name not in ("Let",):
                return name
        return ""

    def _entries_by_sentences(self) -> Iterable[Entry]:
        stated = set(self.by_start)
        for theorem in self.theorems:
            if not theorem.name or theorem.nested:
                continue
            text = self.text(theorem.start, theorem.statement_end)
            end = max(theorem.proof_end, theorem.statement_end)
            yield Entry(f"{self.library}.{theorem.qualified_name}", theorem.kind.value, "prf", theorem.start, end, text)
        for sentence in self.sentences:
            if sentence.start in stated or sentence.kind is not SentenceKind.COMMAND:
                continue
            found = self.source[sentence.start : sentence.end]
            head = words(found, read_prefix(found).end, 2)
            word = identifier(head[0]) if head else ""
            kind = _BY_WORD.get(word)
            name = identifier(head[1]) if len(head) > 1 else ""
            if kind is not None and name:
                shown = self.text(sentence.start, sentence.end)
                yield Entry(f"{self.library}.{name}", word, kind, sentence.start, sentence.end, shown)

    def aliases(self) -> Iterable[tuple[str, str]]:
        """Abbreviations (`Notation plus_comm := Nat.add_comm`) that stand for one thing."""
        for one in self.glob.definitions if self.glob is not None else ():
            sentence = self.sentence_at(one.start) if one.kind == "abbrev" else None
            if sentence is None:
                continue
            meant = {ref.full_name for ref in self._between(sentence.start, sentence.end) if ref.kind in _USED}
            if len(meant) == 1:
                yield ".".join(part for part in (self.library, one.path, one.name) if part), meant.pop()

    def proofs(self) -> Iterable[Proof]:
        for theorem in self.theorems:
            if theorem.nested or theorem.proof_end <= theorem.proof_start:
                continue
            name = f"{self.library}.{theorem.qualified_name}"
            used = {
                (one.full_name, one.start): None
                for one in self._between(theorem.proof_start, theorem.proof_end)
                if one.kind in _USED and one.name and ":" not in one.name and one.full_name != name
            }
            yield Proof(
                name=name,
                start=theorem.start,
                proof_start=theorem.proof_start,
                proof_end=theorem.proof_end,
                statement=self.text(theorem.start, theorem.statement_end),
                text=self.text(theorem.proof_start, theorem.proof_end, _PROOF_BYTES),
                ending=theorem.ending or "",
                premises=tuple(premise for premise, _ in used),
                section=self.section(theorem.start),
                at=tuple(place for _, place in used),
            )

    def _between(self, start: int, end: int) -> list[Reference]:
        return self.references[bisect_right(self.at, start - 1) : bisect_right(self.at, end - 1)]


class _Sections:
    """Which sections are open where."""

    def __init__(self, source: bytes, sentences: list[Sentence]) -> None:
        self.offsets: list[int] = [0]
        self.names: list[str] = [""]
        opened: list[tuple[bool, str]] = []
        for sentence in sentences:
            text = source[sentence.start : sentence.end]
            if not text.startswith((b"Section", b"End", b"Module")):
                continue
            head = [identifier(one) for one in words(text, 0, 3)]
            if head[0] == "End" and opened and len(head) > 1 and head[1] == opened[-1][1]:
                opened.pop()
            elif head[0] == "Section" and len(head) > 1:
                opened.append((True, head[1]))
            elif head[0] == "Module" and b":=" not in text:
                opened.append((False, head[-2] if head[-1] == "" and len(head) > 1 else head[-1]))
            else:
                continue
            self.offsets.append(sentence.start)
            self.names.append(".".join(name for section, name in opened if section))

    def at(self, offset: int) -> str:
        return self.names[bisect_right(self.offsets, offset) - 1]
