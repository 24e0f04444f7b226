"""A crawl: search, look, sort out copies, take, report. Each step is written down; a later run goes on behind it."""

import asyncio
import contextlib
import fcntl
import os
import shutil
import uuid
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from coq_checker.toolchain import Toolchain
from crawler.build import Builder, require_sandbox
from crawler.discover import Wish, discover
from crawler.duplicates import copies
from crawler.git import require_git
from crawler.github import GitHub
from crawler.look import Looker, skipped, unwanted
from crawler.model import Cause, CrawlError, Repository, Status
from crawler.report import Report, write_report
from crawler.settings import CrawlerSettings
from crawler.store import Store
from crawler.take import Taker

STORE_FILE = "crawl.sqlite"

Say = Callable[[str], None]


async def crawl(
    out: Path,
    wish: Wish,
    *,
    settings: CrawlerSettings,
    toolchain: Toolchain | None,
    say: Say,
    against: Sequence[Path] = (),
    jobs: int = 1,
) -> tuple[Report, bool]:
    """Crawls, or goes on with a crawl that was begun.

    Args:
        out: folder of the crawl.
        wish: what is wanted; all but the limit must be as when it was begun.
        settings: where to ask, and limits.
        toolchain: whose Coq builds; None where nothing is to be built.
        say: told what is done, in lines.
        against: folders of other crawls whose statements count as known.
        jobs: repositories that are fetched or built at one time.

    Returns:
        The report, and whether everything could be had. If not, the next run tries what is missing.

    Raises:
        CrawlError: it cannot go on.
    """
    require_git()
    if toolchain is not None:
        require_sandbox(toolchain)
    out = out.absolute()
    with _alone(out), contextlib.ExitStack() as stack:
        store = Store(out / STORE_FILE)
        stack.callback(store.close)
        others = []
        for folder in against:
            if not (folder / STORE_FILE).is_file():
                raise CrawlError(f"{folder} is no folder of a crawl: give one that `palmetto crawl` wrote.")
            others.append(Store(folder / STORE_FILE))
            stack.callback(others[-1].close)
        _same_wish(store, wish, settings, toolchain is not None)
        work = out / "work" / uuid.uuid4().hex
        shutil.rmtree(work.parent, ignore_errors=True)  # of runs that were interrupted
        work.mkdir(parents=True)
        stack.callback(shutil.rmtree, work.parent, ignore_errors=True)
        github = GitHub(settings, store, say)
        try:
            if not settings.token.get_secret_value().strip():
                say("no token: GitHub allows 60 requests an hour (set GITHUB_TOKEN)")
            lost = await discover(github, store, wish, settings.languages, say)
            run = _Run(out, work, store, wish, settings, say, jobs)
            run.clean()
            left = await run.look(github)
            run.sort_out()
            await run.take(Builder(toolchain, settings, work, max(1, (os.cpu_count() or 1) // jobs)))
        finally:
            await github.close()
        coq = toolchain.coq_version if toolchain is not None else ""
        try:
            report = write_report(out, store, wish, others, left, coq)
        except OSError as error:
            raise CrawlError(
                f"{out} cannot be written ({error.strerror}): make room there, then start again."
            ) from None
        return report, not lost and report.count(Status.LATER) == 0


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """One crawl in a folder at one time; the kernel lets go of the lock when it dies."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = (out / ".lock").open("w")
    except OSError as error:
        raise CrawlError(f"{out} cannot be written ({error.strerror}): give another folder with --out.") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CrawlError(f"another crawl is at work in {out}: wait for it, or give another folder.") from None
        yield


def _same_wish(store: Store, wish: Wish, settings: CrawlerSettings, builds: bool) -> None:
    wanted = {
        "split": wish.split.value,
        "until": wish.until.isoformat(),
        "min-stars": str(wish.min_stars),
        "licences": ",".join(sorted(wish.licences)),
        "languages": ",".join(settings.languages),
        "build": str(builds),
    }
    for name, value in wanted.items():
        if (begun := store.meta(name, value)) != value:
            raise CrawlError(
                f"the crawl in that folder was begun with {name} {begun or '(any)'} and this one has "
                f"{value or '(any)'}: give the same, or another folder with --out."
            )


class _Run:
    """One run over what a crawl has found."""

    def __init__(
        self, out: Path, work: Path, store: Store, wish: Wish, settings: CrawlerSettings, say: Say, jobs: int
    ) -> None:
        self.out, self.work, self.store, self.wish = out, work, store, wish
        self.settings, self.say, self.jobs = settings, say, jobs
        self.git = out / "git"

    def _place(self, one: Repository) -> Path:
        return self.git / f"{one.id}.git"

    def _open(self, one: Repository) -> bool:
        """Whether something is still to be done for a repository."""
        result = self.store.result(one.id)
        return result is None or result.status is Status.LATER

    def clean(self) -> None:
        """Removes what nothing is to be done with: a run was killed before it wrote one down, or removed another."""
        wanted = {
            self._place(one)
            for one in self.store.repositories()
            if self._open(one) and self.store.fetched(one.id) is not None
        }
        for place in self.git.glob("*.git"):
            if place not in wanted:
                shutil.rmtree(place, ignore_errors=True)

    async def look(self, github: GitHub) -> int:
        """Looks at what was found; gives how many the limit leaves out."""
        wanted: list[Repository] = []
        for one in self.store.repositories():
            result = self.store.result(one.id)
            if result is None and (ruled_out := unwanted(one, self.wish, self.settings)) is not None:
                # The search told it already: it does not count for the limit.
                result = replace(ruled_out, evidence={"by": "search"})
                self.store.set_result(one.id, result)
            if result is None or result.evidence.get("by") != "search":
                wanted.append(one)
        chosen = wanted if self.wish.limit is None else wanted[: self.wish.limit]
        waiting = []
        for one in chosen:
            if self._open(one):
                if self.store.fetched(one.id) is not None and not self._place(one).is_dir():
                    self.store.forget_fetched(one.id)
                if self.store.fetched(one.id) is None:
                    waiting.append(one)
        looker = Looker(github, self.store, self.wish, self.settings, self.git, self.work, self.say)
        await _each(waiting, looker.look, self.jobs)
        return len(wanted) - len(chosen)

    def sort_out(self) -> None:
        """Leaves out copies. What was decided stays, whatever is found later."""
        fetched = [(one, what) for one in self.store.repositories() if (what := self.store.fetched(one.id)) is not None]
        kept = [(one, what) for one, what in fetched if what["kept"]]
        new = [(one, what) for one, what in fetched if not what["kept"] and self._open(one)]
        new.sort(key=lambda pair: not pair[1]["marks"])  # known ones first, otherwise as they stand
        order = [(one.id, str(what["tree"])) for one, what in (*kept, *new)]
        decided = frozenset(one.id for one, _ in kept)
        found = copies(self.store, order, self.settings.copy_share, decided)
        by_id = {one.id: (one, what) for one, what in fetched}
        for one, what in new:
            copy = found.get(one.id)
            if copy is None:
                self.store.set_kept(one.id)
                continue
            other, of = by_id[copy.of]
            said = "all files are" if copy.same_tree else f"{copy.share:.0%} of its Coq files are"
            result = skipped(Cause.COPY, f"{said} in {other.name} too")
            marks = of["marks"] or what["marks"]
            evidence = {**what["evidence"], "copy_of": other.name, "marks_of_original": marks}
            result = replace(result, commit=what["commit"], committed_at=what["committed_at"], evidence=evidence)
            self.store.set_result(one.id, result)
            shutil.rmtree(self._place(one), ignore_errors=True)
            self.say(f"{one.name}: {result.message}")

    async def take(self, builder: Builder) -> None:
        """Takes what is left into the catalogue."""
        taker = Taker(self.store, self.wish, self.settings, builder, self.out / "projects", self.work, self.say)
        waiting = [
            one
            for one in self.store.repositories()
            if self._open(one) and (what := self.store.fetched(one.id)) is not None and what["kept"]
        ]

        async def one_by_one(one: Repository) -> None:
            await taker.take(one, self._place(one))

        await _each(waiting, one_by_one, self.jobs)


async def _each(what: Sequence[Repository], do: Callable[[Repository], Awaitable[None]], jobs: int) -> None:
    """Does something for each, some at a time, in their order."""
    waiting = iter(what)

    async def work() -> None:
        for one in waiting:
            await do(one)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(max(1, min(jobs, len(what)))):
                group.create_task(work())
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
