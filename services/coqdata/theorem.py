"""The theorems of a file, from its bytes alone: what is stated where, and the proof that stands there."""

import re
from dataclasses import dataclass
from enum import Enum

from coqdata.sentence import Sentence, SentenceKind, split
from coqdata.words import has_body, strip_prefixes, words


class TheoremKind(Enum):
    """How a theorem is stated; the value is Coq's word."""

    THEOREM = "Theorem"
    LEMMA = "Lemma"
    FACT = "Fact"
    REMARK = "Remark"
    COROLLARY = "Corollary"
    PROPOSITION = "Proposition"
    PROPERTY = "Property"
    EXAMPLE = "Example"
    INSTANCE = "Instance"
    DEFINITION = "Definition"
    LET = "Let"
    FIXPOINT = "Fixpoint"
    COFIXPOINT = "CoFixpoint"
    FUNCTION = "Function"
    OBLIGATION = "Obligation"
    MORPHISM = "Morphism"
    DERIVE = "Derive"
    GOAL = "Goal"


@dataclass(frozen=True, slots=True)
class Theorem:
    """A theorem of a file. Offsets are bytes in the file.

    Attributes:
        name: as it stands there; `Unnamed_thm` for `Goal`, `f_obligation_N` for obligations.
        kind: how it is stated.
        index: position among the file's theorems, from 0.
        start, statement_end: the sentence that states it.
        proof_start, proof_end: the proof, `Proof.` and `Qed.` included; the end of a file that stops inside.
        ending: the word that ends the proof (`Qed`, `Defined`, `Admitted`, `Abort`, `Save`, `Proof` for
            `Proof TERM.`); None when the file ends before.
        path: modules and sections around it, outermost first, as (kind, name).
        nested: it stands inside the proof of another one.
    """

    name: str
    kind: TheoremKind
    index: int
    start: int
    statement_end: int
    proof_start: int
    proof_end: int
    ending: str | None
    path: tuple[tuple[str, str], ...]
    nested: bool = False

    @property
    def qualified_name(self) -> str:
        """The name with its modules; sections do not count."""
        modules = [name for kind, name in self.path if kind != "Section"]
        return ".".join([*modules, self.name])


_STATED = {
    kind.value.encode(): kind
    for kind in (
        TheoremKind.THEOREM,
        TheoremKind.LEMMA,
        TheoremKind.FACT,
        TheoremKind.REMARK,
        TheoremKind.COROLLARY,
        TheoremKind.PROPOSITION,
        TheoremKind.PROPERTY,
    )
}
# Open a proof where no body is given.
_DEFINED = {
    kind.value.encode(): kind
    for kind in (
        TheoremKind.DEFINITION,
        TheoremKind.EXAMPLE,
        TheoremKind.INSTANCE,
        TheoremKind.LET,
        TheoremKind.FIXPOINT,
        TheoremKind.COFIXPOINT,
    )
}
_ENDS = frozenset((b"Qed", b"Defined", b"Admitted", b"Abort", b"Save"))
_OBLIGATION_OF = re.compile(rb"\bof\s+([^\W\d][\w']*)")
_MORPHISM_NAME = re.compile(rb"\bas\s+([^\W\d][\w']*)\s*\.\s*$")
_MEASURED = re.compile(rb"\{\s*(?:measure|wf)\b")
_DERIVED = re.compile(rb"\b[Aa]s\s+([^\W\d][\w']*)\s*\.\s*$")
# After these a proof that was thought to be open is not: the statement had one already.
_NOT_IN_PROOF = frozenset(
    (b"Section", b"End", b"Module", b"Inductive", b"Record", b"Class", b"Require", b"Import")
)


@dataclass(slots=True)
class _Open:
    name: str
    kind: TheoremKind
    statement: Sentence
    path: tuple[tuple[str, str], ...]
    proof_start: int | None = None


