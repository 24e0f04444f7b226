"""`palmetto train`: from an extracted data set to a checkpoint that the model server serves."""

import importlib.metadata
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from palmetto.commands import fail
from palmetto.commands.train_preflight import preflight
from trainer.card import CARD
from trainer.errors import TrainError
from trainer.run import Progress as Told
from trainer.run import Report, TrainRequest, recipe_named
from trainer.train import train as run

app = typer.Typer(help="Train a model on extracted proofs.", invoke_without_command=True, no_args_is_help=True)
app.command("preflight")(preflight)


@app.callback()
def train(
    context: typer.Context,
    data: Annotated[Path | None, typer.Option(help="Folder that `palmetto extract` made.")] = None,
    base: Annotated[
        str | None, typer.Option(help="Folder or name of a checkpoint; `tiny`: a small Llama from scratch.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the model; a training in it is gone on with.")] = None,
    recipe: Annotated[str, typer.Option(help="The numbers of the training: whole_proof.")] = "whole_proof",
    engine: Annotated[str, typer.Option(help="local: CPU or one GPU; xtuner: GPUs, DeepSpeed.")] = "local",
    epochs: Annotated[float | None, typer.Option(min=0.001, help="How often each example is seen.")] = None,
    learning_rate: Annotated[float | None, typer.Option("--learning-rate", "--lr", min=0.0)] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Examples a step, over all devices.")] = None,
    device_batch: Annotated[int, typer.Option(min=1, help="Examples on a device at one time.")] = 8,
    max_length: Annotated[
        int | None, typer.Option(min=16, help="Tokens of an example at the most; longer ones are left out.")
    ] = None,
    validation: Annotated[
        float | None, typer.Option(min=0.0, max=0.5, help="Share that is held out, by whole projects.")
    ] = None,
    template: Annotated[str, typer.Option(help="Chat template where the base has none: llama3, deepseek_math.")] = "",
    layout: Annotated[str, typer.Option(help="Prompt layout, where the data do not say.")] = "",
    printing: Annotated[str, typer.Option(help="Printing profile, where the data do not say.")] = "",
    gpus: Annotated[int | None, typer.Option(min=1, help="xtuner: GPUs of this machine; default: all.")] = None,
    zero: Annotated[int, typer.Option(min=1, max=3, help="xtuner: DeepSpeed's ZeRO stage.")] = 1,
    xtuner_env: Annotated[
        Path | None, typer.Option(help="xtuner: its Python environment; default: the one of `make xtuner-env`.")
    ] = None,
    checkpoint_steps: Annotated[int | None, typer.Option(min=1, help="Steps between two checkpoints.")] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Train a model on extracted proofs; the same command goes on with a training that ended early.

    Exit 0: the model is there; 2: it could not be trained.
    """
    if context.invoked_subcommand is not None:
        return
    if data is None or base is None or out is None:
        raise fail("give --data, --base and --out.")
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
        with _shown() as report:
            result = run(request, report, importlib.metadata.version("palmetto"))
    except TrainError as error:
        raise fail(str(error)) from None
    if result is None:
        print(f"{out} is finished already: {out / CARD} tells about it.")
        return
    left_out = "".join(f"; {count} left out: {why}" for why, count in result.dropped.items())
    loss = f", loss {result.losses[0][1]:.3f} to {result.losses[-1][1]:.3f}" if result.losses else ""
    print(f"{result.steps} steps on {result.examples} examples{loss}{left_out}. {out / CARD} tells the rest.")


class _shown:
    """Shows progress: a bar on a terminal, a line now and then elsewhere."""

    def __init__(self) -> None:
        self._bar: Progress | None = None
        if sys.stderr.isatty() and "NO_PROGRESS" not in os.environ:
            columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
            self._bar = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True))
        self._task = self._bar.add_task("reading the data", total=None) if self._bar else None
        self._next = 0.0

    def __enter__(self) -> Report:
        if self._bar is not None:
            self._bar.start()
        return self._tell

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _tell(self, told: Told) -> None:
        if self._bar is not None and self._task is not None:
            if told.note:
                self._bar.console.print(told.note)
            else:
                about = f"loss {told.loss:.3f}  {told.tokens_per_s or 0:,.0f} tokens/s" if told.loss is not None else ""
                self._bar.update(self._task, description=about, completed=told.step, total=told.steps or None)
            return
        if told.note:
            print(told.note, file=sys.stderr, flush=True)
            return
        share = told.step / told.steps if told.steps else 1.0
        if share < self._next and told.step != told.steps:
            return
        self._next = share + 0.05
        left = f", {told.left_s:.0f} s left" if told.left_s is not None else ""
        loss = f"loss {told.loss:.4f}, " if told.loss is not None else ""
        speed = f"{told.tokens_per_s or 0:,.0f} tokens/s"
        print(f"step {told.step}/{told.steps}: {loss}{speed}{left}", file=sys.stderr, flush=True)
