"""The axioms of a proof are those of what the kernel got from this very proof, whatever names its text gives."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from coq_checker.client import (
    CheckedTheorem,
    Options,
    Reason,
    SyncCheckerClient,
    Verdict,
)
from coq_checker.engine.options import EngineOptions
from coq_checker.engine.start import engine_options
from coq_checker.environment import Environment
from coq_checker.gates.axioms import AxiomPolicy
from coq_checker.metrics import Metrics
from coq_checker.pool.pool import Pool
from coq_checker.server.files import FileAsk, FileChecks
from coq_checker.settings import CheckerSettings
from coq_checker.toolchain import Toolchain

from .test_check_file import PROVED, outcomes

ADMITTED = (Verdict.INCOMPLETE, Reason.ADMITTED)
FALSE = "Lemma admitted_one : 0 = 1. Proof. Admitted.\n"


def axioms(answers: list[CheckedTheorem]) -> dict[str, list[str]]:
    return {one.theorem.name: [name.rpartition(".")[2] for name in one.result.axioms] for one in answers}


# Proofs that end under another name than they began with, and what each makes besides.
RENAMED = {
    "a name of the library's": "Lemma plus_n_O : 0 = 1. Proof. exact admitted_one. Defined zero_is_one.",
    "a name that nothing has": "Lemma nothing : 0 = 1. Proof. exact admitted_one. Defined zero_is_one.",
    "Save": "Lemma plus_n_O : 0 = 1. Proof. exact admitted_one. Save zero_is_one.",
    "a lemma inside has the stated name": (
        "Lemma inner : True /\\ 0 = 1. Proof. split. abstract (exact I) using inner. exact admitted_one. "
        "Defined zero_is_one."
    ),
    "in a module": "Module M. Lemma plus_n_O : 0 = 1. exact admitted_one. Defined zero_is_one. End M.",
    "in a section": "Section S. Lemma plus_n_O : 0 = 1. exact admitted_one. Defined zero_is_one. End S.",
    "a goal": "Goal 0 = 1. exact admitted_one. Defined zero_is_one.",
}


class TestWhatAProofMade:
    """The axioms are those of the constant that the kernel got from this very proof."""

    @pytest.mark.parametrize("text", RENAMED.values(), ids=RENAMED)
    def test_another_name_at_the_end(self, checker: SyncCheckerClient, text: str) -> None:
        found = checker.check_file(text=FALSE + text)
        assert axioms(found)["zero_is_one"] == ["admitted_one"]
        strict = outcomes(checker.check_file(text=FALSE + text, options=Options(axioms=[])))
        (verdict,) = [one for name, one in strict.items() if name.endswith("zero_is_one")]
        assert verdict == (Verdict.REJECTED, Reason.FORBIDDEN_AXIOM)

    def test_the_same_name_elsewhere(self, checker: SyncCheckerClient) -> None:
        text = f"""{FALSE}
Module A. Lemma l : 1 = 1. Proof. reflexivity. Qed. End A.
Module B. Lemma l : 0 = 1. Proof. exact admitted_one. Qed. End B.
Import A.
Lemma l : 0 = 1. Proof. exact admitted_one. Qed.
Section S. Let v : 0 = 1. Proof. exact admitted_one. Qed. Let w : nat. Proof. exact 0. Defined. End S.
"""
        found = [(one.theorem.name, one.result.axioms != ()) for one in checker.check_file(text=text)]
        assert found[1:] == [("l", False), ("l", True), ("l", True), ("v", True), ("w", False)]

    def test_the_last_obligation_does_not_answer_for_the_others(self, checker: SyncCheckerClient) -> None:
        text = """Obligation Tactic := idtac.
Program Definition two (n : nat) : {m : nat | m = n} * {m : nat | n = m} := (n, n).
Next Obligation. Admitted.
Next Obligation. reflexivity. Qed.
"""
        found = checker.check_file(text=text)
        assert outcomes(found) == {"two_obligation_1": ADMITTED, "two_obligation_2": PROVED}
        assert found[1].result.axioms == ()


NESTED = """Set Nested Proofs Allowed. Axiom ax : False. Class Empty.
Lemma outer : True.
Lemma inner : True. exact I. Qed.
Lemma inner_bad : False. exact ax. Qed.
Instance empty : Empty. Qed.
Lemma inner_too : True. Proof. exact inner. Qed.
Proof. exact inner_too. Qed.
Goal True. Lemma last : True. exact I. Defined. exact last. Qed.
"""


@pytest.mark.parametrize("recheck", [False, True])
def test_proofs_inside_of_proofs(checker: SyncCheckerClient, recheck: bool) -> None:
    """Of several inside of one Coq's document tells the innermost alone, and has their bodies only behind it."""
    found = outcomes(checker.check_file(text=NESTED, options=Options(axioms=[], recheck=recheck)))
    names = ("outer", "inner", "inner_bad", "empty", "inner_too", "Unnamed_thm", "last")
    assert found == dict.fromkeys(names, PROVED) | {"inner_bad": (Verdict.REJECTED, Reason.FORBIDDEN_AXIOM)}


@pytest.fixture(params=["native"])
def options(request: pytest.FixtureRequest, toolchain: Toolchain) -> EngineOptions:
    """How each of the engines is started."""
    return engine_options(toolchain)


@pytest_asyncio.fixture
async def files(tmp_path: Path) -> AsyncIterator[FileChecks]:
    """Checks of files."""
    async with Pool(CheckerSettings(slots=1).pool, tmp_path, Metrics()) as pool:
        yield FileChecks(pool)


@pytest.mark.parametrize("text", RENAMED.values(), ids=RENAMED)
async def test_with_each_engine(files: FileChecks, options: EngineOptions, text: str) -> None:
    ask = FileAsk(CheckerSettings().default_limits, AxiomPolicy(environment=False))
    answers = [one async for one in files.check(Environment((FALSE + text).encode(), options), ask)]
    assert [(one.name, result.verdict) for one, result in answers][1:] == [("zero_is_one", Verdict.REJECTED)]


async def test_nested_proofs_with_each_engine(files: FileChecks, options: EngineOptions) -> None:
    """Coq holds what is proved inside back until the proof around it ends, and tells little of the second one."""
    text = FALSE + (
        "Set Nested Proofs Allowed.\nLemma outer : 0 = 1.\nLemma first : True. Proof. exact I. Qed.\n"
        "Lemma second : 0 = 1. Proof. exact admitted_one. Qed.\nLemma third : 1 = 1. Proof. reflexivity. Qed.\n"
        "exact second.\nQed.\n"
    )
    ask = FileAsk(CheckerSettings().default_limits, AxiomPolicy(environment=False))
    answers = [one async for one in files.check(Environment(text.encode(), options), ask)]
    found = {one.name: (result.verdict, [name.rpartition(".")[2] for name in result.axioms]) for one, result in answers}
    assert found == {
        "admitted_one": (Verdict.INCOMPLETE, []),
        "outer": (Verdict.REJECTED, ["admitted_one"]),
        "first": (Verdict.PROVED, []),
        "second": (Verdict.REJECTED, ["admitted_one"]),
        "third": (Verdict.PROVED, []),
    }
