"""The page of examples: each block of Python runs as it stands, and the tables are those of the code."""

import re
import runpy
from pathlib import Path

import pytest

from coq_checker.client import Reason, Verdict
from coq_checker.settings import CheckerSettings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "checker.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.M | re.S)
HEADINGS = [
    re.findall(r"^## (.*)$", PAGE.read_text()[: match.start()], re.M)[-1]
    for match in re.finditer(r"^```python\n", PAGE.read_text(), re.M)
]


@pytest.mark.parametrize("number", range(len(BLOCKS)), ids=lambda number: f"{number} {HEADINGS[number]}")
def test_example(number: int, checker_address: str, tmp_path: Path) -> None:
    script = tmp_path / "example.py"
    script.write_text(BLOCKS[number])
    runpy.run_path(str(script), {"ADDRESS": checker_address})


def test_there_are_examples() -> None:
    assert len(BLOCKS) >= 9


def test_every_setting_is_on_the_page() -> None:
    table = PAGE.read_text().partition("## Settings")[2]
    named = re.findall(r"^\| `([A-Z_]+)` \|", table, re.M)
    assert named == [name.upper() for name in CheckerSettings.model_fields]


def test_every_verdict_and_reason_is_on_the_page() -> None:
    text = PAGE.read_text()
    assert [one.value for one in Verdict if f"`{one.value}`" not in text] == []
    assert [one.value for one in Reason if one.value and f"`{one.value}`" not in text] == []
