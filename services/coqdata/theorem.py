"""The theorems of a file, from its bytes alone: what is stated where, and the proof that stands there."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from coqdata.open_proofs import change
from coqdata.sentence import Sentence, SentenceKind, split
from coqdata.shape import all_have_bodies, class_of, equations_name, has_body, name_after_as, name_after_of, other_names
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
    EQUATIONS = "Equations"
    CANONICAL = "Canonical"
    COMMAND = "Command"
    """Any other command that opens a proof."""


@dataclass(frozen=True, slots=True)
class Theorem:
    """A theorem of a file. Offsets are bytes in the file.

    Attributes:
        name: as it stands there. Where none does, the name that Coq gives, as far as the file tells it:
            `Unnamed_thm0` for `Goal`, `C_instance_0` for an instance of C (what is imported may have such
            names too), `f_obligation_N` for the N-th obligation that is proved by hand (Coq also counts
            those that it has solved by itself). Where Coq has said what it proves there, it is Coq's name.
        kind: how it is stated.
        index: position among the file's theorems, from 0.
        start, statement_end: the sentence that states it.
        proof_start, proof_end: the proof, `Proof.` and `Qed.` included; the end of a file that stops inside.
        ending: the word that ends the proof (`Qed`, `Defined`, `Admitted`, `Abort`, `Save`, `Proof` for
            `Proof TERM.`, or any other command where Coq has said that it does); None when the file ends before.
        path: modules and sections around it, outermost first, as (kind, name).
        nested: it stands inside the proof of another one.
        also: names of the other theorems that the same statement states and the same proof proves
            (`Lemma NAME : ... with OTHER : ...`); each of them is a theorem of its own, with the same offsets.
        renamed: the name that the proof's end gives (`Defined NAME`); empty where it gives none.
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
    renamed: str = ""

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
        TheoremKind.CANONICAL,
    )
}
_ENDS = frozenset((b"Qed", b"Defined", b"Admitted", b"Abort", b"Save"))
# Modules and sections inside each other beyond this are not told apart, lest a hostile text eat all memory.
_DEEPEST = 200
_MEASURED = re.compile(rb"\{\s*(?:measure|wf)\b")


