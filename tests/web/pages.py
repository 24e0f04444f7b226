"""The workbench as a person has it: what is looked for is found by role and name, as a screen reader finds it."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from prover.server import pages

from ..browser import Opened

BUILT = Path(pages.__file__ or "").parent / "static" / "index.html"
# Work on a theorem may wait for other tests' work.
PROVED_MS = 120_000
HARD = "memP"


def theorems(page: Page) -> Locator:
    """The theorems that can be chosen."""
    return page.get_by_role("listbox", name="Theorems").get_by_role("option")


def choose(page: Page, theorem: str) -> None:
    """Chooses a theorem of the project by its name."""
    page.get_by_role("searchbox", name="Theorem").fill(theorem)
    theorems(page).filter(has_text=theorem).first.click()
    expect(page.get_by_role("heading", name=theorem, exact=True)).to_be_visible()


def budget(page: Page, cpu_s: int) -> None:
    """Says how much may be spent."""
    page.locator(".options summary").click()
    page.get_by_label("CPU seconds").fill(str(cpu_s))


def prove(page: Page) -> None:
    """Presses the button."""
    page.get_by_role("region", name="What to prove").get_by_role("button", name=re.compile("^(Prove|Fill)")).click()


def verdict(page: Page) -> Locator:
    """What came of it, once it is there."""
    found = page.get_by_role("region", name="Verdict")
    expect(found).to_be_visible(timeout=PROVED_MS)
    return found


def attempt_id(page: Page) -> str:
    """The id of the attempt that is looked at."""
    found = re.search(r"#/attempt/([0-9a-f]+)$", page.url)
    assert found, page.url
    return found[1]


def nameless(found: Opened) -> list[str]:
    """What can be used and has no name, as the browser tells assistive software."""
    session = found.page.context.new_cdp_session(found.page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    wanting = []
    for node in nodes:
        focusable = any(
            one["name"] == "focusable" and one["value"].get("value") is True for one in node.get("properties", [])
        )
        role = node.get("role", {}).get("value")
        if focusable and role != "RootWebArea" and not node.get("name", {}).get("value", "").strip():
            wanting.append(str(role))
    return wanting


def poor_contrast(page: Page) -> list[str]:
    """Texts that stand out from their ground less than WCAG's AA asks."""
    found: list[str] = page.evaluate((Path(__file__).parent / "contrast.js").read_text())
    return found


def broken_words(page: Page) -> list[str]:
    """Texts of the header that stand on more than one line."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("header a, header button span")]
            .filter((one) => one.getClientRects().length > 1 || one.offsetHeight > 45).map((one) => one.textContent)"""
    )
    return found


def skip_unless_built() -> None:
    """The page is made by `make web`, which needs Node.js."""
    if not BUILT.is_file():
        pytest.skip("the workbench is not built: run `make web`")
