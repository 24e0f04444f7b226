"""ListProjects, ListTheorems, GetTheorem."""

from pathlib import Path

import grpc
import pytest

from coq_checker.client import InvalidRequestError, NotFoundError, SyncCheckerClient, TheoremRef
from coqdata.theorem import TheoremKind, theorems
from palmetto_protos.checker.v1 import checker_pb2 as pb
from palmetto_protos.checker.v1 import checker_pb2_grpc as pb_grpc

from .servers import EXAMPLES, start_server


def test_projects(checker: SyncCheckerClient) -> None:
    (examples,) = checker.projects()
    assert examples.name == "examples"
    assert sorted(examples.files) == sorted(path.name for path in EXAMPLES.glob("*.v"))
    # Each file stands after those that it requires.
    order = {name: place for place, name in enumerate(examples.files)}
    assert order["Arith.v"] < order["ListFacts.v"] < order["Compiler.v"]
    assert examples.toolchain


def test_theorems_of_a_file_are_those_of_its_text(checker: SyncCheckerClient) -> None:
    source = (EXAMPLES / "Trees.v").read_bytes()
    answered = checker.theorems("examples", "Trees.v")
    found = theorems(source)
    # How obligations are called only Coq knows; the text's guess stands until Coq has read the file.
    guessed = {one.index for one in found if one.kind is TheoremKind.OBLIGATION}
    named = [one.qualified_name for one in found if one.index not in guessed]
    assert [one.qualified_name for one in answered if one.index not in guessed] == named
    assert all("_obligation_" in answered[index].name for index in guessed)
    for info, theorem in zip(answered, found, strict=True):
        assert (info.project, info.file, info.index) == ("examples", "Trees.v", theorem.index)
        assert (info.start, info.statement_end) == (theorem.start, theorem.statement_end)
        assert (info.proof_start, info.proof_end) == (theorem.proof_start, theorem.proof_end)
        assert info.kind == theorem.kind.value
        assert info.statement.encode() == source[theorem.start : theorem.statement_end]
        assert info.proof == ""


def test_theorems_of_a_project_in_the_order_of_its_files(checker: SyncCheckerClient) -> None:
    (examples,) = checker.projects()
    everything = checker.theorems("examples")
    assert list(dict.fromkeys(one.file for one in everything)) == list(examples.files)
    assert everything == [one for file in examples.files for one in checker.theorems("examples", file)]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_pages(checker_address: str, checker: SyncCheckerClient, size: int) -> None:
    with grpc.insecure_channel(checker_address) as channel:
        stub = pb_grpc.CoqCheckerServiceStub(channel)
        names: list[str] = []
        token = ""
        while True:
            page = stub.ListTheorems(
                pb.ListTheoremsRequest(project="examples", page_size=size, page_token=token), timeout=60
            )
            assert 0 < len(page.theorems) <= size
            names += [one.qualified_name for one in page.theorems]
            token = page.next_page_token
            if not token:
                break
    assert names == [one.qualified_name for one in checker.theorems("examples")]


@pytest.mark.parametrize("token", ["x", "-1", "1.5", "²"])
def test_a_token_that_is_none(checker_address: str, token: str) -> None:
    with grpc.insecure_channel(checker_address) as channel, pytest.raises(grpc.RpcError) as caught:
        pb_grpc.CoqCheckerServiceStub(channel).ListTheorems(
            pb.ListTheoremsRequest(project="examples", page_token=token), timeout=60
        )
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_one_theorem(checker: SyncCheckerClient) -> None:
    one = checker.theorem(TheoremRef("examples", "peirce"))
    source = (EXAMPLES / "Logic.v").read_bytes()
    assert (one.file, one.name, one.qualified_name, one.kind) == ("Logic.v", "peirce", "peirce", "Theorem")
    assert one.statement.encode() == source[one.start : one.statement_end]
    assert one.proof.encode() == source[one.proof_start : one.proof_end]
    assert one.proof.startswith("Proof.")
    assert one.proof.endswith("Qed.")


