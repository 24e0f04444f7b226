"""From request messages to what the pool is asked; everything a client can get wrong is said here."""

import codecs
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial

from coq_checker.check import Ask
from coq_checker.environment import Environment, EnvironmentFailedError
from coq_checker.gates.axioms import AxiomPolicy
from coq_checker.gates.kernel import SoundnessPolicy
from coq_checker.gates.statement import StatementError, anchor
from coq_checker.gates.text import Mode, begins_command
from coq_checker.judge import NOT_STRICT
from coq_checker.limits import Limits, grant
from coq_checker.opinion import Elsewhere
from coq_checker.pool.worker import Target
from coq_checker.projects import NoSuchNameError, Projects, SourceFile, is_inside
from coq_checker.server.errors import (
    EnvironmentRequestError,
    InvalidRequestError,
    UnknownNameError,
    environment_error,
    request_error,
)
from coq_checker.server.fields import checked, inside
from coq_checker.settings import PRELUDE_OPTION, CheckerSettings
from coq_checker.toolchain.engines import SERAPI
from coq_checker.toolchains import UnknownToolchainError
from coqdata import printing
from coqdata.sentence import split
from coqdata.source import plain, problem
from coqdata.theorem import Theorem
from palmetto_protos.checker.v1 import checker_pb2 as pb

_SOUNDNESS = {
    pb.SOUNDNESS_POLICY_STRICT: SoundnessPolicy.STRICT,
    pb.SOUNDNESS_POLICY_REPORT: SoundnessPolicy.REPORT,
}
# Makes an environment in the toolchain of a name; the empty one is its own.
_Make = Callable[[str], Awaitable[Environment]]
# Preludes remembered.
_PRELUDES = 64


@dataclass(frozen=True, slots=True)
class ProofRequest:
    """A CheckProof request, understood; `second` is its environment in the toolchain that is asked for its opinion."""

    target: Target
    ask: Ask
    recheck: bool
    second: Elsewhere | None = None


