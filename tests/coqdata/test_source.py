"""The bytes of files as Palmetto reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coqdata.sentence import split
from coqdata.source import carried_over, plain, problem

from .test_split_properties import texts

MARK = b"\xef\xbb\xbf"
PARTS = st.sampled_from([b"(*", b"*)", b'"', b"\xe9", b"\xc3\xa9", b"\0", b".(", b"`", b" ", b"\n", b"x", MARK])
strange = st.one_of(texts, st.lists(PARTS, max_size=30).map(b"".join))


@given(strange)
def test_offsets_and_sentences_stay(source: bytes) -> None:
    found = plain(source)
    assert len(found) == len(source)
    assert plain(found) == found
    if not source.startswith(MARK):
        assert split(found).sentences == split(source).sentences


@given(strange)
def test_what_has_no_problem_is_text_that_coq_reads(source: bytes) -> None:
    found = plain(source)
    if problem(found, as_text=True) is None:
        found.decode("utf-8")
        assert problem(found, as_text=False) is None


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (b"\xef\xbb\xbfCheck 1.", b"   Check 1."),
        (b"(* caf\xe9 *) Check 1.", b"(* caf? *) Check 1."),
        (b'(* "\xe9" (* \0 *) *) Check 1.', b'(* "?" (* ? *) *) Check 1.'),
        (b"(* \xf0*) Check 1. (* \xed\xa0\x80", b"(* ?*) Check 1. (* ???"),
        ("(* caf\xe9 *) Check 1.".encode(), "(* caf\xe9 *) Check 1.".encode()),
    ],
)
def test_comments_and_marks(source: bytes, shown: bytes) -> None:
    assert plain(source) == shown
    assert problem(shown, as_text=True) is None


@pytest.mark.parametrize(
    ("source", "as_text", "says"),
    [
        (b'Check "(*\xe9*)".', True, "string that is not UTF-8 at byte 9: coqc takes it"),
        (b'Check "(*\xe9*)".', False, None),
        (b'Check "\0".', True, None),
        (b"Check \0.", False, "NUL byte at offset 6"),
        (b"Check \xe9 \0.", False, "is not UTF-8 at byte 6"),
        (b"Check \0 \xe9.", False, "NUL byte at offset 6"),
        (b"Check f.(*\xe9*)", False, "is not UTF-8 at byte 10"),
        (b"\xff\xfeC\0", False, "iconv -f UTF-16"),
        (b'Check "\xe9', False, None),
    ],
)
def test_what_is_not_taken(source: bytes, as_text: bool, says: str | None) -> None:
    found = problem(plain(source), as_text=as_text)
    assert found is None if says is None else found is not None and says in found


@given(strange, st.data())
def test_an_edit_leaves_every_other_byte(source: bytes, data: st.DataObject) -> None:
    before = plain(source)
    at = data.draw(st.integers(len(MARK) if source.startswith(MARK) else 0, len(source)))
    put = b"\nProof. easy. Qed.\n"
    # Where what is put in repeats its surroundings, either copy may be the old one: the text is the same.
    found = carried_over(source, before, before[:at] + put + before[at:])
    assert plain(found) == plain(source[:at] + put + source[at:])
    assert carried_over(source, before, before) == source


def test_a_line_that_is_changed_keeps_its_other_bytes() -> None:
    source = b"\xef\xbb\xbfLemma a : True. (* \xe9 *) Admitted. (* \0\xe8 *)\r\n(* \xe7 *)\r\n"
    before = plain(source)
    after = before.replace(b"Admitted.", b"\r\n  easy.\r\nQed.")
    assert carried_over(source, before, after) == source.replace(b"Admitted.", b"\r\n  easy.\r\nQed.")
