"""The client against a server with faults."""

import asyncio
import socket

import pytest
import structlog

from coqdata import prompts
from model_server.client import (
    AccessError,
    BadAnswerError,
    ModelBusyError,
    ModelClient,
    ModelDownError,
    ModelError,
    ModelFailedError,
    ModelTimeoutError,
    PrintingMismatchError,
    RefusedError,
    RetryPolicy,
    UnknownModelError,
)

from .upstream import Reply, Upstream

QUICK = RetryPolicy(attempts=4, first_wait_s=0.01, longest_wait_s=5)
MESSAGES = prompts.render("sft", [("n", None, "nat")], "n + 0 = n")
HTML = b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>"


def client(behind: Upstream, **settings: object) -> ModelClient:
    return ModelClient(behind.url, **{"retry": QUICK, **settings})  # type: ignore[arg-type]


async def test_answers(behind: Upstream) -> None:
    async with client(behind) as model:
        answers = await model.complete(MESSAGES, n=3, temperature=0.7, seed=5, max_tokens=100, stop=["Qed."])
    assert [one.text for one in answers] == [f"```coq\nauto. (* 5 {number} *)\nQed.\n```" for number in range(3)]
    assert {one.tokens for one in answers} == {5}
    (asked,) = behind.asked
    assert asked.path == "/v1/chat/completions"
    assert asked.body == {
        "model": "big",
        "messages": [
            {"role": "user", "content": "Solve This Proof State:\n\nHypotheses:\nn: nat\n\nGoal:\nn + 0 = n\n\n"}
        ],
        "n": 3,
        "temperature": 0.7,
        "seed": 5,
        "max_tokens": 100,
        "stop": ["Qed."],
    }


async def test_messages_may_be_plain_dictionaries(behind: Upstream) -> None:
    async with client(behind) as model:
        await model.complete([{"role": "user", "content": "hello"}])
    assert behind.asked[0].body["messages"] == [{"role": "user", "content": "hello"}]


async def test_metadata_goes_to_palmettos_own_server_only(behind: Upstream) -> None:
    async with client(behind) as model:
        await model.complete(MESSAGES, metadata={"project": "secret"})
    assert "metadata" not in behind.asked[0].body
    behind.models = [{"id": "own", "palmetto": {"backend": "neighbours", "layouts": ["sft"], "printing": "default"}}]
    async with client(behind) as model:
        await model.complete(MESSAGES, metadata={"project": "demo"})
    assert behind.asked[1].body["metadata"] == {"project": "demo"}


@pytest.mark.parametrize(
    "fault",
    [
        Reply(429, {"error": {"message": "slow down"}}),
        Reply(500, {"error": {"message": "CUDA out of memory", "type": "server_error"}}),
        Reply(502, HTML, {"content-type": "text/html"}),
        Reply(503, b""),
        Reply(drop=True),
        Reply(content={"choices": []}, cut=True),
    ],
    ids=["429", "500", "502", "503", "dropped", "cut"],
)
async def test_what_may_pass_is_tried_again(behind: Upstream, fault: Reply) -> None:
    behind.script = [fault, fault]
    seen: list[ModelError] = []
    async with client(behind, failed=seen.append) as model:
        answers = await model.complete(MESSAGES)
    assert len(answers) == 1
    assert len(behind.asked) == 3
    assert len(seen) == 2


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, ModelBusyError), (503, ModelBusyError), (500, ModelFailedError), (504, ModelTimeoutError)],
)
async def test_what_does_not_pass_is_an_error(behind: Upstream, status: int, kind: type[ModelError]) -> None:
    behind.script = [Reply(status, {"error": {"message": "not now"}})] * 9
    async with client(behind) as model:
        with pytest.raises(kind, match=f"{status}: not now") as caught:
            await model.complete(MESSAGES)
    assert caught.value.status == status
    assert len(behind.asked) == QUICK.attempts


@pytest.mark.parametrize(
    ("status", "kind"), [(400, RefusedError), (401, AccessError), (403, AccessError), (422, RefusedError)]
)
async def test_what_is_refused_is_not_tried_again(behind: Upstream, status: int, kind: type[ModelError]) -> None:
    behind.script = [Reply(status, {"error": {"message": "no"}})]
    async with client(behind) as model:
        with pytest.raises(kind):
            await model.complete(MESSAGES)
    assert len(behind.asked) == 1


async def test_a_slow_server_is_given_up(behind: Upstream) -> None:
    behind.script = [Reply(wait_s=600)]
    async with client(behind, timeout_s=0.3) as model:
        assert len(await model.complete(MESSAGES)) == 1
    behind.gate.clear()
    async with client(behind, timeout_s=0.1, retry=RetryPolicy(attempts=2, first_wait_s=0.01)) as model:
        with pytest.raises(ModelTimeoutError, match=r"did not answer within 0\.1 s"):
            await model.complete(MESSAGES)
    assert len(behind.asked) == 4


async def test_nobody_there() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/v1"
        async with ModelClient(url, retry=QUICK) as model:
            with pytest.raises(ModelDownError, match="cannot be reached"):
                await model.complete(MESSAGES)


async def test_the_server_says_when_to_come_back(behind: Upstream) -> None:
    behind.script = [Reply(429, headers={"retry-after": "0.2"}), Reply(503, headers={"retry-after": "0"})]
    with structlog.testing.capture_logs() as logs:
        async with client(behind) as model:
            await model.complete(MESSAGES)
    assert [line["wait_s"] for line in logs] == [0.2, 0.0]
    # A server that wants a pause longer than we are ready to make is not asked again.
    behind.script = [Reply(429, headers={"retry-after": "3600"})]
    async with client(behind) as model:
        with pytest.raises(ModelBusyError) as caught:
            await model.complete(MESSAGES)
    assert caught.value.retry_after_s == 3600


