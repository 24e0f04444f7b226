"""The asynchronous client."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable
from types import TracebackType

import grpc

from coq_checker import convert
from coq_checker.client.errors import encoding
from coq_checker.client.messages import FreeStatement, Options, TheoremRef, check_request
from coq_checker.client.router import Router
from coq_checker.client.session import Session, State
from coq_checker.client.streams import CheckItem, check_all
from coq_checker.client.types import (
    CheckedTheorem,
    ProjectInfo,
    TheoremInfo,
    ToolchainInfo,
    Traced,
    project_from_pb,
    theorem_from_pb,
    toolchain_from_pb,
    traced_from_pb,
)
from coq_checker.result import ProofResult
from palmetto_protos.checker.v1 import checker_pb2 as pb

__all__ = ["CheckItem", "CheckerClient", "Session", "State"]


class CheckerClient:
    """A client of a checker, or of several. Use as an async context manager, one for a process.

    Args:
        address: `HOST:PORT` or `unix:/path`; `dns:///NAME:PORT` for all checkers behind a name (a headless service),
            `ipv4:A:PORT,B:PORT` for several: a theorem stays with one of them, and new ones go where the fewest are.
            Several of these, with white space between, are checkers with toolchains of their own: a question goes where
            the toolchain is that it names or its project needs, and without either to the first.
        max_message_bytes: largest message sent or received.

    Every method raises a `CheckerError` where the request could not run.
    """

    def __init__(self, address: str, *, max_message_bytes: int = 64 << 20) -> None:
        self._router = Router(address, max_message_bytes)

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
        await self._router.close()

    async def wait_until_ready(self, timeout_s: float = 30.0) -> None:
        """Waits until the server answers; of several one of them.

        Raises:
            TimeoutError: it did not within `timeout_s`.
        """
        await self._router.wait_until_ready(timeout_s)

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
        channels = await self._router.channels(target.toolchain, target.project)
        response = await channels.unary("CheckProof", request, **_keys(target), timeout_s=timeout_s)
        return convert.result_from_pb(response.result)

    def check_proofs(
        self, items: Iterable[CheckItem] | AsyncIterable[CheckItem], *, timeout_s: float | None = None
    ) -> AsyncIterator[tuple[str, ProofResult]]:
        """Checks many candidates; answers come as they finish, each with its item's id."""
        return check_all(self._router, items, timeout_s)

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
            soundness=options.soundness_to_pb(),
        )
        with encoding():
            request.second_opinion = options.second_opinion
            if text is not None:
                request.text.CopyFrom(_text(text, project, logical_name, file, toolchain))
            else:
                request.file.CopyFrom(pb.FileRef(project=project, file=file, toolchain=toolchain))
        channels = await self._router.channels(toolchain, project)
        call = (await channels.stub(file=hash((project, file, toolchain)))).CheckFile(request, timeout=timeout_s)
        try:
            async for response in call:
                yield CheckedTheorem(theorem_from_pb(response.theorem), convert.result_from_pb(response.result))
        except grpc.aio.AioRpcError as error:
            raise channels.error(error) from error
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
        channels = await self._router.channels(toolchain, project)
        call = (await channels.stub(file=hash((project, file, toolchain)))).TraceFile(request)
        try:
            async for response in call:
                yield traced_from_pb(response)
        except grpc.aio.AioRpcError as error:
            raise channels.error(error) from error
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
        if target is not None:
            toolchain, project = target.toolchain, target.project
        channels = await self._router.channels(toolchain, project)
        stub = await channels.stub(**_keys(target))
        session = await Session.open(stub.Session(), request)
        if isinstance(target, FreeStatement):
            try:
                await session.state(target.statement)
            except BaseException:
                session.close()
                raise
        return session

    async def projects(self) -> list[ProjectInfo]:
        """The projects that the server knows; of several servers those of all that answer."""
        if self._router.only is None:
            return await self._router.projects()
        response = await self._router.only.unary("ListProjects", pb.ListProjectsRequest())
        return [project_from_pb(one) for one in response.projects]

    async def toolchains(self) -> list[ToolchainInfo]:
        """The toolchains that the server has, or can have; of several servers those of all that answer."""
        if self._router.only is None:
            return await self._router.toolchains()
        response = await self._router.only.unary("ListToolchains", pb.ListToolchainsRequest())
        return [toolchain_from_pb(one) for one in response.toolchains]

    async def theorems(self, project: str, file: str = "") -> AsyncIterator[TheoremInfo]:
        """The theorems of a project or of one of its files, in file order, without their proofs."""
        channels = await self._router.channels(project=project)
        token = ""
        while True:
            with encoding():
                request = pb.ListTheoremsRequest(project=project, file=file, page_token=token)
            response = await channels.unary("ListTheorems", request)
            for one in response.theorems:
                yield theorem_from_pb(one)
            token = response.next_page_token
            if not token:
                return

    async def theorem(self, target: TheoremRef) -> TheoremInfo:
        """One theorem, with the proof that stands in the file."""
        with encoding():
            request = pb.GetTheoremRequest(theorem=target.to_pb())
        channels = await self._router.channels(project=target.project)
        response = await channels.unary("GetTheorem", request)
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
