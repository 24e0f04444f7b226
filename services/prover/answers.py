"""From what a model says to a proof's text: whatever comes, it is text to try or a sentence that says why not."""

import re
from dataclasses import dataclass

from coqdata.sentence import split

_FENCE = re.compile(r"```[ \t]*([\w+-]*)[^\n]*\n(.*?)(?:```|\Z)", re.S)
_PROOF = re.compile(r"(?<![\w'.])Proof\b[^.]*\.(?=\s|\Z)")
_STATES = re.compile(
    r"\s*(?:Theorem|Lemma|Fact|Remark|Corollary|Proposition|Property|Example|Goal|Definition|Instance|Fixpoint)\b"
)
_MARKUP = re.compile(r"<(?:!DOCTYPE|html|body|head|div|script)\b", re.I)
# Words that no Coq proof begins a line with: Lean, Isabelle, Agda, programs.
_FOREIGN = re.compile(
    r"^\s*(?:import Mathlib|theorem .*:= by|by$|proof \(|apply\(auto|lemma .*:$|def |#include|function )", re.M
)
_WORD = re.compile(r"[a-z_]\w*")


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer holds.

    Attributes:
        script: the body of a proof, without `Proof.` and `Qed.`; empty if there is none.
        problem: one sentence that says why it is empty.
    """

    script: str
    problem: str = ""


def read_answer(answer: str, max_bytes: int = 65_536) -> Reading:
    """The proof in an answer: its first code block (one named `coq` first), or the text itself."""
    if len(answer.encode("utf-8", "replace")) > max_bytes:
        return Reading("", f"the answer is longer than {max_bytes} bytes.")
    if "\0" in answer or any(0xD800 <= ord(letter) <= 0xDFFF for letter in answer):
        return Reading("", "the answer is not text.")
    if _MARKUP.search(answer):
        return Reading("", "the answer is HTML, not a proof.")
    fences = _FENCE.findall(answer)
    chosen = [text for name, text in fences if name.lower() in ("coq", "rocq", "gallina", "ltac")] or [
        text for _, text in fences
    ]
    body = _body(chosen[0] if chosen else answer)
    if not body.strip():
        return Reading("", "the answer holds no proof.")
    if _FOREIGN.search(body):
        return Reading("", "the answer is a proof in another language.")
    parts = split(body.encode())
    if not parts.sentences:
        # Models forget the last full stop.
        closed = body.strip() + "."
        parts = split(closed.encode())
        if not parts.sentences or not _WORD.match(closed):
            return Reading("", "the answer holds no Coq sentence.")
        body = closed
    elif parts.problem is not None:
        rest = body.encode()[parts.rest :].decode("utf-8", "replace").strip()
        complete = body.encode()[: parts.rest].decode("utf-8", "replace")
        # What is cut off in the middle of a word is worth nothing; a missing full stop is.
        body = f"{complete} {rest}." if _WORD.match(rest) and "\n" not in rest and len(rest) < 200 else complete
    return Reading(body.strip())


def _body(text: str) -> str:
    """Without the statement, `Proof.`, and what follows `Qed.`."""
    proof = _PROOF.search(text)
    if proof is not None:
        text = text[proof.end() :]
    elif _STATES.match(text):
        source = text.encode()
        sentences = split(source).sentences
        if sentences:
            text = source[sentences[0].end :].decode("utf-8", "replace")
    end = re.search(r"(?<![\w'])(?:Qed|Defined|Admitted|Abort)\s*\.", text)
    return text[: end.start()] if end else text
