"""The text gate: which sentences may be given to Coq at all.

Some commands act as soon as Coq parses them (`Load` executes a file), so that this gate comes before
Coq sees anything. It reads the first words of each sentence by an exact lexer and allows what it knows.
"""

import re
from dataclasses import dataclass
from enum import Enum

from coqdata.sentence import Sentence, SentenceKind
from coqdata.words import tokens

_BLANK = re.compile(rb"\s+")
_COMMENT_MARK = re.compile(rb'\(\*|\*\)|"(?:[^"]|"")*"', re.S)
_SELECTOR = re.compile(
    rb"(?:all|par|!|\d+(?:\s*-\s*\d+)?(?:\s*,\s*\d+(?:\s*-\s*\d+)?)*|\[\s*[^\W\d][\w']*\s*\])\s*:(?![=:>])"
)
_WORD = re.compile(rb"[^\W\d][\w']*|[^\s\w]")

_ENDS = frozenset((b"Qed", b"Defined"))
_GIVES_UP = frozenset((b"Admitted", b"Abort"))
# Commands that a proof body may hold besides tactics.
_BODY = frozenset(
    (
        b"Proof",
        b"Check",
        b"Eval",
        b"Compute",
        b"Guarded",
        b"About",
        b"Locate",
        b"Search",
        b"SearchPattern",
        b"SearchRewrite",
        b"Show",
        b"Unshelve",
        b"Focus",
        b"Unfocus",
        b"Unfocused",
        b"Grab",
    )
)
# `Print NAME.`, and no other `Print`: some write files.
_PRINT_NAME = re.compile(rb"Print\s+[^\W\d][\w']*(?:\.[^\W\d][\w']*)*\s*\.")
# What a free-standing script may declare.
_SCRIPT = _BODY | frozenset(
    b"""Theorem Lemma Fact Remark Corollary Proposition Property Example Goal Definition Fixpoint CoFixpoint
    Let Inductive CoInductive Variant Record Structure Class Instance Ltac Section End Variable Variables
    Hypothesis Hypotheses Context Local Global Notation Abbreviation Infix Hint Open Close Scheme Arguments Implicit
    Create Opaque Transparent Coercion Canonical Existing Program Next Obligation Function Generalizable
    Polymorphic Monomorphic Set Unset Module Require Import Export From""".split()
)
# Script heads that are spelt like allowed ones but change what is checked, or bring in what is not looked at.
_SCRIPT_DENIED = frozenset((b"Module", b"Require", b"From", b"Export", b"Set", b"Unset"))
# What may stand before the word that names a command; that word decides.
_PREFIXES = frozenset((b"Local", b"Global", b"Polymorphic", b"Monomorphic", b"Program"))
# Words after `Proof` that leave the proof open; anything else is a term, which ends it.
_AFTER_PROOF = frozenset((b".", b"using", b"with", b"Mode"))
# A string after one of these declares the symbols in it.
_BEFORE_SYMBOLS = frozenset((b"Notation", b"Infix", b"where", b"and"))
# Every word that begins a command of Coq 8.10 to Rocq 9.2 and its usual plugins; what is not here and begins
# with a capital may be a tactic of the project, which Coq's syntax tree confirms before anything runs.
_COMMANDS = frozenset(
    b"""Abbreviation Abort About Add Admit Admitted Arguments Axiom Axioms Back BackTo Bind Canonical Cd Check Class
    Close Coercion CoFixpoint CoInductive Collection Combined Comments Compute Conjecture Conjectures Constraint
    Context Corollary Create Cumulative Custom Debug Declare Default Defined Definition Delimit Derive Disable
    Drop Elpi Enable End Eval Equations Example Existential Existing Export Extract Extraction Fact Fail
    Field File Final Fixpoint Focus From Function Functional Generalizable Generate Global Goal Grab Guarded
    Hint Hypotheses Hypothesis Identity Implicit Import Include Inductive Infix Info Inline Inspect Instance
    Instructions Lemma Let Library Load Local Locate Ltac Ltac2 Module Monomorphic Mtac Native NoInline
    NonCumulative NonUniform Notation Number Numeral Obligation Obligations Opaque Open Optimize Parameter
    Parameters Parametric Polymorphic Prenex Preterm Primitive Print Private Profile Program Proof Prop
    Property Proposition Pwd Qed QuickChick Quit Record Recursive Redirect Register Remark Remove Require
    Reserved Reset Restart Rewrite Ring Save Scheme Search SearchAbout SearchHead SearchPattern SearchRewrite
    Section SectionContext Separate Set Show Solve Sort Sorted Sorts Strategy String Structure SubClass Succeed Symbol
    Symbols Tactic Tactics Test Theorem Time Timeout Transparent Type Typeclasses Undelimit Undo Unfocus
    Unfocused Universe Universes Unset Unshelve Variable Variables Variant Verbose View Next Remark
    PalmettoAssumptions PalmettoFeatures PalmettoServe
    SearchDepend Hammer_cleanup Hammer_objects Hammer_print Hammer_version MetaCoq
    HB Paramcoq Parametricity Realizer Tactician Unicoq""".split()
)


class Mode(Enum):
    """What kind of text is gated."""

    PROOF = "proof"
    """The body of a proof."""

    SCRIPT = "script"
    """A text that states and proves theorems itself."""


