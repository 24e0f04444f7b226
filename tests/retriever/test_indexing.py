"""Building indexes: what is found, what is read again, and what interruptions and other builders do to it."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from coq_checker.client import CheckerClient
from coq_checker.toolchain import Toolchain
from retriever.index.pack import open_pack
from retriever.index.place import current_pack, locked, unit_folder
from retriever.index.record import FORMAT, Record, read_record
from retriever.indexing import Built, CheckerAsker, IndexFailedError, SourceFile, Unit, build_index
from retriever.registry import Registry

from ..coq_checker.servers import EXAMPLES, start_server

PROJECT = """Require Import Arith.

Section Box.
Variable A : Type.
Inductive box : Type := empty | full (a : A).
Definition size (b : box) : nat := match b with empty => 0 | full _ => 1 end.
Lemma size_full (a : A) : size (full a) = 1.
Proof. reflexivity. Qed.
End Box.

Module Inner.
Lemma twice (A : Type) (b : box A) : size A b + 0 = 0 + size A b.
Proof. rewrite Nat.add_comm. reflexivity. Qed.
End Inner.

Notation old := size_full (only parsing).
Lemma uses_old : size nat (full nat 3) = 1.
Proof. apply old. Qed.
Lemma never : 1 = 2.
Proof. Admitted.
"""
SECOND = "Require Import Box.\nLemma again : size nat (full nat 4) = 1.\nProof. apply size_full. Qed.\n"


def library(toolchain: Toolchain, *folders: str) -> Unit:
    """A part of the standard library."""
    root = toolchain.standard_library
    theories = toolchain.library_folders[root]
    files = []
    for folder in folders:
        for path in sorted((theories / folder).rglob("*.v")):
            parts = path.relative_to(theories).with_suffix("").parts
            name = ".".join((root, *parts))
            files.append(SourceFile(path.relative_to(theories).as_posix(), name, path, path.with_suffix(".glob")))
    return Unit(root, f"{toolchain.key}/{toolchain.coq_version}/{root}", False, tuple(files))


def build(unit: Unit, root: Path) -> Built:
    return asyncio.run(build_index(unit, root))


def records(folder: Path) -> dict[str, Record]:
    found = [read_record(file) for file in (folder / f"records-{FORMAT}").glob("*.json")]
    return {one.path: one for one in found if one is not None}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "boxes"
    folder.mkdir()
    (folder / "_CoqProject").write_text('-Q . ""\nBox.v\nAgain.v\n')
    (folder / "Box.v").write_text(PROJECT)
    (folder / "Again.v").write_text(SECOND)
    return folder


def compiled(folder: Path, toolchain: Toolchain, target: Path) -> Unit:
    """The project as a unit, compiled in a copy."""
    target.mkdir(exist_ok=True)
    files = []
    for name in ("Box", "Again"):
        (target / f"{name}.v").write_bytes((folder / f"{name}.v").read_bytes())
        argv = toolchain.command(
            "coqc", "-q", "-Q", str(target), "", str(target / f"{name}.v"), writable=[target], working_directory=target
        )
        subprocess.run(argv, check=True, capture_output=True, timeout=60)
        files.append(SourceFile(f"{name}.v", name, folder / f"{name}.v", target / f"{name}.glob"))
    return Unit("boxes", str(folder), True, tuple(files))


async def asked(unit: Unit, folder: Path, root: Path) -> Built:
    server = await asyncio.to_thread(start_server, f"boxes={folder}")
    try:
        async with CheckerClient(server.address) as client:
            return await build_index(unit, root, asker=CheckerAsker(client))
    finally:
        await asyncio.to_thread(server.stop)


def test_what_is_found_in_a_project(project: Path, toolchain: Toolchain, tmp_path: Path) -> None:
    unit = compiled(project, toolchain, tmp_path / "compiled")
    built = asyncio.run(asked(unit, project, tmp_path / "index"))
    assert built.notes == ()
    assert (built.files, built.fresh) == (2, 2)
    box = records(built.folder)["Box.v"]
    entries = {one.name: one for one in box.entries}
    words = {name: entries[f"Box.{name}"].word for name in ("box", "empty", "full", "size", "size_full", "Inner.twice")}
    assert words == {
        "box": "Inductive",
        "empty": "Constructor",
        "full": "Constructor",
        "size": "Definition",
        "size_full": "Lemma",
        "Inner.twice": "Lemma",
    }
    assert entries["Box.full"].source == "full (a : A)"
    assert entries["Box.size_full"].printed == "forall (A : Type) (a : A), size A (full A a) = 1"
    assert entries["Box.size_full"].section == "Box"
    assert entries["Box.box_ind"].word == "Scheme"
    source = PROJECT.encode()
    assert entries["Box.size_full"].start == source.index(b"Lemma size_full")
    assert entries["Box.size_full"].end == source.index(b"Qed.") + 4
    proofs = {one.name: one for one in box.proofs}
    assert f"{toolchain.standard_library}.Arith.PeanoNat.Nat.add_comm" in proofs["Box.Inner.twice"].premises
    assert proofs["Box.uses_old"].premises == ("Box.old",)
    assert dict(box.aliases)["Box.old"] == "Box.size_full"
    steps = proofs["Box.Inner.twice"].steps
    rewrite = next(one for one in steps if source[one.start : one.end] == b"rewrite Nat.add_comm.")
    assert rewrite.goal == "size A b + 0 = 0 + size A b"
    assert [one.names for one in rewrite.hypotheses] == [("A",), ("b",)]
    assert box.requires == (f"{toolchain.standard_library}.Arith.Arith",)
    assert records(built.folder)["Again.v"].requires == ("Box",)


def test_only_what_has_changed_is_read_again(project: Path, toolchain: Toolchain, tmp_path: Path) -> None:
    root = tmp_path / "index"
    first = build(compiled(project, toolchain, tmp_path / "compiled"), root)
    assert first.fresh == 2
    pack = current_pack(first.folder)
    assert build(compiled(project, toolchain, tmp_path / "compiled"), root).fresh == 0
    assert current_pack(first.folder) == pack
    (project / "Again.v").write_text(SECOND.replace("again", "anew"))
    assert build(compiled(project, toolchain, tmp_path / "compiled"), root).fresh == 1
    assert "Again.anew" in {one.name for one in records(first.folder)["Again.v"].entries}
    # What requires a changed file may meet other goals, and is read again too.
    (project / "Box.v").write_text(PROJECT.replace("never", "ever"))
    assert build(compiled(project, toolchain, tmp_path / "compiled"), root).fresh == 2
    assert current_pack(first.folder) != pack
    assert pack is not None
    assert not pack.exists()


def test_a_file_that_was_not_compiled_is_read_by_its_sentences(project: Path, tmp_path: Path) -> None:
    files = (SourceFile("Box.v", "Box", project / "Box.v", tmp_path / "none.glob"),)
    built = build(Unit("boxes", "x", True, files), tmp_path / "index")
    assert built.notes == ("Box.v has no .glob file, so what its proofs use is not known.",)
    (record,) = records(built.folder).values()
    names = {one.name for one in record.entries}
    assert {"Box.size_full", "Box.Inner.twice", "Box.size", "Box.box"} <= names
    assert record.requires == ("|Arith",)


def test_a_source_that_is_gone_is_named_and_costs_no_other(project: Path, tmp_path: Path) -> None:
    files = tuple(
        SourceFile(f"{name}.v", name, project / f"{name}.v", tmp_path / "none.glob") for name in ("No", "Box")
    )
    built = build(Unit("boxes", "x", True, files), tmp_path / "index")
    assert built.files == 1
    assert built.notes[0].startswith(f"{project / 'No.v'} cannot be read (No such file or directory): ")
    unit = Unit("library", "x", False, files[:1])
    with pytest.raises(IndexFailedError, match=r"No\.v cannot be read"):
        build(unit, tmp_path / "index")


def test_what_another_toolchain_compiled_is_read_anew(project: Path, tmp_path: Path) -> None:
    files = (SourceFile("Box.v", "Box", project / "Box.v", tmp_path / "none.glob"),)
    read = [
        build(Unit("boxes", "x", True, files, made), tmp_path / "index").fresh for made in ("a", "a", "b", "b", "a")
    ]
    assert read == [1, 0, 1, 0, 1]


async def test_what_another_version_removes_meanwhile_is_made_again(project: Path, tmp_path: Path) -> None:
    unit = Unit("boxes", "x", True, (SourceFile("Box.v", "Box", project / "Box.v", tmp_path / "none.glob"),))
    first = await build_index(unit, tmp_path / "index")
    async with locked(first.folder):
        waiting = asyncio.create_task(build_index(unit, tmp_path / "index"))
        await asyncio.sleep(0)  # it begins, and waits
        for records in first.folder.glob("records-*"):
            shutil.rmtree(records)
    assert (await waiting).fresh == 1


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("in the way")
    with pytest.raises(IndexFailedError, match="cannot be written"):
        build(Unit("boxes", "x", True, ()), tmp_path / "index")


RUN = """
import asyncio, sys
from pathlib import Path
sys.path[:0] = {path!r}
from coq_checker.toolchain import find_toolchain
from tests.retriever.test_indexing import library
from retriever.indexing import build_index
built = asyncio.run(build_index(library(find_toolchain(), *{folders!r}), Path({root!r})))
print(built.fresh)
"""
FOLDERS = ("Init", "Lists", "Arith", "Bool", "ZArith", "Logic", "Reals")


def builder(root: Path) -> "subprocess.Popen[str]":
    code = RUN.format(path=[str(EXAMPLES.parent)], folders=FOLDERS, root=str(root))
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def arrays(folder: Path) -> bytes:
    pack = current_pack(folder)
    assert pack is not None
    open_pack(pack)
    return (pack / "arrays.bin").read_bytes()


def test_a_killed_builder_loses_little_and_breaks_nothing(toolchain: Toolchain, tmp_path: Path) -> None:
    unit = library(toolchain, *FOLDERS)
    folder = unit_folder(tmp_path / "index", unit.name, f"0\0{unit.key}")
    child = builder(tmp_path / "index")
    deadline = time.monotonic() + 60
    while len(list((folder / f"records-{FORMAT}").glob("*.json"))) < 20:
        assert child.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.001)
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    assert child.returncode == -signal.SIGKILL
    assert current_pack(folder) is None
    kept = len(records(folder))
    assert kept >= 20
    again = build(unit, tmp_path / "index")
    assert again.fresh == len(unit.files) - kept
    assert arrays(folder) == arrays(build(unit, tmp_path / "other").folder)
    assert list(folder.rglob("*.part")) == []


def test_builders_at_the_same_time_wait_for_each_other(toolchain: Toolchain, tmp_path: Path) -> None:
    children = [builder(tmp_path / "index") for _ in range(3)]
    fresh = []
    for child in children:
        out, err = child.communicate(timeout=120)
        assert child.returncode == 0, err
        fresh.append(int(out))
    unit = library(toolchain, *FOLDERS)
    # One of them reads everything, the others find it done.
    assert sorted(fresh) == [0, 0, len(unit.files)]
    folder = unit_folder(tmp_path / "index", unit.name, f"0\0{unit.key}")
    assert arrays(folder) == arrays(build(unit, tmp_path / "other").folder)


@pytest.mark.parametrize("damage", ["arrays", "record", "version"])
def test_a_damaged_index_is_built_again(toolchain: Toolchain, tmp_path: Path, damage: str) -> None:
    unit = library(toolchain, "Bool")
    built = build(unit, tmp_path)
    sound = arrays(built.folder)
    pack = current_pack(built.folder)
    assert pack is not None
    record = next((built.folder / f"records-{FORMAT}").glob("*.json"))
    if damage == "arrays":
        (pack / "arrays.bin").write_bytes(sound[:-100])
    elif damage == "record":
        record.write_text(record.read_text()[:-50])
    else:
        record.write_text(record.read_text().replace(f"[{FORMAT},", f"[{FORMAT + 1},", 1))
        (pack / "manifest.json").write_text("{}")
    assert build(unit, tmp_path).fresh == (0 if damage == "arrays" else 1)
    assert arrays(built.folder) == sound
    assert [one.name for one in Registry(tmp_path).list()] == [toolchain.standard_library]


def test_the_command_says_what_it_did_and_what_it_cannot(indexed: Path) -> None:
    palmetto = Path(sys.executable).with_name("palmetto")

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([palmetto, "index", *arguments], capture_output=True, text=True, timeout=120, check=False)

    done = run(f"examples={EXAMPLES}")
    assert done.returncode == 0
    assert "examples: 5 files (0 read now)" in done.stdout
    for arguments, says in ((["no-such-project"], "no project"), ([str(EXAMPLES), "--checker", "127.0.0.1:1"], "")):
        done = run(*arguments)
        if says:
            assert done.returncode == 2
            (line,) = done.stderr.splitlines()
            assert line.startswith("palmetto: ")
            assert says in line
        assert "Traceback" not in done.stderr
