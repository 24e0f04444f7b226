"""The HTTP interface: OpenAI's shapes, errors, limits, streams, the life of the process."""

import asyncio
import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from openai import AsyncOpenAI, BadRequestError, NotFoundError

from coqdata import prompts
from model_server.client import ModelClient

from ..coq_checker.servers import PALMETTO, wait_until
from .servers import ModelProcess, environment_of, start_in_thread, start_model_server
from .upstream import Upstream

MESSAGES = [
    {"role": one.role, "content": one.content}
    for one in prompts.render("sft", [("n", None, "nat"), ("H", None, "n = 0")], "n + 0 = n")
]
CHAT: dict[str, Any] = {"model": "neighbours", "messages": MESSAGES}


@pytest.fixture(scope="module")
def server() -> Iterator[ModelProcess]:
    """Without a retriever: what it says is what the goal's shape suggests."""
    running = start_model_server("--retriever", "", max_n=32, max_body_bytes=200_000, max_prompt_chars=50_000)
    yield running
    assert running.stop() == 0
    assert running.events("internal fault") == []
    assert running.raw == []


async def refusal(server: ModelProcess, body: Any, path: str = "/chat/completions") -> tuple[int, str, str]:
    """Status, code and message of a refusal, which has OpenAI's shape."""
    response = await server.ask(path, body)
    error = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"].endswith(".")
    return response.status_code, error["code"], error["message"]


async def test_a_conversation(server: ModelProcess) -> None:
    answer = (await server.ask("/chat/completions", {**CHAT, "n": 4})).json()
    assert answer["object"] == "chat.completion"
    assert answer["model"] == "neighbours"
    assert [one["index"] for one in answer["choices"]] == [0, 1, 2, 3]
    texts = [one["message"]["content"] for one in answer["choices"]]
    assert len(set(texts)) == 4
    for choice in answer["choices"]:
        assert choice["message"]["role"] == "assistant"
        assert choice["finish_reason"] == "stop"
        assert prompts.proof_of_answer(choice["message"]["content"]) is not None
    scores = [one["score"] for one in answer["choices"]]
    assert scores == sorted(scores, reverse=True)
    usage = answer["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["completion_tokens"] == sum(one["tokens"] for one in answer["choices"]) > 0


async def test_a_completion(server: ModelProcess) -> None:
    answer = (await server.ask("/completions", {"prompt": MESSAGES[0]["content"]})).json()
    assert answer["object"] == "text_completion"
    assert prompts.proof_of_answer(answer["choices"][0]["text"]) is not None


async def test_openais_own_client(server: ModelProcess) -> None:
    async with AsyncOpenAI(base_url=server.url, api_key="none", max_retries=0) as client:
        listed = [one.id async for one in client.models.list()]
        assert listed == ["neighbours"]
        chat: Any = client.chat.completions
        answer = await chat.create(
            model="neighbours", messages=MESSAGES, n=2, temperature=0, metadata={"kind": "tactic"}
        )
        assert len(answer.choices) == 2
        assert prompts.tactic_of_answer(answer.choices[0].message.content) is not None
        stream = await chat.create(model="neighbours", messages=MESSAGES, stream=True)
        parts = [part async for part in stream]
        text = "".join(part.choices[0].delta.content or "" for part in parts)
        assert prompts.proof_of_answer(text) is not None
        assert parts[-1].choices[0].finish_reason == "stop"
        with pytest.raises(NotFoundError):
            await chat.create(model="gpt-5", messages=MESSAGES)
        with pytest.raises(BadRequestError):
            await chat.create(model="neighbours", messages=[])
        text_answer = await client.completions.create(model="neighbours", prompt=MESSAGES[0]["content"], n=3)
        assert len({one.text for one in text_answer.choices}) == 3


async def test_streams_are_server_sent_events(server: ModelProcess) -> None:
    body = {**CHAT, "n": 2, "stream": True, "stream_options": {"include_usage": True}}
    response = await server.ask("/chat/completions", body)
    assert response.headers["content-type"].startswith("text/event-stream")
    lines = [line for line in response.text.split("\n\n") if line]
    assert lines[-1] == "data: [DONE]"
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]
    assert {one["object"] for one in chunks} == {"chat.completion.chunk"}
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["completion_tokens"] > 0
    whole = (await server.ask("/chat/completions", {**CHAT, "n": 2})).json()
    for index in range(2):
        said = [one["choices"][0] for one in chunks[:-1] if one["choices"][0]["index"] == index]
        text = "".join(part["delta"].get("content", "") for part in said)
        assert text == whole["choices"][index]["message"]["content"]


