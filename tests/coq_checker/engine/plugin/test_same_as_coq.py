"""The plugin answers as Print Assumptions does."""

from pathlib import Path

import pytest

from coq_checker.toolchain import Toolchain

from .both import ask, coqc, names_inside

CASES = Path(__file__).parent / "cases"

# Parts of the standard library, and how many of their names are asked about: every one, or every n-th
# where Print Assumptions takes long.
LIBRARY = [
    ("Coq.Lists.List", 1),
    ("Coq.Sorting.Mergesort", 1),
    ("Coq.Logic.ClassicalFacts", 1),
    ("Coq.Logic.ClassicalEpsilon", 1),
    ("Coq.Logic.FunctionalExtensionality", 1),
    ("Coq.Logic.JMeq", 1),
    ("Coq.ZArith.Zdiv", 8),
    ("Coq.Structures.OrdersEx", 250),
    ("Coq.Reals.Rdefinitions", 10),
    ("Coq.Reals.ClassicalDedekindReals", 8),
    ("Coq.Reals.RIneq", 300),
    ("Coq.Numbers.Cyclic.Int63.Uint63", 40),
    ("Coq.Floats.FloatAxioms", 1),
    ("Coq.Array.PArray", 1),
]
# What stands in another file since Rocq 9, of which the old name only passes on the contents.
MOVED = {"Coq.Floats.FloatAxioms": "Corelib.Floats.FloatAxioms"}


SEALED_ELSEWHERE = """
Axiom outer : nat.
Module Type T. Parameter a : nat. Parameter b : nat. Parameter c : Set. Parameter d : False -> nat. End T.
(* Hides axioms, a block of inductives, what was not checked, and uses what it exports itself. *)
Module Flat : T.
Axiom hidden : nat. Axiom absurd : False.
Definition between := hidden + outer.
Definition a := between. Lemma b : nat. Proof. exact a. Qed.
Unset Positivity Checking.
Inductive odd : Set := o : (even -> nat) -> odd with even : Set := e : (even -> nat) -> odd -> even.
Set Positivity Checking.
Definition c := even.
Definition vain : outer = outer -> nat := match absurd return (outer = outer -> nat) with end.
Definition d (_ : False) : nat := let unused := vain in 3.
End Flat.
(* Holds a module, which hides something in turn. *)
Module Nested : T.
Module In. Axiom hidden : nat. Definition a := hidden. Module Deep : T := Flat. End In.
Definition a := In.a. Definition b := In.Deep.a. Inductive c' : Set := k : (fun _ : nat => nat) In.a -> c'.
Definition c := c'. Axiom d : False -> nat.
End Nested.
Module Named : T := Flat. Module Alias := Nested.
Module F (X : T) : T. Definition a := X.a. Definition b := 3. Definition c := X.c. Definition d := X.d. End F.
Module Applied := F Flat. Module Twice := F Applied.
Module With : T with Definition a := 5.
Definition a := 5. Definition b := Flat.a. Definition c := nat. Definition d := Nested.d.
End With.
(* Axioms whose types name what is hidden. *)
Module Type U. Parameter t : Set. Parameter e : t. Parameter f : e = e. End U.
Module Typed : U. Axiom hidden : Set. Definition t := hidden. Axiom e : t. Axiom f : e = e. End Typed.
Module Deeper : U. Module In. Axiom hidden : Set. End In. Definition t := In.hidden. Axiom e : t. Axiom f : e = e.
End Deeper.
Module G (X : U) : U. Definition t := X.t. Axiom e : X.t. Definition f := eq_refl e. End G.
Module OfTyped := G Typed.
"""


def disagreements(toolchain: Toolchain, folder: Path, text: str) -> list[str]:
    answers = ask(toolchain, folder, text)
    assert answers
    return [f"{name}: {both}" for name, both in answers if not both.agree]


@pytest.mark.parametrize("case", sorted(CASES.glob("*.v")), ids=lambda case: case.stem)
def test_what_is_hard(case: Path, each_toolchain: Toolchain, tmp_path: Path) -> None:
    assert disagreements(each_toolchain, tmp_path, case.read_text()) == []


@pytest.mark.parametrize(("module", "every"), LIBRARY, ids=[module for module, _ in LIBRARY])
def test_the_standard_library(module: str, every: int, each_toolchain: Toolchain, tmp_path: Path) -> None:
    if not each_toolchain.coq_version.startswith("8."):
        module = MOVED.get(module, module)
    prelude = f"Require {module}."
    names = names_inside(each_toolchain, tmp_path, prelude, module)[::every]
    assert disagreements(each_toolchain, tmp_path, f"{prelude}\n(* ASK {' '.join(names)} *)\n") == []


