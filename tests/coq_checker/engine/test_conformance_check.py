"""Every engine comes to the same on a candidate."""

import pytest

from coq_checker.engine.api import Checked, Gate, Kind
from coq_checker.goals import Goal, Goals

from .bench import Bench

STATEMENT = "Theorem t : True /\\ 1 = 1."
BODY = "Proof. split. exact I. reflexivity. Qed."


def assumed(found: Checked) -> list[list[str]]:
    return [[str(one) for one in audit.assumptions] for audit in found.audits]


class TestBodies:
    async def test_closed(self, bench: Bench) -> None:
        for _ in range(2):
            found = await bench.check(STATEMENT, BODY)
            assert (found.kind, assumed(found), found.messages, found.error) == (Kind.CLOSED, [[]], (), None)
        assert not await bench.known("t", bench.state)

    async def test_closed_by_an_axiom(self, bench: Bench) -> None:
        state = await bench.run("Axiom ax : False.")
        found = await bench.check("Lemma l : 0 = 1.", "destruct ax. Defined.", state)
        assert (found.kind, assumed(found)) == (Kind.CLOSED, [["Top.ax"]])
        assert found.audits[0].assumptions[0].known

    async def test_closed_by_a_term(self, bench: Bench) -> None:
        assert (await bench.check("Lemma l : True.", "Proof I.")).kind is Kind.CLOSED

    async def test_failed(self, bench: Bench) -> None:
        found = await bench.check(STATEMENT, "split. exact I. discriminate. Qed.", goals=3)
        assert (found.kind, found.index) == (Kind.FAILED, 2)
        assert found.error is not None and not found.error.syntax
        assert found.goals == Goals((Goal((), "1 = 1"),), 1)
        assert (await bench.check(STATEMENT, "split. exact I. discriminate. Qed.")).goals == Goals((), 0)
        found = await bench.check(STATEMENT, "split. exact I. Qed.", goals=3)
        assert (found.kind, found.index, found.goals.count) == (Kind.FAILED, 2, 1)

    async def test_what_does_not_parse_fails_when_it_is_reached(self, bench: Bench) -> None:
        found = await bench.check(STATEMENT, "split. exact I. reflexivity (. Qed.", goals=3)
        assert (found.kind, found.index, found.goals.count) == (Kind.FAILED, 2, 1)
        assert found.error is not None and found.error.syntax
        found = await bench.check(STATEMENT, "fail. reflexivity (. Qed.")
        assert found.error is not None and (found.index, found.error.syntax) == (0, False)

    async def test_open(self, bench: Bench) -> None:
        found = await bench.check(STATEMENT, "split. exact I.", goals=3)
        assert (found.kind, found.done, found.goals.count) == (Kind.OPEN, False, 1)
        for body, done in (
            ("split. exact I. reflexivity.", True),
            ("split. { exact I.", False),
            ("split. admit. reflexivity.", False),
            ("split. exact I. shelve.", False),
            ("", False),
        ):
            found = await bench.check(STATEMENT, body, goals=3)
            assert (found.kind, found.done) == (Kind.OPEN, done), body

    async def test_refused(self, bench: Bench) -> None:
        for body, index, command in (
            ("split. Admitted.", 1, "VernacEndProof.Admitted"),
            ("split. Abort.", 1, "VernacAbort"),
            ("Definition a := 1. auto. Qed.", 0, "VernacDefinition"),
            ('split. Redirect "f" Print nat. auto. Qed.', 1, "VernacPrint.PrintName"),
            ("Print All. auto. Qed.", 0, "VernacPrint.other"),
            ("idtac. Undo. auto. Qed.", 1, "VernacUndo"),
            ("Time split. auto. Qed.", 0, None),
            ("fail. Set Printing All. auto. Qed.", 1, "VernacSetOption"),
        ):
            found = await bench.check(STATEMENT, body)
            assert (found.kind, found.index) == (Kind.REFUSED, index), body
            assert found.head is not None and found.messages == () and found.error is None
            if command is not None:
                assert found.head.command == command
            assert found.head.controlled == ("Time" in body or "Redirect" in body)

    async def test_attributes(self, bench: Bench) -> None:
        gate = Gate(frozenset(("VernacProof", "VernacEndProof", "VernacDefinition", ":VernacSolve")), attributes=False)
        body = "#[local] Definition a := I. exact a. Qed."
        found = await bench.check("Lemma l : True.", body, gate=gate)
        assert found.kind is Kind.REFUSED and found.head is not None and found.head.attributes
        assert (
            await bench.check("Lemma l : True.", body, gate=Gate(gate.commands, attributes=True))
        ).kind is Kind.CLOSED

    async def test_astray(self, bench: Bench) -> None:
        for ends in ((), (6, 13), (6, 13, 22, 35, 39), (6, 13, 22, 35, 40, 41), (5, 13, 22, 35, 40)):
            found = await bench.check(STATEMENT, BODY, ends=ends)
            assert found.kind is Kind.ASTRAY
            assert found.spans == ((0, 6), (7, 13), (14, 22), (23, 35), (36, 40))

    async def test_unstated(self, bench: Bench) -> None:
        for setup, statement, what, syntax in (
            ("", "Theorem t : nowhere.", "statement", False),
            ("", "Theorem t : := 1.", "statement", True),
            ("", "Theorem t : True. Theorem u : True.", "statement", True),
            ("", "", "statement", True),
            ("Definition a := nowhere.", STATEMENT, "setup", False),
            ("Definition a := 1. Check (.", STATEMENT, "setup", True),
            ("Definition a := 1.", "Theorem t : a = nowhere.", "statement", False),
            ("Definition a := 1.", "Theorem t : a = 1.", "statement", False),
        ):
            found = await bench.check(statement, BODY, setup=setup)
            assert (found.kind, found.what) == (Kind.UNSTATED, what), (setup, statement)
            assert found.error is not None and found.error.syntax == syntax and found.messages == ()

    async def test_no_proof(self, bench: Bench) -> None:
        for statement in ("Definition a := 1.", "Check 0.", "Section S."):
            assert (await bench.check(statement, "exact I. Qed.")).kind is Kind.NO_PROOF

    async def test_inside_of_another_proof(self, bench: Bench) -> None:
        state = await bench.run("Set Nested Proofs Allowed. Lemma outer : True. Proof.")
        assert (await bench.check(STATEMENT, "split. exact I.", state)).kind is Kind.OPEN
        assert (await bench.check(STATEMENT, "discriminate.", state)).kind is Kind.FAILED

    async def test_messages(self, bench: Bench) -> None:
        body = 'idtac "tells". Check 0. Print nat_ind. auto. Qed.'
        found = await bench.check(STATEMENT, body, setup="Check 1.")
        assert found.kind is Kind.CLOSED and found.messages[0] == "0\n     : nat" and len(found.messages) == 2
        assert (await bench.check(STATEMENT, body, talk=True)).messages[0] == "tells"

    async def test_obligations_and_instances(self, bench: Bench) -> None:
        state = await bench.run("Class C := c : True. Obligation Tactic := idtac.")
        assert (await bench.check("Instance i : C.", "Proof. exact I. Qed.", state)).kind is Kind.CLOSED
        state = await bench.run("Program Definition p : {n : nat | n = 1} := 1.", state)
        found = await bench.check("Next Obligation.", "reflexivity. Qed.", state)
        assert (found.kind, assumed(found)) == (Kind.CLOSED, [[]])

    async def test_the_state_stays(self, bench: Bench) -> None:
        state = await bench.run("Definition a := 1.")
        await bench.check(STATEMENT, BODY, state)
        later = await bench.run("Definition b := a.", state)
        await bench.check("Lemma l : a = 1.", "reflexivity. Qed.", state)
        assert await bench.known("b", later) and not await bench.known("b", state)
        assert (await bench.check(STATEMENT, BODY, later)).kind is Kind.CLOSED


