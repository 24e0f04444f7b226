"""Odd things in a commit: each is left out or kept as it can be, and told; nothing else is lost."""

import os
import subprocess
from pathlib import Path
from typing import Any

from crawler.fetching import fetch
from crawler.git import Git
from crawler.model import Split, moment_of
from crawler.settings import CrawlerSettings
from crawler.tree import Skipped, export

from .histories import History, lemma
from .test_history import described


async def exported(history: History, tmp_path: Path, settings: CrawlerSettings) -> tuple[Path, Skipped, Any]:
    place = tmp_path / "one.git"
    found = await fetch(described(history), Split.TRAIN, moment_of("2024-01-01"), place, settings)
    folder = tmp_path / "files"
    return folder, export(Git.at(place, settings), found.tree, folder, settings), found


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


async def test_plain_files(upstream: Path, tmp_path: Path, settings: CrawlerSettings) -> None:
    history = History(upstream / "one")
    script = "#!/bin/sh\nexit 0\n"
    history.commit(
        "2023-01-01", {"A.v": lemma("a", "1 = 1"), "sub/B.v": "", "configure": script, "data.bin": b"\0\xff"}
    )
    folder, skipped, _ = await exported(history, tmp_path, settings)
    assert files(folder) == {"A.v", "sub/B.v", "configure", "data.bin"}
    assert skipped.as_json() == {}
    assert os.access(folder / "configure", os.X_OK) and not os.access(folder / "A.v", os.X_OK)


async def test_submodules_are_told(upstream: Path, tmp_path: Path, settings: CrawlerSettings) -> None:
    history = History(upstream / "one")
    modules = '[submodule "dep"]\n path = dep\n url = https://nobody.invalid/dep\n'
    history.put({"A.v": lemma("a", "1 = 1"), ".gitmodules": modules})
    history.git("add", "--all")
    history.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},dep")
    history.git("commit", "--quiet", "--message", "m", when="2023-01-01T00:00:00Z")
    folder, skipped, _ = await exported(history, tmp_path, settings)
    assert skipped.as_json() == {"submodule": ["dep"]}
    assert files(folder) == {"A.v", ".gitmodules"}


async def test_links_are_followed_inside_only(upstream: Path, tmp_path: Path, settings: CrawlerSettings) -> None:
    history = History(upstream / "one")
    history.put({"A.v": lemma("a", "1 = 1"), "sub/B.v": ""})
    links = {
        "Copy.v": "A.v",
        "sub/Up.v": "../A.v",
        "Twice.v": "sub/Up.v",
        "Loop.v": "Pool.v",
        "Pool.v": "Loop.v",
        "Self.v": "Self.v",
        "Out.v": "../../../../etc/passwd",
        "Absolute.v": "/etc/passwd",
        "Nowhere.v": "gone.v",
        "here": ".",
        "sub/round": "..",
    }
    for name, target in links.items():
        (history.folder / name).symlink_to(target)
    history.commit("2023-01-01")
    folder, skipped, _ = await exported(history, tmp_path, settings)
    kept = {"A.v", "sub/B.v", "Copy.v", "sub/Up.v", "Twice.v"}
    assert files(folder) == kept
    assert set(skipped.as_json()) == {"link"}
    assert set(skipped.paths["link"]) == set(links) - kept
    assert not any(path.is_symlink() for path in folder.rglob("*"))
    assert (folder / "Twice.v").read_text() == lemma("a", "1 = 1")


async def test_huge_files_are_not_even_fetched(upstream: Path, tmp_path: Path, settings: CrawlerSettings) -> None:
    history = History(upstream / "one")
    history.commit(
        "2023-01-01", {"A.v": lemma("a", "1 = 1"), "Big.v": os.urandom(300_000), "big.bin": os.urandom(300_000)}
    )
    small = settings.model_copy(update={"max_file_bytes": 50_000})
    folder, skipped, _ = await exported(history, tmp_path, small)
    assert files(folder) == {"A.v"}
    assert set(skipped.as_json()["huge"]) == {"Big.v", "big.bin"}
    packed = sum(path.stat().st_size for path in (tmp_path / "one.git").rglob("*") if path.is_file())
    assert packed < 200_000


