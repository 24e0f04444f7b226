"""`--toolchain` and what a project needs, on every command that runs Coq: as processes of their own."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from coq_checker.toolchain import Toolchain, ToolchainError, find_toolchain

from ..coq_checker.servers import PALMETTO, start_server
from ..coq_checker.toolchain.fakes import on_path, program, without_host_coq

PLAIN = "Lemma a (A B : Prop) : A /\\ B -> B /\\ A.\nProof. intros [x y]; split; assumption. Qed.\n"
OF_NINE = "From Stdlib Require Import Lia.\nLemma a (n : nat) : n <= n + 1.\nProof. lia. Qed.\n"
NINE = "rocq-9.2"


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PALMETTO_RETRIEVER_INDEXES", str(tmp_path / "index"))


@pytest.fixture
def nine() -> Toolchain:
    try:
        return find_toolchain(NINE)
    except ToolchainError as error:
        pytest.skip(str(error))


def project(folder: Path, text: str, name: str = "mine") -> Path:
    root = folder / name
    root.mkdir()
    (root / "_CoqProject").write_text("-Q . Mine\n")
    (root / "A.v").write_text(text)
    return root


def palmetto(*words: str | Path, status: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([str(PALMETTO), *map(str, words)], capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode == status, done
    assert "Traceback" not in done.stderr
    return done


def rows(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def used(row: dict[str, Any]) -> tuple[str, str]:
    return row["toolchain"], row["coq_version"]


class TestCheck:
    def test_with_the_one_that_is_asked_for(self, tmp_path: Path, each_toolchain: Toolchain) -> None:
        root = project(tmp_path, PLAIN)
        named = ("--toolchain", each_toolchain.name, "--json")
        expected = (each_toolchain.name, each_toolchain.coq_version)
        (row,) = rows(palmetto("check", root / "A.v", *named))
        assert row["verdict"] == "PROVED" and used(row) == expected
        body = tmp_path / "body"
        body.write_text("intros [x y]. now split.")
        (row,) = rows(palmetto("check", root / "A.v", "--theorem", "a", "--proof", body, "--recheck", *named))
        assert row["verdict"] == "PROVED" and used(row) == expected

    def test_by_its_folder(self, tmp_path: Path, each_toolchain: Toolchain) -> None:
        """As many have theirs: whatever the name, it is the command's own checker that is told."""
        (tmp_path / "A.v").write_text(PLAIN)
        link = tmp_path / "coq"
        link.symlink_to(each_toolchain.root or "/usr")
        (row,) = rows(palmetto("check", tmp_path / "A.v", "--toolchain", link, "--json"))
        assert row["verdict"] == "PROVED" and row["coq_version"] == each_toolchain.coq_version

    def test_with_the_one_that_its_project_needs(self, tmp_path: Path, nine: Toolchain) -> None:
        two = [project(tmp_path, OF_NINE), project(tmp_path, PLAIN, "other")]
        found = {row["file"]: row for row in rows(palmetto("check", *(root / "A.v" for root in two), "--json"))}
        assert used(found[str(two[0] / "A.v")]) == (NINE, nine.coq_version)
        assert used(found[str(two[1] / "A.v")]) == (find_toolchain().name, find_toolchain().coq_version)

    def test_one_that_there_is_not(self, tmp_path: Path, checker_address: str) -> None:
        (tmp_path / "A.v").write_text(PLAIN)
        for server in ((), ("--server", checker_address)):
            done = palmetto("check", tmp_path / "A.v", "--toolchain", "coq-7.4", *server, status=2)
            assert "coq-7.4" in done.stderr and "coq-8.20" in done.stderr and len(done.stderr.splitlines()) == 1
        done = palmetto("check", tmp_path / "A.v", "--toolchain", tmp_path, "--server", checker_address, status=2)
        assert "there is no toolchain" in done.stderr

    def test_of_a_service(self, tmp_path: Path, checker_address: str, each_toolchain: Toolchain) -> None:
        (tmp_path / "A.v").write_text(PLAIN)
        words = ("--server", checker_address, "--toolchain", each_toolchain.name, "--json")
        (row,) = rows(palmetto("check", tmp_path / "A.v", *words))
        assert row["verdict"] == "PROVED" and row["toolchain"] == each_toolchain.name


