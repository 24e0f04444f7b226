"""Filled texts: a proof stands in the place of what was admitted, every other byte is there, and coqc takes it."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from coq_checker.toolchain import Toolchain

from .process import ProverProcess

SECTION = "Section S.\n  Variables x y : nat.\n  Hypothesis Hx : x = 1.\n  Hypothesis Hy : y = 2.\n"
DOUBLE = "Fixpoint f (n : nat) := match n with 0 => 0 | S n => S (S (f n)) end.\n"
BOTH = "f n = n + n /\\ n + 0 = n"
PROGRAM = "Program Definition f (x : nat) : {n : nat | n * n > x} := S x.\n"
SPLIT = f"{DOUBLE}Lemma a (n : nat) : {BOTH}.\nProof.\n  split."
EXISTS = "Lemma a (n : nat) : exists k, n < k /\\ k <= S n.\nProof.\n  eexists. split."

# A proof is found for what stands in `«...»`, and stands in its place.
TEXTS = {
    "Proof": "Lemma a (n : nat) : n + 0 = n.\nProof.\n«Admitted.»\n(* end *)\n",
    "no Proof": "Lemma a (n : nat) : n + 0 = n.\n«Admitted.»\n",
    "no newline at the end": "Lemma a (n : nat) : n + 0 = n. Proof. «Admitted.»",
    "several on a line": "Lemma a : True. Proof. «Admitted.» Lemma b : 1 = 1. «Admitted.» Check a.\n",
    "Proof using": SECTION
    + "  Lemma a : x = 1.\n  Proof using Hx.\n  «Admitted.»\nEnd S.\nCheck a : forall x, x = 1 -> x = 1.\n",
    "Proof using, on one line": SECTION + "Lemma a : x = 1. Proof using Hx. «Admitted.»\nEnd S.\nCheck a 1 eq_refl.\n",
    "Proof using nothing": SECTION + "Lemma a : x + 0 = x.\nProof using.\n«Abort.»\nEnd S.\n",
    "another hypothesis": SECTION
    + "  Hypothesis Hz : x = 1.\n  Lemma a : x = 1.\n  Proof using Hx.\n  «Admitted.»\nEnd S.\nCheck a 1 eq_refl.\n",
    "using": SECTION + '#[using="Hx"] Lemma a : x = 1.\nProof.\n«Admitted.»\nEnd S.\nCheck a 1 eq_refl.\n',
    "Default Proof Using": SECTION
    + 'Set Default Proof Using "Type".\nLemma a : x + 0 = x.\nProof.\n«Admitted.»\nEnd S.\nCheck a.\n',
    "Proof with": "Lemma a (n : nat) : n = 1 -> True /\\ 1 = n.\nProof with auto.\n  intros; split...\n  «Admitted.»\n",
    "Proof with using": SECTION
    + "Lemma a : True /\\ y = 2.\nProof with auto using Hy.\n  split; [ trivial | ].\n  «admit.»\n"
    "«Admitted.»\nEnd S.\nCheck a 2 eq_refl.\n",
    "begun": "Lemma a (n m : nat) : n = m -> m = n.\nProof.\n  intros H. (* now what? *)\n«Admitted.»\n",
    "begun, on one line": "Lemma a (n m : nat) : n = m -> m = n. Proof. intros H. «Admitted.» Check a.\n",
    "begun without Proof": "Lemma a (n m : nat) : n = m -> m = n.\n  intros H.\n«Admitted.»\n",
    "several goals": f"{SPLIT}\n«Admitted.»\n",
    "several goals, on one line": f"{DOUBLE}Lemma a (n : nat) : {BOTH}. Proof. split. «Admitted.»\n",
    "a bullet that was not begun": f"{SPLIT}\n  - induction n.\n    + auto.\n«Admitted.»\n",
    "bullets": f"{SPLIT}\n  - (* by é *) «admit.» (* so *)\n  -\n    «admit.»\n«Admitted.»\n",
    "one of several": f"{SPLIT}\n  - «give_up.»\n  - auto.\nDefined.\n",
    "braces": f"{SPLIT} {{ «admit.» }} (* 𝔸 *)\n  «admit.»\n«Admitted.» (* é *)\n",
    "a proof that was not closed": "Lemma a (n : nat) : n = n.\nProof.\n  reflexivity.\n«Admitted.»\n",
    "shared variables": f"{EXISTS}\n  - «admit.»\n  - «admit.»\n«Admitted.»\n",
    "nothing that can be finished": "Lemma a (n m : nat) : m = m \\/ n = m.\nProof.\n  «right.» (* ? *)\n«Admitted.»\n",
    "inside of a sentence": "Lemma a (n m : nat) : n = m -> m = n.\nProof.\n  «assert (1 = 1) by admit. auto.»\nQed.\n",
    "marks": "Lemma a : 2 = 2.\n«(* prove *)»\nLemma b : 3 = 3. (* b *)\nProof. «(* prove *) Admitted.» (* c *)\n",
    "comments": "Lemma a (* 1 *) : True. (* 2 *)\n(* 3 *) Proof. (* 4 é𝔸 *)\n  (* 5 *)\n«Admitted.» (* 6 *)\n",
    "other line ends": "Goal 1 = 1 /\\ 2 = 2.\r\nProof.\r\n  split.\r\n  - «admit.»\r\n  - simpl.\r\n«Admitted.»\r\n",
    "tabs": "Section S.\n\tLemma a (n : nat) : n + 0 = n.\n\tProof.\n\t\t(* é *)\n\t«Admitted.»\nEnd S.\n",
    "obligation": "Require Import Program Lia.\n" + PROGRAM + "  Next Obligation.\n  «Admitted.»\n",
}


@pytest.fixture(scope="module")
def http(checker_address: str) -> Iterator[httpx2.Client]:
    process = ProverProcess(checker_address)
    with httpx2.Client(base_url=process.url, timeout=300) as client:
        yield client
    assert process.stop() == 0
    assert not any("Traceback" in line for line in process.lines), process.lines


def fill(http: httpx2.Client, text: str, **more: object) -> dict[str, Any]:
    found: dict[str, Any] = http.post("/v1/fill", json={"text": text, "budget_cpu_s": 20, **more}).json()
    return found


def coqc(toolchain: Toolchain, folder: Path, text: str) -> None:
    """Compiles a text."""
    file = folder / "Filled.v"
    file.write_bytes(text.encode())
    argv = toolchain.command("coqc", "-q", str(file), writable=[folder], working_directory=folder)
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{text}\n{done.stderr}"


@pytest.mark.parametrize("name", TEXTS)
def test_every_other_byte_is_left(name: str, http: httpx2.Client, toolchain: Toolchain, tmp_path: Path) -> None:
    kept = re.split("«[^»]*»", TEXTS[name])
    answer = fill(http, re.sub("[«»]", "", TEXTS[name]))
    assert answer["filled"] == answer["places"] > 0, answer
    # What a proof requires stands before its theorem.
    text = re.sub(r"From (?:Coq|Stdlib) Require Import Lia\.\r?\n\s*", "", answer["text"])
    parts = r"((?:(?!Admitted|admit|Abort|give_up)(?:.|\r?\n))+?)".join(re.escape(one) for one in kept)
    found = re.fullmatch(parts, text)
    assert found is not None, answer["text"]
    line_ends = {one.count("\r\n") == one.count("\n") for one in found.groups() if "\n" in one}
    assert line_ends <= {"\r\n" in TEXTS[name]}
    coqc(toolchain, tmp_path, answer["text"])


def test_proofs_are_indented_as_the_file_is(http: httpx2.Client) -> None:
    text = "Module M.\n\tLemma z : True.\n\tProof.\n\t\texact I.\n\tQed.\n" + DOUBLE
    answer = fill(http, text + "\tLemma a (n : nat) : f n = n + n.\n\tProof.\n\tAdmitted.\nEnd M.\n")
    assert re.search(r"\n\tProof\.\n\t\t\S.*(\n\t\t\S.*)+\n\tQed\.\nEnd M\.\n$", answer["text"]), answer["text"]


def test_what_the_annotation_forbids_is_said(http: httpx2.Client) -> None:
    text = (
        SECTION + "Lemma a : x = 1.\nProof using y.\nAdmitted.\nLemma b : y = 2.\nProof using y.\nAdmitted.\nEnd S.\n"
    )
    answer = fill(http, text, theorems=["a"], budget_cpu_s=2)
    (one,) = answer["theorems"]
    assert (answer["filled"], answer["text"], one["edits"]) == (0, text, [])
    assert one["result"]["verdict"] in ("NOT_PROVED", "TIMEOUT")
    assert "under `Proof using y.`" in one["result"]["message"]
    assert "Hx" in one["result"]["message"]


def test_the_steps_tell_the_edits(http: httpx2.Client) -> None:
    request = {"text": f"{SPLIT}\nAdmitted.\n", "budget_cpu_s": 8}
    answer = http.post("/v1/fill", json=request).json()
    (theorem,) = answer["theorems"]
    assert theorem["result"]["script"].startswith("Proof.\n  split.\n  - ")
    with http.stream("GET", f"/v1/attempts/{answer['id']}/events") as response:
        data = [json.loads(line[5:]) for line in response.iter_lines() if line.startswith("data:")]
    (told,) = [one for one in data if one.get("theorem") == "a" and "edits" in one]
    assert told["edits"] == theorem["edits"] != []


def test_admitted_obligations_are_told(http: httpx2.Client) -> None:
    text = f"Require Import Program.\n{PROGRAM}Admit Obligations.\n"
    answer = fill(http, text)
    (one,) = answer["theorems"]
    assert (answer["filled"], answer["text"]) == (0, text)
    assert "Next Obligation" in one["result"]["message"]


def test_a_text_may_leave_a_section_open(http: httpx2.Client) -> None:
    """An editor's text is filled while it is written: that coqc would not end it so takes no proof back."""
    text = "Module M.\nSection S.\nLemma a : True.\nProof.\nAdmitted.\nLemma b : a = a.\nProof.\nAdmitted.\n"
    answer = fill(http, text)
    assert answer["filled"] == answer["places"] == 2, answer
