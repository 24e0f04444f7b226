"""Tools that ask Coq itself: check a proof, run tactics, search.

All three go through the checker's `CheckProof`, whose gates look at every sentence before Coq executes it, and not
through its sessions, whose text is trusted. A state is the text that leads to it: nothing is kept here between calls,
so nothing has to be bounded or can be lost when a service restarts, and every state can be gone back to. The checker
remembers the states behind a beginning that it has run, so that sending it again costs only what is new.
"""

from typing import Annotated, Literal

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from coq_checker.client import CheckerClient, FreeStatement, Options, ProofResult, Reason, TheoremRef, Verdict
from coqdata.sentence import split
from coqdata.words import words
from palmetto.mcp.answers import (
    MESSAGE_LETTERS,
    STATEMENT_LETTERS,
    Checked,
    FailedTactic,
    Found,
    Goal,
    Ran,
    Step,
    cut,
    goals_of,
    message_of,
    shown,
)
from palmetto.mcp.call import Call, Ctx, call
from palmetto.mcp.server import PalmettoServer
from palmetto.mcp.services import Services
from palmetto.mcp.settings import CONTEXT_LETTERS, NAME_LETTERS, PROOF_LETTERS
from palmetto.mcp.targets import (
    ContextText,
    CpuSeconds,
    FileName,
    Index,
    Prelude,
    ProjectName,
    Soundness,
    Statement,
    Tactics,
    Target,
    TheoremName,
    ToolchainName,
    whole,
)

_GOALS_BYTES = 16 << 10
_QUERIES = ("Search", "SearchPattern", "SearchRewrite", "Check", "Print", "About", "Locate")
_FOUND_LETTERS = 48 << 10
# What a search without a statement is asked in.
_NO_STATEMENT = "Lemma palmetto_search : True."
# Wall clock of a check: the checker's own safety net, and time for the answer.
_WALL_FACTOR = 6.0


