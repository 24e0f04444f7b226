"""What parts of the kernel a candidate's own terms use is told, and nothing that only the environment uses."""

from pathlib import Path

import pytest

from coq_checker.client import FreeStatement, Options, SyncCheckerClient
from coq_checker.result import ProofResult, Verdict
from coq_checker.soundness.features import Feature
from coq_checker.toolchain import ToolchainError, find_toolchain

from .servers import start_server

IMPORTS = """
From {root} Require Import List Uint63 PrimFloat PArray Lia StrictProp.
Import ListNotations.
Set Universe Polymorphism.
Definition twice {{A : Type}} (x : A) := x.
Unset Universe Polymorphism.
Inductive tree := node : list tree -> tree.
CoInductive stream := cons : nat -> stream -> stream.
Set Primitive Projections.
Record pair := make {{ left : nat; right : nat }}.
Unset Primitive Projections.
"""

BODIES: dict[str, tuple[str, set[str]]] = {
    "nothing": ("exact I.", set()),
    "a tactic": ("assert (1 + 1 = 2) by reflexivity. exact I.", set()),
    "a fixpoint": ("pose (fix f n := match n with O => 0 | S k => f k end). exact I.", {"fixpoint"}),
    "the environment's fixpoint": ("pose (map S [1]). exact I.", set()),
    "a nested fixpoint": (
        "pose (fix f t := match t with node l => fold_right (fun x n => f x + n) 1 l end). exact I.",
        {"fixpoint"},
    ),
    "a cofixpoint": ("pose (cofix f n := cons n (f (S n))). exact I.", {"cofixpoint"}),
    "vm_compute": ("assert (2 + 2 = 4) by (vm_cast_no_check (@eq_refl nat 4)). exact I.", {"vm_cast"}),
    "lia": ("assert (H : forall n, n < n + 1) by (intro; lia). exact I.", {"vm_cast"}),
    "primitive integers": ("pose (1 + 1)%uint63. exact I.", {"primitive_integer"}),
    "primitive floats": ("pose (1 + 1)%float. exact I.", {"primitive_float", "primitive_integer"}),
    "primitive arrays": (
        "pose (PArray.make 1%uint63 tt). exact I.",
        {"primitive_array", "primitive_integer", "universe_polymorphism"},
    ),
    "universe polymorphism": ("pose (twice 1). exact I.", {"universe_polymorphism"}),
    "primitive projections": ("pose (fun p : pair => left p). exact I.", {"primitive_projection"}),
}

SCRIPTS: dict[str, tuple[str, set[str]]] = {
    "an inductive type": ("Inductive mine := one | two.", set()),
    "one that is used": (
        "Inductive box (A : Type) := put (a : A). Definition used := put nat 1.",
        {"template_polymorphism"},
    ),
    "one that is nested": (
        "Inductive rose := grow : list rose -> rose. Definition used := grow [].",
        {"nested_inductive"},
    ),
    "a lemma of its own": (
        "Lemma used n : n + 0 = n. Proof. revert n. fix F 1. intros [|n]. reflexivity. simpl. now rewrite F. Qed.",
        {"fixpoint"},
    ),
    "polymorphic definitions": ("Polymorphic Definition used@{u} (A : Type@{u}) := A.", {"universe_polymorphism"}),
}


@pytest.fixture(scope="module", params=["coq-8.20", "rocq-9.2"])
def environment(request: pytest.FixtureRequest) -> tuple[str, str]:
    """The text of the imports, and the toolchain that it is for."""
    try:
        toolchain = find_toolchain(request.param)
    except ToolchainError as error:
        pytest.skip(str(error))
    return IMPORTS.format(root=toolchain.standard_library), toolchain.name


def statement(environment: tuple[str, str]) -> FreeStatement:
    text, toolchain = environment
    return FreeStatement("Theorem goal : True.", text, toolchain=toolchain)


def features(result: ProofResult) -> set[str]:
    assert result.verdict is Verdict.PROVED, result
    assert result.features_known and list(result.features) == sorted(result.features)
    return {Feature(one) for one in result.features}


@pytest.mark.parametrize("name", BODIES)
def test_features_of_a_body(checker: SyncCheckerClient, environment: tuple[str, str], name: str) -> None:
    body, wanted = BODIES[name]
    assert features(checker.check_proof(statement(environment), proof=body)) == wanted


@pytest.mark.parametrize("name", SCRIPTS)
def test_features_of_a_script(checker: SyncCheckerClient, environment: tuple[str, str], name: str) -> None:
    text, wanted = SCRIPTS[name]
    used = "pose used." if "used" in text else "idtac."
    script = f"{text} Theorem goal : True. Proof. {used} exact I. Qed."
    assert features(checker.check_proof(statement(environment), script=script)) == wanted


