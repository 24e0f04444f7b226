"""What holds of every text, whatever is in it."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from coqdata.sentence import SentenceKind, head_words, split
from coqdata.theorem import theorems
from coqdata.words import skip_blanks

PIECES = rb"""
    (* *) " . .. { } - + 1 : := all [x] #[a] ( ) ` , \ Fail Time Lemma Qed x Proof Section Module End Instance
    Goal Program Next Obligation with let Definition
""".split()
PIECES += [b" ", b"\n", b"\0", b"\xff", "é".encode(), b". "]
texts = st.one_of(st.binary(), st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join))


@given(texts)
def test_sentences_are_in_order_and_only_blanks_and_comments_are_between(source: bytes) -> None:
    found = split(source)
    at = 0
    for sentence in found.sentences:
        assert skip_blanks(source, at) == sentence.start < sentence.end <= len(source)
        at = sentence.end
        text = source[sentence.start : sentence.end]
        if sentence.kind is SentenceKind.COMMAND:
            assert text.endswith(b".")
        elif sentence.kind is SentenceKind.BRACE:
            assert text[-1:] in (b"{", b"}")
        else:
            assert text.strip(text[:1]) == b""
        head_words(source, sentence)
    assert found.rest == at
    after = skip_blanks(source, at)
    if found.problem is None:
        assert after == len(source)
    else:
        assert after < len(source) or b"(*" in source[at:]


@given(texts, texts)
def test_what_follows_changes_no_sentence_that_stands(source: bytes, more: bytes) -> None:
    alone = split(source).sentences
    together = split(source + b"\n" + more).sentences
    # A sentence that ends where the text ends is ended by the blank just as well.
    assert together[: len(alone)] == alone


@given(texts)
def test_theorems_of_any_text(source: bytes) -> None:
    found = theorems(source)
    ends = {sentence.end for sentence in split(source).sentences}
    assert [theorem.index for theorem in found] == list(range(len(found)))
    for one, other in pairwise(found):
        assert one.start < other.start
    for theorem in found:
        assert theorem.start < theorem.statement_end <= theorem.proof_start <= theorem.proof_end
        assert theorem.statement_end in ends
        assert theorem.proof_end in ends
