"""The model card, and what the model server reads of a checkpoint."""

import json
from pathlib import Path
from typing import Any

from trainer.data import DataSet
from trainer.plot import curve
from trainer.run import TrainRequest, TrainResult

RECORD = "palmetto.json"
CARD = "README.md"
PLOT = "loss.svg"


def write_card(request: TrainRequest, data: DataSet, result: TrainResult, version: str) -> None:
    """Writes `palmetto.json`, `README.md` and `loss.svg` into the model's folder; the record comes last.

    Raises:
        OSError: the folder cannot be written.
    """
    (request.out / PLOT).write_text(curve(result.losses, result.eval_losses), "utf-8")
    (request.out / CARD).write_text(_card(request, data, result, version), "utf-8")
    fresh = request.out / f"{RECORD}.new"
    fresh.write_text(json.dumps(_record(request, data, result, version), indent=1, ensure_ascii=False) + "\n", "utf-8")
    fresh.replace(request.out / RECORD)


def finished(out: Path) -> dict[str, Any] | None:
    """The record of a training that ended well; None where there is none."""
    try:
        found = json.loads((out / RECORD).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _record(request: TrainRequest, data: DataSet, result: TrainResult, version: str) -> dict[str, Any]:
    return {
        "layout": data.format.layout.name,
        "printing": data.format.printing.name,
        "key": request.key,
        "base": request.base,
        "engine": request.engine,
        "recipe": request.recipe.name,
        "data_sha256": data.fingerprint,
        "examples": result.examples,
        "dropped": result.dropped,
        "steps": result.steps,
        "tokens_per_s": round(result.tokens_per_s, 1),
        "losses": result.losses,
        "eval_losses": result.eval_losses,
        "palmetto": version,
        **result.about,
    }


def _card(request: TrainRequest, data: DataSet, result: TrainResult, version: str) -> str:
    recipe, about = request.recipe, result.about
    dropped = ", ".join(f"{count} {why}" for why, count in result.dropped.items()) or "none"
    held = f"{about.get('held_out_examples', 0)} examples, by {about.get('validation_by', 'nothing')}"
    names = ", ".join(about.get("held_out", ())[:20])
    rows = [
        ("base", request.base),
        ("engine, recipe", f"{request.engine}, {recipe.name}"),
        ("parameters", f"{about['parameters']:,}" if "parameters" in about else "see config.json"),
        ("prompt layout", data.format.layout.name),
        ("printing profile", data.format.printing.name),
        ("chat template", str(about.get("template", ""))),
        ("data (SHA-256)", data.fingerprint),
        ("examples", f"{result.examples:,} of {data.examples:,} ({result.tokens:,} tokens)"),
        ("left out", dropped),
        ("held out", f"{held}{': ' + names if names else ''}"),
        ("projects", ", ".join(sorted(data.projects)[:40])),
        ("licences of the data", ", ".join(f"{name} ({count})" for name, count in data.licences.items())),
        ("steps", f"{result.steps:,} of {recipe.batch} examples, {recipe.epochs:g} epochs"),
        ("learning rate", f"{recipe.learning_rate:g}, cosine, warm-up {recipe.warmup:g}"),
        ("longest example", f"{recipe.max_length} tokens"),
        ("loss", f"{result.losses[-1][1]:.4f}" if result.losses else "not known"),
        ("loss on what was held out", f"{result.eval_losses[-1][1]:.4f}" if result.eval_losses else "none"),
        ("speed", f"{result.tokens_per_s:,.0f} tokens/s on {about.get('device', 'unknown')}"),
        ("seed", str(request.seed)),
        ("made with", f"Palmetto {version}, " + ", ".join(f"{k} {about[k]}" for k in _TOOLS if k in about)),
    ]
    table = "\n".join(f"| {name} | {str(value).replace('|', chr(92) + '|')} |" for name, value in rows)
    head = (
        "---\nlibrary_name: transformers\npipeline_tag: text-generation\ntags: [coq, palmetto]\n"
        f"palmetto_layout: {data.format.layout.name}\npalmetto_printing: {data.format.printing.name}\n---\n"
    )
    return (
        f"{head}# {request.out.resolve().name}\n\n"
        "Writes Coq proofs. It is asked with the layout and the printing profile below and no other.\n\n"
        "| | |\n|---|---|\n"
        f"{table}\n\n![loss]({PLOT})\n\n"
        "```\npalmetto serve model-server --backend hf --checkpoint .\n```\n\n"
        "Nothing that it says is proved: every proof is to be checked.\n"
    )


_TOOLS = ("torch", "transformers", "xtuner")
