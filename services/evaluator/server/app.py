"""The list of experiments, and their report, at the address of another service."""

import asyncio
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Query, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse

from evaluator.errors import EvaluatorError
from evaluator.server.reports import Reports
from evaluator.store import ExperimentStore

# The workbench's list, as the report's address leads to it, below a path of a proxy too.
_HOME = "../#/experiments"


class ExperimentAnswer(BaseModel):
    """An experiment, as far as it has come."""

    name: str
    model: str
    created_at: str
    projects: list[str]
    theorems: int
    proved: int


class ExperimentsAnswer(BaseModel):
    """All experiments, newest first."""

    experiments: list[ExperimentAnswer]


def add_experiments(app: FastAPI, store: Path) -> None:
    """Adds `/v1/experiments` and `/experiments/report`, over the store at a path, which need not be there yet."""
    reports = Reports(store, _HOME)

    @app.get("/v1/experiments")
    async def experiments() -> ExperimentsAnswer:
        """The experiments of the store."""
        try:
            found = await asyncio.to_thread(_listed, store)
        except EvaluatorError as error:
            raise HTTPException(503, str(error).removesuffix(".")) from None
        return ExperimentsAnswer(experiments=found)

    @app.get("/experiments/report", response_class=HTMLResponse)
    async def report(
        name: Annotated[list[str], Query(min_length=1, max_length=16, description="Each is compared with the first.")],
        project: Annotated[list[str] | None, Query(max_length=1000, description="Only these.")] = None,
    ) -> Response:
        """What `palmetto compare --html` writes: tables, plots, and every theorem with its attempts."""
        if not store.is_file():
            raise HTTPException(404, "there are no experiments here yet: run `palmetto eval` first")
        try:
            page = await reports.page(name, project)
        except EvaluatorError as error:
            raise HTTPException(404, str(error).removesuffix(".")) from None
        headers = {"Content-Security-Policy": f"{page.policy}; frame-ancestors 'none'"}
        return HTMLResponse(page.html, headers=headers)


def _listed(path: Path) -> list[ExperimentAnswer]:
    if not path.is_file():
        return []
    with ExperimentStore.open(path, create=False) as store:
        return [
            ExperimentAnswer(
                name=one.name,
                model=one.model,
                created_at=one.created_at,
                projects=list(one.projects),
                theorems=one.theorems,
                proved=one.proved,
            )
            for one in reversed(store.overviews())
        ]
