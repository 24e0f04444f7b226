"""What a session may be asked to run, and how a request that it does not do is told."""

from coq_checker.engine.api import CoqError
from coq_checker.result import Reason, Verdict
from coqdata.sentence import Sentence, Split, split
from coqdata.words import after_attributes, skip_blanks, tokens, words

_QUERIES = frozenset(
    (
        "Search",
        "SearchPattern",
        "SearchRewrite",
        "Check",
        "Print",
        "About",
        "Locate",
        "Compute",
        "Eval",
        "Show",
    )
)
# `Print` commands that write files or are not about one name.
_PRINT_DENIED = frozenset(("Universes", "Sorted"))
_DENIED = frozenset(
    [
        "Load",
        "Cd",
        "Drop",
        "Quit",
        "Back",
        "BackTo",
        "Reset",
        "Undo",
        "Restart",
        "Redirect",
        "Extraction",
        "Recursive",
        "Separate",
        "Extract",
        "Declare",
        "Add",
        "Remove",
        "PalmettoAssumptions",
        "PalmettoFeatures",
        "PalmettoServe",
    ]
)
# What may stand before the word that names a command.
_BEFORE = frozenset(("Time", "Instructions", "Timeout", "Fail", "Succeed", "Profile", "Local", "Global", "Program"))


class StepError(Exception):
    """A request of a session that could not be done; the session goes on.

    Attributes:
        verdict, reason: of what kind.
        start, end: byte range of the failing sentence in the request's text, where there is one.
    """

    def __init__(
        self, verdict: Verdict, reason: Reason, message: str, start: int | None = None, end: int | None = None
    ) -> None:
        super().__init__(message)
        self.verdict, self.reason = verdict, reason
        self.start, self.end = start, end


def query_allowed(command: str) -> bool:
    """Whether it is one command that asks and changes nothing."""
    text = command.encode()
    first, second = (*(word.decode("utf-8", "replace") for word in words(text, 0, 2)), "", "")[:2]
    if first not in _QUERIES or len(split(text).sentences) != 1:
        return False
    return first != "Print" or second not in _PRINT_DENIED


def refuse_query() -> StepError:
    """The error of a command that is no query."""
    allowed = ", ".join(sorted(_QUERIES))
    return StepError(
        Verdict.REJECTED,
        Reason.FORBIDDEN_COMMAND,
        f"a query is one command of {allowed}, with its full stop.",
    )


def sentences_of(text: bytes, parsed: Split) -> list[Sentence]:
    """The sentences of a text that a session may run.

    Args:
        text: it.
        parsed: how it is read.

    Raises:
        StepError: it is no whole sentences, or one of them is not allowed.
    """
    if not parsed.sentences or parsed.problem is not None:
        why = parsed.problem or "there is no sentence"
        raise StepError(
            Verdict.FAILED, Reason.SYNTAX, f"the text is not whole sentences: {why}.", parsed.rest, len(text)
        )
    for sentence in parsed.sentences:
        word = _denied(text[sentence.start : sentence.end])
        if word is not None:
            raise StepError(
                Verdict.REJECTED,
                Reason.FORBIDDEN_COMMAND,
                f"a session may not use the command `{word}`.",
                sentence.start,
                sentence.end,
            )
    return parsed.sentences


def _denied(sentence: bytes) -> str | None:
    """The command that a session may not use, whatever attributes and controls stand before it."""
    at = skip_blanks(sentence, 0)
    while (after := after_attributes(sentence, at)) is not None:
        at = skip_blanks(sentence, after)
    for _, word in tokens(sentence, at):
        command = word.decode("utf-8", "replace")
        if command in _DENIED:
            return command
        if command not in _BEFORE and not word.isdigit():
            return None
    return None


def failure(sentences: list[Sentence], index: int | None, error: CoqError | None) -> StepError:
    """The error for the sentence that Coq refused."""
    if error is None or index is None:
        return StepError(Verdict.REJECTED, Reason.UNCLEAR_TEXT, "Coq does not see the same sentences in this text.")
    where = sentences[min(index, len(sentences) - 1)]
    reason = Reason.SYNTAX if error.syntax else Reason.TACTIC
    return StepError(Verdict.FAILED, reason, error.message, where.start, where.end)
