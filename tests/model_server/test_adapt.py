"""Adapting proofs of similar goals: alignment, renaming, scripts by shape, ranking."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coqdata.prompts import Hypothesis, ProofState
from model_server.neighbours import generic
from model_server.neighbours.adapt import adapted, fitted, own_part, products, renamed
from model_server.neighbours.align import align
from model_server.neighbours.propose import Proposal, choose, propose
from model_server.neighbours.terms import State, bound_names, tokens
from retriever import client as retriever


def state(goal: str, **hypotheses: str) -> State:
    return State.of(list(hypotheses.items()), goal)


def test_tokens_and_bound_names() -> None:
    assert tokens('Nat.add n (S m\') = "a b" 12') == ["Nat.add", "n", "(", "S", "m'", ")", "=", '"a b"', "12"]
    assert bound_names(tokens("forall (x y : nat) z, exists w : list nat, x = y")) == ["x", "y", "z", "w"]
    assert bound_names(tokens("map (fun x => x) l = l")) == ["x"]
    assert bound_names(tokens("forall f : (forall a, a = a), True")) == ["f", "a"]
    assert bound_names([]) == []


def test_the_state_of_a_statement() -> None:
    stated = State.stated("Lemma foo n (m k : nat) {A : Type} : n + m = k.")
    assert {one.name for one in stated.locals} == {"n", "m", "k", "A"}
    assert stated.goal == ("n", "+", "m", "=", "k")
    assert State.stated("Goal forall x, x = x.").goal == tuple(tokens("forall x, x = x"))
    assert State.stated("").goal == ()


def test_variables_get_the_names_at_their_places() -> None:
    there = state("forall n m : nat, n + m = m + n")
    ours = state("forall a b : nat, a + b = b + a")
    alignment = align(there, ours)
    assert alignment.names == {"n": "a", "m": "b"}
    assert alignment.constants == {}
    assert alignment.likeness == 1.0
    proof = "intros n m. induction n; simpl. - apply plus_n_O. - rewrite IHn. auto."
    assert renamed(proof, alignment.names).startswith("intros a b. induction a; simpl.")


def test_hypotheses_are_matched_by_type() -> None:
    there = state("x < z", x="nat", y="nat", z="nat", H="x < y", H0="y < z")
    ours = state("a < c", a="nat", c="nat", b="nat", Hbc="b < c", Hab="a < b")
    names = align(there, ours).names
    assert (names["x"], names["z"]) == ("a", "c")
    assert (names["H"], names["H0"]) == ("Hab", "Hbc")
    assert adapted("apply lt_trans with y; [apply H|apply H0].", there, ours, align(there, ours), frozenset()) == (
        "apply lt_trans with b; [apply Hab|apply Hbc]."
    )


def test_constants_and_lemmas_named_after_them() -> None:
    there = state("rev (rev l) = l", l="list A")
    ours = state("mirror (mirror t) = t", t="tree A")
    alignment = align(there, ours)
    assert alignment.constants["rev"] == "mirror"
    proof = "induction l; simpl. - auto. - rewrite rev_app. rewrite rev_unknown. auto."
    text = adapted(proof, there, ours, alignment, frozenset({"mirror_app"}))
    assert text == "induction t; simpl. - auto. - rewrite mirror_app. rewrite rev_unknown. auto."


def test_introduced_names_do_not_clash() -> None:
    there = state("forall n : nat, n = n")
    ours = state("forall k : nat, k = k", H="True", H0="True")
    text = adapted("intros n. destruct (f n) as [H|H]; apply H.", there, ours, align(there, ours), frozenset())
    assert "destruct (f k) as [H1|H1]; apply H1." in text


def test_keywords_and_parts_of_names_stay() -> None:
    assert renamed("apply H; intros x. rewrite foo.x, x', H1.", {"x": "y", "H": "G"}) == (
        "apply G; intros y. rewrite foo.x, x', H1."
    )
    there, ours = state("left = x", left="nat", x="nat"), state("b = c", b="nat", c="nat")
    assert "left" not in align(there, ours).names


@given(st.text(alphabet="abn ()=+:,.∀fun forall H'\"{}[]", max_size=60), st.text(alphabet="xyz ()=<>:,", max_size=60))
def test_any_two_texts_are_aligned(there: str, here: str) -> None:
    source, ours = state(there, H=there), state(here, G=here)
    alignment = align(source, ours)
    assert 0 <= alignment.likeness <= 1
    assert isinstance(adapted(f"intros. apply {there}.", source, ours, alignment, frozenset()), str)
    assert generic.proofs(ours)
    assert generic.tactics(ours)


@pytest.mark.parametrize(
    ("rest", "own"),
    [
        ("reflexivity.\n  - cbn. lia.\nQed.", "reflexivity."),
        ("induction n.\n- auto.\n- simpl. auto.\nQed.", "induction n.\n- auto.\n- simpl. auto."),
        ("- simpl. auto.\n- lia.\nQed.", "simpl. auto."),
        ("apply foo.\n{ auto. }\n{ lia. }\n}\nlia.\nQed.", "apply foo.\n{ auto. }\n{ lia. }"),
        (
            "split.\n+ auto.\n+ destruct H.\n  * lia.\n  * lia.\n- auto.\nQed.",
            "split.\n+ auto.\n+ destruct H.\n  * lia.\n  * lia.",
        ),
        ("simpl. (* - here. *) auto.\nDefined.", "simpl.   auto."),
        ("Qed.", ""),
        ("", ""),
    ],
)
def test_the_part_of_a_proof_that_belongs_to_its_goal(rest: str, own: str) -> None:
    assert own_part(rest) == own


@pytest.mark.parametrize(
    ("statement", "goal", "proof", "fit"),
    [
        ("Lemma f : forall n m, n <= m.", state("a <= b", a="nat", b="nat"), "intros x y. lia.", "lia."),
        ("Lemma f : forall n m, n <= m.", state("a <= b", a="nat", b="nat"), "intros x; lia.", "lia."),
        (
            "Lemma f : forall n m, n < m -> n <= m.",
            state("a < b -> a <= b", a="nat", b="nat"),
            "intros x y H. now apply H.",
            "intros H. now apply H.",
        ),
        ("Lemma f n m : n <= m.", state("forall a b, a <= b"), "induction n; auto.", "intros a b.\ninduction a; auto."),
        ("Lemma f : forall n, n <= n.", state("forall k, k <= k"), "intros. auto.", "intros. auto."),
        (
            "Lemma f : forall n m, n <= m.",
            state("a <= b", a="nat", b="nat"),
            "intros x y. induction x; rewrite y.",
            "induction a; rewrite b.",
        ),
    ],
)
def test_as_much_is_introduced_as_there_is(statement: str, goal: State, proof: str, fit: str) -> None:
    there = State.stated(statement)
    alignment = align(there, goal)
    text, more = fitted(proof, there, goal, alignment.names)
    assert adapted(text, there, goal, alignment, frozenset(), more) == fit


def test_products() -> None:
    assert products(tokens("forall (x y : nat) z, x < y -> (a -> b) -> c")) == 5
    assert products(tokens("a <-> b")) == 0
    assert products(tokens("exists x, x -> y")) == 0
    assert products([]) == 0


def test_variables_that_are_introduced_stay_distinct() -> None:
    there = state("forall n m : nat, n + m = m + n")
    names = align(there, state("forall a : nat, a + a = a + a")).names
    assert len(set(names.values())) == len(names)
    # A name may be bound more than once.
    align(state("(forall a, a = b) -> forall a c, a = c"), state("(forall x, x = x) -> forall x y, x = x"))


def test_tactics_of_libraries_need_to_be_seen_around() -> None:
    goal = state("n + m = m + n", n="nat", m="nat")
    assert "intros; lia." in generic.proofs(goal)
    assert "intros; lia." in generic.proofs(goal, {"lia"})
    assert not any("lia" in one for one in generic.proofs(goal, {"auto"}))


@pytest.mark.parametrize(
    ("goal", "script"),
    [
        ("forall n : nat, n + 0 = n", "intros; lia."),
        ("forall n : nat, n + 0 = n", "induction n; simpl in *; intros; lia."),
        ("True /\\ True", "intros; repeat split; auto."),
        ("A \\/ B", "intros; left; solve [auto | easy | congruence | tauto | intuition | eauto]."),
        ("P <-> P", "split; intros; firstorder."),
        ("exists x, x = 0", "intros; eexists; eauto."),
        ("forall x : R, x = x", "intros; lra."),
        (
            "forall b : bool, negb (negb b) = b",
            "intros; destruct b; simpl in *; solve [auto | easy | congruence | tauto | intuition | eauto].",
        ),
        ("forall t : tree, size t = size t", "induction t; simpl in *; intros; "),
        ("True", "intros; solve [auto | easy | congruence | tauto | intuition | eauto]."),
    ],
)
def test_scripts_by_shape(goal: str, script: str) -> None:
    made = generic.proofs(state(goal))
    assert script in made or any(one.startswith(script) for one in made if not script.endswith("."))


def test_definitions_are_unfolded() -> None:
    assert any(
        one.startswith("intros; unfold even, odd in *;") for one in generic.proofs(state("P"), None, ["even", "odd"])
    )


def test_tactics_by_shape() -> None:
    assert generic.tactics(state("forall x, x = x"))[0] == "intros."
    assert "destruct H." in generic.tactics(state("P", H="A \\/ B"))
    assert "rewrite H." in generic.tactics(state("f x = y", H="x = y"))
    assert "apply H." in generic.tactics(state("P", H="A -> P"))


FOUND = retriever.Answer(
    premises=(retriever.Premise("Lib.add_comm", "add_comm", "Lemma", "forall n m, n + m = m + n", "p", "f", 0, 1.0),),
    proofs=(
        retriever.SimilarProof(
            "Lib.mul_comm", "Lemma mul_comm n m : n * m = m * n.", "Proof. induction n; auto. Qed.", "p", "f", 0.8
        ),
        retriever.SimilarProof("Lib.odd", "Lemma odd : True.", "Proof I.", "p", "f", 0.1),
    ),
    steps=(
        retriever.SimilarStep(
            "rewrite H.",
            "x = y",
            (retriever.Hypothesis(("x", "y"), "nat"), retriever.Hypothesis(("H",), "x = y")),
            "Lib.t",
            "rewrite H. reflexivity.\nQed.",
            0.9,
        ),
    ),
)
GOAL = ProofState((Hypothesis("a", "nat"), Hypothesis("b", "nat"), Hypothesis("E", "a = b")), "a = b")


def test_proposals_are_adapted_distinct_and_ordered() -> None:
    proofs = propose(GOAL, "proof", FOUND)
    assert proofs[0].text == "rewrite E. reflexivity."
    texts = [" ".join(one.text.split()) for one in proofs]
    assert len(set(texts)) == len(texts)
    assert [one.score for one in proofs] == sorted((one.score for one in proofs), reverse=True)
    assert "intros; apply add_comm; auto." in texts
    assert all(not one.text.startswith("Proof") for one in proofs)
    product = ProofState((Hypothesis("a", "nat"), Hypothesis("b", "nat")), "a * b = b * a")
    assert propose(product, "proof", FOUND)[0].text == "induction a; auto."
    tactics = propose(GOAL, "tactic", FOUND)
    assert tactics[0].text == "rewrite E."
    assert "assumption." in {one.text for one in tactics}


def test_with_nothing_found_the_shape_is_gone_by() -> None:
    assert len(propose(GOAL, "proof", retriever.Answer())) >= 5
    assert len(propose(GOAL, "tactic", retriever.Answer())) >= 8


def test_choosing_depends_on_the_seed_alone() -> None:
    proposals = [Proposal(f"t{number}.", 1 - number / 40) for number in range(40)]
    assert choose(proposals, 5, 0.0, 1) == proposals[:5]
    drawn = choose(proposals, 10, 1.0, 7)
    assert choose(proposals, 10, 1.0, 7) == drawn
    assert choose(proposals, 10, 1.0, 8) != drawn
    assert len({one.text for one in drawn}) == 10
    assert choose(proposals, 100, 1.0, 1) == proposals
    # The better ones come up more often.
    first = sum(proposals[0] in choose(proposals, 5, 0.5, seed) for seed in range(200))
    last = sum(proposals[-1] in choose(proposals, 5, 0.5, seed) for seed in range(200))
    assert first > 3 * last