def test_prove_and_fill(tmp_path: Path, each_toolchain: Toolchain) -> None:
    root = project(tmp_path, PLAIN)
    named = ("--toolchain", each_toolchain.name, "--json")
    (row,) = rows(palmetto("prove", root / "A.v", *named))
    assert row["verdict"] == "PROVED"
    assert used(row) == (each_toolchain.name, each_toolchain.coq_version)
    (tmp_path / "B.v").write_text(PLAIN.partition("Proof")[0] + "Admitted.\n")
    (answer,) = rows(palmetto("fill", tmp_path / "B.v", *named))
    assert used(answer["theorems"][0]["result"]) == (each_toolchain.name, each_toolchain.coq_version)


def test_serve(tmp_path: Path, each_toolchain: Toolchain) -> None:
    from coq_checker.client import FreeStatement, SyncCheckerClient

    server = start_server(slots=1, toolchain=each_toolchain.name)
    try:
        with SyncCheckerClient(server.address) as client:
            result = client.check_proof(FreeStatement("Lemma t : True."), "exact I.")
            assert (result.toolchain, result.coq_version) == (each_toolchain.name, each_toolchain.coq_version)
    finally:
        assert server.stop() == 0
    done = palmetto("serve", "coq-checker", "--listen", "127.0.0.1:0", "--toolchain", "coq-7.4", status=2)
    assert "coq-7.4" in done.stderr and len(done.stderr.splitlines()) == 1


