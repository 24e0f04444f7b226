"""The asynchronous client."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from dataclasses import dataclass
from types import TracebackType

import grpc

from coq_checker import convert
from coq_checker.client.channels import Channels
from coq_checker.client.errors import InvalidRequestError, encoding, from_rpc
from coq_checker.client.messages import FreeStatement, Options, TheoremRef, check_request
from coq_checker.client.session import Session, State
from coq_checker.client.types import (
    CheckedTheorem,
    ProjectInfo,
    TheoremInfo,
    ToolchainInfo,
    Traced,
    theorem_from_pb,
    toolchain_from_pb,
    traced_from_pb,
)
from coq_checker.result import ProofResult, Reason, Verdict
from palmetto_protos.checker.v1 import checker_pb2 as pb

__all__ = ["CheckItem", "CheckerClient", "Session", "State"]


@dataclass(frozen=True, slots=True)
class CheckItem:
    """One item of a stream of checks; `id` comes back with its answer.

    Raises:
        ValueError: not exactly one of `proof` and `script` is given.
    """

    id: str
    target: TheoremRef | FreeStatement
    proof: str | None = None
    script: str | None = None
    options: Options = Options()

    def __post_init__(self) -> None:
        if (self.proof is None) == (self.script is None):
            raise ValueError("give either proof= (the body) or script= (a whole text)")


class CheckerClient:
    """A client of a checker, or of several. Use as an async context manager, one for a process.

    Args:
        address: `HOST:PORT` or `unix:/path`; `dns:///NAME:PORT` for all checkers behind a name (a headless service),
            `ipv4:A:PORT,B:PORT` for several: a theorem stays with one of them, and new ones go where the fewest are.
        max_message_bytes: largest message sent or received.

    Every method raises a `CheckerError` where the request could not run.
    """

    def __init__(self, address: str, *, max_message_bytes: int = 64 << 20) -> None:
        self._channels = Channels(address, max_message_bytes)

    async def __aenter__(self) -> "CheckerClient":
        """Nothing is sent yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the connection; what is under way is cancelled."""
        await self.close()

    async def close(self) -> None:
        """Closes the connection."""
        await self._channels.close()

    async def wait_until_ready(self, timeout_s: float = 30.0) -> None:
        """Waits until the server answers.

        Raises:
            TimeoutError: it did not within `timeout_s`.
        """
        await self._channels.wait_until_ready(timeout_s)

    async def check_proof(
        self,
        target: TheoremRef | FreeStatement,
        proof: str | None = None,
        *,
        script: str | None = None,
        options: Options | None = None,
        timeout_s: float | None = None,
    ) -> ProofResult:
        """Checks one candidate: the body of a proof, or a whole `script`.

        Args:
            timeout_s: deadline of the call; the work is killed when it passes.
        """
        request = check_request(target, proof, script, options or Options())
        whom = _keys(target)
        response = await self._channels.unary("CheckProof", request, **whom, timeout_s=timeout_s)
        return convert.result_from_pb(response.result)

    async def check_proofs(
        self, items: Iterable[CheckItem] | AsyncIterable[CheckItem], *, timeout_s: float | None = None
    ) -> AsyncIterator[tuple[str, ProofResult]]:
        """Checks many candidates; answers come as they finish, each with its item's id."""

        broken: list[Exception] = []
        # Items whose text no message can hold: they fail no other.
        refused: list[tuple[str, ProofResult]] = []

        async def messages() -> AsyncIterator[pb.CheckProofsRequest]:
            try:
                async for item in _as_async(items):
                    try:
                        check = check_request(item.target, item.proof, item.script, item.options)
                    except InvalidRequestError as error:
                        refused.append((item.id, ProofResult(Verdict.ERROR, Reason.INVALID_REQUEST, str(error))))
                    else:
                        yield pb.CheckProofsRequest(id=item.id, check=check)
            except Exception as error:
                broken.append(error)  # gRPC only cancels the call
                raise

        call = (await self._channels.stub()).CheckProofs(messages(), timeout=timeout_s)
        try:
            async for response in call:
                while refused:
                    yield refused.pop(0)
                yield response.id, convert.result_from_pb(response.result)
            while refused:
                yield refused.pop(0)
        except (grpc.aio.AioRpcError, asyncio.CancelledError) as error:
            if broken:
                raise broken[0] from None
            if isinstance(error, grpc.aio.AioRpcError):
                raise from_rpc(error) from error
            raise
        finally:
            call.cancel()

    async def check_file(
        self,
        *,
        project: str = "",
        file: str = "",
        text: str | None = None,
        logical_name: str = "",
        toolchain: str = "",
        options: Options | None = None,
        timeout_s: float | None = None,
    ) -> AsyncIterator[CheckedTheorem]:
        """Checks every theorem of a project's file, or of a text, with the proofs that stand there.

        Args:
            project, file: a file of a project as the server has it; or
            text, logical_name: a text; `project` gives its load path, and `file` whose place it takes there.
            toolchain: the name of another than the project's.
            options: limits and the like.
            timeout_s: deadline of the call; the work is killed when it passes.
        """
        options = options or Options()
        request = pb.CheckFileRequest(
            limits=options.limits_to_pb(),
            axioms=options.axioms_to_pb(),
            want_goals=options.want_goals,
            recheck=options.recheck,
        )
        with encoding():
            if text is not None:
                request.text.CopyFrom(_text(text, project, logical_name, file, toolchain))
            else:
                request.file.CopyFrom(pb.FileRef(project=project, file=file, toolchain=toolchain))
        call = (await self._channels.stub(file=hash((project, file, toolchain)))).CheckFile(request, timeout=timeout_s)
        try:
            async for response in call:
                yield CheckedTheorem(theorem_from_pb(response.theorem), convert.result_from_pb(response.result))
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from error
        finally:
            call.cancel()

    async def trace_file(
        self,
        *,
        project: str = "",
        file: str = "",
        text: str | None = None,
        logical_name: str = "",
        toolchain: str = "",
        printing: str = "",
        options: Options | None = None,
    ) -> AsyncIterator[Traced]:
        """The goals that each sentence of each proof of a file met, one answer a theorem.

        Args:
            project, file: a file of a project as the server has it; or
            text, logical_name: a text; `project` gives its load path, and `file` whose place it takes there.
            toolchain: the name of another than the project's.
            printing: how goals are printed (`coqdata.printing`).
            options: limits of each theorem.
        """
        request = pb.TraceFileRequest(limits=(options or Options()).limits_to_pb(), printing=printing)
        with encoding():
            if text is not None:
                request.text.CopyFrom(_text(text, project, logical_name, file, toolchain))
            else:
                request.file.CopyFrom(pb.FileRef(project=project, file=file, toolchain=toolchain))
        call = (await self._channels.stub(file=hash((project, file, toolchain)))).TraceFile(request)
        try:
            async for response in call:
                yield traced_from_pb(response)
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from error
        finally:
            call.cancel()

    async def session(
        self,
        target: TheoremRef | FreeStatement | None = None,
        *,
        context: str = "",
        project: str = "",
        toolchain: str = "",
        options: Options | None = None,
    ) -> Session:
        """Opens an interactive session.

        Args:
            target: whose proof is open at the start; or
            context, project, toolchain: a text that the session goes on from.
            options: limits of each request.

        Raises:
            TypeError, ValueError: the target is neither, or both it and a context are given.
        """
        if target is not None and (context or project or toolchain):
            raise ValueError("give either a target or context=, project= and toolchain=; a target has them itself")
        request = pb.OpenRequest(limits=(options or Options()).limits_to_pb())
        with encoding():
            if isinstance(target, TheoremRef):
                request.theorem.CopyFrom(target.to_pb())
            elif isinstance(target, FreeStatement):
                request.text.CopyFrom(target.environment_to_pb())
            elif target is None:
                request.text.CopyFrom(_text(context, project, toolchain=toolchain))
            else:
                raise TypeError(f"a session opens at a TheoremRef or a FreeStatement, not at {target!r}")
        stub = await self._channels.stub(**_keys(target))
        session = await Session.open(stub.Session(), request)
        if isinstance(target, FreeStatement):
            try:
                await session.state(target.statement)
            except BaseException:
                session.close()
                raise
        return session

    async def projects(self) -> list[ProjectInfo]:
        """The projects that the server knows."""
        response = await self._channels.unary("ListProjects", pb.ListProjectsRequest())
        return [ProjectInfo(one.name, tuple(one.files), one.toolchain, one.toolchain_why) for one in response.projects]

    async def toolchains(self) -> list[ToolchainInfo]:
        """The toolchains that the server has, or can have."""
        response = await self._channels.unary("ListToolchains", pb.ListToolchainsRequest())
        return [toolchain_from_pb(one) for one in response.toolchains]

    async def theorems(self, project: str, file: str = "") -> AsyncIterator[TheoremInfo]:
        """The theorems of a project or of one of its files, in file order, without their proofs."""
        token = ""
        while True:
            with encoding():
                request = pb.ListTheoremsRequest(project=project, file=file, page_token=token)
            response = await self._channels.unary("ListTheorems", request)
            for one in response.theorems:
                yield theorem_from_pb(one)
            token = response.next_page_token
            if not token:
                return

    async def theorem(self, target: TheoremRef) -> TheoremInfo:
        """One theorem, with the proof that stands in the file."""
        with encoding():
            request = pb.GetTheoremRequest(theorem=target.to_pb())
        response = await self._channels.unary("GetTheorem", request)
        return theorem_from_pb(response.theorem)


def _keys(target: TheoremRef | FreeStatement | None) -> dict[str, int | None]:
    """What of a target stays with one checker: itself, and what has to be made ready for it. Hashes: texts are long."""
    if target is None:
        return {"target": None, "file": None}
    if isinstance(target, TheoremRef):
        return {"target": hash(target), "file": hash((target.project, target.file, target.toolchain))}
    made_ready = (target.project, target.logical_name, target.context, target.toolchain)
    return {"target": hash(target), "file": hash(made_ready)}


def _text(text: str, project: str, logical_name: str = "", file: str = "", toolchain: str = "") -> pb.TextEnvironment:
    return pb.TextEnvironment(text=text, project=project, logical_name=logical_name, file=file, toolchain=toolchain)


async def _as_async(items: Iterable[CheckItem] | AsyncIterable[CheckItem]) -> AsyncIterator[CheckItem]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item
