"""Drawings as SVG, to stand inside a page: its style sheet gives the colours, light and dark.

Everything is an element of a tree, so that no text can be read as markup.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from evaluator.report.words import visible

_DASHES = ("none", "7 3", "2 3", "9 3 2 3", "4 4", "12 4")
SERIES = len(_DASHES)
"""How many series have a colour and a shape of their own; as many more have them hollow or thin."""


class Drawing:
    """A picture of `width` by `height` units, with a title and a description for who cannot see it."""

    def __init__(self, slug: str, width: float, height: float, title: str, description: str) -> None:
        self.width, self.height = width, height
        self._root = ElementTree.Element(
            "svg",
            {
                "viewBox": f"0 0 {width:g} {height:g}",
                "role": "img",
                "id": f"plot-{slug}",
                "aria-labelledby": f"plot-{slug}-title plot-{slug}-about",
                "preserveAspectRatio": "xMinYMin meet",
            },
        )
        for tag, text in (("title", title), ("desc", description)):
            element = ElementTree.SubElement(
                self._root, tag, {"id": f"plot-{slug}-{'title' if tag == 'title' else 'about'}"}
            )
            element.text = visible(text)

    def text(self, x: float, y: float, text: str, *, anchor: str = "start", kind: str = "label") -> None:
        """A line of text; `anchor` is start, middle or end."""
        self._add("text", {"x": _n(x), "y": _n(y), "text-anchor": anchor, "class": kind}).text = visible(text)

    def line(
        self, start: tuple[float, float], end: tuple[float, float], kind: str, *, series: int | None = None
    ) -> None:
        """A straight line."""
        (x1, y1), (x2, y2) = start, end
        self._add("line", {"x1": _n(x1), "y1": _n(y1), "x2": _n(x2), "y2": _n(y2), "class": _class(kind, series)})

    def path(self, points: Sequence[tuple[float, float]], series: int, about: str) -> None:
        """A line through the points, drawn as the series is; `about` is shown to who points at it."""
        steps = " L".join(f"{_n(x)} {_n(y)}" for x, y in points)
        dashes = {"stroke-dasharray": _DASHES[series % SERIES]}
        self._told(self._add("path", {"d": f"M{steps}", "class": _class("curve", series), **dashes}), about)

    def bar(self, corner: tuple[float, float], size: tuple[float, float], series: int, about: str) -> None:
        """A filled rectangle."""
        (x, y), (width, height) = corner, size
        shape = {"x": _n(x), "y": _n(y), "width": _n(max(width, 1.0)), "height": _n(height)}
        self._told(self._add("rect", {**shape, "class": _class("bar", series)}), about)

    def mark(self, x: float, y: float, series: int, about: str = "") -> None:
        """A point; each series has a shape of its own."""
        corners = _SHAPES[series % len(_SHAPES)]
        points = " ".join(f"{_n(x + dx)},{_n(y + dy)}" for dx, dy in corners)
        self._told(self._add("polygon", {"points": points, "class": _class("mark", series)}), about)

    def legend(self, x: float, y: float, names: Sequence[str], *, lines: bool) -> None:
        """The series' names below each other, each with its mark, or with its line."""
        for series, name in enumerate(names):
            row = y + 18 * series
            if lines:
                self.path([(x, row - 4), (x + 28, row - 4)], series, "")
            else:
                self.mark(x + 14, row - 4, series)
            self.text(x + 36, row, name)

    def markup(self) -> str:
        """As an element of an HTML page."""
        return ElementTree.tostring(self._root, encoding="unicode", short_empty_elements=False)

    def _add(self, tag: str, attributes: dict[str, str]) -> ElementTree.Element:
        return ElementTree.SubElement(self._root, tag, attributes)

    def _told(self, element: ElementTree.Element, about: str) -> None:
        if about:
            ElementTree.SubElement(element, "title").text = visible(about)


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to units of a drawing; a logarithmic one needs `low` above 0."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        """Where the value stands; one outside stands at the end."""
        low, high, value = self.low, self.high, min(max(value, self.low), self.high)
        if self.logarithmic:
            low, high, value = math.log10(low), math.log10(high), math.log10(value)
        return self.start + (self.end - self.start) * (value - low) / ((high - low) or 1.0)

    def ticks(self, steps: int = 5) -> list[float]:
        """Round values to mark: powers of ten, or at most about `steps` steps of 1, 2 or 5 times such a power."""
        if self.logarithmic:
            first, last = round(math.log10(self.low)), round(math.log10(self.high))
            return [10.0**power for power in range(first, last + 1)]
        raw = (self.high - self.low) / steps or 1.0
        power = 10.0 ** math.floor(math.log10(raw))
        step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.999)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _class(kind: str, series: int | None) -> str:
    if series is None:
        return kind
    return f"{kind} series-{series % SERIES}" + (" again" if series // SERIES % 2 else "")


def _polygon(sides: int, radius: float, turn: float) -> list[tuple[float, float]]:
    angles = [turn + 2 * math.pi * corner / sides for corner in range(sides)]
    return [(radius * math.cos(angle), radius * math.sin(angle)) for angle in angles]


# Circle, square, triangle, diamond, triangle downwards, hexagon.
_SHAPES = (
    _polygon(20, 4.5, 0),
    _polygon(4, 5.6, math.pi / 4),
    _polygon(3, 6, -math.pi / 2),
    _polygon(4, 5.8, 0),
    _polygon(3, 6, math.pi / 2),
    _polygon(6, 5, 0),
)
