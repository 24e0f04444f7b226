"""Every engine does the same: running sentences, states, questions, goals, forks."""

import pytest

from coq_checker.engine.api import EngineLostError
from coq_checker.goals import Goal, Goals, Hypothesis

from .bench import Bench

BACK = "`Back` is a navigation command, which coqc forbids in files: take it out."


class TestSentences:
    async def test_where_they_stand(self, bench: Bench) -> None:
        text = "  (* é *) Definition a := 1.\n\nLemma b : a = 1. Proof. { reflexivity. } Qed. (* end *) "
        done = await bench.advance(text)
        assert done.through
        pieces = [text.encode()[step.start : step.end].decode() for step in done.steps]
        wanted = ["Definition a := 1.", "Lemma b : a = 1.", "Proof.", "{", "reflexivity.", "}", "Qed."]
        assert pieces == wanted
        assert len({step.state for step in done.steps}) == len(wanted)

    async def test_nothing_to_run(self, bench: Bench) -> None:
        for text in ("", " \n", "(* a. b. *)"):
            done = await bench.advance(text)
            assert done.through and done.steps == ()

    async def test_an_error_is_of_the_first_that_fails(self, bench: Bench) -> None:
        done = await bench.advance("Definition a := 1. Definition b := nowhere. Definition c := := .")
        assert [step.start for step in done.steps] == [0]
        assert done.error is not None and not done.error.syntax
        assert done.error.message == "The reference nowhere was not found in the current environment."
        done = await bench.advance("Definition a := 1. Definition c := := . Definition b := nowhere.")
        assert len(done.steps) == 1
        assert done.error is not None and done.error.syntax and done.error.message.startswith("Syntax error")

    @pytest.mark.parametrize("text", ["Lemma a : True", "Check (1", '"', "(* a", "Check a.b"])
    async def test_a_sentence_that_does_not_end(self, bench: Bench, text: str) -> None:
        done = await bench.advance(f"Definition a := 1. {text}")
        assert len(done.steps) == 1 and done.error is not None and done.error.syntax

    async def test_an_error_with_unicode(self, bench: Bench) -> None:
        text = "Definition α := 0. Lemma β : α = 1 -> False. Proof. intro η. exact η. Qed."
        done = await bench.advance(text)
        assert len(done.steps) == 4
        assert done.error is not None and 'The term "η" has type "α = 1"' in done.error.message

    async def test_they_end_where_was_said(self, bench: Bench) -> None:
        text = b"Definition a := 1. Definition b := 2. Definition c := 3."
        ends = (18, 37, 56)
        assert (await bench.engine.advance(bench.state, text, ends)).through
        for wrong, count, astray in (((18, 36, 56), 1, (19, 37)), ((18,), 1, (19, 37)), ((10, 37, 56), 0, (0, 18))):
            done = await bench.engine.advance(bench.state, text, wrong)
            assert (len(done.steps), done.astray, done.error) == (count, astray, None)
            assert not await bench.known("b", bench.state)

    async def test_a_name_is_no_end(self, bench: Bench) -> None:
        text = b"Module M. Definition a := 1. End M. Check M.a. Check 1."
        done = await bench.engine.advance(bench.state, text, (9, 28, 35, 44, 46, 55))
        assert (len(done.steps), done.astray) == (3, (36, 46))

    async def test_notations_change_how_the_next_is_read(self, bench: Bench) -> None:
        text = 'Infix "+." := plus (at level 50). Check 1 +. 2. Notation "x ; y" := (x, y) (at level 90). Check 1 ; 2.'
        assert (await bench.advance(text)).messages == ("1 +. 2\n     : nat", "1; 2\n     : nat * nat")
        assert (await bench.advance("Check 1 +. 2.")).error is not None

    async def test_messages(self, bench: Bench) -> None:
        text = 'Check 0. Definition a := 1. Print a. Goal True. idtac "é". exact I. Qed. Check (fun é : nat => é).'
        done = await bench.advance(text)
        assert done.messages == ("0\n     : nat", "a = 1\n     : nat", "fun é : nat => é\n     : nat -> nat")

    async def test_fail_and_succeed(self, bench: Bench) -> None:
        text = "Fail Check nowhere. Succeed Definition a := 1. Fail Check a. Time Definition b := 1. Succeed Check b."
        done = await bench.advance(text)
        assert done.through and len(done.steps) == 5
        timed, asked = done.messages
        assert timed.startswith("Finished transaction in ") and asked == "b\n     : nat"
        assert await bench.fails("Fail Check nat.") == "The command has not failed!"
        assert "nowhere" in await bench.fails("Succeed Check nowhere.")

    async def test_a_large_sentence(self, bench: Bench) -> None:
        state = await bench.run(f"Definition big := {'(S ' * 500}O{')' * 500}. Lemma l : True.{' idtac.' * 500}")
        assert await bench.known("big", state)


