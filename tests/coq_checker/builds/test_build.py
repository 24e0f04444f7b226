"""Builds of small projects by the real coqc: what is compiled, when, and what a failure costs."""

import asyncio
import json
import os
import subprocess
from pathlib import Path

import pytest

from coq_checker.builds import Build, BuildError, FileStatus, build_project
from coq_checker.builds.record import locked
from coq_checker.engine import process
from coq_checker.toolchain import Toolchain
from coqdata.project import Project, load_project

from .conftest import MakeProject, snapshot

LISTING = "-R . Small\nA.v\nB.v\nC.v\n"
A = "Definition one := 1.\n"
B = "From Small Require Import A.\nDefinition two := one + one.\n"
C = "Require Import Small.B.\nLemma two_is_two : two = 2.\nProof. reflexivity. Qed.\n"
ENDLESS = "Ltac forever := idtac; forever.\nGoal True. forever. Qed.\n"


async def build(project: Project, toolchain: Toolchain, only: str | None = None, jobs: int = 2) -> Build:
    where = project.root / only if only is not None else None
    return await build_project(project, toolchain, jobs=jobs, only=where)


def compiled(built: Build) -> list[str]:
    return [one.path for one in built.files if one.compiled]


def accepts(built: Build, toolchain: Toolchain, text: str, folder: Path) -> bool:
    """Whether coqc takes a text that requires files of the build, bound as for a session."""
    folder.mkdir(exist_ok=True)
    (folder / "Probe.v").write_text(text)
    words = [word for flag, where, name in built.load_arguments for word in (flag, str(where), name)]
    argv = toolchain.command(
        "coqc", "-q", *words, str(folder / "Probe.v"), read_only=built.read_only, writable=[folder]
    )
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0


async def test_a_build_can_be_required_and_the_tree_stays_as_it_was(
    make_project: MakeProject, toolchain: Toolchain, cache: Path, tmp_path: Path
) -> None:
    project = make_project("small", LISTING, A=A, B=B, C=C)
    before = snapshot(project.root)
    built = await build(project, toolchain)
    assert compiled(built) == ["A.v", "B.v", "C.v"]
    assert built.problems == ()
    assert snapshot(project.root) == before
    assert built.folder.is_relative_to(cache)
    assert all((built.folder / name).is_file() for name in ("A.vo", "A.glob", "A.v", "C.vo"))
    assert accepts(built, toolchain, "Require Import C. Check (two_is_two : Small.B.two = 2).", tmp_path / "probe")
    assert not accepts(built, toolchain, "Require Import C. Check (two_is_two : Small.B.two = 3).", tmp_path / "probe")


async def test_only_what_changed_is_compiled_again(make_project: MakeProject, toolchain: Toolchain) -> None:
    project = make_project("small", LISTING, A=A, B=B, C=C)
    first = await build(project, toolchain)
    os.utime(project.root / "A.v", (0, 0))
    again = await build(project, toolchain)
    assert compiled(again) == []
    assert again == first
    (project.root / "B.v").write_text(B + "Definition three := two + one.\n")
    changed = await build(project, toolchain)
    assert compiled(changed) == ["B.v", "C.v"]
    assert changed != first


async def test_other_options_are_another_build(make_project: MakeProject, toolchain: Toolchain) -> None:
    project = make_project("small", LISTING, A=A, B=B, C=C)
    first = await build(project, toolchain)
    other = make_project("small", LISTING + '-arg "-set Default_Timeout=10"\n', A=A)
    assert (await build(other, toolchain)).folder != first.folder
    assert compiled(await build(project, toolchain)) == []


async def test_a_failure_costs_the_file_and_its_dependents(make_project: MakeProject, toolchain: Toolchain) -> None:
    bad = "From Small Require Import A.\n\nLemma wrong : one = 2.\nProof. reflexivity. Qed.\n"
    project = make_project("small", LISTING + "D.v\n", A=A, B=bad, C=C, D="Require Import Small.A.\n")
    built = await build(project, toolchain)
    by_path = {one.path: one for one in built.files}
    assert {path: one.status for path, one in by_path.items()} == {
        "A.v": FileStatus.OK,
        "B.v": FileStatus.FAILED,
        "C.v": FileStatus.SKIPPED,
        "D.v": FileStatus.OK,
    }
    assert by_path["B.v"].line == 4
    assert "Unable to unify" in by_path["B.v"].message
    assert by_path["C.v"].message == "it requires B.v, which does not build"
    assert {one.path for one in built.problems} == {"B.v", "C.v"}


async def test_a_file_that_failed_is_tried_again_only_when_it_can_fare_better(
    make_project: MakeProject, toolchain: Toolchain
) -> None:
    project = make_project("small", LISTING, A="Definition one := true.\n", B=B, C=C)
    first = await build(project, toolchain)
    again = await build(project, toolchain)
    assert [one.status.value for one in first.files] == ["ok", "failed", "skipped"]
    assert first.files[1].wall_ms > 0
    assert again.files[1].wall_ms == 0
    assert again.files[1].problem == first.files[1].problem
    (project.root / "A.v").write_text(A)
    assert compiled(await build(project, toolchain)) == ["A.v", "B.v", "C.v"]


