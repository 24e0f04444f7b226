"""How many processes, iterations and steps a training has, and the values of its configuration."""

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.errors import TrainError
from trainer.run import Recipe, TrainRequest

# mmengine needs two iterations for a rise, and two for a fall: with one, the rate stays where it began.
_LEAST = 2
_LINES = 200
_CHECKPOINTS = 20
_EVALUATIONS = 8
_PROCESSES = 8


@dataclass(frozen=True, slots=True)
class Job:
    """The processes of a training.

    Attributes:
        processes: on this node, one a GPU.
        nodes, rank: how many nodes, and which this is (NNODES, NODE_RANK).
        address, port: where the first one listens (ADDR, PORT); port 0: any that is free.
    """

    processes: int
    nodes: int = 1
    rank: int = 0
    address: str = "127.0.0.1"
    port: int = 0

    @property
    def devices(self) -> int:
        """Of all nodes."""
        return self.processes * self.nodes


def job_of(asked: int | None, gpus: int) -> Job:
    """From `--gpus` or NPROC_PER_NODE, and from NNODES, NODE_RANK, ADDR and PORT, as xtuner reads them.

    Args:
        asked: `--gpus`.
        gpus: that are here; without any, processes run on the CPU.

    Raises:
        TrainError: more are wanted than are here, or a variable is no number.
    """
    processes = asked or _number("NPROC_PER_NODE", gpus or 1)
    if processes > gpus and (gpus or asked):
        raise TrainError(f"{processes} GPUs are asked for and {gpus} are here: give fewer with --gpus.")
    nodes, rank = _number("NNODES", 1), _number("NODE_RANK", 0, least=0)
    if rank >= nodes:
        raise TrainError(f"NODE_RANK is {rank} and NNODES {nodes}: number the nodes from 0.")
    if nodes > 1 and not (os.environ.get("ADDR") and os.environ.get("PORT")):
        raise TrainError(
            "several nodes need ADDR and PORT: set both on each to the address of the first and a free port."
        )
    return Job(processes, nodes, rank, os.environ.get("ADDR") or "127.0.0.1", _number("PORT", 0, least=0))


def _number(name: str, default: int, least: int = 1) -> int:
    told = os.environ.get(name)
    if not told:
        return default
    if not told.isdigit() or int(told) < least:
        raise TrainError(f"{name} is {told!r}: set it to a number, {least} or more.")
    return int(told)


def schedule(recipe: Recipe, train: dict[str, Any], device_batch: int, devices: int) -> dict[str, int]:
    """Sequences on a device, accumulation and iterations.

    The recipe counts examples, and a sequence holds several; so sizes are in mean examples a sequence.

    Args:
        recipe: the numbers.
        train: examples and packs (sequences) of the data.
        device_batch: examples on a device at one time.
        devices: over all nodes.
    """
    together = train["examples"] / train["packs"]
    here = math.ceil(train["packs"] / devices)
    batch = min(max(1, int(device_batch / together)), here)
    an_epoch = math.ceil(here / batch)
    accumulate = min(max(1, round(recipe.batch / (together * batch * devices))), an_epoch)
    steps = max(1, round(recipe.epochs * an_epoch / accumulate), math.ceil(2 * _LEAST / accumulate))
    iterations = steps * accumulate
    rise = min(max(_LEAST, round(recipe.warmup * iterations)), iterations - _LEAST)
    return {"batch_size": batch, "accumulate": accumulate, "iterations": iterations, "warmup_iterations": rise}


def values_of(request: TrainRequest, told: dict[str, Any], folder: Path, job: Job, *, gpus: bool) -> dict[str, Any]:
    """What the configuration's top says.

    Args:
        request: the training.
        told: what preparing the base model and the data found.
        folder: of the configuration.
        job: the processes.
        gpus: whether there are any.
    """
    recipe = request.recipe
    counts = schedule(recipe, told["train"], request.device_batch, job.devices)
    accumulate, iterations = counts["accumulate"], counts["iterations"]
    steps = iterations // accumulate
    held_out = told["validation"]["examples"]
    samples = (told["validation"] if held_out else told["train"])["prompts"]
    system = next((one["content"] for one in samples[0] if one["role"] == "system"), "")
    cores = os.cpu_count() or 1
    return {
        "base": told["base"],
        "work_dir": str(folder / "work"),
        "support": str(folder),
        "data_file": str(folder / "data" / "train.jsonl"),
        "validation_file": str(folder / "data" / "validation.jsonl") if held_out else None,
        "cache": str(folder / "data" / "cache"),
        "prompt_template": told["table"],
        "max_length": recipe.max_length,
        **counts,
        "learning_rate": recipe.learning_rate,
        "weight_decay": recipe.weight_decay,
        "clip": recipe.clip,
        "save_every": accumulate * (request.checkpoint_steps or max(1, steps // _CHECKPOINTS)),
        "log_every": accumulate * max(1, steps // _LINES),
        "evaluate_every": accumulate * max(1, steps // _EVALUATIONS),
        "evaluation_inputs": [one[-1]["content"] for one in samples],
        # The hook formats it once more.
        "evaluation_system": system.replace("{", "{{").replace("}", "}}"),
        "evaluation_tokens": 256 if gpus else 16,
        "backend": "nccl" if gpus else "gloo",
        "map_processes": min(_PROCESSES, cores),
        "loader_processes": 4 if gpus else 0,
        "seed": request.seed,
    }


def load(file: Path) -> dict[str, Any] | None:
    """A JSON object; None where there is none that is whole."""
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def save(file: Path, told: dict[str, Any]) -> None:
    """Writes it in one piece."""
    fresh = file.with_name(file.name + ".new")
    fresh.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", "utf-8")
    fresh.replace(file)