def test_sealed_modules_of_another_file(each_toolchain: Toolchain, tmp_path: Path) -> None:
    coqc(each_toolchain, tmp_path, SEALED_ELSEWHERE, "Sealed")
    modules = ("Flat", "Nested", "Named", "Alias", "Applied", "Twice", "With")
    names = " ".join(f"{module}.{field}" for module in modules for field in "abcd")
    names += " " + " ".join(f"{module}.{field}" for module in ("Typed", "Deeper", "OfTyped") for field in "tef")
    text = f"""
Require Import Sealed.
Definition uses := Flat.b. Definition absurd := match Nested.d return False -> nat with x => x end.
Inductive block : Set := k : Flat.c -> block.
(* ASK {names} uses absurd block *)
Module Open. Module G := F Flat. Definition x := G.a. Module H : T := Flat.
(* ASK {names} uses absurd block G.a G.b G.c G.d x H.a H.b H.c H.d *)
End Open.
(* ASK {names} uses absurd block Open.x Open.H.a *)"""
    assert disagreements(each_toolchain, tmp_path, text) == []


def test_an_applied_functor_of_the_library(each_toolchain: Toolchain, tmp_path: Path) -> None:
    prelude = "Require Import FSetAVL OrderedTypeEx.\nModule M := FSetAVL.Make Nat_as_OT.\n"
    names = names_inside(each_toolchain, tmp_path, prelude, "M")[::15]
    assert disagreements(each_toolchain, tmp_path, f"{prelude}\n(* ASK {' '.join(names)} *)\n") == []


def test_a_hidden_alias_goes_by_the_name_that_can_be_read(each_toolchain: Toolchain, tmp_path: Path) -> None:
    """Of the names of one axiom Print Assumptions may write one that a sealed module hides."""
    text = """
Module Type T. Parameter a : nat. Parameter b : a = a. End T.
Module Impl. Axiom hid : nat. Definition a := hid. Definition b := eq_refl a. End Impl.
Module N : T. Include Impl. End N.
(* ASK N.a N.b Impl.a *)"""
    answers = ask(each_toolchain, tmp_path, text)
    assert [both.plugin for _, both in answers] == [{("axiom", "Trial.Impl.hid")}] * 3
    assert all(len(both.coq) == 1 for _, both in answers)


def test_an_axiom_of_which_coq_forgets_the_type(each_toolchain: Toolchain, tmp_path: Path) -> None:
    """Where it comes upon the axiom's absurdity first. Here no use of an axiom depends on what stands before it."""
    text = """
Axiom base : nat. Inductive Empty (n : nat) : Set := . Axiom none : Empty base.
Definition absurd : nat := match none return nat with end.
Definition apart : Empty base := none.
Definition uses : Empty base := let unused := absurd in apart.
(* ASK absurd apart uses *)"""
    absurd, apart, uses = [both for _, both in ask(each_toolchain, tmp_path, text)]
    assert absurd.agree and apart.agree
    assert uses.plugin == absurd.plugin | apart.plugin
    assert {name for _, name in uses.coq} == {"none"}


def test_a_difference_would_be_seen(each_toolchain: Toolchain, tmp_path: Path) -> None:
    """The comparison itself: one name's answer beside another's is no agreement."""
    text = "Axiom a : nat. Axiom b : nat. Definition c := a. Definition d := a + b.\n(* ASK c d *)"
    (_, one), (_, other) = ask(each_toolchain, tmp_path, text)
    assert one.agree and other.agree
    assert one.plugin == {("axiom", "Trial.a")} and one.coq == {("axiom", "a")}
    assert not type(one)(one.plugin, other.coq).agree
    assert not type(one)(other.plugin, one.coq).agree
    assert not type(one)(frozenset(), one.coq).agree
    assert not type(one)(frozenset({("variable", "Trial.a")}), one.coq).agree


def test_no_word_becomes_a_keyword(each_toolchain: Toolchain, tmp_path: Path) -> None:
    text = (
        "Definition PalmettoAssumptions := 1. Definition PalmettoUses := PalmettoAssumptions.\n(* ASK PalmettoUses *)"
    )
    assert disagreements(each_toolchain, tmp_path, text) == []