def test_what_the_environment_sets_and_a_script_uses(checker: SyncCheckerClient) -> None:
    settings = "Set Primitive Projections. Set Polymorphic Inductive Cumulativity."
    script = """Record both := make_both { first : nat; second : nat }. Definition one := first (make_both 1 2).
    Polymorphic Inductive box@{u} (A : Type@{u}) : Type@{u} := put (a : A).
    Theorem goal : True. Proof. pose (one, put nat 1). exact I. Qed."""
    result = checker.check_proof(FreeStatement("Theorem goal : True.", settings), script=script)
    assert features(result) == {"primitive_projection", "cumulativity", "universe_polymorphism"}


def test_what_a_script_does_not_use_is_refused_if_it_is_wrong_anywhere(checker: SyncCheckerClient) -> None:
    wild = "Fixpoint odd (n : nat) : nat := match n with O => 0 | S k => odd (Nat.sub k 0) end."
    script = f"{wild} Theorem goal : True. Proof. exact I. Qed."
    result = checker.check_proof(FreeStatement("Theorem goal : True."), script=script)
    assert (result.verdict, result.reason.value) == (Verdict.REJECTED, "forbidden_feature")
    assert "odd" in result.message and "fixpoint_not_strict" in result.message


def test_a_symbol_with_rewrite_rules_is_told(tmp_path: Path) -> None:
    (tmp_path / "_CoqProject").write_text("-R . Rules\n-arg -allow-rewrite-rules\nRules.v\n")
    (tmp_path / "Rules.v").write_text(
        "Symbol add : nat -> nat -> nat.\n"
        "Rewrite Rule add_rules := | add ?n 0 => ?n.\n"
        "Lemma right n : add n 0 = n.\nProof. reflexivity. Qed.\n"
    )
    server = start_server(f"rules={tmp_path}")
    try:
        with SyncCheckerClient(server.address) as client:
            (answer,) = client.check_file(project="rules", file="Rules.v", options=Options())
            assert features(answer.result) == {"rewrite_rule"}
    finally:
        assert server.stop() == 0


MANY = 300
BIG = f"(fun {' '.join(f'x{i}' for i in range(MANY))} : nat => x0 + x{MANY - 1})"
HALF = " ".join(["1"] * (MANY // 2))
LARGE = {
    "a function of many arguments, called twice with half of them": (
        f"Definition large := {BIG}. Definition half := large {HALF}. Definition all := half {HALF}.",
        "exact (@eq_refl nat 2 <: 2 = all).",
    ),
    "a constructor of many arguments": (
        f"Inductive huge : Set := make : {'nat -> ' * MANY} huge. Definition half := make {HALF}. "
        f"Definition all := match half {HALF} with make {' '.join(f'x{i}' for i in range(MANY))} => x0 + x1 end.",
        "exact (@eq_refl nat 2 <: 2 = all).",
    ),
}


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.parametrize("toolchain", ["coq-8.20", "rocq-9.2"])
def test_blocks_that_overrun_the_virtual_machine_wherever_they_stand(
    checker: SyncCheckerClient, toolchain: str, name: str
) -> None:
    try:
        find_toolchain(toolchain)
    except ToolchainError as error:
        pytest.skip(str(error))
    text, body = LARGE[name]
    script = f"{text} Theorem goal : 2 = 2. Proof. {body} Qed."
    result = checker.check_proof(FreeStatement("Theorem goal : 2 = 2.", toolchain=toolchain), script=script)
    assert (result.verdict, result.known_bugs) == (Verdict.REJECTED, ("rocq#13439",)), result


# The guard of 8.20 unfolds `mod` to see that it decreases.
EUCLID = "(fix f a b {struct a} := match a with O => b | S a' => f (Nat.modulo b (S a')) (S a') end)"


def test_fixpoints_of_the_statement_are_not_the_candidates(checker: SyncCheckerClient) -> None:
    statement = f"Theorem goal : {EUCLID} 0 3 = 3."
    proof = "Proof. reflexivity. Qed."
    assert checker.check_proof(FreeStatement(statement), proof=proof).proved
    assert checker.check_proof(FreeStatement(statement), script=f"{statement} {proof}").proved
    other = checker.check_proof(
        FreeStatement(statement),
        proof=f"assert ({EUCLID.replace('=> b', '=> S b')} 0 2 = 3) by reflexivity. reflexivity.",
    )
    assert (other.verdict, other.reason.value) == (Verdict.REJECTED, "forbidden_feature"), other


CHAIN = "Definition c0 (F : nat -> nat) (v : nat) := v.\n" + "\n".join(
    f"Definition c{i} F v := c{i - 1} (fun z => F z) v + c{i - 1} (fun z => F z) v." for i in range(1, 31)
)


def test_functions_that_hand_on_what_they_are_given_are_followed_so_far_and_no_further(
    checker: SyncCheckerClient,
) -> None:
    body = "exists (fix f n := match n with O => O | S y => c30 (fun z => f y) y end). reflexivity."
    statement = "Theorem goal : exists f : nat -> nat, f 0 = 0."
    assert checker.check_proof(FreeStatement(statement, CHAIN), proof=body).proved
    (answer,) = checker.check_file(
        text=f"{CHAIN}\n{statement}\nProof. {body} Qed.", options=Options(soundness="strict")
    )
    assert answer.result.proved, answer.result
