"""Which toolchain a project needs: from real compiled files, opam files, requirements and settings."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from coq_checker.toolchain import (
    SandboxMode,
    Toolchain,
    ToolchainError,
    ToolchainSettings,
    find_toolchain,
    toolchain_for_project,
)
from coq_checker.toolchain.evidence import vo_version
from coq_checker.toolchain.recipe import COQ_8_20, DEFAULT

from .fakes import installation, on_path, program, without_host_coq


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ToolchainSettings:
    """Nothing has been built and no Coq is there: the default is the constant's."""
    without_host_coq(monkeypatch)
    return ToolchainSettings("auto", None, tmp_path / "cache")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "theories").mkdir(parents=True)
    (folder / "_CoqProject").write_text("-Q theories P\n")
    return folder


def vo(path: Path, number: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"Coq!" + number.to_bytes(4, "big") + b"\0" * 8)


class TestCompiled:
    def test_what_real_compilers_make(self, built: Toolchain, project: Path, settings: ToolchainSettings) -> None:
        source = project / "theories" / "A.v"
        source.write_text("Definition one := 1.\n")
        subprocess.run(built.coqc_command(str(source), writable=[project]), check=True)
        assert vo_version(source.with_suffix(".vo")) == built.version[:2]
        name, why, unmet = toolchain_for_project(project, settings)
        assert name == built.name
        assert why == f"its compiled files were made with {'.'.join(map(str, built.version[:2]))}"
        assert unmet == ""

    @pytest.mark.parametrize(
        ("numbers", "name", "why"),
        [
            ((82000,), "coq-8.20", "made with 8.20"),
            ((90299, 90299, 82000), "rocq-9.2", "made with 9.2"),
            ((90100,), "rocq-9.2", "made with 9.1, which no toolchain here is, and it is the nearest"),
            ((81600,), "coq-8.20", "made with 8.16, which no toolchain here is, and it is the nearest"),
            ((7_0000,), "coq-8.20", "made with 7.0, which no toolchain here is, and it is the nearest"),
        ],
    )
    def test_the_likest_is_taken(
        self, project: Path, settings: ToolchainSettings, numbers: tuple[int, ...], name: str, why: str
    ) -> None:
        for place, number in enumerate(numbers):
            vo(project / "theories" / f"A{place}.vo", number)
        found = toolchain_for_project(project, settings)
        assert found.name == name
        assert why in found.why

    def test_this_machines_own_is_taken_where_it_fits(
        self, project: Path, settings: ToolchainSettings, nobodys_settings: Path
    ) -> None:
        installation(nobodys_settings / "opam" / "older", "9.1.0")
        vo(project / "A.vo", 90100)
        own = ToolchainSettings("auto", SandboxMode.NONE, settings.cache)
        assert toolchain_for_project(project, own).name == "opam:older"

    @pytest.mark.parametrize("content", [b"", b"Coq!", b"Coq!\0\0", b"Caml1999X035" * 4])
    def test_what_is_no_compiled_file(self, project: Path, settings: ToolchainSettings, content: bytes) -> None:
        (project / "A.vo").write_bytes(content)
        (project / "B.vo").mkdir()
        (project / "C.vo").symlink_to("nowhere")
        vo(project / "_opam" / "lib" / "D.vo", 90299)
        vo(project / ".hidden" / "E.vo", 90299)
        assert toolchain_for_project(project, settings).name == DEFAULT.name


