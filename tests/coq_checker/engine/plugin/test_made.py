"""What a proof made, told by the kernel's names, and what it rests on: on every release."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from coq_checker.engine.api import CheckTask, Gate, Kind
from coq_checker.engine.start import engine_options, start_engine
from coq_checker.toolchain import Toolchain

GATE = Gate(frozenset(("VernacProof", "VernacEndProof", ":VernacSolve", ":VernacSolveParallel")), attributes=False)
AXIOMS = "Axiom bad : 0 = 1. Axiom absurd : False."

# What stands before, the statement, the script, and each declaration that it makes with what it rests on.
CASES = {
    "an axiom": (AXIOMS, "Lemma a : 0 = 1.", "exact bad. Qed.", {"Trial.a": ["known Trial.bad"]}),
    "abstract": (AXIOMS, "Lemma a : 0 = 1 /\\ True.", "split. abstract exact bad. abstract exact I. Qed.", {
        "Trial.a": ["known Trial.bad"],
    }),
    "abstract, transparent": (AXIOMS, "Lemma a : (0 = 1) * True.", "split. abstract exact bad. exact I. Defined.", {
        "Trial.a": ["known Trial.bad"],
    }),
    "par": (AXIOMS, "Lemma a : 0 = 1 /\\ True.", "split. par: abstract (exact bad || exact I). Qed.", {
        "Trial.a": ["known Trial.bad"],
    }),
    "par, transparent": ("", "Lemma a : True * True.", "split. par: abstract exact I. Defined.", {"Trial.a": []}),
    "absurdity": (AXIOMS, "Definition a : nat.", "exact (match absurd return nat with end). Defined.", {
        "Trial.a": ["known Trial.absurd"],
    }),
    "a variable": ("Section S. Variable x : nat. Hypothesis h : x = 0.", "Lemma a : x = 0.", "exact h. Qed.", {
        "Trial.S.a": ["known variable h"],
    }),
    "in a module": (f"{AXIOMS} Module M.", "Lemma a : 0 = 1.", "exact bad. Qed.", {
        "Trial.M.a": ["known Trial.bad"],
    }),
    "Let": ("Section S.", "Let a : nat.", "exact 0. Defined.", {"a": []}),
}  # fmt: skip


@pytest.mark.parametrize(("before", "statement", "script", "made"), CASES.values(), ids=CASES)
async def test_what_a_proof_made(
    before: str, statement: str, script: str, made: dict[str, list[str]], each_toolchain: Toolchain, tmp_path: Path
) -> None:
    engine = await start_engine(replace(engine_options(each_toolchain), module_file="Trial.v"), tmp_path)
    try:
        done = await engine.advance(engine.first, before.encode())
        state = done.steps[-1].state if done.steps else engine.first
        ends = tuple(end.end() for end in re.finditer(r"\.(?=\s|$)", script))
        checked = await engine.check(CheckTask(state, b"", statement.encode(), script.encode(), ends, GATE))
    finally:
        engine.kill()
    assert done.through, done.error
    assert checked.kind is Kind.CLOSED, checked
    shown = [[f"{'known' if item.known else 'new'} {item}" for item in one.assumptions] for one in checked.audits]
    found = {one.name: items for one, items in zip(checked.audits, shown, strict=True)}
    assert found == made
