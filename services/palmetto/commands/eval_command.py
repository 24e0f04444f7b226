"""`palmetto eval`: a model on all theorems of projects; and what goes with it."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from coq_checker.toolchain import ToolchainError
from coqdata.project import ProjectError
from evaluator.conditions import Conditions
from evaluator.errors import EvaluatorError
from evaluator.selection import Shard
from evaluator.store import PassingError, UnusableError, default_store
from palmetto.commands import COULD_NOT_RUN, eval_matrix, eval_store, eval_verify, fail
from palmetto.commands.eval_run import checked_name, run, split_names
from palmetto.stack import StackError
from palmetto.toolchains import ToolchainOption, for_requests, for_services

app = typer.Typer(
    name="eval",
    help="Evaluate a model on Coq projects, and verify, merge and list what came of it (docs/evaluation.md).",
    invoke_without_command=True,
)
app.command("verify")(eval_verify.verify)
app.command("merge")(eval_store.merge)
app.command("list")(eval_store.list_experiments)
app.command("show")(eval_store.show)
app.command("matrix")(eval_matrix.matrix)


# Jobs tell these apart: another try does not help, and other shards may be well.
_UNUSABLE = 3


class Prompt(StrEnum):
    """Layouts of prompts."""

    SFT = "sft"
    INSTRUCT = "instruct"


class Printing(StrEnum):
    """Printing profiles."""

    DEFAULT = "default"
    COQGYM = "coqgym"


@app.callback()
def evaluate(
    context: typer.Context,
    proj: Annotated[
        list[str] | None,
        typer.Option("--proj", "-proj", help="Projects: NAME, DIR or NAME=DIR.", metavar="NAME[,NAME...]"),
    ] = None,
    exp_name: Annotated[
        str | None, typer.Option("--exp-name", "--exp_name", "-exp_name", help="The experiment's name.", metavar="NAME")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-model",
            help="`neighbours` (the default), `replay:DIR`, the address of an OpenAI-compatible server, or `hammer`: "
            "CoqHammer alone.",
        ),
    ] = None,
    threads: Annotated[int, typer.Option("--threads", "-threads", min=1, max=256, help="Theorems at one time.")] = 1,
    backtrack: Annotated[
        bool,
        typer.Option("--backtrack/--no-backtrack", "-backtrack", help="Undo tactics where a goal cannot be closed."),
    ] = True,
    retrieval: Annotated[bool, typer.Option(help="Ask the retriever for premises.")] = True,
    hammer: Annotated[bool, typer.Option(help="Use CoqHammer.")] = True,
    neighbours: Annotated[
        bool, typer.Option(help="Ask for proofs of similar theorems after the model, with --retrieval.")
    ] = False,
    prompt: Annotated[Prompt, typer.Option(help="Layout of the prompt.")] = Prompt.SFT,
    printing: Annotated[Printing, typer.Option(help="How goals are printed for the model.")] = Printing.DEFAULT,
    samples: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Whole proofs that the model is asked for; default: as many as suit it."),
    ] = None,
    budget: Annotated[
        float, typer.Option(min=0.1, max=3600, help="CPU seconds of Coq and its provers a theorem.", metavar="CPU_S")
    ] = 60.0,
    theorems: Annotated[
        str | None,
        typer.Option(
            "--theorems",
            "--theorem",
            help="Only these: [[PROJECT/]FILE.v:]NAME, with commas between; or a file with one a line, or a CSV file "
            "with the columns project, file, theorem.",
            metavar="LIST",
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="A sample of so many, each project with its share.", metavar="N")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the sample, and of all that is drawn.")] = 0,
    shard: Annotated[str, typer.Option(help="One of n equal parts, from 0.", metavar="i/n")] = "0/1",
    skip: Annotated[
        bool, typer.Option("--skip/--no-skip", "-skip", help="Leave out what is done; or do it again.")
    ] = True,
    server: Annotated[
        str | None,
        typer.Option(envvar="PALMETTO_PROVER_URL", help="A prover that runs already; default: a stack.", metavar="URL"),
    ] = None,
    store: Annotated[
        Path | None, typer.Option(help="The experiment store. (PALMETTO_EXPERIMENTS)", metavar="PATH")
    ] = None,
    out: Annotated[
        str | None, typer.Option(help="Write Parquet parts there too: a folder, or s3://...", metavar="URL")
    ] = None,
    memory: Annotated[
        Path | None,
        typer.Option(
            help="Keep Coq's answers in this file, and do not ask again what another experiment has asked.",
            metavar="PATH",
        ),
    ] = None,
    toolchain: ToolchainOption = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="A line for each theorem on a terminal too.")] = False,
) -> None:
    """Run every theorem of projects through the prover, each by itself; run again, it goes on where it was.

    Exit 0: every theorem has its result; 1: some could not be worked on for a reason that may pass (run it again);
    2: could not run; 3: what is in the store or the parts cannot be used.
    """
    if context.invoked_subcommand is not None:
        if proj or exp_name:
            raise fail(
                f"`palmetto eval {context.invoked_subcommand}` is a command of its own: give its options after it."
            )
        return
    projects = split_names(proj or [])
    if not projects or exp_name is None:
        missing = "--proj NAME" if not projects else "--exp-name NAME"
        raise fail(f"{missing} is needed: palmetto eval --proj NAME[,NAME...] --exp-name NAME (or see --help).")
    if server is not None and model is not None:
        raise fail("a prover that runs already has its own model: leave --model or --server out.")
    if server is not None and memory is not None:
        raise fail("a prover that runs already keeps its own memory: leave --memory or --server out.")
    # What reads and writes Parquet takes longer to load than other commands take to run.
    from palmetto.evaluation.experiment import Experiment  # noqa: PLC0415

    try:
        named, default = for_requests(toolchain, server), for_services(toolchain)
    except ToolchainError as error:
        raise fail(str(error)) from None
    conditions = Conditions(
        model="" if server is not None else model or "neighbours",
        budget_cpu_s=budget,
        seed=seed,
        samples=samples or 0,
        prompt=prompt.value,
        printing=printing.value,
        backtrack=backtrack,
        retrieval=retrieval,
        hammer=hammer,
        neighbours=neighbours,
        toolchain=named,
    )
    try:
        experiment = Experiment(
            name=checked_name(exp_name),
            projects=projects,
            conditions=conditions,
            store=store or default_store(),
            theorems=theorems,
            limit=limit,
            shard=Shard.parse(shard),
            threads=threads,
            skip=skip,
            server=server,
            out=out,
            memory=memory,
            toolchain=default,
        )
        raise typer.Exit(0 if run(experiment, verbose=verbose) else 1)
    except PassingError as error:
        raise fail(str(error), 1) from None
    except UnusableError as error:
        raise fail(str(error), _UNUSABLE) from None
    except StackError as error:
        raise fail(str(error), 1 if server is not None else COULD_NOT_RUN) from None
    except (EvaluatorError, ProjectError) as error:
        raise fail(str(error)) from None
