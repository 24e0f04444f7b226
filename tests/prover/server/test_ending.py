"""How the prover ends: whoever waits for an answer gets one that says why, and the log has no traceback."""

import signal
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from prover.server.schema import ErrorAnswer, ProveAnswer

from ..faulty import Faulty, served
from .process import ProverProcess
from .test_http import LOOP, events

WORK = {"statement": LOOP, "budget_cpu_s": 300}


def under_way(http: httpx2.Client, count: int) -> None:
    line = f"palmetto_prover_attempts {float(count)}"
    for _ in range(600):
        if line in http.get("/metrics").text:
            return
        threading.Event().wait(0.05)
    raise AssertionError(http.get("/metrics").text)


def streamed(url: str, path: str = "/v1/prove", body: dict[str, Any] = WORK) -> list[dict[str, Any]]:
    with httpx2.stream("POST", f"{url}{path}", json={**body, "stream": True}, timeout=120) as response:
        return list(events(response))


def answered(url: str, path: str = "/v1/prove", body: dict[str, Any] = WORK) -> httpx2.Response:
    return httpx2.post(f"{url}{path}", json=body, timeout=120)


def is_problem(response: httpx2.Response) -> None:
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["retry-after"].isdigit()
    told = response.json()
    ErrorAnswer.model_validate(told, strict=True)
    assert told["status"] == 503 and told["detail"] == told["error"]["message"]
    assert told["error"]["type"] == "ending" and "send" in told["detail"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda one: one.name)
def test_everybody_gets_an_end(number: signal.Signals, checker_address: str) -> None:
    prover = ProverProcess(checker_address, attempts="2", queue_size="8", grace_s="0")
    fill = {"text": f"{LOOP}\nAdmitted.\n", "budget_cpu_s": 300}
    with httpx2.Client(base_url=prover.url) as http, ThreadPoolExecutor(8) as pool:
        streams = [pool.submit(streamed, prover.url) for _ in range(3)]
        answers = [pool.submit(answered, prover.url) for _ in range(3)]
        filled = pool.submit(answered, prover.url, "/v1/fill", fill)
        filling = pool.submit(streamed, prover.url, "/v1/fill", fill)
        under_way(http, 8)
        prover.process.send_signal(number)
        for stream in streams:
            *_, finished, result = stream.result(60)
            assert (finished["kind"], result["kind"]) == ("finished", "result")
            for one in (finished, result):
                assert (one["verdict"], one["code"]) == ("ERROR", "ending")
                assert "send it again" in one["message"]
            ProveAnswer.model_validate({name: value for name, value in result.items() if name != "kind"})
        for answer in answers:
            is_problem(answer.result(60))
        is_problem(filled.result(60))
        last = filling.result(60)[-1]
        assert (last["kind"], last["verdict"], last["code"], last["text"]) == (
            "result",
            "ERROR",
            "ending",
            fill["text"],
        )
    assert prover.process.wait(30) == 0
    assert not any("Traceback" in line or "Cancel" in line for line in prover.lines), prover.lines


def test_in_its_grace_it_finishes_what_is_under_way_and_takes_nothing_new(checker_address: str) -> None:
    prover = ProverProcess(checker_address, attempts="2", grace_s="60")
    with httpx2.Client(base_url=prover.url, timeout=60) as http, ThreadPoolExecutor(2) as pool:
        loops: Future[httpx2.Response] = pool.submit(answered, prover.url)
        under_way(http, 1)
        prover.process.send_signal(signal.SIGTERM)
        while http.get("/readyz").status_code == 200:
            threading.Event().wait(0.05)
        is_problem(http.post("/v1/prove", json={"statement": "Lemma t : True."}))
        assert not loops.done()
        # Told once more it does not wait.
        prover.process.send_signal(signal.SIGTERM)
        is_problem(loops.result(60))
    assert prover.process.wait(30) == 0
    assert not any("Traceback" in line for line in prover.lines), prover.lines


def test_what_is_finished_in_its_grace_is_an_answer(checker_address: str) -> None:
    prover = ProverProcess(checker_address, attempts="2", grace_s="60")
    with httpx2.Client(base_url=prover.url, timeout=60) as http, ThreadPoolExecutor(2) as pool:
        short = pool.submit(answered, prover.url, body={"statement": LOOP, "budget_cpu_s": 3, "hammer": False})
        under_way(http, 1)
        prover.process.send_signal(signal.SIGTERM)
        answer = short.result(120)
    assert answer.status_code == 200
    assert answer.json()["verdict"] in ("PROVED", "NOT_PROVED", "TIMEOUT")
    assert prover.process.wait(30) == 0


def test_other_requests_that_are_cut_off_are_told_so() -> None:
    hanging, asked = threading.Event(), threading.Event()

    class Hanging(Faulty):
        def ListProjects(self, request: Any, context: Any) -> Any:
            asked.set()
            hanging.wait(120)
            return super().ListProjects(request, context)

    with served(Hanging()) as address:
        prover = ProverProcess(address, grace_s="0")
        with ThreadPoolExecutor(1) as pool:
            listing = pool.submit(httpx2.get, f"{prover.url}/v1/projects", timeout=120)
            assert asked.wait(60)
            prover.process.send_signal(signal.SIGTERM)
            is_problem(listing.result(60))
        assert prover.process.wait(30) == 0
        hanging.set()
    assert not any("Traceback" in line for line in prover.lines), prover.lines
