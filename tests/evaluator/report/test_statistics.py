"""The statistics, against values computed by hand and published ones."""

import math

import pytest

from evaluator.report.statistics import Interval, Paired, difference_interval, holm, mcnemar, wilson


def by_formula(successes: int, total: int) -> tuple[float, float]:
    """Wilson's interval, written out."""
    z = 1.959963984540054
    rate = successes / total
    middle = (rate + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(rate * (1 - rate) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return middle - half, middle + half


@pytest.mark.parametrize(("successes", "total"), [(140, 146), (0, 8), (8, 8), (1138, 2077), (1, 1)])
def test_wilson_is_the_formula(successes: int, total: int) -> None:
    assert wilson(successes, total) == pytest.approx(by_formula(successes, total), abs=1e-9)


def test_wilson_of_published_examples() -> None:
    # R. G. Newcombe, Statistics in Medicine 17, 1998, pages 857 to 872, table I, method 3.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0000, 0.1611), abs=5e-5)
    assert wilson(1, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)


def test_wilson_without_trials_says_nothing() -> None:
    assert wilson(0, 0) == Interval(0.0, 1.0)


def test_mcnemar_by_hand() -> None:
    # Of 8 that differ 1 is the first's: 2 * (C(8, 0) + C(8, 1)) / 2^8.
    assert mcnemar(1, 7) == pytest.approx(2 * 9 / 256)
    assert mcnemar(7, 1) == mcnemar(1, 7)
    # 5 of 5: 2 / 2^5.
    assert mcnemar(0, 5) == pytest.approx(0.0625)
    assert mcnemar(3, 3) == 1.0
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(36, 156) == pytest.approx(2 * sum(math.comb(192, k) for k in range(37)) / 2**192)


def test_the_interval_of_a_difference_of_published_data() -> None:
    # M. Cavo et al., The Lancet 376, 2010 (before and after consolidation); interval as in M. W. Fagerland,
    # S. Lydersen and P. Laake, "Statistical Analysis of Contingency Tables", 2017, chapter 8. They tell the first's
    # rate less the second's.
    low, high = difference_interval(Paired(both=59, only_first=6, only_second=16, neither=80))
    assert (-high, -low) == pytest.approx((-0.1186, -0.0046), abs=5e-5)


def test_the_interval_of_a_difference_by_hand() -> None:
    # No correction: the product of the diagonal less that of the others is below 0, phi as it is.
    counts = Paired(both=1, only_first=5, only_second=3, neither=1)
    (l1, u1), (l2, u2) = by_formula(6, 10), by_formula(4, 10)
    phi = (1 * 1 - 5 * 3) / math.sqrt(6 * 4 * 4 * 6)
    down = math.sqrt((0.4 - l2) ** 2 - 2 * phi * (0.4 - l2) * (u1 - 0.6) + (u1 - 0.6) ** 2)
    up = math.sqrt((u2 - 0.4) ** 2 - 2 * phi * (u2 - 0.4) * (0.6 - l1) + (0.6 - l1) ** 2)
    assert counts.difference == pytest.approx(-0.2)
    assert difference_interval(counts) == pytest.approx((-0.2 - down, -0.2 + up))


@pytest.mark.parametrize("counts", [Paired(5, 0, 0, 0), Paired(0, 0, 0, 5), Paired(0, 5, 0, 0), Paired(9, 0, 3, 2)])
def test_the_interval_of_a_difference_holds_it_at_the_edges(counts: Paired) -> None:
    low, high = difference_interval(counts)
    assert -1 <= low <= counts.difference <= high <= 1
    assert low < high


def test_the_interval_turns_over_with_the_sides() -> None:
    low, high = difference_interval(Paired(59, 6, 16, 80))
    assert difference_interval(Paired(59, 16, 6, 80)) == pytest.approx((-high, -low))


def test_the_interval_without_theorems_says_nothing() -> None:
    assert difference_interval(Paired(0, 0, 0, 0)) == Interval(-1.0, 1.0)


def test_holm_by_hand() -> None:
    # 4 * 0.005; 3 * 0.01; 2 * 0.03; 0.04 would be less than the one before it.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([0.6, 0.7]) == (1.0, 1.0)
    assert holm([]) == ()
