"""Every sentence of the installed standard library, against the positions that Coq's own parser answers."""

import hashlib
import inspect
import json
from pathlib import Path

import pytest

from coq_checker.toolchain import Toolchain, ToolchainError, find_toolchain
from coqdata import sentence
from coqdata.sentence import split

from .library import RECORD, Library, Offsets, coq_offsets, digest, recorded

# Coq is asked for these in every run: without a prelude, with other languages of tactics, notations, unfinished dots.
ALWAYS = (
    "theories/Init/Logic.v",
    "theories/Init/Notations.v",
    "theories/ssr/ssrunder.v",
    "theories/Bool/Sumbool.v",
    "theories/Strings/Ascii.v",
)
# And for so many more, not large, which another splitter changes.
MORE, LARGE_BYTES = 5, 20_000


def _toolchain() -> Toolchain:
    try:
        return find_toolchain()
    except ToolchainError as error:
        pytest.skip(f"no Coq to compare with: {error}")


@pytest.fixture(scope="module")
def library() -> Library:
    return Library.of(_toolchain())


def ours(library: Library, name: str) -> tuple[Offsets, str | None]:
    found = split(library.files[name].read_bytes())
    return [(one.start, one.end) for one in found.sentences], found.problem


def difference(found: Offsets, theirs: Offsets, stopped: str | None) -> str | None:
    """How our sentences differ from Coq's."""
    if stopped is not None:
        return f"Coq stopped after {len(theirs)} sentences: {stopped}"
    for index, (our, their) in enumerate(zip(found, theirs, strict=False)):
        if our != their:
            return f"sentence {index}: {our}, by Coq {their}"
    return f"{len(found)} sentences, by Coq {len(theirs)}" if len(found) != len(theirs) else None


def chosen(names: list[str]) -> list[str]:
    """Some names, others for every change of the splitter."""
    code = inspect.getsource(sentence)
    return sorted(names, key=lambda name: hashlib.sha256(f"{name} {code}".encode()).digest())[:MORE]


@pytest.mark.timeout(1800)
def test_every_sentence_of_the_standard_library(library: Library, capsys: pytest.CaptureFixture[str]) -> None:
    """Against the record of what Coq said, and for some files, and all that are not recorded, against Coq itself."""
    found = {name: ours(library, name) for name in library.files}
    assert {name: problem for name, (_, problem) in found.items() if problem is not None} == {}
    record = recorded(library)
    small = [name for name, path in library.files.items() if path.stat().st_size < LARGE_BYTES]
    asked = {*ALWAYS, *chosen(small)}
    asked |= {name for name, (offsets, _) in found.items() if record.get(name) != digest(offsets)}
    answers = library.ask_all(asked)
    with capsys.disabled():
        sentences = sum(len(offsets) for offsets, _ in found.values())
        print(f" [{len(found)} files, {sentences} sentences compared, Coq asked for {len(asked)} files] ", end="")
    said = {name: difference(found[name][0], *answer) for name, answer in answers.items()}
    assert {name: what for name, what in said.items() if what is not None} == {}
    # Ours are Coq's: then a record of this library that says otherwise is wrong.
    wrong = [name for name in asked if record and record.get(name) != digest(answers[name][0])]
    assert wrong == [], "the record is wrong: run `python -m tests.coqdata.library`"


def test_a_record_of_another_library_or_another_coq_is_not_used(library: Library, tmp_path: Path) -> None:
    place = tmp_path / "record.json"
    kept = json.loads(RECORD.read_text("utf-8"))
    for change in library.identity:
        place.write_text(json.dumps({**kept, "identity": {**library.identity, change: "another"}}))
        assert recorded(library, place) == {}
    place.write_text(json.dumps({**kept, "identity": library.identity}))
    assert recorded(library, place) == kept["digests"]


def test_digests_tell_sentences_apart() -> None:
    one: Offsets = [(0, 8), (9, 17)]
    assert len({digest(one), digest([(0, 8), (9, 18)]), digest(one[:1]), digest([(0, 81), (9, 17)]), digest([])}) == 5
    assert digest(one) == digest([(0, 8), (9, 17)])


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
