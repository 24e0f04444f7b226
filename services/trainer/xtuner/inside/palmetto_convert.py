"""A checkpoint of xtuner as a folder of Hugging Face's. Runs in xtuner's environment, by itself.

usage: python palmetto_convert.py CHECKPOINT BASE OUT DTYPE
It prints a JSON object; a failure is one line `palmetto: ...` and status 2.

`xtuner convert pth_to_hf` writes float16 whatever was trained, pickled unless told, and ends with status 0 even when it
fails. Values of bfloat16 beyond 65504 are infinite in float16, and small ones are 0. This keeps the type.
"""

import json
import sys
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, GenerationConfig
from xtuner.utils.zero_to_any_dtype import get_state_dict_from_zero_checkpoint

_PREFIX = "llm."


def convert(checkpoint: Path, base: Path, out: Path, dtype: str) -> dict[str, Any]:
    """Writes weights, configuration and tokenizer.

    Args:
        checkpoint: a folder `iter_N.pth` of DeepSpeed's, of any stage of ZeRO.
        base: configuration and tokenizer.
        out: where to.
        dtype: of the weights.

    Raises:
        ValueError: the checkpoint does not hold the model.
    """
    kind = getattr(torch, dtype)
    # Its default type is float16, through which all values would go.
    state = get_state_dict_from_zero_checkpoint(str(checkpoint.parent), checkpoint.name, dtype=kind)
    config = AutoConfig.from_pretrained(base)
    config.torch_dtype = kind
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, torch_dtype=kind)
    weights = {name.removeprefix(_PREFIX): value for name, value in state.items() if name.startswith(_PREFIX)}
    missing, unexpected = model.load_state_dict(weights, strict=False, assign=True)
    tied = set(model._tied_weights_keys or ()) if config.tie_word_embeddings else set()
    missing = [name for name in missing if name not in tied]
    if missing or unexpected:
        raise ValueError(f"parameters are missing ({missing[:3]}) or not the model's ({unexpected[:3]})")
    model.tie_weights()
    # Rotary tables are computed, not kept: they are still without content here, and are not written.
    broken = [name for name, one in model.named_parameters() if not bool(torch.isfinite(one).all())]
    if broken:
        raise ValueError(f"{len(broken)} parameters hold what is no number, {broken[0]} first")
    tokenizer = AutoTokenizer.from_pretrained(base)
    ids = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    model.config.update(ids)
    model.config.use_cache = True
    model.generation_config = GenerationConfig(**ids, pad_token_id=tokenizer.pad_token_id)
    model.save_pretrained(out, safe_serialization=True, max_shard_size="5GB")
    tokenizer.save_pretrained(out)
    names = {name for name, _ in model.named_parameters()}
    return {"parameters": sum(one.numel() for one in model.parameters()), "dtype": dtype, "names": sorted(names)}


def main() -> None:
    """Runs."""
    checkpoint, base, out, dtype = sys.argv[1:]
    try:
        print(json.dumps(convert(Path(checkpoint), Path(base), Path(out), dtype)))
    except Exception as error:  # whatever the libraries raise, it is one sentence
        print(f"palmetto: {type(error).__name__}: {' '.join(str(error).split())[:400]}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
