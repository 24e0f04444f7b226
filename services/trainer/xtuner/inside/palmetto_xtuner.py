"""What a configuration of Palmetto uses besides xtuner itself: whole examples in a sequence, their mask, two hooks.

A copy of this file lies beside each configuration, so that both run without Palmetto.
"""

import bisect
import json
import random
import time
from functools import partial
from pathlib import Path
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from torch import distributed
from xtuner.dataset import process_hf_dataset
from xtuner.dataset.collate_fns import default_collate_fn
from xtuner.dataset.map_fns import template_map_fn
from xtuner.engine.hooks import VarlenAttnArgsToMessageHubHook

_IGNORED = -100


def template_fn(template: dict[str, Any]) -> Any:
    """xtuner's `template_map_fn_factory`, for templates whose answers begin with something: `ANSWER`."""
    return partial(_filled, template=template)


def _filled(example: dict[str, Any], template: Any) -> dict[str, Any]:
    found: dict[str, Any] = template_map_fn(example, template)
    for turn in found["conversation"]:
        turn["output"] = template.get("ANSWER", "") + turn["output"]
    return found


def whole_packs(*, max_length: int, seed: int, use_varlen_attn: bool = False, **how: Any) -> "Packs":
    """Tokenizes as xtuner does, and puts whole examples together up to `max_length` tokens.

    xtuner's own packing fills each sequence to its last token and cuts the example that stands there; its
    tokenizing cuts what is longer. Here nothing is cut.

    Args:
        max_length: tokens of a sequence.
        seed: of the order within the sequences.
        use_varlen_attn: as xtuner's; needs flash-attn.
        how: as `xtuner.dataset.process_hf_dataset` takes it.

    Raises:
        ValueError: an example is longer than a sequence.
    """
    rows = process_hf_dataset(max_length=max_length + 1, pack_to_max_length=False, **how)
    lengths = list(rows["length"])
    if any(length > max_length for length in lengths):
        raise ValueError(f"an example is longer than {max_length} tokens and would be cut: leave it out of the data")
    return Packs(rows, packs_of(lengths, max_length, seed), use_varlen_attn)


def packs_of(lengths: list[int], room: int, seed: int) -> list[list[int]]:
    """Which examples stand in which sequence: each once, the longest first where it just fits (best-fit decreasing)."""
    left: list[int] = []  # sizes of room that are left in some pack, in order
    packs_by_room: dict[int, list[int]] = {}
    packs: list[list[int]] = []
    for at in sorted(range(len(lengths)), key=lambda one: (-lengths[one], one)):
        size = lengths[at]
        place = bisect.bisect_left(left, size)
        if place == len(left):
            number, rest = len(packs), room - size
            packs.append([])
        else:
            found = left[place]
            number, rest = packs_by_room[found].pop(), found - size
            if not packs_by_room[found]:
                del packs_by_room[found], left[place]
        packs[number].append(at)
        if rest > 0:
            if rest not in packs_by_room:
                bisect.insort(left, rest)
            packs_by_room.setdefault(rest, []).append(number)
    drawn = random.Random(seed)
    for one in packs:
        drawn.shuffle(one)
    return packs


class Packs(torch.utils.data.Dataset[dict[str, list[int]]]):
    """Sequences of whole examples; positions begin anew with each, and `cumulative_len` says where it begins."""

    def __init__(self, rows: Any, packs: list[list[int]], use_varlen_attn: bool) -> None:
        self._rows = rows
        self._packs = packs
        self._use_varlen_attn = use_varlen_attn

    def __len__(self) -> int:
        """How many sequences."""
        return len(self._packs)

    def __getitem__(self, number: int) -> dict[str, list[int]]:
        """Ids, labels, positions and bounds of one."""
        ids: list[int] = []
        labels: list[int] = []
        positions: list[int] = []
        bounds = [0]
        for at in self._packs[number]:
            row = self._rows[at]
            ids += row["input_ids"]
            # The first token of an example is nobody's next one.
            labels += [_IGNORED, *row["labels"][1:]]
            positions += range(len(row["input_ids"]))
            bounds.append(len(ids))
        return {"input_ids": ids, "labels": labels, "position_ids": positions, "cumulative_len": bounds}


