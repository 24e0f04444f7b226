"""The statement gate: a free-standing script must prove the statement that was asked, to the kernel's eye.

The trusted statement is defined before the script under a name that the script cannot know; after it the
kernel must accept the script's theorem at that type. This catches weaker statements, redefined constants,
hijacked notations, coercions and section variables. (The method is that of the statement anchor of
proof comparators; see README, "What PROVED means".)
"""

import re
import secrets
from dataclasses import dataclass

from coqdata.sentence import split

_HEAD = re.compile(
    rb"\s*(?:Theorem|Lemma|Fact|Remark|Corollary|Proposition|Property|Example|Definition)\s+([^\W\d][\w']*)\s*",
    re.S,
)
_NESTING = re.compile(rb'"(?:[^"]|"")*"|\(\*|[(){}\[\]]|:=|:', re.S)


class StatementError(ValueError):
    """The statement cannot be anchored; the text is one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A trusted statement under names that a candidate cannot know.

    Attributes:
        theorem: the theorem's name, as the script must prove it.
        before: the sentence that defines the statement.
        after: the sentence that the kernel must accept after the script.
        check: the constant to audit.
    """

    theorem: str
    before: str
    after: str
    check: str


def anchor(statement: bytes) -> Anchor:
    """The anchor of a statement such as `Lemma foo (n : nat) : n = n.`

    Raises:
        StatementError: the statement is not of that form.
    """
    head = _HEAD.match(statement)
    sentences = split(statement).sentences
    if head is None or not sentences:
        raise StatementError(
            "a script is checked against a statement of the form `Theorem NAME BINDERS : TYPE.`; "
            "send the proof's body as `proof` instead."
        )
    name = head[1].decode()
    # Where there seem to be several, a symbol of a notation holds a full stop: Coq takes one sentence alone.
    rest = statement[head.end() : sentences[-1].end - 1]
    colon = _top_colon(rest)
    if colon is None:
        raise StatementError("the statement has no `:` followed by what is to be proved.")
    binders, goal = rest[:colon].strip(), rest[colon + 1 :].strip()
    kind = b"forall %s, (%s)" % (binders, goal) if binders else goal
    nonce = secrets.token_hex(12)
    stated, checked = f"palmetto_stmt_{nonce}", f"palmetto_chk_{nonce}"
    return Anchor(
        theorem=name,
        # Not `(...)%type`: a scope delimiter would reach the terms inside, and read `n + 0` as a sum type.
        before=f"Definition {stated} : Type := {kind.decode()}.",
        after=f"Definition {checked} : {stated} := @{name}.",
        check=checked,
    )


def _top_colon(text: bytes) -> int | None:
    depth = 0
    for token in _NESTING.finditer(text):
        mark = token[0]
        if mark in (b"(", b"{", b"["):
            depth += 1
        elif mark in (b")", b"}", b"]"):
            depth -= 1
        elif mark == b"(*":
            raise StatementError("the statement must not hold comments.")
        elif mark == b":" and depth == 0:
            return token.start()
    return None
