"""Looking at what was found: GitHub's description as it is now, what is wanted of it, and bringing that here."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

from crawler.discover import Wish
from crawler.fetching import NotWantedError, fetch
from crawler.git import GitError
from crawler.github import Blocked, GitHub, GitHubError, Gone, Refused, Unanswered
from crawler.known import marks
from crawler.model import Cause, Repository, Result, Status
from crawler.settings import CrawlerSettings
from crawler.store import Store

_UNANSWERED = 5
# What git says of a repository that is not there (any more), or that is nobody's to read.
_GONE = re.compile(
    r"not found|could not read Username|does not exist|does not appear to be a git repository|error: 40[134]"
)


def skipped(cause: Cause, message: str) -> Result:
    """A repository that is left out."""
    return Result(Status.SKIPPED, cause, message)


def unwanted(one: Repository, wish: Wish, settings: CrawlerSettings) -> Result | None:
    """Why GitHub's description alone rules a repository out; None when it does not."""
    if one.fork:
        return skipped(Cause.FORK, f"a fork of {one.parent}" if one.parent else "a fork")
    if wish.licences and one.licence.lower() not in wish.licences:
        return skipped(Cause.LICENCE, f"its licence is {one.licence}" if one.licence else "GitHub knows no licence")
    if one.stars < wish.min_stars:
        return skipped(Cause.STARS, f"it has {one.stars} stars")
    if one.size_bytes > settings.max_repository_bytes:
        return skipped(Cause.TOO_LARGE, f"GitHub says {one.size_bytes >> 20} MiB")
    return None


class Looker:
    """Looks at repositories, and fetches what is wanted into folders of their numbers."""

    def __init__(
        self,
        github: GitHub,
        store: Store,
        wish: Wish,
        settings: CrawlerSettings,
        folder: Path,
        work: Path,
        say: Callable[[str], None],
    ) -> None:
        self._github, self._store, self._wish, self._settings = github, store, wish, settings
        self._folder, self._work, self._say = folder, work, say
        self._unanswered = 0

    def place(self, number: int) -> Path:
        """Where a repository lies when it is here."""
        return self._folder / f"{number}.git"

    async def look(self, one: Repository) -> None:
        """Looks at a repository; what comes of it is written down.

        Raises:
            GitHubError: GitHub does not answer any more.
        """
        result = await self._looked(one)
        if result is not None:
            self._store.set_result(one.id, result)
            self._say(f"{one.name}: {result.status.value} ({result.message})")

    async def _looked(self, one: Repository) -> Result | None:
        """What is the matter with it; None when it is here."""
        try:
            now = Repository.from_json((await self._github.get(f"repos/{one.name}")).value)
            self._unanswered = 0
        except Gone as error:
            return skipped(Cause.GONE, f"GitHub has it no more ({error})")
        except (Blocked, Refused) as error:
            return skipped(Cause.BLOCKED, f"GitHub does not give it out ({error})")
        except (Unanswered, ValueError) as error:
            self._unanswered += 1
            if self._unanswered >= _UNANSWERED and isinstance(error, Unanswered):
                raise GitHubError(str(error)) from None
            return Result(Status.LATER, Cause.NETWORK, str(error))
        if now.id != one.id:
            return skipped(Cause.GONE, f"{one.name} is another repository now")
        ruled_out = unwanted(now, self._wish, self._settings)
        if ruled_out is not None:
            return ruled_out
        self._store.update(now)
        return await self._brought(now, one.name)

    async def _brought(self, one: Repository, earlier_name: str) -> Result | None:
        work = self._work / f"{one.id}.git"
        for number in range(1, self._settings.git_attempts + 1):
            try:
                found = await fetch(one, self._wish.split, self._wish.until, work, self._settings)
                break
            except NotWantedError as error:
                return skipped(error.cause, str(error))
            except GitError as error:
                if _GONE.search(str(error)):
                    return skipped(Cause.GONE, f"it cannot be fetched ({error})")
                if number == self._settings.git_attempts:
                    return Result(Status.LATER, Cause.NETWORK, f"it cannot be fetched ({error})")
                await asyncio.sleep(self._settings.retry_pause_s * number)
        self._folder.mkdir(parents=True, exist_ok=True)
        work.rename(self.place(one.id))
        evidence = {**found.evidence, "created_at": one.created_at, "pushed_at": one.pushed_at}
        if one.name != earlier_name:
            evidence["earlier_name"] = earlier_name
        if one.mirror_url:
            evidence["mirror_of"] = one.mirror_url
        fetched = {
            "commit": found.commit,
            "committed_at": found.committed_at,
            "tree": found.tree_hash,
            "evidence": evidence,
            "marks": list(marks(one.name, earlier_name)),
            "kept": False,
        }
        self._store.set_fetched(one.id, fetched, {bytes.fromhex(oid) for _, oid in found.tree.coq})
        self._say(f"{one.name}: fetched, commit {found.commit[:12]} of {found.committed_at}")
        return None
