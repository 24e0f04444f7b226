"""The model that a training begins with."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import ByteLevelBPETokenizer

from trainer import tiny
from trainer.data import Example
from trainer.errors import TrainError
from trainer.run import TINY, TrainRequest
from trainer.templates import LLAMA3, TEMPLATES, template_for


def make_base(request: TrainRequest, examples: Iterable[Example]) -> tuple[Any, Any, str]:
    """Tokenizer, model and the name of the chat template.

    Args:
        request: names the base.
        examples: what a tokenizer of one's own is trained on.

    Raises:
        TrainError: there is no such model, or it has no chat template.
    """
    torch.manual_seed(request.seed)
    transformers.set_seed(request.seed)
    if request.base == TINY:
        return _tiny(request, examples)
    tokenizer = make_tokenizer(request)
    try:
        model = transformers.AutoModelForCausalLM.from_pretrained(request.base, dtype=torch.float32)
    except Exception as error:  # each part of a checkpoint is read by another library, with errors of its own
        raise _not_loaded(request, error) from error
    words = model.get_input_embeddings().num_embeddings
    if len(tokenizer) > words:
        raise TrainError(
            f"the tokenizer of {request.base} has {len(tokenizer)} tokens, the model {words}: take its own tokenizer."
        )
    template = template_for(tokenizer, request.template)
    if template is not None:
        tokenizer.chat_template = template.jinja()
        tokenizer.eos_token = template.end
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer, model, template.name if template is not None else "the base's own"


def make_tokenizer(request: TrainRequest) -> Any:
    """The base's tokenizer as it is.

    Raises:
        TrainError: there is no such model.
    """
    known = Path(request.base)
    if known.is_dir() and not (known / "config.json").is_file():
        raise TrainError(f"{known} is no checkpoint: it has no config.json.")
    try:
        return transformers.AutoTokenizer.from_pretrained(request.base)
    except Exception as error:
        raise _not_loaded(request, error) from error


def _not_loaded(request: TrainRequest, error: Exception) -> TrainError:
    why = " ".join(str(error).split())[:300]
    return TrainError(f"the base model {request.base} cannot be loaded ({why}): give a checkpoint's folder or name.")


def weights_dtype() -> Any:
    """What a model is computed and kept in: bfloat16 on a GPU that has it; float32 elsewhere."""
    good = torch.cuda.is_available() and torch.cuda.is_bf16_supported()
    return torch.bfloat16 if good else torch.float32


def _tiny(request: TrainRequest, examples: Iterable[Example]) -> tuple[Any, Any, str]:
    template = TEMPLATES.get(request.template or LLAMA3.name)
    if template is None:
        raise TrainError(f"there is no chat template {request.template!r}: choose one of {', '.join(TEMPLATES)}.")
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(
        _texts(examples),
        vocab_size=tiny.VOCABULARY,
        min_frequency=2,
        special_tokens=list(template.special_tokens),
        show_progress=False,
    )
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=trained._tokenizer, bos_token=template.begin, eos_token=template.end, pad_token=template.end
    )
    tokenizer.chat_template = template.jinja()
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        max_position_embeddings=2 * request.recipe.max_length,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        **tiny.SIZES,
    )
    return tokenizer, transformers.LlamaForCausalLM(config), template.name


def _texts(examples: Iterable[Example]) -> Iterator[str]:
    for example in examples:
        yield from (content for _, content in example.prompt)
        yield example.answer
