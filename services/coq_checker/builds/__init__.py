"""Stand-in."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any


class BuildError(Exception):
    pass


@dataclass
class Build:
    load_arguments: list[tuple[str, Path, str]]
    read_only: tuple[Path, ...]


async def build_project(
    project: Any, toolchain: Any, *, jobs: int, only: Path | None = None, progress: Any = None
) -> Build:
    return Build(
        [("-R" if p.recursive else "-Q", p.folder, p.logical) for p in project.options.paths],
        tuple({p.folder for p in project.options.paths}),
    )