class Class(Enum):
    """What a sentence is, for the gate."""

    ALLOWED = "allowed"
    """May be given to Coq."""

    UNKNOWN = "unknown"
    """Begins with a capital and is no command that we know: may be a tactic, if Coq's parser says so."""

    END = "end"
    """`Qed` or `Defined`."""

    GIVES_UP = "gives_up"
    """`Admitted` or `Abort`."""

    DENIED = "denied"
    """May not be used."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The gate's word on one sentence; `why` is a sentence for people when it is denied."""

    kind: Class
    why: str = ""


_ALLOWED = Judgement(Class.ALLOWED)
_UNKNOWN = Judgement(Class.UNKNOWN)
_END = Judgement(Class.END)
_GIVING_UP = Judgement(Class.GIVES_UP)


def skip_blanks(text: bytes, at: int) -> int:
    """The offset of the first byte from `at` on that is neither blank nor inside a comment."""
    while at < len(text):
        blank = _BLANK.match(text, at)
        if blank is not None:
            at = blank.end()
        if not text.startswith(b"(*", at):
            return at
        depth = 0
        for mark in _COMMENT_MARK.finditer(text, at):
            if mark[0] == b"(*":
                depth += 1
            elif mark[0] == b"*)":
                depth -= 1
                if depth == 0:
                    at = mark.end()
                    break
        else:
            return len(text)
    return at


def _words(text: bytes, at: int, count: int) -> list[bytes]:
    found: list[bytes] = []
    while len(found) < count:
        at = skip_blanks(text, at)
        word = _WORD.match(text, at)
        if word is None:
            break
        found.append(word[0])
        at = word.end()
    return found


def begins_command(source: bytes, sentence: Sentence) -> bool:
    """Whether a sentence begins with the word of a command."""
    head = _words(source[sentence.start : sentence.end], 0, 1)
    return sentence.kind is SentenceKind.COMMAND and bool(head) and head[0] in _COMMANDS


def judge(source: bytes, sentence: Sentence, mode: Mode) -> Judgement:
    """The gate's word on one sentence of a candidate."""
    text = source[sentence.start : sentence.end]
    if sentence.kind is not SentenceKind.COMMAND:
        # `Time {` and the like are braces by their form.
        return _denied(_words(text, 0, 1)[0]) if text[:1].isupper() else _ALLOWED
    at = skip_blanks(text, 0)
    first = text[at : at + 1]
    if first == b"#":
        return Judgement(Class.DENIED, "a proof may not use attributes")
    selector = _SELECTOR.match(text, at)
    if selector is not None:
        at = skip_blanks(text, selector.end())
        first = text[at : at + 1]
    if not first.isupper():
        # Tactics and bullets; no command of Coq begins otherwise.
        return _ALLOWED
    words = _words(text, at, 8 if mode is Mode.SCRIPT else 2)
    if mode is Mode.SCRIPT:
        while len(words) > 1 and words[0] in _PREFIXES:
            words = words[1:]
    head = words[0] if words else b""
    if head in _PREFIXES and mode is Mode.SCRIPT:
        return _denied(head)  # more prefixes than any command has
    if selector is not None and head in _COMMANDS and head not in (b"Check", b"Show", b"Search"):
        return Judgement(Class.DENIED, f"`{head.decode()}` may not stand after a goal selector")
    if head in _ENDS:
        return _END if len(words) > 1 and words[1] == b"." else _denied(head)
    if head in _GIVES_UP:
        return _GIVING_UP if len(words) > 1 and words[1] == b"." else _denied(head)
    if head == b"Proof" and (len(words) < 2 or words[1] not in _AFTER_PROOF):
        return _END
    if mode is Mode.SCRIPT:
        if b'"' in text and _misleads(text):
            why = "a script may not declare a symbol that ends in `.` or `(`, or holds a quote or `(*`"
            return Judgement(Class.DENIED, why)
        if head in _SCRIPT and head not in _SCRIPT_DENIED:
            return _ALLOWED
    elif head in _BODY:
        return _ALLOWED
    if _only_asks(text[at:], words):
        return _ALLOWED
    if head in _COMMANDS:
        return _denied(head)
    return _UNKNOWN


def _only_asks(text: bytes, words: list[bytes]) -> bool:
    """Whether it is the harmless form of a command that has others."""
    if words[:1] == [b"Optimize"]:
        return words[1:2] in ([b"Proof"], [b"Heap"])
    return words[:1] == [b"Print"] and _PRINT_NAME.fullmatch(text) is not None


def _misleads(text: bytes) -> bool:
    """Whether it declares a symbol after which Coq finds other sentences, comments or strings than we do."""
    before = b""
    for _, word in tokens(text):
        if word[:1] == b'"' and before in _BEFORE_SYMBOLS:
            for symbol in word[1:-1].split():
                bare = symbol.strip(b"'")
                if b'"' in bare or b"(*" in bare or (bare.endswith((b".", b"(")) and bare not in (b"..", b"(")):
                    return True
        before = word
    return False


def _denied(head: bytes) -> Judgement:
    return Judgement(Class.DENIED, f"a proof may not use the command `{head.decode(errors='replace')}`")
