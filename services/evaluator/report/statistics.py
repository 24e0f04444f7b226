"""The statistics of a comparison: what each is, and where it comes from.

All of them take theorems as independent of each other. Theorems of one file are not quite, so the intervals are
somewhat too narrow; a comparison of several projects shows how much the outcome varies between them.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from scipy.stats import binomtest

CONFIDENCE = 0.95
"""Of every interval in a report."""


class Interval(NamedTuple):
    """A confidence interval, ends included."""

    low: float
    high: float


class Paired(NamedTuple):
    """How two provers did on the same theorems.

    Attributes:
        both, neither: proved by both, by neither.
        only_first, only_second: proved by one and not by the other.
    """

    both: int
    only_first: int
    only_second: int
    neither: int

    @property
    def total(self) -> int:
        """The theorems."""
        return sum(self)

    @property
    def first(self) -> int:
        """What the first proved."""
        return self.both + self.only_first

    @property
    def second(self) -> int:
        """What the second proved."""
        return self.both + self.only_second

    @property
    def difference(self) -> float:
        """The second's rate less the first's; 0 where there are no theorems."""
        return (self.only_second - self.only_first) / self.total if self.total else 0.0


def wilson(successes: int, total: int, confidence: float = CONFIDENCE) -> Interval:
    """Wilson's score interval for a proportion; [0, 1] where nothing was tried.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
    Statistical Association 22, 1927. No continuity correction; computed by SciPy.
    """
    if not total:
        return Interval(0.0, 1.0)
    found = binomtest(successes, total).proportion_ci(confidence, method="wilson")
    return Interval(float(found.low), float(found.high))


def mcnemar(only_first: int, only_second: int) -> float:
    """The two-sided p-value of the exact McNemar test; 1 where the two never differ.

    If both are equally good, a theorem that only one of them proves is as likely the first's as the second's: a
    binomial test with 1/2 on these theorems. Q. McNemar, "Note on the sampling error of the difference between
    correlated proportions or percentages", Psychometrika 12, 1947; the binomial test is SciPy's.
    """
    differing = only_first + only_second
    return float(binomtest(only_second, differing, 0.5).pvalue) if differing else 1.0


def difference_interval(pairs: Paired, confidence: float = CONFIDENCE) -> Interval:
    """An interval for the second's rate less the first's, on the same theorems; [-1, 1] where there are none.

    Method 10 (square and add, of Wilson's intervals, with their correlation) of R. G. Newcombe, "Improved confidence
    intervals for the difference between binomial proportions based on paired data", Statistics in Medicine 17, 1998.
    """
    n = pairs.total
    if not n:
        return Interval(-1.0, 1.0)
    first, second = pairs.first / n, pairs.second / n
    below_first, above_first = _distances(pairs.first, n, confidence)
    below_second, above_second = _distances(pairs.second, n, confidence)
    phi = _correlation(pairs)
    down = below_second**2 - 2 * phi * below_second * above_first + above_first**2
    up = above_second**2 - 2 * phi * above_second * below_first + below_first**2
    middle = second - first
    # Rounding can leave a tiny negative number under the root.
    return Interval(
        max(-1.0, middle - math.sqrt(max(0.0, down))),
        min(1.0, middle + math.sqrt(max(0.0, up))),
    )


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """The p-values of a family of tests, adjusted so that the chance of any false alarm stays what one test's is.

    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979.
    """
    adjusted = [1.0] * len(p_values)
    reached = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        reached = max(reached, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = reached
    return tuple(adjusted)


def _distances(successes: int, total: int, confidence: float) -> Interval:
    """From the proportion down and up to the ends of its interval."""
    rate, ends = successes / total, wilson(successes, total, confidence)
    return Interval(rate - ends.low, ends.high - rate)


def _correlation(pairs: Paired) -> float:
    """Newcombe's phi, with his correction of a positive one; 0 where a margin is empty."""
    n = pairs.total
    margins = pairs.first * (n - pairs.first) * pairs.second * (n - pairs.second)
    if not margins:
        return 0.0
    product = float(pairs.both * pairs.neither - pairs.only_first * pairs.only_second)
    if product > 0:
        product = max(0.0, product - n / 2)
    return product / math.sqrt(margins)
