"""Packs the records of a project or library into arrays that are mapped into memory, and opens them again.

A pack is one folder: `manifest.json` and `arrays.bin`. It is written under another name and renamed when it is
whole; nothing in it changes afterwards.
"""

import json
import os
import shutil
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retriever.index.features import entry_features, proof_features, step_features
from retriever.index.record import FORMAT, BadIndexError, Record
from retriever.index.source import Unit
from retriever.text import NAMES, feature_id, name_id

MANIFEST = "manifest.json"
ARRAYS = "arrays.bin"
KINDS = (
    "",
    "prf",
    "def",
    "ind",
    "coind",
    "variant",
    "rec",
    "class",
    "corec",
    "constr",
    "proj",
    "meth",
    "ax",
    "inst",
    "scheme",
    "abbrev",
    "prim",
)
_ALIGNMENT = 64
# How proofs end that prove something.
_WHOLE = frozenset(("Qed", "Defined", "Save", "Proof"))

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Ids = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Postings:
    """Which features each of some things has, both ways round.

    Attributes:
        pointers, features: thing i has `features[pointers[i]:pointers[i + 1]]`, numbers in the vocabulary.
        by_feature, things: feature f is one of `things[by_feature[f]:by_feature[f + 1]]`.
    """

    pointers: Longs
    features: Ints
    by_feature: Longs
    things: Ints

    @property
    def count(self) -> int:
        """How many things."""
        return len(self.pointers) - 1


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One file of a pack; see Record."""

    path: str
    library: str
    requires: tuple[str, ...]
    resolved: bool
    aliases: tuple[tuple[str, str], ...]


class Strings:
    """Texts by number."""

    def __init__(self, pointers: Longs, content: NDArray[np.uint8]) -> None:
        self._pointers, self._content = pointers, content

    def __getitem__(self, number: int) -> str:
        start, end = int(self._pointers[number]), int(self._pointers[number + 1])
        return self._content[start:end].tobytes().decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Pack:
    """An opened pack. Texts are numbers in `strings`.

    Attributes:
        name, key, project, toolchain_name, coq_version: see Unit.
        mark: tells packs of different content apart.
        needs: folders of the packs whose files this one's files require.
        files: in dependency order as the unit has them.
        arrays: by name; `entry_*`, `proof_*`, `step_*`, `dep_*` are columns of tables.
        vocabulary: feature numbers of all postings, sorted.
        entries, proofs, steps: features of each table's rows.
        strings: all texts.
    """

    name: str
    key: str
    project: bool
    mark: str
    needs: tuple[str, ...]
    files: tuple[FileFacts, ...]
    arrays: Mapping[str, NDArray[Any]]
    vocabulary: Ids
    entries: Postings
    proofs: Postings
    steps: Postings
    strings: Strings
    toolchain_name: str = ""
    coq_version: str = ""


class _Texts:
    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def __call__(self, text: str) -> int:
        return self.numbers.setdefault(text, len(self.numbers))

    def arrays(self) -> dict[str, NDArray[Any]]:
        encoded = [text.encode("utf-8", "replace") for text in self.numbers]
        pointers = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(one) for one in encoded], out=pointers[1:])
        return {"strings_pointers": pointers, "strings": np.frombuffer(b"".join(encoded), np.uint8)}


def write_pack(folder: Path, unit: Unit, needs: Sequence[str], records: Sequence[Record], mark: str) -> None:
    """Writes a pack; the folder appears when it is whole.

    Raises:
        OSError: it cannot be written.
    """
    texts = _Texts()
    arrays = _tables(records, texts)
    arrays |= texts.arrays()
    fresh = folder.with_name(f"{folder.name}.{os.getpid()}.part")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    layout: dict[str, tuple[str, list[int], int]] = {}
    crc = offset = 0
    with (fresh / ARRAYS).open("wb") as out:
        for label, array in arrays.items():
            data = np.ascontiguousarray(array).tobytes()
            layout[label] = (array.dtype.str, list(array.shape), offset)
            data += bytes(-len(data) % _ALIGNMENT)
            out.write(data)
            crc = zlib.crc32(data, crc)
            offset += len(data)
        out.flush()
        os.fsync(out.fileno())
    manifest = {
        "format": FORMAT,
        "name": unit.name,
        "key": unit.key,
        "project": unit.project,
        "toolchain_name": unit.toolchain_name,
        "coq_version": unit.coq_version,
        "mark": mark,
        "needs": list(needs),
        "bytes": offset,
        "crc32": crc,
        "arrays": layout,
        "files": [
            {"path": r.path, "library": r.library, "requires": r.requires, "resolved": r.resolved, "aliases": r.aliases}
            for r in records
        ],
        "counts": {
            "files": len(records),
            "premises": len(arrays["entry_name"]),
            "proofs": len(arrays["proof_name"]),
            "steps": len(arrays["step_proof"]),
        },
    }
    (fresh / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False), "utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    fresh.replace(folder)


def _tables(records: Sequence[Record], texts: _Texts) -> dict[str, NDArray[Any]]:
    entry: list[tuple[int, ...]] = []
    entry_ids: list[int] = []
    short_ids: list[int] = []
    tails: list[list[int]] = []
    proof: list[tuple[int, ...]] = []
    proof_ids: list[int] = []
    step: list[tuple[int, ...]] = []
    dep_pointers: list[int] = [0]
    dep_ids: list[int] = []
    dep_at: list[int] = []
    rows: dict[str, list[frozenset[str]]] = {"entries": [], "proofs": [], "steps": []}
    for number, record in enumerate(records):
        # What Coq does not list stands in a functor or module type: outside of the file it cannot be named.
        listed = any(one.printed for one in record.entries)
        for one in record.entries:
            entry_ids.append(name_id(one.name))
            short_ids.append(feature_id(NAMES + one.name.rpartition(".")[2]))
            shown = (texts(one.name), texts(one.word), texts(one.source), texts(one.printed), texts(one.section))
            kind = KINDS.index(one.kind) if one.kind in KINDS else 0
            inside = max(1, one.name.count(".") - record.library.count("."))
            parts = one.name.split(".")
            tails.append([name_id(".".join(parts[-length:])) for length in (inside, inside + 1)])
            entry.append((number, one.start, one.end, kind, int(listed and not one.printed), inside, *shown))
            rows["entries"].append(entry_features(one))
        for this in record.proofs:
            proof_ids.append(name_id(this.name))
            shown4 = (texts(this.name), texts(this.statement), texts(this.text), texts(this.section))
            whole = int(this.ending in _WHOLE)
            proof.append((number, this.start, this.proof_start, this.proof_end, whole, *shown4))
            rows["proofs"].append(proof_features(this))
            dep_ids += [name_id(premise) for premise in this.premises]
            dep_at += this.at
            dep_pointers.append(len(dep_ids))
            for move in this.steps:
                hypotheses = json.dumps([[h.names, h.body, h.type] for h in move.hypotheses], ensure_ascii=False)
                step.append((len(proof) - 1, move.start, move.end, texts(move.goal), texts(hypotheses), move.goals))
                rows["steps"].append(step_features(move))
    columns = {
        "entry": ("file", "start", "end", "kind", "hidden", "inside", "full", "word", "source", "printed", "section"),
        "proof": ("file", "start", "proof_start", "proof_end", "whole", "full", "statement", "text", "section"),
        "step": ("proof", "start", "end", "goal", "hypotheses", "goals"),
    }
    found: dict[str, NDArray[Any]] = {}
    for table, given in (("entry", entry), ("proof", proof), ("step", step)):
        numbers = np.array(given, np.int64).reshape(len(given), len(columns[table]))
        for place, column in enumerate(columns[table]):
            found[f"{table}_{column}"] = numbers[:, place].astype(np.int32)
    found["entry_name"] = np.array(entry_ids, np.uint64)
    found["entry_short"] = np.array(short_ids, np.uint64)
    both = np.array(tails, np.uint64).reshape(len(tails), 2)
    found["entry_tail"], found["entry_longer_tail"] = both[:, 0], both[:, 1]
    found["proof_name"] = np.array(proof_ids, np.uint64)
    found["dep_pointers"] = np.array(dep_pointers, np.int64)
    found["dep_name"] = np.array(dep_ids, np.uint64)
    found["dep_at"] = np.array(dep_at, np.int32)
    return found | _postings(rows)


def _postings(rows: Mapping[str, Sequence[frozenset[str]]]) -> dict[str, NDArray[Any]]:
    numbered = {
        name: [np.sort(np.fromiter(map(feature_id, one), np.uint64, len(one))) for one in given]
        for name, given in rows.items()
    }
    everything = [one for given in numbered.values() for one in given]
    vocabulary = np.unique(np.concatenate(everything)) if everything else np.zeros(0, np.uint64)
    found: dict[str, NDArray[Any]] = {"vocabulary": vocabulary}
    for name, given in numbered.items():
        pointers = np.zeros(len(given) + 1, np.int64)
        np.cumsum([len(one) for one in given], out=pointers[1:])
        flat = np.concatenate(given) if given else np.zeros(0, np.uint64)
        ids = np.searchsorted(vocabulary, flat).astype(np.int32)
        things = np.repeat(np.arange(len(given), dtype=np.int32), np.diff(pointers))
        order = np.argsort(ids, kind="stable")
        found[f"{name}_pointers"], found[f"{name}_features"] = pointers, ids
        found[f"{name}_by_feature"] = np.searchsorted(ids[order], np.arange(len(vocabulary) + 1)).astype(np.int64)
        found[f"{name}_things"] = things[order]
    return found


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a pack.

    Raises:
        BadIndexError: it is not there, damaged, or of another format version.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        version = manifest["format"]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BadIndexError(f"it is damaged ({type(error).__name__} in {MANIFEST})") from error
    if version != FORMAT:
        raise BadIndexError(f"it has format {version}, this version reads format {FORMAT}")
    return dict(manifest)


def open_pack(folder: Path) -> Pack:
    """Maps a pack into memory; its checksum is compared.

    Raises:
        BadIndexError: it is not there, damaged, or of another format version.
    """
    manifest = read_manifest(folder)
    try:
        content = np.memmap(folder / ARRAYS, np.uint8, "r") if manifest["bytes"] else np.zeros(0, np.uint8)
        if len(content) != manifest["bytes"] or zlib.crc32(content.data) != manifest["crc32"]:
            raise BadIndexError(f"it is damaged ({ARRAYS} is not what was written)")
        arrays = {label: _array(content, *where) for label, where in manifest["arrays"].items()}
        postings = {
            name: Postings(*(arrays[f"{name}_{part}"] for part in ("pointers", "features", "by_feature", "things")))
            for name in ("entries", "proofs", "steps")
        }
        files = tuple(
            FileFacts(
                one["path"],
                one["library"],
                tuple(one["requires"]),
                one["resolved"],
                tuple((a, b) for a, b in one["aliases"]),
            )
            for one in manifest["files"]
        )
        return Pack(
            name=manifest["name"],
            key=manifest["key"],
            project=manifest["project"],
            mark=manifest["mark"],
            needs=tuple(manifest["needs"]),
            files=files,
            arrays=arrays,
            vocabulary=arrays["vocabulary"],
            strings=Strings(arrays["strings_pointers"], arrays["strings"]),
            # Packs of before did not tell.
            toolchain_name=manifest.get("toolchain_name", ""),
            coq_version=manifest.get("coq_version", ""),
            **postings,
        )
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BadIndexError(f"it is damaged ({type(error).__name__}: {error})") from error


def _array(content: NDArray[np.uint8], dtype: str, shape: list[int], offset: int) -> NDArray[Any]:
    kind = np.dtype(dtype)
    size = kind.itemsize * int(np.prod(shape))
    # A plain array over the mapped bytes: slicing a memmap costs microseconds each time.
    return np.asarray(content)[offset : offset + size].view(kind).reshape(shape)
