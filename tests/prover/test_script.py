"""Proof texts as trees, and back."""

from coq_checker.client import Goal, Hypothesis
from prover.script import Group, Node, Step, goal_text, has_evars, parse, render, script, text_to
from prover.script.render import bullet


def goal(conclusion: str) -> Goal:
    return Goal((), conclusion)


def shape(text: str) -> object:
    def of(block: object) -> object:
        if isinstance(block, Step):
            return block.text if not block.selector else f"{block.selector}: {block.text}"
        if isinstance(block, Group):
            return [of(one) for one in block.blocks]
        return tuple(of(one) for one in block.items)  # type: ignore[attr-defined]

    return of(parse(text))


def test_bullets_open_levels_and_go_back() -> None:
    text = "Proof. intros. split. - a. + b. + c. - d. Qed. trailing."
    assert shape(text) == ("intros.", "split.", [("a.", [("b.",), ("c.",)]), ("d.",)])


def test_braces_and_selectors() -> None:
    assert shape("split. { a. } 2: { b. - c. } d.") == ("split.", [("a.",)], [("b.", [("c.",)])], "d.")
    assert parse("2: { b. }").items[0].blocks[0].start == 2  # type: ignore[union-attr]
    assert shape("all: simpl. 1-2: auto.") == ("all: simpl.", "1-2: auto.")


def test_a_bullet_inside_braces_is_another_one_than_outside() -> None:
    assert shape("- { - a. - b. } - c.") == ([([([("a.",), ("b.",)],)],), ("c.",)],)


def test_closing_braces_that_nothing_opened_are_not_read() -> None:
    assert shape("} a. } - b.") == ("a.", [("b.",)])


def test_commands_that_prove_nothing_are_left_out() -> None:
    assert shape("Proof. Search nat. Require Import Lia. auto. Admitted. auto.") == ("auto.",)


def test_bullets_go_on_as_people_write_them() -> None:
    assert [bullet(level) for level in range(7)] == ["-", "+", "*", "--", "++", "**", "---"]


def tree() -> Node:
    root = Node(goal("A /\\ B"))
    root.apply("split.", "model", (goal("A"), goal("B")), 2, 0.1)
    root.children[0].apply("auto; tauto.", "cheap", (), 0, 0.0)
    return root


def test_the_path_to_a_hole_holds_nothing_beside_it() -> None:
    root = tree()
    assert text_to(root) == ""
    assert text_to(root.children[1]) == "split. 2: {"
    root.children[1].apply("intros.", "model", (goal("C"),), 1, 0.2)
    assert text_to(root.children[1].children[0]) == "split. 2: { intros."
    assert root.children[1].children[0].path_cost_s == 0.1 + 0.2


def test_goals_that_share_variables_are_taken_in_order() -> None:
    root = Node(goal("exists x, P x"))
    root.apply("eapply ex.", "model", (goal("P ?x"), goal("Q ?x")), 2, 0.0)
    assert root.linked
    root.children[0].apply("eauto.", "cheap", (), 0, 0.0)
    assert text_to(root.children[1]) == "eapply ex. { eauto. } {"


def test_a_script_is_assembled_with_bullets() -> None:
    root = tree()
    second = root.children[1]
    second.apply("split.", "model", (goal("C"), goal("D")), 2, 0.0)
    assert [hole.goal for hole in root.holes()] == [goal("C"), goal("D")]
    for child in second.children:
        child.apply("easy.", "cheap", (), 0, 0.0)
    assert root.done
    assert script(root) == "Proof.\n  split.\n  - auto; tauto.\n  - split.\n    + easy.\n    + easy.\nQed."


def test_holes_are_shown() -> None:
    assert render(tree()) == "split.\n- auto; tauto.\n- admit."


def test_goals_are_compared_by_their_text() -> None:
    one = Goal((Hypothesis(("n",), None, "nat"), Hypothesis(("x",), "n  + 1", "nat")), "n =\n x")
    assert goal_text(one) == "n:nat; x := n + 1:nat |- n = x"
    assert has_evars(Goal((), "P ?x")) and not has_evars(Goal((), "@f a'?b"))
