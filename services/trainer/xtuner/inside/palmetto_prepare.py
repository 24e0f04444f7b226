"""Base model, tokenizer and data as xtuner takes them. Runs in xtuner's environment, by itself.

usage: python palmetto_prepare.py ORDER.json   (prints a JSON object; a failure is one line `palmetto: ...`, status 2)
"""

import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from palmetto_xtuner import packs_of
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

TOO_LONG = "longer than the context"
_BATCH = 1000
_WEIGHTS = ("*.safetensors", "*.safetensors.index.json")
_PICKLED = ("pytorch_model*.bin", "pytorch_model.bin.index.json")
_PROBE = [{"role": "user", "content": "n + 0 = n"}, {"role": "assistant", "content": "auto."}]


class Problem(Exception):
    """It cannot be done; the text is one sentence with the remedy."""


def prepare(order: dict[str, Any]) -> dict[str, Any]:
    """Makes `base` and `data` in the folder of the order, and says what is in them.

    Raises:
        Problem: the base model, its template or the data do not do.
    """
    folder = Path(order["folder"])
    base, data = folder / "base", folder / "data"
    base.mkdir(parents=True, exist_ok=True)
    if order["tiny"]:
        template = order["templates"].get(order["template"] or order["default_template"])
        if template is None:
            raise Problem(f"there is no chat template {order['template']!r}: choose one of {_names(order)}.")
        tokenizer = _tiny_tokenizer(data / "train.all.jsonl", template, order)
        config = _tiny_model(tokenizer, base, order)
    else:
        source = _source(order["base"])
        config = _linked(source, base)
        tokenizer = _tokenizer(source)
        template = _template(tokenizer, order)
    if len(tokenizer) > config["vocab_size"]:
        raise Problem(
            f"the tokenizer has {len(tokenizer)} tokens and the model {config['vocab_size']}: take its own tokenizer."
        )
    tokenizer.chat_template = template["jinja"]
    tokenizer.bos_token, tokenizer.eos_token = template["begin"], template["end"]
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = template["end"]
    tokenizer.padding_side = "right"
    tokenizer.save_pretrained(base)
    found: dict[str, Any] = {"base": str(base), "template": template["name"], "table": template["table"]}
    for split in ("train", "validation"):
        lengths, dropped, prompts = _filtered(data, split, tokenizer, template, order["max_length"])
        found[split] = {
            "examples": len(lengths),
            "tokens": sum(lengths),
            "dropped": dropped,
            "packs": len(packs_of(lengths, order["max_length"], order["seed"])),
            "prompts": prompts,
        }
    if not found["train"]["examples"]:
        raise Problem(
            f"no example is left: all {found['train']['dropped']} are longer than {order['max_length']} tokens; "
            "give a larger --max-length."
        )
    return found


def translated(config: dict[str, Any]) -> dict[str, Any]:
    """A `config.json` of transformers 5 as transformers 4.48 reads it, which takes what it does not find by default."""
    found = {name: value for name, value in config.items() if name not in ("rope_parameters", "dtype")}
    if "dtype" in config:
        found.setdefault("torch_dtype", config["dtype"])
    rope = dict(config.get("rope_parameters") or {})
    if rope:
        found["rope_theta"] = rope.pop("rope_theta", 10000.0)
        if rope.get("rope_type", "default") != "default":
            found["rope_scaling"] = rope
    return found


def _source(base: str) -> Path:
    if Path(base).is_dir():
        if not (Path(base) / "config.json").is_file():
            raise Problem(f"{base} is no checkpoint: it has no config.json.")
        return Path(base)
    try:
        from huggingface_hub import HfApi, snapshot_download  # noqa: PLC0415 - for names only

        files = HfApi().list_repo_files(base)
        weights = _WEIGHTS if any(name.endswith(".safetensors") for name in files) else _PICKLED
        return Path(snapshot_download(base, allow_patterns=["*.json", "*.model", "*.jinja", *weights]))
    except Exception as error:  # of the hub, its validators and the network
        why = " ".join(str(error).split())[:200]
        raise Problem(f"the base model {base} is no folder, and is not to be had by its name ({why}).") from error


def _linked(source: Path, base: Path) -> dict[str, Any]:
    """Links to the weights, and the configuration: the model that is trained is the one that was given."""
    try:
        config: dict[str, Any] = translated(json.loads((source / "config.json").read_text("utf-8")))
        config["vocab_size"] = int(config["vocab_size"])
    except (ValueError, KeyError, TypeError) as error:
        raise Problem(f"the config.json of {source} is not whole ({error!r}): get the checkpoint anew.") from error
    weights = sorted(one for pattern in _WEIGHTS for one in source.glob(pattern))
    weights = weights or sorted(one for pattern in _PICKLED for one in source.glob(pattern))
    if not weights:
        raise Problem(f"{source} holds no weights (*.safetensors or pytorch_model*.bin): get the checkpoint anew.")
    for one in weights:
        place = base / one.name
        place.unlink(missing_ok=True)
        place.symlink_to(one.resolve())
    (base / "config.json").write_text(json.dumps(config, indent=1) + "\n", "utf-8")
    return config


def _tokenizer(source: Path) -> Any:
    try:
        return AutoTokenizer.from_pretrained(source)
    except Exception as error:  # of several libraries; a class of transformers 5 is unknown here
        file = source / "tokenizer.json"
        if not file.is_file():
            raise Problem(f"the tokenizer of {source} cannot be loaded ({error}): get the checkpoint anew.") from error
        tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(file))
        own = source / "chat_template.jinja"
        if own.is_file():
            tokenizer.chat_template = own.read_text("utf-8")
        for name in ("bos_token", "eos_token", "pad_token"):
            told = json.loads((source / "tokenizer_config.json").read_text("utf-8")).get(name)
            if isinstance(told, str):
                setattr(tokenizer, name, told)
        return tokenizer


