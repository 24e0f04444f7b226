"""Session: immutable states, branches, queries."""

from collections.abc import Iterator

import grpc
import pytest

from coq_checker.client import (
    CheckerClient,
    EnvironmentFailedError,
    FreeStatement,
    InvalidRequestError,
    NotFoundError,
    Options,
    Reason,
    StepFailedError,
    SyncCheckerClient,
    TheoremRef,
    Verdict,
)
from coq_checker.client.sync import SyncSession
from palmetto_protos.checker.v1 import checker_pb2 as pb
from palmetto_protos.checker.v1 import checker_pb2_grpc as pb_grpc

from .servers import LOOPING, ServerProcess, wait_until


@pytest.fixture
def session(checker: SyncCheckerClient) -> Iterator[SyncSession]:
    with checker.session(context="Require Import Arith.") as opened:
        yield opened


def test_a_proof_step_by_step(session: SyncSession) -> None:
    assert not session.start.in_proof
    stated = session.run(session.start, "Lemma t (A B : Prop) : A -> B -> A /\\ B.")
    assert stated.in_proof
    assert [goal.conclusion for goal in stated.goals] == ["A -> B -> A /\\ B"]
    both = session.run(stated, "Proof. intros a b. split.")
    assert [goal.conclusion for goal in both.goals] == ["A", "B"]
    assert both.goal_count == 2
    assert [h.names for h in both.goals[0].hypotheses] == [("A", "B"), ("a",), ("b",)]
    done = session.run(both, "- exact a. - exact b.")
    assert done.in_proof
    assert (done.goals, done.goal_count) == ((), 0)
    closed = session.run(done, "Qed.")
    assert not closed.in_proof
    assert session.query(closed, "Check t.") == ["t\n     : forall A B : Prop, A -> B -> A /\\ B"]


def test_existential_variables_and_the_shelf(session: SyncSession) -> None:
    state = session.run(session.start, "Lemma t : exists n, n = 0 /\\ 1 = 1. eexists. split. 2: admit.")
    assert [[one.name for one in goal.existentials] for goal in state.goals] == [["?n"]]
    assert [(goal.name, goal.conclusion) for goal in state.shelf] == [("?n", "nat")]
    assert [goal.conclusion for goal in state.given_up] == ["1 = 1"]
    assert (state.goal_count, state.unfocused_count, state.shelved_count, state.given_up_count) == (2, 0, 1, 1)


def test_states_are_values(session: SyncSession) -> None:
    stated = session.run(session.start, "Lemma t (n : nat) : n = n \\/ n = 0.")
    left = session.run(stated, "left.")
    right = session.run(stated, "right.")
    assert [goal.conclusion for goal in left.goals] == ["n = n"]
    assert [goal.conclusion for goal in right.goals] == ["n = 0"]
    deeper = session.run(right, "destruct n.")
    assert deeper.goal_count == 2
    # Everything answered before is still there, in any order.
    finished = session.run(left, "reflexivity. Qed.")
    assert not finished.in_proof
    assert session.run(right, "symmetry.").goals[0].conclusion == "0 = n"
    assert session.run(deeper, "- reflexivity.").goal_count == 1
    assert session.run(stated, "left. reflexivity. Qed.").in_proof is False
    assert len({one.number for one in (session.start, stated, left, right, deeper, finished)}) == 6


def test_many_branches_of_one_state(session: SyncSession) -> None:
    stated = session.run(session.start, "Lemma t : exists n : nat, n = n.")
    for number in range(30):
        state = session.run(stated, f"exists {number}.")
        assert state.goals[0].conclusion == f"{number} = {number}"


def test_a_theorem_of_a_project(checker: SyncCheckerClient) -> None:
    with checker.session(TheoremRef("examples", "contrapositive")) as session:
        assert session.start.in_proof
        (goal,) = session.start.goals
        assert goal.conclusion == "(P -> Q) -> ~ Q -> ~ P"
        state = session.run(session.start, "intros f n p. exact (n (f p)).")
        assert state.goal_count == 0
        assert session.query(state, "Check and_or_distribute.")
        with pytest.raises(StepFailedError, match="peirce"):
            session.query(state, "Check peirce.")  # it comes later in the file


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("Search (_ + 0 = _).", "Nat.add_0_r"),
        ("Check Nat.add_comm.", "forall n m : nat, n + m = m + n"),
        ("Print nat.", "Inductive nat"),
        ("About Nat.add.", "Nat.add"),
        ("Locate add_comm.", "Nat.add_comm"),
        ("Compute 2 + 2.", "4"),
        ("Eval simpl in 1 + 1.", "2"),
        ("SearchPattern (_ + 0 = _).", "Nat.add_0_r"),
        ("SearchRewrite (_ + 0).", "Nat.add_0_r"),
    ],
)
def test_queries(session: SyncSession, command: str, says: str) -> None:
    assert any(says in message for message in session.query(session.start, command))


