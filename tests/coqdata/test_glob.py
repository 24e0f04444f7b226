"""`.glob` files, read and compared with the sources they are about."""

from pathlib import Path

import pytest

from coq_checker.toolchain import Toolchain
from coqdata.glob import Definition, GlobError, Reference, read_glob

SAMPLE = b"""DIGEST 0123456789abcdef0123456789abcdef
FTop.Some
R8:12 Coq.Arith.Arith <> <> lib
prf 30:34 Inner first
var  226:226 Snoc A
R40:42 Coq.Init.Peano <> ::nat_scope:x_'+'_x not
R50:57 Coq.Arith.PeanoNat Nat add_comm thm
something new that Coq may add
"""


def test_lines_become_values() -> None:
    found = read_glob(SAMPLE)
    assert found.library == "Top.Some"
    assert found.definitions == (
        Definition("prf", 30, 35, "Inner", "first"),
        Definition("var", 226, 227, "Snoc", "A"),
    )
    assert found.references[-1] == Reference(50, 58, "Coq.Arith.PeanoNat", "Nat", "add_comm", "thm")
    assert found.references[-1].full_name == "Coq.Arith.PeanoNat.Nat.add_comm"
    assert found.required == ("Coq.Arith.Arith",)


@pytest.mark.parametrize("content", [b"", b"\n", b"Require Import Arith.", b"DIGEST x", b"\xff\x00\xfe"])
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(GlobError, match=r"no \.glob file"):
        read_glob(content)


def test_the_standard_librarys_files_agree_with_their_sources(toolchain: Toolchain) -> None:
    root = toolchain.standard_library
    theories = toolchain.library_folders[root]
    compared = 0
    for path in sorted(path for folder in ("Lists", "Arith", "Bool") for path in (theories / folder).glob("*.glob")):
        content, source = path.read_bytes(), path.with_suffix(".v").read_bytes()
        found = read_glob(content)
        assert found.library == ".".join((root, *path.relative_to(theories).with_suffix("").parts))
        # No line is left out: what this Coq writes is understood in full.
        assert len(found.definitions) + len(found.references) == content.count(b"\n") - 2
        for one in found.definitions:
            if one.kind in ("prf", "def", "ind", "constr", "ax", "inst"):
                assert source[one.start : one.end].decode() == one.name
                compared += 1
    assert compared > 1000


def test_a_file_is_not_looked_at_beyond_its_bytes(tmp_path: Path) -> None:
    assert read_glob(SAMPLE + b"R1:2 a").references[-1].name == "add_comm"
