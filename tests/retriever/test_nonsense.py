"""Nonsense in every field of every request, and in place of whole requests: told as the client's, never as a fault."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from palmetto_protos.retriever.v1 import retriever_pb2 as pb
from retriever.server.fields import RULES

from ..nonsense import TEXTS, blamed, caller, in_each_field, leaves, whole
from .servers import RetrieverProcess

SERVICE = pb.DESCRIPTOR.services_by_name["RetrieverService"]
METHODS = {method.name: method for method in SERVICE.methods}
IN_A_FILE = pb.RetrieveRequest(
    goal="1 = 1",
    hypotheses=[pb.Hypothesis(names=["n"], body="1", type="nat")],
    position=pb.Position(project="examples", file="Arith.v", byte=100),
    kinds=[pb.KIND_PREMISE, pb.KIND_DEFINITION, pb.KIND_PROOF, pb.KIND_TACTIC],
    k=5,
)
FREE = pb.RetrieveRequest(goal="1 = 1", position=pb.Position(requires=["Coq.Arith.PeanoNat"]), k=5)
GOOD: dict[str, list[Message]] = {
    "Retrieve": [IN_A_FILE, FREE],
    "RetrieveBatch": [pb.RetrieveBatchRequest(requests=[one]) for one in (IN_A_FILE, FREE)],
    "ListIndexes": [pb.ListIndexesRequest()],
}


@pytest.fixture
def channel(retriever_server: RetrieverProcess) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(retriever_server.address) as made:
        yield made


@pytest.mark.parametrize("name", METHODS)
def test_nonsense_is_told_as_the_clients_own(channel: grpc.Channel, name: str) -> None:
    """And a good request is answered as before."""
    ask = caller(channel, METHODS[name])
    good = GOOD[name][0].SerializeToString()
    before = ask([good])
    wrong = {}
    for what, data in [*in_each_field(*GOOD[name]), *whole(GOOD[name][0])]:
        if told := blamed(partial(ask, [data]), []):
            wrong[what] = told
    assert wrong == {}
    assert ask([good]) == before


def test_a_question_of_a_batch_that_is_nonsense_fails_no_other(channel: grpc.Channel) -> None:
    ask = caller(channel, METHODS["RetrieveBatch"])
    places = [pb.Position(project="examples", file=text) for text in TEXTS.values() if text]
    odd = [pb.RetrieveRequest(goal="1 = 1", position=one) for one in places]
    (answer,) = ask([pb.RetrieveBatchRequest(requests=[FREE, *odd, FREE]).SerializeToString()])
    kinds = [one.WhichOneof("answer") for one in answer.items]
    assert kinds == ["response", *["error"] * len(odd), "response"]


@pytest.mark.parametrize("method", ["Check", "Watch", "ServerReflectionInfo"])
def test_services_beside_ours_get_bytes_that_are_no_message(channel: grpc.Channel, method: str) -> None:
    services = [one for file in (health_pb2, reflection_pb2) for one in file.DESCRIPTOR.services_by_name.values()]
    (found,) = (one for service in services for one in service.methods if one.name == method)
    with pytest.raises(grpc.RpcError) as caught:
        caller(channel, found)([b"\xff" * 9])
    error: Any = caught.value
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_every_text_of_a_request_has_its_rule() -> None:
    """A field that is added to the contract needs one, and one that is taken away leaves none."""
    texts = {
        way[-1].full_name
        for method in SERVICE.methods
        for way in leaves(method.input_type)
        if way[-1].type == FieldDescriptor.TYPE_STRING
    }
    assert texts == set(RULES)
