"""A worker: a fork of a document, where candidates run one after the other."""

from dataclasses import dataclass

from coq_checker.audit import Auditor, PluginAuditor
from coq_checker.candidate import Candidate, read
from coq_checker.check import Ask, Place, check
from coq_checker.environment import Environment, EnvironmentFailedError
from coq_checker.gates.statement import Anchor, anchor
from coq_checker.gates.text import Mode
from coq_checker.limits import Limits
from coq_checker.pool.document import Document
from coq_checker.pool.passed import breach_verdict
from coq_checker.pool.watchdog import LONG_NS, Watchdog
from coq_checker.quick import Quick, Spot, coqs_sentences, quick_check
from coq_checker.result import ProofResult, Reason, Verdict
from coq_checker.run import open_proofs, run
from coq_checker.session import process
from coq_checker.session.api import CoqSession, SessionLostError, SessionOutputError, queries_at
from coqdata.sentence import Split, split

# After this many candidates a worker is made anew: SerAPI keeps every comment and every state it saw.
MAX_USES = 1000
# ... or when it has grown by this much. CoqHammer remembers what it read of the libraries (300 to 600 MB), and the next
# `hammer` in the process takes 1 CPU second in place of 5 until it looks for a proof.
MAX_GROWTH_BYTES = 1 << 30
# A worker goes on by itself to a theorem that is no farther than this.
_NEAR_BYTES = 8 << 10
# After an audit that took longer, the document is told what to remember for its next forks.
_SLOW_AUDIT_NS = 15_000_000


@dataclass(frozen=True, slots=True)
class Target:
    """Where candidates are checked: what is to be proved, and in which environment.

    Attributes:
        environment: the text around it.
        position: byte offset in the environment's text before the statement.
        statement: the sentence that opens the proof, as the server states it.
        mode: candidates are bodies of its proof, or scripts that state and prove it themselves.
        prelude: sentences that stand between the environment and the statement.
        printing: commands that say how goals are printed.
    """

    environment: Environment
    position: int
    statement: bytes
    mode: Mode
    prelude: bytes = b""
    printing: tuple[str, ...] = ()

    @property
    def setup(self) -> bytes:
        """What runs before the statement."""
        return b"\n".join([self.prelude, *(command.encode() for command in self.printing)]).strip()


