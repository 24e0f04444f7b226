"""Watching a batch of answers grow: their probabilities, and when each one ends."""

import threading
from typing import Any

import torch
import transformers

from model_server.client import Answer


def ends_of(*given: int | list[int] | None) -> frozenset[int]:
    """The tokens that end an answer, as configurations name them: none, one or several."""
    found: set[int] = set()
    for one in given:
        found |= set() if one is None else {one} if isinstance(one, int) else set(one)
    return frozenset(found)


class Watch:
    """The state of one batch.

    Only the last step's distribution is kept: all steps' would take gigabytes with the vocabularies of today.

    Attributes:
        probabilities: to be given to `generate` as a logits processor.
        ends: to be given to it as a stopping criterion.
        gone: the same for a beam search, whose rows change places: it only looks whether the client went away.
    """

    def __init__(
        self, tokenizer: Any, length: int, stop: tuple[str, ...], ends: frozenset[int], cancelled: threading.Event
    ) -> None:
        self._tokenizer = tokenizer
        self._length = length
        self._stop = tuple(text for text in stop if text)
        # A token is a byte at least: so many of them hold any text that ends an answer, and the token that ends it.
        self._tail = max((len(text.encode()) for text in self._stop), default=0) + 16
        self._end_tokens = ends
        self._cancelled = cancelled
        self._distribution: torch.Tensor | None = None
        self._sums: torch.Tensor | None = None
        self._done: torch.Tensor | None = None
        self.probabilities = _Probabilities(self)
        self.ends = _Ends(self)
        self.gone = _Gone(cancelled)

    def before(self, logits: torch.Tensor) -> None:
        """Takes the distribution of the next token."""
        self._distribution = torch.log_softmax(logits.float(), dim=-1)
        if self._sums is None:
            self._sums = torch.zeros(logits.shape[0], device=logits.device)
            self._done = torch.zeros(logits.shape[0], dtype=torch.bool, device=logits.device)

    def after(self, tokens: torch.Tensor) -> torch.Tensor:
        """Takes the token that each answer got; tells which answers have ended."""
        assert self._distribution is not None
        assert self._sums is not None
        assert self._done is not None
        got = self._distribution.gather(1, tokens[:, -1:])[:, 0]
        self._sums += torch.where(self._done | ~torch.isfinite(got), 0.0, got)
        ended = [self._ended(row) for row in tokens[:, self._length :].tolist()]
        self._done |= torch.tensor(ended, device=tokens.device)
        if self._cancelled.is_set():
            return torch.ones_like(self._done)
        return self._done.clone()

    def _ended(self, tokens: list[int]) -> bool:
        if tokens[-1] in self._end_tokens:
            return True
        if not self._stop:
            return False
        tail = self._tokenizer.decode(tokens[-self._tail :], skip_special_tokens=True)
        return any(text in tail for text in self._stop)

    def scores(self) -> list[float]:
        """The log-probability of each answer so far."""
        assert self._sums is not None
        return [float(one) for one in self._sums.tolist()]

    def answer(self, tokens: list[int], score: float, *, summed: bool) -> Answer:
        """An answer from its tokens and what they score: together (`summed`), or on the average."""
        end = next((at for at, token in enumerate(tokens) if token in self._end_tokens), None)
        kept = tokens if end is None else tokens[: end + 1]
        text = self._tokenizer.decode(kept, skip_special_tokens=True)
        stops = [at for one in self._stop if (at := text.find(one)) >= 0]
        if end is None and stops:
            # What stands behind the stop is padding.
            pad = self._tokenizer.pad_token_id
            while kept and kept[-1] == pad:
                kept = kept[:-1]
        count = max(1, len(kept))
        return Answer(
            text[: min(stops)] if stops else text,
            round(score / count if summed else score, 6),
            count,
            "stop" if end is not None or stops else "length",
        )


class _Probabilities(transformers.LogitsProcessor):  # type: ignore[misc]
    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        """Looks at the distribution and leaves it as it is."""
        self._watch.before(scores)
        return scores


class _Ends(transformers.StoppingCriteria):  # type: ignore[misc]
    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def __call__(self, input_ids: torch.LongTensor, scores: Any, **kwargs: Any) -> torch.Tensor:
        """Which answers have ended."""
        del scores, kwargs
        return self._watch.after(input_ids)


class _Gone(transformers.StoppingCriteria):  # type: ignore[misc]
    def __init__(self, cancelled: threading.Event) -> None:
        self._cancelled = cancelled

    def __call__(self, input_ids: torch.LongTensor, scores: Any, **kwargs: Any) -> torch.Tensor:
        """All of them, once nobody waits."""
        del scores, kwargs
        return torch.full((input_ids.shape[0],), self._cancelled.is_set(), device=input_ids.device)
