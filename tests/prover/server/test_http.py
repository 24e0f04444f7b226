"""The prover's HTTP service: a process of its own, asked over a socket, with real Coq behind it."""

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from coq_checker.toolchain import Toolchain
from prover.server.schema import ProveAnswer

from .process import ProverProcess

LOOP = "Lemma t (n : nat) : n = n + 0 -> exists m, m * m * m = n * n * n + 12345."


@pytest.fixture(scope="module")
def prover(checker_address: str) -> Iterator[ProverProcess]:
    process = ProverProcess(checker_address, attempts="2", queue_size="1")
    yield process
    assert process.stop() == 0
    assert not any("Traceback" in line for line in process.lines), process.lines


@pytest.fixture
def http(prover: ProverProcess) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=prover.url, timeout=120) as client:
        yield client


def events(response: httpx2.Response) -> Iterator[dict[str, Any]]:
    name = ""
    for line in response.iter_lines():
        if line.startswith("event:"):
            name = line[6:].strip()
        elif line.startswith("data:"):
            yield {**json.loads(line[5:]), "kind": name}


def test_free_text_is_proved(http: httpx2.Client) -> None:
    request = {"statement": "Lemma t (n : nat) : n + 0 = n.", "context": "Require Import Arith.", "budget_cpu_s": 20}
    answer = http.post("/v1/prove", json=request)
    assert answer.status_code == 200
    told = answer.json()
    assert told["verdict"] == "PROVED"
    assert told["script"].startswith("Proof.")
    assert told["script"].rstrip().endswith("Qed.")
    assert told["axioms"] == [] and told["known_bugs"] == []
    assert "fixpoint_not_strict" not in told["features"]
    assert 0 < told["cpu_s"] <= 20
    kept = http.get(f"/v1/attempts/{told['id']}").json()
    assert kept["state"] == "finished"
    assert kept["result"]["script"] == told["script"]


def test_a_theorem_of_a_project_is_proved_without_its_proof(http: httpx2.Client) -> None:
    answer = http.post("/v1/prove", json={"project": "examples", "theorem": "snoc_app", "budget_cpu_s": 30}).json()
    assert answer["verdict"] == "PROVED", answer


def test_with_another_toolchain(http: httpx2.Client, each_toolchain: Toolchain) -> None:
    used = {"toolchain": each_toolchain.name, "coq_version": each_toolchain.coq_version}
    request = {"statement": "Lemma t (A B : Prop) : A /\\ B -> B /\\ A.", "toolchain": each_toolchain.name}
    with http.stream("POST", "/v1/prove", json={**request, "stream": True}) as response:
        told = list(events(response))
    assert told[0]["toolchain"] == each_toolchain.name
    for kind in ("finished", "result"):
        (event,) = (event for event in told if event["kind"] == kind)
        assert event["verdict"] == "PROVED" and event | used == event
    text = "Lemma a (A B : Prop) : A /\\ B -> B /\\ A.\nAdmitted.\n"
    answer = http.post("/v1/fill", json={"text": text, "toolchain": each_toolchain.name}).json()
    assert answer["filled"] == 1 and answer["theorems"][0]["result"] | used == answer["theorems"][0]["result"]


def test_toolchains(http: httpx2.Client, each_toolchain: Toolchain) -> None:
    found = http.get("/v1/toolchains").json()["toolchains"]
    (one,) = (one for one in found if one["name"] == each_toolchain.name)
    assert (one["coq_version"], one["state"], one["problem"]) == (each_toolchain.coq_version, "ready", "")
    (default,) = (one["name"] for one in found if one["is_default"])
    (project,) = http.get("/v1/projects").json()["projects"]
    assert project["toolchain"] == default and project["toolchain_why"]


@pytest.mark.parametrize("name", ["coq-7.4", "./mine", "opam:../mine"])
def test_a_toolchain_that_there_is_not(http: httpx2.Client, name: str) -> None:
    request = {"statement": "Lemma t : True.", "toolchain": name}
    answer = http.post("/v1/prove", json=request).json()
    assert (answer["verdict"], answer["code"]) == ("ERROR", "invalid_request")
    assert name in answer["message"] and "coq-8.20" in answer["message"]