async def test_the_same_seed_gives_the_same_answers(server: ModelProcess) -> None:
    async def texts(**settings: Any) -> list[str]:
        answer = (await server.ask("/chat/completions", {**CHAT, "n": 6, **settings})).json()
        return [one["message"]["content"] for one in answer["choices"]]

    drawn = await texts(temperature=1.0, seed=1)
    assert await texts(temperature=1.0, seed=1) == drawn
    assert len({tuple(await texts(temperature=1.0, seed=seed)) for seed in range(5)}) > 1
    assert await texts(temperature=0, seed=1) == await texts(temperature=0, seed=2)


async def test_stop_ends_an_answer(server: ModelProcess) -> None:
    answer = (await server.ask("/chat/completions", {**CHAT, "stop": ["\nQed."]})).json()
    text = answer["choices"][0]["message"]["content"]
    assert text.startswith("```coq\n")
    assert "Qed" not in text


async def test_models(server: ModelProcess) -> None:
    (card,) = (await server.get("/v1/models")).json()["data"]
    assert card["id"] == "neighbours"
    assert card["palmetto"] == {
        "backend": "neighbours",
        "layouts": ["sft", "instruct", "tactic"],
        "printing": "default",
    }
    assert (await server.get("/v1/models/neighbours")).json() == card
    assert (await server.get("/v1/models/other")).status_code == 404


async def test_another_printing_profile_is_refused(server: ModelProcess) -> None:
    status, code, message = await refusal(server, {**CHAT, "metadata": {"printing": "coqgym"}})
    assert (status, code) == (400, "printing_mismatch")
    assert "'default', not 'coqgym'" in message
    assert (await server.ask("/chat/completions", {**CHAT, "metadata": {"printing": "default"}})).status_code == 200


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"model": "gpt-5"}, 404, "model_not_found"),
        ({"messages": []}, 400, "invalid_request"),
        ({"messages": "hello"}, 400, "invalid_request"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, 400, "invalid_request"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]}, 400, "invalid_request"),
        ({"messages": [{"role": "user", "content": "Prove Fermat's last theorem"}]}, 400, "unreadable_prompt"),
        ({"n": 0}, 400, "invalid_n"),
        ({"n": 33}, 400, "invalid_n"),
        ({"n": 10**30}, 400, "invalid_n"),
        ({"n": "many"}, 400, "invalid_n"),
        ({"temperature": 3}, 400, "invalid_request"),
        ({"temperature": "NaN"}, 400, "invalid_request"),
        ({"seed": 1 << 70}, 400, "invalid_request"),
        ({"max_tokens": 0}, 400, "invalid_request"),
        ({"stop": ["x"] * 99}, 400, "invalid_request"),
        ({"metadata": {"position": "-1"}}, 400, "invalid_metadata"),
        ({"metadata": {"position": "9" * 40}}, 400, "invalid_metadata"),
        ({"metadata": {"kind": "poem"}}, 400, "invalid_metadata"),
        ({"metadata": {"project": 7}}, 400, "invalid_request"),
        ({"metadata": [1]}, 400, "invalid_request"),
        ({"tools": [{"type": "function"}]}, 400, "unsupported"),
        ({"logprobs": True}, 400, "unsupported"),
        ({"response_format": {"type": "json_object"}}, 400, "unsupported"),
        ({"messages": [{"role": "user", "content": "x" * 60_000}]}, 400, "context_length_exceeded"),
        ({"messages": [{"role": "user", "content": "x" * 300_000}]}, 413, "too_large"),
    ],
)
async def test_bad_requests(server: ModelProcess, changed: dict[str, Any], status: int, code: str) -> None:
    assert (await refusal(server, {**CHAT, **changed}))[:2] == (status, code)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"null", b"[" * 50_000, b'{"messages": ' + b"[" * 9_000])
async def test_bodies_that_are_no_objects(server: ModelProcess, body: bytes) -> None:
    for path in ("/chat/completions", "/completions"):
        status, code, _ = await refusal(server, body, path)
        assert (status, code) in ((400, "invalid_json"), (400, "invalid_request"))


async def test_text_that_no_terminal_shows(server: ModelProcess) -> None:
    for text in ("\ud800", "\0", "Solve This Proof State:\n\nHypotheses:\n\nGoal:\n\ud800 = \0\n\n"):
        response = await server.ask("/chat/completions", {"messages": [{"role": "user", "content": text}]})
        assert response.status_code in (200, 400)
        assert response.json()


async def test_paths_that_are_none(server: ModelProcess) -> None:
    response = await server.get("/v1/nothing")
    assert response.status_code == 404
    assert response.json()["error"]["type"] == "not_found_error"
    response = await server.get("/v1/completions")
    assert response.status_code == 405


async def test_health_and_figures(server: ModelProcess) -> None:
    assert (await server.get("/healthz")).status_code == 200
    assert (await server.get("/readyz")).status_code == 200
    await server.ask("/chat/completions", CHAT)
    text = (await server.get("/metrics")).text
    assert 'palmetto_model_answers_total{model="neighbours"}' in text
    assert 'palmetto_model_request_seconds_count{model="neighbours",status="200"}' in text


