"""Experiments in one SQLite file."""

import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from coqdata.releases import prover_name, version_numbers
from evaluator.causes import PASSING
from evaluator.record import Key, Record
from evaluator.store.rows import KEY, LARGE, SMALL, YOUNGER, column, columns, packed, record_of, small
from evaluator.store.values import (
    OtherSettingsError,
    Outcome,
    Overview,
    PassingError,
    Run,
    StoreError,
    UnusableError,
    Verification,
)

_VERSION = 1
_BUSY_S = 60.0
# Settings that are younger than some stores, and what held before there was a choice.
_BEFORE = {"neighbours": False, "memory": False}
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS experiments (
    name TEXT PRIMARY KEY, created_at TEXT NOT NULL, settings TEXT NOT NULL, projects TEXT NOT NULL DEFAULT '{{}}'
);
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY, experiment TEXT NOT NULL, shard TEXT NOT NULL, started_at TEXT NOT NULL,
    ended INTEGER NOT NULL, redo INTEGER NOT NULL, orchestration_cpu_s REAL, wall_s REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS records (
    {", ".join(columns())}, stored_at REAL NOT NULL, PRIMARY KEY ({", ".join(f'"{name}"' for name in KEY)})
);
CREATE TABLE IF NOT EXISTS large (
    {", ".join(f'"{name}" {"INTEGER" if name == "index" else "TEXT"} NOT NULL' for name in KEY)},
    {", ".join(f"{name} BLOB NOT NULL" for name in LARGE)},
    PRIMARY KEY ({", ".join(f'"{name}"' for name in KEY)})
);
CREATE TABLE IF NOT EXISTS verifications (
    {", ".join(f'"{name}" {"INTEGER" if name == "index" else "TEXT"} NOT NULL' for name in KEY)},
    script TEXT NOT NULL, outcome TEXT NOT NULL, message TEXT NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY ({", ".join(f'"{name}"' for name in KEY)})
);
"""
_WHERE = " AND ".join(f'"{name}" = ?' for name in KEY)


def default_store() -> Path:
    """PALMETTO_EXPERIMENTS, else `palmetto/experiments.sqlite` in the user's data folder."""
    if own := os.environ.get("PALMETTO_EXPERIMENTS"):
        return Path(own).expanduser().absolute()
    shared = os.environ.get("XDG_DATA_HOME", "")
    base = Path(shared) if Path(shared).is_absolute() else Path.home() / ".local" / "share"
    return base / "palmetto" / "experiments.sqlite"


