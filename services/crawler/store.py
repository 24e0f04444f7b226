"""What a crawl knows, in one SQLite file: whatever happens, the next run goes on from the last step written there."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from crawler.github import Slice
from crawler.github.client import Kept
from crawler.model import CrawlError, Repository, Result

_FORMAT = "1"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS slices (
    language TEXT, begin INTEGER, until INTEGER, done INTEGER NOT NULL DEFAULT 0, note TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (language, begin, until));
CREATE TABLE IF NOT EXISTS repositories (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, stars INTEGER NOT NULL, created TEXT NOT NULL, found TEXT NOT NULL,
    fetched TEXT, result TEXT);
CREATE TABLE IF NOT EXISTS files (
    oid BLOB, repository INTEGER, PRIMARY KEY (oid, repository)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS files_of ON files (repository);
CREATE TABLE IF NOT EXISTS statements (hash INTEGER PRIMARY KEY, repository INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS fresh (repository INTEGER, hash INTEGER, theorem TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS fresh_of ON fresh (repository);
CREATE TABLE IF NOT EXISTS answers (url TEXT PRIMARY KEY, etag TEXT, body BLOB, link TEXT);
"""


class Store:
    """The state of a crawl. Every method that writes does it in one transaction, which is on the disk when it returns.

    It is used from one thread at a time.
    """

    def __init__(self, path: Path) -> None:
        """Opens it, and makes it where there is none.

        Raises:
            CrawlError: it cannot be read or written.
        """
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA)
            if self.meta("format", _FORMAT) != _FORMAT:
                raise CrawlError(f"{path} is of another version of Palmetto: give another folder with --out.")
        except (OSError, sqlite3.Error) as error:
            raise CrawlError(f"{path} cannot be used ({error}): give another folder with --out.") from None

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise CrawlError(f"{self._path} cannot be written ({error}): make room there, then start again.") from None

    def meta(self, key: str, default: str) -> str:
        """What is written under a key; the first time the default is written there."""
        with self._change() as db:
            db.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (key, default))
            row = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0])

    # -- slices of the search

    def begin_slices(self, slices: Iterable[Slice]) -> None:
        """Adds the first slices to be searched; does nothing when that was done before."""
        with self._change() as db:
            if db.execute("SELECT 1 FROM meta WHERE key='sliced'").fetchone() is None:
                db.execute("INSERT INTO meta VALUES ('sliced', '1')")
                db.executemany("INSERT INTO slices (language, begin, until) VALUES (?, ?, ?)", map(_key, slices))

    def add_slices(self, slices: Iterable[Slice], instead_of: Slice) -> None:
        """Adds slices to be searched, in place of one that is too large."""
        with self._change() as db:
            db.execute("DELETE FROM slices WHERE language=? AND begin=? AND until=?", _key(instead_of))
            db.executemany("INSERT OR IGNORE INTO slices (language, begin, until) VALUES (?, ?, ?)", map(_key, slices))

    def open_slices(self) -> list[Slice]:
        """Slices that are not searched yet, the latest first."""
        rows = self._db.execute(
            "SELECT language, begin, until FROM slices WHERE NOT done ORDER BY begin DESC, language"
        )
        return [Slice(*row) for row in rows]

    def finish_slice(self, one: Slice, found: Iterable[Repository], note: str = "") -> None:
        """Writes down what a slice holds; what is known of a repository already stays."""
        with self._change() as db:
            db.executemany(
                "INSERT OR IGNORE INTO repositories (id, name, stars, created, found) VALUES (?, ?, ?, ?, ?)",
                [(one.id, one.name, one.stars, one.created_at, _found_text(one)) for one in found],
            )
            db.execute("UPDATE slices SET done=1, note=? WHERE language=? AND begin=? AND until=?", (note, *_key(one)))

    def slice_notes(self) -> list[str]:
        """What is to be said of slices that could not be had in full."""
        rows = self._db.execute("SELECT language, begin, until, note FROM slices WHERE note != '' ORDER BY begin")
        return [f"{Slice(language, begin, until)}: {note}" for language, begin, until, note in rows]

    # -- repositories

    def repositories(self) -> list[Repository]:
        """All that were found: those with most stars first, then the older ones."""
        rows = self._db.execute("SELECT found FROM repositories ORDER BY stars DESC, created, id")
        return [_found(row[0]) for row in rows]

    def update(self, one: Repository) -> None:
        """What GitHub says of a repository now; its place in the order stays."""
        with self._change() as db:
            db.execute("UPDATE repositories SET name=?, found=? WHERE id=?", (one.name, _found_text(one), one.id))

    def set_fetched(self, number: int, fetched: dict[str, Any], files: Iterable[bytes]) -> None:
        """Writes down that a repository is here, and the hashes of its Coq files."""
        with self._change() as db:
            db.execute("UPDATE repositories SET fetched=? WHERE id=?", (json.dumps(fetched), number))
            db.execute("DELETE FROM files WHERE repository=?", (number,))
            db.executemany("INSERT OR IGNORE INTO files VALUES (?, ?)", ((oid, number) for oid in files))

    def fetched(self, number: int) -> dict[str, Any] | None:
        """What `set_fetched` wrote; None before."""
        row = self._db.execute("SELECT fetched FROM repositories WHERE id=?", (number,)).fetchone()
        return json.loads(row[0]) if row is not None and row[0] is not None else None

    def set_kept(self, number: int) -> None:
        """Writes down that a repository that is here is no copy of another one."""
        with self._change() as db:
            db.execute(
                "UPDATE repositories SET fetched=json_set(fetched, '$.kept', json('true')) WHERE id=?", (number,)
            )

    def forget_fetched(self, number: int) -> None:
        """Takes that back: the repository is to be fetched again."""
        with self._change() as db:
            db.execute("UPDATE repositories SET fetched=NULL WHERE id=?", (number,))

    def set_result(self, number: int, result: Result) -> None:
        """Writes down what came of a repository."""
        with self._change() as db:
            db.execute("UPDATE repositories SET result=? WHERE id=?", (json.dumps(result.as_json()), number))

    def result(self, number: int) -> Result | None:
        """What came of a repository; None before."""
        row = self._db.execute("SELECT result FROM repositories WHERE id=?", (number,)).fetchone()
        return Result.from_json(json.loads(row[0])) if row is not None and row[0] is not None else None

    def file_count(self, number: int) -> int:
        """How many different Coq files a repository has."""
        return int(self._db.execute("SELECT count(*) FROM files WHERE repository=?", (number,)).fetchone()[0])

    def shared_files(self, number: int) -> dict[int, int]:
        """How many of a repository's files each other one has too."""
        rows = self._db.execute(
            "SELECT other.repository, count(*) FROM files AS own JOIN files AS other ON own.oid = other.oid"
            " WHERE own.repository = ? AND other.repository != own.repository GROUP BY other.repository",
            (number,),
        )
        return {int(other): int(count) for other, count in rows}

    # -- statements

    def add_statements(self, number: int, hashes: Iterable[int]) -> None:
        """Adds statements that a repository had before the date."""
        with self._change() as db:
            db.executemany("INSERT OR IGNORE INTO statements VALUES (?, ?)", ((one, number) for one in hashes))

    def stated_in(self, one: int) -> str | None:
        """The name of a repository that had that statement before the date; None where none did."""
        row = self._db.execute(
            "SELECT name FROM statements JOIN repositories ON repositories.id = repository WHERE hash=?", (one,)
        ).fetchone()
        return str(row[0]) if row is not None else None

    def set_fresh(self, number: int, theorems: Iterable[tuple[int, dict[str, Any]]]) -> None:
        """Writes down a repository's new theorems: the hash of the statement, and what is known of the theorem."""
        with self._change() as db:
            db.execute("DELETE FROM fresh WHERE repository=?", (number,))
            db.executemany(
                "INSERT INTO fresh VALUES (?, ?, ?)", ((number, one, json.dumps(what)) for one, what in theorems)
            )

    def fresh(self, number: int) -> list[tuple[int, dict[str, Any]]]:
        """A repository's new theorems, in their order."""
        rows = self._db.execute("SELECT hash, theorem FROM fresh WHERE repository=? ORDER BY rowid", (number,))
        return [(int(one), json.loads(what)) for one, what in rows]

    # -- answers of GitHub

    def kept(self, url: str) -> Kept | None:
        """The answer that was kept last for an address."""
        row = self._db.execute("SELECT etag, body, link FROM answers WHERE url=?", (url,)).fetchone()
        return Kept(*row) if row is not None else None

    def keep(self, url: str, answer: Kept) -> None:
        """Keeps an answer instead of the one before."""
        with self._change() as db:
            row = (url, answer.etag, answer.body, answer.link)
            db.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)", row)


def _key(one: Slice) -> tuple[str, int, int]:
    return one.language, one.begin, one.end


def _found_text(one: Repository) -> str:
    return json.dumps({name: getattr(one, name) for name in Repository.__slots__})


def _found(text: str) -> Repository:
    return Repository(**json.loads(text))