def test_queries_do_not_change_a_state(session: SyncSession) -> None:
    stated = session.run(session.start, "Lemma t : True.")
    assert any("True" in line for line in session.query(stated, "Show."))
    assert session.run(stated, "exact I. Qed.").in_proof is False


@pytest.mark.parametrize(
    "command",
    [
        "Axiom a : False.",
        "Lemma t : True.",
        "idtac.",
        'Load "x".',
        "Check 1. Check 2.",
        "Check 1",
        "",
        "(* Check *) Reset Initial.",
        'Print Universes "file".',
        'Redirect "file" Check 1.',
        'Print Sorted Universes "file".',
        'Print (* c *) Universes "file".',
        'Print (* "*)" *) Sorted Universes "file".',
    ],
)
def test_what_is_no_query_is_refused(session: SyncSession, command: str) -> None:
    with pytest.raises(StepFailedError) as caught:
        session.query(session.start, command)
    assert (caught.value.verdict, caught.value.reason) == (Verdict.REJECTED, Reason.FORBIDDEN_COMMAND)
    assert session.query(session.start, "Check 1.")


@pytest.mark.parametrize(
    "text",
    [
        'Load "x".',
        "Reset Initial.",
        "Back 1.",
        "Drop.",
        "Quit.",
        'Redirect "f" Check 1.',
        'Cd "/".',
        'Declare ML Module "x".',
        'PalmettoServe "/tmp/x" "y".',
        'Add LoadPath "/" as X.',
        'Extraction "f.ml" nat.',
        'Time Redirect "f" Check 1.',
        '#[local] Load "x".',
        'Fail Timeout 5 Load "x".',
        '(* *) Load "x".',
    ],
)
def test_what_a_session_may_not_run(session: SyncSession, text: str) -> None:
    with pytest.raises(StepFailedError) as caught:
        session.run(session.start, f"Check 1. {text}")
    error = caught.value
    assert (error.verdict, error.reason) == (Verdict.REJECTED, Reason.FORBIDDEN_COMMAND)
    assert (error.start is not None, error.end) == (True, len(f"Check 1. {text}"))
    assert session.query(session.start, "Check 1.")


def test_a_failing_sentence_leaves_the_state(session: SyncSession) -> None:
    stated = session.run(session.start, "Lemma t : 1 = 1.")
    text = "idtac. (* é *) exact I. idtac."
    with pytest.raises(StepFailedError) as caught:
        session.run(stated, text)
    error = caught.value
    assert (error.verdict, error.reason) == (Verdict.FAILED, Reason.TACTIC)
    assert text.encode()[error.start : error.end] == b"exact I."
    for wrong, reason in (("exact (.", Reason.SYNTAX), ("exact I", Reason.SYNTAX), ("", Reason.SYNTAX)):
        with pytest.raises(StepFailedError) as caught:
            session.run(stated, wrong)
        assert caught.value.reason is reason
    assert session.run(stated, "reflexivity. Qed.").in_proof is False


def test_messages(session: SyncSession) -> None:
    state = session.run(session.start, "Definition two := 2. Compute two. About two.")
    assert any("= 2" in line for line in state.messages)


def test_an_unknown_state(session: SyncSession) -> None:
    other = session.run(session.start, "Definition a := 1.")
    unknown = type(other)(other.number + 50, False, (), (), 0, other.timings)
    with pytest.raises(StepFailedError, match="no state"):
        session.run(unknown, "Check 1.")
    with pytest.raises(StepFailedError, match="no state"):
        session.query(unknown, "Check 1.")
    assert session.query(other, "Check a.")


