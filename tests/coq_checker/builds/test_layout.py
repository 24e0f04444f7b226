"""Load paths of all shapes: names, folders inside and outside of the project, other projects."""

from pathlib import Path

import pytest

from coq_checker.builds import Build, BuildError, FileStatus, build_project, missing_libraries
from coq_checker.toolchain import Toolchain
from coqdata.project import ProjectError

from .conftest import MakeProject, snapshot

ONE = "Definition one := 1.\n"


def statuses(built: Build) -> dict[str, str]:
    return {one.path: one.status.value for one in built.files}


async def test_a_folder_without_a_project_file(make_project: MakeProject, toolchain: Toolchain) -> None:
    project = make_project("plain", None, A=ONE, sub__B="Require Import A.\n", C="Require Import sub.B.\n")
    built = await build_project(project, toolchain, jobs=2)
    assert statuses(built) == {"A.v": "ok", "sub/B.v": "ok", "C.v": "ok"}


async def test_several_bindings_and_an_order_that_is_not_the_listed_one(
    make_project: MakeProject, toolchain: Toolchain
) -> None:
    listing = "-Q theories My.Theory\n-R extra Extra\nextra/deep/Last.v\ntheories/B.v\ntheories/A.v\n"
    project = make_project(
        "bindings",
        listing,
        theories__A=ONE,
        theories__B="From My.Theory Require Export A.\n",
        extra__deep__Last="From My Require Import Theory.B.\nCheck one.\n",
    )
    built = await build_project(project, toolchain, jobs=2)
    assert [one.path for one in built.files] == ["theories/A.v", "theories/B.v", "extra/deep/Last.v"]
    assert built.problems == ()


async def test_a_file_named_like_a_library_of_coq(make_project: MakeProject, toolchain: Toolchain) -> None:
    """Under -Q a bare `List` is Coq's, so these files do not require each other in a circle."""
    project = make_project(
        "shadow",
        "-Q . Shadow\nList.v\nUser.v\n",
        List="From Shadow Require Import User.\n",
        User="Require Import List.\nCheck map.\n",
    )
    built = await build_project(project, toolchain, jobs=1)
    assert [one.path for one in built.files] == ["User.v", "List.v"]
    assert built.problems == ()


async def test_files_and_bindings_above_the_project(make_project: MakeProject, toolchain: Toolchain) -> None:
    make_project("above", None, lib__A=ONE)
    project = make_project("above/build", "-R .. Above\n../lib/A.v\nB.v\n", B="Require Import Above.lib.A.\n")
    built = await build_project(project, toolchain, jobs=1)
    assert statuses(built) == {"../lib/A.v": "ok", "B.v": "ok"}
    assert (built.folder / "B.vo").is_file()


async def test_other_projects_are_built_first_and_followed(make_project: MakeProject, toolchain: Toolchain) -> None:
    base = make_project("base", "-R . Base\nA.v\nBad.v\n", A=ONE, Bad="Definition x : nat := true.\n")
    middle = make_project("middle", "-Q ../base Base\n-Q src Mid\nsrc/M.v\n", src__M="Require Export Base.A.\n")
    top = make_project(
        "top",
        "-Q ../base Base\n-Q ../middle/src Mid\n-Q . Top\nT.v\n",
        T="From Mid Require Import M.\nLemma l : one = 1. Proof. reflexivity. Qed.\n",
    )
    trees = [snapshot(one.root) for one in (base, middle, top)]
    built = await build_project(top, toolchain, jobs=2)
    assert statuses(built) == {"../base/A.v": "ok", "../base/Bad.v": "failed", "../middle/src/M.v": "ok", "T.v": "ok"}
    assert [snapshot(one.root) for one in (base, middle, top)] == trees
    # What does not build is no business of a file that does not require it.
    only = await build_project(top, toolchain, jobs=2, only=top.root / "T.v")
    assert statuses(only) == {"../base/A.v": "ok", "../middle/src/M.v": "ok"}
    (base.root / "A.v").write_text("Definition one := 2.\n")
    again = await build_project(top, toolchain, jobs=2)
    by_path = {one.path: one for one in again.files}
    assert by_path["../middle/src/M.v"].compiled
    assert by_path["T.v"].status is FileStatus.FAILED
    assert by_path["T.v"].line == 2
    assert again != built


async def test_projects_in_a_circle_are_refused(make_project: MakeProject, toolchain: Toolchain) -> None:
    make_project("left", "-Q ../right Right\n-Q . Left\nL.v\n", L="")
    right = make_project("right", "-Q ../left Left\n-Q . Right\nR.v\n", R="")
    with pytest.raises(BuildError, match=r"need each other in a circle \(right -> left -> right\)"):
        await build_project(right, toolchain, jobs=1)


