"""A real browser for tests of pages: Debian's Chromium, without a window and without a network of its own.

The fixture is known to all tests (`tests/conftest.py`). Where there is no Chromium they skip and say so.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_ARGUMENTS = (
    "--no-sandbox",  # root has no user namespaces to give away
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# For what a page should show: a busy machine takes its time.
_PATIENCE_MS = 30_000
DESKTOP = (1280, 900)
PHONE = (360, 740)


@dataclass(slots=True)
class Opened:
    """A page, with what went on in it.

    Attributes:
        complaints: errors and warnings of the console, and exceptions that nobody caught.
        requests: addresses that the page asked for, itself included.
    """

    page: "Page"
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


# Of a module and not of the run: while it is open, its thread has an event loop that runs, and no asynchronous test
# could have one.
@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Chromium, for the tests of one module."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on PATH: `make test` installs it where there is apt-get; else install `chromium`")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_ARGUMENTS), headless=True)
        try:
            yield chromium
        finally:
            chromium.close()


@contextmanager
def opened(
    browser: "Browser", address: str, *, size: tuple[int, int] = DESKTOP, scheme: Literal["light", "dark"] = "light"
) -> Iterator[Opened]:
    """The page at an address, in a window of its own, listened to from its first byte."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    try:
        context.set_default_timeout(_PATIENCE_MS)
        page = context.new_page()
        found = Opened(page)

        def said(message: "ConsoleMessage") -> None:
            if message.type in ("error", "warning"):
                found.complaints.append(message.text)

        page.on("console", said)
        page.on("pageerror", lambda error: found.complaints.append(str(error)))
        page.on("request", lambda request: found.requests.append(request.url))
        page.goto(address, wait_until="load")
        yield found
    finally:
        context.close()