class TestSetUp:
    @pytest.mark.parametrize(
        ("setup", "statement"),
        [
            ("Definition foo := 1.", "Lemma l : 1 = 1."),
            ("Set Printing All. Open Scope nat_scope.", "Lemma l (n : nat) : n = n."),
            ("Section S. Variable v : nat.", "Lemma l (A : Type) (a : A) : a = a."),
            ("Set Universe Polymorphism.", "Lemma l : forall A : Type, A -> A."),
            ("Notation yes := True.", "Lemma l : True."),
        ],
    )
    async def test_unchanged(self, bench: Bench, setup: str, statement: str) -> None:
        found = await bench.check(statement, "intros. auto. Qed.", setup=setup)
        assert found.kind is Kind.CLOSED

    @pytest.mark.parametrize(
        ("setup", "statement"),
        [
            ("Definition nat := unit.", "Lemma l : forall n : nat, True."),
            ("Inductive True : Prop := I | J.", "Lemma l : True."),
            ('Notation "x = y" := (x = y \\/ True) : type_scope.', "Lemma l : 1 = 2."),
            ('Definition plus (n m : nat) := 0. Infix "+" := plus.', "Lemma l : 1 + 1 = 0."),
            ("Module M. Definition S (n : nat) := n. End M. Import M.", "Lemma l : S 0 = 0."),
            (
                "Set Implicit Arguments. Notation \"'forall' x , P\" := True (at level 200).",
                "Lemma l : forall x , x = 0.",
            ),
            ("Set Printing All. Arguments plus : clear implicits. Definition plus := mult.", "Lemma l : plus 1 1 = 1."),
            ("Section S. Variable False : Prop.", "Lemma l : False."),
            ("Notation \"'Prop'\" := Set.", "Lemma l : forall P : Prop, P -> P."),
            ("Notation \"'Type'\" := Prop.", "Lemma l : forall P Q : Type, P -> P."),
            ("Notation \"'Set'\" := Type.", "Lemma l (P : Set) : P -> P."),
        ],
    )
    async def test_changed(self, bench: Bench, setup: str, statement: str) -> None:
        found = await bench.check(statement, "auto. Qed.", setup=setup)
        assert found.kind is Kind.CHANGED

    async def test_another_one_before(self, bench: Bench) -> None:
        for _ in range(2):
            found = await bench.check("Lemma l : 1 = 1.", "exact e. Qed.", setup="Definition e := eq_refl 1.")
            assert found.kind is Kind.CLOSED
            assert (await bench.check("Lemma l : 1 = 1.", "exact e. Qed.")).kind is Kind.FAILED


