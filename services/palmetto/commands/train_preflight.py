"""`palmetto train preflight`: what a training needs against what is there."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from palmetto.commands import fail
from palmetto.streams import print_json
from trainer.errors import TrainError
from trainer.preflight import Finding, State, check
from trainer.run import TrainRequest, recipe_named

_COLOURS = {State.OK: "green", State.WARNING: "yellow", State.FAILS: "red"}


def preflight(
    data: Annotated[Path, typer.Option(help="Folder that `palmetto extract` made.")],
    base: Annotated[str, typer.Option(help="Folder or name of a checkpoint; `tiny`: a small Llama from scratch.")],
    out: Annotated[Path, typer.Option(help="Folder that the model is to be in.")],
    recipe: Annotated[str, typer.Option(help="The numbers of the training: whole_proof.")] = "whole_proof",
    engine: Annotated[str, typer.Option(help="local: CPU or one GPU; xtuner: GPUs, DeepSpeed.")] = "local",
    epochs: Annotated[float | None, typer.Option(min=0.001, help="How often each example is seen.")] = None,
    learning_rate: Annotated[float | None, typer.Option("--learning-rate", "--lr", min=0.0)] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Examples a step, over all devices.")] = None,
    device_batch: Annotated[int, typer.Option(min=1, help="Examples on a device at one time.")] = 8,
    max_length: Annotated[int | None, typer.Option(min=16, help="Tokens of an example at the most.")] = None,
    validation: Annotated[
        float | None, typer.Option(min=0.0, max=0.5, help="Share that is held out, by whole projects.")
    ] = None,
    template: Annotated[str, typer.Option(help="Chat template where the base has none.")] = "",
    layout: Annotated[str, typer.Option(help="Prompt layout, where the data do not say.")] = "",
    printing: Annotated[str, typer.Option(help="Printing profile, where the data do not say.")] = "",
    gpus: Annotated[int | None, typer.Option(min=1, help="xtuner: GPUs of this machine; default: all.")] = None,
    zero: Annotated[int, typer.Option(min=1, max=3, help="xtuner: DeepSpeed's ZeRO stage.")] = 1,
    xtuner_env: Annotated[
        Path | None, typer.Option(help="xtuner: its Python environment; default: the one of `make xtuner-env`.")
    ] = None,
    checkpoint_steps: Annotated[int | None, typer.Option(min=1, help="Steps between two checkpoints.")] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Look whether a training can run: packages, GPUs, memory, data, disk. Nothing is started or written.

    Exit 0: it can; 1: something would fail; 2: could not look.
    """
    if xtuner_env is not None:
        os.environ["PALMETTO_XTUNER_ENV"] = str(xtuner_env)
    try:
        numbers = recipe_named(
            recipe,
            base,
            epochs=epochs,
            learning_rate=learning_rate,
            batch=batch,
            max_length=max_length,
            validation=validation,
        )
        request = TrainRequest(
            data=data,
            base=base,
            out=out,
            recipe=numbers,
            engine=engine,
            template=template,
            layout=layout,
            printing=printing,
            device_batch=device_batch,
            gpus=gpus,
            zero=zero,
            seed=seed,
            checkpoint_steps=checkpoint_steps,
        )
        found = check(request)
    except TrainError as error:
        raise fail(str(error)) from None
    if as_json:
        for one in found:
            print_json(asdict(one))
    else:
        _show(found)
    raise typer.Exit(1 if any(one.state is State.FAILS for one in found) else 0)


def _show(found: list[Finding]) -> None:
    table = Table(box=None, pad_edge=False)
    for name in ("", "", ""):
        table.add_column(name, overflow="fold")
    for one in found:
        table.add_row(one.what, f"[{_COLOURS[one.state]}]{one.state}[/]", one.told.replace("[", r"\["))
    Console().print(table)