async def test_files_in_a_circle_are_refused(make_project: MakeProject, toolchain: Toolchain) -> None:
    project = make_project("ring", "-Q . R\nA.v\nB.v\n", A="Require R.B.\n", B="Require R.A.\n")
    with pytest.raises(BuildError, match=r"require each other in a circle \((A\.v -> B\.v -> A|B\.v -> A\.v -> B)"):
        await build_project(project, toolchain, jobs=1)


async def test_a_malformed_neighbour_is_named(make_project: MakeProject, toolchain: Toolchain, tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "_CoqProject").write_text("-Q 'open")
    project = make_project("asks", "-Q ../odd Odd\n-Q . Asks\nA.v\n", A=ONE)
    with pytest.raises(ProjectError, match="odd/_CoqProject is malformed"):
        await build_project(project, toolchain, jobs=1)


async def test_compiled_folders_without_a_project_file_are_bound_as_they_are(
    make_project: MakeProject, toolchain: Toolchain, tmp_path: Path
) -> None:
    library = make_project("library", "-R . Lib\nA.v\n", A=ONE)
    built = await build_project(library, toolchain, jobs=1)
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "A.vo").write_bytes((built.folder / "A.vo").read_bytes())
    listing = "-Q ../bare Lib\n-Q ../nowhere No\n-Q . Mine\nM.v\n"
    project = make_project("mine", listing, M="Require Lib.A.\nCheck Lib.A.one.\n")
    first = await build_project(project, toolchain, jobs=1)
    assert first.problems == ()
    assert missing_libraries(project, toolchain) == []
    (bare / "A.vo").write_bytes(b"of another Coq " * 50)
    again = await build_project(project, toolchain, jobs=1)
    assert again.fingerprint != first.fingerprint
    (problem,) = again.problems
    assert "holds files of another Coq: compile them with this one" in problem.message


def test_missing_libraries_with_their_remedies(make_project: MakeProject, toolchain: Toolchain) -> None:
    text = (
        "Require Import List Coq.ZArith.ZArith.\nFrom Coq Require Import Lia.\nRequire Import Some.B.\n"
        "From Flocq Require Import No.Such.\nFrom Lost Require Import Thing.\nRequire Import C.\n"
        "From Coq.Lists Require List.\nFrom Coq Require Omegas.\nRequire Init.Datatypes Coq.Init.Nat.\n"
    )
    project = make_project("asks", "-Q . Some\nA.v\nB.v\nC.v\n", A=text, B="", C="")
    missing = {(one.prefix, one.name): one.remedy for one in missing_libraries(project, toolchain)}
    # Under -Q a bare `C` is not found, as in Coq.
    assert set(missing) == {("Flocq", "No.Such"), ("Lost", "Thing"), ("", "C"), ("Coq", "Omegas")}
    assert "has no such file: require what took its place" in missing["Coq", "Omegas"]
    assert "the Flocq of" in missing["Flocq", "No.Such"] and "no such file" in missing["Flocq", "No.Such"]
    assert missing["Lost", "Thing"] == "bind the folder of its project with -Q or -R in _CoqProject"


async def test_rocqs_names_of_the_standard_library(make_project: MakeProject, toolchain: Toolchain) -> None:
    text = (
        "From Stdlib Require Import List.\nFrom Corelib Require Import Nat.\nRequire Stdlib.Arith.PeanoNat.\n"
        "Require Corelib.Init.Datatypes.\nFrom Stdlib.Lists Require List.\n"
    )
    project = make_project("asks", "-Q . Some\nA.v\n", A=text)
    missing = missing_libraries(project, toolchain)
    built = await build_project(project, toolchain, jobs=1)
    # What is said to be missing is what coqc does not find.
    if toolchain.version >= (9,):
        assert missing == [] and built.problems == ()
        return
    remedy = "work with `--toolchain rocq-9.2`, or give the project that one"
    assert len(missing) == 5 and all(remedy in one.remedy for one in missing)
    (problem,) = built.problems
    assert problem.message.startswith("Cannot find") and remedy in problem.message


@pytest.mark.parametrize("name", ["mathcomp", "Coquelicot", "stdpp", "ExtLib", "Equations"])
def test_installed_libraries_of_the_debian_root_are_found(
    make_project: MakeProject, toolchain: Toolchain, name: str
) -> None:
    if not (toolchain.host_path(toolchain.coqlib) / "user-contrib" / name).is_dir():
        pytest.skip(f"the toolchain {toolchain.name} has no {name}")
    libraries = sorted((toolchain.host_path(toolchain.coqlib) / "user-contrib" / name).rglob("*.vo"))
    assert libraries
    text = f"From {name} Require Import {libraries[0].stem}.\n"
    assert missing_libraries(make_project("asks", "-Q . Asks\nA.v\n", A=text), toolchain) == []