class TestStates:
    async def test_two_ways_from_one(self, bench: Bench) -> None:
        base = await bench.run("Definition a := 1. Lemma l : a = 1 /\\ a = 1.")
        left, right = await bench.run("split.", base), await bench.run("constructor 1. 2: reflexivity.", base)
        assert (await bench.engine.goals(left, 4)).count == 2
        assert (await bench.engine.goals(right, 4)).count == 1
        one = await bench.run("all: reflexivity. Qed. Definition b := 2.", left)
        two = await bench.run("reflexivity. Qed. Definition c := 3.", right)
        assert [await bench.known(name, one) for name in "lbc"] == [True, True, False]
        assert [await bench.known(name, two) for name in "lbc"] == [True, False, True]
        assert (await bench.engine.goals(base, 4)).goals == (Goal((), "a = 1 /\\ a = 1"),)

    async def test_many_ways_back_and_forth(self, bench: Bench) -> None:
        states = [bench.state]
        for number in range(8):
            states.append(await bench.run(f"Definition d{number} := {number}.", states[-1]))
        ends = [await bench.run(f"Definition other{number} := d{number}.", states[number + 1]) for number in range(8)]
        for number in (5, 0, 7, 3):
            assert await bench.known(f"other{number}", ends[number])
            assert await bench.known(f"d{number}", ends[number])
            assert not await bench.known(f"d{number + 1}", ends[number])

    async def test_a_failure_leaves_the_state(self, bench: Bench) -> None:
        base = await bench.run("Lemma l : 1 = 2 \\/ 1 = 1.")
        for _ in range(3):
            assert (await bench.advance("left. reflexivity.", base)).error is not None
        assert await bench.run("right. reflexivity. Qed.", base)

    async def test_released(self, bench: Bench) -> None:
        done = await bench.advance("Definition a := 1. Definition b := 2. Definition c := 3.")
        one, two, three = (step.state for step in done.steps)
        bench.engine.release([one, two])
        assert await bench.known("a", three) and await bench.known("b", three)
        for state in (one, 10**6):
            said = await bench.query("Check 0.", state)
            assert said.error is not None and said.error.message == f"The state {state} is not held."
            advanced = await bench.advance("Check 0.", state)
            assert advanced.steps == () and advanced.error == said.error
            assert await bench.engine.goals(state, 1) == Goals((), 0)
            assert await bench.engine.next_sentence(state, b"Check 0.") is None
            assert (await bench.check("Goal True.", "exact I. Qed.", state)).error == said.error
        state = await bench.run("Definition d := c.", three)
        assert state not in (one, two, three) and await bench.known("d", state)

    async def test_forks_go_their_own_ways(self, bench: Bench) -> None:
        base = await bench.run("Definition a := 1. Lemma l : a = 1.")
        fork = Bench("fork", await bench.engine.fork(), bench.state)
        grandchild = Bench("fork of a fork", await fork.engine.fork(), bench.state)
        assert len({one.engine.pid for one in (bench, fork, grandchild)}) == 3
        ends: list[int] = []
        for number, one in enumerate((bench, fork, grandchild)):
            ends.append(await one.run(f"Definition own{number} := a. reflexivity. Qed.", base))
        for number, one in enumerate((bench, fork, grandchild)):
            known = [await one.known(f"own{other}", ends[number]) for other in range(3)]
            assert known == [other == number for other in range(3)]
        grandchild.engine.kill()
        assert [one.engine.alive for one in (bench, fork, grandchild)] == [True, True, False]
        later = await fork.engine.fork()
        assert await later.query(ends[1], "Check own1.") == await fork.query("Check own1.", ends[1])
        fork.engine.kill()
        assert bench.engine.alive and not fork.engine.alive
        another = await bench.engine.fork()
        bench.engine.kill()
        bench.engine.kill()
        assert not bench.engine.alive
        with pytest.raises(EngineLostError):
            await another.query(ends[0], "Check own0.")