class Worker:
    """One forked session, for the targets that its document was past when it was forked, and near ones beyond."""

    def __init__(self, target: Target, base: Document, document: Document, session: CoqSession) -> None:
        self.target = target
        self.uses = 0
        self._base = base
        self._document = document
        self._session = session
        self._stands_at: tuple[Target, Place] | None = None
        self._start_rss = process.rss_bytes(session.pid)
        self.dead = False
        self.lesson: tuple[str, ...] = ()

    @classmethod
    async def make(cls, target: Target, base: Document, limits: Limits) -> "Worker":
        """Forks the document, which has executed what is before the target.

        Raises:
            EnvironmentFailedError: the environment does not run.
            SessionLostError: a process died on the way; the next try starts anew.
        """
        session, _ = await base.fork_past(target.position, limits)
        return cls(target, base, base.twin(session), session)

    def turn_to(self, target: Target, *, go_on: bool) -> bool:
        """Serves another target of the same text from now on; False where the worker cannot.

        Args:
            target: the next one.
            go_on: it may execute the text up to the target itself. Its document stays behind then, so that this
                is for one client that goes from theorem to theorem, not for a full queue.
        """
        if target == self.target:
            return True
        document, base = self._document, self._base
        if not (document.covers(target.environment) or document.extend(target.environment)):
            return False
        # To the next theorem it goes by itself: a fork would cost more. The document stays behind, and makes
        # up for it when this worker dies, so that no text is executed more than twice.
        far = base.holds(target.position) or target.position - document.position > _NEAR_BYTES
        if (far or not go_on) and not document.holds(target.position):
            return False
        self.target = target
        return True

    @property
    def there(self) -> bool:
        """Whether everything before the target is executed."""
        return self._document.holds(self.target.position)

    async def advance(self, limits: Limits) -> None:
        """Executes what is before the target.

        Raises:
            EnvironmentFailedError: that does not run.
            SessionLostError: the worker died.
        """
        try:
            self._stands_at = None
            await self._document.rewind(self._document.position)
            await self._document.prepare(self.target.position, limits)
        except BaseException:
            self.kill()
            raise

    @property
    def worn(self) -> bool:
        """Whether it should be made anew before the next candidate."""
        if self.dead or self.uses >= MAX_USES or not self._session.alive or not self._base.alive:
            return True
        return process.rss_bytes(self._session.pid) - self._start_rss > MAX_GROWTH_BYTES

    async def check(self, ask: Ask, auditor: Auditor, watchdog: Watchdog) -> ProofResult:
        """The verdict on one candidate, its limits kept.

        Raises:
            EnvironmentFailedError: the statement does not run.
            SessionLostError: the worker died without having passed a limit; another may be tried.
        """
        parsed = split(ask.text, declaring=self._document.reading.declarations(self.target.position))
        candidate = read(ask.text, ask.mode, ask.max_sentences, partial=ask.partial, parsed=parsed)
        quickly = isinstance(auditor, PluginAuditor) and self.target.mode is Mode.PROOF
        if isinstance(candidate, ProofResult) and (not quickly or candidate.reason is Reason.INVALID_REQUEST):
            return candidate
        self.uses += 1
        with watchdog.watch(self._session, ask.limits) as guard:
            try:
                result = await self._checked(ask, parsed, candidate, auditor)
                cpu_ns = guard.own_cpu_ns if guard.wall_ns < LONG_NS else guard.cpu_ns
            except SessionOutputError:
                self.kill()
                why = f"Coq's answer passed the output limit of {ask.limits.output_bytes} bytes."
                result = ProofResult(Verdict.FAILED, Reason.OUTPUT_LIMIT, why)
                cpu_ns = guard.cpu_ns
            except SessionLostError:
                self.kill()
                if guard.breach is None:
                    raise
                result = ProofResult(*breach_verdict(guard.breach, ask.limits))
                cpu_ns = guard.last_cpu_ns
            except BaseException:
                self.kill()
                raise
            return result.with_timings(cpu_ns=cpu_ns, wall_ns=guard.wall_ns)

    async def _checked(
        self, ask: Ask, parsed: Split, candidate: Candidate | ProofResult, auditor: Auditor
    ) -> ProofResult:
        """In one command where that gives a clear answer, else step by step."""
        target, session = self.target, self._session
        if isinstance(auditor, PluginAuditor) and target.mode is Mode.PROOF:
            spot = Spot(session, self._document.state_at(target.position), target.setup, target.statement)
            quick = await self._quickly(spot, ask, candidate, auditor)
            if quick is None:
                # An imported notation may hold full stops that end no sentence.
                coqs = split(ask.text, await coqs_sentences(spot, ask.text))
                if [one.end for one in coqs.sentences] != [one.end for one in parsed.sentences]:
                    candidate = read(ask.text, ask.mode, ask.max_sentences, partial=ask.partial, parsed=coqs)
                    quick = await self._quickly(spot, ask, candidate, auditor)
            if quick is not None:
                self.lesson = quick.lesson
                return quick.result
        if isinstance(candidate, ProofResult):
            return candidate
        place = await self._stand()
        result = await check(place, ask, candidate, auditor)
        if result.proved and result.timings.audit_ns > _SLOW_AUDIT_NS:
            self.lesson = tuple(await auditor.learn(queries_at(session), place.name))
        await session.back_to(place.state)
        return result

    @staticmethod
    async def _quickly(
        spot: Spot, ask: Ask, candidate: Candidate | ProofResult, auditor: PluginAuditor
    ) -> Quick | None:
        if isinstance(candidate, ProofResult):
            return None
        return await quick_check(spot, ask, candidate, auditor, _SLOW_AUDIT_NS)

    async def _stand(self) -> Place:
        """Goes to the target and opens its statement there, unless it stands there already."""
        target = self.target
        # Each script meets an anchor of its own: a name that an earlier answer gave away is worth
        # nothing, where a script that knew its anchor's name could put another meaning over it.
        if self._stands_at is None or self._stands_at[0] != target or target.mode is Mode.SCRIPT:
            self._stands_at = None
            await self._document.rewind(target.position)
            self._stands_at = target, await _open(target, self._session, self._document.gated)
        return self._stands_at[1]

    async def teach(self, limits: Limits) -> None:
        """Hands on to the document what made the last audit slow."""
        names, self.lesson = self.lesson, ()
        if names:
            await self._base.warm(list(names), limits)

    def kill(self) -> None:
        """Ends it at once."""
        self.dead = True
        self._session.kill()


async def _open(target: Target, session: CoqSession, known: set[bytes]) -> Place:
    before = session.tip
    await _set_up(target, session)
    if target.mode is Mode.SCRIPT:
        fixed: Anchor = anchor(target.statement)
        done = await run(session, fixed.before.encode(), 1)
        name = fixed.check
        closing: str | None = fixed.after
    else:
        done = await run(session, target.statement, 1)
        closing = None
        name = ""
    if done.failed is not None or done.unclear:
        message = done.error.message if done.error is not None else "it is not one sentence"
        raise EnvironmentFailedError(f"the statement does not run in Coq: {message}")
    if target.mode is Mode.PROOF:
        opened = await open_proofs(session)
        if not opened:
            raise EnvironmentFailedError("the statement does not open a proof.")
        name = opened[0]
    return Place(session, session.tip, before, name, closing, known)


async def _set_up(target: Target, session: CoqSession) -> None:
    """What stands before the statement, sentence by sentence: a `Require` changes how the next one is read."""
    for sentence in split(target.setup).sentences:
        done = await run(session, target.setup[sentence.start : sentence.end], 1)
        if done.failed is not None or done.unclear:
            said = done.error.message if done.error is not None else "it is not one sentence"
            raise EnvironmentFailedError(f"the prelude does not run in Coq: {said}")
