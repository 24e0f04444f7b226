"""Works projects off, file by file, and leaves one record a file."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from coq_checker.client import CheckerClient
from extractor.context import Retrieval
from extractor.files import FileExtractor, UnreadableError, read_source
from extractor.model import FileRecord, SourceFile, Wish, provenance_fields
from extractor.records import Records, fingerprint
from retriever.client import RetrieverClient

Progress = Callable[[FileRecord, bool], None]


def shard_of(files: Sequence[SourceFile], shard: tuple[int, int]) -> list[SourceFile]:
    """The files of shard i of n (from 0), the same on every machine; long files are shared out evenly."""
    index, count = shard

    def size(file: SourceFile) -> int:
        try:
            return file.source.stat().st_size
        except (OSError, RuntimeError):
            return 0

    ordered = sorted(files, key=lambda file: (-size(file), file.project, file.path))
    return ordered[index::count]


async def extract(
    files: Sequence[SourceFile],
    out: Path,
    wish: Wish,
    checker: CheckerClient,
    retriever: RetrieverClient | None = None,
    *,
    threads: int = 1,
    progress: Progress | None = None,
) -> list[FileRecord]:
    """Leaves a record for each file; what was finished by an earlier run, and has not changed, is kept.

    Args:
        files: of projects that the checker serves under these names. Long ones first keeps all threads busy.
        out: folder of the data set.
        wish: what is to be extracted.
        checker: judges, and tells goals.
        retriever: for prompts with a context.
        threads: files at one time.
        progress: called with each record and whether it was made now.

    Raises:
        CheckerError, RetrieverError: a service is not there; what was finished stays.
        ExtractError: nothing can be written.
    """
    records = Records(out)
    retrieval = Retrieval(retriever, wish.max_premises) if retriever is not None else None
    extractor = FileExtractor(checker, retrieval, wish)
    room = asyncio.Semaphore(threads)

    async def one(file: SourceFile) -> FileRecord:
        async with room:
            record, fresh = await _one(file, records, extractor, wish)
            if progress is not None:
                progress(record, fresh)
            return record

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(file)) for file in files]
    except BaseExceptionGroup as failed:
        raise _first(failed) from None
    return [task.result() for task in tasks]


async def _one(file: SourceFile, records: Records, extractor: FileExtractor, wish: Wish) -> tuple[FileRecord, bool]:
    try:
        content = await asyncio.to_thread(read_source, file)
    except UnreadableError as error:
        record = FileRecord(file.project, file.path, "", problem=str(error))
        await asyncio.to_thread(records.write, record)
        return record, True
    key = _key(file, content, wish)
    held = await asyncio.to_thread(records.finished, file.project, file.path, key)
    if held is not None:
        return held, False
    record = await extractor.extract(file, content, key)
    await asyncio.to_thread(records.write, record)
    record.examples = []  # they lie in the record; a long run keeps no more than what is under way
    return record, True


def _key(file: SourceFile, content: bytes, wish: Wish) -> str:
    try:
        glob = file.glob.read_bytes()
    except OSError:
        glob = b""
    settings = (wish.profile, wish.prompt.layout.name, wish.steps, wish.max_premises, wish.context, file.made_with)
    where = (tuple(provenance_fields(file.provenance).values()), file.provenance.split)
    return fingerprint(content, glob, repr(settings), repr(where), repr(sorted(file.only or ())))


def _first(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    inner = failed.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner
