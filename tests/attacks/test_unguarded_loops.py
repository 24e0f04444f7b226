"""The strict guard stands by itself: where Coq's own is switched off, it still sees that these do not end."""

import tomllib
from pathlib import Path
from typing import Protocol

import pytest

from coq_checker.check import Ask
from coq_checker.gates.kernel import SoundnessPolicy
from coq_checker.gates.text import Mode
from coq_checker.limits import Limits
from coq_checker.result import ProofResult, Verdict

LOOPS: dict[str, str] = tomllib.loads(Path(__file__).with_name("unguarded_loops.toml").read_text())
SEEN = {"fixpoint_not_strict", "cofixpoint_not_strict"}
CHALLENGE = """
Require Import List. Import ListNotations.
Inductive tree := node : list tree -> tree.
CoInductive st := Cs : nat -> st -> st.
Definition idf (A : Type) (x : A) := x.
Definition k2 (A B : Type) (x : A) (y : B) := x.
Unset Guard Checking.
Theorem goal : True."""
GOAL = "Theorem goal : True.\nProof. exact I. Qed."

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Bench(Protocol):
    """See conftest.py."""

    @property
    def sees_terms(self) -> bool: ...

    async def check(self, challenge: bytes, ask: Ask) -> ProofResult: ...


async def features(bench: Bench, definitions: str) -> set[str]:
    if not bench.sees_terms:
        pytest.skip("this engine cannot look at terms")
    limits = Limits(10_000, 60_000, 1 << 30, 16 << 20, 64 << 10)
    ask = Ask(f"{definitions}\n{GOAL}".encode(), Mode.SCRIPT, limits, soundness=SoundnessPolicy.REPORT)
    result = await bench.check(CHALLENGE.encode(), ask)
    # Coq took it, and it is refused for the axiom that a switched-off guard is.
    assert result.verdict is Verdict.REJECTED, result
    assert "unset_guard_checking" in result.features, result
    return set(result.features)


@pytest.mark.parametrize("name", LOOPS)
async def test_loop_is_seen(bench: Bench, name: str) -> None:
    assert SEEN & await features(bench, LOOPS[name])


@pytest.mark.parametrize(
    "definitions",
    [
        "Fixpoint f (n : nat) : nat := match n with O => 0 | S k => let g := fun x => f k + x in g n end.",
        "Fixpoint f (n : nat) : nat := let g := fun x => f x in match n with O => 0 | S k => g k end.",
        "Program Fixpoint f (n m : nat) : nat := match n, m with S k, S j => f k j | _, _ => 0 end.",
        "Fixpoint f (t : tree) : nat := match t with node l => fold_right (fun x a => f x + a) 0 l end.",
        "CoFixpoint c (n : nat) : st := Cs n (idf _ c (S n)).",
    ],
)
async def test_what_ends_is_not_taken_for_a_loop(bench: Bench, definitions: str) -> None:
    assert not SEEN & await features(bench, definitions)