ANCHOR = "Definition asked : Type := forall n : nat, n + 0 = n."
CLOSING = "Definition checked : asked := @t."
SCRIPT = """Lemma help : forall n, n + 0 = n. Proof. induction n; simpl; congruence. Qed.
    Theorem t n : n + 0 = n. apply help. Qed."""


class TestScripts:
    async def test_closed(self, bench: Bench) -> None:
        found = await bench.script(ANCHOR, SCRIPT, CLOSING)
        assert (found.kind, assumed(found)) == (Kind.CLOSED, [[]])
        assert not await bench.known("t", bench.state)

    async def test_closed_by_an_axiom(self, bench: Bench) -> None:
        state = await bench.run("Axiom ax : forall n : nat, n + 0 = n.")
        found = await bench.script(ANCHOR, "Definition t := ax.", CLOSING, state)
        assert (found.kind, assumed(found)) == (Kind.CLOSED, [["Top.ax"]])
        assert found.audits[0].assumptions[0].known
        found = await bench.script(
            ANCHOR, "Section S. Hypothesis h : False. Lemma t : forall n, n + 0 = n. destruct h. Qed.", CLOSING
        )
        assert found.kind is Kind.CLOSED and assumed(found) == [["variable h"]]
        assert not found.audits[0].assumptions[0].known

    async def test_mismatch(self, bench: Bench) -> None:
        for script in (
            "Lemma t : forall n : nat, n = n. reflexivity. Qed.",
            "Lemma u : True. exact I. Qed.",
            SCRIPT + " Section S. Variable asked : Type.",
        ):
            found = await bench.script(ANCHOR, script, CLOSING)
            assert found.kind is Kind.MISMATCH and found.error is not None, script

    async def test_failed(self, bench: Bench) -> None:
        found = await bench.script(ANCHOR, "Theorem t n : n + 0 = n. reflexivity. Qed.", CLOSING)
        assert (found.kind, found.index, found.goals.count) == (Kind.FAILED, 1, 1)
        found = await bench.script(ANCHOR, "Theorem t n : n + 0 = n. nonsense (. Qed.", CLOSING)
        assert found.kind is Kind.FAILED and found.index == 1 and found.error is not None and found.error.syntax

    async def test_refused_where_it_is_reached(self, bench: Bench) -> None:
        found = await bench.script(ANCHOR, "Definition a := 1. Axiom b : a = 2. Definition c := nowhere.", CLOSING)
        assert (found.kind, found.index) == (Kind.FAILED, 2)
        found = await bench.script(ANCHOR, "Definition a := nowhere. Require Import List.", CLOSING)
        assert (found.kind, found.index) == (Kind.FAILED, 0)
        found = await bench.script(ANCHOR, "Definition a := 1. Require Import List.", CLOSING)
        assert (found.kind, found.index) == (Kind.REFUSED, 1)
        assert found.head is not None and found.head.command == "VernacRequire"

    async def test_astray(self, bench: Bench) -> None:
        state = await bench.run('Infix "+." := plus (at level 50).')
        found = await bench.script(
            ANCHOR, "Definition a := 1. Definition b := 1 +. 2. Definition c := b.", CLOSING, state
        )
        assert (found.kind, found.spans) == (Kind.ASTRAY, ((0, 18), (19, 42)))

    async def test_unstated(self, bench: Bench) -> None:
        found = await bench.script("Definition asked : Type := nowhere.", SCRIPT, CLOSING)
        assert (found.kind, found.what) == (Kind.UNSTATED, "statement")
        found = await bench.script(ANCHOR, SCRIPT, CLOSING, setup="Check nowhere.")
        assert (found.kind, found.what) == (Kind.UNSTATED, "setup")
