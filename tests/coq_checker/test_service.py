"""What every service of its kind offers: health, reflection, metrics, settings, an orderly start."""

import asyncio
import subprocess
import urllib.request
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from coq_checker.client import CheckerClient, FreeStatement, Options, Reason, SyncCheckerClient, UnreachableError
from coq_checker.limits import Limits, grant
from coq_checker.server import running
from coq_checker.settings import CheckerSettings, unknown_settings

from .servers import EXAMPLES, LOOPING, PALMETTO, ServerProcess, start_server, wait_until

SERVICE = "palmetto.checker.v1.CoqCheckerService"
TRUE = FreeStatement("Lemma t : True.")


def stub(channel: grpc.Channel) -> Any:
    return health_pb2_grpc.HealthStub(channel)


@pytest.mark.parametrize("service", ["", SERVICE])
def test_health(checker_address: str, service: str) -> None:
    with grpc.insecure_channel(checker_address) as channel:
        answer = stub(channel).Check(health_pb2.HealthCheckRequest(service=service), timeout=30)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_health_of_a_service_that_is_not_there(checker_address: str) -> None:
    with grpc.insecure_channel(checker_address) as channel, pytest.raises(grpc.RpcError) as caught:
        stub(channel).Check(health_pb2.HealthCheckRequest(service="other"), timeout=30)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_reflection(checker_address: str) -> None:
    with grpc.insecure_channel(checker_address) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        assert {SERVICE, "grpc.health.v1.Health"} <= set(database.get_services())
        service = DescriptorPool(database).FindServiceByName(SERVICE)
    assert {method.name for method in service.methods} == {
        "CheckProof",
        "CheckProofs",
        "CheckFile",
        "TraceFile",
        "Session",
        "ListProjects",
        "ListTheorems",
        "GetTheorem",
        "ListToolchains",
    }


def metrics(server: ServerProcess) -> dict[str, float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.metrics_port}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}


def test_metrics(checker_server: ServerProcess, checker: SyncCheckerClient) -> None:
    proved = 'palmetto_checks_total{reason="",verdict="PROVED"}'
    failed = 'palmetto_checks_total{reason="tactic",verdict="FAILED"}'
    calls = 'palmetto_grpc_seconds_count{code="OK",method="CheckProof"}'
    before = metrics(checker_server)
    assert checker.check_proof(TRUE, "exact I.").proved
    assert not checker.check_proof(TRUE, "exact 0.").proved
    after = metrics(checker_server)
    assert after[proved] == before.get(proved, 0) + 1
    assert after[failed] == before.get(failed, 0) + 1
    assert after[calls] == before.get(calls, 0) + 2
    assert after['palmetto_check_stage_seconds_count{stage="execute"}'] > 0
    assert 'palmetto_pool{what="documents"}' in after
    assert after["palmetto_internal_faults_total"] == 0


def test_calls_are_logged(checker_server: ServerProcess, checker: SyncCheckerClient) -> None:
    before = len(checker_server.events("call"))
    checker.projects()

    def told() -> list[dict[str, Any]]:
        return [one for one in checker_server.events("call")[before:] if one["method"] == "ListProjects"]

    # The line is written after the answer is sent, and read by a thread.
    wait_until("the call is logged", told)
    (line,) = told()
    assert line["code"] == "OK"
    assert line["request_id"]
    assert line["ms"] >= 0


