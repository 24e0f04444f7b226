"""The gRPC service: each method reads its messages, asks, and writes the answer."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import grpc

from coq_checker import convert
from coq_checker.engine.api import EngineLostError, EngineStartError
from coq_checker.environment import Environment, EnvironmentFailedError
from coq_checker.gates.kernel import SoundnessPolicy
from coq_checker.goals import Goals
from coq_checker.pool.pool import Pool
from coq_checker.projects import NoSuchNameError, Projects, SourceFile
from coq_checker.result import Timings
from coq_checker.server.answers import toolchain_to_pb
from coq_checker.server.errors import (
    InvalidRequestError,
    UnavailableError,
    UnknownNameError,
    environment_error,
    request_error,
)
from coq_checker.server.fields import checked
from coq_checker.server.files import FileAsk, FileChecks
from coq_checker.server.interactive import Interactive, Step
from coq_checker.server.naming import Naming
from coq_checker.server.proofs import ProofChecks
from coq_checker.server.requests import Requests
from coq_checker.server.steps import StepError
from coq_checker.server.traces import Step as TracedStep
from coq_checker.server.traces import Traces
from coq_checker.settings import CheckerSettings
from coq_checker.toolchain import ToolchainError
from coq_checker.toolchains import UnknownToolchainError
from coqdata.theorem import Theorem
from palmetto_protos.checker.v1 import checker_pb2 as pb
from palmetto_protos.checker.v1 import checker_pb2_grpc as pb_grpc

_PAGE = 1000
# Tells clients that `CheckProofsRequest.more` is read.
_MORE = "palmetto-more"

Context = grpc.aio.ServicerContext[Any, Any]


class CheckerServicer(pb_grpc.CoqCheckerServiceServicer):
    """See the proto for what each method promises. Errors are raised as RequestError; an interceptor
    answers them with their status.
    """

    def __init__(self, settings: CheckerSettings, pool: Pool, projects: Projects) -> None:
        self._settings = settings
        self._pool = pool
        self._projects = projects
        self._requests = Requests(settings, projects)
        self._naming = Naming(pool, projects)
        self._proofs = ProofChecks(self._requests, pool, self._naming)
        self._files = FileChecks(pool)
        self._traces = Traces(pool)

    async def CheckProof(self, request: pb.CheckProofRequest, context: Context) -> pb.CheckProofResponse:
        """One candidate."""
        return pb.CheckProofResponse(result=convert.result_to_pb(await self._proofs.one(request)))

    async def CheckProofs(
        self, request_iterator: AsyncIterator[pb.CheckProofsRequest], context: Context
    ) -> AsyncIterator[pb.CheckProofsResponse]:
        """Many candidates, answered as they finish."""
        await context.send_initial_metadata(((_MORE, "1"),))
        async for name, result in self._proofs.many(request_iterator):
            yield pb.CheckProofsResponse(id=name, result=convert.result_to_pb(result))

    async def CheckFile(self, request: pb.CheckFileRequest, context: Context) -> AsyncIterator[pb.CheckFileResponse]:
        """Every theorem of a file."""
        begun = time.monotonic()
        environment, second = await self._requests.file_and_second(request, request.second_opinion)
        source = _where(request)
        ask = FileAsk(
            limits=self._requests.limits(request.limits),
            axioms=self._requests.axioms(request.axioms, environment),
            soundness=self._requests.soundness(request.soundness, environment, SoundnessPolicy.REPORT),
            want_goals=request.want_goals,
            recheck=request.recheck,
            second=second,
        )
        found: list[Theorem] = []
        try:
            async for theorem, result in self._files.check(environment, ask):
                found.append(theorem)
                if not result.proved:
                    self._requests.require_standing(environment, begun)
                yield pb.CheckFileResponse(
                    theorem=_theorem_to_pb(*source, environment.source, theorem, whole=False),
                    result=convert.result_to_pb(result),
                )
            await self._naming.learn(*source, environment.source, found, environment.options.toolchain.name)
        except EnvironmentFailedError as error:
            self._requests.require_standing(environment, begun)
            raise environment_error(error) from error
        except (EngineStartError, EngineLostError) as error:
            self._requests.require_standing(environment, begun)
            raise UnavailableError(f"{str(error).rstrip('.')}.") from error

    async def TraceFile(self, request: pb.TraceFileRequest, context: Context) -> AsyncIterator[pb.TraceFileResponse]:
        """The goals of a file's proofs."""
        begun = time.monotonic()
        environment = await self._requests.file(request)
        used = environment.options.toolchain
        self._requests.printing(request.printing)
        source = _where(request)
        limits = self._requests.limits(request.limits)
        traces = self._traces.trace(environment, request.printing, limits)
        try:
            async for trace in traces:
                if trace.problem:
                    self._requests.require_standing(environment, begun)
                yield pb.TraceFileResponse(
                    theorem=_theorem_to_pb(*source, environment.source, trace.theorem, whole=False),
                    steps=[_traced_to_pb(step, environment.source) for step in trace.steps],
                    problem=trace.problem,
                    timings=convert.timings_to_pb(trace.timings),
                    toolchain=used.name,
                    coq_version=used.coq_version,
                )
        except EnvironmentFailedError as error:
            self._requests.require_standing(environment, begun)
            raise environment_error(error) from error
        except (EngineStartError, EngineLostError) as error:
            self._requests.require_standing(environment, begun)
            raise UnavailableError(str(error)) from error
        finally:
            await traces.aclose()  # type: ignore[attr-defined]

    async def Session(
        self, request_iterator: AsyncIterator[pb.SessionRequest], context: Context
    ) -> AsyncIterator[pb.SessionResponse]:
        """An interactive session."""
        session: Interactive | None = None
        try:
            async for request in request_iterator:
                checked(request)
                kind = request.WhichOneof("request")
                if session is None:
                    if kind != "open":
                        raise InvalidRequestError("the first request of a session must be `open`.")
                    session = Interactive(self._pool, self._requests.limits(request.open.limits))
                    yield await self._open(session, request.open)
                    continue
                begun = time.monotonic()
                try:
                    async with self._pool.busy():
                        yield await self._answer(session, kind, request)
                except StepError as error:
                    self._requests.require_standing(session.environment, begun)
                    yield pb.SessionResponse(
                        error=pb.SessionError(
                            verdict=convert.verdict_to_pb(error.verdict),
                            reason=convert.reason_to_pb(error.reason),
                            message=str(error),
                            start_byte=error.start,
                            end_byte=error.end,
                        )
                    )
        finally:
            if session is not None:
                session.close()

    async def _open(self, session: Interactive, request: pb.OpenRequest) -> pb.SessionResponse:
        kind = request.WhichOneof("environment")
        begun = time.monotonic()
        environment: Environment | None = None
        try:
            if kind == "theorem":
                source, theorem = self._requests.theorem(request.theorem)
                environment = await self._projects.environment(source, request.theorem.toolchain)
                position = theorem.start
                statement: bytes | None = source.source[theorem.start : theorem.statement_end]
            elif kind == "text":
                text = self._requests.whole(request.text.text, "open.text.text")
                environment = await self._requests.text_environment(text, request.text, "open.text")
                position, statement = len(text), None
            else:
                raise InvalidRequestError("`open.environment` is not set: send `theorem` or `text`.")
            return _step_to_pb(await session.open(environment, position, statement), session)
        except (NoSuchNameError, UnknownToolchainError, EnvironmentFailedError) as error:
            if environment is not None:
                self._requests.require_standing(environment, begun)
            raise request_error(error) from error
        except (EngineLostError, EngineStartError) as error:
            if environment is not None:
                self._requests.require_standing(environment, begun)
            raise UnavailableError(f"the session could not be opened: {error}.") from error

    async def _answer(self, session: Interactive, kind: str | None, request: pb.SessionRequest) -> pb.SessionResponse:
        if kind == "run":
            text = self._requests.text(request.run.text, "run.text", self._settings.max_candidate_bytes)
            return _step_to_pb(await session.run(request.run.state, text, request.run.want_goals), session)
        if kind == "query":
            command = self._requests.text(request.query.command, "query.command", self._settings.max_candidate_bytes)
            messages, wall_ns = await session.query(request.query.state, command.decode())
            return pb.SessionResponse(
                query=pb.QueryResponse(messages=messages, timings=convert.timings_to_pb(Timings(wall_ns=wall_ns)))
            )
        if kind == "goals":
            goals = await session.goals(request.goals.state)
            response = pb.StateResponse(state=request.goals.state, in_proof=session.in_proof(request.goals.state))
            _add_goals(response, goals)
            _say_toolchain(response, session)
            return pb.SessionResponse(state=response)
        raise InvalidRequestError("a session is opened once; send `run`, `query` or `goals`.")

    async def ListProjects(self, request: pb.ListProjectsRequest, context: Context) -> pb.ListProjectsResponse:
        """The projects that this server knows."""
        return pb.ListProjectsResponse(projects=[await self._project(name) for name in self._projects.names()])

    async def _project(self, name: str) -> pb.Project:
        project = self._projects.project(name)
        files = self._projects.files(project)
        try:
            choice = await self._projects.choice(project)
        except ToolchainError as error:
            return pb.Project(name=name, files=files, toolchain_why=str(error))
        return pb.Project(name=name, files=files, toolchain=choice.name, toolchain_why=choice.why)

    async def ListToolchains(self, request: pb.ListToolchainsRequest, context: Context) -> pb.ListToolchainsResponse:
        """The toolchains that this server has, or can have."""
        toolchains = self._projects.toolchains
        default = toolchains.default.name
        found = await toolchains.listed()
        return pb.ListToolchainsResponse(toolchains=[toolchain_to_pb(one, default) for one in found])

    async def ListTheorems(self, request: pb.ListTheoremsRequest, context: Context) -> pb.ListTheoremsResponse:
        """The theorems of a project, page by page; a page's token is the number of those before it."""
        checked(request)
        start = int(request.page_token or 0)
        size = min(request.page_size or _PAGE, _PAGE)
        try:
            sources = await asyncio.to_thread(self._sources, request.project, request.file)
        except NoSuchNameError as error:
            raise UnknownNameError(str(error)) from error
        found = [
            _theorem_to_pb(request.project, source.path, source.source, one, whole=False)
            for source in sources
            for one in source.theorems
        ]
        after = start + size
        return pb.ListTheoremsResponse(
            theorems=found[start:after], next_page_token=str(after) if after < len(found) else ""
        )

    def _sources(self, project: str, file: str) -> list[SourceFile]:
        return [self._projects.file(project, file)] if file else list(self._projects.readable_files(project))

    async def GetTheorem(self, request: pb.GetTheoremRequest, context: Context) -> pb.GetTheoremResponse:
        """One theorem."""
        checked(request)
        try:
            source, theorem = self._requests.theorem(request.theorem)
        except UnknownNameError:
            if not await self._naming.ask(request.theorem):
                raise
            source, theorem = self._requests.theorem(request.theorem)
        return pb.GetTheoremResponse(
            theorem=_theorem_to_pb(request.theorem.project, source.path, source.source, theorem, whole=True)
        )


