"""Nonsense in every field, path, query and header of the prover's HTTP: told as the client's, never as a fault."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from prover.server.schema import FillRequest, ProveRequest

from ...nonsense import ODD_REQUESTS, OF_A_PROGRAM, TEXTS, bodies, status_of
from .process import ProverProcess

# No time for Coq: what is looked at is how requests are read.
BUDGET: dict[str, Any] = {"budget_cpu_s": 0.01, "hammer": False}
GOOD: list[tuple[str, type[ProveRequest | FillRequest], dict[str, Any]]] = [
    ("/v1/prove", ProveRequest, {"statement": "Lemma t : True.", **BUDGET}),
    (
        "/v1/prove",
        ProveRequest,
        {"project": "examples", "file": "Arith.v", "theorem": "power_add", "index": 2, **BUDGET},
    ),
    ("/v1/fill", FillRequest, {"text": "Lemma t : True. Admitted.", "project": "examples", **BUDGET}),
]
ADDRESSES = (
    *("/v1/attempts/%s", "/v1/attempts/%s/events", "/v1/attempts/x/events?first=%s", "/v1/attempts/%s/cancel"),
    *("/v1/projects/%s/theorems", "/v1/projects/examples/theorems?file=%s", "/assets/%s", "/%s", "/docs?%s"),
)


@pytest.fixture(scope="module")
def prover(checker_address: str) -> Iterator[ProverProcess]:
    process = ProverProcess(checker_address, attempts="2", queue_size="64", rate_per_min="0")
    yield process
    assert process.stop() == 0
    assert not any("Traceback" in line for line in process.lines), process.lines


@pytest.fixture
def http(prover: ProverProcess) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=prover.url, timeout=120) as client:
        yield client


def wrongly_told(answer: httpx2.Response) -> str:
    told = answer.text if len(answer.content) < 1_000_000 else ""
    found = next((f"{word} in {told[:300]}" for word in OF_A_PROGRAM if word in told), "")
    return f"{answer.status_code}: {told[:300]}" if answer.status_code >= 500 or answer.status_code == 429 else found


@pytest.mark.parametrize("number", range(len(GOOD)))
def test_nonsense_in_each_field(http: httpx2.Client, number: int) -> None:
    path, model, good = GOOD[number]
    # The fields that both kinds of targets have are looked at once.
    fields = ["project", "file", "theorem", "index"] if number == 1 else model.model_fields
    wrong = {}
    for what, body in bodies(good, fields):
        answer = http.post(path, content=body, headers={"Content-Type": "application/json"})
        if told := wrongly_told(answer):
            wrong[what] = told
    assert wrong == {}
    assert http.post(path, json=good).status_code == 200


def test_a_token_that_is_nonsense(http: httpx2.Client) -> None:
    for what, body in bodies({"token": "x" * 32}, ["token"]):
        answer = http.post("/v1/session", content=body, headers={"Content-Type": "application/json"})
        assert wrongly_told(answer) == "", what


@pytest.mark.parametrize("address", ADDRESSES)
def test_addresses_that_are_nonsense(http: httpx2.Client, address: str) -> None:
    wrong = {}
    odd = [quote(text, safe="") for text in TEXTS.values() if len(text) < 10_000]
    for value in [*odd, "%ff", "%00", "%", "%zz", "%ed%a0%80", "-1", "1e5", "9" * 5000, "1&first=x&file=&file=2"]:
        for method in ("GET", "POST", "HEAD", "DELETE"):
            answer = http.request(method, address % value)
            # A path that leads back to the root finds the workbench, which need not be built here.
            if answer.url.path != "/" and (told := wrongly_told(answer)):
                wrong[f"{method} {value[:80]}"] = told
    assert wrong == {}


@pytest.mark.parametrize("request_", ODD_REQUESTS)
@pytest.mark.parametrize("path", ["/v1/prove", "/v1/projects", "/v1/session", "/docs"])
def test_requests_that_no_client_makes(prover: ProverProcess, path: str, request_: bytes) -> None:
    host, _, port = prover.url.removeprefix("http://").rpartition(":")
    assert 200 <= status_of((host, int(port)), request_.replace(b"%s", path.encode()).replace(b"%%", b"%")) < 500


@pytest.mark.parametrize("number", ["0", "9" * 20, "9" * 5000, "1-" + "9" * 5000, "١", "²"])
@pytest.mark.parametrize("tactic", ["{}: exact I.", "{}: {{ exact I. }}"])
def test_a_draft_that_selects_a_goal_that_no_proof_has(http: httpx2.Client, number: str, tactic: str) -> None:
    text = f"Lemma t : True /\\ True.\nProof.\nsplit.\n{tactic.format(number)}\nAdmitted.\n"
    answer = http.post("/v1/fill", json={"text": text, "budget_cpu_s": 5, "hammer": False})
    assert wrongly_told(answer) == ""
    assert answer.json()["places"] == 1
