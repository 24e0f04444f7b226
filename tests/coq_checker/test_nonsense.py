"""Nonsense in every field of every request, and in place of whole requests: told as the client's, never as a fault."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from coq_checker.client import EnvironmentFailedError, FreeStatement, NotFoundError, SyncCheckerClient
from coq_checker.server.fields import RULES
from palmetto_protos.checker.v1 import checker_pb2 as pb

from ..nonsense import blamed, caller, in_each_field, leaves, whole
from .servers import EXAMPLES, ServerProcess, start_server

SERVICE = pb.DESCRIPTOR.services_by_name["CoqCheckerService"]
METHODS = {method.name: method for method in SERVICE.methods}
OTHERS_FAULT = (pb.REASON_WORKER_LOST, pb.REASON_UNAVAILABLE)

PROVED = "Lemma a : True.\nProof. exact I. Qed."
INSIDE = pb.TextEnvironment(text=PROVED, project="examples", file="Sub/Free.v")
NAMED = pb.TextEnvironment(text=PROVED, logical_name="Foo.Bar")
REF = pb.TheoremRef(project="examples", file="Arith.v", theorem="sum_to_closed")
FILE = pb.FileRef(project="examples", file="Arith.v")
STATED = [pb.FreeStatement(statement="Lemma t : True.", environment=one) for one in (INSIDE, NAMED)]
CHECKS = [
    *(pb.CheckProofRequest(statement=one, proof="exact I.") for one in STATED),
    pb.CheckProofRequest(theorem=REF, proof="auto."),
    pb.CheckProofRequest(statement=STATED[1], script="Lemma t : True. Proof. exact I. Qed."),
]
OPENED = pb.SessionRequest(open=pb.OpenRequest(text=NAMED))
# For each method, messages that make sense; the first is answered with what `answered` looks for.
GOOD: dict[str, list[Message]] = {
    "CheckProof": [*CHECKS],
    "CheckProofs": [pb.CheckProofsRequest(id="good", check=one) for one in CHECKS],
    "CheckFile": [pb.CheckFileRequest(text=INSIDE), pb.CheckFileRequest(text=NAMED), pb.CheckFileRequest(file=FILE)],
    "TraceFile": [pb.TraceFileRequest(text=INSIDE), pb.TraceFileRequest(text=NAMED), pb.TraceFileRequest(file=FILE)],
    "Session": [
        pb.SessionRequest(open=pb.OpenRequest(text=INSIDE)),
        OPENED,
        pb.SessionRequest(open=pb.OpenRequest(theorem=REF)),
        pb.SessionRequest(run=pb.RunRequest(state=1, text="Check 1.")),
        pb.SessionRequest(query=pb.QueryRequest(state=1, command="Check 1.")),
        pb.SessionRequest(goals=pb.GoalsRequest(state=1)),
    ],
    "ListProjects": [pb.ListProjectsRequest()],
    "ListToolchains": [pb.ListToolchainsRequest()],
    "ListTheorems": [pb.ListTheoremsRequest(project="examples", file="Arith.v")],
    "GetTheorem": [pb.GetTheoremRequest(theorem=REF)],
}


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    """A service of the module's own: that of the run serves others meanwhile, and may be full."""
    started = start_server(f"examples={EXAMPLES}", slots=1)
    try:
        yield started
    finally:
        assert started.stop() == 0
    assert started.events("internal fault") == []
    assert started.raw == []


@pytest.fixture(scope="module")
def channel(server: ServerProcess) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(server.address) as made:
        yield made


def wrongly_told(ask: Callable[[], list[Any]]) -> str:
    """What is wrong with how a call is answered; empty where nothing is."""
    answers: list[Any] = []
    told = blamed(ask, answers)
    reasons = [one.result.reason for one in answers if one.DESCRIPTOR.fields_by_name.get("result") is not None]
    reasons += [one.error.reason for one in answers if isinstance(one, pb.SessionResponse)]
    return str(answers)[:300] if any(reason in OTHERS_FAULT for reason in reasons) else told


