"""The data set's card."""

import os
from pathlib import Path

from extractor.dataset import FORMATS, Figures, SplitFigures
from extractor.duplicates import NEAR
from extractor.model import ExtractError

CARD = "README.md"
_SHOWN_FILES = 200


def write_card(out: Path, figures: Figures, form: str) -> None:
    """Writes the card.

    Raises:
        ExtractError: it cannot be written.
    """
    fresh = out / f".{CARD}.{os.getpid()}"
    try:
        fresh.write_text(card(figures, form), "utf-8")
        fresh.replace(out / CARD)
    except OSError as error:
        raise ExtractError(
            f"{out} cannot be written ({error.strerror or error}): make room there, or give another --out."
        ) from None


def card(figures: Figures, form: str) -> str:
    """The card as Markdown."""
    checked = sum(one.checked for one in figures.records)
    accepted = sum(one.accepted for one in figures.records)
    lines = [
        "# Coq proofs: goals with what proves them",
        "",
        f"{figures.examples} examples from {len(figures.records)} source files. Each has `messages` (a prompt with the",
        "proof state, and the proof as the answer), and beside them the goal, hypotheses, definitions, premises and",
        "where it comes from. `kind` is `proof` for a whole proof, `rest` for the rest of one from a later goal on.",
        "",
        _rate(figures, checked, accepted),
        "",
        "| split | file | examples | whole proofs | rests |",
        "|---|---|---|---|---|",
    ]
    for split, one in sorted(figures.splits.items()):
        name = f"{split}{FORMATS[form]}"
        lines.append(f"| {split} | {name} | {one.examples} | {one.kinds['proof']} | {one.kinds['rest']} |")
    lines += ["", "## Made with", "", *(f"* {name}: {count}" for name, count in figures.wishes.most_common())]
    lines += ["", "## Lengths", "", "| split | of | median | 90 % | longest |", "|---|---|---|---|---|"]
    for split, one in sorted(figures.splits.items()):
        lines.append(f"| {split} | prompt, estimated tokens | {_spread(one.prompt_tokens)} |")
        lines.append(f"| {split} | proof, characters | {_spread(one.proof_chars)} |")
    lines += ["", "## Licences", "", "| licence | examples |", "|---|---|"]
    lines += [f"| {name} | {count} |" for name, count in _sum(figures, "licences")]
    lines += ["", "## Projects", "", "| project | examples |", "|---|---|"]
    lines += [f"| {name} | {count} |" for name, count in _sum(figures, "projects")]
    lines += ["", "## Left out", "", "| why | how many |", "|---|---|"]
    lines += [f"| {_cell(why)} | {count} |" for why, count in figures.left_out.most_common()]
    failed = [one for one in figures.records if one.problem]
    lines += ["", f"Files that failed, or failed in part: {len(failed)}.", ""]
    lines += [f"* {one.project}/{one.path}: {_cell(one.problem)}" for one in failed[:_SHOWN_FILES]]
    if len(failed) > _SHOWN_FILES:
        lines.append(f"* and {len(failed) - _SHOWN_FILES} more")
    lines += [
        "",
        "Duplicates are looked for after local names are replaced by numbers. Near ones have at least"
        f" {NEAR:.0%} of their",
        "runs of four tokens in common. A goal of the test split is in no other one.",
    ]
    return "\n".join(lines).rstrip() + "\n"


def _rate(figures: Figures, checked: int, accepted: int) -> str:
    unchecked = sum(one.written for one in figures.records if not one.checked)
    if not checked:
        return "None of the examples was checked: their Coq is not at hand." if unchecked else "Nothing was checked."
    told = f"The checker was given {checked} candidates and accepted {accepted} ({accepted / checked:.1%}). "
    told += "Only accepted ones are in the data"
    return f"{told}, but for {unchecked} that were imported." if unchecked else f"{told}: 100 % of what is written."


def _spread(values: list[int]) -> str:
    ordered = sorted(values)
    places = (len(ordered) // 2, int(len(ordered) * 0.9), len(ordered) - 1)
    return " | ".join(str(ordered[min(at, len(ordered) - 1)]) for at in places)


def _sum(figures: Figures, name: str) -> list[tuple[str, int]]:
    found: dict[str, int] = {}
    for split in figures.splits.values():
        for key, count in _counts(split, name):
            found[key] = found.get(key, 0) + count
    return sorted(found.items(), key=lambda one: (-one[1], one[0]))


def _counts(split: SplitFigures, name: str) -> list[tuple[str, int]]:
    return list((split.licences if name == "licences" else split.projects).items())


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