def test_every_step_is_an_event(http: httpx2.Client) -> None:
    request = {"statement": "Lemma t (A B : Prop) : A /\\ B -> B /\\ A.", "stream": True}
    with http.stream("POST", "/v1/prove", json=request) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        told = list(events(response))
    kinds = [event["kind"] for event in told]
    assert kinds[0] == "attempt"
    assert kinds[-1] == "result"
    assert {"started", "candidate", "finished"} <= set(kinds)
    assert told[-1]["verdict"] == "PROVED"
    again = http.get(f"/v1/attempts/{told[0]['id']}/events")
    assert [event["kind"] for event in events(again)] == kinds


@pytest.mark.parametrize("wanted", [True, False])
def test_the_trees_are_told_where_they_are_wanted(http: httpx2.Client, wanted: bool) -> None:
    request = {"statement": "Lemma t (n : nat) : n + 0 = n.", "stream": True, "tree": wanted}
    with http.stream("POST", "/v1/prove", json=request) as response:
        told = list(events(response))
    assert told[-1]["verdict"] == "PROVED"
    assert ("applied" in {event["kind"] for event in told}) == wanted


def test_the_stream_is_chosen_by_the_accept_header_too(http: httpx2.Client) -> None:
    headers = {"Accept": "text/event-stream"}
    response = http.post("/v1/prove", json={"statement": "Lemma t : True."}, headers=headers)
    assert next(iter(events(response)))["kind"] == "attempt"


def wait_for(http: httpx2.Client, name: str, state: str) -> dict[str, Any]:
    for _ in range(300):
        told: dict[str, Any] = http.get(f"/v1/attempts/{name}").json()
        if told["state"] == state:
            return told
        time.sleep(0.1)
    raise AssertionError(f"{name} is {told['state']}, not {state}")


def test_a_client_that_goes_away_stops_the_work(http: httpx2.Client) -> None:
    with http.stream("POST", "/v1/prove", json={"statement": LOOP, "budget_cpu_s": 300, "stream": True}) as response:
        name = next(iter(events(response)))["id"]
    wait_for(http, name, "cancelled")


def test_a_client_that_wants_json_and_goes_away_stops_the_work(prover: ProverProcess, http: httpx2.Client) -> None:
    before = running(http)
    with httpx2.Client(base_url=prover.url, timeout=1.0) as impatient, pytest.raises(httpx2.TimeoutException):
        impatient.post("/v1/prove", json={"statement": LOOP, "budget_cpu_s": 300})
    for _ in range(100):
        if running(http) <= before:
            return
        time.sleep(0.1)
    raise AssertionError("the work goes on")


def running(http: httpx2.Client) -> float:
    found = re.search(r"^palmetto_prover_attempts (\S+)", http.get("/metrics").text, re.M)
    assert found
    return float(found[1])


def test_cancel(prover: ProverProcess, http: httpx2.Client) -> None:
    with http.stream("POST", "/v1/prove", json={"statement": LOOP, "budget_cpu_s": 300, "stream": True}) as response:
        told = events(response)
        name = next(told)["id"]
        with httpx2.Client(base_url=prover.url) as other:
            assert other.post(f"/v1/attempts/{name}/cancel").json()["state"] == "cancelled"
        last = list(told)[-1]
    assert (last["kind"], last["verdict"]) == ("result", "CANCELLED")
    assert set(ProveAnswer.model_fields) <= set(last)


def test_a_full_house_says_when_to_come_again(prover: ProverProcess, http: httpx2.Client) -> None:
    clients = [httpx2.Client(base_url=prover.url, timeout=60) for _ in range(3)]
    request = {"statement": LOOP, "budget_cpu_s": 300, "stream": True}
    streams = [client.stream("POST", "/v1/prove", json=request) for client in clients]
    try:
        told = [events(stream.__enter__()) for stream in streams]
        names = [next(one)["id"] for one in told]
        refused = http.post("/v1/prove", json=request, timeout=20)
        assert refused.status_code == 429
        assert refused.headers["retry-after"].isdigit()
        assert refused.json()["error"]["type"] == "busy"
    finally:
        for stream in streams:
            stream.__exit__(None, None, None)
    for name in names:
        wait_for(http, name, "cancelled")


