"""Running sentences in a session: added in one command, executed in one command."""

from bisect import bisect_left
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
        unclear: Coq sees other sentences than we do. Nothing was executed.
        spans: where the parsed sentences begin and end, as byte offsets in the text.
        proofs: what is being proved after each parsed and executed sentence, innermost first; None where the session
            does not tell.
        refused: the sentence's index and why, when `inspect` refused one before execution.
    """

    states: list[int]
    failed: int | None = None
    error: CoqError | None = None
    messages: tuple[str, ...] = ()
    unclear: bool = False
    spans: tuple[tuple[int, int], ...] = ()
    proofs: tuple[tuple[str, ...], ...] | None = None
    refused: tuple[int, str] | None = None


Inspect = Callable[[dict[int, AstHead | None]], tuple[int, str] | None]


async def run(
    session: CoqSession,
    text: bytes,
    sentences: int,
    inspect: Inspect | None = None,
    heads_of: Sequence[int] = (),
    ends: Sequence[int] | None = None,
) -> Ran:
    """Parses and executes `text`, which holds `sentences` sentences by our own lexer.

    Args:
        session: where; its tip is moved, and stays where the text led.
        text: complete sentences.
        sentences: how many we count.
        inspect: asked, between parsing and execution, which parsed sentence is refused, and why.
        heads_of: indices of the sentences whose syntax tree `inspect` is given.
        ends: byte offsets in `text` where we see its sentences end; by default only their number is compared.

    A sentence that does not parse is found at parsing, a tactic that fails at execution: what failed
    first in the order of the text is what is reported.
    """
    added = await session.add(text, heads_of)
    states, spans = added.states, tuple(added.spans)
    if len(states) > sentences or (added.error is None and len(states) != sentences):
        return Ran(states, unclear=True, spans=spans)
    if ends is not None and any(end != ours for (_, end), ours in zip(spans, ends, strict=False)):
        return Ran(states, unclear=True, spans=spans)
    if inspect is not None and states:
        refused = inspect(added.heads)
        if refused is not None:
            return Ran(states, refused=refused)
    error = added.error
    messages = added.printed.messages
    proofs: tuple[tuple[str, ...], ...] | None = None
    if states:
        executed = await session.execute(states[-1])
        messages += executed.messages
        if executed.proofs is not None:
            told = executed.proofs | (added.printed.proofs or {})
            proofs = tuple(told.get(state, ()) for state in states)
        if executed.error is not None:
            failed = _index(states, executed.error, 0)
            return Ran(
                states,
                failed,
                executed.error,
                tuple(messages),
                spans=spans,
                proofs=None if proofs is None else proofs[:failed],
            )
    if error is not None:
        return Ran(states, _index(states, error, len(states)), error, tuple(messages), spans=spans, proofs=proofs)
    return Ran(states, messages=tuple(messages), spans=spans, proofs=proofs)


def _index(states: list[int], error: CoqError, otherwise: int) -> int:
    """Which of the sentences failed. States count up; what Coq adds of its own before one of them is part of it."""
    if error.state is None or not states or not states[0] <= error.state <= states[-1]:
        return otherwise
    return bisect_left(states, error.state)


async def open_proofs(session: CoqSession, state: int | None = None) -> tuple[str, ...]:
    """Names of what is being proved in a state (default: the tip), as Coq says them."""
    shown = await session.query("Show Conjectures.", state)
    if shown.error is not None:
        return ()
    return tuple(" ".join(shown.messages).split())
