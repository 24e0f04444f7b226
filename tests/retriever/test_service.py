"""The service over a real index, asked over a real socket."""

import asyncio
import urllib.request
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from coq_checker.toolchain import Toolchain
from retriever.client import (
    Answer,
    Hypothesis,
    Kind,
    Position,
    Question,
    RetrieverClient,
    RetrieverError,
    SyncRetrieverClient,
)

from ..coq_checker.servers import EXAMPLES
from .servers import RetrieverProcess

SOURCE = (EXAMPLES / "ListFacts.v").read_bytes()
GOAL = "length (snoc l x) = S (length l)"
HYPOTHESES = (Hypothesis(("A",), "Type"), Hypothesis(("l",), "list A"), Hypothesis(("x",), "A"))


def before(text: bytes) -> Position:
    return Position("examples", "ListFacts.v", SOURCE.index(text))


def test_premises_of_a_goal(retriever: SyncRetrieverClient, toolchain: Toolchain) -> None:
    answer = retriever.retrieve(Question(GOAL, HYPOTHESES, before(b"Lemma length_snoc"), k=10))
    names = [one.name for one in answer.premises]
    assert len(names) == len(set(names)) == 10
    assert "Example.ListFacts.snoc_app" in names
    assert f"{toolchain.standard_library}.Lists.List.length_app" in names
    scores = [one.score for one in answer.premises]
    assert scores == sorted(scores, reverse=True)
    (own,) = (one for one in answer.premises if one.name == "Example.ListFacts.snoc_app")
    assert (own.short_name, own.kind, own.project, own.file) == ("snoc_app", "Lemma", "examples", "ListFacts.v")
    assert SOURCE[own.start :].startswith(b"Lemma snoc_app")
    assert "snoc l x = " in own.statement
    assert not answer.definitions
    assert not answer.proofs
    assert not answer.steps


def test_definitions_are_what_the_goal_names(retriever: SyncRetrieverClient, toolchain: Toolchain) -> None:
    core = toolchain.standard_libraries[-1]
    question = Question(GOAL, HYPOTHESES, before(b"Lemma length_snoc"), (Kind.DEFINITION,), k=5)
    names = [one.name for one in retriever.retrieve(question).definitions]
    assert {"Example.ListFacts.snoc", f"{core}.Init.Datatypes.length", f"{core}.Init.Datatypes.list"} <= set(names)


def test_nothing_later_is_answered(retriever: SyncRetrieverClient, toolchain: Toolchain) -> None:
    place = before(b"Lemma length_snoc")
    answer = retriever.retrieve(Question(GOAL, HYPOTHESES, place, tuple(Kind), k=1000))
    own = [
        one for one in answer.premises + answer.definitions if one.file == "ListFacts.v" and one.project == "examples"
    ]
    assert "Example.ListFacts.snoc_app" in {one.name for one in own}
    assert all(one.start < place.byte for one in own)
    later = {"Example.ListFacts.length_snoc", "Example.ListFacts.last_snoc"}
    assert not later & {one.name for one in answer.premises}
    assert not later & {one.theorem for one in answer.proofs}
    assert not later & {one.theorem for one in answer.steps}
    # Files that this one does not require.
    files = {one.file for one in answer.premises + answer.definitions if one.project == "examples"}
    assert files <= {"ListFacts.v", "Arith.v"}
    assert f"{toolchain.standard_library}.Reals.Rdefinitions.Rplus" not in {one.name for one in answer.definitions}


def test_a_theorem_is_accessible_once_its_proof_ends(retriever: SyncRetrieverClient) -> None:
    def names(position: Position) -> set[str]:
        return {one.name for one in retriever.retrieve(Question(GOAL, HYPOTHESES, position, k=1000)).premises}

    end = SOURCE.index(b"Qed.", SOURCE.index(b"Lemma length_snoc")) + 4
    inside = Position("examples", "ListFacts.v", end - 1)
    after = Position("examples", "ListFacts.v", end)
    assert "Example.ListFacts.length_snoc" not in names(inside)
    assert "Example.ListFacts.length_snoc" in names(after)


def test_similar_proofs_and_tactics(retriever: SyncRetrieverClient) -> None:
    question = Question(GOAL, HYPOTHESES, before(b"Lemma last_snoc"), (Kind.PROOF, Kind.TACTIC), k=5)
    answer = retriever.retrieve(question)
    assert answer.proofs[0].theorem == "Example.ListFacts.length_snoc"
    assert answer.proofs[0].proof.startswith("Proof.")
    assert answer.proofs[0].proof.endswith("Qed.")
    assert answer.proofs[0].proof.encode() in SOURCE
    best = answer.steps[0]
    assert best.theorem == "Example.ListFacts.length_snoc"
    assert best.tactic == "rewrite snoc_app, length_app."
    assert best.rest.startswith(best.tactic)
    assert best.rest.endswith("Qed.")
    assert best.goal == GOAL
    assert best.hypotheses[0].names == ("A",)
    assert len({" ".join(one.tactic.split()) for one in answer.steps}) == len(answer.steps)


def test_an_answer_tells_what_it_was_indexed_with(retriever: SyncRetrieverClient, toolchain: Toolchain) -> None:
    this = toolchain.coq_version
    found = retriever.retrieve(Question(GOAL, position=before(b"Lemma length_snoc")))
    assert (found.toolchain, found.coq_version) == (toolchain.name, this)
    assert found.of_another(this, "examples", toolchain.name) == found.of_another("", "examples", "") == ""
    said = found.of_another("8.19.2", "examples", "opam:old")
    assert this in said and "Coq 8.19.2" in said and "`palmetto index examples --toolchain opam:old`" in said


