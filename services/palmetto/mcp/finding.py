"""The tool that asks the retriever."""

from typing import Annotated, Literal

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from coq_checker import client as checker
from coq_checker.client import CheckerClient, Options
from palmetto.mcp.answers import (
    MESSAGE_LETTERS,
    PROOF_LETTERS,
    STATEMENT_LETTERS,
    Goal,
    Premise,
    Retrieved,
    SimilarProof,
    SimilarStep,
    cut,
)
from palmetto.mcp.call import Ctx, call
from palmetto.mcp.server import PalmettoServer
from palmetto.mcp.services import Services
from palmetto.mcp.targets import (
    ContextText,
    FileName,
    Index,
    ProjectName,
    Statement,
    Tactics,
    Target,
    TheoremName,
    ToolchainName,
    whole,
)
from retriever import client as retriever
from retriever.client import Hypothesis, Kind, Question

_GOALS_BYTES = 16 << 10
_CPU_MS = 20_000
_KINDS = {"premises": Kind.PREMISE, "definitions": Kind.DEFINITION, "proofs": Kind.PROOF, "tactics": Kind.TACTIC}
KindName = Literal["premises", "definitions", "proofs", "tactics"]


def add_finding(server: PalmettoServer, services: Services) -> None:
    """Adds `retrieve`."""

    @server.palmetto_tool("Retrieve premises and similar proofs")
    async def retrieve(
        ctx: Ctx,
        project: ProjectName = "",
        theorem: TheoremName = "",
        file: FileName = "",
        index: Index = None,
        statement: Statement = "",
        context: ContextText = "",
        tactics: Annotated[
            Tactics,
            Field(description="Tactics that lead to the goal that is asked about; none: the theorem's own goal."),
        ] = [],  # noqa: B006  # never changed; the schema shows it
        kinds: Annotated[list[KindName], Field(min_length=1, max_length=4, description="What is wanted.")] = [  # noqa: B006
            "premises",
            "definitions",
            "proofs",
        ],
        limit: Annotated[int, Field(ge=1, le=100, description="Of each kind, at the most.")] = 10,
        toolchain: ToolchainName = "",
    ) -> Retrieved:
        """Find what may help with a goal, best first: lemmas to apply (premises), definitions that it names, proofs of
        similar theorems, tactics used on similar goals. Only what is accessible at that place is answered. Good before
        writing a proof. Needs an index of the project (`palmetto index`); for an exact pattern use `search`."""
        target = Target(project, theorem, file, index, statement, context, toolchain).check()
        text = "".join(f"{one}\n" for one in whole(tactics))
        async with call(ctx, services, server.limits.call_s, "looking for what may help") as one:
            clients = await one.clients()
            judged = await _before(clients.checker, target, text)
            goal = judged.goals[0]
            question = Question(
                goal.conclusion,
                tuple(Hypothesis(each.names, each.type, each.body) for each in goal.hypotheses),
                await target.position(clients.checker),
                tuple(_KINDS[each] for each in dict.fromkeys(kinds)),
                limit,
            )
            found = await clients.retriever.retrieve(question)
        return Retrieved(
            goal=Goal.of(goal),
            premises=[_premise(each) for each in found.premises],
            definitions=[_premise(each) for each in found.definitions],
            proofs=[
                SimilarProof(
                    theorem=each.theorem,
                    statement=cut(each.statement, STATEMENT_LETTERS),
                    proof=cut(each.proof, PROOF_LETTERS),
                    project=each.project,
                    file=each.file,
                    score=round(each.score, 4),
                )
                for each in found.proofs
            ],
            tactics=[
                SimilarStep(
                    tactic=cut(each.tactic, STATEMENT_LETTERS),
                    goal=cut(each.goal, STATEMENT_LETTERS),
                    theorem=each.theorem,
                    score=round(each.score, 4),
                )
                for each in found.steps
            ],
            missing_libraries=list(found.missing_libraries),
            note=found.of_another(judged.coq_version, target.project, judged.toolchain),
        )


async def _before(client: CheckerClient, target: Target, tactics: str) -> checker.ProofResult:
    """What stands after the tactics, with a goal in focus: the first one is asked about."""
    options = Options(_CPU_MS, goals_bytes=_GOALS_BYTES, want_goals=True, partial=True, soundness="report")
    done = await client.check_proof(target.of_checker(), tactics, options=options)
    if done.reason is not checker.Reason.OPEN_GOALS:
        what = f"`{cut(done.sentence, 200)}`: " if done.sentence else ""
        raise ToolError(f"there is no goal there: {what}{cut(done.message, MESSAGE_LETTERS)}")
    if not done.goals:
        raise ToolError("there is no goal in focus after these tactics.")
    return done


def _premise(one: retriever.Premise) -> Premise:
    return Premise(
        name=one.name,
        short_name=one.short_name,
        kind=one.kind,
        statement=cut(one.statement, STATEMENT_LETTERS),
        project=one.project,
        file=one.file,
        score=round(one.score, 4),
    )
