"""Full-parameter fine-tuning through transformers' Trainer."""

import logging
import math
import shutil
import time
from collections import Counter
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import SafetensorError

from trainer.data import DataSet, Encoder, Packed, Split, pack, split_of
from trainer.data.tokens import IGNORED, TOO_LONG
from trainer.errors import TrainError
from trainer.local.base import make_base, weights_dtype
from trainer.run import Progress, Report, TrainRequest, TrainResult

_CHECKPOINTS = "checkpoints"
_WORK = "tokens"
_KEPT = 2
DIVERGED = "the loss is no number any longer: give a smaller --learning-rate."
# From so many parameters on, activations are computed again rather than kept.
_LARGE = 1_000_000_000


def train(request: TrainRequest, data: DataSet, report: Report) -> TrainResult:
    """Trains, or goes on with a training that ended early, and writes weights, tokenizer and configuration.

    Raises:
        TrainError: it cannot be done.
    """
    _quiet()
    split = split_of(data, request.recipe.validation, request.seed)
    tokenizer, model, template = make_base(request, (one for one in data if not split.holds_out(one)))
    report(Progress(note=f"tokenizing {data.examples} examples"))
    try:
        train_set, held_out = _tokenized(request, data, split, tokenizer)
        result = _trained(request, model, tokenizer, train_set, held_out, report)
    except torch.OutOfMemoryError as error:
        raise TrainError("the GPU's memory is not enough: give a smaller --device-batch or --max-length.") from error
    except (OSError, SafetensorError) as error:
        why = getattr(error, "strerror", None) or error
        raise TrainError(f"{request.out} cannot be written ({why}): make room there.") from error
    except (RuntimeError, MemoryError) as error:
        if "PytorchStreamWriter" in str(error):
            raise TrainError(f"{request.out} cannot be written: make room there.") from error
        if isinstance(error, MemoryError) or "can't allocate memory" in str(error):
            raise TrainError("the memory is not enough: give a smaller --device-batch or --max-length.") from error
        raise
    parameters = sum(one.numel() for one in model.parameters())
    about = {"template": template, "parameters": parameters, "validation_by": split.by, **_versions()}
    return TrainResult(
        out=request.out,
        steps=result["step"],
        examples=len(train_set),
        tokens=train_set.tokens,
        dropped=dict(Counter(train_set.dropped) + Counter(held_out.dropped)),
        losses=result["losses"],
        eval_losses=result["eval_losses"],
        tokens_per_s=result["tokens_per_s"],
        about={**about, "held_out": sorted(split.held_out), "held_out_examples": len(held_out)},
    )


def _tokenized(request: TrainRequest, data: DataSet, split: Split, tokenizer: Any) -> tuple[Packed, Packed]:
    encoder = Encoder(tokenizer)
    room = request.recipe.max_length
    work = request.out / _WORK
    train_set = pack((one for one in data if not split.holds_out(one)), encoder, work / "train", room)
    held_out = pack((one for one in data if split.holds_out(one)), encoder, work / "validation", room)
    if not len(train_set):
        raise TrainError(
            f"no example is left: all {train_set.dropped.get(TOO_LONG, 0)} are longer than {room} tokens; "
            "give a larger --max-length."
        )
    return train_set, held_out


