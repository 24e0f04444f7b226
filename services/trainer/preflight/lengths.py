"""Which examples are longer than the context, and would be left out."""

import importlib.util
from dataclasses import dataclass
from typing import Any

from trainer.data import DataSet
from trainer.run import TINY, TrainRequest
from trainer.templates import template_for

# Bytes of Coq in one token of a 7B model's tokenizer: low, so that an estimate counts too many rather than too few.
_BYTES_A_TOKEN = 2.5


@dataclass(frozen=True, slots=True)
class Lengths:
    """Tokens of the examples.

    Attributes:
        examples, too_long: how many there are, and how many are left out.
        longest, total: tokens of the longest one, and of those that are not left out.
        exact: False: estimated by bytes, because there is no tokenizer.
    """

    examples: int
    too_long: int
    longest: int
    total: int
    exact: bool


def lengths_of(request: TrainRequest, data: DataSet) -> Lengths:
    """Reads every example.

    Raises:
        TrainError: the template does not fit the base model's tokenizer.
    """
    encoder = _encoder(request)
    count = too_long = longest = total = 0
    for one in data:
        if encoder is not None:
            size = sum(map(len, encoder.encode(one)))
        else:
            size = int(
                sum(len(text.encode()) for text in (one.answer, *(text for _, text in one.prompt))) / _BYTES_A_TOKEN
            )
        count += 1
        longest = max(longest, size)
        if size > request.recipe.max_length:
            too_long += 1
        else:
            total += size
    return Lengths(count, too_long, longest, total, encoder is not None)


def _encoder(request: TrainRequest) -> Any:
    if request.base == TINY or importlib.util.find_spec("transformers") is None:
        return None
    import transformers  # noqa: PLC0415 - part of an extra, and slow to load

    from trainer.data import Encoder  # noqa: PLC0415

    transformers.utils.logging.set_verbosity_error()
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(request.base)
    except Exception:  # whatever the libraries raise: `check` tells about the base model itself
        return None
    template = template_for(tokenizer, request.template)
    if template is not None:
        tokenizer.chat_template = template.jinja()
        tokenizer.eos_token = template.end
    return Encoder(tokenizer)
