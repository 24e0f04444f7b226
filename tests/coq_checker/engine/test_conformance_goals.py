"""Every engine does the same: existential variables, the shelf, and what is given up."""

from coq_checker.goals import Existential, Goal, Goals, Hypothesis

from .bench import Bench


async def seen(bench: Bench, text: str, most: int = 4) -> Goals:
    return await bench.engine.goals(await bench.run(text), most)


async def test_existential_variables(bench: Bench) -> None:
    """Of each goal those in it, with their types; those on the shelf with their contexts."""
    begun = "Lemma l (n m : nat) (k := n + m) : n = n -> exists x y : nat, x = k /\\ y = @length nat nil."
    found = await seen(bench, f"{begun} Proof. intros e. do 2 eexists. split.")
    assert [(goal.conclusion, goal.existentials) for goal in found.goals] == [
        ("?x = k", (Existential("?x", "nat"),)),
        ("?y = length nil", (Existential("?y", "nat"),)),
    ]
    assert (found.count, found.shelved) == (2, 2)
    assert [(goal.name, goal.conclusion) for goal in found.shelf] == [("?x", "nat"), ("?y", "nat")]
    local = (Hypothesis(("n", "m"), None, "nat"), Hypothesis(("k",), "n + m", "nat"))
    assert found.shelf[0].hypotheses == (*local, Hypothesis(("e",), None, "n = n"))


async def test_a_goal_in_another_goal(bench: Bench) -> None:
    found = await seen(bench, "Lemma l : exists n, n = 0. unshelve eexists.")
    first, second = found.goals
    assert (first.conclusion, first.existentials) == ("nat", ())
    assert second.existentials == (Existential(first.name, "nat"),)
    assert second.conclusion == f"{first.name} = 0" and found.shelf == ()


async def test_existential_variables_that_are_not_shown(bench: Bench) -> None:
    begun = "Lemma l : exists A : Type, length (@nil A) = 0. eexists."
    (goal,) = (await seen(bench, begun)).goals
    assert (goal.conclusion, goal.existentials) == ("length nil = 0", (Existential("?A", "Type"),))
    assert await seen(bench, f"{begun} exact (eq_refl (length (@nil nat))).") == Goals((), 0)


async def test_in_hypotheses_and_in_types_of_others(bench: Bench) -> None:
    text = "Lemma l (P : nat -> Prop) (h : forall n, P n -> True) : True. evar (a : nat). assert (P a). shelve."
    found = await seen(bench, f"{text} pose proof (h a) as g.", 2)
    (goal,) = found.goals
    assert [one.name for one in goal.existentials] == ["?a"]
    assert goal.hypotheses[-1].names == ("g",) and found.shelved == len(found.shelf) == 2


async def test_the_shelf_and_what_is_given_up(bench: Bench) -> None:
    text = "Lemma l (a b : nat) : a = a -> (a = b /\\ True) /\\ (False /\\ b = a). Proof. intros e. repeat split."
    found = await seen(bench, f"{text} 2: admit. 1: shelve.")
    assert [goal.conclusion for goal in found.goals] == ["b = a"]
    context = (Hypothesis(("a", "b"), None, "nat"), Hypothesis(("e",), None, "a = a"))
    assert found.shelf == (Goal(context, "a = b"),)
    assert found.given_up == (Goal(context, "False"),)
    assert (found.count, found.unfocused, found.shelved, found.given_up_count, found.total) == (1, 0, 1, 1, 2)
    names = [goal.name for goal in (*found.goals, *found.shelf, *found.given_up)]
    assert len(set(names)) == 3 and all(name.startswith("?Goal") for name in names)


async def test_where_no_goal_is_in_focus(bench: Bench) -> None:
    text = "Lemma l : (1 = 1 /\\ 2 = 2) /\\ (3 = 3 /\\ 4 = 4). split; split. 1-2: shelve. all: admit."
    state = await bench.run(text)
    found = await bench.engine.goals(state, 1)
    assert (found.goals, found.count, found.shelved, found.given_up_count) == ((), 0, 2, 2)
    assert found.shelf == (Goal((), "1 = 1"),) and found.given_up == (Goal((), "3 = 3"),)
    # To look changes nothing.
    assert (await bench.advance("Unshelve. reflexivity. reflexivity. Admitted.", state)).through


async def test_behind_bullets(bench: Bench) -> None:
    text = "Lemma l : exists n m, n = m /\\ m = 0. do 2 eexists. split. - "
    done = await bench.advance(text, goals=4)
    there = done.steps[-1].goals
    assert there is not None and (there.count, there.unfocused, there.shelved) == (1, 1, 2)
    assert [one.name for one in there.goals[0].existentials] == [goal.name for goal in there.shelf] == ["?n", "?m"]


async def test_none_is_told_where_none_is_wanted(bench: Bench) -> None:
    found = await bench.check("Lemma l : exists n, n = 0.", "eexists.")
    assert found.goals == Goals((), 0)
    found = await bench.check("Lemma l : exists n, n = 0.", "eexists.", goals=3)
    assert [goal.name for goal in found.goals.shelf] == ["?n"]
