"""The theorems of a file, from its bytes alone: what is stated where, and the proof that stands there."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from coqdata.sentence import Sentence, SentenceKind, split
from coqdata.shape import class_of, equations_name, has_body, name_after_as, name_after_of, other_names
from coqdata.words import identifier, read_prefix, words


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
    COERCION = "Coercion"
    FUNCTION = "Function"
    OBLIGATION = "Obligation"
    MORPHISM = "Morphism"
    DERIVE = "Derive"
    GOAL = "Goal"


@dataclass(frozen=True, slots=True)
class Theorem:
    """A theorem of a file. Offsets are bytes in the file.

    Attributes:
        name: as it stands there. Where none does, the name that Coq gives, as far as the file tells it:
            `Unnamed_thm0` for `Goal`, `C_instance_0` for an instance of C (what is imported may have such
            names too), `f_obligation_N` for the N-th obligation that is proved by hand (Coq also counts
            those that it has solved by itself).
        kind: how it is stated.
        index: position among the file's theorems, from 0.
        start, statement_end: the sentence that states it.
        proof_start, proof_end: the proof, `Proof.` and `Qed.` included; the end of a file that stops inside.
        ending: the word that ends the proof (`Qed`, `Defined`, `Admitted`, `Abort`, `Save`, `Proof` for
            `Proof TERM.`); None when the file ends before.
        path: modules and sections around it, outermost first, as (kind, name).
        nested: it stands inside the proof of another one.
        also: names of the other theorems that the same statement states and the same proof proves
            (`Lemma NAME : ... with OTHER : ...`); each of them is a theorem of its own, with the same offsets.
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
    also: tuple[str, ...] = ()

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
        TheoremKind.COERCION,
    )
}
_ENDS = frozenset((b"Qed", b"Defined", b"Admitted", b"Abort", b"Save"))
# Modules and sections inside each other beyond this are not told apart, lest a hostile text eat all memory.
_DEEPEST = 200
_MEASURED = re.compile(rb"\{\s*(?:measure|wf)\b")
# After these a proof that was thought to be open is not: the statement had one already.
_NOT_IN_PROOF = frozenset((b"Section", b"End", b"Module", b"Inductive", b"Record", b"Class", b"Require", b"Import"))


@dataclass(slots=True)
class _Open:
    name: str
    kind: TheoremKind
    statement: Sentence
    path: tuple[tuple[str, str], ...]
    also: tuple[str, ...] = ()
    proof_start: int | None = None


@dataclass(frozen=True, slots=True)
class _Command:
    """A sentence as far as it is read: its text, where its prefixes end, its first words, its prefixes."""

    sentence: Sentence
    text: bytes
    at: int
    words: list[bytes]
    program: bool
    refine: bool

    @property
    def head(self) -> bytes:
        return self.words[0] if self.words else b""

    @property
    def name(self) -> str:
        return identifier(self.words[1]) if len(self.words) > 1 else ""


