"""The plugin answers as Print Assumptions does."""

from pathlib import Path

import pytest

from coq_checker.toolchain import Toolchain

from .both import ask, names_inside

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


def disagreements(toolchain: Toolchain, folder: Path, text: str) -> list[str]:
    answers = ask(toolchain, folder, text)
    assert answers
    return [f"{name}: {both}" for name, both in answers if not both.agree]


@pytest.mark.parametrize("case", sorted(CASES.glob("*.v")), ids=lambda case: case.stem)
def test_what_is_hard(case: Path, toolchain: Toolchain, tmp_path: Path) -> None:
    assert disagreements(toolchain, tmp_path, case.read_text()) == []


@pytest.mark.parametrize(("module", "every"), LIBRARY, ids=[module for module, _ in LIBRARY])
def test_the_standard_library(module: str, every: int, toolchain: Toolchain, tmp_path: Path) -> None:
    prelude = f"Require {module}."
    names = names_inside(toolchain, tmp_path, prelude, module)[::every]
    assert disagreements(toolchain, tmp_path, f"{prelude}\n(* ASK {' '.join(names)} *)\n") == []


def test_an_applied_functor_of_the_library(toolchain: Toolchain, tmp_path: Path) -> None:
    prelude = "Require Import FSetAVL OrderedTypeEx.\nModule M := FSetAVL.Make Nat_as_OT.\n"
    names = names_inside(toolchain, tmp_path, prelude, "M")[::15]
    assert disagreements(toolchain, tmp_path, f"{prelude}\n(* ASK {' '.join(names)} *)\n") == []


def test_a_hidden_alias_goes_by_the_name_that_can_be_read(toolchain: Toolchain, tmp_path: Path) -> None:
    """Of the names of one axiom Print Assumptions may write one that a sealed module hides."""
    text = """
Module Type T. Parameter a : nat. Parameter b : a = a. End T.
Module Impl. Axiom hid : nat. Definition a := hid. Definition b := eq_refl a. End Impl.
Module N : T. Include Impl. End N.
(* ASK N.a N.b Impl.a *)"""
    answers = ask(toolchain, tmp_path, text)
    assert [both.plugin for _, both in answers] == [{("axiom", "Trial.Impl.hid")}] * 3
    assert all(len(both.coq) == 1 for _, both in answers)


def test_a_difference_would_be_seen(toolchain: Toolchain, tmp_path: Path) -> None:
    """The comparison itself: one name's answer beside another's is no agreement."""
    text = "Axiom a : nat. Axiom b : nat. Definition c := a. Definition d := a + b.\n(* ASK c d *)"
    (_, one), (_, other) = ask(toolchain, tmp_path, text)
    assert one.agree and other.agree
    assert one.plugin == {("axiom", "Trial.a")} and one.coq == {("axiom", "a")}
    assert not type(one)(one.plugin, other.coq).agree
    assert not type(one)(other.plugin, one.coq).agree
    assert not type(one)(frozenset(), one.coq).agree
    assert not type(one)(frozenset({("variable", "Trial.a")}), one.coq).agree


def test_no_word_becomes_a_keyword(toolchain: Toolchain, tmp_path: Path) -> None:
    text = (
        "Definition PalmettoAssumptions := 1. Definition PalmettoUses := PalmettoAssumptions.\n(* ASK PalmettoUses *)"
    )
    assert disagreements(toolchain, tmp_path, text) == []