async def test_a_warning_that_is_an_error_is_told_with_its_remedy(
    make_project: MakeProject, toolchain: Toolchain
) -> None:
    """Coq 8.20 refuses a Variable outside sections unless told that it is but a warning."""
    text = "Variable V : Set.\n"
    (problem,) = (await build(make_project("old", "-R . Old\nA.v\n", A=text), toolchain)).problems
    option = "-arg -w -arg -declaration-outside-section"
    assert problem.message.endswith(f"put `{option}` in _CoqProject")
    mended = make_project("old", f"-R . Old\n{option}\nA.v\n", A=text)
    assert (await build(mended, toolchain)).problems == ()


async def test_what_an_older_text_made_cannot_be_required(
    make_project: MakeProject, toolchain: Toolchain, tmp_path: Path
) -> None:
    project = make_project("small", LISTING, A=A, B=B, C=C)
    await build(project, toolchain)
    (project.root / "B.v").write_text("Definition broken : nat := true.\n")
    built = await build(project, toolchain)
    probe = tmp_path / "probe"
    assert accepts(built, toolchain, "Require Import Small.A.", probe)
    assert not accepts(built, toolchain, "Require Import Small.B.", probe)
    assert not accepts(built, toolchain, "Require Import Small.C.", probe)


async def test_a_file_that_left_the_project_cannot_be_required(
    make_project: MakeProject, toolchain: Toolchain, tmp_path: Path
) -> None:
    listing = "-R . Small\n"
    project = make_project("small", listing, A=A, B=B)
    assert accepts(await build(project, toolchain), toolchain, "Require Import Small.B.", tmp_path / "probe")
    (project.root / "B.v").unlink()
    built = await build(load_project(project.root), toolchain)
    assert not accepts(built, toolchain, "Require Import Small.B.", tmp_path / "probe")


async def test_only_builds_what_a_file_requires(make_project: MakeProject, toolchain: Toolchain) -> None:
    broken = "Definition broken : nat := true.\n"
    project = make_project("small", LISTING + "D.v\n", A=A, B=B, C="Require Import Small.B.\n" + broken, D=broken)
    built = await build(project, toolchain, only="C.v")
    assert compiled(built) == ["A.v", "B.v"]


async def test_only_takes_a_file_that_is_not_listed(make_project: MakeProject, toolchain: Toolchain) -> None:
    project = make_project("small", LISTING, A=A, B=B, C=C, Scratch="Require Import Small.A.\n")
    assert compiled(await build(project, toolchain, only="Scratch.v")) == ["A.v"]


async def test_only_says_what_does_not_build(make_project: MakeProject, toolchain: Toolchain) -> None:
    project = make_project("small", LISTING, A="Definition one : nat := true.\n", B=B, C=C)
    with pytest.raises(BuildError, match=r"^A\.v, which is required, does not build \(line 1: .*\): mend it"):
        await build(project, toolchain, only="C.v")


async def test_progress_counts_every_file(make_project: MakeProject, toolchain: Toolchain) -> None:
    project = make_project("small", LISTING, A=A, B=B, C=C)
    seen: list[tuple[str, int, int]] = []
    await build_project(
        project, toolchain, jobs=1, progress=lambda one, done, total: seen.append((one.path, done, total))
    )
    assert seen == [("A.v", 1, 3), ("B.v", 2, 3), ("C.v", 3, 3)]


async def test_a_compiled_file_that_was_lost_is_made_again(make_project: MakeProject, toolchain: Toolchain) -> None:
    project = make_project("small", LISTING, A=A, B=B, C=C)
    built = await build(project, toolchain)
    (built.folder / "B.vo").unlink()
    assert "B.v" in compiled(await build(project, toolchain))


async def test_what_is_not_recorded_is_not_trusted(
    make_project: MakeProject, toolchain: Toolchain, tmp_path: Path
) -> None:
    project = make_project("small", LISTING, A=A, B=B, C=C)
    built = await build(project, toolchain)
    record = built.folder / "build.json"
    kept = json.loads(record.read_text())
    del kept["B.v"]
    record.write_text(json.dumps(kept))
    (built.folder / "B.vo").write_bytes(b"half of a file")
    again = await build(project, toolchain)
    assert "B.v" in compiled(again)
    assert accepts(again, toolchain, "Require Import Small.C.", tmp_path / "probe")


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{",
        "[]",
        '{"A.v": 1}',
        '{"A.v": {"key": "x", "vo": "y", "message": "", "line": null}}',
        '{"A.v": {"key": "x"}}',
    ],
)
async def test_a_damaged_record_is_an_empty_one(make_project: MakeProject, toolchain: Toolchain, damage: str) -> None:
    project = make_project("small", "-R . Small\nA.v\n", A=A)
    built = await build(project, toolchain)
    (built.folder / "build.json").write_text(damage)
    assert compiled(await build(project, toolchain)) == ["A.v"]


