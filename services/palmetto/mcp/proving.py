"""Tools that work on their own: prove a theorem, fill a text."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Annotated, Any, cast

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from palmetto.mcp.answers import MESSAGE_LETTERS, Edit, Filled, FilledTheorem, Proved, cut
from palmetto.mcp.call import Call, Ctx, call
from palmetto.mcp.server import PalmettoServer
from palmetto.mcp.services import Services
from palmetto.mcp.settings import CONTEXT_LETTERS, NAME_LETTERS
from palmetto.mcp.targets import (
    ContextText,
    FileName,
    Index,
    ProjectName,
    Statement,
    Target,
    TheoremName,
    ToolchainName,
)

# The prover's own safety net is ten times the budget; it answers before this server gives up.
_WALL_FACTOR = 10.0
_DOING_LETTERS = 160
Budget = Annotated[float, Field(gt=0, le=600, description="CPU seconds of Coq for each theorem.")]
Samples = Annotated[
    int | None,
    Field(ge=0, le=64, description="Whole proofs that the model is asked for. Not given: as many as suit it."),
]


def add_proving(server: PalmettoServer, services: Services) -> None:
    """Adds `prove` and `fill`."""

    @server.palmetto_tool("Prove a theorem")
    async def prove(
        ctx: Ctx,
        project: ProjectName = "",
        theorem: TheoremName = "",
        file: FileName = "",
        index: Index = None,
        statement: Statement = "",
        context: ContextText = "",
        budget_cpu_s: Budget = 30.0,
        samples: Samples = None,
        toolchain: ToolchainName = "",
    ) -> Proved:
        """Have a proof found automatically, from the statement alone: whole proofs by a model, repair, CoqHammer,
        search. Takes up to the budget and often longer by the clock; progress is told, and cancelling stops it. PROVED
        comes with a script that the checker has accepted from scratch. Otherwise `partial` is a beginning to go on
        from. Try this before writing a proof by hand; give it lemmas that you think help as part of `context`."""
        target = Target(project, theorem, file, index, statement, context, toolchain).check()
        request = {**target.of_prover(), "budget_cpu_s": budget_cpu_s, "samples": samples}
        limit_s = server.limits.call_s + _WALL_FACTOR * budget_cpu_s
        async with call(ctx, services, limit_s, "proving") as one:
            result = await _result(one, (await one.clients()).prover.prove(**request))
        return Proved.model_validate(result)

    @server.palmetto_tool("Fill a Coq file")
    async def fill(
        ctx: Ctx,
        text: Annotated[str, Field(min_length=1, max_length=CONTEXT_LETTERS, description="The whole Coq file.")],
        project: Annotated[
            str, Field(max_length=NAME_LETTERS, description="The project whose files the text may Require.")
        ] = "",
        logical_name: Annotated[
            str, Field(max_length=NAME_LETTERS, description="The file's logical name, e.g. `Lists.Extra`.")
        ] = "",
        theorems: Annotated[
            list[Annotated[str, Field(max_length=NAME_LETTERS)]],
            Field(max_length=1000, description="Fill only these; none: all that have no proof."),
        ] = [],  # noqa: B006  # never changed; the schema shows it
        budget_cpu_s: Budget = 30.0,
        samples: Samples = None,
        toolchain: ToolchainName = "",
    ) -> Filled:
        """Find proofs for everything that a Coq file leaves open: `Admitted`, `admit`, `Abort`, and theorems marked
        `(* prove *)`. Text in, edits and the edited text out; no file is written. The budget is for each theorem."""
        request = {
            "text": text,
            "project": project,
            "logical_name": logical_name,
            "theorems": theorems,
            "budget_cpu_s": budget_cpu_s,
            "samples": samples,
            "toolchain": toolchain,
        }
        async with call(ctx, services, server.limits.fill_s, "reading the text") as one:
            result = await _result(one, (await one.clients()).prover.fill(**request))
        messages = [each["result"]["message"] for each in result["theorems"] if each["result"]["verdict"] == "ERROR"]
        if messages and len(messages) == len(result["theorems"]):
            raise ToolError(cut(messages[0], MESSAGE_LETTERS))
        return Filled(
            filled=result["filled"],
            places=result["places"],
            theorems=[
                FilledTheorem(
                    theorem=each["theorem"],
                    why=each["why"],
                    verdict=each["result"]["verdict"],
                    message=cut(each["result"]["message"], MESSAGE_LETTERS),
                    edits=[Edit.model_validate(edit) for edit in each["edits"]],
                )
                for each in result["theorems"]
            ],
            text=result["text"],
        )


async def _result(one: Call, events: AsyncIterator[dict[str, Any]]) -> dict[str, Any]:
    """The answer at the end of the events, which are told as progress.

    Raises:
        ToolError: the work could not be done.
    """
    result: dict[str, Any] = {}
    theorem = ""
    # The connection is closed whatever happens: that is what stops the prover's work.
    async with contextlib.aclosing(cast(AsyncGenerator[dict[str, Any]], events)) as stream:
        async for event in stream:
            if event["kind"] == "result":
                result = event
            elif event["kind"] == "theorem":
                theorem = f"{event['theorem']} ({event['number'] + 1} of {event['of']}): "
                one.doing = theorem.removesuffix(": ")
            elif said := _said(event):
                one.doing = cut(f"{theorem}{said}", _DOING_LETTERS)
    if result.get("verdict") in (None, "PROVED", "NOT_PROVED", "TIMEOUT") and result:
        return result
    if result.get("verdict") == "CANCELLED":
        raise ToolError("the prover stopped this work: it is ending, or somebody cancelled it there.")
    raise ToolError(cut(str(result.get("message") or "the prover gave no answer: ask again."), MESSAGE_LETTERS))


def _whose(event: dict[str, Any]) -> str:
    return "a similar theorem" if event.get("source") == "neighbours" else "the model"


def _said(event: dict[str, Any]) -> str:
    """A step of the prover in a few words; empty for what says little."""
    kind = event["kind"]
    words: dict[str, Callable[[], str]] = {
        "retrieved": lambda: "premises retrieved",
        "generated": lambda: f"{_whose(event)} proposes {event['script'] or event['message']}",
        "applied": lambda: f"applied {event['tactic']}",
        "filled": lambda: f"closed a goal by {event['tactic']}",
        "backtracked": lambda: f"took back {event['tactic']}",
        "candidate": lambda: f"checking {event['script']}",
    }
    return " ".join(words[kind]().split()) if kind in words else ""
