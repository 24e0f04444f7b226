"""What can be wrong with what is sent: a clear answer of the right kind, and the server goes on serving."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import grpc
import pytest
from google.protobuf.message import Message

from coq_checker.check import Ask
from coq_checker.client import (
    CheckerClient,
    CheckItem,
    EnvironmentFailedError,
    FreeStatement,
    InvalidRequestError,
    NotFoundError,
    Options,
    ProofResult,
    Reason,
    SyncCheckerClient,
    TheoremRef,
    UnavailableError,
    Verdict,
)
from coq_checker.engine.start import engine_options
from coq_checker.environment import Environment
from coq_checker.gates.text import Mode
from coq_checker.metrics import Metrics
from coq_checker.pool.pool import Pool
from coq_checker.pool.worker import Target
from coq_checker.settings import CheckerSettings
from coq_checker.toolchain import Toolchain
from palmetto_protos.checker.v1 import checker_pb2 as pb

from .servers import start_server

METHODS = "/palmetto.checker.v1.CoqCheckerService/"
LEMMA = FreeStatement("Lemma t (n : nat) : n + 0 = n.", "Require Import Arith.")
GOOD = "apply Nat.add_0_r."
NOT_UTF8 = b"\xff\xfe\xc3\x28"


@pytest.fixture(autouse=True)
def still_serving(checker: SyncCheckerClient) -> Iterator[None]:
    """After each test the service of the run proves something."""
    yield
    assert checker.check_proof(LEMMA, GOOD).proved


def with_bytes(message: bytes) -> bytes:
    """A serialized message whose text AAAA is replaced by what is no UTF-8."""
    assert message.count(b"AAAA") == 1
    return message.replace(b"AAAA", NOT_UTF8)


STATEMENT = pb.FreeStatement(statement="Lemma t : True.")
UNARY: list[tuple[str, list[Message]]] = [
    (
        "CheckProof",
        [
            pb.CheckProofRequest(statement=STATEMENT, proof="AAAA"),
            pb.CheckProofRequest(statement=STATEMENT, script="AAAA"),
            pb.CheckProofRequest(statement=pb.FreeStatement(statement="AAAA"), proof="auto."),
            pb.CheckProofRequest(theorem=pb.TheoremRef(project="AAAA", theorem="t"), proof="auto."),
        ],
    ),
    ("GetTheorem", [pb.GetTheoremRequest(theorem=pb.TheoremRef(project="examples", theorem="AAAA"))]),
    ("ListTheorems", [pb.ListTheoremsRequest(project="AAAA")]),
]


@pytest.mark.parametrize(
    ("method", "request_bytes"),
    [(method, with_bytes(one.SerializeToString())) for method, many in UNARY for one in many]
    + [("CheckProof", b"\x00\x01garbage\xff" * 9), ("GetTheorem", b"\xff" * 100)],
)
def test_bytes_that_are_no_message(checker_address: str, method: str, request_bytes: bytes) -> None:
    with grpc.insecure_channel(checker_address) as channel:
        call = channel.unary_unary(METHODS + method, request_serializer=bytes, response_deserializer=bytes)
        with pytest.raises(grpc.RpcError) as caught:
            call(request_bytes, timeout=60)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "UTF-8" in str(caught.value.details())


def test_an_item_that_is_no_message_fails_no_other(checker_address: str) -> None:
    bad = pb.CheckProofsRequest(id="bad", check=pb.CheckProofRequest(statement=STATEMENT, proof="AAAA"))
    good = pb.CheckProofsRequest(id="good", check=pb.CheckProofRequest(statement=STATEMENT, proof="exact I."))
    items = [good.SerializeToString(), with_bytes(bad.SerializeToString()), good.SerializeToString()]
    with grpc.insecure_channel(checker_address) as channel:
        call = channel.stream_stream(
            METHODS + "CheckProofs",
            request_serializer=bytes,
            response_deserializer=pb.CheckProofsResponse.FromString,
        )
        answers = list(call(iter(items), timeout=60))
    assert sorted((one.id, one.result.verdict, one.result.reason) for one in answers) == [
        ("", pb.VERDICT_ERROR, pb.REASON_INVALID_REQUEST),
        ("good", pb.VERDICT_PROVED, pb.REASON_UNSPECIFIED),
        ("good", pb.VERDICT_PROVED, pb.REASON_UNSPECIFIED),
    ]


def test_a_session_that_gets_no_message(checker_address: str) -> None:
    with grpc.insecure_channel(checker_address) as channel:
        call = channel.stream_stream(METHODS + "Session", request_serializer=bytes, response_deserializer=bytes)
        with pytest.raises(grpc.RpcError) as caught:
            list(call(iter([NOT_UTF8]), timeout=60))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("text", ["apply \0 Nat.", "\0", GOOD + "\0"])
def test_nul_bytes(checker: SyncCheckerClient, text: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"NUL byte at offset {text.index(chr(0))}"):
        checker.check_proof(LEMMA, text)
    with pytest.raises(InvalidRequestError, match="NUL"):
        checker.check_proof(LEMMA, script=text)
    with pytest.raises(InvalidRequestError, match="NUL"):
        checker.check_proof(FreeStatement(f"Lemma t : True. {text}"), "auto.")
    with pytest.raises(InvalidRequestError, match="NUL"):
        checker.check_proof(FreeStatement("Lemma t : True.", text), "auto.")
    with pytest.raises(InvalidRequestError, match="NUL"):
        checker.check_file(text=text)
    with checker.session(context="") as session, pytest.raises(InvalidRequestError, match="NUL"):
        session.run(session.start, text)


def test_byte_order_marks(checker: SyncCheckerClient) -> None:
    for target, proof in ((LEMMA, "\ufeffauto."), (FreeStatement("\ufeffLemma t : True."), "auto.")):
        with pytest.raises(InvalidRequestError, match="byte order mark"):
            checker.check_proof(target, proof)
    # Where a file begins coqc takes one.
    assert checker.check_file(text="\ufeffCheck 1.") == []
    assert checker.check_proof(FreeStatement("Lemma t : True.", "\ufeffCheck 1."), "auto.").proved


def test_nul_bytes_that_coqc_takes(checker: SyncCheckerClient) -> None:
    text = '(* \0 *) Require Import String. Lemma s : length "\0" = 1. Proof. reflexivity. Qed. '
    assert [answer.result.proved for answer in checker.check_file(text=text)] == [True]
    assert checker.check_proof(FreeStatement("Lemma t : True.", text), "auto.").proved


def test_text_that_utf8_does_not_have(checker: SyncCheckerClient) -> None:
    bad = "exact I. \ud800"
    for ask in (
        lambda: checker.check_proof(LEMMA, bad),
        lambda: checker.check_proof(LEMMA, script=bad),
        lambda: checker.check_proof(FreeStatement(bad), "auto."),
        lambda: checker.check_proof(TheoremRef("examples", bad), "auto."),
        lambda: checker.check_file(text=bad),
        lambda: checker.trace_file(text=bad),
        lambda: checker.theorems(bad),
        lambda: checker.theorem(TheoremRef("examples", bad)),
        lambda: checker.session(context=bad),
    ):
        with pytest.raises(InvalidRequestError, match="half of a surrogate pair at character 9"):
            ask()
    with checker.session(context="") as session:
        with pytest.raises(InvalidRequestError, match="surrogate"):
            session.run(session.start, bad)
        with pytest.raises(InvalidRequestError, match="surrogate"):
            session.query(session.start, bad)
    items = [CheckItem("bad", LEMMA, bad), CheckItem("good", LEMMA, GOOD), CheckItem("worse", LEMMA, bad)]
    answers = {name: (one.verdict, one.reason) for name, one in checker.check_proofs(items)}
    refused = (Verdict.ERROR, Reason.INVALID_REQUEST)
    assert answers == {"bad": refused, "good": (Verdict.PROVED, Reason.NONE), "worse": refused}


def test_a_proof_of_50_mb(checker: SyncCheckerClient) -> None:
    with pytest.raises(InvalidRequestError, match="52428800 bytes; this server takes at most 1048576"):
        checker.check_proof(LEMMA, "idtac." + " " * (50 * 2**20 - 6))


def test_a_message_that_grpc_does_not_take(checker: SyncCheckerClient, checker_address: str) -> None:
    with pytest.raises(InvalidRequestError, match="max_message_bytes"):
        checker.check_proof(LEMMA, " " * (65 * 2**20))
    large = SyncCheckerClient(checker_address, max_message_bytes=128 << 20)
    with large as client, pytest.raises(InvalidRequestError, match="MAX_MESSAGE_BYTES"):
        client.check_proof(LEMMA, " " * (65 * 2**20))


def test_a_file_of_50_mb(checker: SyncCheckerClient) -> None:
    with pytest.raises(InvalidRequestError, match="takes at most"):
        checker.check_file(text=" " * (50 * 2**20))


def test_100_000_sentences(checker: SyncCheckerClient) -> None:
    with pytest.raises(InvalidRequestError, match="100001 sentences; this server takes at most 10000"):
        checker.check_proof(LEMMA, "idtac. " * 100_000 + GOOD)


def test_100_000_sentences_where_they_are_taken() -> None:
    server = start_server(slots=1, max_sentences=200_000)
    try:
        with SyncCheckerClient(server.address) as client:
            options = Options(cpu_ms=5000, output_bytes=64 << 20)
            result = client.check_proof(LEMMA, "idtac. " * 100_000 + GOOD, options=options)
            assert result.verdict in (Verdict.PROVED, Verdict.TIMEOUT, Verdict.OUT_OF_MEMORY)
            assert client.check_proof(LEMMA, "idtac. " * 1000 + GOOD).proved
    finally:
        assert server.stop() == 0
    assert server.events("internal fault") == []


@pytest.mark.parametrize(
    "proof",
    [
        "(*" * 300_000,
        '"' * 500_001,
        "{" * 9_000,
        "." * 500_000,
        "exact " + "(" * 100_000 + "I" + ")" * 100_000 + ".",
        "exact " + "S " * 100_000 + "I.",
        "- " * 5_000,
        "idtac" + "; idtac" * 50_000 + ".",
        "Time " * 50_000 + "idtac.",
        "#[" * 100_000,
        "1:" * 100_000 + "idtac.",
        "exact " + "é" * 100_000 + ".",
        "\u2028\u00a0\ufeff.",
        ". . .",
        "Proof",
        "}",
        ")",
    ],
    ids=lambda proof: proof[:12].strip(),
)
def test_texts_that_are_hard_to_read(checker: SyncCheckerClient, proof: str) -> None:
    result = checker.check_proof(LEMMA, proof, options=Options(cpu_ms=3000))
    assert result.verdict in (
        Verdict.FAILED,
        Verdict.REJECTED,
        Verdict.TIMEOUT,
        Verdict.INCOMPLETE,
        Verdict.OUT_OF_MEMORY,
    ), result
    assert result.message


@pytest.mark.parametrize(
    ("statement", "context", "error"),
    [
        ("", "", InvalidRequestError),
        ("   ", "", InvalidRequestError),
        ("Lemma t : True", "", InvalidRequestError),
        ("Lemma t : True. Proof.", "", InvalidRequestError),
        ("(* open", "", InvalidRequestError),
        ("Lemma t : nothing.", "", EnvironmentFailedError),
        ("Lemma t : 1 = true.", "", EnvironmentFailedError),
        ("Definition x := 1.", "", EnvironmentFailedError),
        ("Check 1.", "", EnvironmentFailedError),
        ("Lemma t (.", "", EnvironmentFailedError),
        ("Lemma t : True.", "Definition x := .", EnvironmentFailedError),
        ("Lemma t : True.", "Require Import Nothing.", EnvironmentFailedError),
        ("Lemma t : True.", "Definition x := 1", EnvironmentFailedError),
        ("Lemma t : True.", "(* open", EnvironmentFailedError),
        ("Lemma t : True.", "Lemma open : True.", EnvironmentFailedError),
        ("Lemma t : True.", "Fail Fail Fail Check 1.", EnvironmentFailedError),
    ],
)
def test_statements_and_contexts_that_do_not_run(
    checker: SyncCheckerClient, statement: str, context: str, error: type[Exception]
) -> None:
    with pytest.raises(error) as caught:
        checker.check_proof(FreeStatement(statement, context), "exact I.")
    assert str(caught.value).strip()


def test_statements_that_cannot_anchor_a_script(checker: SyncCheckerClient) -> None:
    script = "Lemma t : True. Proof. exact I. Qed."
    for statement in ("Goal True.", "Lemma t (* c *) : True.", "Instance t : True.", "Lemma t."):
        with pytest.raises(InvalidRequestError):
            checker.check_proof(FreeStatement(statement), script=script)


def test_unknown_names(checker: SyncCheckerClient) -> None:
    with pytest.raises(NotFoundError, match="no project 'nowhere'"):
        checker.check_proof(TheoremRef("nowhere", "t"), "auto.")
    with pytest.raises(NotFoundError, match="no project 'nowhere'"):
        checker.check_proof(FreeStatement("Lemma t : True.", "", "nowhere"), "auto.")
    with pytest.raises(NotFoundError, match="no theorem 't'"):
        checker.check_proof(TheoremRef("examples", "t"), "auto.")
    with pytest.raises(NotFoundError, match=r"no file 'T\.v'"):
        checker.theorems("examples", "T.v")


def test_a_method_that_there_is_not(checker_address: str) -> None:
    with grpc.insecure_channel(checker_address) as channel, pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary(METHODS + "ProveIt", request_serializer=bytes)(b"", timeout=60)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_numbers_out_of_any_range(checker: SyncCheckerClient) -> None:
    most = Options(
        cpu_ms=2**32 - 1, wall_ms=2**32 - 1, memory_bytes=2**64 - 1, output_bytes=2**64 - 1, goals_bytes=2**32 - 1
    )
    assert checker.check_proof(LEMMA, GOOD, options=most).proved
    least = Options(cpu_ms=1, wall_ms=1, memory_bytes=1, output_bytes=1, goals_bytes=1)
    result = checker.check_proof(LEMMA, GOOD, options=least)
    # A small proof may be through before anybody looks.
    assert result.verdict is not Verdict.ERROR
    with pytest.raises(ValueError, match="out of range"):
        checker.check_proof(LEMMA, GOOD, options=Options(cpu_ms=-1))


async def test_a_client_that_goes_away_in_the_middle(checker_address: str) -> None:
    """Streams that are left without a word, before, between and after their messages."""
    for sent in range(3):
        client = CheckerClient(checker_address)
        call = (await (await client._router.channels()).stub()).CheckProofs()
        for number in range(sent):
            check = pb.CheckProofRequest(statement=STATEMENT, proof="exact I.")
            await call.write(pb.CheckProofsRequest(id=str(number), check=check))
        await client.close()


class TestFullDisks:
    async def test_private_tmp(self, toolchain: Toolchain, tmp_path: Path) -> None:
        """A context that fills its session's /tmp fails by itself, and no other session notices."""
        options = replace(engine_options(toolchain), private_tmp_bytes=128 << 10)
        limits = CheckerSettings().default_limits
        pool_settings = CheckerSettings(slots=1).pool

        async def check(context: bytes) -> ProofResult:
            environment = Environment(context, options, label="the context")
            target = Target(environment, len(context), b"Lemma t : True.", Mode.PROOF)
            return await pool.check(target, Ask(b"exact I.", Mode.PROOF, limits))

        async with Pool(pool_settings, tmp_path, Metrics()) as pool:
            fill = "".join(f'Print Universes "u{n}.txt".\n' for n in range(12))
            full = await check(fill.encode())
            assert (full.verdict, full.reason) == (Verdict.ERROR, Reason.ENVIRONMENT)
            assert "No space left" in full.message
            assert (await check(b"Definition x := 1.")).proved

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
    def test_run_folder(self, tmp_path: Path) -> None:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=100", "tmpfs", tmp_path], capture_output=True, check=False
        )
        if mounted.returncode != 0:
            pytest.skip("no disk can be mounted here")
        server = None
        try:
            server = start_server(slots=1, run_folder=tmp_path)
            with SyncCheckerClient(server.address) as client:
                fillers = []
                with pytest.raises(OSError, match="No space"):
                    for number in range(1000):
                        (tmp_path / f"filler{number}").touch()
                        fillers.append(tmp_path / f"filler{number}")
                with pytest.raises(UnavailableError) as caught:
                    client.check_proof(LEMMA, GOOD)
                assert "Traceback" not in str(caught.value)
                assert "No space left" in str(caught.value)
                with pytest.raises(UnavailableError):
                    client.check_file(text="Lemma a : True. Proof. exact I. Qed.")
                with pytest.raises(UnavailableError):
                    client.session(context="")
                for filler in fillers:
                    filler.unlink()
                assert client.check_proof(LEMMA, GOOD).proved
                assert client.check_file(text="Lemma a : True. Proof. exact I. Qed.")[0].result.proved
        finally:
            if server is not None:
                assert server.stop() == 0
            subprocess.run(["umount", tmp_path], check=True)
        assert server.events("internal fault") == []


def test_reason_names_are_the_protos() -> None:
    """Every verdict and reason of the contract has its value in the client, and the other way round."""
    assert {f"VERDICT_{one.value}" for one in Verdict} | {"VERDICT_UNSPECIFIED"} == set(pb.Verdict.keys())
    assert {f"REASON_{one.name}" for one in Reason if one is not Reason.NONE} | {"REASON_UNSPECIFIED"} == set(
        pb.Reason.keys()
    )