async def test_two_builds_of_one_project_do_the_work_once(make_project: MakeProject, toolchain: Toolchain) -> None:
    project = make_project("small", LISTING, A=A, B=B, C=C)
    both = await asyncio.gather(build(project, toolchain), build(project, toolchain))
    assert sorted(compiled(both[0]) + compiled(both[1])) == ["A.v", "B.v", "C.v"]
    assert both[0] == both[1]


async def test_waiting_for_another_build_can_be_cancelled(make_project: MakeProject, toolchain: Toolchain) -> None:
    project = make_project("small", LISTING, A=A, B=B, C=C)
    built = await build(project, toolchain)
    async with locked([built.folder]):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(build(project, toolchain), 0.3)
    assert compiled(await build(project, toolchain)) == []


async def test_a_cancelled_build_stops_coqc_and_leaves_what_was_made(
    make_project: MakeProject, toolchain: Toolchain
) -> None:
    project = make_project("small", "-R . Small\nA.v\nSlow.v\n", A=A, Slow="Require Import Small.A.\n" + ENDLESS)
    made = asyncio.Event()
    task = asyncio.create_task(
        build_project(project, toolchain, jobs=1, progress=lambda *_: made.set()),
    )
    await made.wait()
    while not coqc_runs("Slow.v"):
        assert not task.done()
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not coqc_runs("Slow.v")
    (project.root / "Slow.v").write_text("Require Import Small.A.\n")
    assert compiled(await build(project, toolchain)) == ["Slow.v"]


def coqc_runs(file: str) -> bool:
    """Whether a compiler (`coqc.opt` and the like; from Rocq 9 on `rocqworker`) that this process started is at a file.

    Engines of Rocq are `rocqworker` too.
    """
    names = {pid: process.name(pid) for pid in process.descendants(os.getpid())}
    return any(name.startswith(("coqc", "rocq")) and file in arguments(pid) for pid, name in names.items())


def arguments(pid: int) -> str:
    """Of a process; empty where it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text("utf-8", "replace")
    except OSError:
        return ""


async def test_a_file_that_never_ends_is_stopped(make_project: MakeProject, toolchain: Toolchain) -> None:
    project = make_project("small", "-R . Small\nSlow.v\nA.v\n", A=A, Slow=ENDLESS)
    built = await build_project(project, toolchain, jobs=2, file_wall_s=3)
    by_path = {one.path: one for one in built.files}
    assert by_path["Slow.v"].message == "coqc took more than 3 s"
    assert by_path["A.v"].status is FileStatus.OK


async def test_a_cache_that_cannot_be_written_is_explained(
    make_project: MakeProject, toolchain: Toolchain, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    project = make_project("small", LISTING, A=A, B=B, C=C)
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("PALMETTO_CACHE", str(tmp_path / "file"))
    with pytest.raises(BuildError, match=r"cannot be written \(.*\): make room there, or set PALMETTO_CACHE"):
        await build(project, toolchain)


async def test_a_file_cannot_spoil_what_others_made(make_project: MakeProject, toolchain: Toolchain) -> None:
    """What a file writes while it is compiled (extraction, `Redirect`) lands in its own folder, which goes."""
    evil = 'Require Import Small.A.\nRedirect "A" Print one.\nRequire Extraction.\nExtraction "A.ml" one.\n'
    project = make_project("small", "-R . Small\nA.v\nEvil.v\n", A=A, Evil=evil)
    built = await build(project, toolchain)
    assert built.problems == ()
    names = {path.name for path in built.folder.iterdir()}
    assert names == {"A.v", "A.vo", "A.glob", "Evil.v", "Evil.vo", "Evil.glob", "build.json", ".lock", ".stage"}


async def test_missing_files_and_libraries_are_told_with_a_remedy(
    make_project: MakeProject, toolchain: Toolchain
) -> None:
    project = make_project("small", LISTING + "Gone.v\n", A="From Nowhere Require Import X.Y.\n", B="", C="")
    built = await build(project, toolchain)
    by_path = {one.path: one for one in built.files}
    assert by_path["A.v"].message == (
        "Cannot find a physical path bound to logical path X.Y with prefix Nowhere; "
        "bind the folder of its project with -Q or -R in _CoqProject"
    )
    assert by_path["Gone.v"].message == "it cannot be read (No such file or directory)"


@pytest.mark.shared
async def test_a_real_project_with_the_one_that_it_needs(toolchain: Toolchain, cache: Path) -> None:
    shared = Path(os.environ.get("PALMETTO_SHARED", "../shared"))
    project = load_project(shared / "corpora" / "fundamental-arithmetics")
    built = await build(project, toolchain)
    assert built.problems == ()
    own = [one for one in built.files if one.own]
    assert len(own) == len(project.files)
    assert any(one.path == "../compat811/Even.v" for one in built.files)
    assert compiled(await build(project, toolchain)) == []
