"""What a training is asked for, and what it tells."""

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from trainer.errors import TrainError

TINY = "tiny"


@dataclass(frozen=True, slots=True)
class Recipe:
    """The numbers of a training.

    Attributes:
        name: as settings call it.
        epochs: how often each example is seen.
        learning_rate: at its highest, after the warm-up.
        warmup: share of the steps in which it rises.
        batch: examples a step, over all devices.
        max_length: tokens of an example at the most; longer ones are left out.
        validation: share of the examples that is held out, whole projects at a time.
        weight_decay, clip: of AdamW, and the largest norm of a gradient.
    """

    name: str
    epochs: float
    learning_rate: float
    warmup: float = 0.03
    batch: int = 128
    max_length: int = 4096
    validation: float = 0.02
    weight_decay: float = 0.0
    clip: float = 1.0


# Full-parameter fine-tuning of models of 7 to 8 billion parameters (docs/training.md says where the numbers are from).
RECIPES = {"whole_proof": Recipe("whole_proof", epochs=3, learning_rate=1e-5)}
# A small model that begins with random numbers needs larger steps and more of them.
FROM_SCRATCH = {"epochs": 40, "learning_rate": 1e-3, "batch": 8, "max_length": 1024, "validation": 0.0}


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """A training.

    Attributes:
        data: folder of an extracted data set.
        base: folder or name of a checkpoint; `tiny`: a small Llama from scratch.
        out: folder of the result.
        recipe: the numbers.
        engine: `local` or `xtuner`.
        template: chat template; empty: the base's own.
        layout, printing: how the data were made, where they do not say it themselves.
        device_batch: examples on a device at one time; the batch is reached by accumulation.
        gpus: devices; None: those that are there.
        zero: with `xtuner`, what DeepSpeed divides among GPUs: 1 optimizer, 2 gradients too, 3 weights too.
        seed: of all that is drawn.
        checkpoint_steps: steps between two checkpoints; None: twenty in a training.
    """

    data: Path
    base: str
    out: Path
    recipe: Recipe
    engine: str = "local"
    template: str = ""
    layout: str = ""
    printing: str = ""
    device_batch: int = 8
    gpus: int | None = None
    zero: int = 1
    seed: int = 0
    checkpoint_steps: int | None = None

    @property
    def key(self) -> str:
        """Hash of all that the result depends on, but for the data's content."""
        told = asdict(replace(self, out=Path()))
        for name in ("out", "gpus", "checkpoint_steps"):
            del told[name]
        told["data"] = str(self.data.resolve())
        if Path(self.base).is_dir():
            told["base"] = str(Path(self.base).resolve())
        return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a training stands.

    Attributes:
        step, steps: done, and in all; 0 in all where that is not known yet.
        loss: of the last steps.
        tokens_per_s: trained on since the start of this run, padding not counted.
        left_s: time left, as it looks.
        note: a sentence in place of numbers.
    """

    step: int = 0
    steps: int = 0
    loss: float | None = None
    tokens_per_s: float | None = None
    left_s: float | None = None
    note: str = ""


Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What came of a training.

    Attributes:
        out: the folder with the model.
        steps, examples, tokens: trained on; tokens of one epoch.
        dropped: examples left out, by reason.
        losses: step and loss, in order; eval_losses: of what was held out.
        tokens_per_s: over the last run.
        about: further facts for the card.
    """

    out: Path
    steps: int
    examples: int
    tokens: int
    dropped: dict[str, int]
    losses: list[tuple[int, float]]
    eval_losses: list[tuple[int, float]]
    tokens_per_s: float
    about: dict[str, Any] = field(default_factory=dict)


def recipe_named(name: str, base: str, **changes: float | int | None) -> Recipe:
    """A recipe with what the settings change.

    Raises:
        TrainError: there is no such recipe, or a number is none to train with.
    """
    found = RECIPES.get(name)
    if found is None:
        raise TrainError(f"there is no recipe {name!r}: choose one of {', '.join(RECIPES)}.")
    if base == TINY:
        found = replace(found, **FROM_SCRATCH)  # type: ignore[arg-type]
    found = replace(found, **{key: value for key, value in changes.items() if value is not None})  # type: ignore[arg-type]
    for option, value in (("--epochs", found.epochs), ("--learning-rate", found.learning_rate)):
        if not (math.isfinite(value) and value > 0):
            raise TrainError(f"{option} is {value:g}: give a number above 0.")
    return found
