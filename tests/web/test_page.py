"""The page itself: links, errors, colours, narrow windows, names, tokens, experiments, and what else it is given."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import httpx2
import pytest
from playwright.sync_api import Route, expect

from ..browser import DESKTOP, PHONE, opened
from ..evaluator.report.making import stored
from ..prover.server.process import ProverProcess
from .pages import broken_words, budget, choose, nameless, poor_contrast, prove, skip_unless_built, theorems, verdict

if TYPE_CHECKING:
    from playwright.sync_api import Browser

TOKEN = "a-token-that-is-long-enough"


@pytest.fixture(scope="module")
def guarded(checker_address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A prover that wants a token, with some experiments."""
    skip_unless_built()
    path = tmp_path_factory.mktemp("store") / "experiments.sqlite"
    stored(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PALMETTO_EXPERIMENTS", str(path))
        process = ProverProcess(checker_address, token=TOKEN)
    yield process.url
    assert process.stop() == 0


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_and_named_everywhere(
    browser: "Browser", workbench: str, size: tuple[int, int], scheme: Literal["light", "dark"], tmp_path: Path
) -> None:
    def looked_at(where: str) -> None:
        page.screenshot(path=tmp_path / f"{where}.png", full_page=True)
        assert nameless(found) == [], where
        assert poor_contrast(page) == [], where
        assert found.overflow() == 0, where
        assert broken_words(page) == [], where

    with opened(browser, workbench, size=size, scheme=scheme) as found:
        page = found.page
        expect(theorems(page).first).to_be_visible()
        looked_at("beginning")
        choose(page, "insert_search_tree")
        budget(page, 20)
        looked_at("chosen")
        prove(page)
        expect(page.get_by_role("tree")).to_be_visible(timeout=60_000)
        looked_at("running")
        verdict(page)
        looked_at("over")
        page.keyboard.press("?")
        looked_at("keys")
        page.keyboard.press("Escape")
        page.goto(f"{workbench}/#/paste")
        if size == PHONE:
            expect(page.get_by_label("Coq text")).to_be_visible()
        page.get_by_label("Coq text").fill("Lemma a : True.\nAdmitted.\n")
        prove(page)
        expect(page.get_by_role("heading", name="1 of 1 gap filled")).to_be_visible(timeout=120_000)
        looked_at("filled")
        assert found.complaints == []


def test_the_colours_are_ones_own_and_kept(browser: "Browser", workbench: str) -> None:
    with opened(browser, workbench, scheme="dark") as found:
        page = found.page

        def ground() -> str:
            return str(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))

        dark = ground()
        page.get_by_role("button", name="Colours: as the system").click()
        assert ground() != dark
        page.reload()
        assert ground() != dark
        page.get_by_role("button", name="Colours: light").click()
        assert ground() == dark
        page.get_by_role("button", name="Colours: dark").click()
        expect(page.get_by_role("button", name="Colours: as the system")).to_be_visible()


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("#/attempt/0000000000000000", "There is no attempt '0000000000000000'"),
        ("#/prove?project=nobody", "There is no project “nobody” here."),
        ("#/prove?project=examples&theorem=nothing", "There is no theorem “nothing” in examples."),
    ],
)
def test_a_wrong_link_is_a_sentence(browser: "Browser", workbench: str, where: str, says: str) -> None:
    with opened(browser, f"{workbench}/{where}") as found:
        expect(found.page.get_by_role("alert").filter(has_text=says)).to_be_visible()
        if "attempt" in where:
            expect(theorems(found.page).first).to_be_visible()
        # The browser's own line about a 404 is none of ours.
        assert [one for one in found.complaints if "404" not in one] == []


def test_what_a_link_names_is_waited_for(browser: "Browser", workbench: str) -> None:
    held: list[Route] = []
    with opened(browser, f"{workbench}/#/prove?project=examples&theorem=snoc_app") as found:
        page = found.page
        page.route("**/theorems", lambda route: held.append(route))
        page.reload()
        expect(page.get_by_text("Reading the theorems …")).to_be_visible()
        prove(page)
        prove(page)
        expect(page.get_by_role("alert").filter(has_text="Choose")).to_have_count(0)
        held[0].continue_()
        expect(verdict(page)).to_contain_text("Proved")
        assert len([one for one in found.requests if one.endswith("/v1/prove")]) == 1


def test_a_prover_that_is_gone_is_a_sentence(browser: "Browser", checker_address: str) -> None:
    skip_unless_built()
    process = ProverProcess(checker_address)
    with opened(browser, process.url) as found:
        choose(found.page, "snoc_app")
        assert process.stop() == 0
        prove(found.page)
        alert = found.page.get_by_role("alert").filter(has_text="The prover does not answer. Is it still running?")
        expect(alert).to_be_visible()
        alert.get_by_role("button", name="Close this message").click()
        expect(alert).to_be_hidden()


