"""Parts: Parquet files with some records each, in a folder that fsspec reaches (a local one, `s3://...`).

A part holds records of one shard with its experiment's settings, and is never changed. Parts may overlap: of two
records of one theorem one is chosen, always the same one, whatever the order in which parts are read.
"""

import errno
import json
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
from fsspec.implementations.local import LocalFileSystem

from evaluator.causes import PASSING
from evaluator.record import Key, Record
from evaluator.store.rows import LARGE, SMALL, packed, record_of, small
from evaluator.store.values import PassingError, Run, StoreError, UnusableError

_VERSION = b"1"
_TYPES: dict[Any, pa.DataType] = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
_FIELDS = [
    *(pa.field(name, _TYPES.get(Record.__annotations__[name], pa.string())) for name in SMALL),
    *(pa.field(name, pa.binary()) for name in LARGE),
]
_BUCKETS = frozenset(("s3", "s3a", "gs", "gcs", "abfs", "az", "oss"))
_WRONG = frozenset(
    (
        errno.ENOENT,
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.EEXIST,
        errno.ENAMETOOLONG,
    )
)
# Of botocore, which is not always here.
_WRONG_NAMES = frozenset(("NoCredentialsError", "ParamValidationError", "PartialCredentialsError"))
_DUE_S, _DUE_RECORDS = 60.0, 50


@dataclass(frozen=True, slots=True)
class Part:
    """What a part holds.

    Attributes:
        path: where.
        experiment: its name.
        settings: the experiment's.
        projects: by name, where they lay and what was in them.
        runs: those of the shard so far.
        records: with answers and events.
    """

    path: str
    experiment: str
    settings: Mapping[str, Any]
    projects: Mapping[str, Mapping[str, str]]
    runs: tuple[Run, ...]
    records: tuple[Record, ...]


