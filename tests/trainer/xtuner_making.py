"""A small data set, and xtuner's environment, for tests."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from trainer.errors import TrainError
from trainer.xtuner.environment import Environment, find_environment

ANSWER = "```coq\n{}\nQed.\n```"


def examples(count: int) -> list[dict[str, object]]:
    """Prompts that end in blank lines, as the extractor's do, of two projects."""
    found: list[dict[str, object]] = []
    for at in range(count):
        state = f"Solve This Proof State:\n\nHypotheses:\nn: nat\nH{at}: n = {at}\n\nGoal:\nn + {at} = {at} + n\n\n"
        proof = ANSWER.format("\n".join([f"rewrite H{at}."] * (at % 4 + 1) + ["lia."]))
        messages = [{"role": "user", "content": state}, {"role": "assistant", "content": proof}]
        project = "aside" if at % 6 == 5 else "main"
        found.append(
            {"messages": messages, "project": project, "file": f"{project}.v", "layout": "sft", "profile": "default"}
        )
    return found


def write_data(folder: Path, rows: Iterable[dict[str, object]]) -> Path:
    """The folder, with the rows as `palmetto extract --format jsonl` leaves them."""
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "train.jsonl").write_text(text, "utf-8")
    return folder


def environment_or_skip() -> Environment:
    """xtuner's environment; without one the test is skipped."""
    try:
        return find_environment()
    except TrainError as error:
        pytest.skip(f"no environment of xtuner: {error}")