class Requests:
    """Reads requests, against the server's settings and projects."""

    def __init__(self, settings: CheckerSettings, projects: Projects) -> None:
        self.settings = settings
        self.projects = projects
        # Those that were found good: a prover asks hundreds of questions with the same two.
        self._preludes: dict[str, bytes] = {}

    def text(self, value: str, field: str, limit_bytes: int) -> bytes:
        """A text field as bytes.

        Raises:
            InvalidRequestError: it is too large, or holds what Coq cannot be given.
        """
        data = value.encode("utf-8", "surrogatepass")
        if len(data) > limit_bytes:
            raise InvalidRequestError(
                f"`{field}` has {len(data)} bytes; this server takes at most {limit_bytes} "
                "(PALMETTO_CHECKER_MAX_CANDIDATE_BYTES, PALMETTO_CHECKER_MAX_SOURCE_BYTES)."
            )
        at = data.find(b"\0")
        if at >= 0:
            raise InvalidRequestError(f"`{field}` holds a NUL byte at offset {at}: take it out.")
        if data.startswith(codecs.BOM_UTF8):
            raise InvalidRequestError(
                f"`{field}` begins with a byte order mark, which Coq reads where a file begins only: take it out."
            )
        return data

    def whole(self, value: str | bytes, field: str) -> bytes:
        """A text that stands at the beginning of a file, as `coqdata.source.plain` has it: what coqc takes is taken.

        Raises:
            InvalidRequestError: it is too large, or holds what Coq cannot read.
        """
        data = value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
        limit_bytes = self.settings.max_source_bytes
        if len(data) > limit_bytes:
            raise InvalidRequestError(
                f"`{field}` has {len(data)} bytes; this server takes at most {limit_bytes} "
                "(PALMETTO_CHECKER_MAX_SOURCE_BYTES)."
            )
        data = plain(data)
        why = problem(data, as_text=False)
        if why is not None:
            raise InvalidRequestError(f"`{field}` {why}.")
        return data

    def limits(self, message: pb.Limits) -> Limits:
        """The limits granted."""
        settings = self.settings
        return grant(
            settings.default_limits,
            settings.maximum_limits,
            cpu_ms=message.cpu_ms,
            wall_ms=message.wall_ms,
            memory_bytes=message.memory_bytes,
            output_bytes=message.output_bytes,
            goals_bytes=message.goals_bytes,
        )

    @staticmethod
    def axioms(message: pb.Axioms, environment: Environment) -> AxiomPolicy:
        """Which axioms are allowed to proofs in an environment."""
        roots = environment.options.toolchain.standard_libraries
        return AxiomPolicy(tuple(message.allowed), message.policy != pb.AXIOM_POLICY_LISTED, roots)

    def soundness(
        self, policy: pb.SoundnessPolicy.ValueType, environment: Environment, default: SoundnessPolicy
    ) -> SoundnessPolicy:
        """What becomes of proofs that the kernel should perhaps not have accepted.

        Raises:
            EnvironmentRequestError: it cannot be found out with the engine that runs the environment.
        """
        asked = _SOUNDNESS.get(policy, default)
        if asked is SoundnessPolicy.STRICT and environment.options.engine == SERAPI:
            raise EnvironmentRequestError(NOT_STRICT)
        return asked

    def require_standing(self, environment: Environment, since: float) -> None:
        """Looks whether the toolchain stood while something was judged with it: what fails without it says nothing.

        Args:
            environment: that was used.
            since: when the work began, by the monotonic clock, in seconds.

        Raises:
            UnavailableError: it was removed or replaced.
        """
        try:
            self.projects.toolchains.require_standing(environment.options.toolchain, since)
        except EnvironmentFailedError as error:
            raise environment_error(error) from error

    def theorem(self, ref: pb.TheoremRef) -> tuple[SourceFile, Theorem]:
        """The theorem that a reference names.

        Raises:
            InvalidRequestError: the reference is not complete.
            UnknownNameError: there is no such theorem.
        """
        if not ref.project:
            raise InvalidRequestError("`theorem.project` is empty: name a project (ListProjects).")
        if not ref.theorem and not ref.HasField("index"):
            raise InvalidRequestError("`theorem.theorem` is empty: name a theorem (ListTheorems).")
        index = ref.index if ref.HasField("index") else None
        try:
            return self.projects.theorem(ref.project, ref.file, ref.theorem, index)
        except NoSuchNameError as error:
            raise UnknownNameError(str(error)) from error

    async def _elsewhere(self, name: str, make: _Make) -> Elsewhere | None:
        """An environment in the toolchain whose opinion is asked for; None where none is.

        Raises:
            InvalidRequestError: this server has no toolchain of that name.
        """
        if not name:
            return None
        toolchains = self.projects.toolchains
        try:
            await toolchains.require_known(name)
        except UnknownToolchainError as error:
            raise InvalidRequestError(
                f"`second_opinion` has to be a toolchain of this checker itself: {error}"
            ) from error
        return Elsewhere(name, partial(make, name), toolchains.require_standing)

    async def text_environment(self, text: bytes, message: pb.TextEnvironment, field: str) -> Environment:
        """The environment of a text that something is to follow; `field` is where the request has it.

        Raises:
            EnvironmentFailedError: it does not end where a sentence ends, its project does not build, or its toolchain
                cannot be had.
            InvalidRequestError: its file is no place of a module.
            NoSuchNameError: there is no such project.
            UnknownToolchainError: there is no such toolchain.
        """
        return await self._ended(text, message, field, message.toolchain)

    async def _ended(self, text: bytes, message: pb.TextEnvironment, field: str, toolchain: str) -> Environment:
        environment = await self._placed(text, message, field, toolchain)
        if environment.problem is not None:
            raise EnvironmentFailedError(f"{environment.label}: {environment.problem}.")
        return environment

    async def _placed(self, text: bytes, message: pb.TextEnvironment, field: str, toolchain: str) -> Environment:
        if message.project and is_inside(message.file):
            inside(message.file, f"{field}.file")
        return await self.projects.text_environment(
            text, message.project, message.logical_name, message.file, toolchain
        )

    async def file(self, request: pb.CheckFileRequest | pb.TraceFileRequest) -> Environment:
        """The environment of a whole file.

        Raises:
            RequestError: of the kind that the status says.
        """
        return (await self.file_and_second(request, ""))[0]

    async def file_and_second(
        self, request: pb.CheckFileRequest | pb.TraceFileRequest, second: str
    ) -> tuple[Environment, Elsewhere | None]:
        """The environment of a whole file, here and in the toolchain whose opinion is asked for.

        Raises:
            RequestError: of the kind that the status says.
        """
        checked(request)
        kind = request.WhichOneof("source")
        try:
            if kind == "file":
                source = self.projects.file(request.file.project, request.file.file)
                self.whole(source.source, request.file.file)
                make: _Make = partial(self.projects.environment, source)
                elsewhere = await self._elsewhere(second, make)
                return await make(request.file.toolchain), elsewhere
            if kind == "text":
                given = request.text
                text = self.whole(given.text, given.file or "text.text")
                make = partial(self._placed, text, given, "text")
                elsewhere = await self._elsewhere(second, make)
                return await make(given.toolchain), elsewhere
        except (NoSuchNameError, UnknownToolchainError, EnvironmentFailedError) as error:
            raise request_error(error) from error
        raise InvalidRequestError("`source` is not set: send `file` or `text`.")

    async def _target(self, request: pb.CheckProofRequest, mode: Mode) -> tuple[Target, Elsewhere | None]:
        """Where the candidate is to be checked, and in the toolchain whose opinion is asked for.

        Raises:
            RequestError: of the kind that the status says.
        """
        kind = request.WhichOneof("target")
        try:
            if kind == "theorem":
                source, theorem = self.theorem(request.theorem)
                make: _Make = partial(self.projects.environment, source)
                second = await self._elsewhere(request.second_opinion, make)
                environment = await make(request.theorem.toolchain)
                statement = source.source[theorem.start : theorem.statement_end]
                return self._checked(Target(environment, theorem.start, statement, mode)), second
            if kind == "statement":
                free = request.statement
                text = self.whole(free.environment.text, "statement.environment.text")
                statement = self.text(free.statement, "statement.statement", self.settings.max_candidate_bytes).strip()
                if not statement:
                    raise InvalidRequestError("the statement is empty: send `Theorem NAME : TYPE.`.")
                parsed = split(statement)
                # A symbol of a notation may hold a full stop: then only Coq can tell, which takes one sentence alone.
                commands = [one for one in parsed.sentences[1:] if begins_command(statement, one)]
                if not parsed.sentences or commands or parsed.problem is not None:
                    raise InvalidRequestError("the statement must be one sentence that ends with a full stop.")
                make = partial(self._ended, text, free.environment, "statement.environment")
                second = await self._elsewhere(request.second_opinion, make)
                environment = await make(free.environment.toolchain)
                return self._checked(Target(environment, len(text), statement, mode)), second
        except (NoSuchNameError, UnknownToolchainError, EnvironmentFailedError) as error:
            raise request_error(error) from error
        raise InvalidRequestError("`target` is not set: send `theorem` or `statement`.")

    @staticmethod
    def _checked(target: Target) -> Target:
        if target.mode is Mode.SCRIPT:
            try:
                anchor(target.statement)
            except StatementError as error:
                raise InvalidRequestError(str(error)) from error
        return target

    def prelude(self, text: str) -> bytes:
        """The sentences of a prelude.

        Raises:
            InvalidRequestError: one of them is not allowed.
        """
        held = self._preludes.get(text)
        if held is not None:
            return held
        data = self.text(text, "prelude", self.settings.max_candidate_bytes)
        parsed = split(data)
        for sentence in parsed.sentences:
            said = " ".join(data[sentence.start : sentence.end].decode().split())
            if said not in self.settings.preludes and not PRELUDE_OPTION.fullmatch(said):
                raise InvalidRequestError(
                    f"`prelude` may hold {' '.join(self.settings.preludes)} and `Set Hammer ...`, not {said[:200]!r} "
                    "(PALMETTO_CHECKER_PRELUDES)."
                )
        if parsed.problem is not None:
            raise InvalidRequestError(f"`prelude` does not end where a sentence ends: {parsed.problem}.")
        if len(self._preludes) >= _PRELUDES:
            self._preludes.clear()
        self._preludes[text] = data
        return data

    @staticmethod
    def printing(profile: str) -> tuple[str, ...]:
        """The commands of a printing profile.

        Raises:
            InvalidRequestError: there is no such profile.
        """
        try:
            return printing.commands(profile)
        except ValueError as error:
            raise InvalidRequestError(f"`printing`: {error}") from error

    async def proof(self, request: pb.CheckProofRequest) -> ProofRequest:
        """A whole CheckProof request.

        Raises:
            RequestError: of the kind that the status says.
        """
        checked(request)
        kind = request.WhichOneof("candidate")
        if kind is None:
            raise InvalidRequestError("`candidate` is not set: send `proof` or `script`.")
        mode = Mode.PROOF if kind == "proof" else Mode.SCRIPT
        text = self.text(getattr(request, kind), kind, self.settings.max_candidate_bytes)
        if mode is Mode.SCRIPT and (request.partial or request.prelude):
            raise InvalidRequestError("`partial` and `prelude` go with `proof`, not with `script`.")
        target, second = await self._target(request, mode)
        if request.prelude or request.printing:
            target = replace(target, prelude=self.prelude(request.prelude), printing=self.printing(request.printing))
        ask = Ask(
            text=text,
            mode=mode,
            limits=self.limits(request.limits),
            axioms=self.axioms(request.axioms, target.environment),
            soundness=self.soundness(request.soundness, target.environment, self.settings.soundness),
            want_goals=request.want_goals,
            partial=request.partial,
            want_messages=request.want_messages,
            max_sentences=self.settings.max_sentences,
        )
        return ProofRequest(target, ask, request.recheck, second)
