"""What a folder says of how it is built."""

from pathlib import Path

import pytest

from coqdata.opam import Package, wanted_of
from coqdata.project import LoadOptions, LoadPath, load_project
from crawler.build.causes import cause_of
from crawler.build.detect import detect, guess
from crawler.build.writing import write_project
from crawler.model import Cause


def put(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root.resolve()


def shown(root: Path, options: LoadOptions) -> list[str]:
    return [
        f"{'R' if path.recursive else 'Q'} {path.folder.relative_to(root).as_posix()} {path.logical}"
        for path in options.paths
    ]


def test_a_project_file(tmp_path: Path) -> None:
    text = "-Q theories Lib\n-arg -w -arg -deprecated\nINSTALL = x\ntheories/A.v theories/B.v\ntheories/Gone.v\n"
    root = put(tmp_path, {"_CoqProject": text, "theories/A.v": "", "theories/B.v": "", "theories/Extra.v": ""})
    found = detect(root)
    assert found.systems == ("coqproject",) and found.layout is not None
    assert shown(root, found.layout.options) == ["Q theories Lib"]
    assert found.layout.options.arguments == ("-w", "-deprecated")
    assert [file.name for file in found.layout.files] == ["A.v", "B.v"]
    assert found.layout.missing == ("theories/Gone.v",)


@pytest.mark.parametrize("name", ["_RocqProject", "Make"])
def test_its_other_names(tmp_path: Path, name: str) -> None:
    root = put(tmp_path, {name: "-R . Top\nA.v\n", "A.v": ""})
    layout = detect(root).layout
    assert layout is not None and shown(root, layout.options) == ["R . Top"]


def test_project_files_in_folders(tmp_path: Path) -> None:
    files = {
        "one/_CoqProject": "-R . One\n",
        "one/A.v": "",
        "two/_CoqProject": "-Q src Two\nsrc/B.v\n",
        "two/src/B.v": "",
    }
    root = put(tmp_path, files)
    layout = detect(root).layout
    assert layout is not None
    assert shown(root, layout.options) == ["R one One", "Q two/src Two"]
    assert [file.name for file in layout.files] == ["A.v", "B.v"]


def test_what_leads_out_of_the_folder_is_left_out(tmp_path: Path) -> None:
    put(tmp_path, {"secret/S.v": ""})
    text = (
        "-R ../secret Secret\n-Q / Root\n-Q . Mine\n-I /etc\n-arg -load-vernac-source\n../secret/S.v\n/etc/x.v\nA.v\n"
    )
    root = put(tmp_path / "project", {"_CoqProject": text, "A.v": ""})
    layout = detect(root).layout
    assert layout is not None
    assert shown(root, layout.options) == ["Q . Mine"]
    assert layout.options.ml == () and layout.options.arguments == ()
    assert [file.name for file in layout.files] == ["A.v"]
    assert len(layout.notes) == 5


@pytest.mark.parametrize("text", ['-R . "X', "-R .", "\0\0", "-R . X\n" * 3])
def test_a_broken_project_file_is_no_fault(tmp_path: Path, text: str) -> None:
    root = put(tmp_path, {"_CoqProject": text, "A.v": ""})
    detect(root)


def test_dune(tmp_path: Path) -> None:
    dune = (
        '; a word\n(coq.theory\n (name My.Lib)\n (package p) (theories Coq)\n (flags (:standard -w "-x")))\n(rule (x))'
    )
    files = {
        "dune-project": "(lang dune 3.8)\n(using coq 0.8)",
        "theories/dune": dune,
        "theories/A.v": "",
        "theories/sub/B.v": "",
        "tests/dune": "(coq.theory (name Tests))",
        "tests/T.v": "",
        "other/dune": "(executable (name x))",
        "broken/dune": "(coq.theory (name ",
    }
    root = put(tmp_path, files)
    found = detect(root)
    assert found.systems == ("dune",) and found.layout is not None
    assert shown(root, found.layout.options) == ["R tests Tests", "R theories My.Lib"]
    assert found.layout.options.arguments == ("-w", "-x")
    assert [file.name for file in found.layout.files] == ["T.v", "A.v", "B.v"]


def test_opam(tmp_path: Path) -> None:
    text = 'opam-version: "2.0"\ndepends: [\n "ocaml"\n "coq" {>= "8.10" & < "8.13~"}\n "coq-mathcomp-ssreflect"\n]\n'
    root = put(tmp_path, {"lib.opam": text, "Makefile": "all:\n", "A.v": ""})
    found = detect(root)
    assert found.systems == ("opam", "make") and found.makefile
    assert found.package.requires == ("coq-mathcomp-ssreflect",)
    assert found.package.coq == '>= "8.10" & < "8.13~"'


@pytest.mark.parametrize(
    ("wanted", "refused"),
    [
        ('>= "8.10" & < "8.13~"', True),
        ('>= "8.10"', False),
        ('= "8.20.1"', False),
        ('= "8.9"', True),
        ('<= "8.19"', True),
        ('< "8.21~"', False),
        ('>= "9.0"', True),
        ('= "dev" | < "8.5"', True),
        ('= "dev"', False),
        ('< "garbage"', False),
    ],
)
def test_which_coq_opam_refuses(wanted: str, refused: bool) -> None:
    assert Package(wanted=wanted_of(f'depends: [ "coq" {{{wanted}}} ]')).refuses("8.20.1") is refused


def test_a_guess(tmp_path: Path) -> None:
    makefile = "COQC = coqc -R src Lib -Q other Other.Sub\n"
    root = put(tmp_path, {"Makefile": makefile, "src/A.v": "", "other/B.v": ""})
    assert shown(root, guess(root).options) == ["R src Lib", "Q other Other.Sub"]
    assert shown(tmp_path, guess(put(tmp_path / "bare", {"A.v": ""})).options) == ["R bare "]


def test_what_is_written_is_read_the_same(tmp_path: Path) -> None:
    names = ["A.v", "with space/B.v", "semi;colon.v", "dollar$.v", "it's.v"]
    root = put(tmp_path, {**dict.fromkeys(names, ""), "_CoqProject": "-R . Own\n"})
    arguments = ("-w", "-a,+b", "-set", "Default Goal Selector=!", "-noinit")
    options = LoadOptions((LoadPath(root, "", True), LoadPath(root / "with space", "X.Y", False)), (), arguments)
    write_project(root, options, [root / name for name in names])
    project = load_project(root)
    assert project.options == options
    assert [file.relative_to(root).as_posix() for file in project.files] == names
    assert (root / "_CoqProject.upstream").read_text() == "-R . Own\n"
    write_project(root, options, [root / "A.v"])
    assert (root / "_CoqProject.upstream").read_text() == "-R . Own\n"


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("Cannot find a physical path bound to logical path Foo with prefix Iris; bind it", Cause.MISSING_DEPENDENCY),
        ("Unable to locate library mathcomp.ssreflect", Cause.MISSING_DEPENDENCY),
        ("Cannot find a physical path bound to logical path Omega", Cause.COQ_VERSION),
        ("Cannot find a physical path bound to logical path ZArith with prefix Stdlib", Cause.COQ_VERSION),
        ("Cannot find a physical path bound to logical path Parser with prefix Mine", Cause.BUILD_SYSTEM),
        ("coqc took more than 600 s", Cause.TIMEOUT),
        ("coqc was killed by signal 24 after 9 s and said nothing (out of memory?)", Cause.TIMEOUT),
        ("coqc was killed by signal 9 after 9 s and said nothing (out of memory?)", Cause.MEMORY),
        ("Out of memory", Cause.MEMORY),
        ("Can't find file foo.cmxs on loadpath", Cause.PLUGIN),
        ("The file x.vo has bad magic number 81200", Cause.COQ_VERSION),
        ("Syntax error: '.' expected after [vernac:gallina]", Cause.COQ_VERSION),
        ("In environment n : nat Unable to unify", Cause.SOURCE),
    ],
)
def test_causes(message: str, cause: Cause) -> None:
    assert cause_of(message, frozenset({"Mine"})) is cause