def test_fill(http: httpx2.Client) -> None:
    text = (
        "Require Import Arith.\nLemma a (n : nat) : n + 0 = n.\nAdmitted.\n"
        "Lemma b : 1 = 2.\nAdmitted.\nLemma c (n m : nat) : n = m -> m = n.\nProof. intros H. admit. Admitted.\n"
    )
    answer = http.post("/v1/fill", json={"text": text, "budget_cpu_s": 5}).json()
    assert (answer["filled"], answer["places"]) == (2, 3)
    assert [(one["theorem"], bool(one["edits"])) for one in answer["theorems"]] == [
        ("a", True),
        ("b", False),
        ("c", True),
    ]
    assert "Lemma b : 1 = 2.\nAdmitted.\n" in answer["text"]
    edit = answer["theorems"][0]["edits"][-1]
    assert edit["start"] == {"line": 2, "character": 0}
    assert edit["end"] == {"line": 2, "character": 9}


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({}, "either `project` and `theorem`, or `statement`"),
        ({"theorem": "a"}, "needs `project`"),
        ({"statement": "Lemma a : True.", "budget_cpu_s": -1}, "budget_cpu_s"),
        ({"statement": "Lemma a : True.", "sample": 3}, "there is no field 'sample': is `samples` meant?"),
        ({"statement": "Lemma a : True.", "<b>": 3}, "there is no field '<b>': see /docs"),
        ([], "no object"),
        ({"statement": "Lemma a : True.", "samples": 1000}, "samples"),
    ],
)
def test_bad_requests(http: httpx2.Client, request_: object, says: str) -> None:
    answer = http.post("/v1/prove", json=request_)
    assert answer.status_code == 422
    message = answer.json()["error"]["message"]
    assert says in message and "Value error" not in message


@pytest.mark.parametrize(
    ("path", "content", "kind", "status", "says"),
    [
        ("/v1/prove", b"{nonsense", "application/json", 422, "the body is no JSON"),
        ("/v1/prove", b"", "application/json", 422, "no body"),
        ("/v1/fill", b"{}", "application/json", 422, "`text` is missing"),
        # What curl -d sends where nothing is said.
        ("/v1/prove", b'{"statement": "Lemma a : True."}', "application/x-www-form-urlencoded", 422, "Content-Type"),
        ("/v1/prove", b'{"statement": "Lemma a : True."}', "text/plain", 422, "Content-Type: application/json"),
        ("/v1/session", b"token=x", "application/x-www-form-urlencoded", 422, "Content-Type: application/json"),
        ("/v1/prove", b'{"statement": "\xff"}', "application/json", 400, "UTF-8"),
        ("/v1/prove", b"\x1f\x8b\x08\x00", "application/json", 400, "not compressed"),
        ("/v1/prove", b"[" * 50_000, "application/json", 400, "cannot be read"),
        ("/v1/proof", b"{}", "application/json", 404, "/docs"),
        ("/v1/projects", b"{}", "application/json", 405, "/docs"),
    ],
)
def test_what_is_no_request(http: httpx2.Client, path: str, content: bytes, kind: str, status: int, says: str) -> None:
    answer = http.post(path, content=content, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert says in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({"statement": "Lemma a : ."}, "yntax"),
        ({"statement": "Lemma a : nothing_known."}, "nothing_known"),
        ({"project": "nowhere", "theorem": "a"}, "nowhere"),
        ({"project": "examples", "theorem": "no_such_theorem"}, "no_such_theorem"),
        ({"statement": "Lemma a : True.", "context": "Require Import Nothing."}, "Nothing"),
    ],
)
def test_what_cannot_be_proved_at_all(http: httpx2.Client, request_: dict[str, Any], says: str) -> None:
    answer = http.post("/v1/prove", json=request_).json()
    assert answer["verdict"] == "ERROR"
    assert says in answer["message"]


def test_too_large(http: httpx2.Client) -> None:
    answer = http.post("/v1/fill", json={"text": "x" * (17 << 20)})
    assert answer.status_code == 413


def fill(http: httpx2.Client, text: str, **more: object) -> dict[str, Any]:
    found: dict[str, Any] = http.post("/v1/fill", json={"text": text, "budget_cpu_s": 3, **more}).json()
    return found


