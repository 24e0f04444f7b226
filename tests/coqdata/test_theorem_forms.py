"""Every form of a statement that opens a proof, and those that look like it and open none."""

import pytest

from coqdata.sentence import head_words, split
from coqdata.theorem import Theorem, theorems


def found(text: str) -> list[Theorem]:
    return theorems(text.encode())


def named(text: str) -> list[tuple[str, str]]:
    return [(theorem.kind.value, theorem.qualified_name) for theorem in found(text)]


OPENING = {
    "Theorem foo@{u} {A} (x : A) : x = x. Qed.": ("Theorem", "foo"),
    "#[local] Lemma a' : True. Qed.": ("Lemma", "a'"),
    '#[local] #[deprecated(since="1.")] Polymorphic Lemma a : True. Qed.': ("Lemma", "a"),
    "Local Fact a : True. Qed.": ("Fact", "a"),
    "Lemma (* x : y. *) été₁ : True. Qed.": ("Lemma", "été₁"),
    "Time Remark a : True. Time Qed.": ("Remark", "a"),
    "Timeout 5 Corollary a : True. Qed.": ("Corollary", "a"),
    "Proposition a:True. Qed.": ("Proposition", "a"),
    "Property a : let x := 1 in x = 1. Qed.": ("Property", "a"),
    "Example a : True. Qed.": ("Example", "a"),
    "Definition a (x := 3) : nat. Defined.": ("Definition", "a"),
    "Definition a : let x := 1 in let y := x in x = 1. Qed.": ("Definition", "a"),
    "Definition a : P (fix f n := n). Qed.": ("Definition", "a"),
    "Program Definition a : nat. Defined.": ("Definition", "a"),
    "Fixpoint a (n : nat) {struct n} : nat. Defined.": ("Fixpoint", "a"),
    "CoFixpoint a : stream. Defined.": ("CoFixpoint", "a"),
    "Let a : True. Qed.": ("Let", "a"),
    "Let Fixpoint a (n : nat) : nat. Defined.": ("Let", "a"),
    "Global Instance a : C 1 | 5. Qed.": ("Instance", "a"),
    "#[refine] Instance a : C := { x := 1 }. Qed.": ("Instance", "a"),
    "#[global,refine] Instance a : C := { x := 1 }. Qed.": ("Instance", "a"),
    "Instance : M.C 1. Qed.": ("Instance", "C_instance_0"),
    "Instance : forall n, P n -> @C n. Qed.": ("Instance", "C_instance_0"),
    "Instance : ∀ n, P n → (C n). Qed.": ("Instance", "C_instance_0"),
    "Coercion a (x : A) : B. Defined.": ("Coercion", "a"),
    "Function a (n : nat) {measure size n} : nat := n. Qed.": ("Function", "a"),
    "Add Morphism f with signature eq ==> eq as a. Qed.": ("Morphism", "a"),
    "Add Parametric Morphism A : (@f A) with signature eq ==> eq as a. Qed.": ("Morphism", "a"),
    "Derive p SuchThat (p = 1) As a. Qed.": ("Derive", "a"),
    "Goal True. Qed.": ("Goal", "Unnamed_thm"),
    "Goal True. Save a.": ("Goal", "a"),
    "Goal True. Defined a.": ("Goal", "a"),
    "Program Fixpoint f n {measure n} := n. Next Obligation. Qed.": ("Obligation", "f_obligation_1"),
    "#[program] Definition f := 1. Final Obligation. Qed.": ("Obligation", "f_obligation_1"),
    "Set Program Mode. Definition f := 1. Next Obligation. Qed.": ("Obligation", "f_obligation_1"),
    "Program Instance f : C. Next Obligation. Qed.": ("Obligation", "f_obligation_1"),
    "Program Instance : C. Next Obligation. Qed.": ("Obligation", "C_instance_0_obligation_1"),
    "Obligation 2 of f. Qed.": ("Obligation", "f_obligation_2"),
    "Obligation 2 of f : nat with auto. Qed.": ("Obligation", "f_obligation_2"),
    "Equations(noind) f n : nat by wf n := f n := n. Next Obligation. Qed.": (
        "Obligation",
        "f_obligations_obligation_1",
    ),
}


