"""Taking a repository into the catalogue: what is new in it, its files, its build."""

import asyncio
import errno
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from coqdata.crawled import PROVENANCE_FILE, Provenance, write_provenance
from crawler.build import Builder, Built
from crawler.discover import Wish
from crawler.fresh import HistoryTooLargeError, fresh
from crawler.git import Git, GitError
from crawler.history import commits
from crawler.look import skipped
from crawler.model import Cause, CrawlError, Repository, Result, Split, Status
from crawler.settings import CrawlerSettings
from crawler.statements import statements
from crawler.store import Store
from crawler.tree import Tree, coq_files, export, read_tree

_SHOWN_NOTES = 20
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


def folder_name(one: Repository) -> str:
    """What a repository is called in the catalogue."""
    return one.name.replace("/", "--")


class Taker:
    """Takes repositories that were fetched, one after the other or at the same time."""

    def __init__(
        self,
        store: Store,
        wish: Wish,
        settings: CrawlerSettings,
        builder: Builder,
        projects: Path,
        work: Path,
        say: Callable[[str], None],
    ) -> None:
        self._store, self._wish, self._settings, self._builder = store, wish, settings, builder
        self._projects, self._work, self._say = projects, work, say

    async def take(self, one: Repository, place: Path) -> None:
        """Takes a repository from where it was fetched to; what comes of it is written down, then the place is empty.

        Raises:
            CrawlError: nothing can be written any more.
        """
        fetched = self._store.fetched(one.id)
        assert fetched is not None
        try:
            result = await self._taken(one, fetched, Git.at(place, self._settings))
        except (CrawlError, asyncio.CancelledError):
            raise
        except GitError as error:
            result = skipped(Cause.UNREADABLE, f"its repository cannot be read ({error})")
        except HistoryTooLargeError:
            most = self._settings.max_history_bytes >> 20
            result = skipped(Cause.TOO_LARGE, f"there are more than {most} MiB of Coq text in its history")
        except Exception as error:  # one repository's oddity is never the end of the others
            if isinstance(error, OSError) and error.errno in _NO_ROOM:
                said = error.strerror or str(error)
                raise CrawlError(
                    f"{self._projects} cannot be written ({said}): make room there, then start again."
                ) from error
            result = skipped(Cause.FAULT, f"a fault of the crawler, please report it ({type(error).__name__}: {error})")
        if not result.status.kept:
            shutil.rmtree(self._projects / folder_name(one), ignore_errors=True)
        self._store.set_result(one.id, result)
        shutil.rmtree(place, ignore_errors=True)
        self._say(f"{one.name}: {result.status.value} {result.built} of {result.files} files {result.message}".rstrip())

    async def _taken(self, one: Repository, fetched: dict[str, Any], git: Git) -> Result:
        commit = fetched["commit"]
        tree = await read_tree(git, commit)
        evidence = dict(fetched["evidence"])
        base = Result(
            Status.UNBUILT, commit=commit, committed_at=fetched["committed_at"], evidence=evidence, files=len(tree.coq)
        )
        if self._wish.split is Split.TEST:
            count, known = await self._look_for_new(one, git, commit, tree)
            evidence["known_before"] = known
            if not count:
                nothing = "no theorem of it was first stated at the date or after it"
                return replace(base, status=Status.SKIPPED, cause=Cause.NOTHING_NEW, message=nothing)
        folder = self._projects / folder_name(one)
        left_out = await asyncio.to_thread(self._exported, git, tree, folder, one)
        if not coq_files(folder):
            gone = "no file of it that can be had is Coq's"
            return replace(base, status=Status.SKIPPED, cause=Cause.NO_COQ, message=gone, files=0, skipped=left_out)
        if self._wish.split is Split.TRAIN:
            self._store.add_statements(one.id, await asyncio.to_thread(_stated, folder))
        built = await self._builder.build(folder)
        self._note(folder, one, fetched, built)
        if built.notes:
            evidence["build_notes"] = list(built.notes[:_SHOWN_NOTES])
        return replace(
            base,
            status=built.status,
            cause=built.cause,
            message=built.message,
            folder=folder_name(one) if built.status.kept else "",
            systems=built.systems,
            files=len(built.files),
            built=len(built.compiled),
            skipped=left_out,
            problems=built.problems,
            requires=built.requires,
        )

    async def _look_for_new(self, one: Repository, git: Git, commit: str, tree: Tree) -> tuple[int, int]:
        """How many theorems are new, and how many changed files hold that were known."""
        history = await commits(git, "--branches")
        settings = self._settings
        found = await asyncio.to_thread(
            fresh, git, history, tree.coq, self._wish.until, settings.max_file_bytes, settings.max_history_bytes
        )
        self._store.add_statements(one.id, found.before)
        self._store.set_fresh(one.id, found.theorems)
        return len(found.theorems), found.known

    def _exported(self, git: Git, tree: Tree, folder: Path, one: Repository) -> dict[str, list[str]]:
        work = self._work / f"{one.id}.files"
        left_out = export(git, tree, work, self._settings)
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        work.rename(folder)
        return left_out.as_json()

    def _note(self, folder: Path, one: Repository, fetched: dict[str, Any], built: Built) -> None:
        """Leaves with the files where they come from."""
        (folder / PROVENANCE_FILE).unlink(missing_ok=True)
        write_provenance(
            folder,
            Provenance(
                upstream=f"https://github.com/{one.name}",
                commit=fetched["commit"],
                committed_at=fetched["committed_at"],
                licence=one.licence,
                split=self._wish.split.value,
                until=self._wish.until.isoformat(),
                marks=tuple(fetched["marks"]),
            ),
        )


def _stated(folder: Path) -> set[int]:
    """Hashes of the statements in a folder."""
    return {one for path in coq_files(folder) for _, one in statements(path.read_bytes())}
