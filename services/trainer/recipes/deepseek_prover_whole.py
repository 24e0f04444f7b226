"""xtuner 0.2 configuration: full-parameter fine-tuning on whole proofs.

For models of the DeepSeek-Prover, DeepSeek-Math and Llama 3 class (7 to 8 billion parameters, one node of 8 GPUs).
`palmetto train --engine xtuner` writes a copy with the values of its run at the top. That copy is whole: change what
you like and run it again, or run it by hand:

    NPROC_PER_NODE=8 xtuner train config.py --deepspeed deepspeed_zero1 --launcher pytorch

docs/training-xtuner.md tells about it.
"""

import sys

import torch
from datasets import load_dataset
from mmengine.dataset import DefaultSampler
from mmengine.hooks import CheckpointHook, DistSamplerSeedHook, IterTimerHook, LoggerHook, ParamSchedulerHook
from mmengine.optim import AmpOptimWrapper, CosineAnnealingLR, LinearLR
from palmetto_xtuner import ProgressHook, ValidationLossHook, pack_collate_fn, template_fn, whole_packs
from torch.optim import AdamW
from transformers import AutoModelForCausalLM, AutoTokenizer
from xtuner.dataset.map_fns import openai_map_fn
from xtuner.engine.hooks import DatasetInfoHook, EvaluateChatHook, VarlenAttnArgsToMessageHubHook
from xtuner.engine.runner import TrainLoop
from xtuner.model import SupervisedFinetune

# ---- What a run changes ----------------------------------------------------------------------------------------------
# Weights, configuration and tokenizer; its chat template and end token are those of prompt_template.
base = "deepseek-ai/deepseek-math-7b-base"
# Checkpoints and logs.
work_dir = "work"
# Where palmetto_xtuner.py lies.
support = "."
# OpenAI's messages, one conversation a line. None may be longer than max_length: xtuner would cut it.
data_file = "data/train.jsonl"
validation_file = None
cache = "data/cache"
# How a conversation is written down; ANSWER is what an answer begins with that the prompt does not end with.
prompt_template = dict(
    SYSTEM="{system}\n\n",
    INSTRUCTION="User: {input}\n\nAssistant:",
    ANSWER=" ",
    SUFFIX="<｜end▁of▁sentence｜>",  # noqa: RUF001
    SUFFIX_AS_EOS=True,
    STOP_WORDS=["<｜end▁of▁sentence｜>"],  # noqa: RUF001
)
# Tokens of a sequence. Whole examples are packed into it; none is cut, and none sees another one.
max_length = 4096
# Sequences on a GPU at one time, and iterations (such batches) that make one step of the optimizer.
batch_size = 1
accumulate = 16
# Iterations of the whole training, and those in which the rate rises. They are counted here and not by epochs:
# xtuner rounds a warm-up of few iterations to an empty range and stops.
iterations = 10_000
warmup_iterations = 300
# 1e-5 to 2e-5 is usual where all parameters are trained (LoRA takes ten times more).
learning_rate = 1e-5
weight_decay = 0.0
clip = 1.0
# Iterations between two checkpoints, lines of progress, and evaluations. Two checkpoints are kept: a run that is
# killed while it writes one goes on from the other.
save_every = 500
log_every = 10
evaluate_every = 500
checkpoints_kept = 2
# Prompts whose answers are written to the log at each evaluation.
evaluation_inputs = ["Solve This Proof State:\n\nHypotheses:\nn: nat\n\nGoal:\nn + 0 = n\n\n"]
evaluation_system = ""
evaluation_tokens = 256
# True needs flash-attn, and is faster with long sequences; False takes torch's attention with a mask.
use_varlen_attn = False
# gloo: without GPUs.
backend = "nccl"
map_processes = 8
loader_processes = 4
seed = 0
# ----------------------------------------------------------------------------------------------------------------------

sys.path.insert(0, support)

tokenizer = dict(
    type=AutoTokenizer.from_pretrained,
    pretrained_model_name_or_path=base,
    trust_remote_code=False,
    padding_side="right",
)