def add_checking(server: PalmettoServer, services: Services) -> None:
    """Adds `check_proof`, `run_tactics` and `search`."""

    @server.palmetto_tool("Check a proof")
    async def check_proof(
        ctx: Ctx,
        proof: Annotated[
            str,
            Field(
                max_length=PROOF_LETTERS,
                description="The body of the proof: tactics, with `Proof.` and `Qed.` or without. Without the "
                "theorem's statement, which is given by `theorem` or `statement`. Give this or `script`.",
            ),
        ] = "",
        script: Annotated[
            str,
            Field(
                max_length=PROOF_LETTERS,
                description="A whole text that states and proves the theorem itself, with helper lemmas and "
                "definitions before it.",
            ),
        ] = "",
        project: ProjectName = "",
        theorem: TheoremName = "",
        file: FileName = "",
        index: Index = None,
        statement: Statement = "",
        context: ContextText = "",
        prelude: Prelude = "",
        allowed_axioms: Annotated[
            list[Annotated[str, Field(max_length=NAME_LETTERS)]] | None,
            Field(
                max_length=1000,
                description="The only axioms that the proof may rest on; []: none. Not given: all that are there.",
            ),
        ] = None,
        cpu_s: CpuSeconds = 10.0,
        toolchain: ToolchainName = "",
        recheck: Annotated[
            bool, Field(description="Confirm a PROVED with coqc and coqchk in fresh processes.")
        ] = False,
        soundness: Soundness = None,
    ) -> Checked:
        """Check a complete proof that you wrote: PROVED only if Coq's kernel accepts it for exactly that statement.
        Where it fails: the sentence, Coq's message and the goals there. A failed proof is an answer, not an error. To
        work a proof out tactic by tactic use `run_tactics`; to have one found use `prove`."""
        target = Target(project, theorem, file, index, statement, context, toolchain).check().of_checker()
        if bool(proof) == bool(script):
            raise ToolError("give either `proof`, the body of a proof, or `script`, a whole text.")
        options = Options(
            cpu_ms=_ms(cpu_s),
            goals_bytes=_GOALS_BYTES,
            want_goals=True,
            axioms=allowed_axioms,
            recheck=recheck,
            prelude=prelude,
            soundness=soundness,
        )
        async with call(ctx, services, server.limits.call_s + _WALL_FACTOR * cpu_s, "checking") as one:
            checker = (await one.clients()).checker
            done = await checker.check_proof(target, proof or None, script=script or None, options=options)
        return Checked(
            verdict=done.verdict.value,
            reason=done.reason.value,
            message=message_of(done),
            sentence=cut(done.sentence, STATEMENT_LETTERS),
            start_byte=done.start,
            end_byte=done.end,
            goals=goals_of(done.goals),
            shelf=goals_of(done.shelf),
            given_up=goals_of(done.given_up),
            goal_count=done.goal_count,
            axioms=list(done.axioms),
            features=list(done.features),
            features_known=done.features_known,
            known_bugs=list(done.known_bugs),
            cpu_s=round(done.timings.cpu_ns / 1e9, 3),
            toolchain=done.toolchain,
            coq_version=done.coq_version,
        )

    @server.palmetto_tool("Run tactics")
    async def run_tactics(
        ctx: Ctx,
        tactics: Tactics,
        project: ProjectName = "",
        theorem: TheoremName = "",
        file: FileName = "",
        index: Index = None,
        statement: Statement = "",
        context: ContextText = "",
        prelude: Prelude = "",
        seen: Annotated[
            int,
            Field(ge=0, description="How many of the first tactics you know the states of: they are not shown again."),
        ] = 0,
        cpu_s: CpuSeconds = 10.0,
        toolchain: ToolchainName = "",
        soundness: Soundness = None,
    ) -> Ran:
        """Run tactics from the start of a theorem's proof and see the goals after each: with `tactics: []` the first
        goal. Nothing is kept between calls: to go on, send all tactics so far and the new ones (the old ones cost
        next to nothing); to go back, send fewer. Stops at the first tactic that fails, with Coq's message and the goals
        before it. When no goal is left, hand the proof to `check_proof`, whose verdict counts."""
        target = Target(project, theorem, file, index, statement, context, toolchain).check().of_checker()
        options = Options(_ms(cpu_s), want_goals=True, partial=True, prelude=prelude, soundness=soundness)
        steps = _Steps(target, whole(tactics), options)
        async with call(ctx, services, server.limits.call_s + _WALL_FACTOR * cpu_s, "running tactics") as one:
            return await steps.run(one, (await one.clients()).checker, seen)

    @server.palmetto_tool("Search with Coq")
    async def search(
        ctx: Ctx,
        command: Annotated[
            str,
            Field(
                max_length=20_000,
                description="One command of Search, SearchPattern, SearchRewrite, Check, Print NAME, About, Locate: "
                "`Search (_ + 0 = _).`, `Search rev app.`, `Check Nat.add_comm.`, `Print list.`",
            ),
        ],
        project: ProjectName = "",
        theorem: TheoremName = "",
        file: FileName = "",
        index: Index = None,
        statement: Statement = "",
        context: Annotated[
            str,
            Field(
                max_length=CONTEXT_LETTERS,
                description="Coq text whose scope is asked: `Require Import Arith List.`; alone or with `statement`.",
            ),
        ] = "",
        tactics: Annotated[
            Tactics, Field(description="Tactics that lead to the state that is asked, for what names its hypotheses.")
        ] = [],  # noqa: B006  # never changed; the schema shows it
        limit: Annotated[int, Field(ge=1, le=500, description="Results, at the most.")] = 50,
        cpu_s: CpuSeconds = 20.0,
        toolchain: ToolchainName = "",
    ) -> Found:
        """Ask Coq about names and lemmas by pattern, exactly, in the scope of a theorem or of a context that you give:
        which lemmas mention these, what is this one's type, how is that defined. For lemmas that may help with a goal,
        ranked, use `retrieve`."""
        asked = _query(command)
        if not theorem and not statement:
            target: TheoremRef | FreeStatement = FreeStatement(_NO_STATEMENT, context, project, toolchain=toolchain)
        else:
            target = Target(project, theorem, file, index, statement, context, toolchain).check().of_checker()
        before = "".join(f"{one}\n" for one in whole(tactics))
        options = Options(_ms(cpu_s), partial=True, want_messages=True, soundness="report")
        async with call(ctx, services, server.limits.call_s + _WALL_FACTOR * cpu_s, "searching") as one:
            done = await (await one.clients()).checker.check_proof(target, before + asked, options=options)
        if not _passed(done):
            where = f"`{cut(done.sentence, 200)}`: " if done.sentence and done.sentence != asked else ""
            raise ToolError(where + cut(done.message, MESSAGE_LETTERS))
        return Found(results=shown(done.messages, limit, _FOUND_LETTERS), count=len(done.messages))


