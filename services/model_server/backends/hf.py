"""A local Hugging Face checkpoint, through transformers."""

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers

from coqdata.prompts import PromptFormat
from model_server.ask import Ask, Card, Made
from model_server.backends.checkpoint import CheckpointError, format_of
from model_server.backends.watch import Watch, ends_of
from model_server.client import Answer
from model_server.errors import ApiError, InvalidRequestError
from model_server.settings import ModelServerSettings

# Below it the likeliest token is drawn anyway, and numbers divided by it would be none any longer.
_COLDEST = 0.01

__all__ = ["CheckpointError", "HfBackend", "open_checkpoint"]


async def open_checkpoint(settings: ModelServerSettings) -> "HfBackend":
    """The backend of the checkpoint in the folder `settings.model`.

    Raises:
        CheckpointError: it cannot be served.
    """
    folder = Path(settings.model)
    if not (folder / "config.json").is_file():
        raise CheckpointError(f"{folder} is no checkpoint: a folder with config.json, weights and tokenizer is needed.")
    format_ = format_of(folder, settings.layout, settings.printing)
    device = settings.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        loaded = await asyncio.to_thread(_load, folder, device, settings.dtype)
    except Exception as error:  # each part of a checkpoint is read by another library, with errors of its own
        why = " ".join(str(error).split())[:300] or type(error).__name__
        raise CheckpointError(f"the checkpoint {folder} cannot be loaded on {device}: {why}.") from error
    return HfBackend(settings, folder, format_, loaded, device)


@dataclass(frozen=True, slots=True)
class _Loaded:
    tokenizer: Any
    model: Any


def _load(folder: Path, device: str, dtype: str) -> _Loaded:
    transformers.utils.logging.disable_progress_bar()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    if tokenizer.pad_token_id is None:
        raise ValueError("its tokenizer has neither a padding token nor an end token")
    kind = "auto" if dtype == "auto" else getattr(torch, dtype, None)
    if kind is None:
        raise ValueError(f"torch has no type {dtype!r}")
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=kind, local_files_only=True)
    return _Loaded(tokenizer, model.to(device).eval())


class HfBackend:
    """Answers of one checkpoint. Requests take turns; the `n` answers to one are made in batches.

    At temperature 0 the answers are those of a beam search, so that they are distinct: at most `batch` of them. A
    score is the mean log-probability of an answer's tokens. The same seed, `n` and settings give the same answers
    on the same machine.
    """

    def __init__(
        self, settings: ModelServerSettings, folder: Path, format_: PromptFormat, loaded: _Loaded, device: str
    ) -> None:
        self._settings = settings
        self._tokenizer = loaded.tokenizer
        self._model = loaded.model
        self._device = torch.device(device)
        name = settings.name or folder.resolve().name
        self._card = Card(name, "hf", (format_.layout.name,), format_.printing.name, "local")
        ends = ends_of(self._model.generation_config.eos_token_id, self._tokenizer.eos_token_id)
        self._ends = ends
        self._context = int(getattr(self._model.config, "max_position_embeddings", 0) or 1 << 30)
        # One thread: a model makes one batch at a time, and the generator of random numbers belongs to it.
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="palmetto-hf")

    def cards(self) -> tuple[Card, ...]:
        """The one model."""
        return (self._card,)

    async def make(self, card: Card, ask: Ask) -> Made:
        """The model's answers."""
        cancelled = threading.Event()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._worker, self._make, ask, cancelled)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        except torch.OutOfMemoryError as error:
            raise ApiError(
                "the model ran out of memory: ask for fewer or shorter answers, or set PALMETTO_MODEL_BATCH lower.",
                "out_of_memory",
                status=503,
            ) from error

    def _make(self, ask: Ask, cancelled: threading.Event) -> Made:
        inputs = self._inputs(ask)
        length = int(inputs["input_ids"].shape[1])
        wanted = ask.max_tokens or self._settings.max_tokens
        room = self._context - length
        if room < 1:
            raise InvalidRequestError(
                f"the prompt has {length} tokens and the model's context {self._context}: shorten it.",
                "context_length_exceeded",
            )
        temperature = self._settings.temperature if ask.temperature is None else ask.temperature
        answers: list[Answer] = []
        with (
            torch.random.fork_rng(devices=[self._device] if self._device.type == "cuda" else []),
            torch.inference_mode(),
        ):
            if ask.seed is None:
                torch.seed()
            else:
                torch.manual_seed(ask.seed)
            while len(answers) < ask.n and not cancelled.is_set():
                count = min(ask.n - len(answers), self._settings.batch)
                answers += self._batch(inputs, length, count, min(wanted, room), temperature, ask, cancelled)
                if temperature <= 0:
                    break  # a beam search has no second draw
        return Made(tuple(sorted(answers, key=lambda one: -one.score)), length)

    def _inputs(self, ask: Ask) -> Any:
        if ask.prompt is not None:
            return self._tokenizer(ask.prompt, return_tensors="pt").to(self._device)
        if self._tokenizer.chat_template is None:
            raise InvalidRequestError(
                "this checkpoint's tokenizer has no chat template: ask /v1/completions.", "no_chat_template"
            )
        conversation = [{"role": one.role, "content": one.content} for one in ask.messages]
        try:
            return self._tokenizer.apply_chat_template(
                conversation, add_generation_prompt=True, return_tensors="pt", return_dict=True
            ).to(self._device)
        except Exception as error:  # the template is a program of the checkpoint's: it raises whatever it likes
            why = " ".join(str(error).split())[:200]
            raise InvalidRequestError(
                f"the checkpoint's chat template refuses the conversation ({why}).", "chat_template"
            ) from error

    def _batch(
        self,
        inputs: Any,
        length: int,
        count: int,
        max_tokens: int,
        temperature: float,
        ask: Ask,
        cancelled: threading.Event,
    ) -> list[Answer]:
        """`count` answers, made together."""
        watch = Watch(self._tokenizer, length, ask.stop, self._ends, cancelled)
        beams = count > 1 and temperature <= 0
        sampling: dict[str, Any] = {"do_sample": False, "num_beams": count}
        if temperature > 0:
            # The checkpoint's own limits on sampling would come on top of what was asked for.
            sampling = {
                "do_sample": True,
                "temperature": max(temperature, _COLDEST),
                "top_p": ask.top_p or 1.0,
                "top_k": 0,
            }
        made = self._model.generate(
            **inputs,
            **sampling,
            num_return_sequences=count,
            max_new_tokens=max_tokens,
            pad_token_id=self._tokenizer.pad_token_id,
            eos_token_id=sorted(self._ends) or None,
            logits_processor=transformers.LogitsProcessorList([] if beams else [watch.probabilities]),
            stopping_criteria=transformers.StoppingCriteriaList([watch.gone if beams else watch.ends]),
            return_dict_in_generate=True,
            output_scores=beams,
        )
        scores = made.sequences_scores.tolist() if beams else watch.scores()
        rows = made.sequences[:, length:].tolist()
        return [watch.answer(tokens, score, summed=not beams) for tokens, score in zip(rows, scores, strict=True)]

    def lines(self, card: Card, ask: Ask) -> AsyncIterator[str] | None:
        """None: answers are made in batches and come whole."""
        return None

    async def problem(self) -> str:
        """None: it is loaded."""
        return ""

    async def close(self) -> None:
        """Waits for nothing; what is under way is given up with the process."""
        self._worker.shutdown(wait=False, cancel_futures=True)
