"""Bringing a repository here as sparingly as its use allows, and finding the commit that is wanted."""

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from crawler.git import Git, GitError
from crawler.history import commits, cut
from crawler.model import Cause, Repository, Split
from crawler.settings import CrawlerSettings
from crawler.tree import Tree, read_tree


@dataclass(frozen=True, slots=True)
class Fetched:
    """A repository that is here.

    Attributes:
        commit: the commit that was taken.
        committed_at: its date.
        tree_hash: the hash of all its files together.
        tree: its files.
        evidence: what shows on which side of the date it is.
    """

    commit: str
    committed_at: str
    tree_hash: str
    tree: Tree
    evidence: dict[str, Any]


class NotWantedError(Exception):
    """There is nothing in a repository that is wanted; the text says why."""

    def __init__(self, cause: Cause, message: str) -> None:
        super().__init__(message)
        self.cause = cause


async def fetch(one: Repository, split: Split, until: datetime, folder: Path, settings: CrawlerSettings) -> Fetched:
    """Fetches what is wanted of a repository into a bare one at `folder`.

    Of the train split: all commits but nothing in them, and then the files of one commit alone. Of the test split:
    the whole history, without large files.

    Raises:
        NotWantedError: there is nothing in it that is wanted.
        GitError: it cannot be fetched.
    """
    graph = folder.with_name(f"{folder.name}.graph")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(graph, ignore_errors=True)
    try:
        if split is Split.TRAIN:
            return await _train(one, until, Git.at(graph, settings), Git.at(folder, settings), settings)
        return await _test(one, until, Git.at(folder, settings), settings)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        shutil.rmtree(graph, ignore_errors=True)


def _limit(settings: CrawlerSettings) -> str:
    return f"--filter=blob:limit={settings.max_file_bytes + 1}"


async def _branch(git: Git, one: Repository, *arguments: str) -> str:
    """Fetches the default branch; gives its last commit."""
    name = one.branch or "HEAD"
    source = f"refs/heads/{name}" if one.branch else name
    try:
        await git.fetch(*arguments, "origin", f"+{source}:refs/heads/{one.branch or 'main'}")
    except GitError as error:
        if "couldn't find remote ref" in str(error):
            raise NotWantedError(Cause.EMPTY, "it has no commit on its default branch") from None
        raise
    return (await git.run("rev-parse", f"refs/heads/{one.branch or 'main'}")).decode().strip()


async def _train(one: Repository, until: datetime, graph: Git, git: Git, settings: CrawlerSettings) -> Fetched:
    await graph.create(one.clone_url)
    tip = await _branch(graph, one, "--filter=tree:0")
    history = await commits(graph, tip)
    last = cut(history, tip, until)
    if last is None:
        raise NotWantedError(Cause.NOTHING_BEFORE, f"none of its {len(history)} commits is before {until:%Y-%m-%d}")
    await git.create(one.clone_url)
    await git.fetch("--depth=1", _limit(settings), "origin", last.hash)
    await git.close_off()
    evidence = {"until": until.isoformat(), "last_before": last.evidence(), "tip": tip, "commits": len(history)}
    return await _taken(git, last.hash, last.evidence()["committed_at"], evidence)


async def _test(one: Repository, until: datetime, git: Git, settings: CrawlerSettings) -> Fetched:
    await git.create(one.clone_url)
    tip = await _branch(git, one, _limit(settings))
    await git.fetch(_limit(settings), "origin", "+refs/heads/*:refs/heads/*")
    await git.close_off()
    history = await commits(git, tip)
    newest = max(history, key=lambda commit: commit.earliest)
    if newest.earliest < until.timestamp():
        raise NotWantedError(Cause.NOTHING_NEW, f"its last commit is of {newest.evidence()['committed_at']}")
    last = next(commit for commit in history if commit.hash == tip)
    before = cut(history, tip, until)
    evidence = {
        "until": until.isoformat(),
        "tip": last.evidence(),
        "last_before": before.evidence() if before else None,
        "commits": len(history),
    }
    return await _taken(git, tip, last.evidence()["committed_at"], evidence)


async def _taken(git: Git, commit: str, committed_at: str, evidence: dict[str, Any]) -> Fetched:
    tree_hash = (await git.run("rev-parse", f"{commit}^{{tree}}")).decode().strip()
    tree = await read_tree(git, commit)
    if not tree.coq:
        raise NotWantedError(Cause.NO_COQ, f"no Coq file is in commit {commit[:12]}")
    return Fetched(commit, committed_at, tree_hash, tree, {**evidence, "tree": tree_hash})