@pytest.mark.parametrize("text", OPENING)
def test_what_opens_a_proof(text: str) -> None:
    one = found(text)
    assert [(theorem.kind.value, theorem.name) for theorem in one] == [OPENING[text]]
    assert one[0].ending is not None
    assert one[0].proof_end == len(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "Definition a := 1.",
        "Definition a : nat := let x := 1 in x.",
        "Example a : nat := 1.",
        "Instance a : C := { x := 1 }.",
        "Instance : C := { x := 1 }.",
        "Fixpoint a n := match n with 0 => 1 | S m => b m end with b n := 1.",
        "Let a := 1.",
        "Coercion a : A >-> B.",
        "Coercion a (x : A) : B := 1.",
        "Existing Instance a.",
        "Declare Instance a : C.",
        "Function a n {struct n} := n.",
        "Derive Inversion a with b.",
        "Add Parametric Relation A : A eq reflexivity proved by r as a.",
        "Add Ring a : b.",
        "Obligation Tactic := auto.",
        "Solve Obligations with auto.",
        "Obligations of a.",
        "Fail Lemma a : True.",
        "(* Lemma a : True. *) Axiom b : True.",
        'Check "Lemma a : True. Qed.".',
        "Program Instance a : C.",
        "Lemma a : True",
    ],
)
def test_what_opens_none(text: str) -> None:
    assert found(text) == []


def test_modules_and_sections() -> None:
    text = """
      Module Type T. Lemma a : True. Admitted. End T.
      Module N := M. Module Import K <: T. Section S. Lemma b : True. Proof I. End S. End K.
      Module F (X : T) : U with Definition t := nat. Module Export G. Lemma c : True. Abort. End G. End F.
      Module L : U with Definition t := nat := M. Lemma d : True. Qed."""
    one = found(text)
    assert [theorem.qualified_name for theorem in one] == ["T.a", "K.b", "F.G.c", "d"]
    assert [theorem.ending for theorem in one] == ["Admitted", "Proof", "Abort", "Qed"]
    assert one[1].path == (("Module", "K"), ("Section", "S"))
    assert one[0].path == (("Module Type", "T"),)


def test_names_that_coq_gives_count_up_in_each_module() -> None:
    text = """Goal A. Qed. Goal B. Abort. Goal C. Qed. Module M. Goal D. Qed. End M. Section S. Goal E. Qed.
      End S. Instance : C 1. Qed. Instance : C 2 := {}. Instance : C 3. Qed. Instance : D 1. Qed."""
    assert [name for _, name in named(text)] == [
        "Unnamed_thm",
        "Unnamed_thm0",
        "Unnamed_thm0",
        "M.Unnamed_thm",
        "Unnamed_thm1",
        "C_instance_0",
        "C_instance_2",
        "D_instance_0",
    ]


def test_spans() -> None:
    text = "Lemma a : True.\n(* c. *) Proof using. (* d *)\n- auto.\nQed.\nLemma b : True. Proof (I)."
    first, second = found(text)
    source = text.encode()
    assert source[first.start : first.statement_end] == b"Lemma a : True."
    assert source[first.proof_start : first.proof_end] == b"Proof using. (* d *)\n- auto.\nQed."
    assert source[second.proof_start : second.proof_end] == b"Proof (I)."


def test_nested_and_unfinished_proofs() -> None:
    outer, inner, last = found(
        "Lemma a : True. Proof. Lemma b : True. Proof. Qed. exact b. Qed. Lemma c : True. Proof. auto"
    )
    assert (outer.name, outer.nested, inner.name, inner.nested) == ("a", False, "b", True)
    assert outer.proof_start < inner.start < inner.proof_end < outer.proof_end
    assert (last.name, last.ending) == ("c", None)


def test_theorems_stated_together() -> None:
    both = "Lemma a : match x with 0 => 1 | _ => 2 end = 1 with b (n : nat) : True with c : True. Qed."
    assert [(theorem.name, theorem.also) for theorem in found(both)] == [
        ("a", ("b", "c")),
        ("b", ("a", "c")),
        ("c", ("a", "b")),
    ]
    assert [theorem.index for theorem in found(both)] == [0, 1, 2]
    assert len({(theorem.start, theorem.statement_end, theorem.proof_start) for theorem in found(both)}) == 1


@pytest.mark.parametrize(
    ("text", "attributes", "selector", "words"),
    [
        (
            "#[ export , program ] #[local] Lemma x.",
            (b"export , program", b"local"),
            None,
            (b"Lemma", b"x", b"."),
        ),
        ("all : (* a. *) auto.", (), b"all", (b"auto", b".")),
        ("1-3 , 5: Load x.", (), b"1-3 , 5", (b"Load", b"x", b".")),
        ("[ x ]: auto.", (), b"[ x ]", (b"auto", b".")),
        ("par: a; b.", (), b"par", (b"a", b";", b"b")),
        ("!:a.", (), b"!", (b"a", b".")),
        ("(*x*)Time(*y*)Qed.", (), None, (b"Time", b"Qed", b".")),
        ("allx: a.", (), None, (b"allx", b":", b"a")),
    ],
)
def test_head_words(text: str, attributes: tuple[bytes, ...], selector: bytes | None, words: tuple[bytes, ...]) -> None:
    source = text.encode()
    head = head_words(source, split(source).sentences[0])
    assert (head.attributes, head.selector, head.words) == (attributes, selector, words)
