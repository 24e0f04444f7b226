"""A person's path from opening the page to a proved theorem, in a real browser, against the real stack."""

import re
from typing import TYPE_CHECKING

import httpx2
from playwright.sync_api import expect

from coq_checker.toolchain import Toolchain

from ..browser import opened
from .pages import HARD, attempt_id, budget, choose, prove, theorems, verdict

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_from_opening_the_page_to_a_proved_theorem(browser: "Browser", workbench: str) -> None:
    with opened(browser, workbench) as found:
        page = found.page
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        expect(page.get_by_label("Project")).to_have_value("examples")
        page.get_by_label("File").select_option("Compiler.v")
        choose(page, "fold_constants_sound")
        expect(page.get_by_role("region", name="Statement")).to_contain_text("value (fold_constants e) = value e")
        assert "theorem=fold_constants_sound" in page.url
        prove(page)

        # It can be watched.
        expect(page.get_by_role("region", name="Progress")).to_be_visible()
        goals = page.get_by_role("tree", name="Goals of the proof").get_by_role("treeitem")
        expect(goals.first).to_be_visible(timeout=60_000)

        judged = verdict(page)
        expect(judged).to_contain_text("Proved")
        expect(judged).to_contain_text("Closed under the global context.")
        answer = httpx2.get(f"{workbench}/v1/attempts/{attempt_id(page)}").json()["result"]
        assert answer["verdict"] == "PROVED"
        script = judged.get_by_role("region", name="Script", exact=True)
        assert script.inner_text().strip() == answer["script"].strip()
        judged.get_by_role("button", name="Copy the script").click()
        expect(judged.get_by_text("Copied", exact=True)).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == answer["script"]
        expect(page.get_by_role("status").first).to_contain_text("fold_constants_sound is proved.")
        assert page.title().startswith("Proved: fold_constants_sound")

        # The tree is that of the script, and tells what failed on the way.
        assert all("closed" in (name or "") for name in [goal.get_attribute("aria-label") for goal in goals.all()])
        tactics = [
            tactic for tactic in re.findall(r"[^\s-][^\n]*\.", answer["script"]) if tactic not in ("Proof.", "Qed.")
        ]
        assert goals.count() == len(tactics)
        strip = page.get_by_role("radiogroup", name="Proofs that were tried")
        other = strip.get_by_role("radio", name=re.compile("nothing of it ran")).first
        other.click()
        expect(page.get_by_role("region", name="The chosen goal")).to_contain_text("Failed")

        assert found.complaints == []
        # Nothing from anywhere else.
        assert [address for address in found.requests if not address.startswith((workbench, "data:"))] == []


def test_with_another_toolchain(browser: "Browser", workbench: str, each_toolchain: Toolchain) -> None:
    with opened(browser, workbench) as found:
        page = found.page
        page.goto(f"{workbench}/#/paste")
        page.get_by_label("Coq text").fill("Lemma t (A B : Prop) : A /\\ B -> B /\\ A.")
        page.locator(".options summary").click()
        page.get_by_label("Toolchain").select_option(each_toolchain.name)
        expect(page.locator(".options summary")).to_contain_text(f"with {each_toolchain.name}")
        prove(page)
        expect(verdict(page)).to_contain_text(f"{each_toolchain.coq_version} ({each_toolchain.name})")
        assert found.complaints == []


