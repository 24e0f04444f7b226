"""Recorded answers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from coqdata import prompts
from model_server.client import ModelClient, NoAnswerError

from ..conftest import SHARED
from .servers import ModelProcess, start_model_server

MESSAGES = [{"role": "user", "content": "whatever"}]
RECORDS = [
    {"project": "demo", "file": "Lists", "theorem": "app_nil", "response": "induction l; simpl; congruence."},
    {"project": "demo", "file": "Lists", "theorem": "app_nil", "response": "```coq\nauto.\nQed.\n```"},
    {"project": "demo", "file": "sub/Deep", "theorem": "été", "response": "lia. (* α *)"},
    {"project": "demo", "file": "Twice", "theorem": "same", "response": "first."},
    {"project": "demo", "file": "Again", "theorem": "same", "response": "second."},
    {"project": "demo", "file": "Empty", "theorem": "nothing", "response": ""},
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("recorded")
    (root / "big-model").mkdir()
    lines = [json.dumps(one) for one in RECORDS]
    lines[3:3] = ["{broken", "", '{"project": "demo"}', "[]"]
    (root / "big-model" / "demo.jsonl").write_text("\n".join(lines))
    (root / "other").mkdir()
    (root / "other" / "demo.jsonl").write_text(json.dumps(RECORDS[0] | {"response": "of the other."}))
    (root / "secret.jsonl").write_text(json.dumps(RECORDS[0] | {"response": "not to be read."}))
    return root


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[ModelProcess]:
    running = start_model_server("--backend", "replay", "--replay", str(folder))
    yield running
    assert running.stop() == 0
    assert running.events("internal fault") == []
    # The lines that are no records are told, once.
    assert len(running.events("a record that cannot be read is left out")) == 3


async def ask(server: ModelProcess, n: int = 1, model: str = "", **metadata: str) -> list[str]:
    async with ModelClient(server.url, model=model) as client:
        answers = await client.complete(MESSAGES, n=n, metadata={"project": "demo", **metadata})
    return [one.text for one in answers]


async def test_by_project_file_and_theorem(server: ModelProcess) -> None:
    assert await ask(server, file="Lists", theorem="app_nil") == ["induction l; simpl; congruence."]
    assert await ask(server, file="Lists.v", theorem="app_nil", n=5) == [
        "induction l; simpl; congruence.",
        "```coq\nauto.\nQed.\n```",
    ]
    assert await ask(server, file="sub/Deep.v", theorem="été") == ["lia. (* α *)"]
    assert await ask(server, file="Empty.v", theorem="nothing") == [""]


async def test_names_with_their_modules_and_longer_paths(server: ModelProcess) -> None:
    assert await ask(server, file="./Lists.v", theorem="Inside.app_nil") == ["induction l; simpl; congruence."]
    assert await ask(server, file="theories/sub/Deep.v", theorem="été") == ["lia. (* α *)"]
    assert await ask(server, theorem="app_nil") == ["induction l; simpl; congruence."]
    assert await ask(server, file="Twice.v", theorem="same") == ["first."]
    assert await ask(server, file="Again.v", theorem="same") == ["second."]


async def test_each_folder_is_a_model(server: ModelProcess) -> None:
    async with ModelClient(server.url) as client:
        assert [one.name for one in await client.models()] == ["big-model", "other"]
    assert await ask(server, model="other", file="Lists", theorem="app_nil") == ["of the other."]


@pytest.mark.parametrize(
    "metadata",
    [
        {"file": "Lists", "theorem": "missing"},
        {"file": "Missing", "theorem": "app_nil"},
        {"theorem": "same"},  # in two files
        {"project": "elsewhere", "file": "Lists", "theorem": "app_nil"},
        {"project": "../secret", "file": "Lists", "theorem": "app_nil"},
        {"project": "/etc/passwd", "file": "Lists", "theorem": "app_nil"},
        {"file": "Lists", "theorem": "app_nil", "kind": "tactic"},
    ],
    ids=str,
)
async def test_what_was_not_recorded(server: ModelProcess, metadata: dict[str, str]) -> None:
    with pytest.raises(NoAnswerError):
        await ask(server, 1, "", **metadata)


async def test_questions_without_a_theorem(server: ModelProcess) -> None:
    response = await server.ask("/chat/completions", {"messages": MESSAGES})
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid_metadata"


@pytest.mark.shared
async def test_the_recordings_of_four_models() -> None:
    root = SHARED / "palm_responses"
    server = start_model_server("--backend", "replay", "--replay", str(root))
    try:
        async with ModelClient(server.url) as client:
            assert [one.name for one in await client.models()] == sorted(
                one.name for one in root.iterdir() if one.is_dir()
            )
        asked = 0
        for file in sorted(root.glob("*/*.jsonl"))[::7]:
            records: list[dict[str, Any]] = [json.loads(line) for line in file.read_text().splitlines()]
            record = records[len(records) // 2]
            same = [
                one["response"]
                for one in records
                if (one["file"], one["theorem"]) == (record["file"], record["theorem"])
            ]
            async with ModelClient(server.url, model=file.parent.name) as client:
                metadata = {"project": file.stem, "file": f"{record['file']}.v", "theorem": record["theorem"]}
                answers = await client.complete(MESSAGES, n=10, metadata=metadata)
            assert [one.text for one in answers] == same
            assert prompts.proof_of_answer(answers[0].text) != ""
            asked += 1
        assert asked > 5
    finally:
        assert server.stop() == 0


async def test_a_folder_of_one_model_alone(tmp_path: Path) -> None:
    folder = tmp_path / "gpt"
    folder.mkdir()
    (folder / "demo.jsonl").write_text(
        json.dumps({"project": "demo", "file": "A", "theorem": "t", "response": "auto."}) + "\n"
    )
    server = start_model_server("--backend", "replay", "--replay", str(folder))
    try:
        async with ModelClient(server.url) as client:
            assert [one.name for one in await client.models()] == ["gpt"]
            answers = await client.complete(MESSAGES, metadata={"project": "demo", "file": "A.v", "theorem": "t"})
            assert [one.text for one in answers] == ["auto."]
    finally:
        server.stop()
