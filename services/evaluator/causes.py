"""Why a theorem has no proof, as a class; and which classes say nothing about the prover."""

import re
from collections.abc import Mapping
from typing import Any, Final

from prover.client import ErrorCode

BUDGET: Final = "budget"
"""The budget was spent."""
NOTHING_FOUND: Final = "nothing_found"
"""Everything was tried."""
STATEMENT: Final = "statement"
"""The theorem's statement cannot be worked on: it does not run, it has no goal, or its name is not enough."""
FILE: Final = "file"
"""The text before the theorem does not load."""
PROJECT: Final = "project"
"""What the theorem's file requires does not build, or the project cannot be read."""
REST: Final = "rest"
"""A proof was accepted, but the rest of the file does not compile with it: it counts on how the original is made, or
what the proof's prelude loads changes what follows."""
GONE: Final = "gone"
"""There is no such theorem."""
NOT_RECORDED: Final = "not_recorded"
"""A recorded model has no answer for the theorem, and nothing else proved it."""
MODEL_REFUSED: Final = "model_refused"
"""The model's server refuses the question, such as one that is too long, and nothing else proved the theorem."""
MODEL_DOWN: Final = "model_down"
"""The model did not answer."""
INFRASTRUCTURE: Final = "infrastructure"
"""The prover or what it needs died, did not answer, or had a fault; also what is not known."""

PASSING: Final = frozenset((MODEL_DOWN, INFRASTRUCTURE))
"""What may pass: tried again, and worked on once more when the experiment is started again."""

# What is the theorem's own fault, by the type that the prover gives it (`ErrorCode`). All others may pass.
_LASTING = {
    ErrorCode.INVALID_REQUEST.value: STATEMENT,
    ErrorCode.NOT_FOUND.value: GONE,
    ErrorCode.ENVIRONMENT.value: FILE,
}
# Which of them it is more exactly, by the checker's sentence; the first that fits decides.
_SAID: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (cause, re.compile(pattern, re.DOTALL))
    for cause, pattern in (
        (INFRASTRUCTURE, r"build folder .* cannot be written|^the engine serapi cannot look at the terms of proofs"),
        (GONE, r"^there is no (?:project|theorem)|has no file |^the file .* cannot be read"),
        (STATEMENT, r"^the statement |' stands \d+ times"),
        # Before its project's: what to do about a library that is missing may name the project's file.
        (FILE, r"^(?![^,]*_CoqProject)[^:,]+, line \d+: "),
        (PROJECT, r"does not build|in a circle|_CoqProject|^the options of |which is required"),
        (FILE, r", line \d+: |^the environment of |^the session of |^the prelude |is no whole sentence|ends inside"),
    )
)
# What its client says of a model that gave no answer, and what the prover says where it took too long.
_DOWN = re.compile(
    r"cannot be reached|did not answer|stopped in the middle|broke off|answered (?:401|403|408|425|429|5\d\d)\b"
    r"|answered what is not JSON|JSON that is no object|has no choices|serves no model|has no model"
)
_REFUSED = re.compile(r"answered 4\d\d\b")
_NOT_RECORDED = re.compile(r"no recorded answer|whole proofs were recorded")


def of_result(result: Mapping[str, Any], model_problem: str = "") -> str:
    """The class of an answer of the prover; empty when it proved the theorem.

    Args:
        result: its last event.
        model_problem: the class of why its model gave no answer; empty where it gave some.
    """
    verdict = result.get("verdict")
    if verdict == "PROVED":
        return ""
    if verdict == "ERROR":
        lasting = _LASTING.get(str(result.get("code", "")))
        if lasting is None:
            return INFRASTRUCTURE
        message = str(result.get("message", ""))
        return next((cause for cause, pattern in _SAID if pattern.search(message)), lasting)
    if verdict not in ("NOT_PROVED", "TIMEOUT"):
        return INFRASTRUCTURE
    return model_problem or (BUDGET if verdict == "TIMEOUT" else NOTHING_FOUND)


def of_model(message: str) -> str:
    """The class of a model's failure to answer, from what the prover says of it; empty: it answered, but no proof."""
    found = ((NOT_RECORDED, _NOT_RECORDED), (MODEL_DOWN, _DOWN), (MODEL_REFUSED, _REFUSED))
    return next((cause for cause, pattern in found if pattern.search(message)), "")
