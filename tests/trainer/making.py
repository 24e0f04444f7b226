"""Data sets and tokenizers that are made here."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from coqdata import prompts
from trainer.templates import ChatTemplate


def row(goal: str, proof: str, project: str = "p", file: str = "A.v", **more: Any) -> dict[str, Any]:
    """An example as the extractor writes it."""
    asked = [{"role": one.role, "content": one.content} for one in prompts.render("sft", [], goal)]
    answer = {"role": "assistant", "content": prompts.SFT.answer(proof)}
    about = {"project": project, "file": file, "layout": "sft", "profile": "default", "licence": "MIT"}
    return {"messages": [*asked, answer], **about, **more}


def data_set(folder: Path, rows: Iterable[dict[str, Any]], *, lines: bool = False) -> Path:
    """A folder as `palmetto extract` leaves it."""
    folder.mkdir(parents=True, exist_ok=True)
    told = [json.dumps(one, ensure_ascii=False) for one in rows]
    if lines:
        (folder / "train.jsonl").write_text("".join(f"{one}\n" for one in told), "utf-8")
    else:
        (folder / "train.json").write_text("[\n" + ",\n".join(told) + "\n]\n", "utf-8")
    return folder


def some_rows(count: int = 40) -> list[dict[str, Any]]:
    """Examples of four projects with two files each."""
    tactics = ("lia", "auto", "intros; induction n; simpl; congruence", "now rewrite Nat.add_comm")
    return [
        row(f"{at} + n = n + {at}", f"{tactics[at % 4]}.", f"project{at % 4}", f"F{at // 4 % 2}.v")
        for at in range(count)
    ]


def tokenizer_for(template: ChatTemplate, texts: Iterable[str]) -> Any:
    """A small byte-level tokenizer that knows a template's tokens."""
    import transformers
    from tokenizers import ByteLevelBPETokenizer

    trained = ByteLevelBPETokenizer()
    special = list(template.special_tokens)
    trained.train_from_iterator(texts, vocab_size=600, min_frequency=2, special_tokens=special)
    made = transformers.PreTrainedTokenizerFast(
        tokenizer_object=trained._tokenizer, bos_token=template.begin, eos_token=template.end
    )
    made.chat_template = template.jinja()
    return made