def test_free_text_sees_what_it_requires(retriever: SyncRetrieverClient, toolchain: Toolchain) -> None:
    goal = "forall n m : nat, n + m = m + n"
    root, core = toolchain.standard_libraries[0], toolchain.standard_libraries[-1]
    found = retriever.retrieve(Question(goal, position=Position(requires=(f"{root}.Arith.PeanoNat",)), k=20))
    assert f"{root}.Arith.PeanoNat.Nat.add_comm" in {one.name for one in found.premises}
    without = retriever.retrieve(Question(goal, k=1000))
    assert f"{core}.Init.Peano.plus_n_O" in {one.name for one in without.premises}
    assert f"{root}.Arith.PeanoNat.Nat.add_comm" not in {one.name for one in without.premises}


@pytest.mark.parametrize("name", ["PeanoNat", "Coq.PeanoNat", "Coq.Arith.PeanoNat", "Stdlib.PeanoNat"])
def test_a_library_may_be_named_as_from_require_does_in_any_release(
    retriever: SyncRetrieverClient, toolchain: Toolchain, name: str
) -> None:
    goal = "forall n m : nat, n + m = m + n"
    # In the project's view, which is of one toolchain: there `Coq` and `Stdlib` are the same.
    found = retriever.retrieve(Question(goal, position=Position("examples", requires=(name,)), k=20))
    assert found.missing_libraries == ()
    assert f"{toolchain.standard_library}.Arith.PeanoNat.Nat.add_comm" in {one.name for one in found.premises}
    free = retriever.retrieve(Question(goal, position=Position(requires=(name,)), k=20))
    assert free.missing_libraries == ()
    # Of two toolchains' libraries one answers.
    assert sum(one.name.endswith(".Arith.PeanoNat.Nat.add_comm") for one in free.premises) == 1


def test_a_text_for_rocq_names_its_core_library(retriever: SyncRetrieverClient, toolchain: Toolchain) -> None:
    core = toolchain.standard_libraries[-1]
    question = Question("length nil = 0", position=Position("examples", requires=("Corelib.Init.Nat",)), k=50)
    assert retriever.retrieve(question).missing_libraries == ()
    assert any(one.name.startswith(f"{core}.") for one in retriever.retrieve(question).premises)


def test_a_batch_answers_each_on_its_own(retriever: SyncRetrieverClient) -> None:
    place = before(b"Lemma length_snoc")
    good = Question(GOAL, HYPOTHESES, place, k=3)
    first, bad, last = retriever.retrieve_batch([good, Question("", position=place), good])
    assert isinstance(first, Answer)
    assert isinstance(bad, RetrieverError)
    assert "empty" in str(bad)
    assert first == last == retriever.retrieve(good)
    assert retriever.retrieve_batch([]) == []


def test_answers_are_the_same_each_time(retriever: SyncRetrieverClient) -> None:
    question = Question(GOAL, HYPOTHESES, before(b"Lemma length_snoc"), tuple(Kind), 50)
    assert retriever.retrieve(question) == retriever.retrieve(question)


def test_indexes_are_listed(retriever: SyncRetrieverClient, toolchain: Toolchain) -> None:
    listed = {one.name: one for one in retriever.indexes()}
    assert listed["examples"].files == 5
    assert listed["examples"].proofs > 30
    assert listed["examples"].steps > 100
    assert sum(listed[root].premises for root in toolchain.standard_libraries) > 30_000


async def test_many_clients_at_once(retriever_server: RetrieverProcess) -> None:
    question = Question(GOAL, HYPOTHESES, before(b"Lemma length_snoc"), k=5)
    async with RetrieverClient(retriever_server.address) as client:
        await client.wait_until_ready()
        answers = await asyncio.gather(*(client.retrieve(question, timeout_s=30) for _ in range(50)))
    assert all(one == answers[0] for one in answers)


def test_health_reflection_and_metrics(retriever_server: RetrieverProcess, retriever: SyncRetrieverClient) -> None:
    retriever.indexes()
    with grpc.insecure_channel(retriever_server.address) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        for name in ("", "palmetto.retriever.v1.RetrieverService"):
            answer = stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=10)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        reflected: Any = reflection_pb2_grpc.ServerReflectionStub(channel)
        listed = next(iter(reflected.ServerReflectionInfo(iter([asked]))))
        assert "palmetto.retriever.v1.RetrieverService" in {one.name for one in listed.list_services_response.service}
    with urllib.request.urlopen(f"http://127.0.0.1:{retriever_server.metrics_port}/metrics", timeout=10) as page:
        text = page.read().decode()
    assert 'palmetto_retriever_grpc_seconds_count{code="OK",method="ListIndexes"}' in text


def test_the_blocks_of_the_page_run(retriever_server: RetrieverProcess) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "retriever.md").read_text()
    blocks = [part.partition("```")[0] for part in page.split("```python\n")[1:]]
    assert blocks
    for block in blocks:
        exec(compile(block, "docs/retriever.md", "exec"), {"ADDRESS": retriever_server.address})


@pytest.mark.parametrize("goal", ["x", ")))((", "forall", "∀ x, x = x", "a" * 5000, "\x00", '"', "(* not closed"])
def test_any_text_is_a_goal(retriever: SyncRetrieverClient, goal: str) -> None:
    answer = retriever.retrieve(Question(goal, position=before(b"Lemma length_snoc"), kinds=tuple(Kind), k=3))
    assert len(answer.premises) == 3
