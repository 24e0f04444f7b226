"""CheckFile: every theorem of a file with the proof that stands in it, in one pass over the file."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from coq_checker.ending import left_open
from coq_checker.engine.api import Audit, EngineLostError, EngineOutputError, Proof
from coq_checker.environment import Environment, EnvironmentFailedError
from coq_checker.gates.axioms import AxiomPolicy
from coq_checker.gates.kernel import SoundnessPolicy
from coq_checker.judge import Policy, failure_kind, judge_audits
from coq_checker.limits import Limits
from coq_checker.opinion import Elsewhere, opinion
from coq_checker.pool.document import Document
from coq_checker.pool.passed import Passed
from coq_checker.pool.pool import Pool
from coq_checker.pool.watchdog import Breach
from coq_checker.recheck import GIVEN_UP, Answer, assumed, confirmed_text, recheck_file
from coq_checker.result import ProofResult, Reason, SecondOpinion, Timings, Verdict
from coq_checker.server.answers import reached_in
from coqdata.theorem import Theorem

_TRIES = 2
# What a look at a proof's term may take, whatever the theorem's limits are: the first in a library walks through it.
_AUDIT_CPU_MS, _AUDIT_WALL_MS = 30_000, 120_000
# The checks that a file can switch off, as Coq prints them, and what a proof then rests on.
_CHECKS = {"check_guarded": "guarded", "check_positive": "positive", "check_universes": "type_in_type"}


@dataclass(frozen=True, slots=True)
class FileAsk:
    """What is asked about a file; `second` is the file in another toolchain, which is asked for its opinion."""

    limits: Limits
    axioms: AxiomPolicy
    soundness: SoundnessPolicy = SoundnessPolicy.REPORT
    want_goals: bool = False
    recheck: bool = False
    second: Elsewhere | None = None


async def _all(answers: AsyncIterator[Answer]) -> tuple[list[Answer], EnvironmentFailedError | None]:
    """Every answer, and what ended them."""
    found: list[Answer] = []
    try:
        async for answer in answers:
            found.append(answer)
    except EnvironmentFailedError as error:
        return found, error
    return found, None


class FileChecks:
    """Checks of whole files."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def check(self, environment: Environment, ask: FileAsk) -> AsyncIterator[tuple[Theorem, ProofResult]]:
        """One answer a theorem, in file order; with a recheck or a second opinion all of them at the end.

        Where the file fails outside of its proofs, the theorems from there on are answered ERROR.

        Raises:
            EnvironmentFailedError: what follows the last theorem fails.
        """
        if ask.second is None:
            async for theorem, result in self._confirmed(environment, ask):
                yield theorem, self._counted(environment, result)
            return
        found, broken = await _all(self._confirmed(environment, ask))
        told: SecondOpinion | None = None
        if any(result.proved for _, result in found):
            left = self._left(environment)
            told = await opinion(ask.second, lambda there: confirmed_text(there, found, left))
        for theorem, result in found:
            yield theorem, self._counted(environment, replace(result, second_opinion=told if result.proved else None))
        if broken is not None:
            raise broken

    async def _confirmed(self, environment: Environment, ask: FileAsk) -> AsyncIterator[tuple[Theorem, ProofResult]]:
        answers = self._answers(environment, ask)
        if not ask.recheck:
            async for answer in answers:
                yield answer
            return
        found, broken = await _all(answers)
        for answer in await recheck_file(environment, found, self._left(environment)):
            yield answer
        if broken is not None:
            raise broken

    def _left(self, environment: Environment) -> dict[int, bytes]:
        """How the session left proofs that failed, by where their statements begin."""
        return {start: passed.left for start, passed in self._pool.document(environment).passed.items()}

    def _counted(self, environment: Environment, result: ProofResult) -> ProofResult:
        self._pool.count(result)
        return reached_in(result, environment)

    async def _answers(self, environment: Environment, ask: FileAsk) -> AsyncIterator[tuple[Theorem, ProofResult]]:
        # The document may serve a longer text as well.
        document, size = self._pool.document(environment), len(environment.source)
        broken: EnvironmentFailedError | None = None
        last: Theorem | None = None
        around: tuple[Theorem, ProofResult] | None = None
        while stated := document.reading.next_theorems(-1 if last is None else last.start, size):
            theorem = stated[0]
            result: ProofResult | None = None
            if theorem.nested and around is not None and assumed(*around):
                why = f"it stands inside the proof of {around[0].name}, which fails: {around[1].message}"
                result = replace(around[1], message=why, timings=Timings())
            elif broken is None:
                try:
                    async with self._pool.busy(), document.lock:
                        result = await self._surely(document, theorem, ask, document.reading.problem_of(size))
                except EnvironmentFailedError as error:
                    broken = error
            # On the way there Coq may have said that there are others, or that it is none.
            found = document.reading.next_theorems(-1 if last is None else last.start, size)
            if [one.start for one in found] != [one.start for one in stated] or found[0].ending != theorem.ending:
                continue
            if broken is not None or result is None:
                result = ProofResult(
                    Verdict.ERROR,
                    Reason.ENVIRONMENT,
                    str(broken),
                    start=broken.start if broken is not None else None,
                    end=broken.end if broken is not None else None,
                )
            last = theorem
            if not theorem.nested:
                around = found[0], result
            for number, one in enumerate(found):
                # The time is told with the first of those that are proved together.
                yield one, result if number == 0 else replace(result, timings=Timings())
        if broken is None and (last is None or last.ending is not None):
            async with self._pool.busy(), document.lock:
                await document.prepare(size, self._pool.settings.environment_limits)
                problem = document.reading.problem_of(size)
                left = "" if problem else await left_open(document.engine, document.state_at(size))
            if problem or left:
                raise EnvironmentFailedError(f"{environment.label}: {problem or f'coqc does not take it, for {left}'}.")

    async def _surely(self, document: Document, theorem: Theorem, ask: FileAsk, problem: str | None) -> ProofResult:
        """The answer on one theorem, asked for once more where Coq died on the way."""
        lost = ""
        for _ in range(_TRIES):
            try:
                return await self._theorem(document, theorem, ask, problem)
            except (EngineLostError, EngineOutputError) as error:
                document.close()
                lost = str(error)
            except asyncio.CancelledError:
                document.close()  # it works on what nobody waits for any longer
                raise
        why = f"the Coq process died {_TRIES} times on this theorem ({lost})."
        return ProofResult(Verdict.ERROR, Reason.WORKER_LOST, why)

    async def _theorem(self, document: Document, theorem: Theorem, ask: FileAsk, problem: str | None) -> ProofResult:
        limits = self._pool.settings.environment_limits
        if theorem.ending is None:
            return await self._unended(document, theorem, ask, problem)
        await document.prepare(theorem.proof_end, limits, ask.limits)
        held = document.reading.theorem_at(theorem.start)
        passed = None if held is None else document.passed.get(held.start)
        if held is not None and passed is not None and passed.stale(ask.limits):
            document.forget(held)
            await document.prepare(theorem.proof_end, limits, ask.limits)
            passed = document.passed.get(held.start)
        if passed is None:
            # It stands inside another proof, or Coq said only behind it that it is one.
            given_up = self._given_up(theorem, document.reading.around(theorem))
            return given_up or await self._audited(document, theorem, ask)
        timings = Timings(wall_ns=passed.wall_ns, execute_ns=passed.wall_ns, cpu_ns=passed.cpu_ns)
        result = self._failure(document, theorem, ask, passed)
        if result is None:
            result = await self._audited(document, theorem, ask)
        return replace(result, timings=replace(timings, audit_ns=result.timings.audit_ns))

    async def _unended(self, document: Document, theorem: Theorem, ask: FileAsk, problem: str | None) -> ProofResult:
        """The answer on a theorem whose proof the file does not end."""
        await document.prepare(theorem.statement_end, self._pool.settings.environment_limits)
        start, end = theorem.start, theorem.proof_end
        try:
            await document.prepare(theorem.proof_end, ask.limits)
        except EnvironmentFailedError as error:
            if error.start == error.end:
                why = f"the file ends inside of the proof, and {error}"
                return ProofResult(Verdict.INCOMPLETE, Reason.OPEN_GOALS, why, start=start, end=end)
            text = document.environment.source[error.start : error.end].decode("utf-8", "replace")
            reason = Reason.SYNTAX if error.syntax else Reason.TACTIC
            return ProofResult(Verdict.FAILED, reason, error.said, text, start=error.start, end=error.end)
        if problem is not None:
            return ProofResult(Verdict.FAILED, Reason.SYNTAX, f"{problem}.", start=start, end=end)
        why = "the file ends inside of the proof."
        return ProofResult(Verdict.INCOMPLETE, Reason.OPEN_GOALS, why, start=start, end=end)

    @staticmethod
    def _given_up(theorem: Theorem, around: Sequence[Theorem] = ()) -> ProofResult | None:
        """The answer on a theorem whose proof, or one around it, is given up; None where none is."""
        ending = next((one for one in around if one.ending in GIVEN_UP), None)
        if theorem.ending in GIVEN_UP:
            why = f"the proof ends with {theorem.ending}."
        elif ending is not None:
            # Coq keeps what it proved inside as an axiom, or drops it too.
            why = f"it stands inside the proof of {ending.name}, which ends with {ending.ending}."
        else:
            return None
        return ProofResult(Verdict.INCOMPLETE, Reason.ADMITTED, why, start=theorem.start, end=theorem.proof_end)

    @staticmethod
    def _failure(document: Document, theorem: Theorem, ask: FileAsk, passed: Passed) -> ProofResult | None:
        error = passed.error
        if error is None and passed.cpu_ns > ask.limits.cpu_ms * 1_000_000:
            # It went through for somebody who allowed more.
            passed = Passed.broken(Breach.CPU, ask.limits, TimeoutError())
            error = passed.error
        if error is None:
            return FileChecks._given_up(theorem)
        if passed.verdict is not None:
            return ProofResult(passed.verdict, passed.reason, error.message, start=theorem.start, end=theorem.proof_end)
        where = document.reading.sentences[passed.sentence or 0]
        source = document.environment.source
        text = source[where.start : where.end].decode("utf-8", "replace")
        verdict, reason = failure_kind(error, text)
        result = ProofResult(
            verdict=verdict,
            reason=reason,
            message=error.message,
            sentence=text,
            sentence_index=(passed.sentence or 0) - document.index_at(theorem.statement_end),
            start=where.start,
            end=where.end,
        )
        return result.with_goals(passed.goals) if ask.want_goals else result

    async def _audited(self, document: Document, theorem: Theorem, ask: FileAsk) -> ProofResult:
        outermost = next(iter(document.reading.around(theorem)), theorem)
        await document.prepare(outermost.proof_end, self._pool.settings.environment_limits, ask.limits)
        before = document.state_at(theorem.start)
        proof = Proof(
            known=before,
            before=before,
            stated=document.state_at(theorem.statement_end),
            ended=document.state_at(theorem.proof_end),
            asked=document.state_at(outermost.proof_end),
            renamed=theorem.renamed,
        )
        limits = replace(
            ask.limits,
            cpu_ms=max(ask.limits.cpu_ms, _AUDIT_CPU_MS),
            wall_ms=max(ask.limits.wall_ms, _AUDIT_WALL_MS),
        )
        with self._pool.watchdog.watch(document.engine, limits) as guard:
            try:
                audits = await document.engine.audit(proof)
            except EngineLostError as error:
                if guard.breach is None:
                    raise
                document.close()
                broken = Passed.broken(guard.breach, limits, error)
                verdict = broken.verdict or Verdict.TIMEOUT
                said = broken.error.message if broken.error is not None else str(error)
                why = f"looking at what the proof rests on took too much: {said}"
                return ProofResult(verdict, broken.reason, why, start=theorem.start, end=theorem.proof_end)
        if not audits:
            why = "its axioms could not be audited: it declared nothing."
            return ProofResult(Verdict.ERROR, Reason.UNCLEAR_TEXT, why)
        for audit in audits:
            if audit.problem is not None:
                why = f"its axioms could not be audited: {audit.problem}"
                return ProofResult(Verdict.ERROR, Reason.UNCLEAR_TEXT, why)
        audits = tuple(await self._as_switched(document, before, audits))
        version = document.environment.options.toolchain.version
        return judge_audits(audits, Policy(ask.axioms, ask.soundness, version))

    @staticmethod
    async def _as_switched(document: Document, before: int, audits: Sequence[Audit]) -> Sequence[Audit]:
        """Audits in which a check that is off where the theorem stands is the file's doing, not its proof's."""
        if not any(one.kind in _CHECKS.values() and not one.known for audit in audits for one in audit.assumptions):
            return audits
        printed = "\n".join((await document.engine.query(before, "Print Typing Flags.")).messages)
        off = {kind for check, kind in _CHECKS.items() if f"{check}: false" in printed}
        return [
            replace(
                audit,
                assumptions=tuple(replace(one, known=one.known or one.kind in off) for one in audit.assumptions),
            )
            for audit in audits
        ]
