"""A file is what Coq makes of it: its sentences, the proofs that it opens, what they prove, and how it ends."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from coq_checker.client import (
    CheckerClient,
    EnvironmentFailedError,
    FreeStatement,
    NotFoundError,
    Options,
    Reason,
    SyncCheckerClient,
    TheoremRef,
    Verdict,
)

from .servers import ServerProcess, start_server
from .test_check_file import PROVED, outcomes

ADMITTED = (Verdict.INCOMPLETE, Reason.ADMITTED)


# What may follow a statement at once, and still leaves its proof open.
AFTER_STATEMENTS = (
    "Require Import Lia.",
    "Definition d := 1.",
    "Inductive i := c.",
    "Record r := { f : nat }.",
    "Class k := { g : nat }.",
    "Ltac t := idtac.",
    "Notation nn := nat.",
    "Set Printing All.",
    "Check 1.",
    "Hint Resolve I : core.",
    "Fixpoint loop (n : nat) := match n with 0 => 0 | S m => loop m end.",
    "Axiom a : True.",
    "Import Nat.",
    "Open Scope nat_scope.",
    "Arguments Nat.add _ _ : simpl never.",
)


class TestNoTheoremIsMissing:
    @pytest.mark.parametrize("command", AFTER_STATEMENTS)
    def test_a_command_after_the_statement(self, checker: SyncCheckerClient, command: str) -> None:
        text = f"Theorem hidden : False.\n  {command}\nAdmitted.\nLemma after : 1 = 1. Proof. reflexivity. Qed."
        assert outcomes(checker.check_file(text=text)) == {"hidden": ADMITTED, "after": PROVED}
        whole = f"Theorem shown : True.\n  {command}\n exact I. Qed.\nLemma after : 1 = 1. Proof. reflexivity. Qed."
        assert outcomes(checker.check_file(text=whole)) == {"shown": PROVED, "after": PROVED}

    def test_what_only_coq_knows_to_open_a_proof(self, checker: SyncCheckerClient) -> None:
        text = """From Equations Require Import Equations. Require Import Arith.
Equations? half (n : nat) : nat by wf n lt := half 0 := 0; half 1 := 0; half (S (S n)) := S (half n).
Proof. apply Nat.lt_succ_diag_r || auto with arith. Qed.
Structure s := { carrier : Type }. Canonical of_nat : s. Proof. exact {| carrier := nat |}. Defined.
Equations? bad (n : nat) : nat by wf n lt := bad 0 := 0; bad (S n) := bad n.
Proof. fail. Qed.
Lemma after : 1 = 1. Proof. reflexivity. Qed.
"""
        found = outcomes(checker.check_file(text=text))
        assert len(found) == 4
        assert list(found.values())[1:] == [PROVED, (Verdict.FAILED, Reason.TACTIC), PROVED]

    def test_a_statement_that_opens_nothing(self, checker: SyncCheckerClient) -> None:
        """Coq has the last word the other way round too."""
        text = "Lemma before : True. Proof. exact I. Qed.\nFail Lemma no : 1.\nLemma after : True. Proof. exact I. Qed."
        assert outcomes(checker.check_file(text=text)) == {"before": PROVED, "after": PROVED}


OPEN_ENDS = {
    "a section": ("Section A.", "A is not closed"),
    "a module": ("Module M.", "M is not closed"),
    "a module type in a module": ("Module M. Module Type T.", "T is not closed"),
    "a section in a module": ("Module M. Section T.", "T is not closed"),
    "an obligation": (
        "Obligation Tactic := idtac. Program Definition p (n : nat) : {m : nat | m = n} := n.",
        "obligations",
    ),
    "obligations of two programs": (
        "Obligation Tactic := idtac. Program Definition p (n : nat) : {m : nat | m = n} := n.\n"
        "Program Definition q (n : nat) : {m : nat | m = n} := n.",
        "obligations",
    ),
}


class TestTheEndOfTheFile:
    @pytest.mark.parametrize("recheck", [False, True])
    @pytest.mark.parametrize("end", OPEN_ENDS)
    async def test_what_coqc_refuses_is_said(self, checker_async: CheckerClient, end: str, recheck: bool) -> None:
        text, said = OPEN_ENDS[end]
        found = []
        with pytest.raises(EnvironmentFailedError, match=said):
            async for one in checker_async.check_file(
                text=f"Lemma a : 1 = 1. Proof. reflexivity. Qed.\n{text}", options=Options(recheck=recheck)
            ):
                found.append(one)
        assert outcomes(found) == {"a": PROVED}

    def test_what_is_closed_is_closed(self, checker: SyncCheckerClient) -> None:
        text = """Module M. Section S. Lemma a : 1 = 1. Proof. reflexivity. Qed. End S. End M.
