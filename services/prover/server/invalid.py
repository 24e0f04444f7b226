"""One sentence for a request that is not valid, with what helps."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel

_AS_JSON = "send a JSON object with the header `Content-Type: application/json`"
_SHOWN = 100


def sentence(error: RequestValidationError, content_type: str, model: type[BaseModel] | None) -> str:
    """What is wrong first.

    Args:
        error: what the framework found.
        content_type: as the request says.
        model: what its body should have been, where that is known.
    """
    first: Mapping[str, Any] = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path"))[:_SHOWN]
    what = first["type"]
    if what == "json_invalid":
        return f"the body is no JSON: {first['ctx']['error']} at character {where}."
    if tuple(first["loc"]) == ("body",) and what != "value_error":
        if what == "missing":
            return f"the request has no body: {_AS_JSON}."
        if "json" not in content_type.lower():
            return f"the body is not taken for JSON: {_AS_JSON}."
        return "the body is JSON, but no object: send one in braces, see /docs."
    if what == "missing":
        return f"`{where}` is missing: see /docs."
    if what == "extra_forbidden":
        return _unknown(where, list(model.model_fields) if model is not None else [])
    # Ours are whole sentences; the framework puts its own words before them.
    told = str(first["msg"]).removeprefix("Value error, ")
    return f"{where}: {told}." if where else f"{told}."


def _unknown(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, 1)
    return f"there is no field {name!r}: " + (f"is `{near[0]}` meant?" if near else "see /docs for those there are.")