class ExperimentStore:
    """Experiments in a file, safe to use from several processes of one machine. Use as a context manager.

    What `put` returned from is kept, whatever happens to the process afterwards.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._db = connection
        self.path = path

    @staticmethod
    def open(path: Path, *, create: bool = True) -> "ExperimentStore":
        """Opens the store.

        Args:
            path: the file.
            create: make it where it is not there.

        Raises:
            StoreError: it is not there, is something else, or cannot be written.
        """
        if not create and not path.is_file():
            raise StoreError(f"there is no experiment store at {path}: run `palmetto eval` first, or give --store.")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            db = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
            db.row_factory = sqlite3.Row
            _prepare(db, path)
        except (OSError, sqlite3.Error) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            # Damaged, or no database at all; but not where SQLite could not open, lock or write it.
            damaged = isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)
            raise (UnusableError if damaged else StoreError)(
                f"{path} cannot be used as experiment store ({why}): give another with --store."
            ) from error
        return ExperimentStore(db, path)

    def __enter__(self) -> "ExperimentStore":
        """Nothing is done."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the file."""
        self.close()

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction.

        Raises:
            StoreError: it could not be written.
        """
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise PassingError(
                f"{self.path} cannot be written ({error}): see that there is room on the disk."
            ) from error

    # Experiments

    def experiments(self) -> tuple[str, ...]:
        """Names of all experiments, oldest first."""
        return tuple(row[0] for row in self._db.execute("SELECT name FROM experiments ORDER BY created_at, name"))

    def overviews(self) -> list[Overview]:
        """What experiments there are and how far they have come, oldest first."""
        rows = self._db.execute(
            "SELECT e.name, e.created_at, e.settings, e.projects, COUNT(r.experiment) AS theorems, "
            "COALESCE(SUM(r.verdict = 'PROVED'), 0) AS proved, COALESCE(MAX(r.model), '') AS model "
            "FROM experiments e LEFT JOIN records r ON r.experiment = e.name "
            "GROUP BY e.name ORDER BY e.created_at, e.name"
        )
        return [
            Overview(
                name=row["name"],
                model=str(json.loads(row["settings"]).get("model") or row["model"]),
                created_at=row["created_at"],
                projects=tuple(json.loads(row["projects"])),
                theorems=row["theorems"],
                proved=row["proved"],
            )
            for row in rows
        ]

    def experiment(self, name: str) -> dict[str, Any]:
        """The settings of an experiment, `projects` (name to folder and content), and what its runs took.

        `orchestration_cpu_s` is there when every run measured it.

        Raises:
            StoreError: there is none of that name.
        """
        row = self._db.execute("SELECT * FROM experiments WHERE name = ?", (name,)).fetchone()
        if row is None:
            known = ", ".join(self.experiments()) or "none yet"
            raise StoreError(f"there is no experiment {name!r} in {self.path}: it has {known}.")
        found: dict[str, Any] = json.loads(row["settings"])
        found |= {"created_at": row["created_at"], "projects": json.loads(row["projects"])}
        spent = [one.orchestration_cpu_s for one in self.runs(name)]
        if spent and None not in spent:
            found["orchestration_cpu_s"] = sum(one for one in spent if one is not None)
        return found

    def settings(self, name: str) -> dict[str, Any] | None:
        """What `begin` was given; None where there is no such experiment."""
        row = self._db.execute("SELECT settings FROM experiments WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row is not None else None

    def begin(self, name: str, settings: Mapping[str, Any], projects: Mapping[str, Mapping[str, str]]) -> None:
        """Makes the experiment, or sees that the one of that name has the same settings; projects are added to it.

        Args:
            name: the experiment's.
            settings: all that decides what comes of a theorem.
            projects: by name, `folder` and `content` (a hash of the sources), and where it is known `coq_version`.

        Raises:
            StoreError: it has other settings, or a project of it has changed since, or was worked on with another
                release of Coq.
        """
        given = json.loads(json.dumps(dict(settings)))
        with self._writing():
            row = self._db.execute("SELECT * FROM experiments WHERE name = ?", (name,)).fetchone()
            used = self._db.execute("SELECT 1 FROM records WHERE experiment = ? LIMIT 1", (name,)).fetchone()
            # One that never came to a theorem, since its model did not answer, say, binds nobody.
            if row is None or used is None:
                now = datetime.now(UTC).isoformat(timespec="seconds")
                values = (name, now, json.dumps(given), json.dumps({key: dict(one) for key, one in projects.items()}))
                self._db.execute("INSERT OR REPLACE INTO experiments VALUES (?, ?, ?, ?)", values)
                return
            _refuse_other(name, json.loads(row["settings"]), given)
            held = json.loads(row["projects"])
            for project, one in projects.items():
                if project in held and held[project].get("content") != one.get("content"):
                    raise OtherSettingsError(
                        f"the project {project} is not what it was when the experiment {name} worked on it: "
                        "choose another --exp-name."
                    )
                self._refuse_other_release(name, project, held.get(project, {}).get("coq_version", ""), one)
                held[project] = dict(one) | held.get(project, {})
            self._db.execute("UPDATE experiments SET projects = ? WHERE name = ?", (json.dumps(held), name))

    def _refuse_other_release(self, name: str, project: str, held: str, given: Mapping[str, str]) -> None:
        if not held:
            # A store of before did not keep it; what proved something was the project's own Coq.
            sql = "SELECT coq_version FROM records WHERE experiment = ? AND project = ? AND verdict = 'PROVED' LIMIT 1"
            row = self._db.execute(sql, (name, project)).fetchone()
            held = str(row[0]) if row is not None else ""
        before, now = (version_numbers(one)[:2] for one in (held, given.get("coq_version", "")))
        if before and now and before != now:
            raise OtherSettingsError(
                f"the experiment {name} worked on {project} with {prover_name(before)} {held}, and this is "
                f"{prover_name(now)} {given['coq_version']}: choose another --exp-name, or the same --toolchain."
            )

    def drop(self, name: str) -> None:
        """Forgets an experiment and all its records."""
        with self._writing():
            for table in ("records", "large", "verifications", "runs"):
                self._db.execute(f"DELETE FROM {table} WHERE experiment = ?", (name,))
            self._db.execute("DELETE FROM experiments WHERE name = ?", (name,))

    # Runs

    def put_run(self, experiment: str, run: Run) -> None:
        """Notes a run, or what is new of it."""
        values = (
            run.id,
            experiment,
            run.shard,
            run.started_at,
            run.ended,
            run.redo,
            run.orchestration_cpu_s,
            run.wall_s,
        )
        with self._writing():
            self._db.execute("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)

    def runs(self, experiment: str) -> list[Run]:
        """The runs of an experiment, oldest first."""
        rows = self._db.execute("SELECT * FROM runs WHERE experiment = ? ORDER BY started_at, id", (experiment,))
        return [
            Run(
                id=row["id"],
                shard=row["shard"],
                started_at=row["started_at"],
                ended=bool(row["ended"]),
                redo=bool(row["redo"]),
                orchestration_cpu_s=row["orchestration_cpu_s"],
                wall_s=row["wall_s"],
            )
            for row in rows
        ]

    # Records

    def put(self, record: Record) -> None:
        """Keeps a record in place of what is there for its theorem."""
        self.put_all((record,))

    def put_all(self, records: Iterator[Record] | tuple[Record, ...] | list[Record]) -> None:
        """As `put`, for several at one stroke."""
        marks = ", ".join("?" for _ in range(len(SMALL) + 1))
        names = ", ".join(f'"{name}"' for name in SMALL)
        with self._writing():
            for one in records:
                self._db.execute(
                    f"INSERT OR REPLACE INTO records ({names}, stored_at) VALUES ({marks})", [*small(one), time.time()]
                )
                key = [getattr(one, name) for name in KEY]
                large = [packed(getattr(one, name)) for name in LARGE]
                self._db.execute("INSERT OR REPLACE INTO large VALUES (?, ?, ?, ?, ?, ?, ?)", [*key, *large])

    def records(self, name: str, *, events: bool = False, answers: bool = False) -> Iterator[Record]:
        """The records of an experiment, by project, file and theorem.

        Args:
            name: the experiment's.
            events: read the prover's events and the model's answers too.
            answers: read the model's answers too.
        """
        order = 'ORDER BY project, file, theorem, "index"'
        if events or answers:
            wanted = ", ".join(f"large.{one}" for one in LARGE if events or one == "model_answers")
            using = ", ".join(f'"{one}"' for one in KEY)
            text = f"SELECT records.*, {wanted} FROM records JOIN large USING ({using}) WHERE experiment = ? {order}"
        else:
            text = f"SELECT * FROM records WHERE experiment = ? {order}"
        for row in self._db.execute(text, (name,)):
            yield record_of(row)

    def record(self, name: str, key: Key) -> Record | None:
        """One record, with all that there is of it; None where there is none."""
        using = ", ".join(f'"{one}"' for one in KEY)
        text = f"SELECT * FROM records JOIN large USING ({using}) WHERE {_WHERE}"
        row = self._db.execute(text, (name, key.project, key.file, key.theorem, key.index)).fetchone()
        return record_of(row) if row is not None else None

    def done(self, name: str, *, since: float = 0.0) -> set[Key]:
        """The theorems that are done; not those that failed for a reason that may pass.

        Args:
            name: the experiment's.
            since: only what was stored from then on (seconds since 1970).
        """
        text = 'SELECT project, file, theorem, "index", cause FROM records WHERE experiment = ? AND stored_at >= ?'
        return {Key(*row[:4]) for row in self._db.execute(text, (name, since)) if row["cause"] not in PASSING}

    def is_done(self, name: str, key: Key, *, since: float = 0.0) -> bool:
        """Whether a theorem is among `done`."""
        text = f"SELECT cause FROM records WHERE {_WHERE} AND stored_at >= ?"
        row = self._db.execute(text, (name, key.project, key.file, key.theorem, key.index, since)).fetchone()
        return row is not None and row[0] not in PASSING

    # Verifications

    def put_verification(self, name: str, one: Verification) -> None:
        """Keeps what coqc said of a proof."""
        key = (name, one.key.project, one.key.file, one.key.theorem, one.key.index)
        with self._writing():
            self._db.execute(
                "INSERT OR REPLACE INTO verifications VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*key, one.script, one.outcome.value, one.message, one.at),
            )

    def verifications(self, name: str) -> dict[Key, Verification]:
        """What coqc said of the proofs of an experiment, where it was asked."""
        found = {}
        for row in self._db.execute("SELECT * FROM verifications WHERE experiment = ?", (name,)):
            key = Key(row["project"], row["file"], row["theorem"], row["index"])
            found[key] = Verification(key, row["script"], Outcome(row["outcome"]), row["message"], row["at"])
        return found


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if version > _VERSION or (version == 0 and tables and not _ours(db)):
        db.close()
        what = "was made by a newer Palmetto" if version > _VERSION else "is a database of something else"
        raise UnusableError(f"{path} {what}: give another file with --store.")
    db.execute("BEGIN IMMEDIATE")
    for statement in _SCHEMA.split(";\n"):
        db.execute(statement)
    there = {row[1] for row in db.execute("PRAGMA table_info(records)")}
    for name in YOUNGER:
        if name not in there:
            db.execute(f"ALTER TABLE records ADD COLUMN {column(name)}")
    db.execute(f"PRAGMA user_version = {_VERSION}")
    db.execute("COMMIT")


def _ours(db: sqlite3.Connection) -> bool:
    """Whether it is a store that is just being made by another process."""
    names = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return names <= {"experiments", "runs", "records", "large", "verifications"}


def _refuse_other(name: str, held: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    held = {**_BEFORE, **held}
    other = [key for key in given if key in held and held[key] != given[key]]
    if other:
        shown = ", ".join(f"{key} {held[key]} (now {given[key]})" for key in other)
        raise OtherSettingsError(
            f"the experiment {name} ran with {shown}: choose another --exp-name, or the same settings."
        )