def _template(tokenizer: Any, order: dict[str, Any]) -> dict[str, Any]:
    """The template that is named, or else the one that writes what the tokenizer's own does, or whose tokens it has.

    Ours is written in place of its own: that may trim contents, and a prompt's last line end would be lost.
    """
    known = tokenizer.get_vocab()
    templates: dict[str, dict[str, Any]] = order["templates"]
    if order["template"]:
        found = templates.get(order["template"])
        if found is None:
            raise Problem(f"there is no chat template {order['template']!r}: choose one of {_names(order)}.")
        missing = [token for token in found["tokens"] if token not in known]
        if missing:
            raise Problem(
                f"the base model's tokenizer does not know {missing[0]}: {found['name']} is not its template."
            )
        return found
    fitting = [one for one in templates.values() if all(token in known for token in one["tokens"])]
    if tokenizer.chat_template:
        own = tokenizer.apply_chat_template(_PROBE, tokenize=False)
        fitting = [
            one
            for one in fitting
            if tokenizer.apply_chat_template(_PROBE, tokenize=False, chat_template=one["jinja"]) == own
        ]
    if not fitting:
        raise Problem(f"the base model's tokenizer fits no chat template of these: {_names(order)}; give --template.")
    return fitting[0]


def _names(order: dict[str, Any]) -> str:
    return ", ".join(order["templates"])


def _tiny_tokenizer(file: Path, template: dict[str, Any], order: dict[str, Any]) -> Any:
    from tokenizers import ByteLevelBPETokenizer  # noqa: PLC0415 - for the tiny model only
    from tokenizers.processors import TemplateProcessing  # noqa: PLC0415

    trained = ByteLevelBPETokenizer()
    texts = (message["content"] for one in _read(file) for message in one["messages"])
    trained.train_from_iterator(
        texts, vocab_size=order["tiny"]["vocabulary"], min_frequency=2, special_tokens=template["tokens"]
    )
    begin = template["begin"]
    trained.post_processor = TemplateProcessing(
        single=f"{begin} $A", special_tokens=[(begin, trained.token_to_id(begin))]
    )
    return PreTrainedTokenizerFast(tokenizer_object=trained._tokenizer, bos_token=begin, eos_token=template["end"])


def _tiny_model(tokenizer: Any, base: Path, order: dict[str, Any]) -> dict[str, Any]:
    import torch  # noqa: PLC0415

    torch.manual_seed(order["seed"])
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        max_position_embeddings=2 * order["max_length"],
        tie_word_embeddings=True,
        **order["tiny"]["model"],
    )
    LlamaForCausalLM(config).save_pretrained(base)
    found: dict[str, Any] = config.to_dict()
    return found


def _read(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _filtered(
    data: Path, split: str, tokenizer: Any, template: dict[str, Any], max_length: int
) -> tuple[list[int], int, list[Any]]:
    """Writes the examples that fit; lengths of these, how many do not, and some prompts."""
    lengths: list[int] = []
    prompts: list[Any] = []
    dropped = 0
    rows = _read(data / f"{split}.all.jsonl")
    with (data / f"{split}.jsonl").open("w", encoding="utf-8") as out:
        while batch := list(itertools.islice(rows, _BATCH)):
            for one, length in zip(batch, _lengths(batch, tokenizer, template), strict=True):
                if length > max_length:
                    dropped += 1
                    continue
                lengths.append(length)
                if len(prompts) < 2:
                    prompts.append(one["messages"][:-1])
                out.write(json.dumps(one, ensure_ascii=False) + "\n")
    (data / f"{split}.all.jsonl").unlink()
    return lengths, dropped, prompts


def _lengths(batch: list[dict[str, Any]], tokenizer: Any, template: dict[str, Any]) -> list[int]:
    """Tokens of examples; looks whether the text that xtuner tokenizes is what inference sends, and the ids of some."""
    table = template["table"]
    asked, answered = [], []
    for one in batch:
        *prompt, answer = one["messages"]
        text = "".join(
            table["SYSTEM"].format(system=message["content"])
            if message["role"] == "system"
            else table["INSTRUCTION"].format(input=message["content"])
            for message in prompt
        )
        if (
            tokenizer.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True)
            != template["begin"] + text
        ):
            raise Problem(
                "a prompt has more than one system and one user message, in this order: the recipe takes no other."
            )
        asked.append(text)
        answered.append(table.get("ANSWER", "") + answer["content"] + table["SUFFIX"])
    asked_ids = tokenizer(asked, add_special_tokens=False)["input_ids"]
    answered_ids = tokenizer(answered, add_special_tokens=False)["input_ids"]
    first = batch[0]["messages"][:-1]
    sent = list(tokenizer.apply_chat_template(first, add_generation_prompt=True))
    if sent != [tokenizer.bos_token_id, *asked_ids[0]]:
        raise Problem(
            "the tokenizer cuts a prompt otherwise with its first token than without: the recipe cannot train it."
        )
    return [1 + len(one) + len(other) for one, other in zip(asked_ids, answered_ids, strict=True)]


def main() -> None:
    """Runs."""
    try:
        found = prepare(json.loads(Path(sys.argv[1]).read_text("utf-8")))
    except Problem as error:
        print(f"palmetto: {error}", file=sys.stderr)
        sys.exit(2)
    print(json.dumps(found, ensure_ascii=False))


if __name__ == "__main__":
    main()
