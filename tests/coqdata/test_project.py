"""Projects: `_CoqProject` files, load paths, dependencies, and the catalogue."""

from pathlib import Path

import pytest

from coqdata.catalogue import Added, add_project, added_projects, catalogue, find_project, locate, resolve
from coqdata.project import (
    LoadOptions,
    LoadPath,
    ProjectError,
    dependencies,
    in_dependency_order,
    load_project,
    parse_project_file,
    requires,
)

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ROOT = Path("/project")


class TestProjectFile:
    def test_paths_and_files(self) -> None:
        text = "-R src Own\n-Q lib/sub Own.Lib\n-I ml\n# a comment -R no No\nsrc/A.v src/B.v\nlib/sub/C.v\n"
        options, files = parse_project_file(text, ROOT)
        assert options.paths == (
            LoadPath(ROOT / "src", "Own", True),
            LoadPath(ROOT / "lib/sub", "Own.Lib", False),
        )
        assert options.ml == (ROOT / "ml",)
        assert files == [ROOT / "src/A.v", ROOT / "src/B.v", ROOT / "lib/sub/C.v"]

    def test_arguments(self) -> None:
        text = '-arg -w -arg "-notation-overridden,+x"\n-arg "-set Foo=1"\n-impredicative-set\nCAMLFLAGS = "-g"\n'
        options, files = parse_project_file(text, ROOT)
        assert options.arguments == ("-w", "-notation-overridden,+x", "-set", "Foo=1", "-impredicative-set")
        assert files == []

    def test_the_empty_logical_name(self) -> None:
        for text in ('-Q . ""', "-Q . ''"):
            options, _ = parse_project_file(text, ROOT)
            assert options.paths == (LoadPath(ROOT, "", False),)

    @pytest.mark.parametrize("text", ["-R src", "-Q", "-arg", '-Q . "Own', "-I", "-w"])
    def test_malformed(self, text: str) -> None:
        with pytest.raises(ProjectError, match="_CoqProject"):
            parse_project_file(text, ROOT)

    def test_as_coqc_takes_it(self) -> None:
        options = LoadOptions(
            (LoadPath(ROOT, "Own", True), LoadPath(ROOT / "x", "", False)), (ROOT / "ml",), ("-w", "all")
        )
        assert options.coqc_arguments() == [
            "-R",
            "/project",
            "Own",
            "-Q",
            "/project/x",
            "",
            "-I",
            "/project/ml",
            "-w",
            "all",
        ]

    def test_as_an_engine_takes_it(self) -> None:
        given = (
            "-impredicative-set",
            "-w",
            "none",
            "-set",
            "Foo=1",
            "-set",
            "Bar=a b",
            "-set",
            "Baz",
            "-unset",
            "Qux",
            "-q",
        )
        flags, commands = LoadOptions(arguments=given).engine_arguments()
        assert flags == ["-impredicative-set"]
        assert commands == ('Set Warnings "none".', "Set Foo 1.", 'Set Bar "a b".', "Set Baz.", "Unset Qux.")
        with pytest.raises(ProjectError, match="-vos"):
            LoadOptions(arguments=("-vos",)).engine_arguments()

    def test_logical_names(self) -> None:
        options = LoadOptions((LoadPath(ROOT / "src", "Own", True), LoadPath(ROOT / "src/deep", "Deep", False)))
        assert options.logical_name(ROOT, ROOT / "src/a/B.v") == "Own.a.B"
        assert options.logical_name(ROOT, ROOT / "src/deep/B.v") == "Deep.B"
        assert options.logical_name(ROOT, ROOT / "other/B.v") is None


class TestProjects:
    def test_the_examples(self) -> None:
        project = load_project(EXAMPLES)
        assert project.name == "examples"
        assert {path.name for path in project.files} == {path.name for path in EXAMPLES.glob("*.v")}
        assert project.options.paths == (LoadPath(EXAMPLES, "Example", False),)
        assert find_project(EXAMPLES / "Arith.v") == project

    def test_a_folder_without_a_project_file(self, tmp_path: Path) -> None:
        (tmp_path / "B.v").write_text("Require Import A.\n")
        (tmp_path / "A.v").write_text("Definition a := 1.\n")
        (tmp_path / ".#A.v").write_text("")
        project = load_project(tmp_path)
        assert [path.name for path in project.files] == ["A.v", "B.v"]
        assert project.options.paths == (LoadPath(tmp_path.resolve(), "", False),)
        assert find_project(tmp_path / "A.v") is None

    def test_the_nearest_project_file_counts(self, tmp_path: Path) -> None:
        (tmp_path / "_CoqProject").write_text("-R . Outer\n")
        inner = tmp_path / "inner" / "deep"
        inner.mkdir(parents=True)
        (tmp_path / "inner" / "_CoqProject").write_text("-R . Inner\n")
        found = find_project(inner / "A.v")
        assert found is not None
        assert found.root == (tmp_path / "inner").resolve()

    def test_what_is_none(self, tmp_path: Path) -> None:
        with pytest.raises(ProjectError, match="not a folder"):
            load_project(tmp_path / "nowhere")
        (tmp_path / "_CoqProject").write_bytes(b"-R . \xff\n")
        with pytest.raises(ProjectError, match="UTF-8"):
            load_project(tmp_path)


