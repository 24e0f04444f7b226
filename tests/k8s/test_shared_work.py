"""Images have one toolchain each: manifests that leave a project to none of them, or to two, are caught."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from .policy import CHECKS
from .rendered import Manifest, containers, overlay, pod_templates


def _remove(manifests: list[Manifest], kind: str, name: str) -> None:
    manifests.remove(next(one for one in manifests if one["kind"] == kind and one["metadata"]["name"] == name))


def _variable(manifests: list[Manifest], container: str, name: str, value: str) -> None:
    one = next(c for _, t in pod_templates(manifests) for c in containers(t) if c["name"] == container)
    next(variable for variable in one["env"] if variable["name"] == name)["value"] = value


EIGHT, NINE = "dns:///coq-checker-coq-8-20:50051", "dns:///coq-checker-rocq-9-2:50051"
CHECKERS, DEFAULT, ELSEWHERE = "PALMETTO_PROVER_CHECKER", "PALMETTO_TOOLCHAIN", "PALMETTO_TOOLCHAINS_ELSEWHERE"
BROKEN: list[tuple[str, str, Callable[[list[Manifest]], Any]]] = [
    ("base", "checkers of coq-8.20 alone", lambda m: _remove(m, "Deployment", "coq-checker-rocq-9-2")),
    ("base", "and there are", lambda m: _variable(m, "prover", CHECKERS, NINE)),
    ("base", "asks first a checker that has not", lambda m: _variable(m, "prover", CHECKERS, f"{EIGHT} {NINE}")),
    ("eval", "does not leave out what needs coq-8.20", lambda m: _variable(m, "prepare", ELSEWHERE, "")),
    ("eval", "does not leave out what needs rocq", lambda m: _variable(m, "verify-coq-8-20", ELSEWHERE, "coq-8.20")),
    ("eval", "has not rocq-9.2 for its default", lambda m: _variable(m, "report", DEFAULT, "coq-8.20")),
    ("extract", "has not rocq-9.2 for its default", lambda m: _variable(m, "extract", DEFAULT, "")),
    ("extract", "extract of extract is done for rocq-9.2 alone", lambda m: _remove(m, "Job", "extract-1-coq-8-20")),
]


@pytest.mark.parametrize(("name", "says", "breaks"), BROKEN, ids=[f"{name}: {says}" for name, says, _ in BROKEN])
def test_it_is_caught(name: str, says: str, breaks: Callable[[list[Manifest]], Any]) -> None:
    manifests = copy.deepcopy(list(overlay(name)))
    assert CHECKS["toolchains"](manifests) == []
    breaks(manifests)
    assert any(says in one for one in CHECKS["toolchains"](manifests)), CHECKS["toolchains"](manifests)
