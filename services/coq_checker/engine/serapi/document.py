"""States as values on sertop's linear document.

A place is a sentence with the place before it. The document holds one line of places, of which each is a state of
sertop's; to go to another one it goes back to where the two ways part, and runs from there what leads to it.
"""

from dataclasses import dataclass, replace

from coq_checker.engine.api import CoqError, EngineLostError
from coq_checker.engine.serapi.answers import Answer, Sentence, sentence
from coq_checker.engine.serapi.parallel import in_turn
from coq_checker.engine.serapi.sertop import Sertop
from coq_checker.engine.serapi.sexp import quote

_FIRST_STATE = 1
# A syntax tree is so many times as long as its text, at the most.
_TREE_RATIO = 400
# Goals as terms are many times as long as they are printed.
_TERMS_BYTES = 256 << 20
_BLANK = b" \t\r\n"
_BACK = CoqError("`Back` is a navigation command, which coqc forbids in files: take it out.")
NOT_ONE = CoqError("This is not one sentence.", syntax=True)


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """What Coq knows behind a sentence.

    Attributes:
        before: the place where the sentence was run; None of the first place.
        text: the sentence.
        proofs: names of what is being proved, innermost first.
        named: the name that the sentence gives to the proof that it ends; empty where it gives none.
    """

    before: "Place | None" = None
    text: bytes = b""
    proofs: tuple[str, ...] = ()
    named: str = ""


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a sentence: the place behind it, or why there is none; and what Coq printed."""

    place: Place | None
    error: CoqError | None = None
    messages: tuple[str, ...] = ()


class Document:
    """The document of one sertop. Not for concurrent use.

    Attributes:
        sertop: its process.
        first: the place that it starts with.
        beginning: where the text begins, to which `Reset Initial` goes back.
    """

    def __init__(self, sertop: Sertop) -> None:
        self.sertop = sertop
        self.first = self.beginning = Place()
        self._line = [(self.first, _FIRST_STATE)]
        # Where in the line each of its places is.
        self._index = {self.first: 0}

    async def fork(self) -> "Document":
        """The same document in a fork of its process.

        Raises:
            EngineLostError: this process is gone, or its fork did not come up.
        """
        fork = Document.__new__(Document)
        fork.sertop = await self.sertop.fork()
        fork.first, fork.beginning = self.first, self.beginning
        fork._line = list(self._line)
        fork._index = dict(self._index)
        return fork

    # -- places

    async def _give_up(self, state: int) -> None:
        """Has sertop forget a state and all that rest on it."""
        (answer,) = await self.sertop.request(b"(Cancel (%d))" % state)
        if answer.error is not None:
            raise EngineLostError(f"Coq could not go back: {answer.error.message}")

    async def _end_with(self, place: Place) -> None:
        """Takes the line back to one of its places."""
        gone = self._line[self._index[place] + 1 :]
        if gone:
            await self._give_up(gone[0][1])
            del self._line[-len(gone) :]
            for one, _ in gone:
                del self._index[one]

    async def bring(self, place: Place) -> int:
        """The state of a place, which is on the line then.

        Raises:
            EngineLostError: what leads there does not run a second time, or the process is gone.
        """
        missing: list[Place] = []
        at = place
        while at not in self._index:
            missing.append(at)
            assert at.before is not None, "every place leads back to the first"
            at = at.before
        if missing:
            await self._end_with(at)
        for one in reversed(missing):
            _, state = await self._append(one.text)
            if isinstance(state, CoqError):
                raise EngineLostError(f"what Coq had run did not run a second time: {state.message}")
            self._put(one, state)
        return self._line[self._index[place]][1]

    def _put(self, place: Place, state: int) -> None:
        self._index[place] = len(self._line)
        self._line.append((place, state))

    async def _append(self, text: bytes, *, talk: bool = False) -> tuple[tuple[str, ...], int | CoqError]:
        """Runs a sentence at the line's end: what it printed, and its state or why it failed."""
        (added,) = await self.sertop.request(b"(Add ((lim 1)) %s)" % quote(text))
        messages = added.messages(talk=talk)
        if added.state is None:
            return messages, added.error or NOT_ONE
        if added.error is not None:
            await self._give_up(added.state)
            return messages, added.error
        (done,) = await self.sertop.request(b"(Exec %d)" % added.state)
        messages += done.messages(talk=talk)
        if done.error is not None:
            await self._give_up(added.state)
            return messages, done.error
        return messages, added.state

    # -- reading

    async def read(
        self, place: Place, text: bytes, start: int = 0, end: int | None = None
    ) -> Sentence | CoqError | None:
        """The sentence that stands at `start` in a text, as it is read in a place; None where none is left.

        Args:
            place: where.
            text: sentences.
            start: a byte offset.
            end: where it is thought to end, so that Coq need not be given the rest.
        """
        state = await self.bring(place)
        if end is not None and start < end < len(text) and text[end] in _BLANK:
            found = await self._parse(state, text[start:end])
            if isinstance(found, Sentence):
                return _moved(found, start)
        found = await self._parse(state, text[start:])
        return _moved(found, start) if isinstance(found, Sentence) else found

    async def _parse(self, state: int, text: bytes) -> Sentence | CoqError | None:
        command = b"(Parse ((ontop %d)(entry Vernac)) %s)" % (state, quote(text))
        (answer,) = await self.sertop.request(command, more_bytes=_TREE_RATIO * len(text))
        return answer.error or sentence(answer)

    # -- running

    async def run(self, place: Place, text: bytes, what: Sentence, *, talk: bool = False) -> Ran:
        """Runs a sentence of a text that was read there."""
        if what.head.command == "VernacBack":
            return Ran(None, _BACK)
        if what.head.command == "VernacResetInitial":
            return Ran(self.beginning)
        own = text[what.start : what.end]
        turned = in_turn(own, what)
        if isinstance(turned, CoqError):
            return Ran(None, turned)
        await self.bring(place)
        await self._end_with(place)
        messages, state = await self._append(turned, talk=talk)
        if isinstance(state, CoqError):
            return Ran(None, state, messages)
        (shown,) = await self.sertop.request(_vernac(state, b"Show Conjectures."))
        told = () if shown.error is not None else tuple(" ".join(shown.notices).split())
        after = Place(place, turned, _nested(place.proofs, told, opens=what.opens), what.named)
        self._put(after, state)
        return Ran(after, None, messages)

    async def run_one(self, place: Place, text: bytes) -> Ran:
        """Reads and runs a text that is one sentence."""
        found = await self.read(place, text)
        if isinstance(found, CoqError):
            return Ran(None, found)
        rest = NOT_ONE if found is None else await self.read(place, text, found.end)
        if found is None or rest is not None:
            return Ran(None, rest if isinstance(rest, CoqError) else NOT_ONE)
        return await self.run(place, text, found)

    async def ask(self, place: Place, command: str) -> Answer:
        """The answer to a command in a place, which stays as it is. It is one sentence."""
        state = await self.bring(place)
        (answer,) = await self.sertop.request(_vernac(state, command.encode()))
        return answer

    async def goals(self, place: Place, *, kernel: bool = False) -> Answer:
        """The goals of a place as terms, as they would be written, or as the kernel has them."""
        state = await self.bring(place)
        what = b"Goals" if kernel else b"EGoals"
        (answer,) = await self.sertop.request(b"(Query ((sid %d)) %s)" % (state, what), more_bytes=_TERMS_BYTES)
        return answer


def _vernac(state: int, command: bytes) -> bytes:
    return b"(Query ((sid %d)) (Vernac %s))" % (state, quote(command))


def _moved(found: Sentence, by: int) -> Sentence:
    return replace(found, start=found.start + by, end=found.end + by)


def _nested(around: tuple[str, ...], told: tuple[str, ...], *, opens: bool) -> tuple[str, ...]:
    """What is being proved, where the innermost proof alone is told of several that are open.

    Args:
        around: what was being proved before the sentence.
        told: what Coq tells behind it.
        opens: the sentence opens a proof.
    """
    if len(told) != 1:
        return told
    name = told[0]
    return around[around.index(name) :] if name in around and not opens else (name, *around)