def _where(request: pb.CheckFileRequest | pb.TraceFileRequest) -> tuple[str, str]:
    """Project and path that the answers name."""
    given = request.file if request.WhichOneof("source") == "file" else request.text
    return given.project, given.file


def _theorem_to_pb(project: str, path: str, source: bytes, theorem: Theorem, *, whole: bool) -> pb.Theorem:
    proof = source[theorem.proof_start : theorem.proof_end].decode("utf-8", "replace") if whole else ""
    return pb.Theorem(
        project=project,
        file=path,
        name=theorem.name,
        qualified_name=theorem.qualified_name,
        kind=theorem.kind.value,
        index=theorem.index,
        statement=source[theorem.start : theorem.statement_end].decode("utf-8", "replace"),
        proof=proof,
        start_byte=theorem.start,
        statement_end_byte=theorem.statement_end,
        proof_start_byte=theorem.proof_start,
        proof_end_byte=theorem.proof_end,
    )


def _traced_to_pb(step: TracedStep, source: bytes) -> pb.TracedStep:
    return pb.TracedStep(
        text=source[step.start : step.end].decode("utf-8", "replace"),
        start_byte=step.start,
        end_byte=step.end,
        goals=[convert.goal_to_pb(goal) for goal in step.goals.goals],
        goal_count=step.goals.count,
    )


def _add_goals(response: pb.StateResponse, goals: Goals) -> None:
    response.goals.extend(convert.goal_to_pb(goal) for goal in goals.goals)
    response.goal_count = goals.total
    response.unfocused_count = goals.unfocused
    response.shelved_count = goals.shelved
    response.given_up_count = goals.given_up_count
    response.shelf.extend(convert.goal_to_pb(goal) for goal in goals.shelf)
    response.given_up.extend(convert.goal_to_pb(goal) for goal in goals.given_up)


def _say_toolchain(response: pb.StateResponse, session: Interactive) -> None:
    used = session.environment.options.toolchain
    response.toolchain, response.coq_version = used.name, used.coq_version


def _step_to_pb(step: Step, session: Interactive) -> pb.SessionResponse:
    response = pb.StateResponse(
        state=step.state,
        in_proof=step.in_proof,
        messages=step.messages,
        timings=convert.timings_to_pb(Timings(wall_ns=step.wall_ns, cpu_ns=step.cpu_ns)),
    )
    if step.goals is not None:
        _add_goals(response, step.goals)
    _say_toolchain(response, session)
    return pb.SessionResponse(state=response)
