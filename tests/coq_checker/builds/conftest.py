"""Small projects for builds, with a cache of their own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from coq_checker.toolchain import Toolchain
from coqdata.project import Project, load_project

MakeProject = Callable[..., Project]


@pytest.fixture
def cache(tmp_path: Path, toolchain: Toolchain, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache; the toolchain has been found in the usual one before."""
    place = tmp_path / "cache"
    monkeypatch.setenv("PALMETTO_CACHE", str(place))
    return place


@pytest.fixture
def make_project(tmp_path: Path, cache: Path) -> MakeProject:
    """Writes a project: its name, its `_CoqProject`, and the texts of files by their paths."""

    def make(name: str, listing: str | None, **files: str) -> Project:
        root = tmp_path / name
        root.mkdir(exist_ok=True)
        if listing is not None:
            (root / "_CoqProject").write_text(listing)
        for path, text in files.items():
            where = root / f"{path.replace('__', '/')}.v"
            where.parent.mkdir(parents=True, exist_ok=True)
            where.write_text(text)
        return load_project(root)

    return make


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, with what is in it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
