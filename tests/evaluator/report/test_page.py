"""The page, in a real browser."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from evaluator.report import Experiment, Recorded, an_experiment, compare, html

from ...browser import DESKTOP, PHONE, Opened, opened
from .making import paired, realistic, record

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SIZES = {"PolTac": 40, "coq-procrastination": 8, "fundamental-arithmetics": 61, "zfc": 33}
HOSTILE = (
    "<script>window.ran = 1</script><img src=x onerror='window.ran = 2'></pre></details></svg><svg onload=window.ran=3>"
    "<style>*{display:none}</style><a href='javascript:window.ran=4'>a</a>\x00\ud800{{ 7 * 7 }}</script><!--"
)


def experiments(count: int = 2) -> list[Experiment]:
    names = ("llama-3-8b-instruct", "sft-no-retrieval", "neighbours", "hammer", "gpt-4o", "gpt-3.5", "seventh")
    return [realistic(name, SIZES, 0.4 + 0.05 * place, place + 1) for place, name in enumerate(names[:count])]


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    found = experiments()
    run = {key: key.theorem.endswith(("1", "3", "5")) for key in found[0].records if key.project != "zfc"}
    recorded = Recorded("PALM: llama-3-8b-instruct", "llama-3-8b-instruct", run, 120, 7, 4, ("llama-3-8b-instruct",))
    path.write_text(html.render(compare(found, [recorded])), encoding="utf-8")
    return path


@pytest.fixture
def page(browser: "Browser", page_file: Path) -> Iterator[Opened]:
    with opened(browser, page_file.as_uri()) as found:
        yield found


def cells(found: Opened, slug: str) -> dict[str, list[str]]:
    """A table as it is seen, by the first cell of its rows."""
    shown = found.page.locator(f"#{slug} table tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.innerText.replace(/\\s+/g, ' ').trim()))"
    )
    return {row[0]: row[1:] for row in shown}


def test_it_opens_without_complaint_and_asks_for_nothing(page: Opened, page_file: Path) -> None:
    assert page.page.title() == "llama-3-8b-instruct, sft-no-retrieval, PALM: llama-3-8b-instruct"
    assert page.complaints == []
    assert page.requests == [page_file.as_uri()]


def test_its_tables_show_the_figures(browser: "Browser", tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(html.render(compare(paired(both=59, only_first=6, only_second=16, neither=80))), encoding="utf-8")
    with opened(browser, path.as_uri()) as found:
        assert cells(found, "success") == {
            "project": ["one", "two"],
            "demo": ["65/161 40.4 % [33.1, 48.1]", "75/161 46.6 % [39.0, 54.3]"],
        }
        assert cells(found, "pair-1")["demo"] == [
            *("161", "65", "75", "59", "6", "16", "80"),
            "+6.2 [+0.5, +11.9]",
            *("0.052", "0.052"),
        ]
        assert found.page.locator(".cards").inner_text().split() == [
            *("one", "40.4", "%", "65", "of", "161"),
            *("two", "46.6", "%", "75", "of", "161"),
        ]
        assert found.page.locator(".theorem").count() == 161


def test_its_plots_are_seen(page: Opened) -> None:
    slugs = ("success", "pair-1", "pair-2", "solved-cpu", "solved-wall", "stages")
    for slug in slugs:
        box = page.page.locator(f"#plot-{slug}").bounding_box()
        assert box is not None, slug
        assert box["width"] > 400, slug
        assert box["height"] > 150, slug
        assert not page.page.locator(f"#plot-{slug}-narrow").is_visible()
    # A mark for each project and the totals in each column (PALM's has none of zfc), and its legend's.
    assert page.page.locator("#plot-success .mark").count() == 5 + 5 + 4 + 3
    assert page.page.locator("#plot-solved-cpu .curve").count() == 2 + 2
    assert page.page.locator("#plot-success text", has_text="fundamental-arithmetics").count() == 1
    outside = page.page.evaluate(
        """() => [...document.querySelectorAll('.wide svg :is(text, line, path, rect, polygon)')].filter(one => {
          const frame = one.ownerSVGElement.getBoundingClientRect(), box = one.getBoundingClientRect();
          return box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1;
        }).map(one => one.textContent)"""
    )
    assert outside == []


def test_its_plots_tell_who_cannot_see_them(page: Opened) -> None:
    tree = page.page.locator("#plot-success").aria_snapshot()
    assert 'img "Success by project llama-3-8b-instruct: ' in tree
    curve = page.page.locator("#plot-solved-cpu .curve.series-0 title").text_content()
    assert curve is not None
    assert re.fullmatch(r"llama-3-8b-instruct: \d+ of 142", curve)


def test_a_curve_stands_where_its_table_says(page: Opened) -> None:
    # The curve's last point is as high as the rate of all that was proved, on the axis beside it.
    share = int(cells(page, "success")["all projects"][0].split("/")[0]) / 142
    height: float = page.page.evaluate(
        """() => {
          const plot = document.querySelector('#plot-solved-cpu');
          const path = [...plot.querySelectorAll('.curve.series-0')].at(-1);
          const end = path.getPointAtLength(path.getTotalLength()).y;
          const ticks = [...plot.querySelectorAll('.tick')];
          const at = text => +ticks.find(one => one.textContent === text).getAttribute('y');
          return (at('0 %') - 4 - end) / (at('0 %') - at('20 %')) * 0.2;
        }"""
    )
    assert height == pytest.approx(share, abs=0.002)


@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light"), (PHONE, "dark")])
def test_it_can_be_read_light_and_dark_at_a_desk_and_on_a_phone(
    browser: "Browser", page_file: Path, size: tuple[int, int], scheme: Literal["light", "dark"]
) -> None:
    with opened(browser, page_file.as_uri(), size=size, scheme=scheme) as found:
        assert found.overflow() == 0
        shown = ".narrow" if size == PHONE else ".wide"
        for plot in found.page.locator(f"{shown} svg").all():
            box = plot.bounding_box()
            assert box is not None
            assert 250 < box["width"] <= size[0]
            assert box["height"] > 150
        assert worst_contrast(found, "body, .note, td span, .kind, nav a, .badge, .cards dt, figcaption") >= 4.5
        assert worst_contrast(found, f"{shown} svg text", "fill") >= 4.5
        # What is drawn and not written: WCAG's 3 to 1.
        assert worst_contrast(found, f"{shown} svg .mark, {shown} svg .bar", "fill") >= 3
        assert worst_contrast(found, f"{shown} svg .curve, {shown} svg .whisker", "stroke") >= 3
        found.page.locator("#theorems .theorem > summary").first.click()
        assert found.overflow() == 0
        assert found.complaints == []


def worst_contrast(found: Opened, chosen: str, paint: str = "color") -> float:
    """The lowest contrast, as WCAG defines it, of the chosen elements with what is behind them."""
    colours: list[list[str]] = found.page.evaluate(
        """([chosen, paint]) => [...document.querySelectorAll(chosen)].map(one => {
          let behind = one;
          const clear = colour => colour === 'rgba(0, 0, 0, 0)';
          while (behind.parentElement && clear(getComputedStyle(behind).backgroundColor)) behind = behind.parentElement;
          return [getComputedStyle(one)[paint], getComputedStyle(behind).backgroundColor];
        })""",
        [chosen, paint],
    )
    assert colours
    return min(contrast(*pair) for pair in {tuple(pair) for pair in colours})


def contrast(*colours: str) -> float:
    def light(colour: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted(map(light, colours))
    return (high + 0.05) / (low + 0.05)


def test_theorems_are_found_by_name_project_and_outcome(page: Opened) -> None:
    def shown() -> int:
        return page.page.locator(".theorem:visible").count()

    def choose(**fields: Any) -> None:
        page.page.get_by_label("Name or file").fill(fields.get("text", ""))
        page.page.get_by_label("Project", exact=True).select_option(fields.get("project", ""))
        page.page.get_by_label("Outcome", exact=True).select_option(fields.get("outcome", ""))

    assert shown() == 142
    choose(project="zfc")
    assert shown() == 33
    assert page.page.locator("#filter output").inner_text() == "33 of 142 theorems"
    choose(text="LEMMA_7", project="zfc")
    assert shown() == 1
    choose(outcome="everyone")
    everyone = shown()
    choose(outcome="nobody")
    nobody = shown()
    choose(outcome="differ")
    assert 0 < everyone < everyone + nobody < 142
    assert everyone + nobody + shown() == 142


def test_a_name_leads_to_its_theorem(page: Opened) -> None:
    # Hidden by the filter, it is shown again.
    page.page.get_by_label("Project", exact=True).select_option("zfc")
    page.page.locator("#alone > details summary").last.click()
    link = page.page.locator("#alone > details").last.locator("a").first
    name = link.inner_text()
    link.click()
    target = page.page.locator(str(link.get_attribute("href")))
    # The script shows it once the address has changed.
    target.locator("> summary code").wait_for(state="visible")
    assert target.locator("> summary code").inner_text() == name
    assert target.locator("article").first.is_visible()


def test_it_works_without_its_script(browser: "Browser", page_file: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    bare = context.new_page()
    bare.goto(page_file.as_uri())
    assert bare.locator(".theorem").count() == 142
    assert not bare.locator("#filter").is_visible()
    bare.locator(".theorem > summary").first.click()
    assert bare.locator(".theorem article").first.is_visible()
    context.close()


def test_hostile_text_is_shown_and_not_run(browser: "Browser", tmp_path: Path) -> None:
    names = ("file", "statement", "message", "prelude", "script", "partial", "how", "cause", "model", "prompt")
    more: dict[str, Any] = dict.fromkeys(names, HOSTILE)
    rows = [
        an_experiment(
            name, [record(name, HOSTILE, HOSTILE, verdict, **more, axioms=(HOSTILE,), model_answers=(HOSTILE,) * 2)]
        )
        for name, verdict in ((HOSTILE, "PROVED"), ("two", "TIMEOUT"))
    ]
    path = tmp_path / "report.html"
    path.write_text(html.render(compare(rows)), encoding="utf-8")
    with opened(browser, path.as_uri(), size=PHONE) as found:
        found.page.locator(".theorem > summary").click()
        for answer in found.page.locator("article details summary").all():
            answer.click()
        shown = HOSTILE.replace("\x00", "\u2400").replace("\ud800", "\ufffd")
        for text in found.page.locator(".theorem article details pre").all_inner_texts():
            assert text == shown
        assert found.page.locator(".theorem pre.statement").inner_text() == shown
        assert found.page.evaluate("window.ran") is None
        assert found.page.locator("script").count() == 1
        assert found.page.locator("style").count() == 1
        assert found.page.locator("img, a[href^='javascript']").count() == 0
        assert found.complaints == []
        assert found.requests == [path.as_uri()]
        assert found.overflow() == 0


def test_its_policy_stops_a_script_that_came_in(browser: "Browser", page_file: Path, tmp_path: Path) -> None:
    text = page_file.read_text()
    path = tmp_path / "broken.html"
    path.write_text(text.replace("<main>", "<main><script>window.ran = 1</script><img src='http://127.0.0.1:9/x'>", 1))
    with opened(browser, path.as_uri()) as found:
        assert found.page.evaluate("window.ran") is None
        assert len([said for said in found.complaints if "Content Security Policy" in said]) == 2


def test_long_texts_are_cut_and_said_to_be(browser: "Browser", tmp_path: Path) -> None:
    one = an_experiment("one", [record("one", "p", "a", model_answers=("x" * 20_000,))])
    path = tmp_path / "report.html"
    path.write_text(html.render(compare([one])), encoding="utf-8")
    with opened(browser, path.as_uri()) as found:
        text = str(found.page.locator("article details pre").text_content())
        assert text.startswith("x" * 16_384 + "\n")
        assert text.endswith("... and 3,616 characters more, which the store has")


def test_many_experiments_fit(browser: "Browser", tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(html.render(compare(experiments(7))), encoding="utf-8")
    for size in (DESKTOP, PHONE):
        with opened(browser, path.as_uri(), size=size) as found:
            assert found.overflow() == 0
            assert found.complaints == []
            assert found.page.locator(".cards > div").count() == 7
            # The seventh has the first one's colour, and is drawn hollow; theorems are marked by letters.
            marks = found.page.locator("#plot-success .mark")
            styles = [marks.nth(place).evaluate("one => getComputedStyle(one).fill") for place in range(7)]
            assert len(set(styles)) == 7
            badge = found.page.locator(".theorem").first.locator(".badge").last
            assert str(badge.text_content()).split()[1].startswith("G")
            assert badge.get_attribute("title") == "seventh"
            assert len(cells(found, "pairs")) == 1 + 6
