"""Running the text of a file, which may hold no command that goes back in it."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from coq_checker.run import Ran, run
from coq_checker.session.api import CoqError, CoqSession
from coqdata.words import read_prefix, words

# What may stand before a command, besides what `read_prefix` knows.
_CONTROLS = (b"Fail", b"Succeed")


def navigation_problem(sentence: bytes) -> str | None:
    """Why a sentence may not stand in a file, where it goes back in the document; None where it does not."""
    if b"Back" not in sentence and b"Initial" not in sentence:
        return None
    found: list[bytes] = []
    while not found or found[0] in _CONTROLS:
        at = read_prefix(sentence).end
        found = words(sentence, at, 2)
        if not found:
            return None
        sentence = sentence[at:].removeprefix(found[0])
    if found[0] == b"Back":
        return "`Back` is a navigation command, which coqc forbids in files: take it out."
    if found == [b"Reset", b"Initial"]:
        return "`Reset Initial` would undo what the checker has set up before the file: take it out."
    return None


async def run_in_file(session: CoqSession, text: bytes, ends: Sequence[int]) -> Ran:
    """As `run`, for sentences of a file that end at the byte offsets `ends`: what may not stand there is refused."""
    for index, (begin, end) in enumerate(pairwise((0, *ends))):
        why = navigation_problem(text[begin:end])
        if why is None:
            continue
        done = await run(session, text[:begin], index, ends=ends[:index]) if index else Ran([])
        if done.unclear or done.failed is not None:
            return done
        return replace(done, failed=index, error=CoqError(why), refused=(index, why))
    return await run(session, text, len(ends), ends=ends)