def test_by_keys_alone(browser: "Browser", workbench: str) -> None:
    with opened(browser, workbench) as found:
        page = found.page
        expect(theorems(page).first).to_be_visible()
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        page.keyboard.press("Escape")
        page.keyboard.press("/")
        expect(page.get_by_role("searchbox", name="Theorem")).to_be_focused()
        page.keyboard.type("mirror")
        page.keyboard.press("ArrowDown")
        expect(page.get_by_role("heading", name="mirror_involutive")).to_be_visible()
        page.keyboard.press("ArrowDown")
        expect(page.get_by_role("heading", name="elements_mirror")).to_be_visible()
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Control+Enter")
        expect(verdict(page)).to_contain_text("Proved")
        goals = page.get_by_role("treeitem")
        goals.first.focus()
        if goals.count() > 1:
            page.keyboard.press("ArrowDown")
            expect(goals.nth(1)).to_be_focused()
            page.keyboard.press("ArrowLeft")
            expect(goals.first).to_be_focused()
            page.keyboard.press("ArrowLeft")
            expect(goals.first).to_have_attribute("aria-expanded", "false")
            expect(goals).to_have_count(1)
            page.keyboard.press("ArrowRight")
            expect(goals.first).to_have_attribute("aria-expanded", "true")
        assert found.complaints == []


def test_it_is_stopped(browser: "Browser", workbench: str) -> None:
    with opened(browser, workbench) as found:
        page = found.page
        choose(page, HARD)
        budget(page, 600)
        # What is typed counts at once.
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("tree")).to_be_visible(timeout=60_000)
        expect(page.get_by_role("region", name="Progress")).to_contain_text("10 min")
        page.keyboard.press("Escape")
        expect(verdict(page)).to_contain_text("Stopped")
        assert httpx2.get(f"{workbench}/v1/attempts/{attempt_id(page)}").json()["state"] == "cancelled"
        expect(page.get_by_role("region", name="What to prove").get_by_role("button", name="Prove")).to_be_visible()
        assert found.complaints == []


def test_it_ends_with_the_page_that_began_it_and_others_may_watch(browser: "Browser", workbench: str) -> None:
    with opened(browser, f"{workbench}/#/prove?project=examples&file=ListFacts.v&theorem={HARD}") as found:
        budget(found.page, 600)
        prove(found.page)
        expect(found.page.get_by_role("tree")).to_be_visible(timeout=60_000)
        name = attempt_id(found.page)
        with opened(browser, found.page.url) as other:
            expect(other.page.get_by_role("heading", name=HARD)).to_be_visible()
            expect(other.page.get_by_role("region", name="Progress")).to_contain_text("of 10 min")
            expect(other.page.get_by_role("tree")).to_be_visible(timeout=60_000)
        assert httpx2.get(f"{workbench}/v1/attempts/{name}").json()["state"] == "running"
    with opened(browser, f"{workbench}/#/attempt/{name}") as found:
        expect(verdict(found.page)).to_contain_text("Stopped")
        # Its theorem is chosen: it can be tried again.
        expect(theorems(found.page).and_(found.page.locator("[aria-selected=true]"))).to_contain_text(HARD)
        assert found.complaints == []


def test_the_browser_asks_before_work_is_lost(browser: "Browser", workbench: str) -> None:
    with opened(browser, f"{workbench}/#/prove?project=examples&file=ListFacts.v&theorem={HARD}") as found:
        page = found.page
        budget(page, 600)
        prove(page)
        expect(page.get_by_role("tree")).to_be_visible(timeout=60_000)
        name = attempt_id(page)
        with page.expect_event("dialog") as asked:
            page.once("dialog", lambda dialog: dialog.dismiss())
            page.evaluate("setTimeout(() => location.reload(), 0)")
        assert asked.value.type == "beforeunload"
        expect(page.get_by_role("region", name="Progress")).to_be_visible()
        assert httpx2.get(f"{workbench}/v1/attempts/{name}").json()["state"] == "running"
        page.once("dialog", lambda dialog: dialog.accept())
        page.reload()
        expect(verdict(page)).to_contain_text("Stopped")


def test_what_is_not_proved_has_its_best_try(browser: "Browser", workbench: str) -> None:
    with opened(browser, f"{workbench}/#/prove?project=examples&theorem={HARD}") as found:
        page = found.page
        budget(page, 5)
        prove(page)
        judged = verdict(page)
        expect(judged).to_contain_text("Not proved")
        expect(judged).to_contain_text("The budget was spent.")
        expect(judged.get_by_role("region", name="The best unfinished proof")).to_contain_text("admit.")
        expect(judged.get_by_role("button", name="Try again with 10 s of CPU")).to_be_visible()
        assert found.complaints == []


