"""The files of a commit: listed, and written into a folder without anything that a checkout would run or follow."""

import os
import posixpath
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from coqdata.crawled import PROVENANCE_FILE
from coqdata.project import PROJECT_FILE
from crawler.git import Git
from crawler.settings import CrawlerSettings
from crawler.statements import is_text, is_verilog

# What a project's own `_CoqProject` is kept as.
UPSTREAM_FILE = f"{PROJECT_FILE}.upstream"
# Old, so that a build can tell what it made; the same everywhere, so that make does not think anything is out of date.
FILE_TIME = 1_000_000_000
_SHOWN = 20
_OWN_FILES = (PROVENANCE_FILE, UPSTREAM_FILE, f"{PROJECT_FILE}.new")
_LINK_BYTES = 4096
_HOPS = 40
_EMPTY_BLOB = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"


@dataclass(slots=True)
class Skipped:
    """What was left out of a tree: paths by reason, some of them, and how many there are."""

    paths: dict[str, list[str]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, reason: str, path: str) -> None:
        """Notes a path."""
        self.counts[reason] = self.counts.get(reason, 0) + 1
        shown = self.paths.setdefault(reason, [])
        if len(shown) < _SHOWN:
            shown.append(path.encode("utf-8", "replace").decode()[:200])

    def as_json(self) -> dict[str, list[str]]:
        """Paths by reason, with a last entry that tells how many more there are."""
        found = {}
        for reason, shown in sorted(self.paths.items()):
            more = self.counts[reason] - len(shown)
            found[reason] = [*shown, f"and {more} more"] if more else list(shown)
        return found


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of a commit.

    Attributes:
        files: regular ones: path with `/`, and hash.
        links: symbolic links: path and hash.
        modules: submodules: path and commit.
        bad: paths that cannot be a file here.
    """

    files: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str], ...]
    modules: tuple[str, ...]
    bad: tuple[str, ...]

    @property
    def coq(self) -> tuple[tuple[str, str], ...]:
        """Those of the files that may be Coq's; empty ones are not."""
        return tuple((path, oid) for path, oid in self.files if path.endswith(".v") and oid != _EMPTY_BLOB)


async def read_tree(git: Git, commit: str) -> Tree:
    """The files of a commit.

    Raises:
        GitError: they cannot be listed.
    """
    files, links, modules, bad = [], [], [], []
    for entry in (await git.run("ls-tree", "-r", "-z", "--full-tree", commit)).split(b"\0"):
        if not entry:
            continue
        described, _, raw = entry.partition(b"\t")
        mode, _, oid = described.decode("ascii", "replace").split()
        path = raw.decode("utf-8", "surrogateescape")
        if not _may_be(path):
            bad.append(path)
        elif mode == "160000":
            modules.append(path)
        elif mode == "120000":
            links.append((path, oid))
        else:
            files.append((path, oid))
    return Tree(tuple(files), tuple(links), tuple(modules), tuple(bad))


def _may_be(path: str) -> bool:
    """Whether a file may be written there: below the folder, and not where the crawler writes one of its own."""
    first, _, rest = path.partition("/")
    return _is_plain(path) and first not in _OWN_FILES and not (first == PROJECT_FILE and rest)


def _is_plain(path: str) -> bool:
    """Whether a path is one that stays below its folder and fits into a list of files."""
    parts = path.split("/")
    if any(part in ("", ".", "..") or part.lower() == ".git" or len(os.fsencode(part)) > 255 for part in parts):
        return False
    return path.isprintable() and '"' not in path and "\\" not in path and len(os.fsencode(path)) < 2000


def export(git: Git, tree: Tree, folder: Path, settings: CrawlerSettings) -> Skipped:
    """Writes the files of a tree into a new folder; for a thread of its own.

    No symbolic link is made: one that leads to a file of the tree becomes that file's copy, others are left out.

    Args:
        git: the repository, with the files' contents.
        tree: what to write.
        folder: is made; what was there is removed.
        settings: how much may be written.

    Returns:
        What was left out, and what is kept though something is odd about it (`not-utf8`).

    Raises:
        GitError: the repository cannot be read.
        OSError: the folder cannot be written.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    skipped = Skipped()
    for path in tree.bad:
        skipped.add("path", path)
    for path in tree.modules:
        skipped.add("submodule", path)
    wanted = list(tree.files) + _followed(git, tree, skipped)
    left_bytes = settings.max_tree_bytes
    contents = git.blobs((oid for _, oid in wanted[: settings.max_tree_files]), settings.max_file_bytes)
    for (path, _), (_, content) in zip(wanted, contents, strict=False):
        if content is None or len(content) > left_bytes:
            skipped.add("huge", path)
        elif path.endswith(".v") and is_verilog(content):
            skipped.add("verilog", path)
        else:
            left_bytes -= len(content)
            if path.endswith(".v") and not is_text(content):
                skipped.add("not-utf8", path)
            if not write(folder, path, content):
                skipped.add("path", path)
    for path, _ in wanted[settings.max_tree_files :]:
        skipped.add("too-many", path)
    return skipped


def write(folder: Path, path: str, content: bytes) -> bool:
    """Writes a file of a tree below a folder; False when its path is no file's there.

    Raises:
        OSError: the disk does not take it.
    """
    target = folder / path
    if not _may_be(path):
        return False
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(content)
    except (FileExistsError, NotADirectoryError, IsADirectoryError):
        return False
    # Programs in the tree may be its build's: they run in the sandbox only.
    target.chmod(0o755 if content.startswith(b"#!") else 0o644)
    os.utime(target, (FILE_TIME, FILE_TIME))
    return True


def _followed(git: Git, tree: Tree, skipped: Skipped) -> list[tuple[str, str]]:
    """Links as the files that they lead to."""
    if not tree.links:
        return []
    files = dict(tree.files)
    targets: dict[str, str] = {}
    contents = git.blobs([oid for _, oid in tree.links], _LINK_BYTES)
    for (path, _), (_, content) in zip(tree.links, contents, strict=True):
        targets[path] = (content or b"").decode("utf-8", "replace")
    found = []
    for path in targets:
        oid = _leads_to(path, targets, files)
        if oid is None:
            skipped.add("link", path)
        else:
            found.append((path, oid))
    return found


def _leads_to(path: str, targets: dict[str, str], files: dict[str, str]) -> str | None:
    """The hash of the file that a link leads to; None when it leads elsewhere, to a folder, or in a circle."""
    for _ in range(_HOPS):
        if path in files:
            return files[path]
        if path not in targets:
            return None
        target = targets[path]
        if target.startswith("/") or not target:
            return None
        path = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        if path.startswith(".."):
            return None
    return None


def coq_files(folder: Path) -> list[Path]:
    """The Coq files that lie in a folder, in the order of their names."""
    return sorted(path for path in folder.rglob("*.v") if path.is_file() and not path.is_symlink())
