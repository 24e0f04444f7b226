"""A candidate before Coq sees it: split into sentences and passed through the text gate."""

from dataclasses import dataclass

from coq_checker.gates.text import Class, Judgement, Mode, judge
from coq_checker.result import ProofResult, Reason, Verdict
from coqdata.sentence import Sentence, Split, split


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate whose sentences may be given to Coq.

    Attributes:
        text: what is given to Coq; for a proof, its end (`Qed.`) is always there.
        sentences: of `text`, in order.
        gives_up: `Admitted` or `Abort` ended it, and is not part of `text`.
        length: bytes of the candidate as it was sent; a sentence beyond it is ours.
        unended: it is the beginning of a proof, and has no end.
        script: it is a whole script.
    """

    text: bytes
    sentences: tuple[Sentence, ...]
    gives_up: bool
    length: int
    unended: bool = False
    script: bool = False

    def quote(self, index: int) -> str:
        """The text of a sentence."""
        sentence = self.sentences[index]
        return self.text[sentence.start : sentence.end].decode("utf-8", "replace")


def _refused(text: bytes, sentences: list[Sentence], index: int, reason: Reason, why: str) -> ProofResult:
    sentence = sentences[index]
    return ProofResult(
        Verdict.REJECTED,
        reason,
        why + ".",
        text[sentence.start : sentence.end].decode("utf-8", "replace"),
        index,
        sentence.start,
        sentence.end,
    )


def read(
    text: bytes, mode: Mode, max_sentences: int, *, partial: bool = False, parsed: Split | None = None
) -> Candidate | ProofResult:
    """The candidate, or the verdict where none of it may be given to Coq.

    Args:
        text: what the client sent; valid UTF-8 without NUL.
        mode: the body of a proof, or a whole script.
        max_sentences: more than this is an invalid request.
        partial: a body without its end is left as it is.
        parsed: its sentences, where Coq has said which they are; by default as our lexer finds them.
    """
    parsed = parsed or split(text)
    sentences = parsed.sentences
    if len(sentences) > max_sentences:
        return ProofResult(
            Verdict.ERROR,
            Reason.INVALID_REQUEST,
            f"the candidate has {len(sentences)} sentences; this server takes at most {max_sentences}.",
        )
    ended_at: int | None = None
    gives_up = False
    for index, sentence in enumerate(sentences):
        word: Judgement = judge(text, sentence, mode)
        if mode is Mode.PROOF and ended_at is not None:
            why = "nothing may follow the end of the proof"
            return _refused(text, sentences, index, Reason.FORBIDDEN_COMMAND, why)
        if word.kind is Class.DENIED:
            return _refused(text, sentences, index, Reason.FORBIDDEN_COMMAND, word.why)
        # A word that is no known command may be a project's tactic: Coq's parser says what it is.
        if word.kind is Class.END:
            ended_at = index
        elif word.kind is Class.GIVES_UP:
            if mode is Mode.SCRIPT:
                why = "a script may not give up a proof"
                return _refused(text, sentences, index, Reason.ADMITTED, why)
            ended_at, gives_up = index, True
    if parsed.problem is not None:
        return ProofResult(
            Verdict.FAILED,
            Reason.SYNTAX,
            f"the text does not end where a sentence ends: {parsed.problem}.",
            text[parsed.rest :].decode("utf-8", "replace")[:200],
            len(sentences),
            parsed.rest,
            len(text),
        )
    if mode is Mode.SCRIPT:
        if not sentences:
            return ProofResult(Verdict.INCOMPLETE, Reason.OPEN_GOALS, "the script is empty.")
        return Candidate(text, tuple(sentences), False, len(text), script=True)
    if gives_up and ended_at is not None:
        return Candidate(text, tuple(sentences[:ended_at]), True, len(text))
    if ended_at is None and partial:
        return Candidate(text, tuple(sentences), False, len(text), unended=True)
    if ended_at is None:
        end = Sentence(len(text) + 1, len(text) + 5, _COMMAND)
        return Candidate(text + b"\nQed.", (*sentences, end), False, len(text))
    return Candidate(text, tuple(sentences), False, len(text))


_COMMAND = split(b"Qed.").sentences[0].kind
