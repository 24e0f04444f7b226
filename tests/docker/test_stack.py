"""docker/compose.yaml for real: containers on the networks that it names, and a theorem proved over HTTP.

On the toolchain that it has without a setting, or where Debian has not that today, on the other one.
"""

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from coq_checker.client import FreeStatement, Options, SyncCheckerClient, TheoremRef, Verdict
from coq_checker.toolchain.recipe import RECIPES
from retriever.client import Position, Question, RetrieverError, SyncRetrieverClient

from . import compose
from .conftest import TAG, Images
from .containers import Container

pytestmark = [pytest.mark.images, pytest.mark.timeout(900)]
PROJECT = "palmetto-under-test"
PORT = 18_080
INDEXED_S = 600.0
TOKEN = "for-tests-of-the-stack-alone"


@pytest.fixture(scope="module")
def stack(images: Images) -> Iterator[dict[str, Container]]:
    """The whole stack, as the file says, with this checkout's images."""
    settings = {"PALMETTO_TAG": TAG, "PALMETTO_PORT": str(PORT), "PALMETTO_PROVER_TOKEN": TOKEN}
    if images.missing:
        settings["PALMETTO_TOOLCHAIN"] = next(one for one in RECIPES if f"coq-checker-{one}" not in images.missing)
    with compose.up(PROJECT, settings) as services:
        yield services


def checker_of(stack: dict[str, Container]) -> SyncCheckerClient:
    return SyncCheckerClient(f"{stack['coq-checker'].address(f'{PROJECT}-checking')}:50051")


def post(path: str, body: dict[str, object], token: str = TOKEN) -> dict[str, object]:
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}{path}", json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=240) as answer:
        found: dict[str, object] = json.loads(answer.read())
        return found


def test_everybody_is_healthy(stack: dict[str, Container]) -> None:
    for name in ("coq-checker", "retriever", "model-server", "prover"):
        stack[name].wait_healthy()


def test_the_checker_checks(stack: dict[str, Container]) -> None:
    lemma = FreeStatement(
        "Lemma t (n m : nat) : n + m = m + n.", context="From Hammer Require Import Hammer. Require Import Lia."
    )
    with checker_of(stack) as checker:
        assert checker.check_proof(lemma, "lia.").proved
        assert checker.check_proof(lemma, "hammer.").proved
        assert checker.check_proof(lemma, "lia.", options=Options(recheck=True)).proved
        assert checker.check_proof(lemma, "reflexivity.").verdict is Verdict.FAILED
        assert (
            checker.check_proof(lemma, "do 1000000000 (try fail).", options=Options(cpu_ms=300)).verdict
            is Verdict.TIMEOUT
        )
        theorem = TheoremRef("examples", "all_insert", file="Trees.v", index=3)
        assert checker.check_proof(theorem, checker.theorem(theorem).proof).proved


def test_its_engine_is_the_quick_one(stack: dict[str, Container]) -> None:
    assert "engine serapi" not in stack["coq-checker"].logs()


def test_the_checker_leaves_no_orphans(stack: dict[str, Container]) -> None:
    """Dead workers are their document's, and go with it; those whose parent is gone are process 1's to reap."""
    states = stack["coq-checker"].execute("sh", "-c", "cat /proc/[0-9]*/stat 2>/dev/null || true").stdout
    assert "(coqtop)" in states or "(rocqworker)" in states or "(rocq)" in states, states
    assert re.findall(r"^\d+ \((.*)\) Z 1 ", states, re.MULTILINE) == []


def test_a_theorem_is_proved_over_http(stack: dict[str, Container]) -> None:
    stack["prover"].wait_healthy()
    body: dict[str, object] = {"statement": "Lemma t (n m : nat) : n + m = m + n.", "context": "Require Import Arith."}
    answer = post("/v1/prove", {**body, "budget_cpu_s": 30})
    assert answer["verdict"] == "PROVED", answer


