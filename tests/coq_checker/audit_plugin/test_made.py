"""What a proof made, told by the kernel's names, and what it rests on: on every release."""

import json
import re
from pathlib import Path

import pytest

from coq_checker.toolchain import Toolchain

from .both import coqc

ALLOWED = "VernacProof VernacEndProof VernacSolve VernacSolveParallel"
AXIOMS = "Axiom bad : 0 = 1. Axiom absurd : False."

# What stands before, the statement, the script, and each declaration that it makes with what it rests on.
CASES = {
    "an axiom": (AXIOMS, "Lemma a : 0 = 1.", "exact bad. Qed.", {"Trial.a": ["known axiom Trial.bad"]}),
    "abstract": (AXIOMS, "Lemma a : 0 = 1 /\\ True.", "split. abstract exact bad. abstract exact I. Qed.", {
        "Trial.a": ["known axiom Trial.bad"],
    }),
    "abstract, transparent": (AXIOMS, "Lemma a : (0 = 1) * True.", "split. abstract exact bad. exact I. Defined.", {
        "Trial.a": ["known axiom Trial.bad"],
    }),
    "par": (AXIOMS, "Lemma a : 0 = 1 /\\ True.", "split. par: abstract (exact bad || exact I). Qed.", {
        "Trial.a": ["known axiom Trial.bad"],
    }),
    "par, transparent": ("", "Lemma a : True * True.", "split. par: abstract exact I. Defined.", {"Trial.a": []}),
    "absurdity": (AXIOMS, "Definition a : nat.", "exact (match absurd return nat with end). Defined.", {
        "Trial.a": ["known axiom Trial.absurd"],
    }),
    "a variable": ("Section S. Variable x : nat. Hypothesis h : x = 0.", "Lemma a : x = 0.", "exact h. Qed.", {
        "Trial.S.a": ["known variable h"],
    }),
    "in a module": (f"{AXIOMS} Module M.", "Lemma a : 0 = 1.", "exact bad. Qed.", {
        "Trial.M.a": ["known axiom Trial.bad"],
    }),
    "Let": ("Section S.", "Let a : nat.", "exact 0. Defined.", {"a": []}),
}  # fmt: skip


@pytest.mark.parametrize(("before", "statement", "script", "made"), CASES.values(), ids=CASES)
def test_what_a_proof_made(
    before: str, statement: str, script: str, made: dict[str, list[str]], each_toolchain: Toolchain, tmp_path: Path
) -> None:
    ends = " ".join(str(end.end()) for end in re.finditer(r"\.(?=\s|$)", script))
    text = f'{before}\nPalmettoRun "@" "{ALLOWED}" "{ends}" 1 0 0 "key" "" "{statement}" "{script}".\n'
    opened = [f"End {name}." for name in re.findall(r"(?:Section|Module) (\w+)\.", before)]
    printed = coqc(each_toolchain, tmp_path, text + " ".join(opened))
    answer = json.loads(re.findall(r"^@ (\{.*\})$", printed, re.M)[0])
    assert answer["kind"] == "closed", answer
    found = dict(line.removeprefix("@ ").split(" =", 1) for line in answer["audits"])
    assert {name: [item for item in items.strip().split("; ") if item] for name, items in found.items()} == made
