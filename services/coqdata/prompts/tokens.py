"""Counting tokens without a tokenizer."""

import re
from collections.abc import Callable

TokenCounter = Callable[[str], int]

# Byte-pair encodings cut text at blanks, digits and marks before they merge anything, and Coq's names are no
# words of English: a piece of four letters is seldom more than one token.
_PIECE = re.compile(r"[A-Za-z]{1,4}|[0-9]{1,3}|\n+|[^\sA-Za-z0-9]", re.ASCII)


def estimate_tokens(text: str) -> int:
    """About how many tokens a text has in a byte-level byte-pair encoding; seldom too few.

    A piece is up to four letters, up to three digits, a run of line ends, or a mark; a letter or mark beyond ASCII
    counts by its bytes, less one. Give the model's own tokenizer where the budget is tight.
    """
    pieces = _PIECE.findall(text)
    return sum(1 if piece.isascii() else max(1, len(piece.encode("utf-8", "replace")) - 1) for piece in pieces)
