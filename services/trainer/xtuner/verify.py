"""Whether a converted checkpoint is whole: read from its files' heads, by nothing that wrote them."""

import json
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from trainer.errors import TrainError

_TYPES = {"bfloat16": "BF16", "float16": "F16", "float32": "F32"}
_INDEX = "model.safetensors.index.json"
_SINGLE = "model.safetensors"


def verify(folder: Path, dtype: str, names: Iterable[str]) -> int:
    """The number of its parameters.

    Args:
        folder: with configuration, weights and tokenizer.
        dtype: of all weights.
        names: of all parameters; the output's may be missing where it is tied to the input's.

    Raises:
        TrainError: something is missing, or of another type, or a file is shorter than its head says.
    """
    config = _json(folder / "config.json")
    tokenizer = _json(folder / "tokenizer_config.json")
    if not (folder / "tokenizer.json").is_file():
        raise _broken(folder, "tokenizer.json is missing")
    if not tokenizer.get("chat_template") and not (folder / "chat_template.jinja").is_file():
        raise _broken(folder, "the tokenizer has no chat template")
    told = str(config.get("torch_dtype") or config.get("dtype"))
    if told != dtype:
        raise _broken(folder, f"config.json says {told} and not {dtype}")
    tensors: dict[str, Any] = {}
    for file in _files(folder):
        tensors |= head(file)
    other = [name for name, one in tensors.items() if one["dtype"] != _TYPES[dtype]]
    if other:
        raise _broken(folder, f"{other[0]} is {tensors[other[0]]['dtype']} and not {_TYPES[dtype]}")
    missing = sorted(set(names) - set(tensors) - ({"lm_head.weight"} if config.get("tie_word_embeddings") else set()))
    if missing:
        raise _broken(folder, f"{missing[0]} is missing")
    return sum(_count(one["shape"]) for one in tensors.values())


def head(file: Path) -> dict[str, Any]:
    """Name, type and shape of the tensors in a file of safetensors.

    The format: eight bytes with the length of the head, the head as JSON, then the tensors.

    Raises:
        TrainError: it is none, or is cut off.
    """
    try:
        with file.open("rb") as source:
            length = struct.unpack("<Q", source.read(8))[0]
            found: dict[str, Any] = json.loads(source.read(length))
        found.pop("__metadata__", None)
        end = max((one["data_offsets"][1] for one in found.values()), default=0)
    except (OSError, ValueError, struct.error, KeyError, TypeError, MemoryError) as error:
        raise _broken(file.parent, f"{file.name} cannot be read ({error})") from error
    if file.stat().st_size != 8 + length + end:
        raise _broken(file.parent, f"{file.name} is cut off")
    return found


def _files(folder: Path) -> list[Path]:
    if (folder / _SINGLE).is_file():
        return [folder / _SINGLE]
    index = _json(folder / _INDEX)
    names = sorted(set(index.get("weight_map", {}).values()))
    if not names:
        raise _broken(folder, "it has no weights")
    return [folder / name for name in names]


def _json(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _broken(file.parent, f"{file.name} cannot be read ({error})") from error
    if not isinstance(found, dict):
        raise _broken(file.parent, f"{file.name} is no object")
    return found


def _count(shape: list[int]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count


def _broken(folder: Path, why: str) -> TrainError:
    return TrainError(
        f"the converted model in {folder} is not whole: {why}; is the disk full? Run the same command again."
    )
