"""Nonsense in every field, path and header of the model server's HTTP: told as the client's, never as a fault."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from coqdata import prompts
from model_server.server.schema import ChatRequest, CompletionRequest, Sampling

from ..nonsense import ODD_REQUESTS, OF_A_PROGRAM, TEXTS, bodies, status_of
from ..retriever.servers import start_retriever
from .servers import ModelProcess, start_model_server

MESSAGES = [
    {"role": one.role, "content": one.content}
    for one in prompts.render("sft", [("n", None, "nat"), ("H", None, "n = 0")], "n + 0 = n")
]
METADATA = ("project", "file", "theorem", "position", "kind", "printing", "requires", "other")
GOOD: list[tuple[str, type[Sampling], dict[str, Any]]] = [
    ("/v1/chat/completions", ChatRequest, {"messages": MESSAGES}),
    ("/v1/completions", CompletionRequest, {"prompt": MESSAGES[-1]["content"]}),
]
EXTRA = ("tools", "tool_choice", "logprobs", "logit_bias", "response_format", "best_of", "user", "")


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, ModelProcess]]:
    """One with a retriever, which has no indexes, and one with recordings."""
    recordings = tmp_path_factory.mktemp("recordings")
    write_recording(recordings)
    retriever = start_retriever(indexes=tmp_path_factory.mktemp("indexes"))
    up = {
        "neighbours": start_model_server("--retriever", retriever.address),
        "replay": start_model_server("--backend", "replay", replay_folder=recordings),
    }
    yield up
    for server in up.values():
        assert server.stop() == 0
        assert server.events("internal fault") == []
    assert retriever.stop() == 0
    assert retriever.events("internal fault") == []


def write_recording(folder: Path) -> None:
    record = {"project": "examples", "file": "Arith.v", "theorem": "t", "response": "Proof. exact I. Qed."}
    (folder / "model").mkdir()
    (folder / "model" / "examples.jsonl").write_text(json.dumps(record) + "\n")


def wrongly_told(answer: httpx2.Response) -> str:
    told = answer.text
    if answer.status_code >= 500:
        return f"{answer.status_code}: {told[:300]}"
    return next((f"{word} in {told[:300]}" for word in OF_A_PROGRAM if word in told), "")


def nonsense(model: type[Sampling], good: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    yield from bodies(good, [*model.model_fields, *EXTRA])
    for field in ("temperature", "seed", "stop"):
        yield from bodies({**good, "stream": True}, [field])
    rest = json.dumps(good).encode()[1:]
    # One level down: each object is put where its field is.
    for field, inner, fields in (
        ("metadata", {"project": "examples", "theorem": "t"}, METADATA),
        ("stream_options", {"include_usage": True}, ["include_usage"]),
    ):
        for what, body in bodies(inner, fields):
            yield (
                f"{field}.{what}",
                b'{"stream": true, "%s": %s, %s' % (field.encode(), body, rest),
            )
    if "messages" in good:
        for what, body in bodies({"role": "user", "content": "x"}, ["role", "content"]):
            yield f"messages.{what}", b'{"messages": [%s]}' % body
        for what, body in bodies({"type": "text", "text": "x"}, ["type", "text"]):
            yield f"messages.content.{what}", b'{"messages": [{"role": "user", "content": [%s]}]}' % body


@pytest.mark.parametrize("number", range(len(GOOD)))
@pytest.mark.parametrize("backend", ["neighbours", "replay"])
def test_nonsense_in_each_field(servers: dict[str, ModelProcess], backend: str, number: int) -> None:
    path, model, good = GOOD[number]
    recorded = {**good, "metadata": {"project": "examples", "theorem": "t"}}
    with httpx2.Client(base_url=servers[backend].url.removesuffix("/v1"), timeout=60) as http:
        wrong = {}
        for what, body in nonsense(model, good):
            answer = http.post(path, content=body, headers={"Content-Type": "application/json"})
            if told := wrongly_told(answer):
                wrong[what] = told
        assert wrong == {}
        assert http.post(path, json=recorded).status_code == 200


@pytest.mark.parametrize("address", ["/v1/models/%s", "/v1/%s", "/%s"])
def test_addresses_that_are_nonsense(servers: dict[str, ModelProcess], address: str) -> None:
    odd = [quote(text, safe="") for text in TEXTS.values() if len(text) < 10_000]
    with httpx2.Client(base_url=servers["neighbours"].url.removesuffix("/v1"), timeout=60) as http:
        for value in [*odd, "%ff", "%00", "%", "%zz", "%ed%a0%80", "9" * 5000, "?x=%ff&&="]:
            for method in ("GET", "POST", "HEAD"):
                assert wrongly_told(http.request(method, address % value)) == "", value


@pytest.mark.parametrize("request_", ODD_REQUESTS)
@pytest.mark.parametrize("path", ["/v1/completions", "/v1/models", "/healthz"])
def test_requests_that_no_client_makes(servers: dict[str, ModelProcess], path: str, request_: bytes) -> None:
    host, _, port = servers["neighbours"].url.removesuffix("/v1").removeprefix("http://").rpartition(":")
    assert 200 <= status_of((host, int(port)), request_.replace(b"%s", path.encode()).replace(b"%%", b"%")) < 500
