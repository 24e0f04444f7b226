"""Theorems that the text shows, against what Coq wrote into the library's .glob files."""

import bisect
import re
from pathlib import Path

import pytest

from coq_checker.toolchain import ToolchainError, find_toolchain
from coqdata.sentence import split
from coqdata.theorem import Theorem, TheoremKind, theorems

_ENTRY = re.compile(rb"^(\w+) (\d+):\d+ (\S+) (\S+)$")
_END = re.compile(rb"(?:Qed|Defined|Admitted|Abort|Save)\b")
# What Coq notes no entry for, or notes under another word's position.
_UNNOTED = frozenset((TheoremKind.OBLIGATION, TheoremKind.GOAL, TheoremKind.MORPHISM, TheoremKind.LET))


def _library() -> list[Path]:
    try:
        toolchain = find_toolchain()
    except ToolchainError as error:
        pytest.skip(f"no Coq to compare with: {error}")
    folders = toolchain.library_folders
    return sorted(file for root in toolchain.standard_libraries for file in folders[root].rglob("*.v"))


def _entries(glob: Path) -> dict[int, list[tuple[str, str, str]]]:
    """By offset: what Coq noted, as (sort, modules, name)."""
    found: dict[int, list[tuple[str, str, str]]] = {}
    for line in glob.read_bytes().splitlines():
        entry = _ENTRY.match(line)
        if entry is not None and entry[1] not in (b"R", b"binder", b"not", b"var"):
            place = (entry[1].decode(), entry[3].decode(), entry[4].decode())
            found.setdefault(int(entry[2]), []).append(place)
    return found


def _wrong(theorem: Theorem, noted: list[tuple[str, str, str]]) -> str | None:
    modules = ".".join(name for kind, name in theorem.path if kind != "Section") or "<>"
    if not any((where, name) == (modules, theorem.name) for _, where, name in noted):
        return f"{theorem.kind.value} {theorem.qualified_name} at {theorem.start}: Coq has {noted}"
    return None


def test_names_and_modules_of_the_standard_library(capsys: pytest.CaptureFixture[str]) -> None:
    wrong: list[str] = []
    compared = missed = 0
    for file in _library():
        glob = file.with_suffix(".glob")
        if not glob.is_file():
            continue
        source, entries = file.read_bytes(), _entries(glob)
        places = sorted(entries)
        found = theorems(source)
        for theorem in found:
            inside = places[
                bisect.bisect_left(places, theorem.start) : bisect.bisect_left(places, theorem.statement_end)
            ]
            noted = [entry for place in inside for entry in entries[place]]
            anonymous = theorem.kind is TheoremKind.INSTANCE and not noted
            if theorem.kind in _UNNOTED or theorem.kind is TheoremKind.FUNCTION or anonymous:
                continue
            compared += 1
            problem = _wrong(theorem, noted)
            if problem is not None:
                wrong.append(f"{file.name}: {problem}")
        spans = [(theorem.start, theorem.statement_end) for theorem in found]
        for place in places:
            if any(sort == "prf" for sort, _, _ in entries[place]):
                index = bisect.bisect_right(spans, (place, place)) - 1
                if index < 0 or not spans[index][0] <= place < spans[index][1]:
                    missed += 1
                    wrong.append(f"{file.name}: Coq has a theorem at {place}: {entries[place]}")
    if not compared:
        pytest.skip("the standard library has no .glob files here")
    with capsys.disabled():
        print(f" [{compared} theorems compared] ", end="")
    assert wrong == []
    assert compared > 5000


def test_every_end_of_a_proof_has_its_statement() -> None:
    wrong: list[str] = []
    ends_seen = 0
    for file in _library():
        source = file.read_bytes()
        found = theorems(source)
        ends = {s.end for s in split(source).sentences if _END.match(source, s.start)}
        ends_seen += len(ends)
        closed = {theorem.proof_end for theorem in found if theorem.ending != "Proof"}
        wrong += [f"{file.name}: the proof that ends at {end} was not found" for end in sorted(ends - closed)]
        wrong += [f"{file.name}: {theorem.name} has no end" for theorem in found if theorem.ending is None]
    assert wrong == []
    assert ends_seen > 5000
