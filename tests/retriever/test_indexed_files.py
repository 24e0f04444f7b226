"""What files of many forms give to an index, asked of real Coq: one that Coq cannot load or print costs little."""

import asyncio
import subprocess
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import pytest

from coq_checker.client import CheckerClient, CheckerError
from coq_checker.toolchain import Toolchain
from retriever.index.asking import Listing
from retriever.index.record import FORMAT, Entry, read_record
from retriever.indexing import Built, CheckerAsker, IndexFailedError, SourceFile, Unit, build_index

from ..coq_checker.servers import start_server

T = TypeVar("T")
PART_KINDS = ("constr", "proj", "meth")
# The symbol is the first file's, and the second one does not export it: Coq cannot print it after `Import` alone.
SYMBOL = 'Reserved Infix "=<=" (at level 70, no associativity).\n'
ORDER = """Require Import Symbol.
Universe u. Universe v. Constraint u < v.
Inductive tree : Type@{v} := node (A : Type@{u}) (f : A -> tree).
Inductive order (n : nat) : nat -> Prop := refl : n =<= n | step : forall m, n =<= m -> n =<= S m
where "n =<= m" := (order n m).
Lemma order_0 (n : nat) : n =<= n.
Proof. apply refl. Qed.
Definition other := 3.
"""


class Project:
    """A project in a folder, compiled beside it."""

    def __init__(self, folder: Path, files: Mapping[str, str], toolchain: Toolchain, arguments: Sequence[str] = ()):
        self.folder = folder / "project"
        target = folder / "compiled"
        self.folder.mkdir()
        target.mkdir()
        given = "".join(f"-arg {one}\n" for one in arguments)
        (self.folder / "_CoqProject").write_text(f'-Q . ""\n{given}' + "".join(f"{name}.v\n" for name in files))
        sources = []
        for name, text in files.items():
            for where in (self.folder, target):
                (where / f"{name}.v").write_text(text)
            argv = ["coqc", "-q", *arguments, "-Q", str(target), "", str(target / f"{name}.v")]
            command = toolchain.command(*argv, writable=[target], working_directory=target)
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            assert (done.returncode == 0) is (name != "Broken"), done.stderr
            sources.append(SourceFile(f"{name}.v", name, self.folder / f"{name}.v", target / f"{name}.glob"))
        self.unit = Unit("kinds", str(self.folder), True, tuple(sources))

    def index(self, root: Path) -> tuple[Built, dict[str, Entry]]:
        """The index, and its entries by name."""
        built = asyncio.run(self._with_checker(lambda asker: build_index(self.unit, root, asker=asker)))
        records = [read_record(file) for file in (built.folder / f"records-{FORMAT}").glob("*.json")]
        return built, {one.name: one for record in records if record is not None for one in record.entries}

    def printed(self) -> dict[str, Listing]:
        """What Coq says of all files, asked about together."""
        files = [(one, one.source.read_bytes()) for one in self.unit.files]
        return asyncio.run(self._with_checker(lambda asker: asker.printed(self.unit, files)))

    async def _with_checker(self, ask: Callable[[CheckerAsker], Coroutine[None, None, T]]) -> T:
        server = await asyncio.to_thread(start_server, f"kinds={self.folder}", slots=1)
        try:
            async with CheckerClient(server.address) as client:
                return await ask(CheckerAsker(client))
        finally:
            assert await asyncio.to_thread(server.stop) == 0


def test_a_notation_that_is_not_exported_costs_nothing(toolchain: Toolchain, tmp_path: Path) -> None:
    project = Project(tmp_path, {"Symbol": SYMBOL, "Order": ORDER}, toolchain)
    built, entries = project.index(tmp_path / "index")
    assert built.notes == ()
    assert entries["Order.order_0"].printed == "forall n : nat, n =<= n"
    assert entries["Order.other"].printed == "nat"
    assert entries["Order.tree_rect"].printed.startswith("forall P : tree -> Type")


def test_what_no_import_prints_is_printed_without_notations(toolchain: Toolchain, tmp_path: Path) -> None:
    # The symbol is nobody's to import.
    order = ORDER.replace("Require Import Symbol.", f"#[local] {SYMBOL}")
    built, entries = Project(tmp_path, {"Order": order}, toolchain).index(tmp_path / "index")
    assert built.notes == ()
    assert entries["Order.order_0"].printed == "forall n : nat, order n n"
    assert entries["Order.other"].printed == "nat"


def test_files_that_cannot_be_loaded_together(toolchain: Toolchain, tmp_path: Path) -> None:
    files = {
        "Levels": "Universe u. Universe v.\n",
        "Up": "Require Import Levels.\nConstraint u < v.\nDefinition up := 1.\n",
        "Down": "Require Import Levels.\nConstraint v < u.\nDefinition down := 2.\n",
        "Broken": "Definition broken : nat := true.\n",
    }
    found = Project(tmp_path, files, toolchain).printed()
    assert [one.name for one in found["Up"].printed] == ["Up.up"]
    assert [one.name for one in found["Down"].printed] == ["Down.down"]
    assert found["Broken"].printed == ()
    assert "Broken" in found["Broken"].problem


