"""An interactive session, seen from the client."""

from dataclasses import dataclass
from types import TracebackType
from typing import Any

import grpc

from coq_checker import convert
from coq_checker.client.errors import CheckerError, EnvironmentFailedError, UnavailableError, encoding, from_rpc
from coq_checker.goals import Goal
from coq_checker.result import Reason, Timings, Verdict
from palmetto_protos.checker.v1 import checker_pb2 as pb


class StepFailedError(CheckerError):
    """A request of a session failed; the session and its states go on.

    Attributes:
        verdict, reason: of what kind.
        start, end: byte range of the failing sentence in the text that was run, where there is one.
    """

    def __init__(self, error: pb.SessionError) -> None:
        super().__init__(error.message)
        self.verdict: Verdict = convert.verdict_from_pb(error.verdict)
        self.reason: Reason = convert.reason_from_pb(error.reason)
        self.start = error.start_byte if error.HasField("start_byte") else None
        self.end = error.end_byte if error.HasField("end_byte") else None


@dataclass(frozen=True, slots=True)
class State:
    """An immutable state of a session.

    Attributes:
        number: its number in the session.
        in_proof: a proof is open.
        messages: what Coq printed on the way here.
        goals: the goals in focus, where asked for.
        goal_count: how many goals there are in all, those out of focus and on the shelf counted.
        toolchain, coq_version: whose states they are.
        unfocused_count, shelved_count, given_up_count: of the goals, where asked for.
        shelf, given_up: the goals on the shelf and those that were given up, where asked for.
    """

    number: int
    in_proof: bool
    messages: tuple[str, ...]
    goals: tuple[Goal, ...]
    goal_count: int
    timings: Timings
    toolchain: str = ""
    coq_version: str = ""
    unfocused_count: int = 0
    shelved_count: int = 0
    given_up_count: int = 0
    shelf: tuple[Goal, ...] = ()
    given_up: tuple[Goal, ...] = ()


class Session:
    """An interactive session. Use as an async context manager; its processes end with it.

    One request at a time; `run` on any state answered earlier branches off there.
    """

    def __init__(self, call: Any, start: State) -> None:
        self._call = call
        self.start = start

    @classmethod
    async def open(cls, call: Any, request: pb.OpenRequest) -> "Session":
        """Opens the session over a gRPC stream."""
        response = await _ask(call, pb.SessionRequest(open=request))
        return cls(call, _state(response.state))

    async def state(self, statement: str) -> None:
        """Makes the state where a statement's proof is open the session's start.

        Raises:
            EnvironmentFailedError: it does not run in Coq, or opens no proof.
        """
        try:
            stated = await self.run(self.start, statement)
        except StepFailedError as error:
            raise EnvironmentFailedError(f"the statement does not run in Coq: {error}") from error
        if not stated.in_proof:
            raise EnvironmentFailedError("the statement does not open a proof.")
        self.start = stated

    async def __aenter__(self) -> "Session":
        """The session is open already."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the session."""
        self.close()

    def close(self) -> None:
        """Ends the session and its processes."""
        self._call.cancel()

    async def run(self, state: State, text: str, *, want_goals: bool = True) -> State:
        """The state after `text` is run on `state`.

        Raises:
            StepFailedError: a sentence failed or was refused.
        """
        with encoding():
            request = pb.RunRequest(state=state.number, text=text, want_goals=want_goals)
        return _state((await _ask(self._call, pb.SessionRequest(run=request))).state)

    async def query(self, state: State, command: str) -> list[str]:
        """What Coq prints for one `Search`, `Check`, `Print`, `About`, `Locate`, ... in `state`.

        Raises:
            StepFailedError: it is no query, or it failed.
        """
        with encoding():
            request = pb.QueryRequest(state=state.number, command=command)
        return list((await _ask(self._call, pb.SessionRequest(query=request))).query.messages)

    async def goals(self, state: State) -> tuple[Goal, ...]:
        """The goals in focus in `state`."""
        request = pb.GoalsRequest(state=state.number)
        return _state((await _ask(self._call, pb.SessionRequest(goals=request))).state).goals


def _state(message: pb.StateResponse) -> State:
    return State(
        number=message.state,
        in_proof=message.in_proof,
        messages=tuple(message.messages),
        goals=tuple(convert.goal_from_pb(goal) for goal in message.goals),
        goal_count=message.goal_count,
        timings=convert.timings_from_pb(message.timings),
        toolchain=message.toolchain,
        coq_version=message.coq_version,
        unfocused_count=message.unfocused_count,
        shelved_count=message.shelved_count,
        given_up_count=message.given_up_count,
        shelf=tuple(convert.goal_from_pb(goal) for goal in message.shelf),
        given_up=tuple(convert.goal_from_pb(goal) for goal in message.given_up),
    )


async def _ask(call: Any, request: pb.SessionRequest) -> pb.SessionResponse:
    try:
        await call.write(request)
        response = await call.read()
    except grpc.aio.AioRpcError as error:
        raise from_rpc(error) from error
    except grpc.aio.UsageError as error:
        raise UnavailableError("the session is closed.") from error
    if response is grpc.aio.EOF:
        code = await call.code()
        raise from_rpc(
            grpc.aio.AioRpcError(
                code, await call.initial_metadata(), await call.trailing_metadata(), await call.details()
            )
        )
    if response.WhichOneof("response") == "error":
        raise StepFailedError(response.error)
    answer: pb.SessionResponse = response
    return answer
