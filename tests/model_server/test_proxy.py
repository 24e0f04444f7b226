"""The server in front of another one with faults."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import structlog

from model_server.client import ModelBusyError, ModelClient, RetryPolicy

from .servers import Inside, serving
from .upstream import Reply, Upstream

KEY = "sk-very-secret"
BODY: dict[str, Any] = {"messages": [{"role": "user", "content": "hello"}]}
HTML = b"<html><body>502 Bad Gateway</body></html>"


@pytest_asyncio.fixture
async def server(behind: Upstream) -> AsyncIterator[Inside]:
    settings: dict[str, Any] = {
        "backend": "proxy",
        "upstream": behind.url,
        "printing": "coqgym",
        "api_key": KEY,
        "first_wait_s": 0.01,
        "longest_wait_s": 1,
        "attempts": 3,
        "timeout_s": 1,
        "upstream_in_flight": 2,
        "max_answer_chars": 5000,
        "max_answer_bytes": 200_000,
    }
    with structlog.testing.capture_logs() as logs:
        async with serving(**settings) as up:
            yield up
    assert [line for line in logs if line["event"] == "internal fault"] == []
    assert KEY not in str(logs)


async def test_requests_are_passed_on_whole(server: Inside, behind: Upstream) -> None:
    extra = {"top_k": 7, "chat_template_kwargs": {"thinking": False}, "temperature": 0.3, "stop": ["Qed."], "seed": 4}
    answer = (await server.ask("/chat/completions", {**BODY, **extra, "n": 2, "metadata": {"project": "p"}})).json()
    (asked,) = behind.asked
    assert asked.body == {**BODY, **extra, "n": 2, "model": "big"}
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert [one["message"]["content"] for one in answer["choices"]] == [
        f"```coq\nauto. (* 4 {number} *)\nQed.\n```" for number in range(2)
    ]
    assert answer["usage"] == {"prompt_tokens": 7, "completion_tokens": 10, "total_tokens": 17}
    assert (await server.ask("/completions", {"prompt": "x"})).json()["choices"][0]["text"].startswith("```coq")
    assert behind.asked[1].path == "/v1/completions"


async def test_a_key_that_a_client_sends_goes_no_further(server: Inside, behind: Upstream) -> None:
    await server.ask("/chat/completions", BODY, authorization="Bearer of-the-client")
    assert behind.asked[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    "fault",
    [Reply(429), Reply(500), Reply(502, HTML), Reply(drop=True), Reply(wait_s=600)],
    ids=["429", "500", "html", "dropped", "slow"],
)
async def test_faults_that_pass_are_not_seen(server: Inside, behind: Upstream, fault: Reply) -> None:
    behind.script = [fault, fault]
    assert (await server.ask("/chat/completions", BODY)).status_code == 200
    assert len(behind.asked) == 3
    assert "palmetto_model_upstream_failures_total" in (await server.get("/metrics")).text


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Reply(429, headers={"retry-after": "40"}), 429, "upstream_busy"),
        (Reply(503), 429, "upstream_busy"),
        (Reply(429), 429, "upstream_busy"),
        (Reply(500, {"error": {"message": "CUDA error"}}), 502, "upstream_failed"),
        (Reply(drop=True), 502, "upstream_down"),
        (Reply(wait_s=600), 504, "upstream_timeout"),
        (Reply(401, {"error": {"message": "bad key"}}), 502, "upstream_access"),
        (Reply(404, {"error": {"message": "no such model", "code": "model_not_found"}}), 502, "upstream_model"),
        (
            Reply(400, {"error": {"message": "too long", "code": "context_length_exceeded"}}),
            400,
            "context_length_exceeded",
        ),
        (Reply(422, {"error": "Input validation error", "error_type": "validation"}), 422, "validation"),
        (Reply(200, HTML), 502, "upstream_bad_answer"),
        (Reply(200, b"x" * 1_000_000), 502, "upstream_bad_answer"),
        (Reply(200, {"choices": "none"}), 502, "upstream_bad_answer"),
        (Reply(302, headers={"location": "http://127.0.0.1:1/"}), 502, "upstream_bad_answer"),
    ],
    ids=lambda one: "fault" if isinstance(one, Reply) else str(one),
)
async def test_faults_that_do_not_pass(server: Inside, behind: Upstream, fault: Reply, status: int, code: str) -> None:
    behind.script = [fault] * 9
    response = await server.ask("/chat/completions", BODY)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (status, code)
    assert error["message"]
    assert ("retry-after" in response.headers) == (status == 429)
    assert KEY not in response.text
    # It works again when the server does.
    behind.script = []
    assert (await server.ask("/chat/completions", BODY)).status_code == 200


async def test_when_to_come_back_is_passed_on(server: Inside, behind: Upstream) -> None:
    behind.script = [Reply(429, headers={"retry-after": "40"})]
    async with ModelClient(server.url, retry=RetryPolicy(attempts=1)) as client:
        with pytest.raises(ModelBusyError) as caught:
            await client.complete(BODY["messages"])
    assert caught.value.retry_after_s == 40
    assert len(behind.asked) == 1


async def test_servers_that_count_to_one_are_asked_again(server: Inside, behind: Upstream) -> None:
    behind.most = 1
    answer = (await server.ask("/chat/completions", {**BODY, "n": 5, "seed": 1, "temperature": 1})).json()
    assert len({one["message"]["content"] for one in answer["choices"]}) == 5
    assert behind.most_at_once <= 2


async def test_a_megabyte_of_answer_is_cut(server: Inside, behind: Upstream) -> None:
    behind.text = "auto. " * 20_000
    (choice,) = (await server.ask("/chat/completions", BODY)).json()["choices"]
    assert len(choice["message"]["content"]) == 5000
    assert choice["finish_reason"] == "length"


async def test_no_more_at_one_time_than_allowed(server: Inside, behind: Upstream) -> None:
    answers = await asyncio.gather(*(server.ask("/chat/completions", BODY) for _ in range(12)))
    assert {one.status_code for one in answers} == {200}
    assert len(behind.asked) == 12
    assert behind.most_at_once <= 2


async def test_streams_pass_through(server: Inside, behind: Upstream) -> None:
    behind.script = [Reply(500)]
    response = await server.ask("/chat/completions", {**BODY, "stream": True})
    lines = [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    assert [json.loads(line)["choices"][0]["delta"]["content"] for line in lines[:-1]] == ["au", "to."]


async def test_a_stream_that_breaks_says_so(server: Inside, behind: Upstream) -> None:
    headers = {"content-type": "text/event-stream"}
    behind.script = [Reply(content=behind.chunks(), headers=headers, cut=True)]
    response = await server.ask("/chat/completions", {**BODY, "stream": True})
    lines = [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]
    assert json.loads(lines[-1])["error"]["code"] == "upstream_down"
    behind.script = [Reply(content=HTML)] * 3
    refused = await server.ask("/chat/completions", {**BODY, "stream": True})
    assert refused.status_code == 502
    assert refused.json()["error"]["code"] == "upstream_bad_answer"


async def test_its_printing_profile_is_kept(server: Inside, behind: Upstream) -> None:
    refused = await server.ask("/chat/completions", {**BODY, "metadata": {"printing": "default"}})
    assert refused.json()["error"]["code"] == "printing_mismatch"
    assert behind.asked == []
    assert (await server.ask("/chat/completions", {**BODY, "metadata": {"printing": "coqgym"}})).status_code == 200


async def test_it_is_ready_when_the_server_behind_it_is(server: Inside, behind: Upstream) -> None:
    assert (await server.get("/readyz")).status_code == 200
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/v1"
        async with serving(backend="proxy", upstream=url, attempts=1) as alone:
            response = await alone.get("/readyz")
            assert response.status_code == 503
            assert "cannot be reached" in response.json()["error"]["message"]
            assert (await alone.get("/healthz")).status_code == 200
