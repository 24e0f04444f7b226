"""The bytes of a Coq file as Palmetto reads them: what coqc accepts is accepted, and offsets stay what they are.

coqc skips a byte order mark, takes any byte inside of comments and strings, and refuses what is not UTF-8, or NUL,
elsewhere. SerAPI knows no byte order mark, and texts that travel to services are UTF-8.
"""

import codecs
import re
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import accumulate
from pathlib import Path

from coqdata.words import after_comment

# Code and strings up to where a comment opens. Coq takes the longest token: in `.(*` and "`(*" none does.
_UP_TO_COMMENT = re.compile(rb'(?:[^"(]++|\((?!\*)|(?:(?<=[^.]\.)|(?<=`))\(|"[^"]*+")*+')
_STRING = re.compile(rb'"[^"]*+"?')
# What stands in a comment for a byte that no UTF-8 text holds there.
_STAND_IN = "?"


def read_source(path: Path) -> bytes:
    """The text of a Coq file, as `plain` has it.

    Raises:
        OSError: it cannot be read.
    """
    return plain(path.read_bytes())


def plain(data: bytes) -> bytes:
    """The text without a byte order mark, and with comments of UTF-8 without NUL: the same to Coq, byte for byte.

    Blanks take the place of the mark, and `?` that of each such byte of a comment, so that all offsets stay. What
    stands in strings and between them means something, and is left as it is.
    """
    if _is_plain(data):
        return data
    if data.startswith(codecs.BOM_UTF8):
        data = b" " * len(codecs.BOM_UTF8) + data[len(codecs.BOM_UTF8) :]
    parts: list[bytes] = []
    done = 0
    for start, end in _comments(data):
        parts += [data[done:start], _readable(data[start:end])]
        done = end
    return b"".join([*parts, data[done:]])


def carried_over(original: bytes, before: bytes, after: bytes) -> bytes:
    """An edited text with the bytes that the file has, in place of those that `plain` put there.

    Args:
        original: the file's bytes.
        before: the same as `plain` gives it.
        after: `before` with changes.
    """
    if original == before:
        return after
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    return b"".join(_carried(original, old, new, _carried_in_line))


def problem(source: bytes, *, as_text: bool) -> str | None:
    """Why a text, as `plain` gives it, cannot be taken: what follows its name in a sentence. None: it can.

    Args:
        source: the text.
        as_text: it is to be UTF-8 as a whole, and not only what Coq can read.
    """
    if _is_plain(source):
        return None
    encoding = "UTF-16" if source.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "ISO-8859-1"
    convert = f"convert it, for example with `iconv -f {encoding} -t UTF-8`"
    for start, end, in_string in _outside_of_comments(source):
        nul = -1 if in_string else source.find(b"\0", start, end)
        wrong = _not_utf8(source, start, end) if as_text or not in_string else -1
        if nul >= 0 and not 0 <= wrong < nul:
            return (
                f"holds a NUL byte at offset {nul}, outside of comments and strings, where Coq cannot read it: take it "
                "out, for example with `tr -d '\\000'`"
            )
        if wrong >= 0 and in_string:
            return (
                f"holds a string that is not UTF-8 at byte {wrong}: coqc takes it, but Palmetto sends texts as UTF-8, "
                f"so {convert}"
            )
        if wrong >= 0:
            return f"is not UTF-8 at byte {wrong}, outside of comments and strings, and Coq cannot read that: {convert}"
    return None


def _is_plain(data: bytes) -> bool:
    if b"\0" in data or data.startswith(codecs.BOM_UTF8):
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _comments(data: bytes) -> Iterator[tuple[int, int]]:
    """Where comments begin and end; one that does not close reaches to the end."""
    at = 0
    while True:
        at = _UP_TO_COMMENT.match(data, at).end()  # type: ignore[union-attr]  # it matches the empty text
        if not data.startswith(b"(*", at):
            return  # the end, or a string that does not close
        end = after_comment(data, at) or len(data)
        yield at, end
        at = end


def _readable(comment: bytes) -> bytes:
    return comment.replace(b"\0", _STAND_IN.encode()).decode("utf-8", _STAND_IN_ERRORS).encode()


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return _STAND_IN * (error.end - error.start), error.end


_STAND_IN_ERRORS = "coqdata.stand-in"
codecs.register_error(_STAND_IN_ERRORS, _stand_in)


def _outside_of_comments(source: bytes) -> Iterator[tuple[int, int, bool]]:
    """The parts of a text that are code and those that are strings, with where they begin and end."""
    done = 0
    for start, end in [*_comments(source), (len(source), len(source))]:
        for string in _STRING.finditer(source, done, start):
            yield done, string.start(), False
            yield *string.span(), True
            done = string.end()
        yield done, start, False
        done = end


def _not_utf8(source: bytes, start: int, end: int) -> int:
    """The offset of the first byte of a part that is not UTF-8; -1 where there is none."""
    try:
        source[start:end].decode("utf-8")
    except UnicodeDecodeError as error:
        return start + error.start
    return -1


def _carried(original: bytes, old: Sequence[bytes], new: Sequence[bytes], changed: "_Changed") -> Iterator[bytes]:
    """The new pieces of a text; those that are old ones come from `original`, at their place there."""
    places = [0, *accumulate(map(len, old))]
    for kind, first, last, new_first, new_last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        there = original[places[first] : places[last]]
        if kind == "equal":
            yield there
        elif kind != "delete":
            yield changed(there, b"".join(old[first:last]), b"".join(new[new_first:new_last]))


def _carried_in_line(original: bytes, old: bytes, new: bytes) -> bytes:
    old_bytes, new_bytes = ([bytes((byte,)) for byte in text] for text in (old, new))
    return b"".join(_carried(original, old_bytes, new_bytes, lambda _original, _old, fresh: fresh))


_Changed = Callable[[bytes, bytes, bytes], bytes]
