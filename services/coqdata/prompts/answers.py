"""The proof in what a model answers: whatever comes, the result is text worth trying, or None."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from coqdata.sentence import SentenceKind, split
from coqdata.theorem import TheoremKind, theorems

# What is read of an answer; models that loop fill whatever they are given.
MAX_ANSWER_CHARS = 262_144
# A proof that is longer is none: the longest of PALM's 11,000 theorems that a model proved have some hundred lines.
MAX_PROOF_BYTES = 65_536

_THOUGHTS = re.compile(r"<(think|thinking|reasoning)>.*?(?:</\1>|\Z)", re.S)
_MARKUP = re.compile(r"<!doctype html|<(?:html|head|body|script|div|meta)\b", re.I)
# A line of its own, or what stands behind the marks on their line.
_LABEL = re.compile(r"[ \t]*\{?\.?[A-Za-z][\w+#-]*(?:\.[\w+#-]+)*\}?[ \t]*(?=\n|\Z)|[ \t]*(?=\n)")
_COQ = ("coq", "rocq", "gallina", "ltac", "v")
_OPENED = re.compile(r"\s*Proof\b[^.]*\.(?=\s|\Z)")
# `Proof` need not be spelt as Coq wants it.
_HEADING = re.compile(r"\s*(?:\**(?:Coq )?Proof\**\s*:|Proof(?=\s*\n))", re.I)
_CLOSED = re.compile(r"(?<![\w'.])(?:Qed|Defined|Admitted|Abort|Save)\b[^.]*\.")
_GLUED = re.compile(r"\.(?=(?:Qed|Defined|Admitted)\s*\.)")
_OPENING = re.compile(r"^\s*Proof\b[^.\n]*\.(?=\s|\Z)", re.M)
# Lean, Isabelle, Agda, programs: words and marks that no Coq proof has at that place.
_FOREIGN = re.compile(
    r":= by\b|^\s*import Mathlib|^\s*(?:theorem|lemma|example)\s+[\w'.]*\s*[({:\[]|^\s*by\s*$|^\s*sorry\b"
    r"|\brw \[|\bsimp (?:only )?\[|\bsimp\s*$|^\s*(?:proof|qed)\b\s*(?:[-(]|$)|\busing assms\b"
    r"|^\s*apply \((?:auto|induct|simp|rule)\b|^\s*module \w+ where|#include"
    r"|^\s*(?:def|class|function|public|const|let mut)\s+\w+\s*[({:]",
    re.M,
)
_TACTIC_WORDS = (
    r"abstract|absurd|admit|all|apply|assert|assumption|auto|best|btauto|by|case|"
    r"case_eq|cbn|cbv|change|clear|clearbody|compute|congruence|constructor|"
    r"contradiction|cut|decide|dependent|destruct|discriminate|do|eapply|eassumption|"
    r"easy|eauto|econstructor|eexists|elim|enough|erewrite|etransitivity|exact|exfalso|"
    r"exists|f_equal|fail|field|field_simplify|first|firstorder|fold|functional|"
    r"generalize|give_up|hammer|hauto|have|hnf|idtac|induction|injection|instantiate|"
    r"intro|intros|intuition|inversion|inversion_clear|lazymatch|left|lia|lra|match|"
    r"move|nia|now|nra|omega|once|pattern|pose|progress|qauto|red|refine|"
    r"reflexivity|remember|rename|repeat|replace|revert|rewrite|right|ring|ring_simplify"
    r"|sauto|set|setoid_rewrite|shelve|simpl|solve|specialize|split|subst|suff|"
    r"symmetry|tauto|transitivity|trivial|try|unfold|unshelve|vm_compute|wlog"
)
_TACTIC = re.compile(rf"(?:{_TACTIC_WORDS})\b")
# Words of English sentences, none of which a tactic is likely to hold.
_ENGLISH = re.compile(
    r"(?<![\w'.])(?:the|is|are|we|you|that|this|which|it|its|can|will|because|need|should|following|here|then|would"
    r"|we'll|I'm)(?![\w'.])"
)


@dataclass(frozen=True, slots=True)
class _Block:
    """Text that may hold a proof: whether a fence marks it as Coq, and whether it is all there."""

    text: str
    coq: bool
    closed: bool


def proof_of_answer(answer: str, theorem: str | None = None) -> str | None:
    """The body of the proof in a model's answer, without `Proof.` and without `Qed.`; None if it holds none.

    Read are code blocks under any label, and bare text where there is none; prose around, repeated statements,
    helper theorems, thoughts, and a missing last full stop are put up with. The body may be wrong, unfinished
    (`admit`, or cut off after a whole sentence), or end in `Admitted`: only a checker can tell what it is worth.

    Args:
        answer: the text; only the first MAX_ANSWER_CHARS of it are looked at.
        theorem: the name of the theorem, which tells its proof from others in the answer.
    """
    text = _cleaned(answer)
    if text is None:
        return None
    blocks = list(_blocks(text))
    fenced = bool(blocks)
    if not fenced:
        blocks = [_Block(text, coq=False, closed=True)]
    best: tuple[tuple[bool, bool, int], str] | None = None
    for block in blocks:
        if _FOREIGN.search(block.text) is not None:
            continue
        body = _body(block, theorem, fenced=fenced)
        if body is None or len(body.encode()) > MAX_PROOF_BYTES:
            continue
        # One that is ended is whole; others are often remarks on it.
        rank = (_CLOSED.search(block.text) is not None, block.coq, len(body))
        if best is None or rank > best[0]:
            best = (rank, body)
    return None if best is None else best[1]


def tactic_of_answer(answer: str) -> str | None:
    """The first tactic of the proof in an answer, bullets left out; None if it holds none."""
    body = proof_of_answer(answer)
    if body is None:
        return None
    source = body.encode()
    for sentence in split(source).sentences:
        if sentence.kind is SentenceKind.COMMAND:
            return source[sentence.start : sentence.end].decode()
    return None


def proof_body(proof: str) -> str:
    """A proof without its `Proof.` and without the sentence that ends it."""
    proof = _GLUED.sub(". ", proof)
    opened = _OPENED.match(proof)
    text = proof[opened.end() :] if opened is not None else proof
    source = text.encode("utf-8", "surrogatepass")
    for sentence in split(source).sentences:
        word = source[sentence.start : sentence.end]
        if sentence.kind is SentenceKind.COMMAND and _CLOSED.fullmatch(word.decode("utf-8", "replace")):
            return source[: sentence.start].decode("utf-8", "surrogatepass").strip()
    return text.strip()


def _cleaned(answer: str) -> str | None:
    text = answer[:MAX_ANSWER_CHARS].replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text or any(0xD800 <= ord(letter) <= 0xDFFF for letter in text):
        return None
    text = _THOUGHTS.sub("", text)
    return None if not text.strip() or _MARKUP.search(text) is not None else text


def _blocks(text: str) -> Iterator[_Block]:
    """The code blocks. Marks that only repeat a label inside a block do not end it."""
    parts = text.split("```")
    at = 1
    while at < len(parts):
        inside = parts[at]
        label = _LABEL.match(inside)
        at += 1
        if label is not None and not inside[label.end() :].strip() and at < len(parts):
            continue  # "```coq" twice, or an empty block: what follows counts
        name = label[0].strip(" \t{.}").lower() if label is not None else ""
        yield _Block(inside[label.end() :] if label is not None else inside, name in _COQ, at < len(parts))
        at += 1


def _body(block: _Block, theorem: str | None, *, fenced: bool) -> str | None:
    text = _stated(block.text, theorem)
    stated = text is not None
    if text is None:
        text = block.text
        heading = _HEADING.match(text)
        if heading is not None and _OPENED.match(text) is None:
            text = text[heading.end() :]
        opened = _OPENING.search(text)
        if opened is not None:
            text = text[opened.start() :]
        elif not fenced:
            text = _from_first_tactic(text)
    text = proof_body(text)
    kept = _sentences(text, closed=block.closed, strict=not (fenced or stated))
    return kept or None


def _stated(text: str, theorem: str | None) -> str | None:
    """The proof of the theorem that the text states (the one of that name, else the last one)."""
    source = text.encode()
    found = [one for one in theorems(source) if one.proof_end > one.proof_start and one.kind is not TheoremKind.LET]
    if not found:
        return None
    chosen = next((one for one in reversed(found) if one.name == theorem), found[-1])
    end = chosen.proof_end if chosen.ending is not None else len(source)
    return source[chosen.proof_start : end].decode("utf-8", "replace")


def _from_first_tactic(text: str) -> str:
    """Bare text from the first line on that begins like a proof."""
    for line in re.finditer(r"^[ \t]*(?:[-+*]+[ \t]+)?(?=[a-z\[{])", text, re.M):
        if _TACTIC.match(text, line.end()) is not None:
            return text[line.start() :]
    return ""


def _sentences(text: str, *, closed: bool, strict: bool) -> str:
    """The text up to its last sentence that can be one of a proof.

    Args:
        text: of a proof.
        closed: nothing is missing at its end, but perhaps a full stop.
        strict: prose may follow.
    """
    source = text.encode()
    parts = split(source)
    end = 0
    tactics = 0
    for sentence in parts.sentences:
        if sentence.kind is SentenceKind.COMMAND:
            words = source[sentence.start : sentence.end].decode("utf-8", "replace")
            if _is_prose(words, strict=strict):
                break
            tactics += 1
        if sentence.kind is not SentenceKind.BULLET:  # one with nothing behind it was cut off
            end = sentence.end
    else:
        rest = source[parts.rest :].decode("utf-8", "replace").strip() if parts.problem is not None else ""
        whole = closed and "\n\n" not in rest and len(rest) < 400 and _TACTIC.match(rest) is not None
        if rest and whole and not _is_prose(rest, strict=True) and split(f"{rest}.".encode()).problem is None:
            kept = source[:end].decode("utf-8", "replace")
            return f"{kept}\n{rest}.".strip()
    if not tactics:
        return ""
    return source[:end].decode("utf-8", "replace").strip()


def _is_prose(sentence: str, *, strict: bool) -> bool:
    english = len(_ENGLISH.findall(sentence))
    if strict:
        starts = _TACTIC.match(sentence.lstrip("[{(0123456789: ")) is not None or sentence[:1].islower()
        return english >= 2 or not starts
    return english >= 3 and _TACTIC.match(sentence) is None