def test_nobody_is_answered_without_the_token(stack: dict[str, Container]) -> None:
    stack["prover"].wait_healthy()
    with pytest.raises(urllib.error.HTTPError, match="401"):
        post("/v1/prove", {"statement": "Lemma t : True."}, token="another-one-of-sixteen-letters")


def test_the_index_job_ends_and_the_retriever_has_what_it_made(stack: dict[str, Container]) -> None:
    assert stack["index"].wait_ended(INDEXED_S) == 0, stack["index"].logs()
    question = Question("length (snoc l x) = S (length l)", position=Position("examples", "ListFacts.v", 518))
    with SyncRetrieverClient(f"{stack['retriever'].address(f'{PROJECT}-asking')}:50052") as retriever:
        end = time.monotonic() + 30
        while True:
            try:
                names = [premise.name for premise in retriever.retrieve(question).premises]
                break
            except RetrieverError:
                assert time.monotonic() < end
                time.sleep(0.5)
    assert "Example.ListFacts.snoc_app" in names


def test_a_theorem_of_the_project_is_proved_with_what_the_index_has(stack: dict[str, Container]) -> None:
    """Prover, checker, model server and retriever, each asked over the network that it is on."""
    wanted: dict[str, object] = {"project": "examples", "theorem": "length_snoc", "samples": 8, "hammer": False}
    answer = post("/v1/prove", {**wanted, "budget_cpu_s": 60})
    assert answer["verdict"] == "PROVED" and int(str(answer["model_answers"])) > 0, answer


def test_the_model_answers(stack: dict[str, Container]) -> None:
    script = (
        "import asyncio\nfrom coqdata import prompts\nfrom model_server.client import ModelClient\n"
        "async def main():\n"
        "    async with ModelClient('http://model-server:8000/v1') as model:\n"
        "        asked = prompts.render('sft', [('n', None, 'nat')], 'n + 0 = n')\n"
        "        print(len(await model.complete(asked, n=2)))\n"
        "asyncio.run(main())\n"
    )
    assert stack["prover"].execute("python3", "-c", script).stdout.strip() == "2"


def test_the_checker_talks_to_nobody(stack: dict[str, Container]) -> None:
    """Nothing but the prover is on its network, and that leads nowhere."""
    script = (
        "import socket, sys\n"
        "try: socket.create_connection((sys.argv[1], int(sys.argv[2])), 3)\n"
        "except OSError: sys.exit(9)\n"
    )
    checker, prover = stack["coq-checker"], stack["prover"]
    for host, port in (
        (stack["retriever"].address(f"{PROJECT}-asking"), "50052"),
        ("model-server", "8000"),
        ("203.0.113.1", "80"),
    ):
        assert checker.execute("python3", "-c", script, host, port, check=False).returncode == 9
    # The same question where the way is open.
    assert prover.execute("python3", "-c", script, "retriever", "50052").returncode == 0
    assert prover.execute("python3", "-c", script, "coq-checker", "50051").returncode == 0


def test_nothing_can_be_written_but_what_is_said(stack: dict[str, Container]) -> None:
    for name in ("coq-checker", "retriever", "model-server", "prover"):
        for place in ("/", "/opt/palmetto", "/var/lib/palmetto", "/usr/bin"):
            assert stack[name].execute("touch", f"{place}/x", check=False).returncode != 0
        assert stack[name].execute("touch", "/tmp/x").returncode == 0
    assert stack["coq-checker"].execute("touch", "/projects/examples/x", check=False).returncode != 0
    assert stack["retriever"].execute("touch", "/index/x", check=False).returncode != 0


def test_everybody_ends_in_good_order(stack: dict[str, Container]) -> None:
    """Last of the module: SIGTERM drains, and the status says so."""
    assert {name: stack[name].stop() for name in ("prover", "model-server", "retriever", "coq-checker")} == {
        "prover": 0,
        "model-server": 0,
        "retriever": 0,
        "coq-checker": 0,
    }