class TestDependencies:
    def test_requires(self) -> None:
        source = (
            b"Require A. Require Import B C.D. Require Export E.\n"
            b"From P Require F G.H. From P.Q Require Import I. (* Require J. *)\n"
            b'Definition s := "Require K.". Local Require Import L.\n'
        )
        assert requires(source) == [
            ("", "A"),
            ("", "B"),
            ("", "C.D"),
            ("", "E"),
            ("P", "F"),
            ("P", "G.H"),
            ("P.Q", "I"),
            ("", "L"),
        ]

    def project(self, folder: Path, files: dict[str, str]) -> tuple[list[Path], LoadOptions]:
        paths = []
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            paths.append(path.resolve())
        return paths, LoadOptions((LoadPath(folder.resolve(), "Own", True),))

    def test_order(self, tmp_path: Path) -> None:
        files, options = self.project(
            tmp_path,
            {
                "A.v": "From Own Require Import sub.Z B.",
                "B.v": "Require Import Own.sub.Z. Require Import List.",
                "sub/Z.v": "",
                "sub/B.v": "From Own.sub Require Z.",
                "C.v": "From Other Require Import A.",
            },
        )
        found = {
            path.name if path.parent.name != "sub" else f"sub/{path.name}": [one.name for one in needs]
            for path, needs in dependencies(files, options).items()
        }
        assert found["sub/Z.v"] == []
        assert found["sub/B.v"] == ["Z.v"]
        assert found["C.v"] == []
        assert "Z.v" in found["A.v"]
        order = [path.relative_to(tmp_path.resolve()).as_posix() for path in in_dependency_order(files, options)]
        assert order.index("sub/Z.v") < order.index("B.v") < order.index("A.v")

    def test_a_circle(self, tmp_path: Path) -> None:
        files, options = self.project(tmp_path, {"A.v": "Require Own.B.", "B.v": "Require Own.A."})
        with pytest.raises(ProjectError, match=r"circle .*A\.v"):
            in_dependency_order(files, options)


class TestCatalogue:
    @pytest.fixture(autouse=True)
    def own_cache(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PALMETTO_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("PALMETTO_SHARED", str(tmp_path / "shared"))

    def test_palms_projects(self) -> None:
        entries = catalogue()
        assert len(entries) >= 27
        for name, entry in entries.items():
            assert entry.name == name
            assert entry.upstream.startswith("https://")
            assert len(entry.commit) == 40
            assert entry.coq

    def test_adding(self, tmp_path: Path) -> None:
        assert added_projects() == {}
        assert add_project("mine", EXAMPLES).name == "mine"
        add_project("again", EXAMPLES)
        assert added_projects() == {"mine": Added(EXAMPLES), "again": Added(EXAMPLES)}
        assert locate("mine") == EXAMPLES
        assert resolve("mine").root == EXAMPLES
        assert resolve("mine").toolchain == ""
        assert resolve(str(EXAMPLES)).name == "examples"

    def test_adding_with_a_toolchain(self) -> None:
        assert add_project("mine", EXAMPLES, "rocq-9.2").toolchain == "rocq-9.2"
        assert added_projects() == {"mine": Added(EXAMPLES, "rocq-9.2")}
        # However it is come by.
        assert resolve("mine").toolchain == resolve(str(EXAMPLES)).toolchain == "rocq-9.2"
        found = find_project(EXAMPLES / "Any.v")
        assert found is not None and found.toolchain == "rocq-9.2"
        assert add_project("mine", EXAMPLES).toolchain == resolve("mine").toolchain == ""

    def test_what_cannot_be_resolved(self) -> None:
        known = next(iter(catalogue()))
        with pytest.raises(ProjectError, match=r"clone https://"):
            resolve(known)
        with pytest.raises(ProjectError, match="project list"):
            resolve("nothing-of-that-name")
        with pytest.raises(ProjectError, match="not a folder"):
            add_project("mine", Path("/nowhere/at/all"))

    def test_a_ready_corpus(self, tmp_path: Path) -> None:
        ready = tmp_path / "shared" / "corpora" / "ready"
        ready.mkdir(parents=True)
        (ready / "A.v").write_text("Definition a := 1.\n")
        assert locate("ready") == ready.resolve()
        assert resolve("ready").name == "ready"

    def test_a_list_that_is_broken(self, tmp_path: Path) -> None:
        (tmp_path / "cache").mkdir()
        (tmp_path / "cache" / "projects.json").write_text("{")
        with pytest.raises(ProjectError, match=r"projects\.json"):
            added_projects()


def test_arguments_of_the_catalogue_go_with_the_name_however_it_was_found(tmp_path: Path) -> None:
    folder = tmp_path / "UnifySL"
    folder.mkdir()
    (folder / "_CoqProject").write_text("-R . Logic\nA.v\n")
    (folder / "A.v").write_text("Definition a := 1.\n")
    wanted = catalogue()["UnifySL"].arguments
    assert wanted
    assert resolve(str(folder)).options.arguments == wanted
    found = find_project(folder / "A.v")
    assert found is not None
    assert found.options.arguments == wanted
