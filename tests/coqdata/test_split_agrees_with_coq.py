"""Every sentence of the installed standard library, against the positions that Coq's own parser answers."""

import re
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from coq_checker.toolchain import Toolchain, ToolchainError, find_toolchain
from coqdata.sentence import split

_ADDED = re.compile(rb"\(Answer \d+\(Added (\d+)\(.*?\(bp (\d+)\)\(ep (\d+)\)")


@dataclass(frozen=True, slots=True)
class Compared:
    file: str
    sentences: int
    difference: str | None


def _toolchain() -> Toolchain:
    try:
        return find_toolchain()
    except ToolchainError as error:
        pytest.skip(f"no Coq to compare with: {error}")


def _quoted(text: bytes) -> bytes:
    return b'"' + text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def coq_offsets(argv: Sequence[str], text: bytes) -> tuple[list[tuple[int, int]], str | None]:
    """Start and end of each sentence as Coq sees them, and what stopped it before the end of the text."""
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as sertop:
        assert sertop.stdin is not None
        assert sertop.stdout is not None
        offsets: list[tuple[int, int]] = []
        stopped: bytes | None = b"sertop died"
        try:
            sertop.stdin.write(b"(0 (Add () " + _quoted(text) + b"))\n")
            sertop.stdin.flush()
        except BrokenPipeError:
            return offsets, "sertop died"
        failed: bytes | None = None
        for line in sertop.stdout:
            added = _ADDED.match(line)
            if added is not None:
                offsets.append((int(added[2]), int(added[3])))
            elif line.startswith(b"(Answer 0(CoqExn"):
                failed = line
            elif line.startswith(b"(Answer 0 Completed"):
                stopped = failed
                break
        sertop.stdin.close()
        sertop.stdout.read()
    return offsets, None if stopped is None else stopped[-300:].decode(errors="replace")


def _compare(toolchain: Toolchain, inside: str, host: Path) -> Compared:
    text = host.read_bytes()
    flags = ["--printer=sertop", "--topfile", inside]
    if "/theories/Init/" in inside:
        flags.append("--no_prelude")
    theirs, stopped = coq_offsets(toolchain.command("sertop", *flags), text)
    found = split(text)
    ours = [(sentence.start, sentence.end) for sentence in found.sentences]
    if found.problem is not None:
        return Compared(inside, len(ours), found.problem)
    if stopped is not None:
        return Compared(inside, len(ours), f"Coq stopped after {len(theirs)} sentences: {stopped}")
    for index, (our, their) in enumerate(zip(ours, theirs, strict=False)):
        if our != their:
            return Compared(inside, len(ours), f"sentence {index}: {our}, by Coq {their}")
    if len(ours) != len(theirs):
        return Compared(inside, len(ours), f"{len(ours)} sentences, by Coq {len(theirs)}")
    return Compared(inside, len(ours), None)


@pytest.mark.timeout(1800)
def test_every_sentence_of_the_standard_library(capsys: pytest.CaptureFixture[str]) -> None:
    toolchain = _toolchain()
    library = toolchain.host_path(toolchain.coqlib)
    files = sorted(library.glob("theories/**/*.v"))
    assert len(files) > 300, f"the standard library's sources are not at {library}"
    inside = [f"{toolchain.coqlib}/{file.relative_to(library).as_posix()}" for file in files]
    # Largest first, so that both workers end together.
    order = sorted(range(len(files)), key=lambda index: -files[index].stat().st_size)
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda index: _compare(toolchain, inside[index], files[index]), order))
    with capsys.disabled():
        sentences = sum(result.sentences for result in results)
        print(f" [{len(results)} files, {sentences} sentences compared] ", end="")
    assert [result for result in results if result.difference is not None] == []