class _Reader:
    """Walks the sentences of a file once."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.path: list[tuple[str, str]] = []
        self.open: list[_Open] = []
        self.done: list[tuple[_Open, int, int, str | None, bool]] = []
        self.program = ""
        self.obligations: dict[str, int] = {}

    def read(self) -> list[Theorem]:
        """All theorems, in the order of their statements."""
        sentences = split(self.source).sentences
        for sentence in sentences:
            self._sentence(sentence)
        end = sentences[-1].end if sentences else 0
        while self.open:
            self._close(end, None)
        self.done.sort(key=lambda one: one[0].statement.start)
        return [
            Theorem(
                name=opened.name,
                kind=opened.kind,
                index=index,
                start=opened.statement.start,
                statement_end=opened.statement.end,
                proof_start=proof_start,
                proof_end=proof_end,
                ending=ending,
                path=opened.path,
                nested=nested,
            )
            for index, (opened, proof_start, proof_end, ending, nested) in enumerate(self.done)
        ]

    def _close(self, end: int, ending: str | None) -> None:
        opened = self.open.pop()
        start = end if opened.proof_start is None else opened.proof_start
        self.done.append((opened, start, end, ending, bool(self.open)))

    def _sentence(self, sentence: Sentence) -> None:
        text = self.source[sentence.start : sentence.end]
        if sentence.kind is not SentenceKind.COMMAND or not (text[:1].isupper() or text[:1] in b"#("):
            self._in_proof(sentence)
            return
        at, program = strip_prefixes(text)
        found = words(text, at, 4)
        head = found[0] if found else b""
        if self.open and self.open[-1].proof_start is None and self._is_command(head):
            self.open.pop()  # the statement did not open a proof after all
        if self.open and head in _ENDS:
            self._in_proof(sentence)
            self._close(sentence.end, head.decode())
        elif self.open and head == b"Proof" and self._whole_proof(found):
            self._in_proof(sentence)
            self._close(sentence.end, "Proof")
        elif not self._opens(sentence, text, at, found, program):
            self._in_proof(sentence)

    @staticmethod
    def _is_command(head: bytes) -> bool:
        return head in _NOT_IN_PROOF or head in _STATED or head in _DEFINED

    @staticmethod
    def _whole_proof(found: list[bytes]) -> bool:
        return len(found) > 1 and found[1] not in (b".", b"using", b"with")

    def _in_proof(self, sentence: Sentence) -> None:
        for opened in self.open:
            if opened.proof_start is None:
                opened.proof_start = sentence.start

    def _state(self, sentence: Sentence, name: str, kind: TheoremKind) -> bool:
        self._in_proof(sentence)
        self.open.append(_Open(name, kind, sentence, tuple(self.path)))
        return True

    def _opens(self, sentence: Sentence, text: bytes, at: int, found: list[bytes], program: bool) -> bool:
        """Whether the sentence opens a proof, a module or a section, which is noted."""
        head = found[0] if found else b""
        name = found[1].decode("utf-8", "replace") if len(found) > 1 else ""
        if head in _STATED:
            self.program = name if program else self.program
            return self._state(sentence, name, _STATED[head])
        if head in _DEFINED:
            return self._definition(sentence, text, at, found, program)
        if head == b"Goal":
            return self._state(sentence, "Unnamed_thm", TheoremKind.GOAL)
        if head in (b"Next", b"Obligation", b"Final"):
            return self._obligation(sentence, text, found)
        if head == b"Program" or head == b"Equations":
            self.program = name
            return False
        if head == b"Add":
            return self._morphism(sentence, text, found)
        if head == b"Function" and _MEASURED.search(text) is not None:
            return self._state(sentence, name, TheoremKind.FUNCTION)
        if head == b"Derive" and b"SuchThat" in text:
            derived = _DERIVED.search(text)
            return self._state(sentence, derived[1].decode() if derived else name, TheoremKind.DERIVE)
        if head in (b"Module", b"Section", b"End") and not self.open:
            self._block(text, at, found)
        return False

    def _definition(
        self, sentence: Sentence, text: bytes, at: int, found: list[bytes], program: bool
    ) -> bool:
        head = found[0]
        kind = _DEFINED[head]
        rest = found[1:]
        if rest and rest[0] in (b"Fixpoint", b"CoFixpoint"):  # Let Fixpoint
            rest = rest[1:]
        name = rest[0].decode("utf-8", "replace") if rest else ""
        if program:
            self.program = name
        if has_body(text, at) or (program and kind is TheoremKind.INSTANCE):
            return False  # Program turns what is missing of an instance into obligations
        if not name[:1].isalpha() and name[:1] != "_":
            name = "anonymous_instance"
        return self._state(sentence, name, kind)

    def _obligation(self, sentence: Sentence, text: bytes, found: list[bytes]) -> bool:
        after = found[1] if len(found) > 1 else b""
        if after == b"Tactic" or (found[0] != b"Obligation" and after != b"Obligation"):
            return False
        of = _OBLIGATION_OF.search(text)
        program = of[1].decode("utf-8", "replace") if of else self.program
        if found[0] == b"Obligation" and len(found) > 1 and found[1].isdigit():
            number = int(found[1])
        else:
            number = self.obligations.get(program, 0) + 1
        self.obligations[program] = number
        return self._state(sentence, f"{program}_obligation_{number}", TheoremKind.OBLIGATION)

    def _morphism(self, sentence: Sentence, text: bytes, found: list[bytes]) -> bool:
        if b"Morphism" not in found[1:3]:
            return False
        name = _MORPHISM_NAME.search(text)
        return self._state(sentence, name[1].decode() if name else "", TheoremKind.MORPHISM)

    def _block(self, text: bytes, at: int, found: list[bytes]) -> None:
        if found[0] == b"End":
            if self.path:
                self.path.pop()
            return
        kind, rest = "Section", found[1:]
        if found[0] == b"Module":
            kind = "Module"
            if rest and rest[0] == b"Type":
                kind, rest = "Module Type", rest[1:]
            while rest and rest[0] in (b"Import", b"Export"):
                rest = rest[1:]
            if has_body(text, at):
                return
        if rest:
            self.path.append((kind, rest[0].decode("utf-8", "replace")))


def theorems(source: bytes) -> list[Theorem]:
    """The theorems of a file, in the order of their statements.

    Purely by syntax: whether a statement without a body opens a proof is Coq's rule for each command.
    """
    return _Reader(source).read()
