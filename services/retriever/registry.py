"""The indexes on disk: which there are, and views of them, opened once and again when they have changed."""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from retriever.index.pack import Pack, open_pack, read_manifest
from retriever.index.place import current_pack, unit_folders
from retriever.index.record import BadIndexError
from retriever.types import IndexInfo
from retriever.view import View

# What lies on disk is looked at no more often than this.
_TRUST_S = 1.0
_VIEWS = 16
_FREE_TEXT = ""


class NoIndexError(LookupError):
    """There is no index of that name, or it cannot be used; the text is one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class _Listed:
    folder: Path
    pack: Path
    name: str
    project: bool
    toolchain: str  # of an installed library: what tells it from those of other toolchains
    built: float
    info: IndexInfo


class Registry:
    """The indexes under one folder. May be used from several threads.

    Args:
        root: the folder of all indexes.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = threading.RLock()
        self._looked = float("-inf")
        self._listed: list[_Listed] = []
        self._bad: dict[str, str] = {}
        self._packs: dict[Path, Pack] = {}
        self._views: OrderedDict[tuple[Path, ...], View] = OrderedDict()
        self._chosen: dict[str, tuple[Path, ...]] = {}

    def list(self) -> list[IndexInfo]:
        """All indexes that can be read, by name."""
        with self._lock:
            self._look()
            return [one.info for one in sorted(self._listed, key=lambda one: (one.name.lower(), one.name))]

    def view(self, project: str, requires: Iterable[str] = ()) -> View:
        """The view of a project; for an empty name that of all libraries of a toolchain.

        Args:
            project: its name.
            requires: libraries that free text requires: of several toolchains it is one that has these, and of
                several that do it is the one whose libraries were indexed last.

        Raises:
            NoIndexError: it is not indexed, or its index cannot be used.
        """
        with self._lock:
            self._look()
            packs = self._libraries(requires) if project == _FREE_TEXT else self._chosen.get(project)
            if packs is None:
                packs = self._chosen[project] = self._choose(project)
            found = self._views.get(packs)
            if found is None:
                try:
                    found = self._views[packs] = View([self._open(pack) for pack in packs])
                except BadIndexError as error:
                    self._chosen.pop(project, None)
                    raise NoIndexError(
                        f"an index that {project or 'free text'!r} needs cannot be used ({error}): "
                        f"run `palmetto index {project or 'PROJECT'}`."
                    ) from error
                while len(self._views) > _VIEWS:
                    self._views.popitem(last=False)
            self._views.move_to_end(packs)
            return found

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked < _TRUST_S:
            return
        self._looked = now
        listed, bad = [], {}
        for folder in unit_folders(self.root):
            pack = current_pack(folder)
            try:
                if pack is None:
                    raise BadIndexError("it is damaged")
                manifest = read_manifest(pack)
                counts = manifest["counts"]
                info = IndexInfo(
                    manifest["name"], counts["files"], counts["premises"], counts["proofs"], counts["steps"]
                )
                built = (folder / "current").stat().st_mtime
                project = bool(manifest["project"])
                toolchain = "" if project else str(manifest["key"]).rpartition("/")[0]
                listed.append(_Listed(folder, pack, info.name, project, toolchain, built, info))
            except (BadIndexError, KeyError, TypeError, OSError) as error:
                bad[folder.name.rpartition("-")[0]] = str(error)
        if [(one.pack, one.built) for one in listed] != [(one.pack, one.built) for one in self._listed]:
            self._chosen.clear()
            kept = {one.pack for one in listed}
            self._packs = {pack: opened for pack, opened in self._packs.items() if pack in kept}
            for packs in [packs for packs in self._views if not kept.issuperset(packs)]:
                del self._views[packs]
        self._listed, self._bad = listed, bad

    def _libraries(self, requires: Iterable[str]) -> tuple[Path, ...]:
        toolchains: dict[str, list[_Listed]] = {}
        for one in self._listed:
            if not one.project:
                toolchains.setdefault(one.toolchain, []).append(one)
        if not toolchains:
            raise NoIndexError("no library is indexed: run `palmetto index PROJECT`, which indexes what it requires.")
        roots = {name.partition(".")[0] for name in requires}
        # What one Coq calls its things another may not know.
        best = max(
            toolchains.values(),
            key=lambda libraries: (len(roots & {one.name for one in libraries}), max(one.built for one in libraries)),
        )
        return tuple(one.pack for one in best)

    def _choose(self, project: str) -> tuple[Path, ...]:
        named = [one for one in self._listed if one.name == project]
        if not named:
            problem = self._bad.get(project)
            why = (
                f"the index of {project!r} cannot be used ({problem})"
                if problem
                else f"there is no index of {project!r}"
            )
            raise NoIndexError(f"{why}: run `palmetto index {project}`.")
        # Two folders may have had the same name: the last one indexed is meant.
        own = max(named, key=lambda one: (one.project, one.built))
        by_folder = {one.folder.name: one for one in self._listed}
        needs = self._open_or_none(own.pack, project).needs
        missing = [name for name in needs if name not in by_folder]
        if missing:
            raise NoIndexError(
                f"the index of {missing[0].rpartition('-')[0]!r}, which {project!r} needs, cannot be used: "
                f"run `palmetto index {project}`."
            )
        return (own.pack, *(by_folder[name].pack for name in needs))

    def _open_or_none(self, pack: Path, project: str) -> Pack:
        try:
            return self._open(pack)
        except BadIndexError as error:
            raise NoIndexError(
                f"the index of {project!r} cannot be used ({error}): run `palmetto index {project}`."
            ) from error

    def _open(self, pack: Path) -> Pack:
        if pack not in self._packs:
            self._packs[pack] = open_pack(pack)
        return self._packs[pack]

    def preload(self, projects: Iterable[str]) -> None:
        """Opens views beforehand, so that the first question is not slow; what has no index is left out."""
        for project in projects:
            try:
                self.view(project)
            except NoIndexError:
                continue