def test_one_file_that_does_not_build_costs_itself(toolchain: Toolchain, tmp_path: Path) -> None:
    files = {"Broken": "Definition broken : nat := true.\n", "Fine": "Lemma fine : True.\nProof. exact I. Qed.\n"}
    built, entries = Project(tmp_path, files, toolchain).index(tmp_path / "index")
    assert entries["Fine.fine"].printed == "True"
    (note,) = [one for one in built.notes if "cannot be loaded by Coq" in one]
    assert note.startswith("Broken.v cannot be loaded by Coq: ")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["-noinit"], "Inductive bit : Set := on | off.\nDefinition swap (b : bit) : bit := b.\n"),
        (
            ["-indices-matter"],
            "Inductive path (A : Type) (x : A) : A -> Type := here : path A x x.\nDefinition swap := 1.\n",
        ),
        (["-impredicative-set"], "Definition swap : Set := forall A : Set, A -> A.\n"),
    ],
)
def test_options_of_projects(arguments: list[str], text: str, toolchain: Toolchain, tmp_path: Path) -> None:
    built, entries = Project(tmp_path, {"Only": text}, toolchain, arguments).index(tmp_path / "index")
    assert built.notes == ()
    assert entries["Only.swap"].printed


PARTS = """
Inductive even : nat -> Prop := E0 : even 0 | ES : forall n, odd n -> even (S n)
with odd : nat -> Prop := OS : forall n, even n -> odd (S n) (* with nothing *) with third : Prop := T : third.
Reserved Notation "x === y" (at level 70).
Inductive same : nat -> nat -> Prop := S0 : 0 === 0 | SS (n m : nat) : n === m -> S n === S m
where "x === y" := (same x y).
Inductive cases (n : nat) : Prop :=
  | C1 : match n with 0 => True | _ => match n with 1 => True | _ => False end end -> cases n
  | C2 : (let k := match n with O => 1 | S _ => 2 end in k = n) -> others n -> cases n
with others (n : nat) : Prop := Oth : others n.
CoInductive stream := more : nat -> stream -> stream with stop := Stop.
Variant color := red | green (n : nat).
Record point := mk { px : nat; py : match px with O => nat | _ => bool end }.
Inductive box := Box { inner : bag } with bag := Bag { outer : nat -> box; size : nat (* with *) }.
Class has (A : Type) := { value : A; law : value = value }.
Module M.
  Inductive α := β : nat -> α | γ' (é : α).
End M.
"""


def test_texts_of_constructors_and_fields(toolchain: Toolchain, tmp_path: Path) -> None:
    project = Project(tmp_path, {"Parts": PARTS}, toolchain)
    built = asyncio.run(build_index(project.unit, tmp_path / "index"))
    assert built.notes == ()
    (file,) = (built.folder / f"records-{FORMAT}").glob("*.json")
    record = read_record(file)
    assert record is not None
    found = {one.name.removeprefix("Parts."): one.source for one in record.entries if one.kind in PART_KINDS}
    assert found == {
        "E0": "E0 : even 0",
        "ES": "ES : forall n, odd n -> even (S n)",
        "OS": "OS : forall n, even n -> odd (S n)",
        "T": "T : third",
        "S0": "S0 : 0 === 0",
        "SS": "SS (n m : nat) : n === m -> S n === S m",
        "C1": "C1 : match n with 0 => True | _ => match n with 1 => True | _ => False end end -> cases n",
        "C2": "C2 : (let k := match n with O => 1 | S _ => 2 end in k = n) -> others n -> cases n",
        "Oth": "Oth : others n",
        "more": "more : nat -> stream -> stream",
        "Stop": "Stop",
        "red": "red",
        "green": "green (n : nat)",
        "px": "px : nat",
        "py": "py : match px with O => nat | _ => bool end",
        "inner": "inner : bag",
        "outer": "outer : nat -> box",
        "size": "size : nat",
        "value": "value : A",
        "law": "law : value = value",
        "M.β": "β : nat -> α",
        "M.γ'": "γ' (é : α)",
    }


def test_a_checker_that_is_gone_is_no_fault_of_a_file(toolchain: Toolchain, tmp_path: Path) -> None:
    project = Project(tmp_path, {"Only": "Definition one := 1.\n"}, toolchain)

    async def build() -> Built:
        async with CheckerClient("127.0.0.1:1") as client:
            return await build_index(project.unit, tmp_path / "index", asker=CheckerAsker(client))

    with pytest.raises((IndexFailedError, CheckerError), match="checker"):
        asyncio.run(build())
    built, entries = project.index(tmp_path / "index")
    assert built.notes == ()
    assert entries["Only.one"].printed == "nat"