def test_a_statement_is_pasted(browser: "Browser", workbench: str) -> None:
    with opened(browser, f"{workbench}/#/paste") as found:
        page = found.page
        prove(page)
        expect(page.get_by_role("alert").filter(has_text="Paste a statement")).to_be_visible()
        page.get_by_label("Coq text").fill("Definition two := 2.\n(* A fact. *)\nLemma two_is : two = 1 + 1.")
        expect(page.get_by_text("two_is is proved, after all that stands before it.")).to_be_visible()
        prove(page)
        expect(verdict(page)).to_contain_text("Proved")
        expect(page.get_by_role("heading", name="two_is")).to_be_visible()
        # Coq's own words, where it cannot be worked on.
        page.get_by_label("Coq text").fill("Lemma a : nothing_known.")
        prove(page)
        expect(verdict(page)).to_contain_text("nothing_known", timeout=60_000)
        assert found.complaints == []


GAPS = "Require Import Arith.\n\nLemma a (n : nat) : n + 0 = n.\nAdmitted.\n\nLemma wrong : 1 = 2.\nAdmitted.\n"


def test_gaps_of_a_text_are_filled(browser: "Browser", workbench: str) -> None:
    with opened(browser, f"{workbench}/#/paste") as found:
        page = found.page
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.get_by_label("Coq text").fill(GAPS)
        budget(page, 3)
        prove(page)
        expect(page.get_by_role("heading", name="1 of 2 gaps filled")).to_be_visible(timeout=120_000)
        changes = page.get_by_role("region", name="Changes, line by line")
        expect(changes).to_contain_text("taken out: Admitted.")
        expect(changes).to_contain_text("put in: Qed.")
        page.get_by_role("button", name="Copy the whole text").click()
        expect(page.get_by_text("Copied", exact=True)).to_be_visible()
        text = page.evaluate("navigator.clipboard.readText()")
        assert text.startswith(GAPS[:50]) and text.count("Admitted.") == 1 and "Qed." in text
        page.get_by_role("button", name="wrong").click()
        expect(verdict(page)).to_contain_text("Not proved")
        assert found.complaints == []


def test_what_was_filled_before_a_stop_is_there(browser: "Browser", workbench: str) -> None:
    with opened(browser, f"{workbench}/#/paste") as found:
        page = found.page
        page.get_by_label("Coq text").fill(GAPS)
        budget(page, 600)
        prove(page)
        gaps = page.get_by_role("list", name="Theorems of the text").get_by_role("button")
        expect(gaps.filter(has_text="being worked on")).to_contain_text("wrong", timeout=60_000)
        page.keyboard.press("Escape")
        expect(page.get_by_role("heading", name="1 of 2 gaps filled")).to_be_visible()
        expect(page.get_by_text("The proof that was found stands below, checked one by one.")).to_be_visible()
        expect(page.get_by_text("Nothing in the text was changed.")).to_have_count(0)
        gaps.first.click()
        expect(page.get_by_role("region", name="Script", exact=True)).to_contain_text("Qed.")
        assert found.complaints == []


def test_text_is_never_markup(browser: "Browser", workbench: str) -> None:
    evil = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
    doubled = evil.replace('"', '""')
    with opened(browser, f"{workbench}/#/paste") as found:
        page = found.page
        page.get_by_label("Coq text").fill(
            f'Require Import String. Open Scope string_scope.\nDefinition s := "{doubled}".\n'
            f'Lemma evil (x : string) : x = "{doubled}" -> x = s.'
        )
        prove(page)
        verdict(page)
        expect(page.get_by_role("region", name="Hypotheses and conclusion")).to_contain_text("<script>")
        assert page.locator("img, #app script").count() == 0
        assert page.title() not in ("1", "2")
        assert found.complaints == []
