"""`par:` without worker processes, which sertop cannot start: it dies of trying."""

import re

from coq_checker.engine.api import CoqError
from coq_checker.engine.serapi.answers import Sentence

_PAR = re.compile(rb"\s*par\s*:(?!=)\s*(.*[^.\s])\s*\.\s*", re.S)
# Each goal by itself: a tactic solves it whole, does nothing, or fails. The messages are Coq's own.
_IN_TURN = (
    b"all: [> lazymatch goal with |- ?palmetto_goal => tryif has_evar palmetto_goal then fail 0 "
    b'"The par: goal selector does not support goals with existential variables" else idtac end; '
    b"tryif (solve [ (%(tactic)s) ]) then idtac else (tryif (progress (%(tactic)s)) then fail 0 "
    b'"The par: selector requires a tactic that makes no progress or solves the goal whole." else (%(tactic)s)) .. ].'
)
_REFUSED = CoqError(
    "`par:` needs worker processes, which this engine of Coq has not: write `all:`, or set PALMETTO_ENGINE=native."
)


def in_turn(text: bytes, what: Sentence) -> bytes | CoqError:
    """The sentence as it can be run: where it works on its goals in parallel, one that takes them in turn.

    Args:
        text: the sentence.
        what: how it was read.
    """
    if not what.parallel:
        return text
    found = _PAR.fullmatch(text)
    if found is None or what.head.controlled or what.head.command.endswith(":VernacLtac2"):
        return _REFUSED
    return _IN_TURN % {b"tactic": found[1]}
