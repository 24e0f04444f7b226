"""The size of a base model, from its configuration; nothing of its weights is loaded."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer import tiny
from trainer.errors import TrainError
from trainer.run import TINY

# Classes whose layers are Llama's: what the recipe is made for, and what xtuner 0.2 trains.
_LIKE_LLAMA = ("llama", "mistral")
_TINY = {"vocab_size": tiny.VOCABULARY, **tiny.SIZES, "tie_word_embeddings": True, "model_type": "llama"}


@dataclass(frozen=True, slots=True)
class Shape:
    """A decoder with Llama's layers.

    Attributes:
        vocabulary, hidden, inner, layers: sizes: tokens, width, width inside of the MLP, layers.
        keys: width of keys (and of values) of all heads together.
        queries: width of all queries together.
        tied: whether the output shares the input's embedding.
        context: tokens that it was made for; 0: not told.
        kind: `model_type` of its configuration.
    """

    vocabulary: int
    hidden: int
    inner: int
    layers: int
    keys: int
    queries: int
    tied: bool
    context: int
    kind: str

    @property
    def parameters(self) -> int:
        """Of all layers, norms and embeddings."""
        attention = 2 * self.hidden * self.queries + 2 * self.hidden * self.keys
        a_layer = attention + 3 * self.hidden * self.inner + 2 * self.hidden
        embeddings = self.vocabulary * self.hidden * (1 if self.tied else 2)
        return embeddings + self.layers * a_layer + self.hidden


def shape_of(base: str) -> Shape:
    """The shape of a base model: a folder, a name, or `tiny`.

    Raises:
        TrainError: its configuration is not to be had, or it is none of these models.
    """
    return shape_from(_TINY if base == TINY else _configuration(base), base)


def shape_from(told: dict[str, Any], base: str) -> Shape:
    """The shape that a `config.json` tells.

    Raises:
        TrainError: it is another kind of model.
    """
    kind = str(told.get("model_type", ""))
    if kind not in _LIKE_LLAMA:
        raise TrainError(
            f"{base} is a model of type {kind!r}: the recipe is for Llama's, DeepSeek-Math and -Prover are such."
        )
    try:
        hidden, heads = int(told["hidden_size"]), int(told["num_attention_heads"])
        head = int(told.get("head_dim") or hidden // heads)
        return Shape(
            vocabulary=int(told["vocab_size"]),
            hidden=hidden,
            inner=int(told["intermediate_size"]),
            layers=int(told["num_hidden_layers"]),
            keys=head * int(told.get("num_key_value_heads") or heads),
            queries=head * heads,
            tied=bool(told.get("tie_word_embeddings", False)),
            context=int(told.get("max_position_embeddings") or 0),
            kind=kind,
        )
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise TrainError(f"the config.json of {base} is not whole ({error!r}): get the checkpoint anew.") from error


def context_of(base: str) -> int:
    """Tokens that a checkpoint in a folder was made for; 0: not told, or not looked up because it is none."""
    if not (Path(base) / "config.json").is_file():
        return 0
    told = _configuration(base).get("max_position_embeddings")
    return told if isinstance(told, int) else 0


def _configuration(base: str) -> dict[str, Any]:
    place = Path(base) / "config.json"
    if not place.is_file():
        if Path(base).is_dir():
            raise TrainError(f"{base} is no checkpoint: it has no config.json.")
        place = _fetched(base)
    try:
        found = json.loads(place.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise TrainError(f"{place} cannot be read ({error}): get the checkpoint anew.") from error
    if not isinstance(found, dict):
        raise TrainError(f"{place} is no configuration: get the checkpoint anew.")
    return found


def _fetched(base: str) -> Path:
    try:
        from huggingface_hub import hf_hub_download  # noqa: PLC0415 - part of an extra
    except ImportError:
        raise TrainError(
            f"{base} is no folder: give one, or install palmetto[train] to have it looked up by name."
        ) from None
    try:
        return Path(hf_hub_download(base, "config.json"))
    except Exception as error:  # it raises its own, the network's and its validators' errors
        why = " ".join(str(error).split())[:200]
        raise TrainError(f"the base model {base} is no folder, and is not to be had by its name ({why}).") from error
