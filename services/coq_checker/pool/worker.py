"""A worker: a fork of a document, where candidates run one after the other."""

from dataclasses import dataclass

from coq_checker.check import Ask, Place, check
from coq_checker.engine import process
from coq_checker.engine.api import CoqEngine, EngineLostError, EngineOutputError
from coq_checker.environment import Environment, EnvironmentFailedError
from coq_checker.gates.text import Mode
from coq_checker.limits import Limits
from coq_checker.missing import with_remedy
from coq_checker.pool.document import Document
from coq_checker.pool.passed import breach_verdict
from coq_checker.pool.watchdog import LONG_NS, Watchdog
from coq_checker.result import ProofResult, Reason, Verdict

# After this many candidates a worker is made anew, whatever it has kept of them.
MAX_USES = 1000
# ... or when it has grown by this much. CoqHammer remembers what it read of the libraries (300 to 600 MB), and the next
# `hammer` in the process takes 1 CPU second in place of 5 until it looks for a proof.
MAX_GROWTH_BYTES = 1 << 30
# A worker goes on by itself to a theorem that is no farther than this.
_NEAR_BYTES = 8 << 10


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

    def __init__(self, target: Target, base: Document, document: Document, engine: CoqEngine) -> None:
        self.target = target
        self.uses = 0
        self._base = base
        self._document = document
        self._engine = engine
        self._start_rss = process.rss_bytes(engine.pid)
        self.dead = False
        self.lesson: tuple[str, ...] = ()

    @classmethod
    async def make(cls, target: Target, base: Document, limits: Limits) -> "Worker":
        """Forks the document, which has executed what is before the target.

        Raises:
            EnvironmentFailedError: the environment does not run.
            EngineLostError: a process died on the way; the next try starts anew.
        """
        engine, _ = await base.fork_past(target.position, limits)
        return cls(target, base, base.twin(engine), engine)

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
            EngineLostError: the worker died.
        """
        try:
            await self._document.prepare(self.target.position, limits)
        except BaseException:
            self.kill()
            raise

    @property
    def worn(self) -> bool:
        """Whether it should be made anew before the next candidate."""
        if self.dead or self.uses >= MAX_USES or not self._engine.alive or not self._base.alive:
            return True
        return self._engine.seen.rss_bytes - self._start_rss > MAX_GROWTH_BYTES

    def own_bytes(self) -> int:
        """Memory that it does not share with its document, at the most."""
        usage = process.usage(self._engine.pid)
        return usage.faulted_bytes if usage is not None else 0

    async def check(self, ask: Ask, watchdog: Watchdog) -> ProofResult:
        """The verdict on one candidate, its limits kept.

        Raises:
            EnvironmentFailedError: the statement does not run.
            EngineLostError: the worker died without having passed a limit; another may be tried.
        """
        target, reading = self.target, self._document.reading
        state, declaring = self._document.state_at(target.position), reading.declarations(target.position)
        self.uses += 1
        with watchdog.watch(self._engine, ask.limits) as guard:
            try:
                judged = await check(
                    Place(
                        self._engine,
                        state,
                        target.setup,
                        target.statement,
                        declaring,
                        target.environment.options.toolchain.version,
                    ),
                    ask,
                )
                self.lesson, result = judged.lesson, judged.result
                cpu_ns = guard.own_cpu_ns if guard.wall_ns < LONG_NS else guard.cpu_ns
                if process.has_living_children(self._engine.pid):
                    # They would read what the next candidate asks, and answer it.
                    self.kill()
            except EngineOutputError:
                self.kill()
                why = f"Coq's answer passed the output limit of {ask.limits.output_bytes} bytes."
                result = ProofResult(Verdict.FAILED, Reason.OUTPUT_LIMIT, why)
                cpu_ns = guard.cpu_ns
            except EngineLostError:
                self.kill()
                if guard.breach is None:
                    raise
                result = ProofResult(*breach_verdict(guard.breach, ask.limits))
                cpu_ns = guard.last_cpu_ns
            except EnvironmentFailedError as error:
                self.kill()
                # What it has set up is Coq's own words so far.
                raise type(error)(with_remedy(str(error), target.environment.options.toolchain)) from error
            except BaseException:
                self.kill()
                raise
            return result.with_timings(cpu_ns=cpu_ns, wall_ns=guard.wall_ns)

    async def teach(self, limits: Limits) -> None:
        """Hands on to the document what made the last audit slow, and ends: the next worker shares that with it."""
        if self.lesson:
            await self._base.warm(self.lesson, limits)
            self.kill()

    def kill(self) -> None:
        """Ends it at once."""
        self.dead = True
        self._engine.kill()