def test_names_of_a_theorem(checker: SyncCheckerClient) -> None:
    by_name = checker.theorem(TheoremRef("examples", "mirror_involutive"))
    assert by_name.qualified_name == "Tree.mirror_involutive"
    for same in (
        TheoremRef("examples", "Tree.mirror_involutive"),
        TheoremRef("examples", "mirror_involutive", "Trees.v"),
        TheoremRef("examples", "", "Trees.v", by_name.index),
        TheoremRef("examples", "mirror_involutive", "Trees.v", by_name.index),
    ):
        assert checker.theorem(same) == by_name


def test_its_own_proof_is_proved(checker: SyncCheckerClient) -> None:
    for name in ("sum_to_closed", "Tree.elements_mirror", "insert_ordered_obligation_1", "bool_decidable"):
        ref = TheoremRef("examples", name)
        result = checker.check_proof(ref, checker.theorem(ref).proof)
        assert result.proved, (name, result)


@pytest.mark.parametrize(
    ("ref", "error", "says"),
    [
        (TheoremRef("examples", "nothing"), NotFoundError, "no theorem 'nothing'"),
        (TheoremRef("examples", "peirce", "Arith.v"), NotFoundError, "no theorem 'peirce' in Arith.v"),
        (TheoremRef("examples", "peirce", "None.v"), NotFoundError, "no file 'None.v'"),
        (TheoremRef("examples", "", "Arith.v", 999), NotFoundError, "none with index 999"),
        (TheoremRef("examples", "", "", 1), NotFoundError, "needs its file"),
        (TheoremRef("examples", "peirce", "Logic.v", 0), NotFoundError, "no theorem 'peirce'"),
        (TheoremRef("nowhere", "peirce"), NotFoundError, "it serves: examples"),
        (TheoremRef("", "peirce"), InvalidRequestError, "project"),
        (TheoremRef("examples"), InvalidRequestError, "theorem"),
        (TheoremRef("examples", "peirce", "../examples/Logic.v"), NotFoundError, "no file"),
        (TheoremRef("examples", "root", "/etc/passwd"), NotFoundError, "no file"),
    ],
)
def test_what_there_is_not(checker: SyncCheckerClient, ref: TheoremRef, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        checker.theorem(ref)
    with pytest.raises(error, match=says):
        checker.check_proof(ref, "auto.")


def test_names_that_stand_more_than_once(tmp_path: Path) -> None:
    lemma = "Lemma twice : {0} = {0}. Proof. reflexivity. Qed.\n"
    (tmp_path / "_CoqProject").write_text("-Q . Own\nA.v\nB.v\n")
    again = "Lemma again : True. Proof. exact I. Qed.\n"
    (tmp_path / "A.v").write_text(again + "Module M. " + lemma.format(1) + "End M.\n" + lemma.format(2))
    (tmp_path / "B.v").write_text(
        "Module N. " + lemma.format(3) + "End N.\n" + again + "Lemma once : True. Proof. exact I. Qed."
    )
    server = start_server(f"own={tmp_path}")
    try:
        with SyncCheckerClient(server.address) as client:
            with pytest.raises(NotFoundError, match="say which file and index"):
                client.theorem(TheoremRef("own", "again"))
            assert client.theorem(TheoremRef("own", "M.twice")).statement == "Lemma twice : 1 = 1."
            assert client.theorem(TheoremRef("own", "N.twice")).statement == "Lemma twice : 3 = 3."
            assert client.theorem(TheoremRef("own", "twice", "A.v")).statement == "Lemma twice : 2 = 2."
            assert client.theorem(TheoremRef("own", "twice", "A.v", 1)).statement == "Lemma twice : 1 = 1."
            assert client.theorem(TheoremRef("own", "once")).file == "B.v"
    finally:
        assert server.stop() == 0
