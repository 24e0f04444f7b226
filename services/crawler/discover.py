"""Finding repositories: the search, cut into slices of time so that GitHub shows all of what it finds."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from crawler.github import Blocked, GitHub, GitHubError, Gone, Refused, Slice, Unanswered, page_of, query
from crawler.github.search import PER_PAGE, WINDOW, Page
from crawler.model import Repository, Split
from crawler.store import Store

# GitHub is of 2008.
_FIRST = int(datetime(2008, 1, 1, tzinfo=UTC).timestamp())
_UNANSWERED = 3


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted.

    Attributes:
        split: which side of the date.
        until: the date, as a moment.
        min_stars: of each repository.
        licences: SPDX identifiers, in lower case; empty where any will do.
        limit: repositories that are fetched at the most; None for all.
    """

    split: Split
    until: datetime
    min_stars: int = 0
    licences: frozenset[str] = frozenset()
    limit: int | None = None

    @property
    def pushed_from(self) -> datetime | None:
        """Of the test split only what was changed since is asked for."""
        return self.until if self.split is Split.TEST else None


class _TooMuchError(Exception):
    """A slice holds more than GitHub shows."""


async def discover(
    github: GitHub, store: Store, wish: Wish, languages: tuple[str, ...], say: Callable[[str], None]
) -> int:
    """Searches what is not searched yet.

    Returns:
        How many slices could not be had: the next run asks for them again.

    Raises:
        GitHubError: GitHub cannot be asked.
    """
    now = datetime.fromisoformat(store.meta("begun_at", datetime.now(UTC).isoformat()))
    last = int(min(wish.until, now).timestamp()) if wish.split is Split.TRAIN else int(now.timestamp()) + 1
    store.begin_slices(Slice(language, _FIRST, max(last, _FIRST + 1)) for language in languages)
    lost: set[Slice] = set()
    while waiting := [one for one in store.open_slices() if one not in lost]:
        one = waiting[0]
        try:
            found, note = await _all_of(github, one, wish)
        except _TooMuchError:
            store.add_slices(one.halves(), instead_of=one)
            continue
        except (Unanswered, ValueError) as error:
            say(f"search {one}: {error}")
            lost.add(one)
            if len(lost) >= _UNANSWERED or (len(waiting) == 1 and not store.repositories()):
                raise GitHubError(str(error)) from None
            continue
        except (Gone, Blocked, Refused) as error:
            raise GitHubError(
                f"GitHub does not search for {query(one, wish.min_stars, wish.pushed_from)!r} ({error}): "
                "see PALMETTO_CRAWLER_LANGUAGES and PALMETTO_CRAWLER_API_URL."
            ) from None
        store.finish_slice(one, found, note)
        say(f"search {one}: {len(found)} repositories{', ' + note if note else ''}")
    return len(lost)


async def _all_of(github: GitHub, one: Slice, wish: Wish) -> tuple[list[Repository], str]:
    """All repositories of a slice, and what is to be said of it."""
    text = query(one, wish.min_stars, wish.pushed_from)
    page = page_of(await github.get("search/repositories", {"q": text, "per_page": str(PER_PAGE)}))
    if (page.total > WINDOW or page.incomplete) and one.splits:
        raise _TooMuchError
    notes = _notes(page)
    found = {repository.id: repository for repository in page.repositories}
    for _ in range(WINDOW // PER_PAGE - 1):
        if not page.next_url:
            break
        try:
            page = page_of(await github.get(page.next_url))
        except Refused as error:
            if one.splits:
                raise _TooMuchError from None
            notes.append(str(error))
            break
        found |= {repository.id: repository for repository in page.repositories}
        notes += page.broken
    if page.total > len(found) and not notes:
        notes.append(f"GitHub counts {page.total} and shows {len(found)}")
    return list(found.values()), "; ".join(notes)[:500]


def _notes(page: Page) -> list[str]:
    notes = list(page.broken)
    if page.total > WINDOW:
        notes.append(f"more than {WINDOW} in one second: the rest is not shown")
    elif page.incomplete:
        notes.append("GitHub's answer is incomplete")
    return notes