@pytest.mark.parametrize(
    ("depends", "name"),
    [
        ('"coq" {>= "8.18" & < "8.21~"}', "coq-8.20"),
        ('"coq" {= "8.20.1"}', "coq-8.20"),
        ('"coq-core" {>= "8.20" & < "9.0"}', "coq-8.20"),
        ('"rocq-core" {>= "9.0" & < "9.3~"}', "rocq-9.2"),
        ('"rocq-prover" {>= "9.2"}', "rocq-9.2"),
        ('"coq" {>= "8.12"}', DEFAULT.name),
        ('"coq" {build & >= "8.12" & < "8.21~" | = "dev"}', "coq-8.20"),
        ('"coq" {= "dev"}', DEFAULT.name),
        ('"coq" {!= "9.2" & with-test & os != "win32"}', "rocq-9.2"),
        ('("coq" {>= "8.18" & < "8.21~"} | "coq-core" {>= "9.0"})', DEFAULT.name),
        ('("coq" {>= "8.18" & < "8.21~"} | "coq-core" {>= "9.3"})', "coq-8.20"),
        ('("coq" {< "8.12"} | ("coq-core" {>= "9.0" & (< "9.1" | > "9.1.9")} & "dune"))', "rocq-9.2"),
        ('"coq-stdlib" {<= "8.20.1"}', "coq-8.20"),
        ('"coq" {>= "8.12"} # {< "8.13"}\n(* "coq" {< "8.13"} *) "coq-core" {< "9"}', "coq-8.20"),
        ('"rocq-stdlib" {>= "9.0"}', "rocq-9.2"),
        ('"rocq-prover"', "rocq-9.2"),
        ('"rocq-runtime"', "rocq-9.2"),
        ('"coq"', DEFAULT.name),
        ('] conflicts: [ "coq" {>= "9.0"} "coq-native"', "coq-8.20"),
        ('] conflicts: [ "coq" {< "8.10"} | "rocq-runtime"', "coq-8.20"),
        ('] conflicts: [ "coq" {< "9.0"}', "rocq-9.2"),
        ('] conflicts: [ "coq-core" ', DEFAULT.name),
        # Of those that nothing here is, the nearest.
        ('"coq" {>= "8.12" & < "8.14~"}', "coq-8.20"),
        ('"coq" {= "8.17.1"}', "coq-8.20"),
        ('"coq" {< "8.20"}', "coq-8.20"),
        ('"coq" {= "8.20.0"}', "coq-8.20"),
        ('"rocq-core" {>= "9.3"}', "rocq-9.2"),
        ('"ocaml" {>= "4.14"}', DEFAULT.name),
    ],
)
def test_opam_files(project: Path, settings: ToolchainSettings, depends: str, name: str) -> None:
    (project / "coq-mine.opam").write_text(f'opam-version: "2.0"\ndepends: [ "dune" {depends} ]\n')
    assert toolchain_for_project(project, settings).name == name


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("(depends (coq (and (>= 8.18) (< 8.21))) dune)", "coq-8.20"),
        ('(depends (dune (>= 3)) (or (coq (< "8.12")) (coq-core (and (<> 8.20.1) :build (= :version)))))', "rocq-9.2"),
        ("(depends rocq-runtime)", "rocq-9.2"),
        ("(depends coq) (conflicts (coq (>= 9.0)))", "coq-8.20"),
        ("(depends (coq (= dev)))", DEFAULT.name),
        ("(depends (coq (= 8.17.1)))", "coq-8.20"),
        ("(depends (coq", DEFAULT.name),
    ],
)
def test_dune_project(project: Path, settings: ToolchainSettings, package: str, name: str) -> None:
    (project / "dune-project").write_text(f"(lang dune 3.8)\n(using coq 0.8)\n(package (name a) {package})\n")
    assert toolchain_for_project(project, settings).name == name
    # What says nothing goes before nothing.
    (project / "a.opam").write_text('depends: [ "coq" ]')
    assert toolchain_for_project(project, settings).name == name
    (project / "a.opam").write_text('depends: [ "coq" {< "8.21"} ]')
    assert toolchain_for_project(project, settings).name == "coq-8.20"


def test_deep_opam_files(project: Path, settings: ToolchainSettings) -> None:
    (project / "a.opam").write_text("depends: [ " + "(" * 9000 + '"coq" {< "8.21"}')
    assert toolchain_for_project(project, settings).name == DEFAULT.name


def test_why_opam_files(project: Path, settings: ToolchainSettings) -> None:
    (project / "coq-mine.opam").write_text('depends: [ "rocq-core" {>= "9.0"} ]')
    assert toolchain_for_project(project, settings).why == 'its opam file coq-mine.opam asks for >= "9.0"'
    (project / "coq-mine.opam").write_text('depends: [ "coq" {< "8.1"} ]')
    found = toolchain_for_project(project, settings)
    assert found.why.endswith('asks for < "8.1", which no toolchain here is, and it is the nearest')
    assert found.unmet == '< "8.1"'
    (project / "coq-mine.opam").unlink()
    (project / "dune-project").write_text("(package (depends (or (coq (< 8.21)) (coq-core (and (>= 8.20) (< 9.0))))))")
    why = 'its dune-project asks for coq {< "8.21"} | coq-core {>= "8.20" & < "9.0"}'
    assert toolchain_for_project(project, settings) == ("coq-8.20", why, "")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("From Stdlib Require Import List.\n", "rocq-9.2"),
        ("Require Import Stdlib.Lists.List.\n", "rocq-9.2"),
        ("From Corelib Require Import Setoid.\n", "rocq-9.2"),
        ("From Coq Require Import List.\n", DEFAULT.name),
        ("(* From Stdlib Require Import List. *)\n", DEFAULT.name),
        ("From Mine Require Import Stdlibrary.\n", DEFAULT.name),
    ],
)
def test_requirements(project: Path, settings: ToolchainSettings, text: str, name: str) -> None:
    (project / "theories" / "A.v").write_text(text)
    assert toolchain_for_project(project, settings).name == name