@dataclass(slots=True)
class _Open:
    name: str
    kind: TheoremKind
    statement: Sentence
    path: tuple[tuple[str, str], ...]
    also: tuple[str, ...] = ()
    proof_start: int | None = None
    renamed: str = ""
    said: str = ""  # Coq's name while it is proved


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

    def __init__(self, source: bytes, sentences: Sequence[Sentence], proofs: Mapping[int, tuple[str, ...]]) -> None:
        self.source = source
        self.sentences = sentences
        self.proofs = proofs
        self.path: list[tuple[str, str]] = []
        self.too_deep = 0
        self.open: list[_Open] = []
        self.said: tuple[str, ...] | None = ()  # what Coq is proving before the sentence, where it has said that
        self.done: list[tuple[_Open, int, int, str | None, bool]] = []
        self.program = ""
        self.program_mode = False
        self.obligations: dict[tuple[str, ...], int] = {}
        self.given: dict[tuple[str, ...], int] = {}  # how many names Coq has given, by module and stem

    def read(self) -> list[Theorem]:
        """All theorems, in the order of their statements."""
        for sentence in self.sentences:
            self._sentence(sentence)
        end = self.sentences[-1].end if self.sentences else 0
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
                renamed=opened.renamed,
            )
            for index, (name, opened, proof_start, proof_end, ending, nested) in enumerate(named)
        ]

    def _close(self, end: int, ending: str | None) -> None:
        opened = self.open.pop()
        start = end if opened.proof_start is None else opened.proof_start
        self.done.append((opened, start, end, ending, bool(self.open)))

    def _sentence(self, sentence: Sentence) -> None:
        """Reads one sentence: what it looks like, and what Coq has said that came of it."""
        text = self.source[sentence.start : sentence.end]
        command: _Command | None = None
        if sentence.kind is SentenceKind.COMMAND and (text[:1].isupper() or text[:1] in b"#("):
            prefix = read_prefix(text)
            found = words(text, prefix.end, 4)
            command = _Command(sentence, text, prefix.end, found, prefix.program or self.program_mode, prefix.refine)
        said = self.proofs.get(sentence.start)
        ends = 0
        opened: _Open | None = None
        if command is not None and self.open and self._ends(command):
            ends = len(self.open) if command.words[:2] == [b"Abort", b"All"] else 1
        elif command is not None:
            opened = self._opened(command)
        if said is not None:
            goal = opened is not None and opened.kind is TheoremKind.GOAL
            around = [one.said or one.name for one in reversed(self.open)]
            ends, opens = change(self.said, said, around, (ends, goal))
            opened = self._said_open(sentence, opened, said) if opens else None
        self.said = said
        # A proof that another one is nested in has begun already.
        if self.open and self.open[-1].proof_start is None:
            self.open[-1].proof_start = sentence.start
        if ends:
            head = command.head.decode("utf-8", "replace") if command is not None else ""
            self._rename(command)
            for _ in range(ends):
                self._close(sentence.end, head)
        elif opened is not None:
            self.open.append(opened)

    def _said_open(self, sentence: Sentence, guessed: _Open | None, said: tuple[str, ...]) -> _Open:
        """The proof that a sentence opens, where Coq has said what is being proved behind it."""
        opened = guessed or _Open(said[0], TheoremKind.COMMAND, sentence, tuple(self.path))
        opened.said = said[0]
        if said[0] not in (opened.name, *opened.also):
            opened.name = said[0]
        return opened

    def _rename(self, command: "_Command | None") -> None:
        """Takes the name that the end of a proof gives."""
        if command is None:
            return
        found = command.words
        if command.head in (b"Save", b"Defined", b"Qed") and len(found) > 1 and identifier(found[1]):
            self.open[-1].name = self.open[-1].renamed = identifier(found[1])
        elif self.open[-1].kind is TheoremKind.GOAL and command.head != b"Abort":
            self._fresh("Unnamed_thm", first="Unnamed_thm")

    @staticmethod
    def _ends(command: "_Command") -> bool:
        """Whether the sentence looks like the end of a proof."""
        if command.head in _ENDS:
            return True
        after = command.words[1:2]
        return command.head == b"Proof" and bool(after) and after[0] not in (b".", b"using", b"with")

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

    def _stated(self, sentence: Sentence, name: str, kind: TheoremKind, also: tuple[str, ...] = ()) -> _Open:
        return _Open(name, kind, sentence, tuple(self.path), also)

    def _opened(self, command: _Command) -> _Open | None:
        """The proof that the sentence looks like opening; modules and sections are noted."""
        sentence, text, at = command.sentence, command.text, command.at
        found, head = command.words, command.head
        if head in _STATED:
            self.program = command.name if command.program else self.program
            return self._stated(sentence, command.name, _STATED[head], other_names(text, at))
        if head in _DEFINED:
            return self._definition(command)
        if head == b"Goal":
            name = self._fresh("Unnamed_thm", first="Unnamed_thm", take=False)
            return self._stated(sentence, name, TheoremKind.GOAL)
        if head in (b"Set", b"Unset"):
            if found[1:3] == [b"Program", b"Mode"]:
                self.program_mode = head == b"Set"
            return None
        if head in (b"Next", b"Obligation", b"Final"):
            return self._obligation(sentence, text, found)
        if head == b"Equations":
            self.program = f"{equations_name(text, at)}_obligations"
            if found[1:2] == [b"?"]:
                return self._stated(sentence, equations_name(text, at), TheoremKind.EQUATIONS)
            return None
        if head == b"Add":
            return self._morphism(sentence, text, found)
        if head == b"Function" and _MEASURED.search(text) is not None:
            return self._stated(sentence, command.name, TheoremKind.FUNCTION)
        if head == b"Derive" and b"SuchThat" in text:
            return self._stated(sentence, name_after_as(text) or command.name, TheoremKind.DERIVE)
        if head in (b"Module", b"Section", b"End") and not self.open:
            self._block(text, at, found)
        return None

    def _definition(self, command: _Command) -> _Open | None:
        text, at, head = command.text, command.at, command.head
        kind = _DEFINED[head]
        rest = command.words[1:]
        # `Let Fixpoint`, `Canonical Structure`
        if rest and rest[0] in (b"Fixpoint", b"CoFixpoint", b"Structure"):
            rest = rest[1:]
        name = identifier(rest[0]) if rest else ""
        if not name and kind is TheoremKind.INSTANCE:
            name = self._fresh(f"{class_of(text, at + len(head)) or 'anonymous'}_instance_")
        if command.program:
            self.program = name
        mutual = kind in (TheoremKind.FIXPOINT, TheoremKind.COFIXPOINT)
        if all_have_bodies(text, at) if mutual else has_body(text, at):
            if not command.refine:
                return None
        elif command.program and kind is TheoremKind.INSTANCE:
            return None  # Program turns what is missing of an instance into obligations
        elif kind is TheoremKind.COERCION and (b">->" in text or b":" not in text):
            return None  # declares a function that is there
        elif kind is TheoremKind.CANONICAL and b":" not in text:
            return None  # as does this
        also = other_names(text, at) if mutual else ()
        return self._stated(command.sentence, name, kind, also)

    def _obligation(self, sentence: Sentence, text: bytes, found: list[bytes]) -> _Open | None:
        after = found[1] if len(found) > 1 else b""
        if after == b"Tactic" or (found[0] != b"Obligation" and after != b"Obligation"):
            return None
        program = name_after_of(text) or self.program
        key = (*self._modules(), program)
        if found[0] == b"Obligation" and len(found) > 1 and found[1].isdigit():
            number = int(found[1])
        else:
            number = self.obligations.get(key, 0) + 1
        self.obligations[key] = number
        return self._stated(sentence, f"{program}_obligation_{number}", TheoremKind.OBLIGATION)

    def _morphism(self, sentence: Sentence, text: bytes, found: list[bytes]) -> _Open | None:
        if b"Morphism" not in found[1:3]:
            return None
        return self._stated(sentence, name_after_as(text), TheoremKind.MORPHISM)

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


def theorems(
    source: bytes,
    sentences: Sequence[Sentence] | None = None,
    proofs: Mapping[int, tuple[str, ...]] | None = None,
) -> list[Theorem]:
    """The theorems of a file, in the order of their statements.

    Args:
        source: the file.
        sentences: of the file, where Coq's are known; by default as `split` finds them.
        proofs: what Coq is proving behind a sentence, innermost first, by where the sentence begins, as far as that is
            known. For all other sentences their syntax tells whether they open or end a proof, by Coq's rule for each
            command.
    """
    return _Reader(source, split(source).sentences if sentences is None else sentences, proofs or {}).read()
