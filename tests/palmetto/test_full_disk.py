"""A disk that is full, or read-only: it is named with a remedy, and no file and no proof is blamed for it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from coq_checker.client import Reason, SyncCheckerClient, UnavailableError, Verdict
from coq_checker.toolchain import find_toolchain

from ..coq_checker.servers import PALMETTO, ServerProcess, start_server
from ..full_disk import SIZE_BYTES, needs_small_disks, on_a_small_disk, with_this_toolchain

FULL = "No space left on device"


@pytest.fixture(autouse=True)
def _small_disks() -> None:
    needs_small_disks()


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    found = tmp_path / "disk"
    found.mkdir()
    return found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    found = tmp_path / "mine"
    found.mkdir()
    (found / "_CoqProject").write_text("-Q . Mine\nA.v\nB.v\n")
    # More to compile than the disk has room for, if it is as full as the tests have it.
    (found / "A.v").write_text(
        "".join(f"Lemma a{i} (n : nat) : n = n.\nProof. reflexivity. Qed.\n" for i in range(200))
    )
    (found / "B.v").write_text("Require Import Mine.A.\nLemma b : 1 = 1.\nProof. apply a1. Qed.\n")
    return found


def run(
    disk: Path, filled_bytes: int, *arguments: str | Path, mode: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    argv = on_a_small_disk(disk, filled_bytes, PALMETTO, *arguments, mode=mode)
    done = subprocess.run(
        argv, capture_output=True, text=True, timeout=240, check=False, env=with_this_toolchain(**environment)
    )
    assert "Traceback" not in done.stderr + done.stdout
    return done


# coqc cannot write what it makes; its text does not fit; nothing can be made.
@pytest.mark.parametrize("filled_bytes", [SIZE_BYTES - 60_000, SIZE_BYTES - 8192, SIZE_BYTES])
def test_the_cache_is_full(project: Path, disk: Path, filled_bytes: int) -> None:
    other = project.parent / "Other.v"
    other.write_text("Lemma other : True.\nProof. exact I. Qed.\n")
    done = run(disk, filled_bytes, "check", project / "B.v", other, "--json", PALMETTO_CACHE=str(disk))
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"palmetto: {project / 'B.v'}: ")
    assert str(disk) in line and FULL in line and "PALMETTO_CACHE" in line
    assert "mend it" not in line
    assert [(row["theorem"], row["verdict"]) for row in map(json.loads, done.stdout.splitlines())] == [
        ("other", "PROVED")
    ]
    done = run(disk, filled_bytes, "check", project / "B.v", PALMETTO_CACHE=str(disk))
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize("arguments", [("project", "build"), ("index", "--no-goals"), ("extract", "--out", "{out}")])
def test_every_command_that_builds_says_so(project: Path, disk: Path, arguments: tuple[str, ...]) -> None:
    out = str(project.parent / "out")
    given = [one.format(out=out) for one in arguments]
    done = run(disk, SIZE_BYTES - 60_000, *given, project, PALMETTO_CACHE=str(disk))
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("palmetto: ") and str(disk) in line and FULL in line and "PALMETTO_CACHE" in line


def test_a_cache_that_is_read_only(project: Path, disk: Path) -> None:
    done = run(disk, 0, "check", project / "B.v", mode="ro", PALMETTO_CACHE=str(disk))
    assert (done.returncode, done.stdout) == (2, "")
    assert "Read-only file system" in done.stderr and "PALMETTO_CACHE" in done.stderr


def test_a_recheck_without_room_takes_no_proof_back(project: Path, disk: Path) -> None:
    done = run(disk, SIZE_BYTES - 60_000, "check", project / "A.v", "--recheck", "--json", TMPDIR=str(disk))
    assert done.returncode == 2
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == 200, done.stderr
    assert {(row["verdict"], row["reason"]) for row in rows} == {(Verdict.ERROR.value, Reason.UNAVAILABLE.value)}
    (line,) = done.stderr.splitlines()
    assert FULL in line and "TMPDIR" in line


def test_a_second_opinion_without_room_says_so_and_takes_no_proof_back(project: Path, disk: Path) -> None:
    name = find_toolchain().name
    done = run(disk, SIZE_BYTES - 60_000, "check", project / "A.v", "--recheck-with", name, "--json", TMPDIR=str(disk))
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == 200 and {row["verdict"] for row in rows} == {Verdict.PROVED.value}
    opinion = rows[0]["second_opinion"]
    assert opinion == rows[-1]["second_opinion"] and not opinion["accepted"]
    assert "says nothing of the proof" in opinion["message"]
    assert FULL in opinion["message"] and "TMPDIR" in opinion["message"]


def test_a_verification_without_room_refuses_no_proof(project: Path, disk: Path) -> None:
    program = f"""
