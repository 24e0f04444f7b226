"""What there is to prove: the checker's projects and their theorems."""

from typing import Annotated, Literal

from fastapi import FastAPI, Path, Query
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from coq_checker.client import CheckerClient, CheckerError, InvalidRequestError, NotFoundError


class ProjectAnswer(BaseModel):
    """A project: its files in dependency order, and the toolchain that checks it."""

    name: str
    files: list[str]
    toolchain: str = Field(description="Empty where its own files name none that there is.")
    toolchain_why: str = Field(description="Why it is that one; with no toolchain, what is wrong.")


class ProjectsAnswer(BaseModel):
    """The checker's projects."""

    projects: list[ProjectAnswer]


class ToolchainAnswer(BaseModel):
    """A toolchain that the checker has or can have."""

    name: str = Field(description="What requests call it.")
    coq_version: str = Field(description="Empty where it is not known.")
    state: Literal["ready", "not built", "unusable"]
    problem: str = Field(description="Why it cannot be used.")
    is_default: bool = Field(description="Used where neither a request nor its project asks for another.")


class ToolchainsAnswer(BaseModel):
    """The checker's toolchains."""

    toolchains: list[ToolchainAnswer]


class TheoremAnswer(BaseModel):
    """A theorem of a file, without its proof; `index` is its place among the file's theorems."""

    name: str
    file: str
    index: int
    kind: str
    statement: str


class TheoremsAnswer(BaseModel):
    """Theorems in the order of their files."""

    theorems: list[TheoremAnswer]


def add_browsing(app: FastAPI, checker: CheckerClient) -> None:
    """Adds `/v1/projects` with what is below, and `/v1/toolchains`."""

    @app.get("/v1/projects")
    async def projects() -> ProjectsAnswer:
        """The projects that the checker knows."""
        try:
            found = await checker.projects()
        except CheckerError as error:
            raise HTTPException(503, _sentence(error)) from None
        return ProjectsAnswer(
            projects=[
                ProjectAnswer(
                    name=one.name,
                    files=list(one.files),
                    toolchain=one.toolchain,
                    toolchain_why=one.toolchain_why,
                )
                for one in found
            ]
        )

    @app.get("/v1/toolchains")
    async def toolchains() -> ToolchainsAnswer:
        """The toolchains that the checker has, or can have."""
        try:
            found = await checker.toolchains()
        except CheckerError as error:
            raise HTTPException(503, _sentence(error)) from None
        return ToolchainsAnswer(
            toolchains=[
                ToolchainAnswer(
                    name=one.name,
                    coq_version=one.coq_version,
                    state=one.state,
                    problem=one.problem,
                    is_default=one.is_default,
                )
                for one in found
            ]
        )

    @app.get("/v1/projects/{project}/theorems")
    async def theorems(
        project: Annotated[str, Path(max_length=500)],
        file: Annotated[str, Query(max_length=4096, description="Only this file's.")] = "",
    ) -> TheoremsAnswer:
        """The theorems of a project, or of one of its files."""
        try:
            found = [one async for one in checker.theorems(project, file)]
        except NotFoundError as error:
            raise HTTPException(404, _sentence(error)) from None
        except InvalidRequestError as error:
            raise HTTPException(422, _sentence(error)) from None
        except CheckerError as error:
            raise HTTPException(503, _sentence(error)) from None
        return TheoremsAnswer(
            theorems=[
                TheoremAnswer(name=one.name, file=one.file, index=one.index, kind=one.kind, statement=one.statement)
                for one in found
            ]
        )


def _sentence(error: Exception) -> str:
    return str(error).removesuffix(".")
