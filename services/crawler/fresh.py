"""Theorems that were first stated at a moment or after it, with the commit that shows it.

Only commits, trees and the texts of Coq files are read. A file version is read once, whatever the number of commits
that have it; versions that are early are read only when the present ones hold something that may be new.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from coqdata.theorem import Theorem
from crawler.git import Git, GitError
from crawler.history import Commit, early
from crawler.statements import is_proved, is_text, is_verilog, statements

_REGULAR = frozenset((b"100644", b"100755", b"100664"))
_STATEMENT_CHARS = 2000


class HistoryTooLargeError(Exception):
    """There is more Coq text in a history than may be read."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """What is new in a repository.

    Attributes:
        theorems: the new ones: the hash of the statement, and the theorem with its evidence, ready for JSON.
        before: hashes of all statements that the repository had before.
        known: theorems of the present files whose statement was there before.
    """

    theorems: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    before: frozenset[int] = frozenset()
    known: int = 0


@dataclass(slots=True)
class _Versions:
    """Versions of Coq files: which commit has each first, early ones and later ones, in the order of the commits."""

    early: dict[str, str] = field(default_factory=dict)
    late: dict[str, str] = field(default_factory=dict)


def fresh(
    git: Git,
    history: Sequence[Commit],
    files: Iterable[tuple[str, str]],
    moment: datetime,
    max_file_bytes: int,
    max_bytes: int,
) -> Fresh:
    """Looks for new theorems; for a thread of its own.

    Args:
        git: the repository, with the texts of all versions.
        history: its commits, in the order of `history.commits`.
        files: the present Coq files: path and hash.
        moment: what was there before is not new.
        max_file_bytes: a larger file is not read.
        max_bytes: what may be read altogether.

    Raises:
        GitError: the repository cannot be read.
        HistoryTooLargeError: there is more to be read.
    """
    reader = _Reader(git, max_file_bytes, max_bytes)
    versions = _versions(git, early(history, moment))
    present = [(path, oid) for path, oid in files]
    # A version that is early holds nothing new, so that of most repositories few files are read.
    changed = {oid for _, oid in present if oid not in versions.early}
    stated = {oid: _stated(text) for oid, text in reader.texts(sorted(changed)) if is_text(text)}
    if not any(stated.values()):
        there = sorted({oid for _, oid in present if oid in versions.early})
        return Fresh(before=frozenset(one for _, text in reader.texts(there) for _, one in statements(text)))
    before: set[int] = set()
    names: set[str] = set()
    for _, text in reader.texts(versions.early):
        for theorem, one in statements(text):
            before.add(one)
            names.add(theorem.name)
    candidates = {one for found in stated.values() for _, one, _ in found if one not in before}
    first = _first(reader, versions, candidates)
    commits = {one.hash: one for one in history}
    found: list[tuple[int, dict[str, Any]]] = []
    known = 0
    for path, oid in present:
        numbers: Counter[str] = Counter()
        for theorem, one, statement in stated.get(oid, []):
            index = numbers[theorem.qualified_name]
            numbers[theorem.qualified_name] += 1
            if one not in candidates:
                known += 1
            elif is_proved(theorem) and not theorem.nested and one in first:
                source, version = first[one]
                evidence = {**commits[source].evidence(), "blob": version, "name_was_there": theorem.name in names}
                what = {"file": path, "theorem": theorem.qualified_name, "index": index, "kind": theorem.kind.value}
                found.append((one, {**what, "statement": statement, "first": evidence}))
    return Fresh(found, frozenset(before), known)


def _stated(text: bytes) -> list[tuple[Theorem, int, str]]:
    """Theorems of a file with the hash and the text of what they state."""
    return [
        (theorem, one, text[theorem.start : theorem.statement_end].decode("utf-8", "replace")[:_STATEMENT_CHARS])
        for theorem, one in statements(text)
    ]


def _first(reader: "_Reader", versions: _Versions, candidates: set[int]) -> dict[int, tuple[str, str]]:
    """For each candidate the first commit that has it, and the hash of the file version there."""
    found: dict[int, tuple[str, str]] = {}
    for oid, text in reader.texts(versions.late):
        for _, one in statements(text):
            if one in candidates and one not in found:
                found[one] = versions.late[oid], oid
        if len(found) == len(candidates):
            break
    return found


def _versions(git: Git, early_commits: set[str]) -> _Versions:
    """Which versions of Coq files the history holds."""
    found = _Versions()
    # Merges are compared with all their parents: what a merge itself makes is seen, what it brings was seen before.
    arguments = ("log", "--topo-order", "--reverse", "--branches", "-c", "--raw", "--no-renames", "--no-abbrev")
    with git.reading(*arguments, "--format=%x01%H") as child:
        assert child.stdout is not None
        commit, into = "", found.late
        for line in child.stdout:
            if line.startswith(b"\x01"):
                commit = line[1:].strip().decode("ascii", "replace")
                into = found.early if commit in early_commits else found.late
            elif line.startswith(b":"):
                described, _, path = line.rstrip(b"\n").partition(b"\t")
                parents = len(described) - len(described.lstrip(b":"))
                fields = described.lstrip(b":").split()
                if fields[parents] in _REGULAR and path.rstrip(b'"').endswith(b".v"):
                    into.setdefault(fields[2 * parents + 1].decode(), commit)
        if child.wait() != 0:
            raise GitError("the history cannot be read to its end")
    for oid in found.early:
        found.late.pop(oid, None)
    return found


class _Reader:
    """Reads file versions, and keeps count of how much."""

    def __init__(self, git: Git, max_file_bytes: int, max_bytes: int) -> None:
        self._git, self._max_file_bytes, self._left = git, max_file_bytes, max_bytes

    def texts(self, hashes: Iterable[str]) -> Iterable[tuple[str, bytes]]:
        """The Coq texts among them."""
        for oid, text in self._git.blobs(hashes, self._max_file_bytes):
            if text is not None and not is_verilog(text):
                self._left -= len(text)
                if self._left < 0:
                    raise HistoryTooLargeError
                yield oid, text
