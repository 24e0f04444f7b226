"""Records as rows of a table, and back."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from evaluator.record import Record, StageCost

KEY = ("experiment", "project", "file", "theorem", "index")
# Large and seldom wanted: kept compressed, apart from the rest.
LARGE = ("model_answers", "events")
_JSON = ("axioms", "features", "known_bugs", "stages")
# Younger than some stores and parts, which an older Palmetto may write to as well.
YOUNGER = ("features", "known_bugs")
_KINDS: dict[Any, str] = {str: "TEXT", int: "INTEGER", float: "REAL", bool: "INTEGER"}
SMALL = tuple(one.name for one in fields(Record) if one.name not in LARGE)
_BOOLS = frozenset(one.name for one in fields(Record) if one.type is bool)


def columns() -> list[str]:
    """The definitions of the columns of a record's small parts."""
    kept = [one for one in fields(Record) if one.name in SMALL]
    return [column(one.name, _KINDS.get(one.type, "TEXT")) for one in kept]


def column(name: str, kind: str = "TEXT") -> str:
    """The definition of a column."""
    return f'"{name}" {kind} NOT NULL' + (" DEFAULT '[]'" if name in YOUNGER else "")


def small(record: Record) -> list[Any]:
    """The values of `SMALL`."""
    return [json.dumps(value) if name in _JSON else value for name in SMALL for value in [getattr(record, name)]]


def packed(value: Any) -> bytes:
    """Plain values, compressed."""
    return zlib.compress(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), 6)


def unpacked(data: bytes | None) -> Any:
    """What `packed` was given; an empty tuple for nothing."""
    return json.loads(zlib.decompress(data)) if data else ()


def record_of(row: Mapping[str, Any]) -> Record:
    """The record of a row; large parts that the row does not have are empty."""
    there = row.keys()  # sqlite's rows are no mappings
    given: dict[str, Any] = {name: row[name] for name in SMALL if name not in YOUNGER or name in there}
    for name in _BOOLS:
        given[name] = bool(given[name])
    for name in ("axioms", *YOUNGER):
        given[name] = tuple(json.loads(given.get(name, "[]")))
    given["stages"] = tuple(StageCost(*one) for one in json.loads(given["stages"]))
    for name in LARGE:
        if name in there:
            given[name] = tuple(unpacked(row[name]))
    return Record(**given)