async def test_the_interface_describes_itself(server: ModelProcess) -> None:
    paths = (await server.get("/openapi.json")).json()["paths"]
    body = paths["/v1/chat/completions"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert {"messages", "n", "temperature", "seed", "stop", "stream", "metadata"} <= set(body["properties"])


async def test_many_at_one_time(server: ModelProcess) -> None:
    async with ModelClient(server.url, max_in_flight=64) as client:
        questions = [client.complete(MESSAGES, n=3, temperature=1.0, seed=seed) for seed in range(100)]
        answers = await asyncio.gather(*questions)
    assert {len(one) for one in answers} == {3}


async def test_more_than_it_has_room_for(behind: Upstream) -> None:
    behind.gate.clear()
    server = await start_in_thread("--backend", "proxy", "--upstream", behind.url, in_flight=1, waiting=1)
    try:
        body = {"messages": MESSAGES}
        first = asyncio.create_task(server.ask("/chat/completions", body))
        await until(lambda: len(behind.asked) == 1)
        second = asyncio.create_task(server.ask("/chat/completions", body))
        while 'palmetto_model_requests{state="waiting"} 1.0' not in (await server.get("/metrics")).text:
            await asyncio.sleep(0.02)
        refused = await server.ask("/chat/completions", body)
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "1"
        assert refused.json()["error"]["code"] == "busy"
        behind.gate.set()
        assert {(await first).status_code, (await second).status_code} == {200}
    finally:
        behind.gate.set()
        assert await asyncio.to_thread(server.stop) == 0


async def until(holds: Any) -> None:
    """Waits until `holds()` is true, without stopping this loop."""
    await asyncio.to_thread(wait_until, "what the test waits for", holds)


async def test_a_client_that_goes_away_ends_the_work(behind: Upstream) -> None:
    behind.gate.clear()
    server = await start_in_thread("--backend", "proxy", "--upstream", behind.url, in_flight=1)
    try:
        task = asyncio.create_task(server.ask("/chat/completions", {"messages": MESSAGES}))
        await until(lambda: len(behind.asked) == 1)
        task.cancel()
        while 'palmetto_model_requests{state="working"} 0.0' not in (await server.get("/metrics")).text:
            await asyncio.sleep(0.02)
    finally:
        behind.gate.set()
        assert await asyncio.to_thread(server.stop) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_what_is_under_way_is_finished_at_the_end(behind: Upstream, number: signal.Signals) -> None:
    behind.gate.clear()
    server = await start_in_thread("--backend", "proxy", "--upstream", behind.url)
    task = asyncio.create_task(server.ask("/chat/completions", {"messages": MESSAGES}))
    await until(lambda: len(behind.asked) == 1)
    os.kill(server.process.pid, number)
    await until(lambda: server.events("draining"))
    behind.gate.set()
    assert (await task).status_code == 200
    assert await asyncio.to_thread(server.wait) == 0
    assert server.raw == []


async def test_a_second_signal_ends_it_at_once(behind: Upstream) -> None:
    behind.gate.clear()
    server = await start_in_thread("--backend", "proxy", "--upstream", behind.url, grace_s=600)
    task = asyncio.create_task(server.ask("/chat/completions", {"messages": MESSAGES}))
    await until(lambda: len(behind.asked) == 1)
    os.kill(server.process.pid, signal.SIGTERM)
    await until(lambda: server.events("draining"))
    assert await asyncio.to_thread(server.stop) == -signal.SIGTERM
    with pytest.raises(httpx2.HTTPError):
        await task


def run(*arguments: str, **settings: object) -> tuple[int, str]:
    """Status and words of a server that does not start."""
    done = subprocess.run(
        [PALMETTO, "serve", "model-server", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment_of(settings),
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--listen", "nowhere"], "'nowhere' is no address"),
        (["--listen", "127.0.0.1:99999"], "is no address"),
        (["--backend", "oracle"], "PALMETTO_MODEL_BACKEND"),
        (["--backend", "replay"], "give --replay DIR"),
        (["--backend", "replay", "--replay", "/nonexistent"], "there are no recordings in"),
        (["--backend", "proxy"], "give --upstream"),
        (["--backend", "proxy", "--upstream", "localhost:8000"], "give --upstream"),
        (["--backend", "hf"], "give --"),
        (["--printing", "pretty"], "there is no printing profile 'pretty'"),
        (["--layout", "haiku"], "there is no prompt layout 'haiku'"),
    ],
)
def test_it_says_why_it_does_not_start(arguments: list[str], says: str) -> None:
    status, said = run(*arguments)
    assert status == 2
    assert says in said
    assert "Traceback" not in said


def test_an_address_that_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        status, said = run("--listen", f"127.0.0.1:{taken.getsockname()[1]}", "--retriever", "")
    assert status == 2
    assert "cannot listen on" in said
