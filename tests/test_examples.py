"""The examples compile, and rest on just the axioms that their page says."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from coq_checker.toolchain import Toolchain

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
CLASSICAL = {"peirce", "drinker"}
NAMED = re.compile(
    r"^\s*(?:#\[export\] )?(?:Theorem|Lemma|Fact|Remark|Corollary|Proposition|Property|Example|Instance|with)"
    r"\s+(\w+) \(?(?:\w|\{)",
    re.MULTILINE,
)


def files() -> list[str]:
    lines = (EXAMPLES / "_CoqProject").read_text().split()
    return [line for line in lines if line.endswith(".v")]


def test_the_project_lists_every_file() -> None:
    assert sorted(files()) == sorted(path.name for path in EXAMPLES.glob("*.v"))


@pytest.fixture(scope="module")
def compiled(each_toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> tuple[Toolchain, Path]:
    """A compiled copy of the project: the checkout stays clean."""
    folder = tmp_path_factory.mktemp("examples")
    for name in files():
        shutil.copy(EXAMPLES / name, folder)
        compile_file(each_toolchain, folder, name)
    return each_toolchain, folder


def compile_file(toolchain: Toolchain, folder: Path, name: str) -> str:
    argv = toolchain.coqc_command("-Q", ".", "Example", name, writable=[folder], working_directory=folder)
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    # They are written for both: what Rocq would rather have said otherwise (`Require Import Arith`), Coq 8 has not.
    warnings = re.findall(r"^Warning:", done.stderr, re.MULTILINE)
    deprecated = re.findall(r"\[[\w,.-]+,deprecated,default\]$", done.stderr, re.MULTILINE)
    assert len(warnings) == (len(deprecated) if toolchain.version >= (9,) else 0), done.stderr
    assert bool(warnings) == bool(done.stderr), done.stderr
    return done.stdout


def test_only_the_classical_theorems_use_an_axiom(compiled: tuple[Toolchain, Path]) -> None:
    toolchain, folder = compiled
    names = {
        name: Path(file).stem
        for file in files()
        for name in NAMED.findall((EXAMPLES / file).read_text())
        if name not in ("odd", "n")
    }
    assert len(names) >= 25
    assert names.keys() >= CLASSICAL
    lines = ["From Example Require Import Arith ListFacts Logic Trees Compiler.", "Import Trees.Tree."]
    lines += [f"Print Assumptions {file}.{name}." for name, file in names.items() if file != "Trees"]
    lines += [f"Print Assumptions {name}." for name, file in names.items() if file == "Trees"]
    (folder / "Audit.v").write_text("\n".join(lines))
    answers = compile_file(toolchain, folder, "Audit.v")
    assert answers.count("Closed under the global context") == len(names) - len(CLASSICAL)
    assert answers.count("classic : forall P : Prop, P \\/ ~ P") == len(CLASSICAL)
