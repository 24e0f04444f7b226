"""Sentences about the toolchain that a person is to read once a run, on standard error."""

import os
import sys


def tell_once(topic: str, sentence: str) -> None:
    """Say a sentence, unless this process, or one that started it, has said one on the topic.

    Args:
        topic: a word in capitals.
        sentence: without a line's end.
    """
    told = f"PALMETTO_TOLD_{topic}"
    if os.environ.get(told):
        return
    # For what this process starts, too.
    os.environ[told] = "1"
    print(f"palmetto: {sentence}", file=sys.stderr)