class Folder:
    """A folder that fsspec reaches.

    Args:
        url: a path, or an address with its scheme.

    Raises:
        StoreError: fsspec cannot reach such a place.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            self._files, self._root = fsspec.core.url_to_fs(url)
            named = self._files.protocol
            # These have no folders, and would make a bucket of a name that is misspelt.
            self._buckets = not _BUCKETS.isdisjoint((named,) if isinstance(named, str) else named)
        except (ImportError, ValueError, OSError) as error:
            remedy = "pip install 'palmetto[s3]'" if url.startswith(("s3://", "s3a://")) else "see its spelling"
            raise StoreError(f"{url} cannot be reached ({error}): {remedy}.") from error

    def write(self, name: str, data: bytes) -> None:
        """Puts a file there, whole or not at all.

        Raises:
            StoreError: it cannot be written.
        """
        path = f"{self._root.rstrip('/')}/{name}"
        local = isinstance(self._files, LocalFileSystem)
        target = f"{path}.{uuid.uuid4().hex}.tmp" if local else path
        try:
            if not self._buckets:
                self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
            # Object stores show an object when it is whole.
            self._files.pipe_file(target, data)
            if local:
                self._files.mv(target, path)
        except Exception as error:  # each file system has errors of its own
            raise _kind(error)(
                f"{self.url} cannot be written ({_said(error)}): see that it is there and writable."
            ) from error

    def probe(self, experiment: str) -> None:
        """Sees that an experiment's parts can be written there.

        Raises:
            StoreError: they cannot.
        """
        self.write(f"{experiment_folder(experiment)}/.writable", b"")

    def names(self) -> list[str]:
        """The Parquet files in it and below, sorted; the folder itself may be one.

        Raises:
            StoreError: it cannot be read.
        """
        try:
            self._files.invalidate_cache()
            if self._files.isfile(self._root):
                return [self._root]
            return sorted(str(one) for one in self._files.find(self._root) if str(one).endswith(".parquet"))
        except FileNotFoundError:
            return []
        except Exception as error:
            raise _kind(error)(f"{self.url} cannot be read ({_said(error)}): see that it is there.") from error

    def read(self, name: str) -> Part:
        """A part.

        Raises:
            StoreError: it cannot be read, or is something else.
        """
        try:
            data = self._files.cat_file(name)
        except Exception as error:
            raise _kind(error)(f"{name} cannot be read ({_said(error)}).") from error
        try:
            table = pq.read_table(pa.BufferReader(data))
            about = {key.decode(): value for key, value in (table.schema.metadata or {}).items()}
            if about["palmetto.version"] != _VERSION:
                raise UnusableError(f"{name} was written by another version of Palmetto: read it with that one.")
            rows: list[dict[str, Any]] = table.to_pylist()
            return Part(
                path=name,
                experiment=about["palmetto.experiment"].decode(),
                settings=json.loads(about["palmetto.settings"]),
                projects=json.loads(about["palmetto.projects"]),
                runs=tuple(Run(**one) for one in json.loads(about["palmetto.runs"])),
                records=tuple(record_of(row) for row in rows),
            )
        except (pa.ArrowException, KeyError, TypeError, ValueError) as error:
            raise UnusableError(
                f"{name} is no part of an experiment: give a folder that `palmetto eval --out` wrote."
            ) from error


def _said(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)


def _kind(error: BaseException) -> type[StoreError]:
    """Whether another try may pass: not where the place is a wrong one, or is forbidden."""
    wrong = isinstance(error, OSError) and error.errno in _WRONG
    return StoreError if wrong or type(error).__name__ in _WRONG_NAMES else PassingError


def parts(folder: Folder, experiment: str | None = None) -> Iterator[Part]:
    """The parts in a folder; of one experiment where it is named.

    Raises:
        StoreError: one of them cannot be read.
    """
    for name in folder.names():
        one = folder.read(name)
        if experiment is None or one.experiment == experiment:
            yield one


def part_bytes(
    experiment: str,
    settings: Mapping[str, Any],
    projects: Mapping[str, Mapping[str, str]],
    runs: Sequence[Run],
    records: Sequence[Record],
) -> bytes:
    """A part as a Parquet file."""
    about = {
        "palmetto.version": _VERSION,
        "palmetto.experiment": experiment,
        "palmetto.settings": json.dumps(settings),
        "palmetto.projects": json.dumps({name: dict(one) for name, one in projects.items()}),
        "palmetto.runs": json.dumps([asdict(one) for one in runs]),
    }
    rows = [[*small(one), *(packed(getattr(one, name)) for name in LARGE)] for one in records]
    schema = pa.schema(_FIELDS, metadata=about)
    columns = zip(*rows, strict=True) if rows else [[] for _ in _FIELDS]
    arrays = [pa.array(column, kind.type) for column, kind in zip(columns, schema, strict=True)]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), sink, compression="zstd")
    return bytes(sink.getvalue())


def better(one: Record, other: Record) -> Record:
    """Which of two records of one theorem counts: one that is not to be tried again, then the later one."""
    return max(one, other, key=_worth)


def _worth(record: Record) -> tuple[bool, str, str, str]:
    return record.cause not in PASSING, record.started_at, record.verdict, record.script


class PartWriter:
    """Writes the records of a run to parts, as they come.

    Args:
        folder: where to.
        experiment, settings, projects: what the parts tell of themselves.
        shard: which one writes.
    """

    def __init__(
        self,
        folder: Folder,
        experiment: str,
        settings: Mapping[str, Any],
        projects: Mapping[str, Mapping[str, str]],
        shard: str,
    ) -> None:
        self._folder = folder
        self._experiment = experiment
        self._settings = settings
        self._projects = projects
        self._shard = shard
        self._waiting: dict[Key, Record] = {}
        self._flushed_at = time.monotonic()

    def add(self, record: Record) -> None:
        """Takes a record in."""
        self._waiting[record.key] = record

    @property
    def waiting(self) -> int:
        """How many records are not written yet."""
        return len(self._waiting)

    def due(self) -> bool:
        """Whether it is time to write."""
        if not self._waiting:
            return False
        return len(self._waiting) >= _DUE_RECORDS or time.monotonic() - self._flushed_at > _DUE_S

    def flush(self, runs: Sequence[Run]) -> None:
        """Writes what is waiting, and what the shard's runs have cost.

        Raises:
            StoreError: it cannot be written; it goes on waiting.
        """
        records = list(self._waiting.values())
        mine = [one for one in runs if one.shard == self._shard]
        data = part_bytes(self._experiment, self._settings, self._projects, mine, records)
        name = f"{self._shard.replace('/', '-of-')}-{time.time_ns()}-{uuid.uuid4().hex[:8]}.parquet"
        self._folder.write(str(PurePosixPath(experiment_folder(self._experiment), name)), data)
        for record in records:
            if self._waiting.get(record.key) is record:
                del self._waiting[record.key]
        self._flushed_at = time.monotonic()

    def try_flush(self, runs: Sequence[Run]) -> str:
        """As `flush`; why it failed, in a sentence, or nothing."""
        try:
            self.flush(runs)
        except StoreError as error:
            return f"{error} It is tried again."
        return ""


def experiment_folder(experiment: str) -> str:
    """The folder of an experiment's parts."""
    return "".join(char if char.isalnum() or char in "-_." else "_" for char in experiment) or "_"