class _Steps:
    """Tactics that are run one after the other on a target."""

    def __init__(self, target: TheoremRef | FreeStatement, tactics: list[str], options: Options) -> None:
        self._target, self._tactics, self._options = target, tactics, options

    async def run(self, one: Call, checker: CheckerClient, seen: int) -> Ran:
        """Runs them, and shows the states behind all but the first `seen`."""
        steps: list[Step] = []
        last: ProofResult | None = None
        total = len(self._tactics)
        for count in range(min(seen, total), total + 1):
            one.doing = f"tactic {count} of {total}" if total else "opening the proof"
            text = "".join(f"{each}\n" for each in self._tactics[:count])
            done = await checker.check_proof(self._target, text, options=self._options)
            if not _passed(done):
                return self._failed(done, text, count, steps, last)
            last = done
            steps.append(
                Step(
                    number=count - 1,
                    tactic=cut(self._tactics[count - 1], STATEMENT_LETTERS) if count else "",
                    goal=Goal.of(done.goals[0]) if done.goals else None,
                    goal_count=done.goal_count,
                    unfocused_count=done.unfocused_count,
                )
            )
        assert last is not None
        status: Literal["open", "no_goals_left", "proved"] = "open"
        if last.verdict is Verdict.PROVED:
            status = "proved"
        elif last.reason is Reason.UNCLOSED:
            status = "no_goals_left"
        return _ran(status, steps, last, last, None)

    def _failed(self, done: ProofResult, text: str, count: int, steps: list[Step], last: ProofResult | None) -> Ran:
        """Which tactic failed. What ran before it is known, but for the first `seen`, which ran in one."""
        number = count - 1
        if done.start is not None:
            ends, at = [], 0
            for each in self._tactics[:count]:
                at += len(each.encode()) + 1
                ends.append(at)
            number = next((k for k, end in enumerate(ends) if done.start < end), number)
        failed = FailedTactic(
            number=number,
            tactic=cut(self._tactics[number], STATEMENT_LETTERS) if number >= 0 else "",
            sentence=cut(done.sentence, STATEMENT_LETTERS),
            reason=done.reason.value,
            message=message_of(done),
        )
        # The goals at the failing sentence; where the checker has none (it gave up, or refused the text unseen) those
        # behind the last tactic that passed.
        return _ran("failed", steps, done if done.goals or last is None else last, done, failed)


def _ran(
    status: Literal["open", "no_goals_left", "proved", "failed"],
    steps: list[Step],
    at: ProofResult,
    judged: ProofResult,
    failed: FailedTactic | None,
) -> Ran:
    return Ran(
        status=status,
        steps=steps,
        goals=goals_of(at.goals),
        shelf=goals_of(at.shelf),
        given_up=goals_of(at.given_up),
        goal_count=at.goal_count,
        unfocused_count=at.unfocused_count,
        failed=failed,
        features=list(judged.features),
        features_known=judged.features_known,
        known_bugs=list(judged.known_bugs),
    )


def _passed(done: ProofResult) -> bool:
    """Whether a beginning went through, with the proof still open or closed by `Qed`."""
    return done.verdict is Verdict.PROVED or done.reason in (Reason.OPEN_GOALS, Reason.UNCLOSED)


def _query(command: str) -> str:
    """The command, with its full stop. What it may hold besides is for the checker's gates to say.

    Raises:
        ToolError: it is not one query.
    """
    text = command.strip()
    text = text if text.endswith(".") else f"{text}."
    source = text.encode(errors="replace")
    parsed = split(source)
    head = words(source, 0, 1)
    if len(parsed.sentences) != 1 or parsed.problem is not None or not head or head[0].decode() not in _QUERIES:
        raise ToolError(f"`command` is one command of {', '.join(_QUERIES)}, e.g. `Search (_ + 0 = _).`")
    return text


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))
