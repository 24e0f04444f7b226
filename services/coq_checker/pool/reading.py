"""How a text is read: its sentences and theorems, by our lexer at first, and as Coq says once it has run there."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from coqdata.sentence import Sentence, SentenceKind, declarations, split
from coqdata.theorem import Theorem, theorems


class Reading:
    """The sentences and theorems of a text, as far as it is known what Coq makes of them.

    Attributes:
        source: the text.
        sentences: Coq's own as far as it was followed, then as our lexer finds them.
        problem: why what comes after the last of them is no whole sentence; None where nothing does.
        theorems: in the order of their statements.
    """

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.sentences: list[Sentence]
        self.problem: str | None
        self.theorems: list[Theorem]
        # The first sentences, as Coq sees them, up to the last one that we saw otherwise.
        self._known: list[Sentence] = []
        # What Coq is proving behind a sentence, innermost first, by where the sentence begins.
        self._proofs: dict[int, tuple[str, ...]] = {}
        self._split()

    def _split(self) -> None:
        parsed = split(self.source, self._known)
        self.sentences, self.problem = parsed.sentences, parsed.problem
        self._ends = [sentence.end for sentence in self.sentences]
        self._declarations: tuple[bytes, ...] | None = None
        self._find_theorems()

    def _find_theorems(self) -> None:
        self.theorems = theorems(self.source, self.sentences, self._proofs)
        self._by_start = {theorem.start: theorem for theorem in self.theorems}
        # How many proofs are open behind each sentence, as far as this reading goes.
        changes = [0] * (len(self.sentences) + 1)
        for theorem in self._by_start.values():
            changes[self.index_at(theorem.statement_end) - 1] += 1
            # A file may end inside of a proof.
            changes[self.index_at(theorem.proof_end) - (theorem.ending is not None)] -= 1
        self._depths = list(accumulate(changes))

    def begins_with(self, text: bytes) -> bool:
        """Whether a text is the beginning of this one, sentence by sentence."""
        if not self.source.startswith(text):
            return False
        parsed = split(text, [sentence for sentence in self._known if sentence.end <= len(text)])
        return parsed.problem is None and parsed.sentences == self.sentences[: len(parsed.sentences)]

    def extend(self, source: bytes) -> bool:
        """Reads a longer text in place of this one, where it goes on from this one; False where it does not."""
        if self.problem is not None or not source.startswith(self.source):
            return False
        if split(source, self._known).sentences[: len(self.sentences)] != self.sentences:
            return False
        self.source = source
        self._split()
        return True

    def declarations(self, position: int) -> tuple[bytes, ...]:
        """The sentences before a byte offset that declare symbols with full stops in them."""
        if self._declarations is None:
            self._declarations = declarations(self.source, self.sentences)
        if not self._declarations:
            return ()
        return declarations(self.source, self.sentences[: self.index_at(position)])

    def index_at(self, position: int) -> int:
        """How many sentences end at or before the byte offset `position`."""
        return bisect_right(self._ends, position)

    def theorem_at(self, start: int) -> Theorem | None:
        """The theorem whose statement begins at the byte offset `start`; of those stated together, the last."""
        return self._by_start.get(start)

    def around(self, theorem: Theorem) -> list[Theorem]:
        """The theorems inside of whose proofs another one is stated, outermost first."""
        if not theorem.nested:
            return []
        return [one for one in self.theorems if one.start < theorem.start and theorem.proof_end <= one.proof_end]

    def theorems_of(self, size: int) -> list[Theorem]:
        """The theorems of so many bytes of the text."""
        if size == len(self.source):
            return self.theorems
        return theorems(self.source[:size], self.sentences[: self.index_at(size)], self._proofs)

    def problem_of(self, size: int) -> str | None:
        """Why the end of so many bytes of the text is no whole sentence; None where it is."""
        return self.problem if size == len(self.source) else split(self.source[:size]).problem

    def next_theorems(self, after: int, size: int) -> list[Theorem]:
        """The first theorems that are stated behind a byte offset: one, or those that are stated together.

        Args:
            after: the offset.
            size: only so many bytes of the text count.
        """
        found = self.theorems_of(size)
        at = bisect_right(found, after, key=lambda one: one.start)
        if at == len(found):
            return []
        return found[at : bisect_left(found, found[at].start + 1, key=lambda one: one.start)]

    def follow(self, first: int, spans: Sequence[tuple[int, int]]) -> bool:
        """Takes Coq's own sentence where it sees another one than we do, and reads on from there; else False.

        Args:
            first: index of the first sentence that Coq has parsed.
            spans: where those begin and end that it has parsed from there on, in the text.
        """
        ours = self._ends[first : first + len(spans)]
        for at, (span, end) in enumerate(zip(spans, ours, strict=False), first):
            if span[1] != end:
                self._known = [*self.sentences[:at], Sentence(*span, SentenceKind.COMMAND)]
                self._split()
                return True
        return False

    def learn(self, first: int, proofs: Sequence[tuple[str, ...]]) -> bool:
        """Notes what Coq is proving behind sentences; whether other theorems come of it.

        Args:
            first: index of the first of the sentences.
            proofs: for each of them, the names of what is being proved behind it, innermost first.
        """
        self._proofs.update((self.sentences[first + n].start, names) for n, names in enumerate(proofs))
        if [len(names) for names in proofs] == self._depths[first : first + len(proofs)]:
            self._take_names(first, proofs)
            return False
        before = [(one.start, one.proof_end) for one in self.theorems]
        self._find_theorems()
        return before != [(one.start, one.proof_end) for one in self.theorems]

    def _take_names(self, first: int, proofs: Sequence[tuple[str, ...]]) -> None:
        """Calls theorems as Coq does."""
        for n, names in enumerate(proofs):
            theorem = self._by_start.get(self.sentences[first + n].start)
            if theorem is None or theorem.renamed or not names or names[0] in (theorem.name, *theorem.also):
                continue
            at = next(number for number, one in enumerate(self.theorems) if one is theorem)
            self.theorems[at] = self._by_start[theorem.start] = replace(theorem, name=names[0])