import asyncio
from pathlib import Path
from coq_checker.toolchain import find_toolchain
from coqdata.project import load_project
from evaluator.ports import Refusal
from palmetto.evaluation.compiler import CoqcCompiler

project = load_project(Path({str(project)!r}))
compiler = CoqcCompiler({{"mine": project}}, {{"mine": find_toolchain()}})
file = project.files[0]
try:
    asyncio.run(compiler.compile("mine", file, file.read_bytes()))
except Refusal as refusal:
    print(refusal.passing, refusal.message)
"""
    argv = on_a_small_disk(disk, SIZE_BYTES - 60_000, sys.executable, "-c", program)
    environment = with_this_toolchain(TMPDIR=str(disk))
    done = subprocess.run(argv, capture_output=True, text=True, timeout=240, check=False, env=environment)
    assert done.stderr == ""
    assert done.stdout.startswith(f"True {disk}") and FULL in done.stdout


def test_a_run_folder_that_cannot_be_written(project: Path, disk: Path) -> None:
    done = run(disk, 0, "check", project / "A.v", mode="ro", PALMETTO_CHECKER_RUN_FOLDER=str(disk))
    assert (done.returncode, done.stdout) == (2, "")
    assert str(disk) in done.stderr and "PALMETTO_CHECKER_RUN_FOLDER" in done.stderr


def test_results_that_cannot_be_written(project: Path, disk: Path) -> None:
    done = run(disk, SIZE_BYTES - 60_000, "extract", project, "--out", disk / "out")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(f"palmetto: {disk / 'out'}")
    assert FULL in done.stderr and "--out" in done.stderr


def test_a_server_says_unavailable_and_goes_on_where_there_is_room(project: Path, disk: Path) -> None:
    wrapped = on_a_small_disk(disk, SIZE_BYTES - 60_000)
    server = start_server(f"mine={project}", wrapped=wrapped, environment=with_this_toolchain(PALMETTO_CACHE=str(disk)))
    try:
        with SyncCheckerClient(server.address) as client:
            with pytest.raises(UnavailableError, match=FULL):
                client.check_file(project="mine", file="B.v")
            make_room(server, disk)
            (answer,) = client.check_file(project="mine", file="B.v")
            assert answer.result.proved
    finally:
        assert server.stop() == 0


def make_room(server: ServerProcess, disk: Path) -> None:
    """As somebody would who sees the server's disk."""
    Path(f"/proc/{server.pid}/root{disk / 'filler'}").unlink()


def test_nowhere_to_put_temporary_files(project: Path, disk: Path) -> None:
    script = """
    for place in /tmp /var/tmp /usr/tmp; do
        test ! -d $place || { mount --bind $place $place && mount -o remount,bind,ro $place; } || exit 99
    done
    cd /proc/self && exec "$@"
    """
    argv = [
        "unshare",
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        script,
        "sh",
        str(PALMETTO),
        "check",
        str(project / "A.v"),
    ]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=240, check=False, env=with_this_toolchain())
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "No usable temporary directory found" in done.stderr and "TMPDIR" in done.stderr
