"""Tools that tell what there is: projects and their theorems."""

from typing import Annotated

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from palmetto.mcp.answers import (
    MESSAGE_LETTERS,
    STATEMENT_LETTERS,
    Project,
    Projects,
    Theorem,
    Theorems,
    Toolchain,
    Toolchains,
    cut,
)
from palmetto.mcp.call import Ctx, call
from palmetto.mcp.server import PalmettoServer
from palmetto.mcp.services import Services
from palmetto.mcp.settings import NAME_LETTERS
from palmetto.mcp.targets import ProjectName

_FILES = 200


def add_catalogue(server: PalmettoServer, services: Services) -> None:
    """Adds `list_projects`, `list_theorems` and `list_toolchains`."""

    @server.palmetto_tool("List projects")
    async def list_projects(
        ctx: Ctx,
        contains: Annotated[
            str, Field(max_length=NAME_LETTERS, description="Only projects whose name contains this.")
        ] = "",
    ) -> Projects:
        """List the Coq projects that can be worked on, with their files. Call this first to learn project names."""
        async with call(ctx, services, server.limits.call_s, "asking for the projects") as one:
            found = await (await one.clients()).checker.projects()
        return Projects(
            projects=[
                Project(
                    name=each.name,
                    files=list(each.files[:_FILES]),
                    file_count=len(each.files),
                    toolchain=each.toolchain,
                    toolchain_why=each.toolchain_why,
                )
                for each in found
                if contains.lower() in each.name.lower()
            ]
        )

    @server.palmetto_tool("List theorems")
    async def list_theorems(
        ctx: Ctx,
        project: ProjectName,
        file: Annotated[str, Field(max_length=NAME_LETTERS, description="Only this file of the project.")] = "",
        contains: Annotated[
            str,
            Field(max_length=NAME_LETTERS, description="Only theorems whose name or statement contains this text."),
        ] = "",
        limit: Annotated[int, Field(ge=1, le=200, description="Theorems on a page, at the most.")] = 50,
        cursor: Annotated[str, Field(max_length=20, description="`next_cursor` of the page before.")] = "",
    ) -> Theorems:
        """List the theorems of a project in file order, with their statements. Use `contains` to find one by a word of
        its name or statement. Their proofs are not shown. To search all that is in scope, libraries included, use
        `search`."""
        if cursor and not (cursor.isascii() and cursor.isdigit()):
            raise ToolError("`cursor` is no cursor: give `next_cursor` of the page before, or none for the first page.")
        first, at, wanted = int(cursor or 0), 0, contains.lower()
        page: list[Theorem] = []
        async with call(ctx, services, server.limits.call_s, "reading the theorems") as one:
            async for each in (await one.clients()).checker.theorems(project, file):
                at += 1
                if at <= first or (wanted not in each.qualified_name.lower() and wanted not in each.statement.lower()):
                    continue
                if len(page) == limit:
                    return Theorems(theorems=page, next_cursor=str(at - 1))
                page.append(
                    Theorem(
                        file=each.file,
                        name=each.qualified_name,
                        index=each.index,
                        kind=each.kind,
                        statement=cut(each.statement, STATEMENT_LETTERS),
                    )
                )
        return Theorems(theorems=page, next_cursor="")

    @server.palmetto_tool("List toolchains")
    async def list_toolchains(ctx: Ctx) -> Toolchains:
        """List the versions of Coq and Rocq that there are. Each project has the one that it needs (`list_projects`).
        Where another one is wanted, other tools take its name as `toolchain`."""
        async with call(ctx, services, server.limits.call_s, "asking for the toolchains") as one:
            found = await (await one.clients()).checker.toolchains()
        return Toolchains(
            toolchains=[
                Toolchain(
                    name=each.name,
                    coq_version=each.coq_version,
                    state=each.state,
                    problem=cut(each.problem, MESSAGE_LETTERS),
                    is_default=each.is_default,
                )
                for each in found
            ]
        )
