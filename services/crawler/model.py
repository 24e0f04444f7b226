"""The words of the crawler: what GitHub says of a repository, and what came of it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any


class CrawlError(Exception):
    """The crawl cannot go on; the text is one sentence with the remedy. What is done stays done."""


class Split(Enum):
    """Which side of the date is wanted."""

    TRAIN = "train"
    """Projects as they were at their last commit before the date."""
    TEST = "test"
    """Theorems that were first stated at the date or after it."""


class Status(Enum):
    """What came of a repository."""

    BUILDS = "builds"
    """All of its files compile."""
    PARTLY = "partly"
    """Some of its files compile: those are in the catalogue."""
    FAILS = "fails"
    """No file compiles."""
    UNBUILT = "unbuilt"
    """It was taken, and building was not wanted."""
    SKIPPED = "skipped"
    """It was left out; the cause says why."""
    LATER = "later"
    """It could not be had this time; the next run tries again."""

    @property
    def kept(self) -> bool:
        """Whether it is in the catalogue."""
        return self in (Status.BUILDS, Status.PARTLY, Status.UNBUILT)


class Cause(Enum):
    """Why a repository was left out, or does not build."""

    FORK = "fork"
    COPY = "copy"
    LICENCE = "licence"
    STARS = "stars"
    GONE = "gone"
    BLOCKED = "blocked"
    TOO_LARGE = "too-large"
    EMPTY = "empty"
    NO_COQ = "no-coq"
    NOTHING_BEFORE = "nothing-before"
    NOTHING_NEW = "nothing-new"
    UNREADABLE = "unreadable"
    NETWORK = "network"
    FAULT = "fault"

    MISSING_DEPENDENCY = "missing-dependency"
    COQ_VERSION = "coq-version"
    PLUGIN = "plugin"
    BUILD_SYSTEM = "build-system"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository as GitHub describes it.

    Attributes:
        id: GitHub's number; it stays when the repository is renamed.
        name: `owner/name`.
        clone_url: what git fetches from.
        branch: its default branch.
        stars: how many people marked it.
        licence: SPDX identifier; empty where GitHub knows none.
        created_at, pushed_at: ISO 8601, in UTC.
        size_bytes: as GitHub counts, which is roughly that of its packed history.
        fork: whether GitHub made it as a copy of another one.
        parent: `owner/name` of that one; empty where it is not told.
        mirror_url: where it is mirrored from; empty where it is no mirror by GitHub's account.
        archived: nothing is changed in it any more.
    """

    id: int
    name: str
    clone_url: str
    branch: str
    stars: int
    licence: str
    created_at: str
    pushed_at: str
    size_bytes: int
    fork: bool
    parent: str
    mirror_url: str
    archived: bool

    @staticmethod
    def from_json(given: Any) -> "Repository":
        """Reads what GitHub sends.

        Raises:
            ValueError: it is not of that form.
        """
        try:
            number, name, clone = given["id"], given["full_name"], given["clone_url"]
            licence = (given.get("license") or {}).get("spdx_id") or ""
            found = Repository(
                id=number,
                name=name,
                clone_url=clone,
                branch=given.get("default_branch") or "",
                stars=int(given.get("stargazers_count") or 0),
                licence="" if licence == "NOASSERTION" else licence,
                created_at=str(given.get("created_at") or ""),
                pushed_at=str(given.get("pushed_at") or ""),
                size_bytes=int(given.get("size") or 0) * 1024,
                fork=bool(given.get("fork")),
                parent=str((given.get("parent") or {}).get("full_name") or ""),
                mirror_url=str(given.get("mirror_url") or ""),
                archived=bool(given.get("archived")),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not the description of a repository ({error!r})") from None
        texts = (found.name, found.clone_url, found.branch, found.licence)
        if not isinstance(number, int) or isinstance(number, bool) or not all(isinstance(one, str) for one in texts):
            raise ValueError("not the description of a repository (a field of another type)")
        owner, slash, short = found.name.partition("/")
        if not (owner and slash and short) or "/" in short or ".." in found.name:
            raise ValueError(f"{found.name!r} is no name of a repository")
        return found


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a repository: a line of the report.

    Attributes:
        status: what came of it.
        cause: why it is left out or does not build; None where it is whole.
        message: the same in words, in one line.
        folder: its name in the catalogue and its folder's; empty where it is not taken.
        commit: the commit that was taken; empty where none was.
        committed_at: its date, ISO 8601 in UTC.
        systems: build systems that were found.
        files: Coq files that were to be built.
        built: those that compile.
        theorems: of them, in the test split: those first stated at the date or after it.
        skipped: paths that were left out by reason, some of them, and how many there are.
        problems: files that do not compile, some of them: (path, cause, message).
        evidence: what shows on which side of the date it is.
        requires: libraries that it asks for by its own account.
    """

    status: Status
    cause: Cause | None = None
    message: str = ""
    folder: str = ""
    commit: str = ""
    committed_at: str = ""
    systems: tuple[str, ...] = ()
    files: int = 0
    built: int = 0
    theorems: int = 0
    skipped: dict[str, list[str]] = field(default_factory=dict)
    problems: tuple[tuple[str, str, str], ...] = ()
    evidence: dict[str, Any] = field(default_factory=dict)
    requires: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Its JSON form."""
        return {
            "status": self.status.value,
            "cause": self.cause.value if self.cause else None,
            "message": self.message,
            "folder": self.folder,
            "commit": self.commit,
            "committed_at": self.committed_at,
            "systems": list(self.systems),
            "files": self.files,
            "built": self.built,
            "theorems": self.theorems,
            "skipped": self.skipped,
            "problems": [list(one) for one in self.problems],
            "evidence": self.evidence,
            "requires": list(self.requires),
        }

    @staticmethod
    def from_json(given: dict[str, Any]) -> "Result":
        """Reads what `as_json` gives."""
        return Result(
            **{
                **given,
                "status": Status(given["status"]),
                "cause": Cause(given["cause"]) if given["cause"] else None,
                "systems": tuple(given["systems"]),
                "problems": tuple((path, cause, message) for path, cause, message in given["problems"]),
                "requires": tuple(given["requires"]),
            }
        )


def iso(moment: datetime | float) -> str:
    """A moment as ISO 8601 in UTC, to the second, as GitHub writes it; a number is seconds since 1970."""
    found = datetime.fromtimestamp(moment, UTC) if isinstance(moment, int | float) else moment.astimezone(UTC)
    return found.strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_of(text: str) -> datetime:
    """The moment that a date or a date with a time means; UTC where no zone is given.

    Raises:
        ValueError: it is none.
    """
    found = datetime.fromisoformat(text.strip())
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
