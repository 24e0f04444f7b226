"""What the prover asks of the checker: beginnings of proofs of one target, within one budget.

The checker is stateless for its clients: every question is a whole text. So a checker that restarts, or a worker that
is killed, costs nothing but time; questions are asked again until `checker_patience_s` has passed without an answer.
"""

import asyncio
import time
from dataclasses import dataclass

from coq_checker.client import (
    CheckerError,
    DeadlineExceededError,
    FreeStatement,
    Goal,
    InvalidRequestError,
    Options,
    OverloadedError,
    ProofResult,
    Reason,
    TheoremRef,
    UnavailableError,
    Verdict,
)
from prover.budget import Budget
from prover.ports import Checks
from prover.settings import ProverSettings


class CoqProblemError(Exception):
    """The target cannot be worked on: it does not run, or the checker is gone. The text is for people."""


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
    ) -> None:
        self.budget = budget
        self.settings = settings
        self.prelude = ""
        self._checker = checker
        self._target = target
        self.jobs = jobs
        self._slots = asyncio.Semaphore(jobs)
        self._prepared = False
        self.version = ""  # of Coq, once it has answered
        # What was asked, with the limit that it had: searches come by the same texts again.
        self._answered: dict[tuple[str, str, str, bool], tuple[int, Outcome]] = {}

    async def statement(self) -> str:
        """The statement as it stands in its file.

        Raises:
            CoqProblemError: there is no such theorem, or the checker is gone.
        """
        if isinstance(self._target, FreeStatement):
            return self._target.statement
        lost_at: float | None = None
        while True:
            try:
                return (await self._checker.theorem(self._target)).statement
            except (UnavailableError, OverloadedError) as error:
                lost_at = await self._pause(lost_at, error)
            except CheckerError as error:
                raise CoqProblemError(str(error)) from error

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
            )
            try:
                result = await self._check(text, options)
            except InvalidRequestError as error:
                if not self._prepared:
                    raise CoqProblemError(str(error)) from error
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
                return await self._check(script, Options(cpu_ms=cpu_ms, prelude=prelude))
            except InvalidRequestError as error:
                raise CoqProblemError(str(error)) from error

    async def _check(self, text: str, options: Options) -> ProofResult:
        """The checker's answer, charged to the budget.

        Raises:
            InvalidRequestError: it does not take the text.
            CoqProblemError: the target does not run, or the checker is gone.
        """
        # Preparing an environment may mean compiling a project; after that no answer takes long, but a busy
        # server's queue may be: each further wait is twice as long.
        deadline_s = _GRACE_S + 20 * options.cpu_ms / 1000 if self._prepared else None
        lost_at: float | None = None
        waits = 0
        while True:
            try:
                result = await self._checker.check_proof(self._target, text, options=options, timeout_s=deadline_s)
            except DeadlineExceededError as error:
                waits += 1
                if waits == _WAITS or deadline_s is None:
                    raise CoqProblemError(f"the checker does not answer: {error}") from error
                deadline_s *= 2
                continue
            except (UnavailableError, OverloadedError) as error:
                lost_at = await self._pause(lost_at, error)
                continue
            except InvalidRequestError:
                raise
            except CheckerError as error:
                raise CoqProblemError(str(error)) from error
            if result.verdict is Verdict.ERROR and result.reason is Reason.UNAVAILABLE:
                lost_at = await self._pause(lost_at, result.message)
                continue
            # Text that kills every worker it meets has failed; the theorem can still be worked on.
            if result.verdict is Verdict.ERROR and result.reason is not Reason.WORKER_LOST:
                raise CoqProblemError(result.message)
            self._prepared = True
            self.version = result.coq_version or self.version
            self.budget.charge(result.timings.cpu_ns / 1e9)
            return result

    async def _pause(self, lost_at: float | None, error: Exception | str) -> float:
        """Waits before the next try; answers when the checker was lost.

        Raises:
            CoqProblemError: it was tried for long enough.
        """
        now = time.monotonic()
        lost_at = now if lost_at is None else lost_at
        if now - lost_at > self.settings.checker_patience_s:
            raise CoqProblemError(f"the checker does not answer: {error}")
        wait_ms = error.retry_after_ms if isinstance(error, OverloadedError) else 300
        await asyncio.sleep(min(wait_ms / 1000, 5.0))
        return lost_at
