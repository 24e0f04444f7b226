"""Runs in xtuner's environment: builds what a configuration says, and prints what came of it as JSON.

usage: python xtuner_build.py CONFIG
"""

import itertools
import json
import sys
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import PARAM_SCHEDULERS
from mmengine.runner import Runner
from transformers import AutoModelForCausalLM
from xtuner.tools.train import register_function


def main() -> None:
    cfg = Config.fromfile(sys.argv[1])
    register_function(cfg._cfg_dict)
    loader = Runner.build_dataloader(cfg.train_dataloader, seed=0)
    packs = [loader.dataset[at] for at in range(len(loader.dataset))]
    print(json.dumps({"packs": packs, "rates": rates(cfg), "alone": alone(cfg, packs)}))


def rates(cfg: Any) -> list[float]:
    """The learning rate of each iteration."""
    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=cfg.learning_rate)
    schedulers = [PARAM_SCHEDULERS.build(dict(one, optimizer=optimizer)) for one in cfg.param_scheduler]
    found = []
    for _ in range(cfg.iterations):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        for one in schedulers:
            one.step()
    return found


def alone(cfg: Any, packs: list[dict[str, list[int]]]) -> float:
    """The largest difference between logits of examples in a batch of sequences, and of the same examples alone."""
    torch.set_grad_enabled(False)
    model = AutoModelForCausalLM.from_pretrained(cfg.base, attn_implementation="sdpa").eval()
    collate = Runner.build_dataloader(cfg.train_dataloader, seed=0).collate_fn
    data = collate(packs[:2])["data"]
    data.pop("labels")
    data["attention_mask"] = data["attention_mask"].float()
    together = model(**data).logits
    largest = 0.0
    for row, pack in enumerate(packs[:2]):
        bounds = pack["cumulative_len"]
        for begin, end in itertools.pairwise(bounds):
            one = model(input_ids=torch.tensor([pack["input_ids"][begin:end]])).logits[0]
            largest = max(largest, float((together[row, begin:end] - one).abs().max()))
    return largest


if __name__ == "__main__":
    main()