Program Definition p (n : nat) : {m : nat | m = n} := n.
Obligation Tactic := idtac. Program Definition q (n : nat) : {m : nat | m = n} := n. Admit Obligations."""
        assert outcomes(checker.check_file(text=text)) == {"M.a": PROVED}


DOTTED = """Notation "λ. t" := (fun _ : nat => t) (at level 200).
Tactic Notation "done." := reflexivity.
Infix "+." := Nat.add (at level 50, left associativity).
Notation "'fn' x . b" := (fun x : nat => b) (at level 200, x name).
Notation "'let*' x ':=' a . b" := ((fun x : nat => b) a) (at level 200, x name).
"""
USES = """Lemma lam : (λ. 0) = (fun _ => 0). Proof. reflexivity. Qed.
Lemma one : 1 = 1. Proof. done.. Qed.
Lemma plus (n : nat) : n +. 0 = n +. 0. Proof. done.. Qed.
Lemma fun_ : (fn x . fn y . x +. y) 1 2 = 3. Proof. done.. Qed.
Lemma let_ : (let* x := 1 . x +. 1) = 2. Proof. done. . Qed.
Lemma wrong : 1 = 2. Proof. done.. Qed.
Lemma after : (λ. 0) = (λ. 0). Proof. now done.. Qed.
Lemma last : True. Proof. exact I. Qed.
"""
USED = {
    **dict.fromkeys(("lam", "one", "plus", "fun_", "let_"), PROVED),
    "wrong": (Verdict.FAILED, Reason.TACTIC),
    "after": PROVED,
    "last": PROVED,
}


@pytest.fixture(scope="module")
def dotted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A project of which one file declares symbols with full stops, and another imports them."""
    root = tmp_path_factory.mktemp("dotted")
    (root / "_CoqProject").write_text("-Q . D\nNotations.v\nUses.v\n")
    (root / "Notations.v").write_text(DOTTED)
    (root / "Uses.v").write_text(f"From D Require Import Notations.\n{USES}")
    server = start_server(f"dotted={root}")
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(root)


