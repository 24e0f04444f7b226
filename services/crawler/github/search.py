"""GitHub's search for repositories. It shows the first 1,000 of what it finds: more is asked for in slices of time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from crawler.github.client import Answer
from crawler.model import Repository, iso

WINDOW = 1000
PER_PAGE = 100


@dataclass(frozen=True, slots=True, order=True)
class Slice:
    """Repositories of a language created at or after `begin` and before `end`; seconds since 1970."""

    language: str
    begin: int
    end: int

    @property
    def splits(self) -> bool:
        """Whether it can be cut in two: GitHub's clock ticks in seconds."""
        return self.end - self.begin > 1

    def halves(self) -> tuple["Slice", "Slice"]:
        """The earlier and the later half."""
        middle = (self.begin + self.end) // 2
        return Slice(self.language, self.begin, middle), Slice(self.language, middle, self.end)

    def __str__(self) -> str:
        return f"{self.language}, created {iso(self.begin)} to {iso(self.end)}"


def query(wanted: Slice, min_stars: int, pushed_from: datetime | None) -> str:
    """The text of a search.

    Args:
        wanted: language and time of creation.
        min_stars: of each repository.
        pushed_from: only what was changed at that moment or later.
    """
    last = datetime.fromtimestamp(wanted.end, UTC) - timedelta(seconds=1)
    parts = [f"language:{wanted.language}", f"created:{iso(wanted.begin)}..{iso(last)}"]
    if min_stars > 0:
        parts.append(f"stars:>={min_stars}")
    if pushed_from is not None:
        parts.append(f"pushed:>={iso(pushed_from)}")
    return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of what was found.

    Attributes:
        total: how many there are on all pages, by GitHub's count.
        incomplete: GitHub ran out of time, and there may be more.
        repositories: on this page.
        broken: what was wrong with others on it.
        next_url: address of the next page; empty on the last one.
    """

    total: int
    incomplete: bool
    repositories: tuple[Repository, ...]
    broken: tuple[str, ...]
    next_url: str


def page_of(answer: Answer) -> Page:
    """Reads a page.

    Raises:
        ValueError: it is not of that form.
    """
    given: Any = answer.value
    try:
        total, items = int(given["total_count"]), list(given["items"])
    except (KeyError, TypeError, ValueError):
        raise ValueError("the answer is no page of a search") from None
    found, broken = [], []
    for item in items:
        try:
            found.append(Repository.from_json(item))
        except ValueError as error:
            broken.append(str(error))
    return Page(total, bool(given.get("incomplete_results")), tuple(found), tuple(broken), answer.next_url)
