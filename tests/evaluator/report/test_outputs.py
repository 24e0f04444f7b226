"""The report as Markdown, in the terminal and as JSON."""

import io
import json
import re

import pytest
from rich.console import Console

from evaluator.report import Comparison, an_experiment, compare, html, markdown, terminal, values
from evaluator.report.svg import Drawing, Scale
from evaluator.report.words import p_value, percent, points, seconds, visible

from .making import made, paired, realistic, record

ACTING = "\x1b[31mred\x1b[0m \u202eback \ud800 \x00 | `x` <b>*bold*</b> [link](x)\nnext"


def printed(comparison: Comparison, *, width: int = 160, every: bool = False) -> str:
    told = io.StringIO()
    terminal.show(comparison, Console(file=told, width=width), every=every)
    return told.getvalue()


def rows(text: str, title: str) -> dict[str, list[str]]:
    """A table of the Markdown by its rows' names."""
    part = text.partition(f"## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    assert len({len(row) for row in cells}) == 1
    return {row[0]: row[1:] for row in cells}


def test_markdown_has_the_figures() -> None:
    text = markdown.render(compare(paired(both=59, only_first=6, only_second=16, neither=80)))
    assert rows(text, "Success by project")["demo"] == [
        r"65/161 40.4 % \[33.1, 48.1\]",
        r"75/161 46.6 % \[39.0, 54.3\]",
    ]
    pair = rows(text, "two against one")
    assert pair["project"][:3] == ["theorems", "one", "two"]
    assert pair["demo"] == ["161", "65", "75", "59", "6", "16", "80", r"+6.2 \[+0.5, +11.9\]", "0.052", "0.052"]
    assert "16 are proved by two alone and 6 by one alone (exact McNemar test: p = 0.052)." in text
    assert "## Proved by two alone (16)" in text
    assert "* demo A.v `t65`" in text


def test_markdown_of_several_projects_ends_with_the_totals() -> None:
    both = {"p": {"a": True}, "q": {"b": False}}
    found = rows(markdown.render(compare([made("one", both), made("two", both)])), "Success by project")
    assert list(found) == ["project", "---", "p", "q", "**all projects**"]
    assert found["**all projects**"][0].startswith("**1/2 50.0 %")


def test_the_terminal_has_the_figures() -> None:
    text = printed(compare(paired(both=59, only_first=6, only_second=16, neither=80)))
    assert "65/161  40.4 % [33.1, 48.1]" in text
    assert "+6.2 [+0.5, +11.9]" in text
    assert "Proved by two alone: 16" in text
    assert "... and 6 more: --list prints them all" in text
    assert "demo A.v t80" not in text
    assert "demo A.v t80" in printed(compare(paired(59, 6, 16, 80)), every=True)


@pytest.mark.parametrize("width", [40, 80, 160])
def test_the_terminal_fits_its_width(width: int) -> None:
    sizes = {"PolTac": 12, "fundamental-arithmetics": 30}
    text = printed(
        compare([realistic("llama-3-8b-instruct", sizes, 0.4, 1), realistic("sft", sizes, 0.6, 2)]), width=width
    )
    assert max(map(len, text.splitlines())) <= width
    assert "llama" in text


def test_json_has_the_figures() -> None:
    one, two = paired(both=59, only_first=6, only_second=16, neither=80)
    found = json.loads(json.dumps(values.values(compare([one, two]))))
    (pair,) = found["pairs"]
    assert pair["total"]["interval"] == pytest.approx([0.0046, 0.1186], abs=5e-5)
    assert pair["total"]["difference"] == pytest.approx(10 / 161)
    assert pair["total"]["p"] == pytest.approx(0.0525, abs=5e-5)
    assert len(pair["proved_by_first_alone"]) == 6
    assert pair["proved_by_second_alone"][0] == {"project": "demo", "file": "A.v", "theorem": "t65", "index": 0}
    assert found["success"]["demo"]["one"] == {
        "proved": 65,
        "theorems": 161,
        "rate": 65 / 161,
        "interval": pytest.approx([0.33104, 0.48090], abs=5e-6),
    }
    assert found["proved_alone"]["one"] == pair["proved_by_first_alone"]
    assert found["causes"] == {"budget": {"one": 96, "two": 86}}


def test_the_same_experiments_give_the_same_report() -> None:
    def made_twice() -> Comparison:
        return compare([realistic("one", {"p": 30, "q": 9}, 0.4, 1), realistic("two", {"q": 9, "p": 30}, 0.5, 2)])

    assert html.render(made_twice()) == html.render(made_twice())
    assert markdown.render(made_twice()) == markdown.render(made_twice())


def test_nothing_that_comes_from_elsewhere_acts() -> None:
    hostile = [
        an_experiment(
            name, [record(name, ACTING, ACTING, verdict, file=ACTING, how=ACTING, cause=ACTING, model=ACTING)]
        )
        for name, verdict in ((ACTING, "PROVED"), ("two", "TIMEOUT"))
    ]
    found = compare(hostile)
    for text in (printed(found, every=True), markdown.render(found)):
        assert "\x1b" not in text
        assert "\x00" not in text
        assert "\u202e" not in text
        text.encode("utf-8")
    text = markdown.render(found)
    assert len(rows(text, "Success by project")) == 3
    assert r"\<b\>\*bold\*" in text
    assert "<b>" not in re.sub(r"``.*?``", "", text)
    # A name with backticks stands in a longer fence.
    assert re.search(r"\* .*A?.*`` .*`x`.* ``$", text, re.MULTILINE)


def test_characters_that_act_are_made_visible() -> None:
    assert visible("a\x1b[0m\x00\x7f\x9b") == "a\u241b[0m\u2400\u2421\ufffd"
    assert visible("\u202eabc\u2066\ud800") == "\ufffdabc\ufffd\ufffd"
    assert visible("∀ n,\n\tn = n (* é 中 *)") == "∀ n,\n\tn = n (* é 中 *)"


def test_numbers_in_words() -> None:
    assert [percent(0.5754), points(-0.0316), p_value(0.0004), p_value(0.0525)] == [
        "57.5 %",
        "-3.2",
        "< 0.001",
        "0.052",
    ]
    assert [seconds(value) for value in (None, 0.034, 12.34, 12345.6)] == ["\u2013", "0.03", "12.3", "12,346"]


def test_scales() -> None:
    assert Scale(0, 1, 0, 100).ticks() == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert Scale(-0.358, 0.358, 0, 100).ticks(8) == pytest.approx([-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3])
    log = Scale(0.01, 100, 0, 100, logarithmic=True)
    assert log.ticks() == pytest.approx([0.01, 0.1, 1, 10, 100])
    assert [log(value) for value in (0.01, 1, 100, 0, 1000)] == pytest.approx([0, 50, 100, 0, 100])
    assert Scale(0, 7300, 0, 100).ticks() == [0, 2000, 4000, 6000]


def test_a_drawing_holds_text_as_text() -> None:
    drawing = Drawing("x", 10, 10, "<title>", "a & b")
    drawing.text(1, 2, "</text><script>alert(1)</script>\x00")
    assert "&lt;/text&gt;&lt;script&gt;" in drawing.markup()
    assert "<script" not in drawing.markup()
    assert "\x00" not in drawing.markup()