class TestFullStopsInNotations:
    def test_of_the_file_itself(self, checker: SyncCheckerClient) -> None:
        found = checker.check_file(text=DOTTED + USES)
        assert outcomes(found) == USED
        (wrong,) = [one for one in found if one.theorem.name == "wrong"]
        assert wrong.result.sentence == "done.."
        assert wrong.theorem.statement == "Lemma wrong : 1 = 2."

    def test_of_an_imported_file(self, dotted: ServerProcess) -> None:
        with SyncCheckerClient(dotted.address) as client:
            assert outcomes(client.check_file(project="dotted", file="Uses.v")) == USED
            assert len(client.trace_file(project="dotted", file="Uses.v")) == len(USED)

    def test_a_mistake_behind_them_is_said_where_it_is(self, checker: SyncCheckerClient) -> None:
        text = f"{DOTTED}Check λ. 0.\nCheck fn x . x.\nDefinition a := b.\n{USES}"
        (first, *_) = checker.check_file(text=text)
        assert (first.result.verdict, first.result.reason) == (Verdict.ERROR, Reason.ENVIRONMENT)
        assert "line 8:" in first.result.message

    @pytest.mark.parametrize("context", [DOTTED, "From D Require Import Notations."], ids=["own", "imported"])
    def test_in_candidates(self, dotted: ServerProcess, context: str) -> None:
        with SyncCheckerClient(dotted.address) as client:
            target = FreeStatement("Lemma t : 1 = 1.", context, project="dotted")
            assert client.check_proof(target, "Proof. done.. Qed.").proved
            assert client.check_proof(target, "done. .").proved
            for proof in ("done..", "Proof. done.. Qed."):
                assert client.check_proof(target, proof, options=Options(recheck=True)).proved
            assert client.check_proof(target, "change ((λ. 1) 0 = (fn x . x) 1). reflexivity.").proved
            wrong = client.check_proof(target, "assert (2 = 3) by done.. exact I.")
            assert (wrong.verdict, wrong.sentence) == (Verdict.FAILED, "assert (2 = 3) by done..")
            stated = FreeStatement("Lemma t : (λ. 1) 0 = 1 +. 0.", context, project="dotted")
            assert client.check_proof(stated, "done..").proved
            hidden = client.check_proof(target, "done.. Qed. Lemma x : True.")
            assert (hidden.verdict, hidden.reason) == (Verdict.REJECTED, Reason.FORBIDDEN_COMMAND)

    def test_in_scripts(self, dotted: ServerProcess) -> None:
        script = "Lemma t : (λ. 1) 0 = 1 +. 0. Proof. done.. Qed."
        with SyncCheckerClient(dotted.address) as client:
            own = FreeStatement("Lemma t : (λ. 1) 0 = 1 +. 0.", DOTTED)
            assert client.check_proof(own, script=script).proved
            # A script may change the grammar as it goes: each sentence passes the gate as Coq has read it, then runs.
            imported = FreeStatement(
                "Lemma t : (λ. 1) 0 = 1 +. 0.", "From D Require Import Notations.", project="dotted"
            )
            assert client.check_proof(imported, script=script).proved

    @pytest.mark.parametrize("context", [DOTTED, "From D Require Import Notations."], ids=["own", "imported"])
    def test_in_sessions(self, dotted: ServerProcess, context: str) -> None:
        with SyncCheckerClient(dotted.address) as client, client.session(context=context, project="dotted") as session:
            stated = session.run(session.start, "Lemma t : (λ. 1) 0 = 1 +. 0.")
            assert stated.in_proof
            assert not session.run(stated, "Proof. done.. Qed. Check (fn x . x).").in_proof

    def test_theorems_are_addressed(self, checker: SyncCheckerClient, tmp_path: Path) -> None:
        (tmp_path / "_CoqProject").write_text("-Q . D\nA.v\n")
        (tmp_path / "A.v").write_text(DOTTED + USES)
        server = start_server(f"own={tmp_path}")
        try:
            with SyncCheckerClient(server.address) as client:
                found = client.theorem(TheoremRef("own", "fun_", "A.v"))
                assert found.statement == "Lemma fun_ : (fn x . fn y . x +. y) 1 2 = 3."
                assert client.check_proof(TheoremRef("own", "fun_", "A.v"), "done..").proved
        finally:
            server.stop()


