"""What runs Coq in the checkers that a command starts: `--engine`."""

import os
from enum import StrEnum
from typing import Annotated

import typer


class EngineName(StrEnum):
    """As PALMETTO_ENGINE says it."""

    NATIVE = "native"
    SERAPI = "serapi"
    AUTO = "auto"


EngineOption = Annotated[
    EngineName | None,
    typer.Option(
        "--engine",
        help="What runs Coq: `native`, `serapi`, or `auto` for the first of the two that the toolchain can have. "
        "(PALMETTO_ENGINE)",
    ),
]


def use_engine(given: EngineName | None) -> None:
    """Has this process, and the services that it starts, run Coq with the engine that is given; None: as it was."""
    if given is not None:
        os.environ["PALMETTO_ENGINE"] = given.value
