"""Running sentences in a session: added in one command, executed in one command."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from coq_checker.session.api import AstHead, CoqError, CoqSession


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of running sentences.

    Attributes:
        states: the state after each sentence that was parsed.
        failed: index of the first sentence that failed; None when all went through.
        error: Coq's error for it.
        messages: what Coq printed.
        unclear: Coq saw another number of sentences than we do.
        refused: the sentence's index and why, when `inspect` refused one before execution.
    """

    states: list[int]
    failed: int | None = None
    error: CoqError | None = None
    messages: tuple[str, ...] = ()
    unclear: bool = False
    refused: tuple[int, str] | None = None


Inspect = Callable[[dict[int, AstHead | None]], tuple[int, str] | None]


async def run(
    session: CoqSession,
    text: bytes,
    sentences: int,
    inspect: Inspect | None = None,
    heads_of: Sequence[int] = (),
) -> Ran:
    """Parses and executes `text`, which holds `sentences` sentences by our own lexer.

    Args:
        session: where; its tip is moved, and stays where the text led.
        text: complete sentences.
        sentences: how many we count.
        inspect: asked, between parsing and execution, which parsed sentence is refused, and why.
        heads_of: indices of the sentences whose syntax tree `inspect` is given.

    A sentence that does not parse is found at parsing, a tactic that fails at execution: what failed
    first in the order of the text is what is reported.
    """
    added = await session.add(text, heads_of)
    states = added.states
    if len(states) > sentences or (added.error is None and len(states) != sentences):
        return Ran(states, unclear=True)
    if inspect is not None and states:
        refused = inspect(added.heads)
        if refused is not None:
            return Ran(states, refused=refused)
    error = added.error
    messages: list[str] = []
    if states:
        executed = await session.execute(states[-1])
        messages = executed.messages
        if executed.error is not None:
            return Ran(states, _index(states, executed.error, 0), executed.error, tuple(messages))
    if error is not None:
        return Ran(states, _index(states, error, len(states)), error, tuple(messages))
    return Ran(states, messages=tuple(messages))


def _index(states: list[int], error: CoqError, otherwise: int) -> int:
    if error.state is not None and error.state in states:
        return states.index(error.state)
    return otherwise


async def open_proofs(session: CoqSession, state: int | None = None) -> tuple[str, ...]:
    """Names of what is being proved in a state (default: the tip), as Coq says them."""
    shown = await session.query("Show Conjectures.", state)
    if shown.error is not None:
        return ()
    return tuple(" ".join(shown.messages).split())
