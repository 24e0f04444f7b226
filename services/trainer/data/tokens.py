"""Examples as token ids, in files that are mapped into memory."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.data.source import Example
from trainer.errors import TrainError

IGNORED = -100
TOO_LONG = "longer than the context"


class Encoder:
    """Turns examples into ids: the prompt's are those that inference sends, the answer's follow.

    The answer's text is what the chat template adds for an assistant's message. It is tokenized on its own, as a model
    makes it: behind a prompt that is tokens already. It ends with the template's last special token, or the
    tokenizer's end token where the template writes none.

    Args:
        tokenizer: of transformers, with a chat template.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._special = set(tokenizer.all_special_ids) | set(tokenizer.added_tokens_decoder)

    def encode(self, example: Example) -> tuple[list[int], list[int]]:
        """Ids of the prompt and of the answer.

        Raises:
            TrainError: the template refuses the prompt, or does not write an answer behind it.
        """
        prompt = [{"role": role, "content": content} for role, content in example.prompt]
        whole = [*prompt, {"role": "assistant", "content": example.answer}]
        before = self._text(prompt, asks=True)
        text = self._text(whole, asks=False)
        if not text.startswith(before):
            raise TrainError("the chat template does not write the answer behind its prompt: give --template.")
        answer = list(self._tokenizer(text[len(before) :], add_special_tokens=False)["input_ids"])
        last = max((at for at, one in enumerate(answer) if one in self._special), default=None)
        answer = [*answer, self._tokenizer.eos_token_id] if last is None else answer[: last + 1]
        return self.prompt_ids(prompt), answer

    def prompt_ids(self, messages: list[dict[str, str]]) -> list[int]:
        """Ids of a prompt, as the model server's hf backend sends it."""
        found = self._tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True)
        return list(found["input_ids"])

    def _text(self, messages: list[dict[str, str]], *, asks: bool) -> str:
        try:
            return str(self._tokenizer.apply_chat_template(messages, add_generation_prompt=asks, tokenize=False))
        except Exception as error:  # a template is a program of somebody else's, and may end with anything
            why = " ".join(str(error).split())[:200]
            raise TrainError(f"the base's chat template takes no such prompt ({why}): give --template.") from error


@dataclass(frozen=True, slots=True)
class Packed:
    """Tokenized examples on disk.

    Attributes:
        ids: of all examples, one behind the other: (tokens,) int32.
        bounds: where each begins, and the end: (examples + 1,) int64.
        prompts: tokens of each example's prompt: (examples,) int32.
        dropped: examples that are not there, by reason.
    """

    ids: NDArray[np.int32]
    bounds: NDArray[np.int64]
    prompts: NDArray[np.int32]
    dropped: dict[str, int]

    def __len__(self) -> int:
        """How many examples."""
        return len(self.prompts)

    def __getitem__(self, at: int) -> dict[str, list[int]]:
        """Ids of an example, and the labels: those of the prompt are masked."""
        begin, end = int(self.bounds[at]), int(self.bounds[at + 1])
        ids = self.ids[begin:end].tolist()
        masked = int(self.prompts[at])
        return {"input_ids": ids, "labels": [IGNORED] * masked + ids[masked:]}

    @property
    def tokens(self) -> int:
        """Of all examples."""
        return int(self.bounds[-1])


def pack(examples: Iterable[Example], encoder: Encoder, stem: Path, max_length: int) -> Packed:
    """Tokenizes examples one by one into `stem.ids`; what is longer than `max_length` tokens is dropped and counted.

    Raises:
        TrainError: nothing can be written there.
        OSError: the disk is full.
    """
    dropped: Counter[str] = Counter()
    bounds, prompts = [0], []
    stem.parent.mkdir(parents=True, exist_ok=True)
    place = stem.with_suffix(".ids")
    with place.open("wb") as out:
        for example in examples:
            prompt, answer = encoder.encode(example)
            if len(prompt) + len(answer) > max_length:
                dropped[TOO_LONG] += 1
                continue
            out.write(np.asarray(prompt + answer, np.int32).tobytes())
            bounds.append(bounds[-1] + len(prompt) + len(answer))
            prompts.append(len(prompt))
    ids = np.memmap(place, np.int32, "r") if bounds[-1] else np.zeros(0, np.int32)
    return Packed(ids, np.asarray(bounds, np.int64), np.asarray(prompts, np.int32), dict(dropped))
