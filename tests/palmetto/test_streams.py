"""What commands print, wherever that goes: terminals that are not UTF-8, readers that go away, disks that are full."""

import json
import os
import pty
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ..coq_checker.servers import PALMETTO

TEXT = "Lemma é (n : nat) : n = n.\nProof. reflexivity. Qed.\nLemma 𝔸é : 1 = 2.\nProof. reflexivity. Qed.\n"
# A locale as there are still some; Python would make UTF-8 of this one by itself.
OLD_LOCALE = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


def run(*arguments: str | Path, **more: Any) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, **more.pop("env", {})}
    more = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    return subprocess.run([PALMETTO, *arguments], timeout=240, check=False, env=environment, **more)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "Uni.v"
    found.write_text(TEXT, "utf-8")
    return found


@pytest.mark.parametrize("encoding", ["ascii", "iso-8859-1", "utf-8"])
def test_json_is_utf8_and_says_the_same_everywhere(file: Path, encoding: str) -> None:
    done = run("check", file, "--json", env={"PYTHONIOENCODING": encoding})
    assert (done.returncode, done.stderr) == (1, b"")
    if encoding != "utf-8":
        assert done.stdout.isascii()
    assert [json.loads(line)["theorem"] for line in done.stdout.decode("utf-8").splitlines()] == ["é", "𝔸é"]


@pytest.mark.parametrize(
    ("encoding", "shown"), [("ascii", b"\\ud835\\udd38\\u00e9 "), ("iso-8859-1", b"\\ud835\\udd38\xe9 ")]
)
def test_letters_that_the_terminal_does_not_have(file: Path, encoding: str, shown: bytes) -> None:
    done = run("check", file, env={"PYTHONIOENCODING": encoding})
    assert (done.returncode, done.stderr) == (1, b"")
    assert shown in done.stdout
    file.write_text("Check é.\n", "utf-8")
    done = run("check", file, env={"PYTHONIOENCODING": encoding})
    assert done.returncode == 2
    assert "é".encode(encoding, "backslashreplace").replace(b"\\x", b"\\u00") in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [("--help",), ("check", "--help"), ("project", "list"), ("check", "--é"), ("é",)])
def test_what_needs_no_file(arguments: tuple[str, ...]) -> None:
    done = run(*arguments, env={"PYTHONIOENCODING": "ascii", "PALMETTO_SHARED": "/é"})
    assert done.returncode in (0, 2)
    assert b"Traceback" not in done.stdout + done.stderr
    assert (done.stdout + done.stderr).isascii()


def test_names_of_files_are_utf8_in_every_locale(tmp_path: Path) -> None:
    (tmp_path / "_CoqProject").write_text("-Q . Own\nÉtat.v\nB.v\n", "utf-8")
    (tmp_path / "État.v").write_text("Lemma a : True.\nProof. exact I. Qed.\n", "utf-8")
    (tmp_path / "B.v").write_text("Require Import Own.État.\nLemma b : True.\nProof. exact a. Qed.\n", "utf-8")
    done = run("check", tmp_path / "État.v", tmp_path / "B.v", "--json", env=OLD_LOCALE)
    assert (done.returncode, done.stderr) == (0, b"")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["file"], row["theorem"]) for row in rows] == [
        (str(tmp_path / "État.v"), "a"),
        (str(tmp_path / "B.v"), "b"),
    ]


@pytest.mark.parametrize("environment", [{}, OLD_LOCALE])
def test_names_of_files_that_are_no_text(tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / "_CoqProject").write_text("-Q . Own\n")
    good = tmp_path / "Good.v"
    strange = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.v"))
    for one in (good, strange):
        one.write_text("Lemma a : True.\nProof. exact I. Qed.\n")
    done = run("check", strange, good, "--json", env=environment)
    assert (done.returncode, done.stderr) == (0, b"")
    assert [json.loads(line)["file"] for line in done.stdout.splitlines()] == [str(strange), str(good)]
    done = run("check", strange, good, env=environment)
    assert b"caf\\udce9.v" in done.stdout
    done = run("project", "doctor", tmp_path, env=environment)
    assert done.returncode == 1
    assert b"caf\\udce9.v: left out, for its name is not UTF-8" in done.stdout


def test_a_folder_whose_name_is_no_text(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    folder.mkdir()
    (folder / "_CoqProject").write_text("-Q . Own\n")
    (folder / "A.v").write_text("Lemma a : True.\nProof. exact I. Qed.\n")
    for arguments in (("check", folder / "A.v"), ("project", "build", folder), ("prove", folder)):
        done = run(*arguments)
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert line.startswith(b"palmetto: the name of the folder ") and b"caf\\udce9 is not UTF-8" in line


@pytest.mark.parametrize(
    "arguments",
    [("check", "{}", "--json"), ("check", "{}"), ("toolchain", "show"), ("--help",), ("prove", "{}", "--json")],
)
def test_nobody_reads_standard_output(file: Path, arguments: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = run(*(str(file) if one == "{}" else one for one in arguments), stdout=writing)
    finally:
        os.close(writing)
    # As the shell says of a program that SIGPIPE ended.
    assert (done.returncode, done.stderr) == (141, b"")


def test_standard_output_is_full(file: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = run("check", file, "--json", stdout=full)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        b"palmetto: what is printed cannot be written (No space left on device): give standard output another place."
    ]


def test_standard_error_takes_nothing(file: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        assert run("check", file, stderr=full).returncode == 1
        assert run("check", file.parent / "missing.v", stderr=full).returncode == 2


def test_closed_streams_cost_nothing(file: Path) -> None:
    done = run("check", file, preexec_fn=lambda: os.closerange(0, 3), stdout=None, stderr=None)
    assert done.returncode == 1
    assert file.read_text("utf-8") == TEXT


@pytest.mark.parametrize("arguments", [("check", "{}"), ("prove", "{}", "--theorem", "é", "--verbose")])
def test_a_terminal_that_is_not_utf8(file: Path, arguments: tuple[str, ...]) -> None:
    main, terminal = pty.openpty()
    child = subprocess.Popen(
        [PALMETTO, *(str(file) if one == "{}" else one for one in arguments)],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "TERM": "xterm", "COLUMNS": "200"},
    )
    os.close(terminal)
    printed = b""
    try:
        while chunk := os.read(main, 65_536):
            printed += chunk
    except OSError:
        pass  # the terminal's other end is closed
    os.close(main)
    assert child.wait(60) in (0, 1)
    assert printed.isascii()
    assert b"\\u00e9" in printed
    assert b"Traceback" not in printed
