"""The page on the HTTP service tells of every setting."""

import re
from pathlib import Path

from prover.server import ProverServerSettings

PAGE = Path(__file__).resolve().parents[3] / "docs" / "prover-http.md"


def test_every_setting_is_on_the_page() -> None:
    named = re.findall(r"^\| `([A-Z_]+)` \|", PAGE.read_text().partition("## Settings")[2], re.M)
    assert named == [name.upper() for name in ProverServerSettings.model_fields]