def pack_collate_fn(instances: list[dict[str, list[int]]], use_varlen_attn: bool = False) -> dict[str, Any]:
    """A batch in which no example of a sequence sees another one.

    Without flash-attn that is a mask, (sequences, 1, length, length): 0 where a token is seen, else the smallest
    number of bfloat16, which is the type that the recipe trains in.
    """
    count = sum(len(one["input_ids"]) for one in instances)
    if use_varlen_attn:
        batch: dict[str, Any] = default_collate_fn(instances, use_varlen_attn=True)
        return {**batch, "data_samples": {"tokens": count}}
    longest = max(len(one["input_ids"]) for one in instances)
    shape = (len(instances), longest)
    ids, positions = torch.zeros(shape, dtype=torch.long), torch.zeros(shape, dtype=torch.long)
    labels = torch.full(shape, _IGNORED, dtype=torch.long)
    # Numbers of the examples; what fills a sequence up is one more.
    owners = torch.full(shape, -1, dtype=torch.long)
    for row, one in enumerate(instances):
        length = len(one["input_ids"])
        ids[row, :length] = torch.tensor(one["input_ids"])
        labels[row, :length] = torch.tensor(one["labels"])
        positions[row, :length] = torch.tensor(one["position_ids"])
        for number, (begin, end) in enumerate(zip(one["cumulative_len"], one["cumulative_len"][1:], strict=False)):
            owners[row, begin:end] = number
    sees = (owners[:, :, None] == owners[:, None, :]) & torch.ones(longest, longest, dtype=torch.bool).tril()
    mask = torch.zeros((len(instances), 1, longest, longest), dtype=torch.bfloat16)
    mask.masked_fill_(~sees[:, None], torch.finfo(torch.bfloat16).min)
    data = {"input_ids": ids, "labels": labels, "position_ids": positions, "attention_mask": mask}
    return {"data": data, "data_samples": {"tokens": count}}


class ProgressHook(Hook):  # type: ignore[misc, unused-ignore]
    """Writes where the training stands into `progress.jsonl` of the work folder, one JSON object a line.

    Args:
        interval: iterations between two lines.
    """

    priority = "LOW"

    def __init__(self, interval: int = 1) -> None:
        self.interval = interval
        self._sums = [0.0, 0.0, 0.0]  # loss, iterations, tokens

    def after_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Adds up, and writes now and then."""
        self._sums[0] += float(outputs["loss"])
        self._sums[1] += 1
        self._sums[2] += data_batch["data_samples"]["tokens"]
        done = runner.iter + 1
        if done % self.interval and done != runner.max_iters:
            return
        loss, iterations, tokens = _summed(self._sums)
        self._sums = [0.0, 0.0, 0.0]
        _tell(runner, iteration=done, iterations=runner.max_iters, loss=loss / iterations, tokens=int(tokens))


class ValidationLossHook(Hook):  # type: ignore[misc, unused-ignore]
    """The loss on what is held out, a token of an answer: to `progress.jsonl` and to the log.

    Args:
        dataloader: of the held-out examples, as mmengine takes it.
        interval: iterations between two; it is computed at the end, too.
    """

    priority = "LOW"

    def __init__(self, dataloader: dict[str, Any], interval: int) -> None:
        self.interval = interval
        self._dataloader: Any = dataloader
        self._varlen = VarlenAttnArgsToMessageHubHook()

    def before_train(self, runner: Any) -> None:
        """Builds the data set."""
        self._dataloader = runner.build_dataloader(self._dataloader, seed=runner.seed)

    @torch.no_grad()  # type: ignore[untyped-decorator, unused-ignore]
    def after_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Computes it now and then. All processes do: with ZeRO-3 each holds a part of the weights."""
        done = runner.iter + 1
        if done % self.interval and done != runner.max_iters:
            return
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        model.eval()
        sums = [0.0, 0.0]
        for batch in self._dataloader:
            data = model.data_preprocessor(batch, False)["data"]
            answers = int((data["labels"][:, 1:] != _IGNORED).sum())
            if "cumulative_len" in data:
                self._varlen.before_val_iter(runner, 0, {"data": data})
            sums[0] += float(model.llm(**data).loss) * answers
            sums[1] += answers
        self._varlen.after_val_iter(runner, 0)
        model.train()
        loss, answers_in_all = _summed(sums)
        if answers_in_all:
            runner.logger.info(f"validation loss: {loss / answers_in_all:.4f}")
            _tell(runner, iteration=done, iterations=runner.max_iters, validation_loss=loss / answers_in_all)


def _summed(values: list[float]) -> list[float]:
    """Over all processes."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return values
    device = "cuda" if torch.cuda.is_available() else "cpu"
    found = torch.tensor(values, dtype=torch.float64, device=device)
    distributed.all_reduce(found)
    return [float(one) for one in found]


def _tell(runner: Any, **told: float) -> None:
    if distributed.is_initialized() and distributed.get_rank():
        return
    with (Path(runner.work_dir) / "progress.jsonl").open("a", encoding="utf-8") as out:
        out.write(json.dumps({**told, "time": time.time()}) + "\n")
