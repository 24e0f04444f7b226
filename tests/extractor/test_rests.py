"""Rests of proofs, by structure alone."""

from extractor.rests import Rest, Step, braced, rests, text_of


def steps(*given: tuple[str, int]) -> list[Step]:
    return [Step(text, goals) for text, goals in given]


BULLETS = steps(
    ("Proof.", 1), ("split.", 1), ("-", 2), ("intros.", 1), ("auto.", 1), ("-", 0), ("easy.", 1), ("Qed.", 0)
)


def test_a_bullet_ends_what_the_one_before_it_opened() -> None:
    assert rests(BULLETS) == [Rest(3, 5), Rest(4, 5), Rest(6, 7)]
    assert text_of(BULLETS, 3, 5) == "intros.\nauto."


def test_bullets_that_a_rest_opens_itself_belong_to_it() -> None:
    nested = steps(("intros.", 1), ("split.", 1), ("-", 2), ("a.", 1), ("-", 0), ("b.", 1), ("Qed.", 0))
    assert rests(nested)[0] == Rest(1, 6)
    assert text_of(nested, 1, 6) == "split.\n- a.\n- b."


def test_of_several_goals_the_first_ends_when_there_are_fewer() -> None:
    plain = steps(("split.", 1), ("intro.", 2), ("auto.", 2), ("easy.", 1), ("Qed.", 0))
    assert rests(plain) == [Rest(1, 3), Rest(2, 3), Rest(3, 4)]


def test_bullets_that_share_out_several_goals_are_no_proof_of_the_first_one() -> None:
    shared = steps(("split.", 1), ("simpl.", 2), ("-", 2), ("a.", 1), ("-", 0), ("b.", 1), ("Qed.", 0))
    assert Rest(1, 6) not in rests(shared)
    assert [rest.start for rest in rests(shared)] == [3, 5]


def test_a_closing_brace_ends_a_rest() -> None:
    inside = steps(("assert H.", 1), ("{", 2), ("a.", 1), ("b.", 1), ("}", 0), ("c.", 1), ("Qed.", 0))
    assert rests(inside) == [Rest(2, 4), Rest(3, 4), Rest(5, 6)]


def test_braces_stand_around_every_rest() -> None:
    assert braced(BULLETS, rests(BULLETS)) == "split.\n-\n{ intros.\n{ auto.\n}\n}\n-\n{ easy.\n}"


def test_a_sentence_that_reaches_all_goals_is_not_put_into_braces() -> None:
    wide = steps(("split.", 1), ("all: auto.", 2), ("Qed.", 0))
    assert braced(wide, []) is None