def test_every_mark_is_filled(http: httpx2.Client) -> None:
    text = "".join(f"Lemma l{number} : {number} = {number}.\n(* prove *)\n" for number in range(3))
    answer = fill(http, text)
    assert (answer["filled"], answer["places"]) == (3, 3), answer
    assert answer["text"].count("Qed.") == 3
    # One that stays open costs the others nothing.
    answer = fill(http, text.replace("1 = 1", "1 = 2"))
    assert [one["result"]["verdict"] == "PROVED" for one in answer["theorems"]] == [True, False, True]


@pytest.mark.parametrize(
    "text",
    [
        "Lemma foo : 1 = 1.\nAbort.\nLemma foo : 2 = 2.\nProof. reflexivity. Qed.\n",
        "Lemma le_n : 1 = 1.\nAbort.\nLemma after : 1 <= 1.\nProof. apply le_n. Qed.\n",
        "Lemma foo : 1 = 1.\nAbort.\nDefinition foo := 2.\n",
    ],
)
def test_what_breaks_the_rest_of_the_file_is_taken_back(http: httpx2.Client, text: str) -> None:
    answer = fill(http, text + "Lemma fine : 3 = 3.\nAdmitted.\n")
    assert [one["result"]["verdict"] for one in answer["theorems"]] == ["NOT_PROVED", "PROVED"]
    assert "after it" in answer["theorems"][0]["result"]["message"]
    assert answer["text"].startswith(text)


def test_a_theorem_that_is_not_there(http: httpx2.Client) -> None:
    answer = fill(http, "Lemma a : True.\nAdmitted.\n", theorems=["nope"])
    assert answer["verdict"] == "ERROR"
    assert "'nope'" in answer["message"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/prove", b'{"statement": "Lemma b : \\ud800 True."}'),
        ("/v1/fill", b'{"text": "Lemma b : \\ud800 True. Admitted."}'),
        ("/v1/prove", b'{"statement": "Lemma b : True.", "budget_cpu_s": 1e300}'),
        ("/v1/prove", b'{"statement": "Lemma b : True.", "budget_cpu_s": Infinity}'),
    ],
)
def test_what_is_no_text_or_no_budget(http: httpx2.Client, path: str, body: bytes) -> None:
    answer = http.post(path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["error"]["message"]


def test_too_large_in_pieces(http: httpx2.Client) -> None:
    sent = 0

    def pieces() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(64):
            sent += 1 << 20
            yield b" " * (1 << 20)

    try:
        answer = http.post("/v1/prove", content=pieces(), headers={"content-type": "application/json"})
    except httpx2.HTTPError:
        assert sent < 64 << 20  # it hung up
    else:
        assert answer.status_code == 413


def test_the_examples_of_the_description_are_answered(http: httpx2.Client) -> None:
    schemas = http.get("/openapi.json").json()["components"]["schemas"]
    for example in schemas["ProveRequest"]["examples"]:
        answer = http.post("/v1/prove", json={**example, "budget_cpu_s": 2}).json()
        assert answer["verdict"] != "ERROR", answer
    for example in schemas["FillRequest"]["examples"]:
        assert fill(http, example["text"])["filled"] == 1


def test_unknown_places(http: httpx2.Client) -> None:
    for path in ("/v1/attempts/nothing", "/v1/attempts/nothing/events", "/v1/nothing"):
        answer = http.get(path)
        assert answer.status_code == 404, path
        assert answer.json()["error"]["message"]


def test_health_metrics_and_description(http: httpx2.Client) -> None:
    assert http.get("/healthz").json() == {"status": "ok"}
    assert http.get("/readyz").status_code == 200
    assert 'palmetto_prover_theorems_total{verdict="PROVED"}' in http.get("/metrics").text
    described = http.get("/openapi.json").json()
    assert {"/v1/prove", "/v1/fill", "/v1/attempts/{name}", "/v1/attempts/{name}/cancel"} <= set(described["paths"])
    assert described["components"]["schemas"]["ProveRequest"]["examples"]


def test_not_ready_without_a_checker() -> None:
    process = ProverProcess("127.0.0.1:9")
    try:
        answer = httpx2.get(f"{process.url}/readyz", timeout=30)
        assert answer.status_code == 503
        assert "checker" in answer.json()["error"]["message"]
    finally:
        assert process.stop() == 0
