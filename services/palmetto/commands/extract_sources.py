"""What the extractor stands on: projects with their provenance, a checker, and with retrieval a retriever."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
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
from palmetto.toolchains import Group
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


def sources_of(project: Project, toolchain: Toolchain, asked: str) -> list[SourceFile]:
    """The files of a project as the extractor takes them.

    Args:
        project: whose.
        toolchain: that compiled it.
        asked: the name by which the checker is asked for that; empty: what the project needs there.

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
        made_with = f"{toolchain.key} {toolchain.coq_version}"
        found.append(SourceFile(project.name, name, path, glob, provenance, only, asked, made_with))
    return found


async def build(grouped: Sequence[Group], jobs: int) -> list[str]:
    """Compiles projects; a sentence for each file that does not.

    Raises:
        BuildError: a project cannot be built at all.
    """
    said = []
    for toolchain, project in ((toolchain, project) for toolchain, named in grouped for _, project in named):
        built = await build_project(project, toolchain, jobs=jobs)
        said += [f"{project.name}: {one.path} does not build ({one.problem})." for one in built.problems]
    return said


@asynccontextmanager
async def a_checker(grouped: Sequence[Group], threads: int, address: str | None) -> AsyncIterator[CheckerClient]:
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
    served = {
        name: replace(project, toolchain=toolchain.name) for toolchain, named in grouped for name, project in named
    }
    default = grouped[0][0] if grouped else None
    settings = CheckerSettings(listen="127.0.0.1:0", metrics_listen="", projects="", slots=threads)
    async with (
        running_checker(settings, toolchain=default, projects=served) as up,
        CheckerClient(up.address) as client,
    ):
        yield client


@asynccontextmanager
async def a_retriever(
    grouped: Sequence[Group],
    checker: CheckerClient,
    name_of: Callable[[Toolchain], str],
    threads: int,
    address: str | None,
) -> AsyncIterator[tuple[RetrieverClient, str]]:
    """A client of a retriever, and a mark of what it knows: of the one at `address`, or of one over fresh indexes.

    The indexes are made without the goals of proofs, which prompts do not show.

    Args:
        grouped: the projects that are asked about.
        checker: knows types.
        name_of: the name by which it is asked for a toolchain.
        threads: files at one time.
        address: of a retriever that runs already.

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
    folders: dict[str, Path] = {}
    for toolchain, named in grouped:
        asker = CheckerAsker(checker, name_of(toolchain))
        for plan in await asyncio.to_thread(plans, named, toolchain):
            needs = [folders[key] for key in plan.needs if key in folders]
            built = await build_index(plan.unit, index_folder(), needs=needs, asker=asker, goals=False, jobs=threads)
            folders[plan.unit.key] = built.folder
    names = ",".join(name for _, named in grouped for name, _ in named)
    settings = RetrieverSettings(listen="127.0.0.1:0", metrics_listen="", preload=names)
    async with running_retriever(settings) as up, RetrieverClient(up.address) as client:
        known = await client.indexes()
        yield client, hashlib.sha256(repr(known).encode()).hexdigest()
