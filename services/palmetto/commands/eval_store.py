"""`palmetto eval merge`, `list` and `show`: what is in an experiment store."""

import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from evaluator.errors import EvaluatorError
from evaluator.store import ExperimentStore, default_store
from palmetto.commands import fail
from palmetto.streams import print_json

Store = Annotated[Path | None, typer.Option(help="The experiment store. (PALMETTO_EXPERIMENTS)", metavar="PATH")]


def merge(
    places: Annotated[
        list[str], typer.Argument(help="Folders of Parquet parts (also s3://...), or other stores.", metavar="PLACE...")
    ],
    only: Annotated[str | None, typer.Option("--exp-name", "--exp_name", help="Only this experiment.")] = None,
    rename: Annotated[str | None, typer.Option("--as", help="What to call it here, with --exp-name.")] = None,
    shards: Annotated[
        int | None, typer.Option(min=1, help="First wait until so many shards have ended, with --exp-name.")
    ] = None,
    patience: Annotated[float, typer.Option(min=0, help="How long, at the most.", metavar="SECONDS")] = 86_400.0,
    store: Store = None,
) -> None:
    """Bring the parts of shards together in a store. Nothing is counted twice, whatever overlaps.

    Exit 0: done; 1: not all shards had ended when patience was at its end, what there is was merged; 2: could not.
    """
    if rename is not None and only is None:
        raise fail("--as goes with --exp-name: say which experiment is to have the name.")
    if shards is not None and only is None:
        raise fail("--shards goes with --exp-name: say which experiment is waited for.")
    # What reads Parquet takes longer to load than other commands take to run.
    from evaluator.store.merge import merge as merged  # noqa: PLC0415
    from evaluator.store.shards import wait_for_shards  # noqa: PLC0415

    def say(text: str) -> None:
        print(f"palmetto: {text}", file=sys.stderr, flush=True)

    missing = 0
    try:
        if shards is not None and only is not None:
            missing = wait_for_shards(places, only, shards, patience, say)
        with ExperimentStore.open(store or default_store()) as opened:
            found = merged(opened, places, only=only, name=rename)
            for name, one in found.items():
                held = sum(1 for _ in opened.records(name))
                print(f"{name}: {one.parts} parts, {one.records} records, {one.taken} taken; {held} theorems now")
    except EvaluatorError as error:
        raise fail(str(error)) from None
    if missing:
        raise fail(f"{missing} of {shards} shards of {only} had not ended after {patience:g} s: the rest is merged.", 1)


def list_experiments(store: Store = None) -> None:
    """The experiments of a store, oldest first."""
    table = Table(box=None, pad_edge=False)
    for name in ("experiment", "begun", "model", "theorems", "proved", "verified"):
        table.add_column(name, justify="right" if name in ("theorems", "proved", "verified") else "left")
    try:
        with ExperimentStore.open(store or default_store(), create=False) as opened:
            for name in opened.experiments():
                settings = opened.experiment(name)
                records = list(opened.records(name))
                agreed = sum(one.agrees for one in opened.verifications(name).values())
                model = str(settings.get("model") or next((one.model for one in records if one.model), ""))
                figures = (len(records), sum(one.proved for one in records), agreed)
                table.add_row(name, str(settings["created_at"])[:16], model, *map(str, figures))
    except EvaluatorError as error:
        raise fail(str(error)) from None
    Console(highlight=False, width=None if Console().is_terminal else 160).print(table)


def show(
    experiment: Annotated[str, typer.Argument(help="Its name.", metavar="EXP")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a theorem, without events.")] = False,
    store: Store = None,
) -> None:
    """The settings of an experiment, and what came of it by project."""
    from dataclasses import asdict  # noqa: PLC0415

    try:
        with ExperimentStore.open(store or default_store(), create=False) as opened:
            settings = opened.experiment(experiment)
            records = list(opened.records(experiment, answers=as_json))
    except EvaluatorError as error:
        raise fail(str(error)) from None
    if as_json:
        for one in records:
            print_json({key: value for key, value in asdict(one).items() if key != "events"})
        return
    projects = settings.pop("projects")
    print(", ".join(f"{key} {value}" for key, value in settings.items()))
    for project in projects:
        mine = [one for one in records if one.project == project]
        causes = Counter(one.cause for one in mine if one.cause)
        why = ", ".join(f"{cause} {count}" for cause, count in causes.most_common())
        print(f"{project}: {sum(one.proved for one in mine)} of {len(mine)} proved{'; ' + why if why else ''}")
