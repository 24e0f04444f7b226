"""A library that a toolchain does not have: Coq's message goes on with what to do, wherever it is told."""

from dataclasses import replace
from pathlib import Path

import pytest

from coq_checker.client import EnvironmentFailedError, FreeStatement, Options, SyncCheckerClient, Verdict
from coq_checker.missing import library_remedy, missing_remedy, with_remedy
from coq_checker.toolchain import Toolchain
from coq_checker.toolchain.recipe import COQ_8_20, RECIPES, ROCQ_9_2

LOST = "From Lost Require Import Thing.\n"
BIND = "bind the folder of its project with -Q or -R in _CoqProject"


def other_text(toolchain: Toolchain) -> tuple[str, str]:
    """A `Require` that the toolchain does not answer, and what its remedy names."""
    if toolchain.version < (9,):
        return "From Stdlib Require Import Lia.\n", f"`--toolchain {ROCQ_9_2.name}`"
    return LOST, BIND


def test_everything_that_a_service_answers_tells_it(checker: SyncCheckerClient, each_toolchain: Toolchain) -> None:
    text, remedy = other_text(each_toolchain)
    name = each_toolchain.name
    target = FreeStatement("Lemma a : True.", text, toolchain=name)
    with pytest.raises(EnvironmentFailedError) as failed:
        checker.check_proof(target, "Proof. exact I. Qed.")
    said = [str(failed.value)]
    if text != LOST:  # a prelude may not hold that
        plain, options = FreeStatement("Lemma a : True.", "", toolchain=name), Options(prelude=text.strip())
        with pytest.raises(EnvironmentFailedError) as failed:
            checker.check_proof(plain, "exact I.", options=options)
        said.append(str(failed.value))
    with pytest.raises(EnvironmentFailedError) as failed, checker.session(target):
        pass
    said.append(str(failed.value))
    (answer,) = checker.check_file(text=f"{text}Lemma a : True. Proof. exact I. Qed.\n", toolchain=name)
    assert answer.result.verdict is Verdict.ERROR
    said.append(answer.result.message)
    for one in said:
        assert "physical path" in one and remedy in one and one.count(remedy) == 1, one
        assert one.endswith(".") and "toolchain use" not in one


def message(name: str, prefix: str) -> str:
    return f"Cannot find a physical path bound to logical path {name} with prefix {prefix}."


def test_one_that_is_built_need_not_be_built_and_one_that_is_not_has_to_be(
    toolchain: Toolchain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = replace(toolchain, name=COQ_8_20.name, coq_version="8.20.1")
    monkeypatch.setenv("PALMETTO_CACHE", str(tmp_path))
    ensure = f"palmetto toolchain ensure {ROCQ_9_2.name}"
    remedy = library_remedy("Stdlib", "List", old)
    assert ensure in remedy and "--toolchain rocq-9.2" in remedy and "from `Coq`" in remedy
    (tmp_path / "toolchains" / ROCQ_9_2.root_name("forky")).mkdir(parents=True)
    remedy = library_remedy("Stdlib", "List", old)
    assert "ensure" not in remedy and "--toolchain rocq-9.2" in remedy and 'toolchain = "rocq-9.2"' in remedy
    assert "from `Coq`" not in library_remedy("Corelib", "Init.Nat", old)


def test_a_library_that_was_left_out_is_told_with_a_toolchain_that_has_it(
    toolchain: Toolchain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PALMETTO_CACHE", str(tmp_path))
    for recipe in RECIPES.values():
        notes = tmp_path / "toolchains" / recipe.root_name(recipe.suites[0]) / "usr/share/palmetto/left-out"
        notes.parent.mkdir(parents=True)
        notes.write_text("libcoq-mathcomp\tE: no\n" if recipe is ROCQ_9_2 else "")
    root = tmp_path / "toolchains" / ROCQ_9_2.root_name(ROCQ_9_2.suites[0])
    new = replace(toolchain, name=ROCQ_9_2.name, coq_version="9.2", root=root)
    remedy = missing_remedy(message("ssreflect.ssreflect", "mathcomp"), new)
    assert remedy is not None and "the toolchain coq-8.20 has it" in remedy and "`--toolchain coq-8.20`" in remedy
    notes = tmp_path / "toolchains" / COQ_8_20.root_name("trixie") / "usr/share/palmetto/left-out"
    notes.write_text("libcoq-mathcomp\tE: no\n")
    remedy = missing_remedy(message("ssreflect.ssreflect", "mathcomp"), new)
    assert remedy is not None and "`palmetto toolchain show rocq-9.2` tells why" in remedy


def test_other_messages_stay_as_they_are(toolchain: Toolchain) -> None:
    assert with_remedy("The reference foo was not found.", toolchain) == "The reference foo was not found."
    assert with_remedy(message("X", "Nowhere"), toolchain) == f"{message('X', 'Nowhere')[:-1]}; {BIND}."