class TestLibraries:
    """The default, this machine's own on PATH, lacks a library that another has."""

    @pytest.fixture
    def own(
        self, settings: ToolchainSettings, nobodys_settings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> ToolchainSettings:
        on_path(installation(tmp_path / "own", "9.2") / "bin", monkeypatch)
        other = installation(nobodys_settings / "opam" / "other", "9.1.0")
        (other / "lib/coq/user-contrib/mathcomp/finmap").mkdir(parents=True)
        return ToolchainSettings("path", SandboxMode.NONE, settings.cache)

    @pytest.mark.parametrize(
        ("text", "library"),
        [
            ("From mathcomp Require Import all_ssreflect.\n", "mathcomp"),
            ("Require Import mathcomp.ssreflect.ssrnat.\n", "mathcomp"),
            ("From mathcomp Require Import finmap.\n", "mathcomp.finmap"),
        ],
    )
    def test_one_that_has_it_is_taken(self, project: Path, own: ToolchainSettings, text: str, library: str) -> None:
        (project / "theories" / "A.v").write_text("From Coq Require Import List.\n" + text)
        why = f"its theories/A.v requires {library}, which path has not"
        assert toolchain_for_project(project, own) == ("opam:other", why, "")
        (project / "coq-mine.opam").write_text('depends: [ "rocq-core" {>= "9.0"} ]')
        asked = f'its opam file coq-mine.opam asks for >= "9.0", and {why}'
        assert toolchain_for_project(project, own) == ("opam:other", asked, "")
        # What the project says itself comes before.
        (project / "coq-mine.opam").write_text('depends: [ "rocq-core" {>= "9.2"} ]')
        assert toolchain_for_project(project, own).name != "opam:other"

    def test_one_that_is_to_have_it(self, project: Path, own: ToolchainSettings) -> None:
        """None that is here has it: it is one that can be built."""
        (project / "theories" / "A.v").write_text("From stdpp Require Import gmap.\n")
        found = toolchain_for_project(project, own)
        assert found == (COQ_8_20.name, "its theories/A.v requires stdpp, which path has not", "")

    @pytest.mark.parametrize(
        "text",
        [
            "From Mine Require Import mathcomp.\n",
            "(* From mathcomp Require Import all_ssreflect. *)\n",
            "From Unheard Require Import Of.\n",
        ],
    )
    def test_what_is_no_reason(self, project: Path, own: ToolchainSettings, text: str) -> None:
        (project / "theories" / "A.v").write_text(text)
        assert toolchain_for_project(project, own).name == "path"

    def test_a_project_that_is_the_library(self, project: Path, own: ToolchainSettings) -> None:
        (project / "_CoqProject").write_text("-Q theories mathcomp\n")
        (project / "theories" / "A.v").write_text("From mathcomp Require Import all_ssreflect.\n")
        assert toolchain_for_project(project, own).name == "path"


def test_a_broken_coq_of_this_machines_own(
    project: Path, settings: ToolchainSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the default, so that what would be checked with it is not said to go with another."""
    program(tmp_path / "bin", "coqc", "echo hello; exit 1")
    on_path(tmp_path / "bin", monkeypatch)
    with pytest.raises(ToolchainError) as checked:
        find_toolchain(settings=settings)
    with pytest.raises(ToolchainError) as chosen:
        toolchain_for_project(project, settings)
    assert str(chosen.value) == str(checked.value)
    (project / "palmetto.toml").write_text('[palmetto]\ntoolchain = "coq-8.20"\n')
    assert toolchain_for_project(project, settings).name == "coq-8.20"


@pytest.mark.parametrize(
    ("listing", "folder", "name"),
    [
        ("-Q theories Stdlib", "theories", "coq-8.20"),
        ("-R theories Stdlib.Mine", "theories", "coq-8.20"),
        ("-Q theories Mine", "theories", "rocq-9.2"),
        # Names begin with the folder's where nothing is said before them.
        ('-R theories ""', "theories/Stdlib", "coq-8.20"),
        (None, "Stdlib", "coq-8.20"),
        (None, "theories/Stdlib", "rocq-9.2"),
        ("-Q 'theories Stdlib", "theories", "rocq-9.2"),  # malformed: told where it is read
    ],
)
def test_what_a_project_calls_its_own_so(
    project: Path, settings: ToolchainSettings, listing: str | None, folder: str, name: str
) -> None:
    settings = replace(settings, choice="coq-8.20")
    (project / "_CoqProject").unlink()
    if listing is not None:
        (project / "_CoqProject").write_text(listing)
    (project / folder).mkdir(parents=True, exist_ok=True)
    (project / folder / "A.v").write_text("Definition one := 1.\n")
    (project / folder / "B.v").write_text("From Stdlib Require Import A.\n")
    assert toolchain_for_project(project, settings).name == name
    (project / folder / "B.v").write_text("From Corelib Require Import A.\n")
    assert toolchain_for_project(project, settings).name == "rocq-9.2"


class TestSetting:
    @pytest.mark.parametrize(
        ("file", "text"),
        [
            ("palmetto.toml", '[palmetto]\ntoolchain = "rocq-9.2"\n'),
            ("pyproject.toml", '[tool.palmetto]\ntoolchain = "rocq-9.2"\n'),
            ("pyproject.toml", '[palmetto]\ntoolchain = "rocq-9.2"\n'),
        ],
    )
    def test_it_comes_before_what_is_found(
        self, project: Path, settings: ToolchainSettings, file: str, text: str
    ) -> None:
        vo(project / "A.vo", 82000)
        (project / file).write_text(text)
        assert toolchain_for_project(project, settings) == ("rocq-9.2", f"its {file} says so", "")

    def test_palmetto_toml_comes_before_pyproject(self, project: Path, settings: ToolchainSettings) -> None:
        (project / "palmetto.toml").write_text('[palmetto]\ntoolchain = "path"\n')
        (project / "pyproject.toml").write_text('[tool.palmetto]\ntoolchain = "rocq-9.2"\n')
        assert toolchain_for_project(project, settings).name == "path"

    @pytest.mark.parametrize("text", ["", "[palmetto]\n"])
    def test_files_that_name_none(self, project: Path, settings: ToolchainSettings, text: str) -> None:
        (project / "palmetto.toml").write_text(text)
        (project / "pyproject.toml").write_text(f"{text}[project]\ntoolchain = 3\n[tool.other]\ntoolchain = 3\n")
        assert toolchain_for_project(project, settings).name == DEFAULT.name

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("[palmetto", "is no TOML"),
            ("[palmetto]\ntoolchain = 9.2", "names the toolchain 9.2: write its name in quotes"),
            ('[palmetto]\ntoolchain = "rocq-9.9"', r"'rocq-9\.9': set it to auto, coq-8\.20"),
            # What would be passed over.
            ('toolchain = "coq-8.20"', r"the key 'toolchain' outside of \[palmetto\], .* below `\[palmetto\]`"),
            ('[palmetto]\ntoolchian = "coq-8.20"', r"the key 'toolchian' under \[palmetto\], which nothing reads"),
            ('[palmeto]\ntoolchain = "coq-8.20"', r"the key 'palmeto' outside of \[palmetto\], which nothing reads"),
            ('[tool.palmetto]\ntoolchain = "coq-8.20"', r"the key 'tool' outside of \[palmetto\]"),
            ("palmetto = 3", r"has 'palmetto' that is no table: write `toolchain = "),
            # A project may not bring the program that says whether its proofs are right.
            ('[palmetto]\ntoolchain = "./tools"', "names the folder './tools'"),
            ('[palmetto]\ntoolchain = "/usr"', "names the folder '/usr'"),
            ('[palmetto]\ntoolchain = "opam:."', "names the folder 'opam:.'"),
            ('[palmetto]\ntoolchain = "opam:./sub"', "names the folder 'opam:./sub'"),
        ],
    )
    def test_bad_settings(self, project: Path, settings: ToolchainSettings, text: str, sentence: str) -> None:
        (project / "palmetto.toml").write_text(text)
        with pytest.raises(ToolchainError, match=sentence) as caught:
            toolchain_for_project(project, settings)
        assert str(project / "palmetto.toml") in str(caught.value)
        # It would not be taken there.
        assert "folder's path" not in str(caught.value)

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ('[tool.palmetto]\ntoolchian = "path"', r"the key 'toolchian' under \[tool\.palmetto\]"),
            ('[palmetto]\ntoolchian = "path"', r"the key 'toolchian' under \[palmetto\], which nothing reads"),
            ("[tool]\npalmetto = []", r"'tool\.palmetto' that is no table"),
        ],
    )
    def test_bad_settings_of_pyproject(
        self, project: Path, settings: ToolchainSettings, text: str, sentence: str
    ) -> None:
        (project / "pyproject.toml").write_text(text)
        with pytest.raises(ToolchainError, match=sentence):
            toolchain_for_project(project, settings)


def test_no_evidence(project: Path, settings: ToolchainSettings) -> None:
    (project / "theories" / "A.v").write_text("Definition one := 1.\n")
    assert toolchain_for_project(project, settings) == (
        DEFAULT.name,
        "nothing in it asks for another than the default",
        "",
    )
