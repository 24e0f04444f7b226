"""Writing `_CoqProject`: the load path, the options and the files that everything after the crawl goes by."""

from collections.abc import Iterable
from pathlib import Path

from coqdata.project import PROJECT_FILE, LoadOptions
from crawler.tree import UPSTREAM_FILE

_FIRST_LINE = "# written by palmetto crawl"


def write_project(root: Path, options: LoadOptions, files: Iterable[Path]) -> None:
    """Writes a project file; the project's own one is kept beside it.

    Raises:
        OSError: it cannot be written.
    """
    target = root / PROJECT_FILE
    if target.is_file() and not target.read_bytes().startswith(_FIRST_LINE.encode()):
        target.replace(root / UPSTREAM_FILE)
    lines = [_FIRST_LINE]
    for path in options.paths:
        folder = path.folder.relative_to(root).as_posix()
        lines.append(f"-{'R' if path.recursive else 'Q'} {_quoted(folder)} {path.logical or _quoted('')}")
    for argument in options.arguments:
        lines.append(f"-arg {_quoted(_quoted(argument) if _needs_quotes(argument) else argument)}")
    lines += [_quoted(file.relative_to(root).as_posix()) for file in files]
    fresh = root / f"{PROJECT_FILE}.new"
    fresh.write_text("\n".join(lines) + "\n", "utf-8")
    fresh.replace(target)


def _needs_quotes(word: str) -> bool:
    return not word or any(not (char.isalnum() or char in "-_./+=,:@") for char in word)


def _quoted(word: str) -> str:
    if not _needs_quotes(word):
        return word
    return "'" + word.replace("'", "'\"'\"'") + "'" if '"' in word else f'"{word}"'
