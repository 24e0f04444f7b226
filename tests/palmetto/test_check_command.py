"""`palmetto check`, run as people run it."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from coqdata.catalogue import cache_folder

from ..coq_checker.servers import EXAMPLES, LOOPING, PALMETTO

KEYS = ["theorem", "verdict", "reason", "message", "sentence", "start", "end", "goals", "shelf", "given_up", "axioms"]
KEYS += ["features", "features_known", "known_bugs", "second_opinion", "cpu_ms", "wall_ms", "toolchain", "coq_version"]

GOOD = "Require Import Arith.\nLemma a (n : nat) : n + 0 = n.\nProof. apply Nat.add_0_r. Qed.\n"
MIXED = GOOD + "Lemma b : 1 = 2.\nProof. reflexivity. Qed.\nLemma c : True.\nProof. Admitted.\n"


def check(*arguments: str | Path, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PALMETTO, "check", *arguments],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        cwd=cwd,
        env={**os.environ, **environment},
    )


def rows(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def assert_one_line(done: subprocess.CompletedProcess[str], *says: str) -> None:
    """The command could not run, and says why in one line."""
    assert done.returncode == 2, done
    (line,) = done.stderr.splitlines()
    assert line.startswith("palmetto: ")
    for part in says:
        assert part in line
    assert "Traceback" not in done.stderr + done.stdout


@pytest.fixture
def good(tmp_path: Path) -> Path:
    file = tmp_path / "Good.v"
    file.write_text(GOOD)
    return file


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    file = tmp_path / "Mixed.v"
    file.write_text(MIXED)
    return file


class TestExitStatus:
    def test_all_proved(self, good: Path) -> None:
        done = check(good)
        assert (done.returncode, done.stderr) == (0, "")
        assert "PROVED" in done.stdout
        assert "1 of 1 theorems proved" in done.stdout

    def test_something_is_not(self, mixed: Path) -> None:
        done = check(mixed)
        assert (done.returncode, done.stderr) == (1, "")
        for part in ("PROVED", "FAILED", "INCOMPLETE", "1 of 3 theorems proved", "reflexivity."):
            assert part in done.stdout

    def test_no_theorems(self, tmp_path: Path) -> None:
        file = tmp_path / "None.v"
        file.write_text("Definition x := 1.\n")
        done = check(file)
        assert (done.returncode, done.stderr) == (0, "")
        assert "no theorems found" in done.stdout

    @pytest.mark.parametrize(
        "end", ["Section S.", "Obligation Tactic := idtac. Program Definition p : {n : nat | n = 0} := 0."]
    )
    def test_what_coqc_refuses_at_the_end(self, tmp_path: Path, end: str) -> None:
        file = tmp_path / "Open.v"
        file.write_text(GOOD + end + "\n")
        done = check(file)
        assert_one_line(done, "Open.v", "coqc does not take it")
        assert "1 of 1 theorems proved" in done.stdout

    def test_a_theorem_by_the_name_that_only_coq_knows(self, tmp_path: Path) -> None:
        file = tmp_path / "Program.v"
        file.write_text(
            "Obligation Tactic := cbn; intros; try apply le_n.\n"
            "Program Definition mix (n : nat) : {m : nat | m <= n} * {m : nat | exists k, k = m} := (n, n).\n"
            "Next Obligation. now exists n. Qed.\nLemma x : True. Proof. exact I. Qed.\n"
        )
        for name in ("mix_obligation_2", "x", "x#1"):
            done = check(file, "--theorem", name, "--json")
            assert [(row["theorem"], row["verdict"]) for row in rows(done)] == [(name.removesuffix("#1"), "PROVED")]
        assert_one_line(check(file, "--theorem", "nothere"), "there is no theorem 'nothere'")

    @pytest.mark.parametrize("name", ["missing.v", "folder.v"])
    def test_a_file_that_cannot_be_read(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "folder.v").mkdir()
        assert_one_line(check(tmp_path / name), name)

    def test_a_file_that_is_not_utf8(self, tmp_path: Path) -> None:
        file = tmp_path / "Latin.v"
        file.write_bytes(GOOD.encode() + b"Check \xe9.")
        done = check(file)
        assert_one_line(done, "Latin.v", "UTF-8", "iconv")
        assert done.stdout == ""  # how many theorems it has is not known

    def test_a_file_with_a_nul_byte(self, tmp_path: Path) -> None:
        file = tmp_path / "Nul.v"
        file.write_bytes(GOOD.encode() + b"\0")
        assert_one_line(check(file), "Nul.v", "NUL")

    @pytest.mark.parametrize("rest", ["Definition x := (.", "Definition x := 1", "(* open", "Require Import Nothing."])
    def test_a_file_that_does_not_run(self, tmp_path: Path, rest: str) -> None:
        file = tmp_path / "Broken.v"
        file.write_text(GOOD + rest)
        done = check(file, "--json")
        assert_one_line(done, "Broken.v")
        assert [row["verdict"] for row in rows(done)] == ["PROVED"]

    def test_a_file_that_breaks_before_a_theorem(self, tmp_path: Path) -> None:
        file = tmp_path / "Broken.v"
        file.write_text(GOOD + "Check nothing.\nLemma later : True.\nProof. exact I. Qed.\n")
        done = check(file, "--json")
        assert_one_line(done, f"{file}, line 4: ", "nothing")
        assert [(row["theorem"], row["verdict"]) for row in rows(done)] == [("a", "PROVED"), ("later", "ERROR")]
        assert "nothing" in rows(done)[1]["message"]

    def test_a_statement_that_does_not_parse(self, tmp_path: Path) -> None:
        file = tmp_path / "Broken.v"
        file.write_text(GOOD + "Lemma b : .\n")
        done = check(file, "--json")
        assert_one_line(done, f"{file}, line 4: Syntax error")
        assert [row["verdict"] for row in rows(done)] == ["PROVED", "ERROR"]

    def test_the_file_is_named_as_it_was_given(self, tmp_path: Path) -> None:
        (tmp_path / "sub").mkdir()
        (tmp_path / "sub" / "_CoqProject").write_text("-Q . Own\n")
        (tmp_path / "sub" / "Broken.v").write_text("Check nothing.\n")
        for place in ("sub/Broken.v", "./sub/../sub/Broken.v"):
            assert_one_line(check(place, cwd=tmp_path), f"palmetto: {Path(place)}, line 1: ")

    def test_one_of_several_files_cannot_be_checked(self, good: Path, tmp_path: Path) -> None:
        broken = tmp_path / "Broken.v"
        broken.write_text("Require Import Nothing.\n")
        done = check(broken, good)
        assert_one_line(done, "Broken.v", "Nothing")
        assert "1 of 1 theorems proved" in done.stdout

    def test_answers_on_a_file_that_ends_with_an_error_are_kept(self, good: Path, tmp_path: Path) -> None:
        broken = tmp_path / "Broken.v"
        broken.write_text(GOOD + "Require Import Nothing.\n")
        done = check(broken, good, "--json")
        assert_one_line(done, "Broken.v", "Nothing")
        assert [(Path(row["file"]).name, row["verdict"]) for row in rows(done)] == [
            ("Broken.v", "PROVED"),
            ("Good.v", "PROVED"),
        ]

    def test_no_file(self) -> None:
        done = check()
        assert done.returncode == 2
        assert "FILE.v" in done.stderr


class TestJson:
    def test_keys(self, mixed: Path) -> None:
        done = check(mixed, "--json")
        assert done.returncode == 1
        found = rows(done)
        assert [list(row) for row in found] == [KEYS] * 3
        assert [(row["theorem"], row["verdict"], row["reason"]) for row in found] == [
            ("a", "PROVED", ""),
            ("b", "FAILED", "tactic"),
            ("c", "INCOMPLETE", "admitted"),
        ]

    def test_what_a_failure_says(self, mixed: Path) -> None:
        failed = rows(check(mixed, "--json"))[1]
        assert failed["sentence"] == "reflexivity."
        assert MIXED.encode()[failed["start"] : failed["end"]].decode() == "reflexivity."
        (goal,) = failed["goals"]
        assert (goal["hypotheses"], goal["conclusion"], goal["existentials"]) == ([], "1 = 2", [])
        assert (failed["shelf"], failed["given_up"]) == ([], [])
        assert "Unable to unify" in failed["message"]
        assert failed["cpu_ms"] > 0
        assert failed["wall_ms"] > 0

    def test_existential_variables(self, tmp_path: Path) -> None:
        file = tmp_path / "A.v"
        file.write_text("Lemma a : exists n, n = 0.\nProof. eexists. fail. Qed.\n")
        (row,) = rows(check(file, "--json"))
        assert row["goals"][0]["existentials"] == [{"name": "?n", "type": "nat"}]
        assert [(goal["name"], goal["conclusion"]) for goal in row["shelf"]] == [("?n", "nat")]

    def test_several_files_say_which(self, good: Path, mixed: Path) -> None:
        found = rows(check(good, mixed, "--json"))
        assert [list(row) for row in found] == [["file", *KEYS]] * 4
        assert [Path(row["file"]).name for row in found] == ["Good.v"] + ["Mixed.v"] * 3


class TestTheorem:
    def test_with_its_own_proof(self, mixed: Path) -> None:
        done = check(mixed, "--theorem", "a", "--json")
        assert done.returncode == 0
        assert [row["theorem"] for row in rows(done)] == ["a"]
        assert check(mixed, "--theorem", "b").returncode == 1

    def test_with_another_proof(self, mixed: Path, tmp_path: Path) -> None:
        proof = tmp_path / "proof.v"
        proof.write_text("Proof. induction n; [reflexivity | cbn; congruence]. Qed.\n")
        done = check(mixed, "--theorem", "a", "--proof", proof, "--json")
        assert done.returncode == 0
        (row,) = rows(done)
        assert (list(row), row["verdict"]) == (KEYS, "PROVED")

    def test_in_place_of_admitted(self, mixed: Path, tmp_path: Path) -> None:
        proof = tmp_path / "proof.v"
        proof.write_text("exact I.")
        assert check(mixed, "--theorem", "c", "--proof", proof).returncode == 0
        proof.write_text("exact 1.")
        done = check(mixed, "--theorem", "c", "--proof", proof, "--json")
        assert done.returncode == 1
        (row,) = rows(done)
        assert (row["verdict"], row["sentence"], row["start"], row["end"]) == ("FAILED", "exact 1.", 0, 8)

    def test_a_proof_that_cheats(self, mixed: Path, tmp_path: Path) -> None:
        proof = tmp_path / "proof.v"
        proof.write_text("Proof. Abort. Axiom b : 1 = 2.")
        (row,) = rows(check(mixed, "--theorem", "b", "--proof", proof, "--json"))
        assert (row["verdict"], row["reason"]) == ("REJECTED", "forbidden_command")

    def test_by_its_module(self) -> None:
        for name in ("mirror_involutive", "Tree.mirror_involutive"):
            done = check(EXAMPLES / "Trees.v", "--theorem", name, "--json")
            assert done.returncode == 0
            assert [row["theorem"] for row in rows(done)] == ["Tree.mirror_involutive"]

    def test_one_that_there_is_not(self, good: Path, tmp_path: Path) -> None:
        proof = tmp_path / "proof.v"
        proof.write_text("auto.")
        assert_one_line(check(good, "--theorem", "nothing"), "'nothing'", "Good.v")
        assert_one_line(check(good, "--theorem", "nothing", "--proof", proof), "'nothing'", "Good.v")

    def test_one_that_stands_twice(self, tmp_path: Path) -> None:
        file = tmp_path / "Twice.v"
        lemma = "Lemma t : True. Proof. exact I. Qed.\n"
        file.write_text(f"Module A. {lemma} End A.\nModule B. {lemma} End B.\n")
        assert_one_line(check(file, "--theorem", "t"), "A.t#0", "B.t#1")
        assert check(file, "--theorem", "B.t").returncode == 0
        (row,) = rows(check(file, "--theorem", "t#1", "--json"))
        assert row["theorem"] == "B.t"
        assert_one_line(check(file, "--theorem", "t#2"), "'t#2'")
        assert_one_line(check(file, "--theorem", "A.t#1"), "'A.t#1'")

    def test_one_that_was_aborted_and_stated_again(self, tmp_path: Path) -> None:
        file = tmp_path / "Again.v"
        file.write_text("Lemma t : False. Proof. Abort.\nLemma t : True. Proof. exact I. Qed.\n")
        (row,) = rows(check(file, "--theorem", "t", "--json"))
        assert row["verdict"] == "PROVED"
        (row,) = rows(check(file, "--theorem", "t#0", "--json"))
        assert (row["verdict"], row["reason"]) == ("INCOMPLETE", "admitted")

    def test_one_of_two_that_are_stated_together(self, tmp_path: Path) -> None:
        file = tmp_path / "Both.v"
        proof = tmp_path / "proof.v"
        proof.write_text("- destruct t; reflexivity. - destruct f; reflexivity.")
        file.write_text(
            "Inductive tree := node : forest -> tree with forest := nil | cons : tree -> forest -> forest.\n"
            f"Lemma m1 (t : tree) : t = t with m2 (f : forest) : f = f.\nProof. {proof.read_text()} Qed.\n"
        )
        assert [row["theorem"] for row in rows(check(file, "--json"))] == ["m1", "m2"]
        for more in ((), ("--proof", str(proof))):
            done = check(file, "--theorem", "m2", "--json", *more)
            assert done.returncode == 0
            assert [(row["theorem"], row["verdict"]) for row in rows(done)] == [("m2", "PROVED")]

    def test_options_that_do_not_go_together(self, good: Path, tmp_path: Path) -> None:
        proof = tmp_path / "proof.v"
        proof.write_text("auto.")
        assert_one_line(check(good, "--proof", proof), "--theorem")
        assert_one_line(check(good, good, "--theorem", "a"), "one file")
        assert_one_line(check(good, "--theorem", "a", "--proof", tmp_path / "none.v"), "none.v")

    def test_bad_proof_files(self, good: Path, tmp_path: Path) -> None:
        proof = tmp_path / "proof.v"
        for content, says in ((b"\xff", "UTF-8"), (b"auto.\0", "NUL"), (b" " * (2 << 20), "takes at most")):
            proof.write_bytes(content)
            assert_one_line(check(good, "--theorem", "a", "--proof", proof), says)


class TestProjects:
    def test_the_nearest_project_is_found(self) -> None:
        done = check(EXAMPLES / "Compiler.v", "--json")
        assert done.returncode == 0, done
        assert {row["verdict"] for row in rows(done)} == {"PROVED"}

    def test_by_folder_and_from_anywhere(self, tmp_path: Path) -> None:
        done = check("--project", EXAMPLES, EXAMPLES / "ListFacts.v", cwd=tmp_path)
        assert done.returncode == 0, done

    def test_a_new_file_with_a_projects_load_path(self, tmp_path: Path) -> None:
        file = tmp_path / "New.v"
        file.write_text(
            "From Example Require Import Arith.\nLemma t n : sum_to n = sum_to n.\nProof. reflexivity. Qed.\n"
        )
        assert_one_line(check(file), "New.v")
        assert check(file, "--project", EXAMPLES).returncode == 0

    def test_one_that_there_is_not(self, good: Path, tmp_path: Path) -> None:
        assert_one_line(check(good, "--project", "no-such-project"), "'no-such-project'", "project list")
        assert_one_line(check(good, "--project", tmp_path / "nowhere"), "nowhere")

    def test_two_folders_of_one_name(self, tmp_path: Path) -> None:
        files = []
        for place, shown in (("A", "True"), ("B", "False")):
            folder = tmp_path / place / "same"
            folder.mkdir(parents=True)
            (folder / "_CoqProject").write_text("-Q . Own\nBase.v\nX.v\n")
            (folder / "Base.v").write_text(f"Definition shown := {shown}.\n")
            files.append(folder / "X.v")
            files[-1].write_text("From Own Require Import Base.\nLemma t : shown.\nProof. exact I. Qed.\n")
        for order in (files, files[::-1]):
            found = {row["file"]: row["verdict"] for row in rows(check(*order, "--json"))}
            assert found == {str(files[0]): "PROVED", str(files[1]): "FAILED"}

    def test_a_folder_with_any_name(self, tmp_path: Path) -> None:
        folder = tmp_path / "a, b=c d"
        folder.mkdir()
        (folder / "_CoqProject").write_text("-Q . Own\nX.v\n")
        (folder / "X.v").write_text(GOOD)
        assert check(folder / "X.v").returncode == 0

    def test_a_project_file_that_is_malformed(self, good: Path) -> None:
        (good.parent / "_CoqProject").write_text('-Q . "Own\n')
        assert_one_line(check(good), "_CoqProject")

    def test_by_the_name_it_was_added_under(self, tmp_path: Path) -> None:
        """The toolchain is in the cache: only the list of added projects is put elsewhere."""
        before = Path(os.environ.get("PALMETTO_CACHE") or cache_folder())
        cache = tmp_path / "cache"
        cache.mkdir()
        for place in before.iterdir():
            if place.name != "projects.json":
                (cache / place.name).symlink_to(place)
        environment = {**os.environ, "PALMETTO_CACHE": str(cache)}
        command: list[str | Path] = [PALMETTO, "project", "add", "mine", EXAMPLES]
        subprocess.run(command, capture_output=True, timeout=60, check=True, env=environment)
        done = check("--project", "mine", EXAMPLES / "Logic.v", PALMETTO_CACHE=str(cache))
        assert done.returncode == 0, done


class TestLimitsAndAxioms:
    def test_timeout(self, tmp_path: Path) -> None:
        file = tmp_path / "Loop.v"
        file.write_text(f"Lemma loop : True.\n{LOOPING}\nLemma after : True.\nProof. exact I. Qed.\n")
        done = check(file, "--timeout", "0.3", "--json")
        assert done.returncode == 1
        assert [(row["verdict"], row["reason"]) for row in rows(done)] == [("TIMEOUT", "cpu_limit"), ("PROVED", "")]

    def test_axioms(self) -> None:
        file = EXAMPLES / "Logic.v"
        assert check(file).returncode == 0
        assert check(file, "--axioms", "classic").returncode == 0
        assert check(file, "--axioms", "NNPP, classic").returncode == 0
        for listed in ("none", "NNPP", "", "Example.Logic.classic"):
            done = check(file, "--axioms", listed, "--json")
            assert done.returncode == 1
            refused = {row["theorem"]: row["reason"] for row in rows(done) if row["verdict"] != "PROVED"}
            assert refused == {"peirce": "forbidden_axiom", "drinker": "forbidden_axiom"}

    def test_recheck(self, good: Path) -> None:
        assert check(good, "--recheck").returncode == 0
        assert check(EXAMPLES / "ListFacts.v", "--recheck").returncode == 0

    def test_recheck_blames_nobody_for_another_proof(self, mixed: Path) -> None:
        found = [row["verdict"] for row in rows(check(mixed, "--recheck", "--json"))]
        assert found == ["PROVED", "FAILED", "INCOMPLETE"]
