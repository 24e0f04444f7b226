"""The report's plots, each drawn twice: for a desk and, with names above their rows, for a phone."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evaluator.report.comparison import ALL, Comparison, Pair
from evaluator.report.costs import CLOCKS
from evaluator.report.svg import Drawing, Scale
from evaluator.report.tables import difference_words, sentence
from evaluator.report.words import between, percent, seconds

_LEGEND_ROW = 18.0
_NAME_ROW = 17.0
_BELOW = 44.0


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where things stand: `left` is the room for the rows' names, 0 where they stand above."""

    suffix: str
    width: float
    left: float
    letters: int

    @property
    def above(self) -> float:
        """What a name above its row takes."""
        return 0.0 if self.left else _NAME_ROW

    def across(self, low: float, high: float, *, right: float = 20.0) -> Scale:
        """A scale from the names to the right border."""
        return Scale(low, high, self.left or 16.0, self.width - right)


_WIDE = _Layout("", 720.0, 190.0, 26)
_NARROW = _Layout("-narrow", 350.0, 0.0, 38)


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot with its caption.

    Attributes:
        slug: that of the table with its figures.
        wide, narrow: safe to put into a page.
    """

    slug: str
    title: str
    caption: str
    wide: str
    narrow: str


def plots(comparison: Comparison) -> list[Plot]:
    """All plots of the report, in their order; one with nothing to show is left out."""
    found = [
        Plot(
            "success",
            "Success by project",
            "Rate of theorems proved, with 95 % confidence intervals (Wilson).",
            _success(comparison, _WIDE),
            _success(comparison, _NARROW),
        )
    ]
    for number, pair in enumerate(comparison.pairs, 1):
        slug = f"pair-{number}"
        caption = "Difference of the rates on the theorems that both have, with Newcombe's 95 % intervals."
        drawn = (_differences(pair, slug, _WIDE), _differences(pair, slug, _NARROW))
        found.append(Plot(slug, f"{pair.second} against {pair.first}", caption, *drawn))
    for clock in CLOCKS if comparison.common else ():
        every = " that all experiments have" if len(comparison.experiments) > 1 else ""
        caption = f"Over the {comparison.common} theorems{every}. A line ends where the longest attempt did."
        drawn = (_solved(comparison, clock, _WIDE), _solved(comparison, clock, _NARROW))
        found.append(Plot(_clock_slug(clock), f"Proved over {CLOCKS[clock]}", caption, *drawn))
    if any(cost.stages for cost in comparison.costs.values()):
        caption = "What each stage of the prover's work took. A model's own time is not in it."
        drawn = (_stages(comparison, _WIDE), _stages(comparison, _NARROW))
        found.append(Plot("stages", "CPU seconds by stage", caption, *drawn))
    return found


def _success(comparison: Comparison, layout: _Layout) -> str:
    names = comparison.columns
    projects = [*comparison.projects, *([ALL] if len(comparison.projects) > 1 else [])]
    row = layout.above + 14.0 * len(names) + 10
    top = 14 + _LEGEND_ROW * len(names)
    bottom = top + row * len(projects)
    about = "; ".join(f"{name}: {percent(comparison.shares[ALL][name].rate)} over all" for name in names)
    drawing = Drawing(f"success{layout.suffix}", layout.width, bottom + _BELOW, "Success by project", about)
    x = layout.across(0, 1)
    _legend(drawing, layout, names)
    _grid(drawing, x, (top, bottom), [f"{100 * tick:.0f} %" for tick in x.ticks()], "theorems proved")
    for number, project in enumerate(projects):
        y = top + row * number
        if number:
            drawing.line((0, y), (x.end, y), "rule")
        _row_name(drawing, layout, y, row, project)
        for series, name in enumerate(names):
            share = comparison.shares[project][name]
            if not share.total:
                continue
            level = y + layout.above + 5 + 14 * series + 7
            ends = share.interval
            drawing.line((x(ends.low), level), (x(ends.high), level), "whisker", series=series)
            said = f"{project}, {name}: {share.proved} of {share.total}, {percent(share.rate)} {between(ends)}"
            drawing.mark(x(share.rate), level, series, said)
    return drawing.markup()


def _differences(pair: Pair, slug: str, layout: _Layout) -> str:
    lines = [*pair.lines, *([pair.total] if len(pair.lines) > 1 else [])]
    row, top = layout.above + 24.0, 40.0
    bottom = top + row * len(lines)
    title = f"{pair.second} against {pair.first}, by project"
    drawing = Drawing(slug + layout.suffix, layout.width, bottom + _BELOW, title, sentence(pair))
    reach = max(0.05, *(abs(end) for line in lines for end in line.interval))
    x = layout.across(-reach, reach)
    ticks = [f"{100 * tick:+.0f}" if round(100 * tick) else "0" for tick in x.ticks(8)]
    _grid(drawing, x, (top, bottom), ticks, "difference in percentage points", steps=8)
    drawing.line((x(0), top - 4), (x(0), bottom), "zero")
    # Half of the width for each, at some seven units a letter.
    letters = int((x(0) - x.start) / 7) - 8
    drawing.text(x(0) - 10, top - 12, f"← {_short(pair.first, letters)} better", anchor="end", kind="tick")
    drawing.text(x(0) + 10, top - 12, f"{_short(pair.second, letters)} better →", kind="tick")
    for place, line in enumerate(lines):
        y = top + row * place
        level = y + layout.above + 12
        series = 3 if line.project == ALL else 0
        if place and layout.above:
            drawing.line((0, y), (x.end, y), "rule")
        _row_name(drawing, layout, y, row, line.project)
        drawing.line((x(line.interval.low), level), (x(line.interval.high), level), "whisker", series=series)
        drawing.mark(x(line.counts.difference), level, series, f"{line.project}: {difference_words(line)}")
    return drawing.markup()


def _solved(comparison: Comparison, clock: str, layout: _Layout) -> str:
    curves = comparison.curves[clock]
    # An experiment's line goes on to its longest attempt, whether that was a proof or not.
    ends = {one.name: max(getattr(record, clock) for record in one.records.values()) for one in comparison.experiments}
    low, high = _decades([time for curve in curves.values() for time in curve.times], max(ends.values()))
    left, height = (60.0, 300.0) if layout.left else (44.0, 240.0)
    top = 14 + _LEGEND_ROW * len(curves)
    bottom = top + height
    about = "; ".join(f"{name}: {len(curve.times)} of {curve.total} in the end" for name, curve in curves.items())
    title = f"Proved over {CLOCKS[clock]}"
    drawing = Drawing(_clock_slug(clock) + layout.suffix, layout.width, bottom + _BELOW, title, about)
    drawing.legend(left, 16, [_short(name, layout.letters) for name in curves], lines=True)
    x = Scale(low, high, left, layout.width - 20, logarithmic=True)
    most = max(len(curve.times) for curve in curves.values()) / comparison.common
    y = Scale(0, min(1.0, math.ceil(most * 10 + 0.2) / 10), bottom, top)
    _grid(drawing, x, (top, bottom), [f"{tick:g}" for tick in x.ticks()], f"seconds of {CLOCKS[clock]}, logarithmic")
    for tick in y.ticks():
        drawing.line((left, y(tick)), (x.end, y(tick)), "grid")
        drawing.text(left - 8, y(tick) + 4, f"{100 * tick:.0f} %", anchor="end", kind="tick")
    for series, (name, curve) in enumerate(curves.items()):
        points = [(x(low), y(curve.solved(low) / curve.total))]
        for solved, time in enumerate(curve.times, 1):
            points += [(x(time), points[-1][1]), (x(time), y(solved / curve.total))]
        points.append((max(x(ends[name]), points[-1][0]), points[-1][1]))
        drawing.path(points, series, f"{name}: {len(curve.times)} of {curve.total}")
    return drawing.markup()


def _stages(comparison: Comparison, layout: _Layout) -> str:
    names = list(comparison.costs)
    stages = list(dict.fromkeys(name for cost in comparison.costs.values() for name in cost.stages))
    row = layout.above + 13.0 * len(names) + 12
    top = 14 + _LEGEND_ROW * len(names)
    bottom = top + row * len(stages)
    about = "; ".join(f"{name}: {seconds(cost.cpu_s)} CPU seconds" for name, cost in comparison.costs.items())
    drawing = Drawing(f"stages{layout.suffix}", layout.width, bottom + _BELOW, "CPU seconds by stage", about)
    most = max(stage.cpu_s for cost in comparison.costs.values() for stage in cost.stages.values())
    x = layout.across(0, most or 1.0, right=70.0)
    _legend(drawing, layout, names)
    _grid(drawing, x, (top, bottom), [f"{tick:,g}" for tick in x.ticks()], "CPU seconds of Coq and its provers")
    for number, stage in enumerate(stages):
        y = top + row * number
        _row_name(drawing, layout, y, row, stage)
        for series, name in enumerate(names):
            cost = comparison.costs[name].stages.get(stage)
            if cost is None:
                continue
            level = y + layout.above + 6 + 13 * series
            drawing.bar((x(0), level), (x(cost.cpu_s) - x(0), 11), series, f"{stage}, {name}: {seconds(cost.cpu_s)} s")
            drawing.text(x(cost.cpu_s) + 6, level + 9.5, seconds(cost.cpu_s), kind="tick")
    return drawing.markup()


def _decades(times: Sequence[float], longest: float) -> tuple[float, float]:
    """Powers of ten around all times; what is shorter than a hundredth of a second is not told apart."""
    shortest = min((time for time in times if time > 0), default=0.1)
    first = math.floor(math.log10(max(shortest, 0.01)))
    return 10.0**first, 10.0 ** max(first + 1, math.ceil(math.log10(max(longest, 0.01))))


def _legend(drawing: Drawing, layout: _Layout, names: Sequence[str]) -> None:
    drawing.legend(layout.left, 16, [_short(name, layout.letters) for name in names], lines=False)


def _grid(
    drawing: Drawing, x: Scale, rows: tuple[float, float], ticks: Sequence[str], name: str, *, steps: int = 5
) -> None:
    top, bottom = rows
    for tick, text in zip(x.ticks(steps), ticks, strict=True):
        drawing.line((x(tick), top), (x(tick), bottom), "grid")
        drawing.text(x(tick), bottom + 18, text, anchor="middle", kind="tick")
    drawing.text((x.start + x.end) / 2, bottom + 38, name, anchor="middle", kind="axis")


def _row_name(drawing: Drawing, layout: _Layout, y: float, row: float, name: str) -> None:
    kind = "label total" if name == ALL else "label"
    if layout.left:
        drawing.text(layout.left - 12, y + row / 2 + 4, _short(name, layout.letters), anchor="end", kind=kind)
    else:
        drawing.text(8, y + _NAME_ROW - 2, _short(name, layout.letters), kind=kind)


def _clock_slug(clock: str) -> str:
    return f"solved-{clock.removesuffix('_s')}"


def _short(name: str, letters: int) -> str:
    return name if len(name) <= letters else name[: max(letters, 2) - 1] + "…"
