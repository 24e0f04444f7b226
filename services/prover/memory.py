"""Answers of the checker that are kept in a file, so that other work on the same theorems need not wait for them again.

Whole experiments differ in what their model says, or in their budget; most of what they ask Coq is the same. An answer
is used again with the CPU seconds that it took, so that a budget lasts as long as if Coq had been asked.
"""

import asyncio
import contextlib
import hashlib
import json
import sqlite3
import zlib
from dataclasses import asdict, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from coq_checker.client import FreeStatement, Options, ProofResult, Reason, TheoremInfo, TheoremRef, Verdict
from prover.ports import Checks

_BUSY_S = 60.0
_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    question BLOB PRIMARY KEY, limit_ms INTEGER NOT NULL, stopped INTEGER NOT NULL, cpu_ms REAL NOT NULL,
    result BLOB NOT NULL
) WITHOUT ROWID
"""
_RESULT: TypeAdapter[ProofResult] = TypeAdapter(ProofResult)
# What came of a limit says nothing about a higher one. What the wall clock or the service stopped says nothing at all.
_STOPPED = (Verdict.TIMEOUT, Verdict.OUT_OF_MEMORY)
_PASSING = (Reason.WALL_LIMIT, Reason.WORKER_LOST, Reason.UNAVAILABLE)


class MemoryFileError(Exception):
    """The file cannot be used; the text is one sentence with the remedy."""


class CheckMemory:
    """Questions and answers in a SQLite file, which several processes may use. Use as a context manager.

    Args:
        path: the file; made where it is not there.

    Raises:
        MemoryFileError: it cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
            self._prepare()
        except (OSError, sqlite3.Error) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise MemoryFileError(f"{path} cannot be used as a memory of checks ({why}): give another file.") from None

    def _prepare(self) -> None:
        version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
        tables = {row[0] for row in self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if version not in (0, _VERSION) or not tables <= {"answers"}:
            raise sqlite3.DatabaseError("it is a database of something else")
        self._db.execute("PRAGMA journal_mode = WAL")
        # What a power cut takes is asked again.
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute(_SCHEMA)
        self._db.execute(f"PRAGMA user_version = {_VERSION}")

    def __enter__(self) -> "CheckMemory":
        """Nothing is done."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the file."""
        self._db.close()

    def find(self, question: bytes, limit_ms: int) -> ProofResult | None:
        """The answer that a question would have under a limit; None where that is not known.

        One that ended in less is the same under the limit; one that a limit stopped would have been stopped by a lower
        one, too, and would have taken that.
        """
        try:
            row = self._db.execute(
                "SELECT limit_ms, stopped, cpu_ms, result FROM answers WHERE question = ?", (question,)
            ).fetchone()
        except sqlite3.Error:  # Coq is asked
            return None
        if row is None:
            return None
        held_ms, stopped, cpu_ms, packed = row
        if limit_ms > held_ms if stopped else cpu_ms > limit_ms:
            return None
        try:
            found = _RESULT.validate_json(zlib.decompress(packed))
        except (zlib.error, ValidationError):  # of another version of these values
            return None
        return found.with_timings(cpu_ns=min(found.timings.cpu_ns, limit_ms * 1_000_000)) if stopped else found

    def keep(self, question: bytes, limit_ms: int, result: ProofResult) -> None:
        """Keeps an answer, unless the one that is there says more. A full disk costs the answer and no theorem."""
        if result.verdict is Verdict.ERROR or result.reason in _PASSING:
            return
        stopped = result.verdict in _STOPPED
        packed = zlib.compress(_RESULT.dump_json(result), 1)
        values = (question, limit_ms, stopped, result.timings.cpu_ns / 1e6, packed)
        with contextlib.suppress(sqlite3.Error):
            self._db.execute(
                "INSERT INTO answers VALUES (?, ?, ?, ?, ?) ON CONFLICT (question) DO UPDATE SET "
                "limit_ms = excluded.limit_ms, stopped = excluded.stopped, cpu_ms = excluded.cpu_ms, "
                "result = excluded.result WHERE answers.stopped AND excluded.limit_ms > answers.limit_ms",
                values,
            )


class RememberingChecker:
    """A checker for one target that is asked only what is not in a memory.

    The first question is always asked: its answer tells the environment, by the hash of all that decides what a
    question means. Whole proofs are always checked.

    Attributes:
        cpu_s, wall_s: what the remembered answers took when they were asked for.
    """

    def __init__(self, checker: Checks, memory: CheckMemory) -> None:
        self.cpu_s = 0.0
        self.wall_s = 0.0
        self._checker = checker
        self._memory = memory
        self._environment = ""

    async def theorem(self, target: TheoremRef) -> TheoremInfo:
        """As the checker's."""
        return await self._checker.theorem(target)

    async def check_proof(
        self,
        target: TheoremRef | FreeStatement,
        proof: str,
        *,
        options: Options,
        timeout_s: float | None = None,
    ) -> ProofResult:
        """The checker's answer, remembered where it may be."""
        question = self._question(target, proof, options)
        if question is not None:
            found = self._memory.find(question, options.cpu_ms)
            if found is not None:
                self.cpu_s += found.timings.cpu_ns / 1e9
                self.wall_s += found.timings.wall_ns / 1e9
                await asyncio.sleep(0)  # as a question would, it lets others work
                return found
        result = await self._checker.check_proof(target, proof, options=options, timeout_s=timeout_s)
        self._environment = self._environment or result.environment_id
        if question is not None:
            self._memory.keep(question, options.cpu_ms, result)
        return result

    def _question(self, target: TheoremRef | FreeStatement, proof: str, options: Options) -> bytes | None:
        if not options.partial or not self._environment:
            return None
        asked = (self._environment, type(target).__name__, asdict(target), proof, asdict(replace(options, cpu_ms=0)))
        return hashlib.sha256(json.dumps(asked).encode("utf-8", "surrogatepass")).digest()