class _Reader:
    """Walks the sentences of a file once."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.path: list[tuple[str, str]] = []
        self.too_deep = 0
        self.open: list[_Open] = []
        self.done: list[tuple[_Open, int, int, str | None, bool]] = []
        self.program = ""
        self.program_mode = False
        self.obligations: dict[tuple[str, ...], int] = {}
        self.given: dict[tuple[str, ...], int] = {}  # how many names Coq has given, by module and stem

    def read(self) -> list[Theorem]:
        """All theorems, in the order of their statements."""
        sentences = split(self.source).sentences
        for sentence in sentences:
            self._sentence(sentence)
        end = sentences[-1].end if sentences else 0
        while self.open:
            self._close(end, None)
        self.done.sort(key=lambda one: one[0].statement.start)
        named = [(name, *one) for one in self.done for name in dict.fromkeys((one[0].name, *one[0].also))]
        return [
            Theorem(
                name=name,
                kind=opened.kind,
                index=index,
                start=opened.statement.start,
                statement_end=opened.statement.end,
                proof_start=proof_start,
                proof_end=proof_end,
                ending=ending,
                path=opened.path,
                nested=nested,
                also=tuple(other for other in (opened.name, *opened.also) if other != name),
            )
            for index, (name, opened, proof_start, proof_end, ending, nested) in enumerate(named)
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
        prefix = read_prefix(text)
        found = words(text, prefix.end, 4)
        command = _Command(sentence, text, prefix.end, found, prefix.program or self.program_mode, prefix.refine)
        head = command.head
        if self.open and self.open[-1].proof_start is None and self._is_command(head):
            self.open.pop()  # the statement did not open a proof after all
        if self.open and head in _ENDS:
            self._in_proof(sentence)
            if head in (b"Save", b"Defined") and len(found) > 1 and identifier(found[1]):
                self.open[-1].name = identifier(found[1])
            elif self.open[-1].kind is TheoremKind.GOAL and head != b"Abort":
                self._fresh("Unnamed_thm", first="Unnamed_thm")
            self._close(sentence.end, head.decode())
        elif self.open and head == b"Proof" and self._whole_proof(found):
            self._in_proof(sentence)
            self._close(sentence.end, "Proof")
        elif not self._opens(command):
            self._in_proof(sentence)

    @staticmethod
    def _is_command(head: bytes) -> bool:
        return head in _NOT_IN_PROOF or head in _STATED or head in _DEFINED

    @staticmethod
    def _whole_proof(found: list[bytes]) -> bool:
        return len(found) > 1 and found[1] not in (b".", b"using", b"with")

    def _in_proof(self, sentence: Sentence) -> None:
        # A proof that another one is nested in has begun already.
        if self.open and self.open[-1].proof_start is None:
            self.open[-1].proof_start = sentence.start

    def _state(self, sentence: Sentence, name: str, kind: TheoremKind) -> bool:
        self._in_proof(sentence)
        self.open.append(_Open(name, kind, sentence, tuple(self.path)))
        return True

    def _modules(self) -> tuple[str, ...]:
        return tuple(name for kind, name in self.path if kind != "Section")

    def _fresh(self, stem: str, *, first: str = "", take: bool = True) -> str:
        """The name that Coq gives for a stem: the first one that this module does not have yet."""
        key = (*self._modules(), stem)
        number = self.given.get(key, 0)
        if take:
            self.given[key] = number + 1
        if not first:
            return f"{stem}{number}"
        return f"{first}{number - 1}" if number else first

    def _opens(self, command: _Command) -> bool:
        """Whether the sentence opens a proof; modules and sections are noted."""
        sentence, text, at, found, head = (
            command.sentence,
            command.text,
            command.at,
            command.words,
            command.head,
        )
        if head in _STATED:
            self.program = command.name if command.program else self.program
            self._state(sentence, command.name, _STATED[head])
            self.open[-1].also = other_names(text, at)
            return True
        if head in _DEFINED:
            return self._definition(command)
        if head == b"Goal":
            name = self._fresh("Unnamed_thm", first="Unnamed_thm", take=False)
            return self._state(sentence, name, TheoremKind.GOAL)
        if head in (b"Set", b"Unset"):
            if found[1:3] == [b"Program", b"Mode"]:
                self.program_mode = head == b"Set"
            return False
        if head in (b"Next", b"Obligation", b"Final"):
            return self._obligation(sentence, text, found)
        if head == b"Equations":
            self.program = f"{equations_name(text, at)}_obligations"
            return False
        if head == b"Add":
            return self._morphism(sentence, text, found)
        if head == b"Function" and _MEASURED.search(text) is not None:
            return self._state(sentence, command.name, TheoremKind.FUNCTION)
        if head == b"Derive" and b"SuchThat" in text:
            return self._state(sentence, name_after_as(text) or command.name, TheoremKind.DERIVE)
        if head in (b"Module", b"Section", b"End") and not self.open:
            self._block(text, at, found)
        return False

    def _definition(self, command: _Command) -> bool:
        text, at, head = command.text, command.at, command.head
        kind = _DEFINED[head]
        rest = command.words[1:]
        if rest and rest[0] in (b"Fixpoint", b"CoFixpoint"):  # Let Fixpoint
            rest = rest[1:]
        name = identifier(rest[0]) if rest else ""
        if not name and kind is TheoremKind.INSTANCE:
            name = self._fresh(f"{class_of(text, at + len(head)) or 'anonymous'}_instance_")
        if command.program:
            self.program = name
        if has_body(text, at):
            if not command.refine:
                return False
        elif command.program and kind is TheoremKind.INSTANCE:
            return False  # Program turns what is missing of an instance into obligations
        elif kind is TheoremKind.COERCION and (b">->" in text or b":" not in text):
            return False  # declares a function that is there
        self._state(command.sentence, name, kind)
        if kind in (TheoremKind.FIXPOINT, TheoremKind.COFIXPOINT):
            self.open[-1].also = other_names(text, at)
        return True

    def _obligation(self, sentence: Sentence, text: bytes, found: list[bytes]) -> bool:
        after = found[1] if len(found) > 1 else b""
        if after == b"Tactic" or (found[0] != b"Obligation" and after != b"Obligation"):
            return False
        program = name_after_of(text) or self.program
        key = (*self._modules(), program)
        if found[0] == b"Obligation" and len(found) > 1 and found[1].isdigit():
            number = int(found[1])
        else:
            number = self.obligations.get(key, 0) + 1
        self.obligations[key] = number
        return self._state(sentence, f"{program}_obligation_{number}", TheoremKind.OBLIGATION)

    def _morphism(self, sentence: Sentence, text: bytes, found: list[bytes]) -> bool:
        if b"Morphism" not in found[1:3]:
            return False
        return self._state(sentence, name_after_as(text), TheoremKind.MORPHISM)

    def _block(self, text: bytes, at: int, found: list[bytes]) -> None:
        if found[0] == b"End":
            if self.too_deep:
                self.too_deep -= 1
            elif self.path:
                self.path.pop()
            return
        kind, rest = "Section", found[1:]
        if found[0] == b"Module":
            kind = "Module"
            if rest and rest[0] == b"Type":
                kind, rest = "Module Type", rest[1:]
            while rest and rest[0] in (b"Import", b"Export"):
                rest = rest[1:]
            if has_body(text, at, constrained=True):
                return
        if len(self.path) >= _DEEPEST:
            self.too_deep += 1
        elif rest:
            self.path.append((kind, identifier(rest[0])))


def theorems(source: bytes) -> list[Theorem]:
    """The theorems of a file, in the order of their statements.

    Purely by syntax: whether a statement without a body opens a proof is Coq's rule for each command.
    """
    return _Reader(source).read()


def named(found: Iterable[Theorem], name: str) -> list[Theorem]:
    """Those of the theorems that a name means: more than one where it does not tell them apart.

    A qualified name goes before a bare one, and one whose proof was not aborted before those that were: `Abort`
    leaves the name free to be stated again.
    """
    fitting = [one for one in found if name in (one.name, one.qualified_name)]
    exact = [one for one in fitting if one.qualified_name == name]
    kept = [one for one in exact or fitting if one.ending != "Abort"]
    return kept or exact or fitting


def numbered(found: Iterable[Theorem]) -> dict[int, tuple[str, int]]:
    """For the theorems of a file, by their index: the qualified name, and which one of that name it is, from 0."""
    seen: dict[str, int] = {}
    places: dict[int, tuple[str, int]] = {}
    for one in found:
        number = seen.get(one.qualified_name, 0)
        seen[one.qualified_name] = number + 1
        places[one.index] = (one.qualified_name, number)
    return places
