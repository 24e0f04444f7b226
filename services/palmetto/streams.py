"""Standard output and error that carry whatever is printed, and whose end is no traceback.

What a stream's encoding does not have, as in a file's name that is no text, is printed as `\\uXXXX`, which JSON reads
back. Where standard output takes nothing more (`| head -1`, a full disk), the command is interrupted, as by Ctrl-C.
"""

import codecs
import contextlib
import errno
import io
import json
import os
import select
import signal
import sys
from collections.abc import Callable
from typing import Any, TextIO, cast

# Of the interpreter (`-X`): the terminal's encoding, where it is not the one that Python was started with.
TERMINAL_OPTION = "palmetto-terminal"

_ERRORS = "palmetto.escape"
_UTF8 = "utf-8"


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    # Within ASCII the escapes are JSON's own, of both halves of what is beyond 16 bits.
    shown = "".join(json.dumps(letter)[1:-1] for letter in error.object[error.start : error.end])
    return shown, error.end


codecs.register_error(_ERRORS, _escape)


class Lost:
    """What became of standard output: `error` is None while it takes what is printed."""

    def __init__(self) -> None:
        self.error: OSError | None = None

    @property
    def unread(self) -> bool:
        """Whoever read it has gone, which is no fault."""
        return self.error is not None and self.error.errno == errno.EPIPE

    def note(self, error: OSError) -> None:
        """It takes nothing more: the command need not go on."""
        if self.error is None:
            self.error = error
            signal.raise_signal(signal.SIGINT)


class _Descriptor(io.FileIO):
    """Writes to a descriptor; from the first failure on to nowhere."""

    def __init__(self, number: int, lost: Callable[[OSError], None]) -> None:
        super().__init__(number, "w", closefd=False)
        self._lost = lost

    def write(self, data: Any, /) -> int:
        """As FileIO's, but that it waits where there is no room for now, and fails no more than once."""
        try:
            # None: whoever shares the descriptor has made it one that does not wait.
            while (written := cast("int | None", super().write(data))) is None:
                select.select([], [self], [])
        except OSError as error:
            with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
                os.dup2(nowhere.fileno(), self.fileno())
            self._lost(error)
            return len(data)
        return written


def guard() -> Lost:
    """Puts such streams in the places of standard output and error. For the entry point, before anything is opened."""
    # A file that is opened must not take the number of a standard stream that was closed.
    opened = os.open(os.devnull, os.O_RDWR)
    while opened <= 2:
        opened = os.open(os.devnull, os.O_RDWR)
    os.close(opened)
    lost = Lost()
    sys.stdout = _stream(1, sys.stdout, lost.note)
    sys.stderr = _stream(2, sys.stderr, lambda _: None)
    return lost


class _AtOnce(io.BufferedWriter):
    """Holds nothing back, as PYTHONUNBUFFERED wants it."""

    def write(self, data: Any, /) -> int:
        """As BufferedWriter's."""
        written = super().write(data)
        self.flush()
        return written


def _stream(number: int, old: TextIO | None, lost: Callable[[OSError], None]) -> TextIO:
    encoding, at_once = _UTF8, False
    if isinstance(old, io.TextIOWrapper):
        with contextlib.suppress(OSError):
            old.flush()
        encoding, at_once = old.encoding, old.write_through
    told = sys._xoptions.get(TERMINAL_OPTION)
    encoding = told if isinstance(told, str) else encoding
    by_line = number == 2 or os.isatty(number)
    buffer = (_AtOnce if at_once else io.BufferedWriter)(_Descriptor(number, lost))
    return io.TextIOWrapper(buffer, encoding=encoding, errors=_ERRORS, line_buffering=by_line, write_through=at_once)


def print_json(value: Any) -> None:
    """Prints a value as one line of JSON, at once; in ASCII where standard output is not UTF-8, which JSON must be."""
    plain = codecs.lookup(sys.stdout.encoding or _UTF8).name == _UTF8
    print(json.dumps(value, ensure_ascii=not plain), flush=True)
