"""Goals as Coq shows them, structured."""

from coq_checker.client import Existential, FreeStatement, Goal, Hypothesis, Options, SyncCheckerClient, Verdict
from coq_checker.engine.serapi.printed import parse_goal

WANT = Options(want_goals=True)


def goals(checker: SyncCheckerClient, statement: str, proof: str, options: Options = WANT) -> tuple[Goal, ...]:
    result = checker.check_proof(FreeStatement(statement, "Require Import List."), proof, options=options)
    assert result.verdict in (Verdict.FAILED, Verdict.INCOMPLETE), result
    return result.goals


def test_hypotheses_stand_in_coqs_order(checker: SyncCheckerClient) -> None:
    (goal,) = goals(
        checker,
        "Lemma t (z a m : nat) (b : bool) : a = z -> z = m -> a = m.",
        "intros second first. no_such_tactic.",
    )
    assert goal == Goal(
        (
            Hypothesis(("z", "a", "m"), None, "nat"),
            Hypothesis(("b",), None, "bool"),
            Hypothesis(("second",), None, "a = z"),
            Hypothesis(("first",), None, "z = m"),
        ),
        "a = m",
    )


def test_local_definitions_have_bodies(checker: SyncCheckerClient) -> None:
    (goal,) = goals(checker, "Lemma t (n : nat) : n = n.", "pose (k := fun x : nat => (x : nat) + n). fail.")
    assert goal.hypotheses[1] == Hypothesis(("k",), "fun x : nat => (x : nat) + n", "nat -> nat")


def test_definitions_of_later_goals_have_types_of_their_own(checker: SyncCheckerClient) -> None:
    proof = "split. - pose (a := (0 : nat)). auto. - pose (b := (true : bool)). idtac. fail."
    (goal,) = goals(checker, "Lemma t : True /\\ True.", proof)
    assert goal.hypotheses == (Hypothesis(("b",), "(true : bool)", "bool"),)
    both = goals(
        checker, "Lemma t : True /\\ True.", "split; [pose (a := (0 : nat)) | pose (b := (true : bool))]. fail."
    )
    assert [one.hypotheses for one in both] == [
        (Hypothesis(("a",), "(0 : nat)", "nat"),),
        (Hypothesis(("b",), "(true : bool)", "bool"),),
    ]


def test_all_goals_in_focus(checker: SyncCheckerClient) -> None:
    found = goals(checker, "Lemma t (A B C : Prop) : A /\\ B /\\ C.", "repeat split. all: fail.")
    assert [goal.conclusion for goal in found] == ["A", "B", "C"]
    assert not any(goal.truncated for goal in found)
    (focused,) = goals(checker, "Lemma t (A B : Prop) : A /\\ B.", "split. 2: { fail.")
    assert focused.conclusion == "B"


def test_what_is_left_of_an_unfinished_proof(checker: SyncCheckerClient) -> None:
    found = goals(checker, "Lemma t (A B : Prop) : A -> A /\\ B.", "intros a. split. exact a. Qed.")
    assert [goal.conclusion for goal in found] == ["B"]


def test_none_unless_wanted(checker: SyncCheckerClient) -> None:
    assert goals(checker, "Lemma t : 1 = 1.", "fail.", Options()) == ()


def test_none_of_a_proved_theorem(checker: SyncCheckerClient) -> None:
    result = checker.check_proof(FreeStatement("Lemma t : 1 = 1."), "reflexivity.", options=WANT)
    assert result.proved
    assert result.goals == ()


def test_existential_variables_the_shelf_and_what_is_given_up(checker: SyncCheckerClient) -> None:
    statement = FreeStatement("Lemma t (k : nat) : (exists x, x = k /\\ True) /\\ (k = 0 /\\ k = 1).")
    proof = "split; [eexists; split | split]. 3: admit. 3: shelve. 2: exact I."
    result = checker.check_proof(statement, proof, options=Options(want_goals=True, partial=True))
    context = (Hypothesis(("k",), None, "nat"),)
    (goal,) = result.goals
    assert (goal, goal.existentials) == (Goal(context, "?x = k"), (Existential("?x", "nat"),))
    assert result.shelf == (Goal(context, "nat"), Goal(context, "k = 1"))
    assert result.given_up == (Goal(context, "k = 0"),)
    assert result.shelf[0].name == "?x"
    assert (result.goal_count, result.unfocused_count, result.shelved_count, result.given_up_count) == (1, 0, 2, 1)
    # Where a sentence fails those before it; where no goals are wanted none.
    failed = checker.check_proof(statement, f"{proof} fail.", options=WANT)
    assert (failed.goals, failed.shelf, failed.given_up) == (result.goals, result.shelf, result.given_up)
    unwanted = checker.check_proof(statement, f"{proof} fail.")
    assert (unwanted.shelf, unwanted.shelved_count, unwanted.given_up, unwanted.given_up_count) == ((), 0, (), 0)