def test_a_token_is_asked_for(browser: "Browser", guarded: str) -> None:
    assert httpx2.get(f"{guarded}/v1/projects").status_code == 401
    with opened(browser, f"{guarded}/#/prove?project=examples&theorem=snoc_app") as found:
        page = found.page
        expect(page.get_by_role("heading", name="A token is needed")).to_be_visible()
        assert nameless(found) == [] and poor_contrast(page) == []
        expect(page.get_by_label("Token")).to_be_focused()
        page.keyboard.type("not the one at all")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert").filter(has_text="The token is not a good one.")).to_be_visible()
        page.get_by_label("Token").fill(TOKEN)
        page.keyboard.press("Enter")
        # On to where the link leads.
        expect(page.get_by_role("heading", name="snoc_app")).to_be_visible()
        assert page.evaluate("document.cookie") == ""
        prove(page)
        expect(verdict(page)).to_contain_text("Proved")
        # A cookie that is no longer good.
        page.context.clear_cookies()
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("heading", name="A token is needed")).to_be_visible()
        page.keyboard.press("Control+Enter")
        assert [alert.inner_text() for alert in page.get_by_role("alert").all() if alert.inner_text()] == []
        page.get_by_label("Token").fill(TOKEN)
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        page.get_by_role("link", name="Experiments").click()
        expect(page.get_by_role("heading", name="Experiments")).to_be_visible()
        begun = [one for one in found.requests if one.endswith("/v1/prove")]
        page.keyboard.press("Control+Enter")
        page.get_by_role("link", name="Prove").click()
        expect(page.get_by_role("heading", name="snoc_app")).to_be_visible()
        assert [one for one in found.requests if one.endswith("/v1/prove")] == begun
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="A token is needed")).to_be_visible()
        assert [one for one in found.complaints if "401" not in one] == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_experiments_are_compared(browser: "Browser", guarded: str, size: tuple[int, int]) -> None:
    with opened(browser, f"{guarded}/#/experiments", size=size) as found:
        page = found.page
        page.get_by_label("Token").fill(TOKEN)
        page.keyboard.press("Enter")
        table = page.get_by_role("region", name="All experiments")
        expect(table.get_by_role("row")).to_have_count(4)
        expect(table.get_by_role("checkbox", name="Compare empty")).to_be_disabled()
        table.get_by_role("checkbox", name="Compare second & <b>bold</b>").check()
        table.get_by_role("checkbox", name="Compare first").check()
        assert nameless(found) == [] and poor_contrast(page) == [] and found.overflow() == 0
        assert broken_words(page) == []
        expect(page.get_by_role("button", name="Sign out")).to_be_in_viewport()
        page.get_by_role("link", name="Compare 2 experiments").click()
        page.wait_for_load_state()
        assert page.url.endswith("/experiments/report?name=second%20%26%20%3Cb%3Ebold%3C%2Fb%3E&name=first")
        assert page.locator("svg").count() > 0
        expect(page.get_by_role("table").first).to_be_visible()
        page.get_by_role("link", name="all experiments").click()
        expect(page.get_by_role("heading", name="Experiments")).to_be_visible()
        assert found.complaints == []


@pytest.mark.parametrize(
    ("where", "heading"), [("experiments/report?name=first", "first"), ("docs", "Palmetto prover")]
)
def test_a_link_to_a_page_that_wants_a_token(browser: "Browser", guarded: str, where: str, heading: str) -> None:
    with opened(browser, f"{guarded}/{where}") as found:
        page = found.page
        expect(page.get_by_role("heading", name="A token is needed")).to_be_visible()
        page.get_by_role("link", name="Sign in at the workbench").click()
        page.get_by_label("Token").fill(TOKEN)
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        page.goto(f"{guarded}/{where}")
        expect(page.get_by_role("heading", name=heading).first).to_be_visible()
        assert [one for one in found.complaints if "401" not in one] == []


def test_the_description_for_people_needs_nothing_from_elsewhere(browser: "Browser", workbench: str) -> None:
    with opened(browser, f"{workbench}/docs") as found:
        expect(found.page.get_by_text("/v1/prove", exact=True)).to_be_visible()
        assert [address for address in found.requests if not address.startswith((workbench, "data:"))] == []
        assert found.complaints == []


def test_what_is_built_is_kept_by_browsers(workbench: str) -> None:
    page = httpx2.get(f"{workbench}/")
    assert page.headers["cache-control"] == "no-cache"
    assert "script-src 'self'" in page.headers["content-security-policy"]
    (script,) = {part.split('"')[0] for part in page.text.split('src="./')[1:]}
    asset = httpx2.get(f"{workbench}/{script}")
    assert asset.status_code == 200 and "immutable" in asset.headers["cache-control"]
