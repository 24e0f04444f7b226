"""`par:` in the process itself does what Coq does with worker processes."""

from pathlib import Path

import pytest

from coq_checker.toolchain import Toolchain

from .both import run_coqc

HEAD = "Set Printing Width 1000000.\n"
POLYMORPHIC = "Polymorphic Definition pid@{u} (A : Type@{u}) (x : A) := x.\n"

CASES = {
    "whole": "Lemma a : True /\\ 1 = 1. Proof. split. par: auto. Qed.",
    "nothing": "Lemma a : True * (True /\\ True). Proof. split. par: try exact I. split. par: exact I. Defined.",
    "one goal fails": "Lemma a : True /\\ 1 = 2. Proof. split. par: exact I.",
    "every goal fails": 'Lemma a : True /\\ True. Proof. split. par: fail 0 "no".',
    "goals are left": "Lemma a : True /\\ 1 = 2. Proof. split. par: auto. Qed.",
    "existential variables": "Lemma a : exists x : nat, x = 1. Proof. eexists. par: reflexivity. Qed.",
    "abstract": "Lemma a : True * True. Proof. split. par: abstract exact I. Defined. Print a.",
    "abstract, Qed": "Lemma a : True /\\ True. Proof. split. par: abstract exact I. Qed. Print Assumptions a.",
    "abstract after abstract": "Lemma a : True * True * (True * True). Proof. split. split; abstract exact I. split. "
    "par: abstract exact I. Defined. Print a.",
    "what abstract declares, by name": "Lemma a : True /\\ True. Proof. split. par: abstract exact I. "
    "Check a_subproof. Qed.",
    "what abstract declares, in another goal": "Lemma a : True * True * True. Proof. split. "
    "{ split. par: abstract exact I. } exact a_subproof. Defined.",
    "what was declared in vain": "Lemma a : True /\\ True. Proof. split. par: try (abstract (exact I) using b; fail). "
    "Check b. all: exact I. Qed.",
    "what was declared inside": "Lemma a : True /\\ True. Proof. split. par: (idtac; abstract (exact I) using b). "
    "Check b. Qed.",
    "abstract inside": "Lemma a : True /\\ True. Proof. split. par: (idtac; abstract exact I). Qed.",
    "abstract in a section": "Section S. Variable x : nat. Lemma a : x = x /\\ x = x. Proof. split. "
    "par: abstract reflexivity. Qed. End S. Print a. Print Assumptions a.",
    "focused": "Lemma a : (True /\\ True) /\\ True. Proof. split. { split. par: exact I. } par: exact I. Qed.",
    "universes": f"{POLYMORPHIC}Lemma a : Type * Type. Proof. split. par: exact (pid Type Set). Defined. Print a.",
    "polymorphic": f"{POLYMORPHIC}Set Universe Polymorphism. Lemma a : Type * Type. Proof. split. "
    "par: abstract exact (pid Type Set). Defined. Check a.",
    "lia": "Require Import Lia. Lemma a : forall x, x < S x /\\ x < S (S x). Proof. split. par: abstract lia. Qed.",
}


def outcome(toolchain: Toolchain, folder: Path, text: str, *, plugin: bool) -> tuple[int, str, str]:
    done = run_coqc(toolchain, folder, HEAD + text + "\n", plugin=plugin)
    # The plugin is loaded in lines of its own.
    _, _, error = done.stderr.partition("\n")
    return done.returncode, done.stdout, error


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_as_with_worker_processes(text: str, each_toolchain: Toolchain, tmp_path: Path) -> None:
    by_workers = outcome(each_toolchain, tmp_path, text, plugin=False)
    assert outcome(each_toolchain, tmp_path, text, plugin=True) == by_workers


def test_it_is_ours(each_toolchain: Toolchain, tmp_path: Path) -> None:
    """A goal may not be left half solved; the sentence is not Coq's own."""
    text = "Lemma a : (True /\\ 1 = 1) * True. Proof. split. par: try split."
    status, _, error = outcome(each_toolchain, tmp_path, text, plugin=True)
    assert status == 1
    assert "a tactic that makes no progress or solves the goal whole. (for goal 1)" in " ".join(error.split())