TRICKY = {
    "comments": '(* a. (* b. *) "*) c. (*" *) Check (* x. *) 1. (*)*) Check 2. (**)\n(***)Check 3.',
    "comment after a bracket token": "Check (1 + (* a. *) 2)%nat. Goal True. idtac.\n(* b. *)exact I(*.*).",
    "strings": 'Check "a. b.". Check "say ""hi."" ". Check " (* ". Check "*)".',
    "dots": (
        'Notation "[[ x ; .. ; y ]]" := (cons x .. (cons y nil) ..).\n'
        "Check Coq.Init.Datatypes.nat. Check\n1.\tCheck 2.\rCheck (Nat\n.add).\nCheck 3."
    ),
    "ltac default": "Lemma a : True. Proof with auto. idtac... Qed.",
    "bullets": "Lemma a : True /\\ True.\nsplit.\n-exact I.\n- auto. Qed. Lemma b : True. - -- +** *** + {}",
    "braces": "Lemma a : True /\\ True. { idtac. } 1:{idtac. }2 : { all: { [x]: { 1-2,3: { !: { } } a.",
    "brace and comments": "Lemma a : True. 1 (* a. *) : (* b. *) { (* c. *)a. } [ (* d *) x ] (* e *):{ b.",
    "control": 'Lemma a:True. Time { Fail #[local] { Timeout 5 1: { Redirect "x" { Fail } Succeed Time { a.',
    "record": "Record r := { f : nat }. Check {| f := 1 |}. Definition d :={|f:=2|}.",
    "attributes": "#[local] Lemma a : True. #[ export , program ]\nInstance b : True. #[global] Opaque a.",
    "attributes twice": '#[local] #[deprecated(since="1. 2",note="a. b")] Lemma a : True. Qed.',
    "unicode": 'Definition α₁ := 1. Check α₁.\nNotation "∀∀" := nat. Check ∀∀. (* ⊢. *) Check é.',
    "projection": "Record r := { f : nat }. Check fun x => x.(f). Check 1.5%nat.",
    "ltac2": 'Require Import Ltac2.Ltac2. Ltac2 x () := Message.of_string "a. b". Ltac2 y := [| 1 |].',
    "end of text": "Check 1.",
    "nothing": " (* only. (* comments. *) *)\n",
}


@pytest.mark.parametrize("name", TRICKY)
def test_tricky_texts(name: str) -> None:
    text = TRICKY[name].encode()
    theirs, stopped = coq_offsets(_toolchain().command("sertop", "--printer=sertop"), text)
    assert stopped is None
    found = split(text)
    assert found.problem is None
    assert [text[s.start : s.end] for s in found.sentences] == [text[start:end] for start, end in theirs]


@pytest.mark.parametrize("text", ["Check 1. (* (* *)", 'Check 1. Check "x.', "Check 1. Check 2", "Check 1. Check a.b"])
def test_texts_that_do_not_end(text: str) -> None:
    theirs, stopped = coq_offsets(_toolchain().command("sertop", "--printer=sertop"), text.encode())
    assert stopped is not None
    assert theirs == [(0, 8)]
    found = split(text.encode())
    assert found.problem is not None
    assert found.rest == 8
    assert [(s.start, s.end) for s in found.sentences] == theirs


REFUSED = {
    "no comment opens behind a projection's bracket": 'Check 1. Goal True. idtac.(* . Load "x". *) idtac.',
    "no comment opens behind a backquote's bracket": "Check 1. Check `(* a. *) x.",
    "bullet behind a selected brace": "Goal True. 1: { - idtac.",
    "four dots": "Goal True. auto.... auto.",
    "form feed": "Check 1. Check 2.\fCheck 3. Check 4.",
    "no-break space": "Check 1. Check 2.\u00a0Check 3. Check 4.",
}


@pytest.mark.parametrize("name", REFUSED)
def test_sentences_before_one_that_coq_refuses(name: str) -> None:
    text = REFUSED[name].encode()
    theirs, stopped = coq_offsets(_toolchain().command("sertop", "--printer=sertop"), text)
    assert stopped is not None
    ours = [(sentence.start, sentence.end) for sentence in split(text).sentences]
    assert theirs
    assert ours[: len(theirs)] == theirs
    # Coq looks no further; a sentence that it might run must not hide in one of ours.
    assert not any(b"Load" in text[start:end] and not text[start:end].startswith(b"Load") for start, end in ours)
