"""Makefiles that call `rocq`, as only Rocq 9 has it."""

from pathlib import Path

import pytest

from coq_checker.toolchain import Toolchain
from crawler.build import Builder
from crawler.settings import CrawlerSettings

from .histories import lemma
from .test_detect import put


async def test_what_a_makefile_of_rocq_calls(
    tmp_path: Path, each_toolchain: Toolchain, settings: CrawlerSettings
) -> None:
    """`rocq c`, `rocq compile` and `rocq makefile`, which no Coq 8 has."""
    if each_toolchain.version < (9,):
        pytest.skip(f"this is {each_toolchain.coq_version}")
    makefile = (
        "all: RocqMakefile\n\trocq c -R deep Deep deep/A.v\n\trocq compile -Q b B b/B.v\n"
        "\t$(MAKE) -f RocqMakefile\n\ttest -s C.v && test ! -s C.vo\n"
        "RocqMakefile: \n\trocq makefile -R c Own c/C.v -o RocqMakefile\n\trocq --print-version > C.v\n"
    )
    files = {"deep/A.v": lemma("a", "1 = 1"), "b/B.v": lemma("b", "1 = 1"), "c/C.v": "Require Import Deep.A.\n"}
    root = put(tmp_path / "p", {"Makefile": makefile, **files})
    limits = settings.model_copy(update={"make_wall_s": 60.0})
    built = await Builder(each_toolchain, limits, root.parent / "work", 1).build(root)
    said = (root / "_CoqProject").read_text()
    assert all(option in said for option in ("-R deep Deep", "-Q b B", "-R c Own")), (said, built.notes)
    assert set(built.compiled) >= set(files)
