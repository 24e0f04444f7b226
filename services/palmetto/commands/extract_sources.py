"""What the extractor stands on: projects with their provenance, a checker, and with retrieval a retriever."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from coq_checker.builds import build_project, lay_out
from coq_checker.client import CheckerClient
from coq_checker.server import CheckerSettings
from coq_checker.server import running as running_checker
from coq_checker.toolchain import Toolchain
from coqdata.catalogue import catalogue
from coqdata.crawled import Provenance, read_provenance, test_theorems
from coqdata.project import Project
from extractor.model import SourceFile
from palmetto.commands.index_sources import plans
from retriever.client import RetrieverClient
from retriever.indexing import CheckerAsker, build_index, index_folder
from retriever.server import RetrieverSettings
from retriever.server import running as running_retriever

_COMMIT = re.compile(r"[0-9a-f]{40,64}")


def provenance_of(project: Project) -> Provenance:
    """Where a project comes from: what the crawl left, the catalogue, or the commit of its git checkout."""
    found = read_provenance(project.root)
    if found is not None:
        return found
    entry = catalogue().get(project.name)
    if entry is not None:
        return Provenance(entry.upstream, commit_of(project.root) or entry.commit, licence=entry.licence)
    return Provenance("", commit_of(project.root))


def commit_of(folder: Path) -> str:
    """The commit that is checked out in a folder; empty where git does not tell."""
    try:
        git = folder / ".git"
        head = (git / "HEAD").read_text("utf-8").strip()
        name = head.removeprefix("ref: ")
        if name == head:
            return head if _COMMIT.fullmatch(head) else ""
        if (git / name).is_file():
            return (git / name).read_text("utf-8").strip()
        packed = (git / "packed-refs").read_text("utf-8").splitlines()
        return next((line.split()[0] for line in packed if line.endswith(f" {name}")), "")
    except (OSError, UnicodeDecodeError):
        return ""


def sources_of(project: Project, toolchain: Toolchain) -> list[SourceFile]:
    """The files of a project as the extractor takes them.

    Raises:
        BuildError: projects that need each other.
        ProjectError: a test crawl without its list of theorems.
    """
    listed = test_theorems(project.root)
    unit = lay_out(project, toolchain)
    provenance = provenance_of(project)
    found = []
    for path in project.files:
        shown = path.relative_to(project.root) if path.is_relative_to(project.root) else path.relative_to(unit.base)
        glob = unit.mirror(path).with_suffix(".glob")
        name = shown.as_posix()
        only = None if listed is None else frozenset((what, at) for where, what, at in listed if where == name)
        found.append(SourceFile(project.name, name, path, glob, provenance, only))
    return found


async def build(projects: Sequence[Project], toolchain: Toolchain, jobs: int) -> list[str]:
    """Compiles projects; a sentence for each file that does not.

    Raises:
        BuildError: a project cannot be built at all.
    """
    said = []
    for project in projects:
        built = await build_project(project, toolchain, jobs=jobs)
        said += [f"{project.name}: {one.path} does not build ({one.problem})." for one in built.problems]
    return said


@asynccontextmanager
async def a_checker(
    projects: Sequence[Project], toolchain: Toolchain, threads: int, address: str | None
) -> AsyncIterator[CheckerClient]:
    """A client of the checker at `address`, or of one that lasts as long as the block.

    Raises:
        ServeError: it cannot listen.
        TimeoutError: nobody answers at the address.
    """
    if address is not None:
        async with CheckerClient(address) as client:
            await client.wait_until_ready()
            yield client
        return
    served = ",".join(f"{one.name}={one.root}" for one in projects)
    settings = CheckerSettings(listen="127.0.0.1:0", metrics_listen="", projects=served, slots=threads)
    async with running_checker(settings, toolchain=toolchain) as up, CheckerClient(up.address) as client:
        yield client


@asynccontextmanager
async def a_retriever(
    projects: Sequence[Project], toolchain: Toolchain, checker: CheckerClient, threads: int, address: str | None
) -> AsyncIterator[tuple[RetrieverClient, str]]:
    """A client of a retriever, and a mark of what it knows: of the one at `address`, or of one over fresh indexes.

    The indexes are made without the goals of proofs, which prompts do not show.

    Raises:
        IndexFailedError: an index cannot be made.
        ServeError: it cannot listen.
        TimeoutError: nobody answers at the address.
    """
    if address is not None:
        async with RetrieverClient(address) as client:
            await client.wait_until_ready()
            known = await client.indexes()
            yield client, hashlib.sha256(repr(known).encode()).hexdigest()
        return
    todo = await asyncio.to_thread(plans, [(one.name, one) for one in projects], toolchain)
    folders: dict[str, Path] = {}
    for plan in todo:
        needs = [folders[key] for key in plan.needs if key in folders]
        built = await build_index(
            plan.unit, index_folder(), needs=needs, asker=CheckerAsker(checker), goals=False, jobs=threads
        )
        folders[plan.unit.key] = built.folder
    settings = RetrieverSettings(listen="127.0.0.1:0", metrics_listen="", preload=",".join(p.name for p in projects))
    async with running_retriever(settings) as up, RetrieverClient(up.address) as client:
        known = await client.indexes()
        yield client, hashlib.sha256(repr(known).encode()).hexdigest()