def _trained(
    request: TrainRequest, model: Any, tokenizer: Any, train_set: Packed, held_out: Packed, report: Report
) -> dict[str, Any]:
    recipe = request.recipe
    # A divisor, so that a step is of as many examples as the recipe says.
    device_batch = max(
        one for one in range(1, recipe.batch + 1) if one <= request.device_batch and not recipe.batch % one
    )
    accumulated = recipe.batch // device_batch
    steps = max(1, math.ceil(math.ceil(len(train_set) / recipe.batch) * recipe.epochs))
    places = request.out / _CHECKPOINTS
    gpu = torch.cuda.is_available()
    arguments = transformers.TrainingArguments(
        output_dir=str(places),
        num_train_epochs=recipe.epochs,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=max(1, round(recipe.warmup * steps)),
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.clip,
        per_device_train_batch_size=device_batch,
        per_device_eval_batch_size=device_batch,
        gradient_accumulation_steps=accumulated,
        save_steps=request.checkpoint_steps or max(1, steps // 20),
        save_total_limit=_KEPT,
        eval_strategy="epoch" if len(held_out) else "no",
        logging_steps=max(1, steps // 200),
        bf16=gpu and torch.cuda.is_bf16_supported(),
        use_cpu=not gpu,
        seed=request.seed,
        data_seed=request.seed,
        report_to=[],
        logging_nan_inf_filter=False,
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=gpu,
    )
    if gpu and sum(one.numel() for one in model.parameters()) > _LARGE:
        model.gradient_checkpointing_enable()
    teller = _Teller(report, train_set.tokens / len(train_set) * recipe.batch)
    trainer = transformers.Trainer(
        model=model,
        args=arguments,
        train_dataset=train_set,
        eval_dataset=held_out if len(held_out) else None,
        data_collator=_Padding(tokenizer.pad_token_id),
        callbacks=[teller],
    )
    trainer.remove_callback(transformers.PrinterCallback)
    _go_on(trainer, places, teller, report)
    history = trainer.state.log_history
    losses = [(int(one["step"]), float(one["loss"])) for one in history if "loss" in one]
    if not all(bool(torch.isfinite(one).all()) for one in model.parameters()):
        raise TrainError(DIVERGED)
    _save(request.out, model, tokenizer)
    shutil.rmtree(places, ignore_errors=True)
    shutil.rmtree(request.out / _WORK, ignore_errors=True)
    return {
        "step": trainer.state.global_step,
        "losses": losses,
        "eval_losses": [(int(one["step"]), float(one["eval_loss"])) for one in history if "eval_loss" in one],
        "tokens_per_s": teller.tokens_per_s,
    }


def _go_on(trainer: Any, places: Path, teller: "_Teller", report: Report) -> None:
    """Trains from the newest checkpoint that is whole, or from the start.

    transformers writes a checkpoint in place and its state last; one without it, or that cannot be read, was cut off.
    """
    found = sorted(places.glob("checkpoint-*"), key=lambda one: int(one.name.rpartition("-")[2]))
    while True:
        last = found.pop() if found else None
        if last is not None and not (last / "trainer_state.json").is_file():
            shutil.rmtree(last, ignore_errors=True)
            continue
        if last is not None:
            report(Progress(note=f"going on from {last.name}"))
        try:
            trainer.train(resume_from_checkpoint=None if last is None else str(last))
        except Exception:  # each file of a checkpoint is read by another library, with errors of its own
            if teller.begun or last is None:
                raise
            report(Progress(note=f"{last.name} is damaged: it is left out"))
            shutil.rmtree(last, ignore_errors=True)
        else:
            return


def _save(out: Path, model: Any, tokenizer: Any) -> None:
    model.generation_config = transformers.GenerationConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    # Trained in float32, with bfloat16 for what is computed; kept in what it was computed in.
    model.to(weights_dtype()).save_pretrained(out)
    tokenizer.save_pretrained(out)


class _Padding:
    """Puts examples of different lengths into one batch."""

    def __init__(self, pad: int) -> None:
        self._pad = pad

    def __call__(self, rows: list[dict[str, list[int]]]) -> dict[str, Any]:
        """Ids, labels and attention mask: (examples, longest) int64."""
        longest = max(len(row["input_ids"]) for row in rows)
        ids = torch.full((len(rows), longest), self._pad, dtype=torch.long)
        labels = torch.full((len(rows), longest), IGNORED, dtype=torch.long)
        mask = torch.zeros((len(rows), longest), dtype=torch.long)
        for at, row in enumerate(rows):
            length = len(row["input_ids"])
            ids[at, :length] = torch.tensor(row["input_ids"])
            labels[at, :length] = torch.tensor(row["labels"])
            mask[at, :length] = 1
        return {"input_ids": ids, "labels": labels, "attention_mask": mask}


class _Teller(transformers.TrainerCallback):
    """Tells where the training stands, and what it is fast at."""

    def __init__(self, report: Report, tokens_per_step: float) -> None:
        self._report = report
        self._tokens_per_step = tokens_per_step
        self._begun = (0.0, 0)
        self.begun = False
        self.tokens_per_s = 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Notes the time."""
        self._begun = (time.monotonic(), state.global_step)
        self.begun = True

    def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Measures."""
        since, first = self._begun
        taken = time.monotonic() - since
        self.tokens_per_s = (state.global_step - first) * self._tokens_per_step / taken if taken else 0.0

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **more: Any) -> None:
        """Tells.

        Raises:
            TrainError: the loss is no number.
        """
        loss = (logs or {}).get("loss")
        if loss is None:
            return
        if not math.isfinite(float(loss)):
            raise TrainError(DIVERGED)
        since, first = self._begun
        done = state.global_step - first
        left = (time.monotonic() - since) / done * (state.max_steps - state.global_step) if done else None
        self._report(Progress(state.global_step, state.max_steps, float(loss), self.tokens_per_s, left))


def _versions() -> dict[str, str]:
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"
    return {"torch": torch.__version__, "transformers": transformers.__version__, "device": device}


def _quiet() -> None:
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    for name in ("accelerate", "huggingface_hub"):
        logging.getLogger(name).setLevel(logging.ERROR)
