"""Every engine does the same with what commands leave behind, inside of proofs and outside."""

import pytest

from coq_checker.engine.api import Proof

from .bench import Bench

AXIOM = "Axiom ax : False."


class TestInsideOfProofs:
    async def test_commands_stay_behind_the_end(self, bench: Bench) -> None:
        text = """Create HintDb db. Definition p := True. Lemma l : p. Proof. Definition inside := 3.
            Ltac solve_it := exact I. Notation three := inside. Hint Resolve I : db. Set Printing Parentheses.
            solve_it. Qed."""
        for end in (text, text.replace("Qed.", "Admitted."), text.replace("Qed.", "Abort.")):
            state = await bench.run(end)
            assert await bench.known("inside", state) and await bench.known("three", state)
            shown = await bench.query("Check 1 + 2 + 3.", state)
            assert shown.messages == ("(1 + 2) + 3\n     : nat",)
            assert await bench.run(
                "Lemma m : True. solve_it. Qed. Lemma n : True. solve [ auto with nocore db ]. Qed.", state
            )

    async def test_commands_are_there_at_once(self, bench: Bench) -> None:
        await bench.run("Lemma l : True. Definition a := I. Ltac t := exact a. t. Qed. Check a.")
        assert bench.messages == ["a\n     : True"]

    async def test_abstract(self, bench: Bench) -> None:
        state = await bench.run(AXIOM)
        text = "Lemma l : True /\\ 0 = 1. Proof. split; [ abstract exact I | abstract destruct ax ]. Qed."
        assert await bench.audit(text, state) == [["Top.ax"]]
        for end, known in (("Qed.", False), ("Defined.", True), ("Admitted.", True), ("Abort.", False)):
            after = await bench.run(text.replace("Qed.", end), state)
            assert await bench.known("l_subproof0", after) == known, end

    async def test_nested_proofs(self, bench: Bench) -> None:
        state = await bench.run("Set Nested Proofs Allowed. Axiom ax : False.")
        text = "Lemma a : True. Lemma b : 0 = 1. destruct ax. Qed. Goal True. exact I. Qed. exact I. Qed."
        proofs = await bench.proofs(text, state)
        assert [one[-1:] for one in proofs] == [("a",)] * 8 + [()]
        assert [one[:-1] for one in proofs] == [(), ("b",), ("b",), (), ("Unnamed_thm",), ("Unnamed_thm",), (), (), ()]
        state = await bench.run(text, state)
        assert await bench.known("b", state) and await bench.known("Unnamed_thm", state)
        assert "Nested proofs are discouraged" in await bench.fails("Lemma c : True. Lemma d : True.")

    async def test_states_inside_of_nested_proofs(self, bench: Bench) -> None:
        state = await bench.run("Set Nested Proofs Allowed. Lemma a : True /\\ True. split.")
        inner = await bench.run("Lemma b : 1 = 1.", state)
        assert (await bench.engine.goals(inner, 2)).goals[0].conclusion == "1 = 1"
        left, right = await bench.run("reflexivity. Qed.", inner), await bench.run("Abort.", inner)
        assert (await bench.engine.goals(left, 2)).count == 2 == (await bench.engine.goals(right, 2)).count
        await bench.run("exact I. exact I. Qed. Check b.", left)
        await bench.run("exact I. exact I. Qed. Fail Check b.", right)

    async def test_settings_of_a_proof_are_read(self, bench: Bench) -> None:
        text = "Section S. Variables (a b : nat) (e : a = b). Lemma l : b = a. Proof using e. symmetry. exact e. Qed."
        await bench.run(f"{text} End S. Check (l 1 1 : 1 = 1 -> 1 = 1).")
        text = "Section S. Variables a b : nat. Lemma l : a = a. Proof using a. exact (let c := b in eq_refl a). Qed."
        assert "not declared" in await bench.fails(text)

    async def test_goals_that_are_left(self, bench: Bench) -> None:
        said = await bench.fails("Lemma l : True /\\ True. split. exact I. Qed.")
        assert "incomplete proof" in said
        assert "nowhere" in await bench.fails("Lemma l : True. exact nowhere.")
        assert "given up" in await bench.fails("Lemma l : True. admit. Qed.")