@pytest.mark.parametrize(
    "content",
    [
        HTML,
        b"",
        b"[]",
        b'{"choices": 3}',
        b'{"choices": [7]}',
        b'{"choices": [{"text": 7}]}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
    ids=["html", "empty", "list", "number", "choice", "text", "bytes", "deep"],
)
async def test_an_absurd_answer_is_an_error(behind: Upstream, content: bytes) -> None:
    behind.script = [Reply(content=content)]
    async with client(behind) as model:
        with pytest.raises(BadAnswerError):
            await model.complete(MESSAGES)
    assert len(behind.asked) == 1


async def test_a_megabyte_is_cut_and_a_hundred_are_not_read(behind: Upstream) -> None:
    behind.text = "auto. " * 170_000
    async with client(behind, max_answer_chars=5000) as model:
        (answer,) = await model.complete(MESSAGES)
        assert len(answer.text) == 5000
        assert answer.finish_reason == "length"
    async with client(behind, max_bytes=100_000) as model:
        with pytest.raises(BadAnswerError, match="more than 100000 bytes"):
            await model.complete(MESSAGES)


async def test_missing_choices_are_asked_for_with_other_seeds(behind: Upstream) -> None:
    behind.most = 1
    async with client(behind) as model:
        answers = await model.complete(MESSAGES, n=4, temperature=0.8, seed=10)
    assert len({one.text for one in answers}) == 4
    assert sorted(one.body["seed"] for one in behind.asked) == [10, 11, 12, 13]


async def test_a_deterministic_server_is_asked_once(behind: Upstream) -> None:
    behind.most = 1
    async with client(behind) as model:
        assert len(await model.complete(MESSAGES, n=4, temperature=0.0)) == 1
    assert len(behind.asked) == 1


async def test_one_that_fails_while_topping_up_costs_nothing_else(behind: Upstream) -> None:
    behind.most = 1
    behind.script = [Reply(content={"choices": [{"message": {"content": "auto."}}]}), Reply(400)]
    async with client(behind) as model:
        answers = await model.complete(MESSAGES, n=3, temperature=0.8)
    assert len(answers) == 2


async def test_no_more_requests_at_one_time_than_allowed(behind: Upstream) -> None:
    behind.gate.clear()
    async with client(behind, max_in_flight=2) as model:
        await model.models()
        tasks = [asyncio.create_task(model.complete(MESSAGES, seed=number)) for number in range(8)]
        while behind.at_once < 2:
            await asyncio.sleep(0.01)
        behind.gate.set()
        await asyncio.gather(*tasks)
    assert len(behind.asked) == 8
    assert behind.most_at_once == 2


async def test_a_cancelled_question_ends(behind: Upstream) -> None:
    behind.gate.clear()
    async with client(behind) as model:
        task = asyncio.create_task(model.complete(MESSAGES))
        while not behind.asked:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        behind.gate.set()
        assert len(await model.complete(MESSAGES)) == 1


async def test_models(behind: Upstream) -> None:
    behind.models = [
        {"id": "own", "palmetto": {"backend": "hf", "layouts": ["sft"], "printing": "coqgym"}},
        {"id": "other", "palmetto": 3},
    ]
    async with client(behind) as model:
        own, other = await model.models()
    assert (own.name, own.backend, own.layouts, own.printing) == ("own", "hf", ("sft",), "coqgym")
    assert (other.name, other.backend, other.printing) == ("other", "", "")
    async with client(behind, model="missing") as model:
        with pytest.raises(UnknownModelError, match="no model 'missing': it has own, other"):
            await model.complete(MESSAGES)
    behind.models = []
    async with client(behind) as model:
        with pytest.raises(UnknownModelError, match="serves no model"):
            await model.complete(MESSAGES)


async def test_a_model_is_never_asked_under_another_printing_profile(behind: Upstream) -> None:
    behind.models = [{"id": "own", "palmetto": {"backend": "hf", "layouts": ["sft"], "printing": "coqgym"}}]
    async with client(behind) as model:
        with pytest.raises(PrintingMismatchError, match="'coqgym', not 'default'"):
            await model.complete(MESSAGES, metadata={"printing": "default"})
        assert behind.asked == []
        assert len(await model.complete(MESSAGES, metadata={"printing": "coqgym"})) == 1


async def test_the_key_is_sent_and_never_told(behind: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PALMETTO_MODEL_API_KEY", "sk-very-secret")
    behind.script = [Reply(500), Reply(401, {"error": {"message": "bad key"}})]
    with structlog.testing.capture_logs() as logs:
        async with client(behind) as model:
            with pytest.raises(AccessError) as caught:
                await model.complete(MESSAGES)
    assert behind.asked[0].headers["authorization"] == "Bearer sk-very-secret"
    assert len(logs) == 1
    assert "sk-very-secret" not in str(logs) + str(caught.value) + repr(model)


async def test_a_stream(behind: Upstream) -> None:
    behind.script = [Reply(500)]
    async with client(behind) as model, model.stream("/chat/completions", {"stream": True}) as lines:
        found = [line async for line in lines if line]
    assert found[-1] == "data: [DONE]"
    assert len(found) == 3
    assert len(behind.asked) == 2


@pytest.mark.parametrize("address", ["http://127.0.0.1:abc/v1", "http://127.0.0.1:99999/v1", "ftp://x/v1", "nonsense"])
async def test_what_is_no_address_is_said(address: str) -> None:
    async with ModelClient(address) as model:
        with pytest.raises(RefusedError, match="no address"):
            await model.complete(MESSAGES)