class TestWhatIsNeeded:
    """A default that cannot be used stops nothing that would not run with it."""

    @pytest.fixture(autouse=True)
    def nobody_says(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nine: Toolchain) -> None:
        monkeypatch.delenv("PALMETTO_TOOLCHAIN", raising=False)
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
        without_host_coq(monkeypatch)

    @pytest.fixture
    def of_eight(self, tmp_path: Path) -> Path:
        root = project(tmp_path, PLAIN)
        (root / "palmetto.toml").write_text('[palmetto]\ntoolchain = "coq-8.20"\n')
        return root

    @pytest.mark.parametrize("command", ["check", "prove"])
    def test_an_engine_that_the_default_has_not(
        self, tmp_path: Path, of_eight: Path, monkeypatch: pytest.MonkeyPatch, command: str
    ) -> None:
        monkeypatch.setenv("PALMETTO_ENGINE", "serapi")
        # The prover accepts no proof whose terms nobody has looked at: it says what to do.
        done = palmetto(command, of_eight / "A.v", "--json", status=2 if command == "prove" else 0)
        (row,) = rows(done)
        if command == "prove":
            assert row["verdict"] == "ERROR" and "PALMETTO_ENGINE=native" in row["message"]
            assert len(done.stderr.splitlines()) == 1
        else:
            assert row["verdict"] == "PROVED" and row["toolchain"] == "coq-8.20"
        done = palmetto(command, project(tmp_path, PLAIN, "other") / "A.v", status=2)
        assert f"toolchain {NINE} has no sertop" in done.stderr

    def test_a_broken_default(self, tmp_path: Path, of_eight: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        program(tmp_path / "bin", "coqc", "echo hello; exit 1")
        on_path(tmp_path / "bin", monkeypatch)
        (row,) = rows(palmetto("check", of_eight / "A.v", "--json"))
        assert row["verdict"] == "PROVED" and row["toolchain"] == "coq-8.20"
        assert "toolchain coq-8.20, since" in palmetto("project", "doctor", of_eight).stdout
        other = project(tmp_path, PLAIN, "other")
        broken = "The coqc of the toolchain path does not run"
        assert broken in palmetto("check", other / "A.v", status=2).stderr
        assert f"PROBLEM  toolchain: {broken}" in palmetto("project", "doctor", other, status=1).stdout


class TestDefault:
    """Where nobody says which, and no Coq of this machine's own is to be found."""

    @pytest.fixture(autouse=True)
    def nobody_says(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("PALMETTO_TOOLCHAIN", raising=False)
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
        without_host_coq(monkeypatch)

    def test_it_is_rocq(self, tmp_path: Path, nine: Toolchain) -> None:
        root = project(tmp_path, PLAIN)
        for row in rows(palmetto("check", root / "A.v", "--json")) + rows(palmetto("prove", root / "A.v", "--json")):
            assert row["verdict"] == "PROVED" and used(row) == (NINE, nine.coq_version)
        assert f"toolchain {NINE}, since nothing in it asks for another" in palmetto("project", "doctor", root).stdout

    def test_the_nearest_is_told_with_a_warning(self, tmp_path: Path, nine: Toolchain) -> None:
        root = project(tmp_path, PLAIN)
        (root / "mine.opam").write_text('depends: [ "coq" {= "8.17.1"} ]')
        said = palmetto("project", "doctor", root).stdout
        (line,) = (line for line in said.splitlines() if line.startswith("warning"))
        assert line.startswith("warning  toolchain coq-8.20, since its opam file mine.opam asks for = ")
        assert 'to have = "8.17.1", install it in a switch of opam\'s' in line
        (row,) = rows(palmetto("check", root / "A.v", "--json"))
        assert row["toolchain"] == "coq-8.20"

    @pytest.mark.parametrize("command", ["check", "prove", "fill"])
    @pytest.mark.parametrize(
        ("file", "text"),
        [
            ("palmetto.toml", '[palmetto]\ntoolchain = "coq-8.20"\n'),
            ("mine.opam", 'depends: [ "coq" {< "8.21~"} ]\n'),
        ],
    )
    def test_a_folder_that_is_no_project(
        self, tmp_path: Path, nine: Toolchain, command: str, file: str, text: str
    ) -> None:
        """What doctor says of it is what its files are checked with."""
        folder = tmp_path / "folder" / "sub"
        folder.mkdir(parents=True)
        (folder.parent / file).write_text(text)
        (folder / "A.v").write_text(PLAIN.partition("Proof")[0] + "Admitted.\n" if command == "fill" else PLAIN)
        assert "toolchain coq-8.20, since" in palmetto("project", "doctor", folder.parent, status=1).stdout
        (row,) = rows(palmetto(command, folder / "A.v", "--json"))
        result = row["theorems"][0]["result"] if command == "fill" else row
        assert result["toolchain"] == "coq-8.20"

    def test_a_folder_that_names_one_that_is_not_here(self, tmp_path: Path, nine: Toolchain) -> None:
        (tmp_path / "palmetto.toml").write_text('[palmetto]\ntoolchain = "opam:none"\n')
        (tmp_path / "A.v").write_text(PLAIN)
        (tmp_path / "other").mkdir()
        other = project(tmp_path / "other", PLAIN)
        done = palmetto("check", tmp_path / "A.v", other / "A.v", "--json", status=2)
        why = f"since {tmp_path}/palmetto.toml says so: There is no opam switch 'none'"
        assert f"{tmp_path}/A.v needs the toolchain opam:none, {why}" in done.stderr
        assert [row["toolchain"] for row in rows(done)] == [NINE]
        (row,) = rows(palmetto("check", tmp_path / "A.v", "--toolchain", "coq-8.20", "--json"))
        assert row["toolchain"] == "coq-8.20"

    def test_a_file_of_no_project_that_requires_stdlib(
        self, tmp_path: Path, nine: Toolchain, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PALMETTO_TOOLCHAIN", "coq-8.20")
        (tmp_path / "A.v").write_text(OF_NINE)
        (tmp_path / "B.v").write_text(PLAIN)
        found = rows(palmetto("check", tmp_path / "A.v", tmp_path / "B.v", "--json"))
        assert {Path(row["file"]).name: row["toolchain"] for row in found} == {"A.v": NINE, "B.v": "coq-8.20"}
        (row,) = rows(palmetto("prove", tmp_path / "A.v", "--json"))
        assert used(row) == (NINE, nine.coq_version)
        done = palmetto("check", tmp_path / "A.v", "--toolchain", "coq-8.20", status=2)
        assert "path Lia with prefix Stdlib" in done.stderr

    def test_palms_projects_stay_on_coq(self, tmp_path: Path, nine: Toolchain) -> None:
        root = project(tmp_path, PLAIN, "zfc")
        (row,) = rows(palmetto("project", "show", root, "--json"))
        assert row["toolchain"] == "coq-8.20" and "catalogue" in row["toolchain_why"]

    def test_what_stands_in_for_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Debian did not give Rocq when this cache was filled."""
        eight = find_toolchain("coq-8.20")
        assert eight.root is not None
        monkeypatch.setenv("PALMETTO_CACHE", str(tmp_path / "cache"))
        roots = tmp_path / "cache" / "toolchains"
        roots.mkdir(parents=True)
        (roots / eight.root.name).symlink_to(eight.root)
        root = project(tmp_path, PLAIN)
        (row,) = rows(palmetto("check", root / "A.v", "--json"))
        assert row["verdict"] == "PROVED" and used(row) == ("coq-8.20", eight.coq_version)


class TestProject:
    def test_added_with_one(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nine: Toolchain) -> None:
        assert nine.root is not None
        cache = tmp_path / "cache"
        cache.mkdir()
        for name in ("toolchains", "plugins", "facts"):
            (cache / name).symlink_to(nine.root.parents[1] / name)
        monkeypatch.setenv("PALMETTO_CACHE", str(cache))
        root = project(tmp_path, PLAIN)
        said = palmetto("project", "add", "mine", root, "--toolchain", NINE).stdout
        assert said == f"mine: 1 files in {root}; toolchain {NINE}, since it was added with --toolchain\n"
        for what in ("mine", root):
            (row,) = rows(palmetto("project", "show", what, "--json"))
            assert (row["toolchain"], row["toolchain_why"]) == (NINE, "it was added with --toolchain")
        (row,) = (row for row in rows(palmetto("project", "list", "--json")) if row["name"] == "mine")
        assert (row["toolchain"], row["toolchain_why"]) == (NINE, "it was added with --toolchain")
        assert f"toolchain {NINE}, since it was added with --toolchain" in palmetto("project", "doctor", "mine").stdout
        (row,) = rows(palmetto("check", root / "A.v", "--json"))
        assert used(row) == (NINE, nine.coq_version)
        # What is asked for goes before.
        (row,) = rows(palmetto("check", root / "A.v", "--json", "--toolchain", "coq-8.20"))
        assert row["toolchain"] == "coq-8.20"
        done = palmetto("project", "add", "mine", root, "--toolchain", "nothing", status=2)
        assert "'nothing'" in done.stderr

    def test_built_by_both(self, tmp_path: Path, each_toolchain: Toolchain) -> None:
        root = project(tmp_path, PLAIN)
        for _ in range(2):
            assert "1 of 1 files build" in palmetto("project", "build", root, "--toolchain", each_toolchain.name).stdout
        (row,) = rows(palmetto("project", "build", root, "--toolchain", each_toolchain.name, "--json"))
        assert not row["compiled"]
        said = palmetto("project", "doctor", root, "--toolchain", each_toolchain.name).stdout
        assert f"toolchain {each_toolchain.name}, since --toolchain says so" in said

    def test_one_of_the_catalogue_stays_where_it_is(self, tmp_path: Path) -> None:
        root = project(tmp_path, OF_NINE, "zfc")
        (row,) = rows(palmetto("project", "show", root, "--json"))
        assert row["toolchain"] == "coq-8.20" and "catalogue" in row["toolchain_why"]
        (root / "palmetto.toml").write_text(f'[palmetto]\ntoolchain = "{NINE}"\n')
        (row,) = rows(palmetto("project", "show", root, "--json"))
        assert row["toolchain"] == NINE

    def test_one_that_is_not_here(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        root = project(tmp_path, OF_NINE)
        eight = find_toolchain("coq-8.20").root
        monkeypatch.setenv("PALMETTO_TOOLCHAIN", str(eight))
        monkeypatch.setenv("PALMETTO_CACHE", str(tmp_path / "empty"))
        said = palmetto("project", "build", root, status=2).stderr
        assert f"needs the toolchain {NINE}, since its A.v requires Stdlib" in said
        assert f"palmetto toolchain ensure {NINE}" in said and len(said.splitlines()) == 1


def test_extract(tmp_path: Path, each_toolchain: Toolchain) -> None:
    root = project(tmp_path, PLAIN)
    out = tmp_path / "data"
    (row,) = rows(palmetto("extract", root, "--out", out, "--toolchain", each_toolchain.name, "--json"))
    assert row["examples"] == 1 and row["failed"] == []
    records = list(out.rglob("*.json"))
    assert any(f'"coq_version": "{each_toolchain.coq_version}"' in one.read_text() for one in records), records


def test_eval(tmp_path: Path, each_toolchain: Toolchain) -> None:
    root = project(tmp_path, PLAIN)
    store = ("--store", tmp_path / "store.sqlite")
    palmetto(*("eval", "--proj", root, "--exp-name", "e", "--toolchain", each_toolchain.name, "--budget", "10"), *store)
    assert "1 compile in their files" in palmetto("eval", "verify", "e", *store).stdout