class TestCommands:
    async def test_sections_and_modules(self, bench: Bench) -> None:
        text = """Module M. Definition a := 1. Module Type T. Parameter t : nat. End T. End M.
            Module F (X : M.T). Lemma l : X.t = X.t. reflexivity. Qed. End F.
            Module X. Definition t := M.a. End X. Module FX := F X. Section S. Variable v : nat.
            Lemma s : v = v. reflexivity. Qed. End S. Check (s 1 : 1 = 1). Check FX.l."""
        await bench.run(text)
        assert bench.messages == ["s 1 : 1 = 1\n     : 1 = 1", "FX.l\n     : X.t = X.t"]
        assert "There is nothing to end." in await bench.fails("Section S. End S. End S.")

    async def test_obligations(self, bench: Bench) -> None:
        text = """Obligation Tactic := idtac.
            Program Definition p (n : nat) : {m : nat | m = n} * {m : nat | n = m} := (n, n).
            Next Obligation. reflexivity. Qed. Next Obligation. reflexivity. Qed. Check p."""
        proofs = await bench.proofs(text)
        assert proofs[2:6] == [("p_obligation_1",), ("p_obligation_1",), (), ("p_obligation_2",)]
        state = await bench.run(text[: text.index("Next")])
        assert await bench.audit("Next Obligation. reflexivity. Qed.", state) == [[]]

    async def test_derive(self, bench: Bench) -> None:
        library = "Coq.derive.Derive" if "8.20" in bench.name else "Derive"
        text = "Derive f SuchThat (f = 1 + 1) As spec. Proof. subst f. reflexivity. Qed. Check f."
        proofs = await bench.proofs(f"Require Import {library}. {text}")
        assert proofs[1] == ("spec",) and proofs[-2:] == [(), ()]

    async def test_ltac2(self, bench: Bench) -> None:
        text = """From Ltac2 Require Import Ltac2.
            Lemma l : True /\\ 1 = 1. Proof. split. - exact I. - Std.reflexivity (). Qed.
            Ltac2 t () := exact I. Lemma m : True. t (). Qed.
            Set Default Proof Mode "Classic". Lemma n : True. exact I. Qed.
            Lemma o : True. Proof Mode "Ltac2". t (). Qed. Ltac2 Eval 1."""
        await bench.run(text)
        assert bench.messages == ["- : int = 1"]

    async def test_goals_in_parallel(self, bench: Bench) -> None:
        text = """Lemma a : True /\\ True. Proof. split. par: exact I. Qed.
            Lemma b : True /\\ 1 = 1 /\\ True. Proof. repeat split. par: abstract auto. Qed.
            Lemma f : True * True. Proof. split. par: abstract exact I. Defined.
            Lemma g : f = (f_subproof, f_subproof0). Proof. reflexivity. Qed.
            Lemma h : True * (True /\\ True). Proof. split. par: try exact I. split. par: exact I. Qed."""
        await bench.run(text)
        assert "Unable to unify" in await bench.fails("Lemma d : 1 = 1 /\\ 1 = 2. split. par: reflexivity.")
        said = await bench.fails("Lemma i : (True /\\ 1 = 1) * True. Proof. split. par: try split.")
        assert "The par: selector requires a tactic that makes no progress or solves the goal whole." in said
        said = await bench.fails("Lemma j : exists x : nat, x = 1. Proof. eexists. par: reflexivity.")
        assert "The par: goal selector does not support goals with existential variables" in said
        assert "on purpose" in await bench.fails('Lemma k : True /\\ True. split. par: fail "on purpose".')

    async def test_universes(self, bench: Bench) -> None:
        await bench.run("Set Universe Polymorphism. Definition id (A : Type) (a : A) := a. Check (id _ (id Type nat)).")
        assert "niverse inconsistency" in await bench.fails(
            "Universes u v. Constraint u < v. Check (Type@{v} : Type@{u})."
        )


class TestAudits:
    @pytest.mark.parametrize(
        ("before", "text", "found"),
        [
            ("", "Lemma l : True. exact I. Qed.", [[]]),
            (AXIOM, "Lemma l : True. exact I. Qed.", [[]]),
            (AXIOM, "Lemma l : 0 = 1. destruct ax. Qed.", [["Top.ax"]]),
            (AXIOM, "Lemma l : 0 = 1. destruct ax. Defined.", [["Top.ax"]]),
            ("Section S. Variable v : False.", "Lemma l : 0 = 1. destruct v. Qed.", [["variable v"]]),
            ("Lemma a : False. Admitted.", "Goal False. exact a. Qed.", [["Top.a"]]),
            ("Module M. Axiom ax : False. End M.", "Lemma l : False. exact M.ax. Qed.", [["Top.M.ax"]]),
            ("Section S.", "Let l : 0 = 0. reflexivity. Qed.", [[]]),
            (AXIOM, '#[deprecated(since="1", note="no")] Lemma l : 0 = 1. destruct ax. Qed.', [["Top.ax"]]),
            ("", '#[deprecated(since="1", note="no")] Lemma l : 0 = 0. reflexivity. Qed.', [[]]),
            (
                "Unset Guard Checking. Fixpoint f (n : nat) : False := f n. Set Guard Checking.",
                "Lemma l : False. exact (f 0). Qed.",
                [["guarded Top.f"]],
            ),
        ],
    )
    async def test_what_a_proof_rests_on(self, bench: Bench, before: str, text: str, found: list[list[str]]) -> None:
        state = await bench.run(before) if before else None
        assert await bench.audit(text, state) == found

    @pytest.mark.parametrize("end", ["Defined m.", "Save m."])
    async def test_another_name_at_the_end(self, bench: Bench, end: str) -> None:
        state = await bench.run(AXIOM)
        text = f"Lemma l : True /\\ False. split. abstract (exact I) using l. exact ax. {end}"
        for renamed in ("", "m"):
            assert ["Top.ax"] in await bench.audit(text, state, renamed=renamed)

    async def test_a_proof_inside_of_another(self, bench: Bench) -> None:
        before = await bench.run(f"Set Nested Proofs Allowed. {AXIOM}")
        done = await bench.advance("Lemma a : True. Lemma b : False. exact ax. Qed. exact I. Qed.", before)
        states = [step.state for step in done.steps]
        (audit,) = await bench.engine.audit(Proof(before, states[0], states[1], states[3], states[5]))
        assert audit.problem is None and [str(one) for one in audit.assumptions] == ["Top.ax"]

    async def test_a_proof_that_made_nothing(self, bench: Bench) -> None:
        assert await bench.audit("Lemma l : True. Abort.") == []

    async def test_known(self, bench: Bench) -> None:
        before = await bench.run("Axiom one : True.")
        done = await bench.advance("Axiom two : True. Lemma l : True /\\ True. exact (conj one two). Qed.", before)
        states = [step.state for step in done.steps]
        (audit,) = await bench.engine.audit(Proof(before, states[0], states[1], states[3], states[3]))
        assert {one.name: one.known for one in audit.assumptions} == {"Top.one": True, "Top.two": False}