def test_states_outlive_a_runaway(checker: SyncCheckerClient) -> None:
    options = Options(cpu_ms=500)
    with checker.session(context="Require Import Arith.", options=options) as session:
        stated = session.run(session.start, "Lemma t (A : Prop) : A -> A.")
        branch = session.run(stated, "intros a.")
        other = session.run(stated, "intros b.")
        for state in (branch, other, stated):
            with pytest.raises(StepFailedError) as caught:
                session.run(state, LOOPING.removeprefix("Proof. ").removesuffix(" Qed."))
            assert (caught.value.verdict, caught.value.reason) == (Verdict.TIMEOUT, Reason.CPU_LIMIT)
        with pytest.raises(StepFailedError) as caught:
            session.query(branch, "Compute Nat.pow 3 30.")
        assert caught.value.verdict in (Verdict.TIMEOUT, Verdict.OUT_OF_MEMORY)
        assert session.run(branch, "exact a. Qed.").in_proof is False
        assert session.run(other, "exact b.").goal_count == 0
        assert session.run(stated, "auto. Qed.").in_proof is False
        assert session.query(session.start, "Check 1.")


def test_states_outlive_their_processes(checker: SyncCheckerClient, checker_server: ServerProcess) -> None:
    with checker.session(context="Require Import Arith.") as session:
        stated = session.run(session.start, "Lemma t (A : Prop) : A -> A.")
        branch = session.run(stated, "intros a.")
        for process in checker_server.coqs():
            process.kill()
        assert session.run(branch, "exact a. Qed.").in_proof is False
        assert session.query(stated, "Check 1.")


def test_an_output_limit(checker: SyncCheckerClient) -> None:
    with checker.session(context="Require Import Arith.", options=Options(output_bytes=20_000)) as session:
        with pytest.raises(StepFailedError) as caught:
            session.query(session.start, "Search nat.")
        assert caught.value.reason is Reason.OUTPUT_LIMIT
        assert session.query(session.start, "Check 1.")


def test_what_cannot_be_opened(checker: SyncCheckerClient) -> None:
    with pytest.raises(EnvironmentFailedError, match="Nothing"):
        checker.session(context="Require Import Nothing.")
    with pytest.raises(NotFoundError):
        checker.session(TheoremRef("examples", "nothing"))
    with pytest.raises(NotFoundError):
        checker.session(context="", project="nowhere")
    with pytest.raises(InvalidRequestError, match="NUL"):
        checker.session(context="Check 1.\0")


@pytest.mark.parametrize(
    "requests",
    [
        [pb.SessionRequest()],
        [pb.SessionRequest(query=pb.QueryRequest(state=1, command="Check 1."))],
        [pb.SessionRequest(open=pb.OpenRequest())],
        [pb.SessionRequest(open=pb.OpenRequest(text=pb.TextEnvironment()))] * 2,
    ],
)
def test_requests_out_of_order(checker_address: str, requests: list[pb.SessionRequest]) -> None:
    with grpc.insecure_channel(checker_address) as channel, pytest.raises(grpc.RpcError) as caught:
        list(pb_grpc.CoqCheckerServiceStub(channel).Session(iter(requests), timeout=60))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_goals_and_closing(checker_async: CheckerClient, checker_server: ServerProcess) -> None:
    async with await checker_async.session(context="Lemma t : True /\\ False.") as session:
        state = await session.run(session.start, "split.", want_goals=False)
        assert state.goals == ()
        assert [goal.conclusion for goal in await session.goals(state)] == ["True", "False"]
        inside = {process.pid for process in checker_server.coqs()}
    wait_until(
        "the session's processes are gone",
        lambda: len({one.pid for one in checker_server.coqs()} & inside) < len(inside),
    )


def test_opened_at_a_free_statement(checker: SyncCheckerClient) -> None:
    statement = FreeStatement("Lemma t (n : nat) : n + 0 = n.", "Require Import Arith.")
    with checker.session(statement) as session:
        assert session.start.in_proof
        assert [goal.conclusion for goal in session.start.goals] == ["n + 0 = n"]
        assert not session.run(session.start, "apply Nat.add_0_r. Qed.").in_proof
    placed = FreeStatement("Lemma t : sum_to 1 = 1.", "From Example Require Import Arith.", "examples", file="New.v")
    with checker.session(placed) as session:
        assert session.run(session.start, "reflexivity.").goal_count == 0
    for bad in ("Lemma t : nothing.", "Definition x := 1."):
        with pytest.raises(EnvironmentFailedError, match="the statement does not"):
            checker.session(FreeStatement(bad))
    with pytest.raises(ValueError, match="either a target or context"):
        checker.session(statement, context="Require Import Lia.")
    with pytest.raises(TypeError, match="TheoremRef or a FreeStatement"):
        checker.session("Lemma t : True.")  # type: ignore[arg-type]
