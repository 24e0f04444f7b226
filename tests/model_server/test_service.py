"""The embedded default with its retriever, its proofs judged by the checker; and the page that describes it all."""

import asyncio
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from coq_checker.client import CheckerClient, FreeStatement, Options, TheoremRef
from coqdata import prompts
from model_server.client import ModelClient
from model_server.settings import ModelServerSettings

from ..coq_checker.servers import EXAMPLES, PALMETTO
from ..retriever.servers import RetrieverProcess, start_retriever
from .servers import ModelProcess, start_model_server

PAGE = Path(__file__).resolve().parents[2] / "docs" / "model_server.md"
LIMITS = Options(cpu_ms=5000)


@pytest.fixture(scope="module")
def retriever() -> Iterator[RetrieverProcess]:
    """One that has an index of `examples` (minutes the first time, then nothing)."""
    done = subprocess.run(
        [PALMETTO, "index", f"examples={EXAMPLES}"], capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stderr
    running = start_retriever()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def server(retriever: RetrieverProcess) -> Iterator[ModelProcess]:
    running = start_model_server("--retriever", retriever.address)
    yield running
    assert running.stop() == 0
    assert running.events("internal fault") == []
    assert running.raw == []


async def proposals(
    server: ModelProcess, checker: CheckerClient, theorem: str, *, kind: str = "proof", n: int = 24, **settings: Any
) -> list[str]:
    """What the server proposes for the goal of a theorem of `examples`, as bodies of proofs or tactics."""
    target = TheoremRef("examples", theorem)
    where = await checker.theorem(target)
    async with await checker.session(target) as session:
        goal = session.start.goals[0]
    hypotheses = [(name, one.body, one.type) for one in goal.hypotheses for name in one.names]
    metadata = {
        "project": "examples",
        "file": where.file,
        "theorem": theorem,
        "position": str(where.start),
        "kind": kind,
        "printing": "default",
    }
    messages = prompts.render("tactic" if kind == "tactic" else "sft", hypotheses, goal.conclusion)
    async with ModelClient(server.url) as client:
        answers = await client.complete(messages, n=n, metadata=metadata, **settings)
    read = prompts.tactic_of_answer if kind == "tactic" else prompts.proof_of_answer
    texts = [read(one.text) for one in answers]
    assert None not in texts
    assert 10 < len(set(texts)) == len(texts) <= n
    return [text for text in texts if text is not None]


@pytest.mark.parametrize("theorem", ["contrapositive", "length_snoc", "peirce"])
async def test_a_proof_among_its_proposals_is_one(
    server: ModelProcess, checker_async: CheckerClient, theorem: str
) -> None:
    bodies = await proposals(server, checker_async, theorem, temperature=0)
    target = TheoremRef("examples", theorem)
    proved = [body for body in bodies if (await checker_async.check_proof(target, body, options=LIMITS)).proved]
    assert proved


async def test_nothing_is_known_from_behind_the_theorem(server: ModelProcess, checker_async: CheckerClient) -> None:
    """Neither its own proof nor a later lemma."""
    bodies = await proposals(server, checker_async, "snoc_app", n=64, temperature=0)
    assert not any(re.search(r"\b(?:snoc_app|length_snoc|last_snoc|rev_snoc)\b", body) for body in bodies)
    later = await proposals(server, checker_async, "last_snoc", n=64, temperature=0)
    assert any("snoc_app" in body for body in later)


async def test_tactics_of_similar_goals(server: ModelProcess, checker_async: CheckerClient) -> None:
    tactics = await proposals(server, checker_async, "rev_snoc", kind="tactic", n=32, temperature=0)
    assert "rewrite snoc_app." in tactics
    target = TheoremRef("examples", "rev_snoc")
    ran = 0
    async with await checker_async.session(target, options=LIMITS) as session:
        for tactic in tactics:
            try:
                await session.run(session.start, tactic)
            except Exception:
                continue
            ran += 1
    assert ran > 3


async def test_answers_depend_on_the_seed_alone(server: ModelProcess, checker_async: CheckerClient) -> None:
    drawn = await proposals(server, checker_async, "rev_snoc", temperature=0.8, seed=1)
    assert await proposals(server, checker_async, "rev_snoc", temperature=0.8, seed=1) == drawn
    assert await proposals(server, checker_async, "rev_snoc", temperature=0.8, seed=2) != drawn


async def test_free_text(server: ModelProcess, checker_async: CheckerClient) -> None:
    statement = FreeStatement("Lemma swap (a b c : nat) : a + b + c = c + b + a.", context="Require Import Arith Lia.")
    messages = prompts.render("sft", [(name, None, "nat") for name in "abc"], "a + b + c = c + b + a")
    async with ModelClient(server.url) as client:
        answers = await client.complete(
            messages, n=24, temperature=0, metadata={"requires": "Coq.Arith.Arith Coq.micromega.Lia"}
        )
    bodies = [body for one in answers if (body := prompts.proof_of_answer(one.text)) is not None]
    assert any([(await checker_async.check_proof(statement, body, options=LIMITS)).proved for body in bodies])


@pytest.mark.parametrize(
    "metadata", [{"project": "unknown", "file": "A.v"}, {"project": "examples", "file": "Missing.v"}]
)
async def test_what_is_not_indexed_is_answered_by_its_shape(server: ModelProcess, metadata: dict[str, str]) -> None:
    messages = prompts.render("sft", [("n", None, "nat")], "n + 0 = n")
    async with ModelClient(server.url) as client:
        assert len(await client.complete(messages, n=5, metadata=metadata)) == 5


async def test_a_retriever_that_goes_away(retriever: RetrieverProcess) -> None:
    alone = await asyncio.to_thread(start_retriever)
    server = await asyncio.to_thread(start_model_server, "--retriever", alone.address)
    messages = prompts.render("sft", [("n", None, "nat")], "n + 0 = n")
    try:
        async with ModelClient(server.url) as client:
            assert await client.complete(messages, metadata={"requires": "Coq.Init.Peano"})
            assert await asyncio.to_thread(alone.stop) == 0
            for _ in range(3):
                assert len(await client.complete(messages, n=3, metadata={"requires": "Coq.Init.Peano"})) == 3
        assert (await server.get("/readyz")).status_code == 200
    finally:
        assert await asyncio.to_thread(server.stop) == 0


def test_the_blocks_of_the_page_run(server: ModelProcess) -> None:
    blocks = [part.group(1) for part in re.finditer(r"^```python\n(.*?)^```$", PAGE.read_text(), re.M | re.S)]
    assert len(blocks) == 2
    failed: list[BaseException] = []

    def run(block: str) -> None:
        try:
            exec(compile(block, str(PAGE), "exec"), {"URL": server.url})
        except BaseException as error:
            failed.append(error)

    for block in blocks:  # in a thread: each has a loop of its own
        thread = threading.Thread(target=run, args=(block,))
        thread.start()
        thread.join()
    assert failed == []


def test_the_page_has_all_settings() -> None:
    told = set(re.findall(r"^\| `([A-Z_]+)` \|", PAGE.read_text().partition("## Settings")[2], re.M))
    assert told - {"PALMETTO_MODEL_"} == {name.upper() for name in ModelServerSettings.model_fields}