def test_the_shelf_is_cut_behind_the_goals_in_focus(checker: SyncCheckerClient) -> None:
    statement = FreeStatement("Lemma t (A : Prop) : exists x y : nat, x = y /\\ A.")
    options = Options(want_goals=True, partial=True, goals_bytes=23)
    result = checker.check_proof(statement, "do 2 eexists. split.", options=options)
    first, second = result.goals
    assert first == Goal((Hypothesis(("A",), None, "Prop"),), "?x = ?y")
    assert len(first.existentials) == 2 and second.truncated
    assert result.shelf == () and result.shelved_count == 2


def test_goals_of_a_file(checker: SyncCheckerClient) -> None:
    text = "Lemma t : exists x, x = 0 /\\ True.\nProof. eexists. split. 2: fail. Qed.\n"
    (answer,) = checker.check_file(text=text, options=WANT)
    result = answer.result
    assert [goal.conclusion for goal in result.goals] == ["?x = 0", "True"]
    assert (result.goal_count, result.shelved_count, [goal.name for goal in result.shelf]) == (2, 1, ["?x"])
    (traced,) = checker.trace_file(text=text)
    assert traced.steps[-1].goals[0].existentials == (Existential("?x", "nat"),)


def test_long_goals_are_cut_and_marked(checker: SyncCheckerClient) -> None:
    statement = "Lemma t (A B : Prop) : " + " -> ".join(["(A /\\ B)"] * 200) + " -> A."
    whole = goals(checker, statement, "fail.")
    assert not whole[0].truncated
    assert len(whole[0].conclusion) > 1000
    (cut,) = goals(checker, statement, "fail.", Options(want_goals=True, goals_bytes=100))
    assert cut.truncated
    assert cut.conclusion.endswith("...")
    assert whole[0].conclusion.startswith(cut.conclusion.removesuffix(" ..."))
    assert len(cut.conclusion) < 120


def test_hypotheses_are_cut_too(checker: SyncCheckerClient) -> None:
    long = " /\\ ".join(["A"] * 100)
    options = Options(want_goals=True, goals_bytes=60)
    (cut,) = goals(checker, f"Lemma t (A : Prop) (n : nat) : {long} -> n = n.", "intros long. fail.", options)
    assert cut.truncated
    assert cut.conclusion == "n = n"
    assert [h.names for h in cut.hypotheses] == [("A",), ("n",)]


def test_notations_that_break_over_lines(checker: SyncCheckerClient) -> None:
    (goal,) = goals(
        checker,
        "Lemma t (n : nat) : (match n with 0 => 1 | S m => m end) = n -> True.",
        "intros H. fail.",
    )
    (_, hypothesis) = goal.hypotheses
    assert hypothesis.names == ("H",)
    assert " ".join(hypothesis.type.split()) == "match n with | 0 => 1 | S m => m end = n"
    assert goal.conclusion == "True"


def test_names_with_primes_and_unicode(checker: SyncCheckerClient) -> None:
    (goal,) = goals(checker, "Lemma t (α' x1 : nat) : α' = x1.", "fail.")
    assert goal.hypotheses == (Hypothesis(("α'", "x1"), None, "nat"),)
    assert goal.conclusion == "α' = x1"


def test_parsing_what_show_prints() -> None:
    text = (
        "goal 1 is:\n  \n  x, y : nat\n  f := fun n => n : nat -> nat\n"
        "  ============================\n  x = y\n  -> y = x\n"
    )
    assert parse_goal(text, {"f": "nat -> nat"}) == Goal(
        (Hypothesis(("x", "y"), None, "nat"), Hypothesis(("f",), "fun n => n", "nat -> nat")),
        "x = y\n-> y = x",
    )