class TestQuestions:
    async def test_query(self, bench: Bench) -> None:
        state = await bench.run("Definition a := 1.")
        assert (await bench.query("Check a.", state)).messages == ("a\n     : nat",)
        assert (await bench.query("Definition b := a.", state)).error is None
        assert not await bench.known("b", state)
        wrong = await bench.query("Check nowhere.", state)
        assert wrong.error is not None and not wrong.error.syntax and "nowhere" in wrong.error.message

    @pytest.mark.parametrize("command", ["", "Check 0. Check 1.", "Check 0", "Drop.", "Quit.", "nonsense"])
    async def test_query_of_what_is_no_sentence(self, bench: Bench, command: str) -> None:
        said = await bench.query(command)
        assert said.error is not None and said.error.syntax and said.messages == ()
        assert await bench.known("0", bench.state)

    async def test_next_sentence(self, bench: Bench) -> None:
        state = await bench.run("Definition a := 0.")
        for text, found in (
            ("  (* é *) Check a. Check b.", (11, 19)),
            ("Check a", None),
            ("", None),
            ("- idtac.", None),
            ("Lemma l : True. junk", (0, 15)),
        ):
            assert await bench.engine.next_sentence(state, text.encode()) == found
        assert await bench.engine.next_sentence(await bench.run("Lemma l : True.", state), b"- idtac.") == (0, 1)

    async def test_goals(self, bench: Bench) -> None:
        text = "Lemma l (n m : nat) (k := n + m) : n = n -> exists x, x = k /\\ True. Proof. intros e. eexists. split."
        done = await bench.advance(f"{text} -", goals=3)
        assert done.through and done.steps[0].goals == Goals(
            (
                Goal(
                    (Hypothesis(("n", "m"), None, "nat"), Hypothesis(("k",), "n + m", "nat")),
                    "n = n -> exists x : nat, x = k /\\ True",
                ),
            ),
            1,
        )
        last, bullet = done.steps[-2:]
        assert last.goals is not None and last.goals.count == 2 and last.goals.shelved == 1
        assert [goal.conclusion for goal in last.goals.goals] == ["?x = k", "True"]
        assert bullet.goals is not None and (bullet.goals.count, bullet.goals.unfocused) == (1, 1)
        assert bullet.goals.goals[0].hypotheses[-1] == Hypothesis(("e",), None, "n = n")
        there = last.goals
        assert await bench.engine.goals(last.state, 1) == Goals(there.goals[:1], 2, 0, 1, shelf=there.shelf)
        assert await bench.engine.goals(bench.state, 3) == Goals((), 0)

    async def test_no_goal_is_left(self, bench: Bench) -> None:
        state = await bench.run("Lemma l : True. Proof. exact I.")
        assert await bench.engine.goals(state, 3) == Goals((), 0)
        done = await bench.advance("Definition a := 1.", goals=3)
        assert [step.goals for step in done.steps] == [None]


class TestNavigation:
    @pytest.mark.parametrize("text", ["Back.", "Back 1.", "Fail Back 2.", "Time Back."])
    async def test_back(self, bench: Bench, text: str) -> None:
        assert await bench.fails(f"Definition a := 1. {text}") == BACK

    async def test_reset_initial(self, bench: Bench) -> None:
        for text in ("Definition a := 1.", "Section S. Variable a : nat.", "Definition a := 1. Lemma l : True. Proof."):
            state = await bench.run(f"{text} Reset Initial. Definition b := 2.")
            assert await bench.known("b", state) and not await bench.known("a", state)
            assert (await bench.query("Test Printing Width.", state)).messages == (
                "Current value of Printing Width is 100000",
            )
            assert (await bench.advance("Lemma m : True. exact I. Qed.", state)).through

    async def test_undo_and_restart(self, bench: Bench) -> None:
        text = """Lemma l : True /\\ True. split. exact I. Undo. Undo. split. Undo 1. split. exact I. exact I.
            Restart. auto. Qed."""
        done = await bench.advance(text, goals=2)
        assert done.through
        counts = [step.goals.count if step.goals is not None else None for step in done.steps]
        assert counts == [1, 2, 1, 2, 1, 2, 1, 2, 1, 0, 1, 0, None]

    async def test_reset(self, bench: Bench) -> None:
        state = await bench.run("Definition a := 1. Definition b := 2. Reset a. Definition c := 3.")
        assert [await bench.known(name, state) for name in "abc"] == [False, False, True]
        assert await bench.run("Definition a := 4. Lemma a4 : a = 4. reflexivity. Qed.", state)

    async def test_abort(self, bench: Bench) -> None:
        proofs = await bench.proofs(
            "Set Nested Proofs Allowed. Lemma a : True. Lemma b : True. Abort All. Lemma c : True. Abort."
        )
        assert proofs == [(), ("a",), ("b", "a"), (), ("c",), ()]
