"""What the prover asks of the checker: beginnings of proofs of one target, within one budget.

The checker is stateless for its clients: every question is a whole text. So a checker that restarts, or a worker that
is killed, costs nothing but time; questions are asked again until `checker_patience_s` has passed without an answer to
anybody. A text that the checker gives no answer to, while it answers others, has failed alone.
"""

import asyncio
import time
from dataclasses import dataclass

from coq_checker.client import (
    CheckerError,
    DeadlineExceededError,
    EnvironmentFailedError,
    FreeStatement,
    Goal,
    InvalidRequestError,
    NotFoundError,
    Options,
    OverloadedError,
    ProofResult,
    Reason,
    Soundness,
    TheoremRef,
    UnavailableError,
    UnreachableError,
    Verdict,
)
from prover.budget import Budget
from prover.codes import ErrorCode
from prover.faults import code_of, code_of_result
from prover.patience import Patience
from prover.ports import Checks
from prover.settings import ProverSettings


class CoqProblemError(Exception):
    """The target cannot be worked on: it does not run, or the checker is gone. The text is for people.

    Attributes:
        code: which of them.
    """

    def __init__(self, message: str, code: ErrorCode) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a beginning of a proof led to.

    Attributes:
        passed: every sentence went through.
        goals: those in focus then, as far as they are printed; before the failing sentence otherwise.
        count: how many are in focus.
        unfocused: how many are behind bullets and braces.
        complete: no goal is left anywhere.
        message: Coq's, where it failed.
        failed_at: index of the failing sentence.
        messages: what Coq printed.
        timeout: a limit was reached.
        unjudged: the machine or the checker failed, not the text.
        cpu_s: CPU seconds that it took.
    """

    passed: bool
    goals: tuple[Goal, ...] = ()
    count: int = 0
    complete: bool = False
    message: str = ""
    failed_at: int | None = None
    messages: tuple[str, ...] = ()
    timeout: bool = False
    unjudged: bool = False
    cpu_s: float = 0.0
    unfocused: int = 0

    @property
    def closed(self) -> bool:
        """It went through and left no goal in focus."""
        return self.passed and self.count == 0


# What a worker that must be made anew may need on top of a limit: the fork, the prelude, the path once more.
_AGAIN_MS = 400
# Wall clock of a call beyond what its limit accounts for.
_GRACE_S = 45.0
# Calls that may end without an answer in time before the checker is held for gone.
_WAITS = 4
# Times that a text is asked about which gets no answer, while others do.
_TRIES = 3
_PROBE_CPU_MS = 10_000
_PROBE_S = 180.0
# Answers: what the checker does not take, or cannot run.
_JUDGED = (InvalidRequestError, NotFoundError, EnvironmentFailedError)
_LIMITS = (Verdict.TIMEOUT, Verdict.OUT_OF_MEMORY)


class Coq:
    """One target at the checker. Every check is charged to the budget."""

    def __init__(
        self,
        checker: Checks,
        target: TheoremRef | FreeStatement,
        budget: Budget,
        settings: ProverSettings,
        *,
        jobs: int = 1,
        patience: Patience | None = None,
    ) -> None:
        self.budget = budget
        self.settings = settings
        self.prelude = ""
        # Whatever the checker has by default, and from the first question on: what the end would refuse is not worth
        # looking for, and where the policy cannot be kept that is said at once.
        self._soundness: Soundness = settings.soundness
        self._checker = checker
        self._target = target
        # Shared by all who ask the same checker: a dead one is waited for once.
        self._patience = patience or Patience(settings.checker_patience_s)
        self.jobs = jobs
        self._slots = asyncio.Semaphore(jobs)
        self._prepared = False
        # Of the Coq that works on it, once it has answered.
        self.version = self.toolchain = ""
        # What was asked, with the limit that it had: searches come by the same texts again.
        self._answered: dict[tuple[str, str, str, bool], tuple[int, Outcome]] = {}

    async def statement(self) -> str:
        """The statement as it stands in its file.

        Raises:
            CoqProblemError: there is no such theorem, or the checker is gone.
        """
        if isinstance(self._target, FreeStatement):
            return self._target.statement
        since = time.monotonic()
        while True:
            try:
                found = await self._checker.theorem(self._target)
            except (UnavailableError, OverloadedError) as error:
                await self._pause(since, error)
            except CheckerError as error:
                raise CoqProblemError(str(error), code_of(error)) from error
            else:
                self._patience.answered()
                return found.statement

    @property
    def unanswered(self) -> str:
        """What was said when the checker last did not answer; empty while it answers."""
        return self._patience.why

    async def run(
        self,
        text: str,
        *,
        cpu_ms: int,
        path_cost_s: float = 0.0,
        messages: bool = False,
        prelude: str | None = None,
        printing: str = "",
    ) -> Outcome:
        """Runs the beginning of a proof. One that was run before costs nothing.

        Args:
            text: sentences.
            cpu_ms: what the last of them may take; lowered to what is left of the budget.
            path_cost_s: what those before it took, in case they must be run again.
            messages: return what Coq prints.
            prelude: instead of the target's usual one.
            printing: how goals are printed; empty: as people see them.

        Raises:
            BudgetSpentError: nothing is left.
            CoqProblemError: the target does not run, or the checker is gone.
        """
        prelude = self.prelude if prelude is None else prelude
        asked = (text, prelude, printing, messages)
        async with self._slots, self.budget.reserve(cpu_ms / 1000) as granted_s:
            limit_ms = int(1000 * granted_s)
            held = self._answered.get(asked)
            if held is not None and (limit_ms <= held[0] or not held[1].timeout):
                return held[1]
            options = Options(
                cpu_ms=int(limit_ms + 1500 * path_cost_s + _AGAIN_MS),
                partial=True,
                want_goals=True,
                want_messages=messages,
                prelude=prelude,
                printing=printing,
                soundness=self._soundness,
            )
            try:
                result = await self._check(text, options)
            except InvalidRequestError as error:
                if not self._prepared:
                    raise CoqProblemError(str(error), code_of(error)) from error
                return Outcome(False, message=str(error))  # a text that the checker does not take, whatever it is
        cpu_s = result.timings.cpu_ns / 1e9
        passed = result.proved or (
            result.verdict is Verdict.INCOMPLETE and result.reason in (Reason.OPEN_GOALS, Reason.UNCLOSED)
        )
        outcome = Outcome(
            passed=passed,
            goals=result.goals,
            count=result.goal_count,
            complete=result.proved or result.reason is Reason.UNCLOSED,
            message="" if passed else result.message,
            failed_at=result.sentence_index,
            messages=result.messages,
            timeout=result.verdict in _LIMITS,
            unjudged=result.verdict is Verdict.ERROR or result.reason is Reason.WALL_LIMIT,
            cpu_s=cpu_s,
            unfocused=result.unfocused_count,
        )
        if result.reason is not Reason.WALL_LIMIT:  # of a busy machine
            self._answered[asked] = (limit_ms, outcome)
        return outcome

    async def verify(self, script: str, prelude: str) -> ProofResult:
        """The checker's verdict on a whole proof, from scratch. The budget does not stand in the way of it.

        Raises:
            CoqProblemError: the target does not run, or the checker is gone.
        """
        cpu_ms = int(1000 * max(20.0, self.budget.total_s))
        async with self._slots:
            try:
                return await self._check(script, Options(cpu_ms=cpu_ms, prelude=prelude, soundness=self._soundness))
            except InvalidRequestError as error:
                raise CoqProblemError(str(error), code_of(error)) from error

    async def _check(self, text: str, options: Options) -> ProofResult:
        """The checker's answer, charged to the budget; ERROR with WORKER_LOST for a text that alone gets none.

        Raises:
            InvalidRequestError: it does not take the text.
            CoqProblemError: the target does not run, or the checker is gone.
        """
        # Preparing an environment may mean compiling a project; after that no answer takes long, but a busy
        # server's queue may be: each further wait is twice as long.
        deadline_s = _GRACE_S + 20 * options.cpu_ms / 1000 if self._prepared else None
        since = time.monotonic()
        waits = lost = 0
        while True:
            try:
                result = await self._checker.check_proof(self._target, text, options=options, timeout_s=deadline_s)
            except DeadlineExceededError as error:
                self._patience.failed(str(error))
                waits += 1
                if deadline_s is None:
                    raise _gone(error) from error
                if waits == _WAITS:
                    await self._outlast(error)
                    return _left_alone(waits, error)
                deadline_s *= 2
                continue
            except OverloadedError as error:
                await self._pause(since, error)
                continue
            except _JUDGED as error:
                self._patience.answered()
                if isinstance(error, InvalidRequestError):
                    raise
                raise CoqProblemError(str(error), code_of(error)) from error
            except CheckerError as error:
                fault = error
            else:
                if result.verdict is not Verdict.ERROR or result.reason is Reason.WORKER_LOST:
                    self._patience.answered()
                    self._prepared = True
                    self.version = result.coq_version or self.version
                    self.toolchain = result.toolchain or self.toolchain
                    self.budget.charge(result.timings.cpu_ns / 1e9)
                    return result
                if result.reason is not Reason.UNAVAILABLE:
                    raise CoqProblemError(result.message, code_of_result(result))
                fault = UnavailableError(result.message)
            lost += 1
            if self._prepared:
                await self._outlast(fault)
                if lost == _TRIES:
                    return _left_alone(lost, fault)
            elif lost == _TRIES and not isinstance(fault, UnavailableError):
                raise CoqProblemError(str(fault), code_of(fault)) from fault
            else:
                await self._pause(since, fault)

    async def _outlast(self, fault: CheckerError) -> None:
        """Waits until the checker answers what it has answered before: whether the target runs.

        Raises:
            CoqProblemError: it was tried for long enough.
        """
        since = time.monotonic()
        while True:
            try:
                # No beginning of a proof, which would be remembered.
                result = await self._checker.check_proof(
                    self._target,
                    "",
                    options=Options(cpu_ms=_PROBE_CPU_MS, soundness=self._soundness),
                    timeout_s=_PROBE_S,
                )
            except _JUDGED:
                break
            except CheckerError as error:
                fault = error
            else:
                if result.verdict is not Verdict.ERROR:
                    break
                fault = UnavailableError(result.message)
            await self._pause(since, fault)
        self._patience.answered()

    async def _pause(self, since: float, error: CheckerError) -> None:
        """Waits before the next try.

        Args:
            since: when the first one was made.
            error: what came of the last one.

        Raises:
            CoqProblemError: it was tried for long enough, by this question or by all.
        """
        wait_s = 0.3
        if isinstance(error, OverloadedError):  # it is there
            wait_s = min(error.retry_after_ms / 1000, 5.0)
        else:
            self._patience.failed(str(error))
        if self._patience.spent or time.monotonic() - since > self._patience.limit_s:
            raise _gone(error) from error
        await asyncio.sleep(wait_s)


def _gone(error: CheckerError) -> CoqProblemError:
    """The end of an attempt whose checker was waited for in vain."""
    told = f"the checker does not answer: {error}"
    if not isinstance(error, UnreachableError):  # which says what to do
        told = f"the checker gave no answer ({str(error).rstrip('.')}): see that it runs and has room, then try again."
    return CoqProblemError(told, code_of(error))


def _left_alone(tries: int, error: CheckerError) -> ProofResult:
    why = f"the checker gave no answer to this text, {tries} times, while it answered others ({error})"
    return ProofResult(Verdict.ERROR, Reason.WORKER_LOST, why)