# Neither LoRA nor quantization: all parameters are trained, in bfloat16; DeepSpeed keeps a copy in float32.
model = dict(
    type=SupervisedFinetune,
    use_varlen_attn=use_varlen_attn,
    llm=dict(
        type=AutoModelForCausalLM.from_pretrained,
        pretrained_model_name_or_path=base,
        trust_remote_code=False,
        torch_dtype=torch.bfloat16,
        attn_implementation="flash_attention_2" if use_varlen_attn else "sdpa",
    ),
)

# The prompt is masked from the loss. It and the answer are tokenized apart, as inference does it.
train_dataset = dict(
    type=whole_packs,
    dataset=dict(type=load_dataset, path="json", data_files=dict(train=data_file), cache_dir=cache),
    tokenizer=tokenizer,
    max_length=max_length,
    seed=seed,
    dataset_map_fn=openai_map_fn,
    template_map_fn=dict(type=template_fn, template=prompt_template),
    remove_unused_columns=True,
    use_varlen_attn=use_varlen_attn,
    map_num_proc=map_processes,
)
train_dataloader = dict(
    batch_size=batch_size,
    num_workers=loader_processes,
    dataset=train_dataset,
    sampler=dict(type=DefaultSampler, shuffle=True),
    collate_fn=dict(type=pack_collate_fn, use_varlen_attn=use_varlen_attn),
)
train_cfg = dict(type=TrainLoop, max_iters=iterations)

# `--deepspeed` puts its own in this one's place, and takes the optimizer, accumulation and clipping from it.
optim_wrapper = dict(
    type=AmpOptimWrapper,
    optimizer=dict(type=AdamW, lr=learning_rate, betas=(0.9, 0.999), weight_decay=weight_decay),
    clip_grad=dict(max_norm=clip, error_if_nonfinite=False),
    accumulative_counts=accumulate,
    loss_scale="dynamic",
    dtype="bfloat16",
)
param_scheduler = [
    dict(type=LinearLR, start_factor=1e-5, by_epoch=False, begin=0, end=warmup_iterations),
    dict(type=CosineAnnealingLR, eta_min=0.0, by_epoch=False, begin=warmup_iterations, end=iterations),
]

custom_hooks = [dict(type=DatasetInfoHook, tokenizer=tokenizer), dict(type=ProgressHook, interval=log_every)]
if evaluation_inputs:
    custom_hooks.append(
        dict(
            type=EvaluateChatHook,
            tokenizer=tokenizer,
            every_n_iters=evaluate_every,
            evaluation_inputs=evaluation_inputs,
            system=evaluation_system,
            prompt_template=prompt_template,
            max_new_tokens=evaluation_tokens,
            generation_kwargs=dict(do_sample=False, temperature=None, top_p=None, top_k=None),
        )
    )
if validation_file is not None:
    custom_hooks.append(
        dict(
            type=ValidationLossHook,
            interval=evaluate_every,
            dataloader=dict(
                batch_size=batch_size,
                num_workers=0,
                dataset=dict(
                    train_dataset,
                    dataset=dict(
                        type=load_dataset, path="json", data_files=dict(train=validation_file), cache_dir=cache
                    ),
                ),
                sampler=dict(type=DefaultSampler, shuffle=False),
                collate_fn=dict(type=pack_collate_fn, use_varlen_attn=use_varlen_attn),
            ),
        )
    )
if use_varlen_attn:
    custom_hooks.append(dict(type=VarlenAttnArgsToMessageHubHook))

default_hooks = dict(
    timer=dict(type=IterTimerHook),
    logger=dict(type=LoggerHook, log_metric_by_epoch=False, interval=log_every),
    param_scheduler=dict(type=ParamSchedulerHook),
    checkpoint=dict(type=CheckpointHook, by_epoch=False, interval=save_every, max_keep_ckpts=checkpoints_kept),
    sampler_seed=dict(type=DistSamplerSeedHook),
)
env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method="fork", opencv_num_threads=0),
    dist_cfg=dict(backend=backend),
)
visualizer = None
log_level = "INFO"
load_from = None
# Goes on from the last checkpoint in work_dir, and begins where there is none.
resume = True
randomness = dict(seed=seed, deterministic=False)
log_processor = dict(by_epoch=False)

# mmengine copies what a configuration holds, and a module cannot be copied.
del sys