@pytest.mark.parametrize(
    ("variable", "value"),
    [("SLOTS", "0"), ("SLOTS", "many"), ("CPU_MS", "-1"), ("QUEUE_SIZE", ""), ("RUN_FOLDER", "/nowhere/at/all")],
)
def test_a_setting_that_is_wrong(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(f"PALMETTO_CHECKER_{variable}", value)
    done = subprocess.run(
        [PALMETTO, "serve", "coq-checker", "--listen", "127.0.0.1:0"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert f"PALMETTO_CHECKER_{variable}" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_project_that_is_not_there() -> None:
    done = subprocess.run(
        [PALMETTO, "serve", "coq-checker", "--listen", "127.0.0.1:0", "--project", "/nowhere/at/all"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "/nowhere/at/all" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--listen", "nonsense"], ["'nonsense'", "--listen HOST:PORT or unix:/path"]),
        (["--listen", "127.0.0.1:70000"], ["'127.0.0.1:70000'", "0 to 65535"]),
        (["--metrics", "foo"], ["'foo'", "--metrics HOST:PORT"]),
        (["--metrics", "127.0.0.1:x"], ["'127.0.0.1:x'", "--metrics HOST:PORT"]),
        (["--metrics", "192.0.2.1:9"], ["192.0.2.1:9", "choose another address"]),
        (["--project", f"a={EXAMPLES}", "--project", f"a={EXAMPLES.parent}"], ["two projects are called 'a'"]),
    ],
)
def test_what_it_cannot_start_with(arguments: list[str], says: list[str]) -> None:
    command = [str(PALMETTO), "serve", "coq-checker", "--listen", "127.0.0.1:0", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    for part in says:
        assert part in line


def test_an_address_that_is_taken(checker_address: str) -> None:
    command = [str(PALMETTO), "serve", "coq-checker", "--listen", checker_address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "the address is taken" in done.stderr
    assert "--listen" in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_that_there_are_not() -> None:
    server = start_server(slots=1, slotts=3, max_cpu=7)
    assert server.stop() == 0
    assert [line["why"].split(" (")[0] for line in server.events("unknown setting")] == [
        "PALMETTO_CHECKER_MAX_CPU is no setting and is ignored: the nearest one is PALMETTO_CHECKER_MAX_CPU_MS",
        "PALMETTO_CHECKER_SLOTTS is no setting and is ignored: the nearest one is PALMETTO_CHECKER_SLOTS",
    ]
    assert unknown_settings({"PALMETTO_CHECKER_ADDRESS": "x", "PALMETTO_CHECKER_SLOTS": "1", "HOME": "/"}) == []


def test_no_server() -> None:
    with SyncCheckerClient("127.0.0.1:1") as client:
        with pytest.raises(UnreachableError, match=r"cannot be reached \(connection refused\)"):
            client.check_proof(TRUE, "exact I.")
        with pytest.raises(TimeoutError):
            client.wait_until_ready(0.2)


def test_server_maxima_lower_what_is_asked() -> None:
    settings = CheckerSettings(max_cpu_ms=20_000, max_wall_ms=30_000, max_memory_bytes=1 << 30)
    asked = grant(settings.default_limits, settings.maximum_limits, cpu_ms=10**9, wall_ms=10**9, memory_bytes=1 << 40)
    assert (asked.cpu_ms, asked.wall_ms, asked.memory_bytes) == (20_000, 30_000, 1 << 30)


def test_what_is_not_asked_is_granted_by_default() -> None:
    default, maximum = Limits(1000, 5000, 10, 20, 30), Limits(10_000, 100_000, 100, 200, 300)
    assert grant(default, maximum) == default
    # The wall clock follows the CPU time that was asked for, and never falls under its default.
    assert grant(default, maximum, cpu_ms=4000) == Limits(4000, 20_000, 10, 20, 30)
    assert grant(default, maximum, cpu_ms=100).wall_ms == 5000
    assert grant(default, maximum, cpu_ms=4000, wall_ms=70).wall_ms == 70


def test_the_servers_maximum_holds() -> None:
    server = start_server(max_cpu_ms=300, slots=1)
    try:
        with SyncCheckerClient(server.address) as client:
            result = client.check_proof(TRUE, LOOPING, options=Options(cpu_ms=10**8))
            assert result.reason is Reason.CPU_LIMIT
            assert "300 ms" in result.message
    finally:
        assert server.stop() == 0


def test_a_unix_socket(tmp_path_factory: pytest.TempPathFactory) -> None:
    address = f"unix:{tmp_path_factory.mktemp('socket')}/checker"

    async def both() -> bool:
        async with running(CheckerSettings(listen=address, slots=1)) as up, CheckerClient(up.address) as client:
            assert up.address == address
            return (await client.check_proof(TRUE, "exact I.")).proved

    assert asyncio.run(both())