async def test_too_many_files_and_too_much_of_them(upstream: Path, tmp_path: Path, settings: CrawlerSettings) -> None:
    history = History(upstream / "one")
    history.commit("2023-01-01", {f"F{number:03}.v": lemma(f"f{number}", "1 = 1") for number in range(50)})
    few = settings.model_copy(update={"max_tree_files": 10})
    folder, skipped, _ = await exported(history, tmp_path, few)
    assert len(files(folder)) == 10
    told = skipped.as_json()["too-many"]
    assert len(told) == 21 and told[-1] == "and 20 more"
    little = settings.model_copy(update={"max_tree_bytes": 500})
    folder, skipped, _ = await exported(history, tmp_path, little)
    assert 0 < sum((folder / name).stat().st_size for name in files(folder)) <= 500
    assert "huge" in skipped.as_json()


async def test_other_encodings_and_other_languages(upstream: Path, tmp_path: Path, settings: CrawlerSettings) -> None:
    history = History(upstream / "one")
    latin = "(* caf\xe9 *)\n".encode("latin-1") + lemma("a", "1 = 1").encode()
    history.commit(
        "2023-01-01", {"L.v": latin, "chip.v": "module chip(input a);\nendmodule\n", "A.v": lemma("b", "2 = 2")}
    )
    folder, skipped, _ = await exported(history, tmp_path, settings)
    assert skipped.as_json() == {"not-utf8": ["L.v"], "verilog": ["chip.v"]}
    assert (folder / "L.v").read_bytes() == latin
    assert files(folder) == {"A.v", "L.v"}


async def test_paths_that_are_none_here(upstream: Path, tmp_path: Path, settings: CrawlerSettings) -> None:
    history = History(upstream / "one")
    history.commit("2023-01-01", {"A.v": lemma("a", "1 = 1")})
    blob = history.git("rev-parse", "HEAD:A.v")
    inner = _tree(history, [("100644", blob, "B.v")])
    names = ["new\nline.v", 'quo"te.v', "back\\slash.v", b"latin\xe9.v", "palmetto-source.json", "_CoqProject.upstream"]
    entries = [("100644", blob, name) for name in ("A.v", *names)] + [("40000", inner, "..")]
    entries += [("40000", inner, ".git"), ("40000", inner, "_CoqProject")]
    tree = _tree(history, entries)
    commit = history.git("commit-tree", tree, "-m", "m", when="2023-02-01T00:00:00Z")
    history.git("update-ref", "refs/heads/main", commit)
    folder, skipped, found = await exported(history, tmp_path, settings)
    assert files(folder) == {"A.v"}
    assert len(found.tree.bad) == len(names) + 3
    assert len(skipped.as_json()["path"]) == len(names) + 3
    assert not (tmp_path / "B.v").exists()


def _tree(history: History, entries: list[tuple[str, str, Any]]) -> str:
    """A tree as nobody's git would make it."""
    raw = b""
    for mode, oid, name in sorted(entries, key=lambda one: os.fsencode(one[2]) + b"/" * (one[0] == "40000")):
        raw += mode.encode() + b" " + os.fsencode(name) + b"\0" + bytes.fromhex(oid)
    command = ["git", "-C", str(history.folder), "hash-object", "-w", "-t", "tree", "--literally", "--stdin"]
    return subprocess.run(command, input=raw, capture_output=True, check=True).stdout.decode().strip()


async def test_hooks_and_filters_of_a_repository_do_not_run(
    upstream: Path, tmp_path: Path, settings: CrawlerSettings
) -> None:
    history = History(upstream / "one")
    history.commit("2023-01-01", {"A.v": lemma("a", "1 = 1"), ".gitattributes": "*.v filter=evil ident\n"})
    folder, _, _ = await exported(history, tmp_path, settings)
    assert (folder / "A.v").read_text() == lemma("a", "1 = 1")
    assert not list((tmp_path / "one.git").glob("hooks/*"))
