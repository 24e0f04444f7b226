"""S-expressions as SerAPI prints them, read from bytes.

Most answers are scanned line by line with compiled patterns; a tree is built only of goals that are compared.
"""

import re

Sexp = bytes | list["Sexp"]

_TOKEN = re.compile(rb'[()]|"(?:[^"\\]|\\.)*"|[^\s()"]+', re.S)
_ESCAPE = re.compile(rb"\\(?:(\d{3})|x([0-9a-fA-F]{2})|\r?\n[ \t]*|(.))", re.S)
_NAMED_ESCAPES = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"b": b"\b", b" ": b" "}


class SexpError(ValueError):
    """The bytes are not one whole S-expression."""


def _unescape_one(match: re.Match[bytes]) -> bytes:
    decimal, hexadecimal, char = match.groups()
    if decimal is not None:
        return bytes([int(decimal) & 0xFF])
    if hexadecimal is not None:
        return bytes([int(hexadecimal, 16)])
    if char is not None:
        return _NAMED_ESCAPES.get(char, char)
    return b""  # an escaped line end joins two lines


def unquote(atom: bytes) -> bytes:
    """The bytes an atom stands for: quotes removed, escapes resolved."""
    if not atom.startswith(b'"'):
        return atom
    body = atom[1:-1]
    return _ESCAPE.sub(_unescape_one, body) if b"\\" in body else body


def quote(data: bytes) -> bytes:
    r"""`data` as a quoted atom.

    >>> quote(b'a "b" \\')
    b'"a \\"b\\" \\\\"'
    """
    return b'"' + data.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def read(data: bytes) -> Sexp:
    """The one S-expression in `data`: an atom's bytes, or a list.

    >>> read(b'(Added 4(x "a b")())')
    [b'Added', b'4', [b'x', b'a b'], []]

    Raises:
        SexpError: `data` holds less or more than one S-expression.
    """
    stack: list[list[Sexp]] = [[]]
    for token in _TOKEN.findall(data):
        if token == b"(":
            stack.append([])
        elif token == b")":
            if len(stack) == 1:
                raise SexpError("a parenthesis closes what was never opened")
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(unquote(token))
    if len(stack) != 1 or len(stack[0]) != 1:
        raise SexpError("not one whole S-expression")
    return stack[0][0]


# The printed text of a message or an error: SerAPI sends it as the last field, `(str"...")`.
_STR_FIELD = re.compile(rb'\(str\s*("(?:[^"\\]|\\.)*"|[^\s()"]+)\)', re.S)


def str_field(line: bytes) -> str:
    """The last `str` field of a message, as text; empty when there is none.

    The field stands at the end of a line and quotes inside strings are escaped, so that nothing that
    a Coq message contains can take its place.
    """
    at = line.rfind(b"(str")
    while at >= 0:
        match = _STR_FIELD.match(line, at)
        if match is not None and line[match.end() :].strip(b") \n") == b"":
            return unquote(match[1]).decode("utf-8", "replace")
        at = line.rfind(b"(str", 0, at)
    return ""
