"""What Coq's own programs make of a file: where its sentences end, and which proofs are open behind each of them."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from coq_checker.toolchain import Toolchain
from coqdata.releases import prover_name

NAME = "Feature"
_TIMED = re.compile(rb"Chars (\d+) - (\d+) \[.*secs \(.*\)")
_PROMPT = re.compile(rb"<prompt>(\S+) < \d+ \|([^\n]*)\| \d+ < </prompt>")
_FAILED = re.compile(r'File "[^"]*", line (\d+), characters (\d+)-\d+:\nError')


@dataclass(frozen=True, slots=True)
class Compiled:
    """A run of coqc.

    Attributes:
        accepted: whether it took the file.
        said: its errors and warnings.
        ends: where the sentences end that went through, in bytes.
        line: the line of what did not; None where nothing failed but the end of the file.
    """

    accepted: bool
    said: str
    ends: list[int]
    line: int | None


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof as Coq opens and ends it: its name, and where the two sentences end."""

    name: str
    opened: int
    ended: int


def compiled(toolchain: Toolchain, folder: Path, source: bytes) -> Compiled:
    """Compiles a text as it is. `-time` has coqc say where each sentence that it executes stands."""
    file = folder / f"{NAME}.v"
    file.write_bytes(source)
    argv = toolchain.coqc_command("-q", "-time", str(file), writable=[folder], working_directory=folder)
    done = subprocess.run(argv, capture_output=True, check=False)
    said = done.stderr.decode("utf-8", "replace")
    sentences = [(int(found[1]), int(found[2])) for found in map(_TIMED.match, done.stdout.splitlines()) if found]
    line: int | None = None
    if (failed := _FAILED.search(said)) is not None:
        line = int(failed[1])
        at = sum(len(one) for one in source.splitlines(keepends=True)[: line - 1]) + int(failed[2])
        # One that fails while it runs was parsed.
        if sentences and at < sentences[-1][1]:
            line = source.count(b"\n", 0, sentences.pop()[0]) + 1
    return Compiled(done.returncode == 0, said, [end for _, end in sentences], line)


def proofs(toolchain: Toolchain, source: bytes, ends: list[int], names: Mapping[int, list[str]]) -> list[Proof]:
    """The proofs of a text, in the order in which they end, as coqtop's prompt tells them.

    Args:
        toolchain: whose coqtop.
        source: the text.
        ends: where its sentences end.
        names: what must be there behind a sentence, by where that ends.

    Raises:
        AssertionError: Coq does not know one of the names there.
    """
    parts = [b""]
    asked: list[int | None] = []  # by sentence of the new text: where it ends in the old one, or None for a question
    for begin, end in zip([0, *ends], ends, strict=False):
        questions = names.get(end, [])
        parts += [source[begin:end], *(f" About {name}.".encode() for name in questions)]
        asked += [end, *(None for _ in questions)]
    argv = toolchain.coqtop_command("-q", "-emacs", "-top", NAME)
    done = subprocess.run(argv, input=b"".join(parts) + b"\n", capture_output=True, check=False)
    prompts = list(_PROMPT.finditer(done.stderr))
    assert b"\nError:" not in done.stderr, done.stderr.decode()
    # One before the first sentence, one behind each, and one more where it reads the end of the text.
    assert len(prompts) - len(asked) in (1, 2), done.stderr.decode()
    opened: list[tuple[str, int]] = []
    found: list[Proof] = []
    for place, prompt in zip(asked, prompts[1:], strict=False):
        name = prompt[1].decode()
        depth = 0 if name == prover_name(toolchain.version) else max(1, len(prompt[2].split(b"|")))
        if place is None:
            continue
        while len(opened) > depth:
            found.append(Proof(*opened.pop(), place))
        if depth > len(opened):
            opened.append((name, place))
    return found
