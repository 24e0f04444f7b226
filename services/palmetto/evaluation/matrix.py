"""Several experiments and their comparison in one TOML file."""

import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from evaluator.errors import EvaluatorError


def _names(given: Any) -> Any:
    return [name.strip() for name in given.split(",") if name.strip()] if isinstance(given, str) else given


Names = Annotated[list[str], BeforeValidator(_names)]


class MatrixError(EvaluatorError):
    """The file is no list of experiments; the text is one sentence with the remedy."""


class Options(BaseModel):
    """The options of an experiment, by the names that `palmetto eval` has for them."""

    model_config = ConfigDict(
        extra="forbid", strict=True, alias_generator=lambda name: name.replace("_", "-"), populate_by_name=True
    )

    proj: Names = Field(default_factory=list)
    model: str | None = None
    server: str | None = None
    prompt: Literal["sft", "instruct"] = "sft"
    printing: Literal["default", "coqgym"] = "default"
    budget: float = Field(60.0, ge=0.1, le=3600)
    samples: int = Field(0, ge=0, le=64)
    threads: int = Field(1, ge=1, le=256)
    backtrack: bool = True
    retrieval: bool = True
    hammer: bool = True
    neighbours: bool = False
    theorems: str | None = None
    limit: int | None = Field(None, ge=1)
    seed: int = Field(0, ge=0)
    memory: str | None = None
    toolchain: str | None = None


class Compare(BaseModel):
    """What is made of the experiments together: files to write, and PALM's outcomes to show beside them."""

    model_config = ConfigDict(extra="forbid", strict=True)

    palm: Names = Field(default_factory=list)
    markdown: str | None = None
    html: str | None = None


class Matrix(BaseModel):
    """Experiments by name, in the order of the file.

    Attributes:
        common: options of all of them.
        experiments: options of each.
        verify: have every claimed proof compiled again by coqc.
        compare: what is made of them together; None for nothing.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    common: dict[str, Any] = Field(default_factory=dict)
    experiments: dict[str, dict[str, Any]]
    verify: bool = True
    compare: Compare | None = None

    def options(self, **given: Any) -> dict[str, Options]:
        """The options of each experiment.

        Args:
            given: options that go before those of the file.
        """
        said = {name: value for name, value in given.items() if value is not None}
        return {name: Options.model_validate(self.common | own | said) for name, own in self.experiments.items()}


def read_matrix(path: Path) -> Matrix:
    """Reads the file.

    Raises:
        MatrixError: it cannot be read, or something in it is no option or has no such value.
    """
    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise MatrixError(f"{path} cannot be read: {(error.strerror or 'unknown error').lower()}.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MatrixError(f"{path} is no TOML file ({error}): see docs/evaluation.md for an example.") from None
    place = ""
    try:
        found = Matrix.model_validate(given)
        for name in found.experiments:
            place = f"experiments.{name}."
            one = Options.model_validate(found.common | found.experiments[name])
            if not one.proj:
                raise MatrixError(f"{path}: the experiment {name} has no `proj`: name its projects, or in [common].")
            if one.server is not None and one.model is not None:
                raise MatrixError(
                    f"{path}: the experiment {name} has `server` and `model`: a server has its own model."
                )
    except ValidationError as error:
        first = error.errors()[0]
        where = place + ".".join(map(str, first["loc"]))
        raise MatrixError(f"{path}: {where}: {_said(first['type'], first['msg'], str(first['loc'][-1]))}") from None
    if not found.experiments:
        raise MatrixError(f"{path} has no experiment: add a table [experiments.NAME] (docs/evaluation.md).")
    return found


def _said(kind: str, message: str, name: str) -> str:
    if kind != "extra_forbidden":
        return f"{message[:1].lower()}{message[1:]}."
    known = [one.replace("_", "-") for one in Options.model_fields] + [*Matrix.model_fields, *Compare.model_fields]
    near = get_close_matches(name, known, 1, cutoff=0)
    return f"is no option; the nearest one is `{near[0]}`."
