"""Symbols of notations that hold a full stop, as far as the text that uses them declares them."""

import re

_QUOTED = re.compile(rb'"([^"]*+)"')
_DECLARING = re.compile(
    rb'(?:\s|#\[[^]"]*\]|(?:Local|Global|Reserved|Tactic|Ltac2|Time)\b)*(?:Notation|Infix|Abbreviation)\b|.*?\bwhere\b',
    re.S,
)
_POSSIBLE = re.compile(rb'"[^"\n]*\.(?=[ \'"])[^"\n]*"')
_IDENTIFIER = rb"\w'\x80-\xff"
_BLANKS = b" \t\r\n"


class DottedSymbols:
    """Symbols with a full stop at their end that the sentences so far have declared.

    Coq takes the longest symbol: `+.` in `x +. y` ends no sentence once it is one. A full stop that is a symbol by
    itself, as in `Notation "'fn' x . b"`, is taken for one where what stands before it in the notation has been met.

    Args:
        inside: the pattern for what a sentence holds before its end.

    Attributes:
        inside: the same, with these symbols.
    """

    def __init__(self, inside: bytes) -> None:
        self._base = inside
        self.inside = re.compile(rb"(?:" + inside + rb")*+")
        self._symbols: set[bytes] = set()
        self._alone: list[re.Pattern[bytes] | None] = []

    @staticmethod
    def possible(source: bytes) -> bool:
        """Whether a text may declare such symbols; a quick look."""
        return _POSSIBLE.search(source) is not None

    def declared(self, sentence: bytes) -> bool:
        """Notes what a sentence declares; whether that is something new."""
        if b'"' not in sentence or _DECLARING.match(sentence) is None:
            return False
        known = len(self._symbols), len(self._alone)
        for quoted in _QUOTED.finditer(sentence):
            words = quoted[1].split()
            for at, word in enumerate(words):
                symbol = word[1:-1] if word[:1] == word[-1:] == b"'" and len(word) > 2 else word
                if symbol == b".":
                    # A quoted word stands as it is; any other name is a variable's.
                    before = [one[1:-1] if one[:1] == b"'" else one for one in words[:at] if not one.isalnum()]
                    self._alone.append(re.compile(_token(before[-1])) if before else None)
                elif symbol.endswith(b".") and symbol.strip(b"."):
                    self._symbols.add(symbol)
        if known == (len(self._symbols), len(self._alone)):
            return False
        dotted = [rb"(?<=" + _token(symbol[:-1], after=False) + rb")\." for symbol in sorted(self._symbols)]
        self.inside = re.compile(rb"(?:" + b"|".join([*dotted, self._base]) + rb")*+")
        return True

    def go_on(self, source: bytes, start: int, at: int) -> bool:
        """Whether the full stop at `at`, in the sentence that begins at `start`, is a symbol by itself."""
        if not self._alone or source[at - 1] not in _BLANKS or not source.startswith(b".", at):
            return False
        if source.startswith(b"..", at):
            return False
        text = source[start:at]
        passed = len(re.findall(rb"\s\.\s", text))
        return any(one is None or len(one.findall(text)) > passed for one in self._alone)


def _token(symbol: bytes, *, after: bool = True) -> bytes:
    """The pattern of a symbol: what begins or ends like an identifier is not part of a longer one."""
    pattern = re.escape(symbol)
    if re.match(rb"[" + _IDENTIFIER + rb"]", symbol):
        pattern = rb"(?<![" + _IDENTIFIER + rb"])" + pattern
    if after and re.search(rb"[" + _IDENTIFIER + rb"]\Z", symbol):
        pattern += rb"(?![" + _IDENTIFIER + rb"])"
    return pattern
