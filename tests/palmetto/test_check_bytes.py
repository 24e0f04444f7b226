"""`palmetto check` on files of all kinds of bytes: what coqc takes is taken, and one file ends no batch."""

import subprocess
from pathlib import Path

import pytest

from coq_checker.toolchain import Toolchain, find_toolchain

from .test_check_command import GOOD, assert_one_line, check, rows

LEMMA = b"Lemma a : True.\nProof. exact I. Qed.\n"
STRING = b'Require Import String.\nDefinition s := "%s"%%string.\n' + LEMMA
FILES = {
    "mark": b"\xef\xbb\xbf" + LEMMA,
    "mark_before_a_require": b"\xef\xbb\xbf" + GOOD.encode(),
    "mark_inside": LEMMA + b"\xef\xbb\xbf" + LEMMA.replace(b"a :", b"b :"),
    "nul_in_a_comment": b"(* \0 *)\n" + LEMMA,
    "nul_in_a_string": STRING % b"\0",
    "nul_in_code": b"Check \0 1.\n" + LEMMA,
    "nul_at_the_end": LEMMA + b"\0",
    "latin_in_a_comment": b'(* caf\xe9 "\xe9" (* \xe9*) *)\n' + LEMMA,
    "latin_in_a_proof": LEMMA.replace(b"exact", b"(* \xe9 *) exact"),
    "latin_in_an_identifier": b"Definition caf\xe9 := 1.\n" + LEMMA,
    "latin_between_sentences": b"\xe9\n" + LEMMA,
    "latin_in_an_open_comment": LEMMA + b"(* \xe9",
    "surrogate_in_a_comment": b"(* \xed\xa0\x80 *)" + LEMMA,
    "utf16": b"\xff\xfe" + LEMMA.decode().encode("utf-16-le"),
    "crlf": LEMMA.replace(b"\n", b"\r\n"),
    "cr": LEMMA.replace(b"\n", b"\r"),
    "form_feed": b"\f" + LEMMA,
}


@pytest.fixture(scope="module")
def toolchain() -> Toolchain:
    return find_toolchain()


def coqc_takes(toolchain: Toolchain, file: Path) -> bool:
    argv = toolchain.command("coqc", "-q", str(file), writable=[file.parent], working_directory=file.parent)
    return subprocess.run(argv, capture_output=True, timeout=240, check=False).returncode == 0


def test_what_coqc_takes_is_taken(tmp_path: Path, toolchain: Toolchain) -> None:
    paths = {tmp_path / f"{name}.v": content for name, content in FILES.items()}
    for path, content in paths.items():
        path.write_bytes(content)
    done = check(*paths, tmp_path / "missing.v", tmp_path, "--json")
    assert done.returncode == 2
    said = done.stderr.splitlines()
    assert all(line.startswith("palmetto: ") for line in said)
    blamed = {path for path in [*paths, tmp_path / "missing.v"] for line in said if str(path) in line}
    assert blamed == {path for path in paths if not coqc_takes(toolchain, path)} | {tmp_path / "missing.v"}
    assert any(line == f"palmetto: {tmp_path} cannot be read: is a directory." for line in said)
    proved = {row["file"] for row in rows(done) if row["verdict"] == "PROVED"}
    assert {str(path) for path in paths if path not in blamed} <= proved


def test_a_string_that_only_coqc_takes_is_said_so(tmp_path: Path, toolchain: Toolchain) -> None:
    file = tmp_path / "Latin.v"
    file.write_bytes(STRING % b"caf\xe9")
    assert coqc_takes(toolchain, file)
    assert_one_line(check(file), "Latin.v", "coqc takes it", "iconv -f ISO-8859-1 -t UTF-8")


def test_positions_are_those_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "Mark.v"
    content = b"\xef\xbb\xbf(* \xe9\0 *) Lemma a : 1 = 2.\nProof. reflexivity. Qed.\n"
    file.write_bytes(content)
    (row,) = rows(check(file, "--json"))
    assert content[row["start"] : row["end"]] == b"reflexivity."


def test_a_file_of_a_project_that_requires_another(tmp_path: Path) -> None:
    (tmp_path / "_CoqProject").write_text("-Q . Own\n")
    (tmp_path / "A.v").write_bytes(b'\xef\xbb\xbfRequire Import String.\nDefinition s := "\xe9"%string. (* \xe9 *)\n')
    (tmp_path / "B.v").write_bytes(b"\xef\xbb\xbfRequire Import Own.A.\nLemma b : s = s.\nProof. reflexivity. Qed.\n")
    done = check(tmp_path / "B.v", "--json")
    assert [(row["theorem"], row["verdict"]) for row in rows(done)] == [("b", "PROVED")], done


def test_a_project_that_cannot_be_read_costs_its_own_file(tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "_CoqProject").write_text("-Q .")
    for file in (tmp_path / "bad" / "A.v", tmp_path / "Good.v"):
        file.write_bytes(LEMMA)
    done = check(tmp_path / "bad" / "A.v", tmp_path / "Good.v")
    assert_one_line(done, "_CoqProject")
    assert "1 of 1 theorems proved" in done.stdout


def test_a_checker_that_is_not_there_is_said_for_each_file(tmp_path: Path) -> None:
    files = [tmp_path / "A.v", tmp_path / "B.v"]
    for file in files:
        file.write_bytes(LEMMA)
    done = check(*files, "--server", f"unix:{tmp_path / 'none'}")
    assert done.returncode == 2
    assert [line.split(": ")[1] for line in done.stderr.splitlines()] == [str(file) for file in files]
    assert "no theorems found" not in done.stdout
