"""How sure a share, a score or a mean is: 95 % intervals, and None where there are too few answers to say (9.1.2)."""

import math
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import lru_cache
from statistics import NormalDist

from records.measures import Number

# The normal quantile of 95 %.
Z = Decimal("1.959963984540054")

_PRECISION = 50
# From here on the expansion of the t quantile in 1 / df is exact to more digits than a float has.
_MANY = 400


@dataclass(frozen=True)
class Interval:
    """From `low` to `high`, in the unit of the estimate that it belongs to."""

    low: Decimal
    high: Decimal

    @property
    def half_width(self) -> Decimal:
        return (self.high - self.low) / 2


@dataclass(frozen=True)
class Estimate:
    """A value, the answers it rests on, its standard error, and its interval: None when they are too few to say."""

    value: Decimal
    n: int
    error: Decimal
    interval: Interval | None


def wilson(count: int, n: int, z: Number = Z) -> Interval | None:
    """Wilson's interval for the share `count` of `n`, as shares from 0 to 1; None when n is 0."""
    if not 0 <= count <= n:
        raise ValueError(f"{count} is not a count out of {n}")
    if not n:
        return None
    with localcontext(prec=_PRECISION):
        z, k = Decimal(z), Decimal(count)
        middle = (k + z * z / 2) / (n + z * z)
        spread = z / (n + z * z) * (k * (n - k) / n + z * z / 4).sqrt()
        # At the ends the exact limit is 0 or 1; rounding must not step over it.
        low = Decimal(0) if count == 0 else middle - spread
        high = Decimal(1) if count == n else middle + spread
        return Interval(low, high)


def nps(promoters: int, detractors: int, n: int, z: Number = Z) -> Estimate | None:
    """The net promoter score of n answers, −100 to 100, its interval within that; None without any answer.

    One answer, or answers all of one kind, have no spread and tell nothing of the others: no interval.
    """
    if min(promoters, detractors) < 0 or promoters + detractors > n:
        raise ValueError("there are more promoters and detractors than answers")
    if not n:
        return None
    with localcontext(prec=_PRECISION):
        p, d = Decimal(promoters) / n, Decimal(detractors) / n
        # n² × variance is whole, so answers all alike give exactly 0.
        spread = n * (promoters + detractors) - (promoters - detractors) ** 2
        value, error = 100 * (p - d), 100 * (Decimal(spread) / n**3).sqrt()
        if not spread:
            return Estimate(value, n, error, None)
        low, high = value - Decimal(z) * error, value + Decimal(z) * error
        return Estimate(value, n, error, Interval(max(low, Decimal(-100)), min(high, Decimal(100))))


def mean_of(n: int, total: Number, squares: Number, confidence: float = 0.95) -> Estimate | None:
    """The mean of n values with sum `total` and sum of squares `squares`, and its t interval; None without values.

    One value, or values all alike: no interval. `error` is the standard error of the mean.
    """
    if not n:
        return None
    with localcontext(prec=_PRECISION):
        mean = Decimal(total) / n
        deviations = n * Decimal(squares) - Decimal(total) ** 2
        if deviations < 0:
            raise ValueError("the squares of these values do not belong to their sum")
        if n == 1 or not deviations:
            return Estimate(mean, n, Decimal(0), None)
        error = (deviations / n / (n - 1) / n).sqrt()
        half = Decimal(t_quantile((1 + confidence) / 2, n - 1)) * error
        return Estimate(mean, n, error, Interval(mean - half, mean + half))


@lru_cache(maxsize=4096)
def t_quantile(probability: float, df: int) -> float:
    """The value that Student's t with `df` degrees of freedom stays below with `probability` (0 < probability < 1)."""
    if df < 1 or not 0 < probability < 1:
        raise ValueError("a t quantile needs a probability between 0 and 1 and at least 1 degree of freedom")
    if probability < 0.5:
        return -t_quantile(1 - probability, df)
    if df >= _MANY:
        return _expanded(NormalDist().inv_cdf(probability), df)
    # Halve the interval until two neighbouring floats are left; the distribution function only ever rises.
    low, high = 0.0, 2.0
    while _t_cdf(high, df) < probability:
        low, high = high, 2 * high
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if _t_cdf(middle, df) < probability else (low, middle)
    return high


def _t_cdf(t: float, df: int) -> float:
    """The chance that Student's t is below t ≥ 0: for whole df a finite sum of powers of a cosine."""
    angle = math.atan2(t, math.sqrt(df))
    cosine = math.cos(angle)
    term, start = (cosine, 3) if df % 2 else (1.0, 2)
    terms = [term] if df > 1 else []
    for k in range(start, df - 1, 2):
        term *= cosine * cosine * (k - 1) / k
        terms.append(term)
    inside = math.sin(angle) * math.fsum(terms)
    if df % 2:
        inside = 2 / math.pi * (angle + inside)
    return 0.5 + inside / 2


def _expanded(z: float, df: int) -> float:
    """The t quantile from the normal one, as a series in 1 / df."""
    coefficients = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + math.fsum(c / df ** (power + 1) for power, c in enumerate(coefficients))
