"""The commits of a repository and their dates, and the one that a date cuts off.

Clocks of committers are wrong now and then, and histories are imported. So a side of the date is not decided by one
commit's own date: a commit counts as *before* only with all that it stands on, and as *early* as soon as anything that
stands on it is early.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from crawler.git import Git, GitError
from crawler.model import iso


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit.

    Attributes:
        hash: its name.
        parents: those that it stands on, the first one first.
        authored, committed: its two dates, in seconds since 1970.
    """

    hash: str
    parents: tuple[str, ...]
    authored: int
    committed: int

    @property
    def earliest(self) -> int:
        """The earlier of its dates."""
        return min(self.authored, self.committed)

    @property
    def latest(self) -> int:
        """The later of its dates."""
        return max(self.authored, self.committed)

    def evidence(self) -> dict[str, str]:
        """The commit and its dates, for the record."""
        return {"commit": self.hash, "committed_at": _iso(self.committed), "authored_at": _iso(self.authored)}


def _iso(seconds: int) -> str:
    try:
        return iso(float(seconds))
    except (ValueError, OverflowError, OSError):
        return f"{seconds} s since 1970"


async def commits(git: Git, *what: str) -> list[Commit]:
    """All commits that can be reached, each after those that it stands on.

    Args:
        git: the repository.
        what: from where, such as `--branches` or a name.

    Raises:
        GitError: they cannot be read.
    """
    printed = await git.run("log", "--topo-order", "--reverse", "--format=%H%x09%P%x09%at%x09%ct", *what, "--")
    found = []
    for line in printed.decode("ascii", "replace").splitlines():
        try:
            name, parents, authored, committed = line.split("\t")
            found.append(Commit(name, tuple(parents.split()), int(authored), int(committed)))
        except ValueError:
            raise GitError(f"a commit has no readable date ({line[:80]})") from None
    return found


def cut(history: Sequence[Commit], tip: str, moment: datetime) -> Commit | None:
    """The last commit of a branch before a moment: it and all that it stands on have dates before.

    Args:
        history: all that the branch stands on, in the order of `commits`.
        tip: the branch's last commit.
        moment: the first one that is too late.

    Returns:
        None when there is no such commit.
    """
    bound = moment.timestamp()
    by_name: dict[str, Commit] = {}
    before: set[str] = set()
    for one in history:
        by_name[one.hash] = one
        if one.latest < bound and all(parent in before for parent in one.parents):
            before.add(one.hash)
    at = by_name.get(tip)
    while at is not None and at.hash not in before:
        at = by_name.get(at.parents[0]) if at.parents else None
    return at


def early(history: Sequence[Commit], moment: datetime) -> set[str]:
    """The commits whose content was there before a moment: by their own dates, or those of one that stands on them."""
    bound = moment.timestamp()
    found: set[str] = set()
    for one in reversed(history):
        if one.earliest < bound:
            found.add(one.hash)
        if one.hash in found:
            found.update(one.parents)
    return found
