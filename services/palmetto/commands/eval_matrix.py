"""`palmetto eval matrix`: several experiments, their verification and their comparison, by one command."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coq_checker.toolchain import ToolchainError
from coqdata.project import ProjectError
from evaluator.conditions import Conditions
from evaluator.errors import EvaluatorError
from evaluator.selection import Shard
from evaluator.store import ExperimentStore, default_store
from palmetto.commands import compare as comparing
from palmetto.commands import eval_verify, fail
from palmetto.commands.eval_run import checked_name, run, split_names
from palmetto.stack import StackError
from palmetto.toolchains import for_requests, for_services

if TYPE_CHECKING:
    from palmetto.evaluation.matrix import Options


def matrix(
    file: Annotated[Path, typer.Argument(help="The experiments, as TOML (docs/evaluation.md).", metavar="FILE.toml")],
    only: Annotated[str | None, typer.Option(help="Only these experiments.", metavar="NAME[,NAME...]")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="A sample of so many theorems.", metavar="N")] = None,
    budget: Annotated[float | None, typer.Option(min=0.1, max=3600, help="CPU seconds a theorem.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, max=256, help="Theorems at one time.")] = None,
    store: Annotated[
        Path | None, typer.Option(help="The experiment store. (PALMETTO_EXPERIMENTS)", metavar="PATH")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="A line for each theorem on a terminal too.")] = False,
) -> None:
    """Run the experiments of a file one after the other, verify their proofs, and compare them.

    Run again, it goes on where it was. What is given here goes before what the file says. Exit 0: all is done and no
    proof is refused; 1: something is left or refused; 2: could not run.
    """
    from palmetto.evaluation.matrix import read_matrix  # noqa: PLC0415

    try:
        found = read_matrix(file)
        options = {
            checked_name(name): one
            for name, one in found.options(limit=limit, budget=budget, threads=threads).items()
            if only is None or name in split_names([only])
        }
        unknown = [name for name in split_names([only or ""]) if name not in found.experiments]
        if unknown:
            raise EvaluatorError(f"{file} has no experiment {unknown[0]!r}: it has {', '.join(found.experiments)}.")
        # Hours before it is written to: what is wrong with it is told now.
        for page in (found.compare.markdown, found.compare.html) if found.compare is not None else ():
            _make_folder(page)
    except EvaluatorError as error:
        raise fail(str(error)) from None
    where = store or default_store()
    for name, why in _problems(options).items():
        print(
            f"palmetto: {name}: its model cannot be used yet ({why}); it is asked again in its turn.", file=sys.stderr
        )
    clean = True
    for name, one in options.items():
        # One that cannot be run costs no other.
        try:
            clean &= _run(name, one, where, verbose=verbose)
        except (EvaluatorError, ProjectError, StackError, ToolchainError) as error:
            print(f"palmetto: {name}: {error}", file=sys.stderr)
            clean = False
    there = _there(where, list(options))
    if found.verify and there:
        clean &= _exit(lambda: eval_verify.verify(there, store=where)) == 0
    if found.compare is not None and there:
        made = found.compare
        clean &= (
            _exit(
                lambda: comparing.report(
                    there, store=where, palm=made.palm, markdown=made.markdown, html=made.html, unmatched=_warn
                )
            )
            == 0
        )
    raise typer.Exit(0 if clean else 1)


def _make_folder(page: str | None) -> None:
    try:
        if page not in (None, "-"):
            Path(page).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EvaluatorError(f"{page} cannot be written: {(error.strerror or 'unknown error').lower()}.") from None


def _warn(message: str) -> None:
    print(f"palmetto: {message}", file=sys.stderr)


def _run(name: str, options: "Options", store: Path, *, verbose: bool) -> bool:
    # What reads and writes Parquet takes longer to load than other commands take to run.
    from palmetto.evaluation.experiment import Experiment  # noqa: PLC0415

    conditions = Conditions(
        model="" if options.server is not None else options.model or "neighbours",
        budget_cpu_s=options.budget,
        seed=options.seed,
        samples=options.samples,
        prompt=options.prompt,
        printing=options.printing,
        backtrack=options.backtrack,
        retrieval=options.retrieval,
        hammer=options.hammer,
        neighbours=options.neighbours,
        toolchain=for_requests(options.toolchain, options.server),
    )
    experiment = Experiment(
        name=name,
        projects=tuple(dict.fromkeys(options.proj)),
        conditions=conditions,
        store=store,
        theorems=options.theorems,
        limit=options.limit,
        shard=Shard(),
        threads=options.threads,
        server=options.server,
        memory=Path(options.memory) if options.memory is not None and options.server is None else None,
        toolchain=for_services(options.toolchain),
    )
    return run(experiment, verbose=verbose)


def _problems(options: "dict[str, Options]") -> dict[str, str]:
    """Why models at addresses cannot be used, by experiment: said at once, for the first experiment may take hours."""
    from palmetto.evaluation.provers import model_problem  # noqa: PLC0415

    async def ask(one: "Options") -> str:
        model = one.model or ""
        return await model_problem(model, one.prompt, one.printing) if model.startswith(("http://", "https://")) else ""

    async def ask_all() -> list[str]:
        return await asyncio.gather(*map(ask, options.values()))

    found = asyncio.run(ask_all())
    return {name: why.rstrip(".") for name, why in zip(options, found, strict=True) if why}


def _there(store: Path, names: list[str]) -> list[str]:
    """Those of the experiments that have records."""
    try:
        with ExperimentStore.open(store, create=False) as opened:
            return [name for name in names if next(iter(opened.records(name)), None) is not None]
    except EvaluatorError:
        return []


def _exit(command: Callable[[], None]) -> int:
    """The status that a command of ours ends with."""
    try:
        command()
    except typer.Exit as ended:
        return ended.exit_code
    return 0