class TestWhatCannotBeAdmitted:
    """What goes on after a proof that failed is decided by what Coq can do there."""

    def test_derive(self, checker: SyncCheckerClient) -> None:
        text = """Require Import Derive.
Derive f SuchThat (f = 1) As f_is_one. Proof. fail. Qed.
Lemma between : 1 = 1. Proof. reflexivity. Qed.
Derive g SuchThat (g = 1) As g_is_one. Proof. subst g. reflexivity. Qed.
Lemma uses_f : f = f. Proof. reflexivity. Qed.
"""
        answers = checker.check_file(text=text)
        found = outcomes(answers)
        assert found["f_is_one"] == (Verdict.FAILED, Reason.TACTIC)
        assert found["between"] == found["g_is_one"] == PROVED
        assert found["uses_f"] == (Verdict.ERROR, Reason.ENVIRONMENT)
        assert "f was not found" in answers[-1].result.message
        whole = text[: text.index("Lemma uses_f")]
        assert outcomes(checker.check_file(text=whole, options=Options(recheck=True))) == {
            name: verdict for name, verdict in found.items() if name != "uses_f"
        }
        target = FreeStatement("Lemma t : True.", whole)
        assert checker.check_proof(target, "exact I.", options=Options(recheck=True)).proved

    def test_others(self, checker: SyncCheckerClient) -> None:
        text = """Require Import Setoid Recdef Arith.
Function half (n : nat) {measure (fun x => x) n} : nat := match n with S (S m) => S (half m) | _ => 0 end.
Proof. fail. Qed.
Definition eqn (a b : nat) := a = b.
Add Parametric Relation : nat eqn reflexivity proved by (@eq_refl nat) symmetry proved by (@eq_sym nat)
  transitivity proved by (@eq_trans nat) as eqn_rel.
Add Morphism S with signature eqn ==> eqn as S_morphism. Proof. fail. Qed.
Class Pointed := { point : nat }. Instance p : Pointed. Proof. fail. Qed.
Obligation Tactic := idtac. Program Definition q (n : nat) : {m : nat | m = n} := n. Next Obligation. fail. Qed.
Section S. Let x : nat. Proof. fail. Qed. End S.
Fixpoint a (n : nat) : True with b (n : nat) : True. Proof. fail. fail. Qed.
Goal 1 = 2. fail. Qed.
Lemma last : 1 = 1. Proof. reflexivity. Qed.
"""
        found = list(outcomes(checker.check_file(text=text)).values())
        assert found == [(Verdict.FAILED, Reason.TACTIC)] * 8 + [PROVED]


def test_obligations_have_coqs_names(checker: SyncCheckerClient) -> None:
    text = """Require Import Lia.
Obligation Tactic := cbn; intros; try lia.
Program Definition mix (n : nat) : {m : nat | m >= n} * ({m : nat | exists k, k = m} * {m : nat | m <= n}) :=
  (n, (n, n)).
Next Obligation. now exists n. Qed.
Obligation Tactic := idtac.
Program Definition turned (n : nat) : {m : nat | m >= n} * {m : nat | n = m} := (n, n).
Obligation 2. reflexivity. Qed.
Obligation 1. intros. apply le_n. Qed.
"""
    found = outcomes(checker.check_file(text=text))
    assert found == dict.fromkeys(("mix_obligation_2", "turned_obligation_2", "turned_obligation_1"), PROVED)


def test_a_theorem_is_found_by_coqs_name(tmp_path: Path) -> None:
    (tmp_path / "_CoqProject").write_text("-Q . N\nA.v\nB.v\n")
    text = """Obligation Tactic := cbn; intros; try apply le_n.
Program Definition mix (n : nat) : {m : nat | m <= n} * {m : nat | exists k, k = m} := (n, n).
Next Obligation. now exists n. Qed.
"""
    for name in "AB":
        (tmp_path / f"{name}.v").write_text(text)
    server = start_server(f"n={tmp_path}")
    try:
        with SyncCheckerClient(server.address) as client:
            assert [one.name for one in client.theorems("n", "A.v")] == ["mix_obligation_1"]  # as far as the text tells
            ref = TheoremRef("n", "mix_obligation_2", "A.v")
            assert client.check_proof(ref, "now exists n.").proved
            assert client.theorem(ref).statement == "Next Obligation."
            assert [one.name for one in client.theorems("n", "A.v")] == ["mix_obligation_2"]
            assert outcomes(client.check_file(project="n", file="B.v")) == {"mix_obligation_2": PROVED}
            assert [one.name for one in client.theorems("n", "B.v")] == ["mix_obligation_2"]
            with pytest.raises(NotFoundError, match="mix_obligation_7"):
                client.check_proof(TheoremRef("n", "mix_obligation_7", "A.v"), "auto.")
    finally:
        server.stop()