def nonsense_for(method: str) -> list[tuple[str, bytes]]:
    good = GOOD[method]
    return [*in_each_field(*good), *whole(good[0])]


@pytest.mark.parametrize("name", METHODS)
def test_nonsense_is_told_as_the_clients_own(channel: grpc.Channel, name: str) -> None:
    """As the first message, or the only one; and a good request is answered as before."""
    ask = caller(channel, METHODS[name])
    good = [message.SerializeToString() for message in GOOD[name][:1]]
    expected = [type(one) for one in ask(good)]
    assert expected
    wrong = {what: wrongly_told(partial(ask, [data])) for what, data in nonsense_for(name)}
    assert {what: told for what, told in wrong.items() if told} == {}
    assert [type(one) for one in ask(good)] == expected


def test_items_that_are_nonsense_are_answered_each(channel: grpc.Channel) -> None:
    """Between two that are good."""
    ask = caller(channel, METHODS["CheckProofs"])
    good = GOOD["CheckProofs"][1].SerializeToString()
    proved = ("good", pb.VERDICT_PROVED)
    wrong = {}
    for what, data in in_each_field(*(pb.CheckProofsRequest(id="odd", check=one) for one in CHECKS)):
        given = [(one.id, one.result.verdict) for one in ask([good, data, good])]
        # What is in the same message is an item of its own, where the bytes are a message.
        several = what.startswith("more") and len(given) == 4
        if not (len(given) == 3 or several) or given.count(proved) < 2:
            wrong[what] = given
    assert wrong == {}


def test_later_requests_of_a_session(channel: grpc.Channel) -> None:
    """Nonsense ends the session with a status, or is answered, and the session goes on."""
    ask = caller(channel, METHODS["Session"])
    opened = OPENED.SerializeToString()
    later = [*in_each_field(*GOOD["Session"][3:]), *whole(GOOD["Session"][3])]
    wrong = {}
    for what, data in later:
        if told := wrongly_told(partial(ask, [opened, data])):
            wrong[what] = told
    assert wrong == {}
    goals = pb.SessionRequest(goals=pb.GoalsRequest(state=1)).SerializeToString()
    odd = pb.SessionRequest(run=pb.RunRequest(state=2**64 - 1, text="Check 1.")).SerializeToString()
    kinds = [one.WhichOneof("response") for one in ask([opened, odd, goals])]
    assert kinds == ["state", "error", "state"]


@pytest.mark.parametrize("method", ["Check", "Watch", "ServerReflectionInfo"])
def test_services_beside_ours_get_bytes_that_are_no_message(channel: grpc.Channel, method: str) -> None:
    services = [one for file in (health_pb2, reflection_pb2) for one in file.DESCRIPTOR.services_by_name.values()]
    (found,) = (one for service in services for one in service.methods if one.name == method)
    ask = caller(channel, found)
    for data in (b"\xff" * 9, b"\x1a\x04\xff\xfe\xc3\x28" * 2 + b"\x0a\x02\xff\xff"):
        with pytest.raises(grpc.RpcError) as caught:
            ask([data])
        error: Any = caught.value
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert "UTF-8" in error.details()


def test_every_text_of_a_request_has_its_rule() -> None:
    """A field that is added to the contract needs one, and one that is taken away leaves none."""
    texts = {
        way[-1].full_name
        for method in SERVICE.methods
        for way in leaves(method.input_type)
        if way[-1].type == FieldDescriptor.TYPE_STRING
    }
    assert texts == set(RULES)


def test_a_long_message_of_coq_reaches_the_client(server: ServerProcess) -> None:
    """A status' message travels in a header, which must not be too long."""
    with SyncCheckerClient(server.address) as client:
        for letter in "xé名":
            with pytest.raises(EnvironmentFailedError, match=r"(?s)The reference .*characters left out\) .+"):
                client.check_proof(FreeStatement("Lemma t : True.", f"Check {letter * 20_000}."), "exact I.")
        with pytest.raises(NotFoundError, match="no project"):
            client.check_proof(FreeStatement("Lemma t : True.", project="é" * 400), "exact I.")
