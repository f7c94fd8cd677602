"""Control charts of single values and their moving ranges: the usual range, and which points are signals (9.1.3).

A point is a signal when chance alone is unlikely to explain it. All arithmetic is decimal and exact: a value that lies
on the mean or on a limit is seen to lie on it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from functools import cached_property

from kpis import verdicts
from kpis.signals import RUN, STANDARD, Rules, Seen, Signal, direction_of, mark, signal_at, stretches
from records.periods import Cadence, Period

# Values so far apart in size that exact arithmetic would need more digits than this are not readings of one KPI.
MOST_DIGITS = 1000


@dataclass(frozen=True)
class Baseline:
    """From the point `start` (an index) on, the process is judged anew.

    With `end` (the index after the last) the limits are locked on the points before it; without, they follow all
    points of the segment.
    """

    start: int
    end: int | None = None


@dataclass(frozen=True)
class Segment:
    """The points from index `first` to `last` and the usual range they are judged by; None where there is none.

    `lower` and `upper` are clipped to what is possible. `n` counts the values that the limits rest on. `is_judged` is
    False while these are too few; `is_constant` when they are all the same, so that any other value is a signal.
    """

    first: int
    last: int
    n: int
    mean: Decimal | None
    lower: Decimal | None
    upper: Decimal | None
    mr_mean: Decimal | None
    mr_upper: Decimal | None
    is_judged: bool
    is_constant: bool
    is_trial: bool
    is_locked: bool


@dataclass(frozen=True)
class Point:
    """One value of the chart. `value` is None in a gap; `mr` where there is no value directly before it.

    `kind` is "better", "worse", "neutral" (a signal without direction), "common" (ordinary variation) or "none" (not
    judged); `cause` one of CAUSES or ""; `direction` of the signal "up", "down" or "".
    """

    value: Decimal | None
    kind: str
    cause: str
    direction: str
    mr: Decimal | None
    segment: int
    is_running: bool = False


@dataclass(frozen=True)
class Analysis:
    """A judged series.

    `latest` is the index of the last value of a period that is over, None when there is no value at all; `signal` what
    it shows, None when that is nothing. `segment` is the latest one; verdicts are read from its limits alone.
    """

    points: tuple[Point, ...]
    segments: tuple[Segment, ...]
    latest: int | None
    signal: Signal | None
    higher_is_better: bool | None
    target: Decimal | None
    cadence: str
    periods: tuple[Period, ...] | None
    rules: Rules

    @property
    def segment(self) -> Segment | None:
        return self.segments[-1] if self.segments else None

    @property
    def values_of_signal(self) -> list[Decimal]:
        """The values that show the signal, or the latest one alone; empty without any."""
        if self.latest is None:
            return []
        since = self.signal.since if self.signal else self.latest
        return [point.value for point in self.points[since : self.latest + 1]]

    @property
    def is_latest_current(self) -> bool:
        """Whether the latest value is of the last period that is over, and no gap has come since."""
        over = len(self.points) - (1 if self.points and self.points[-1].is_running else 0)
        return self.latest == over - 1

    @cached_property
    def variation(self) -> verdicts.Verdict:
        """Is it changing?"""
        return verdicts.variation(self)

    @cached_property
    def assurance(self) -> verdicts.Verdict:
        """Will it meet target?"""
        return verdicts.assurance(self)

    @property
    def suggested_baseline(self) -> int | None:
        """Where a new baseline might begin: a shift that has lasted long enough to lock limits on. A prompt only."""
        lasting = self.signal and self.signal.cause == RUN and self.signal.length >= self.rules.to_lock
        return self.signal.since if lasting else None


def analyse(
    values: Iterable[Decimal | int | None],
    *,
    higher_is_better: bool | None = None,
    target: Decimal | int | None = None,
    bounds: tuple[Decimal | int | None, Decimal | int | None] = (None, None),
    baselines: Sequence[Baseline] = (),
    is_running: bool = False,
    cadence: str = Cadence.MONTH.value,
    periods: Sequence[Period] | None = None,
    rules: Rules = STANDARD,
) -> Analysis:
    """Judge a series, oldest value first, None for a gap.

    With `is_running` the last value is of a period that is not over: it takes no part in limits or signals. `periods`,
    one for each value, let the verdicts name them. A baseline that names fewer values than may be locked is not locked.
    Raises TypeError on floats, ValueError on what cannot be charted.
    """
    values = [None if value is None else _decimal(value) for value in values]
    if periods is not None and len(periods) != len(values):
        raise ValueError("there must be one period for each value")
    judged = [*values[:-1], None] if is_running and values else values
    starts = _starts(baselines, len(values))
    ends = [*(baseline.start for baseline in starts[1:]), len(values)][: len(starts)]
    segments, points, seen = [], [], []
    with localcontext(Context(prec=_digits([*values, *bounds]))):
        for number, (baseline, end) in enumerate(zip(starts, ends, strict=True)):
            segment, seen = _judge(judged[baseline.start : end], baseline, end, bounds, rules)
            segments.append(segment)
            for one in seen:
                kind = _kind(one, segment, higher_is_better)
                points.append(Point(one.value, kind, one.cause, direction_of(one.sign), one.mr, number))
    latest = max((index for index, value in enumerate(judged) if value is not None), default=None)
    signal = None
    if latest is not None and latest >= segments[-1].first:
        signal = signal_at(latest, points[latest].kind, seen[: latest - segments[-1].first + 1], rules)
    if is_running and points:
        points[-1] = Point(values[-1], "none", "", "", None, len(segments) - 1, is_running=True)
    return Analysis(
        points=tuple(points),
        segments=tuple(segments),
        latest=latest,
        signal=signal,
        higher_is_better=higher_is_better,
        target=None if target is None else _decimal(target),
        cadence=str(cadence),
        periods=None if periods is None else tuple(periods),
        rules=rules,
    )


def _judge(values, baseline: Baseline, end: int, bounds, rules: Rules) -> tuple[Segment, list[Seen]]:
    """The segment from `baseline` to before the index `end`, and what is seen at each of its points."""
    ranges = [
        None,
        *(None if None in pair else abs(pair[1] - pair[0]) for pair in zip(values, values[1:], strict=False)),
    ]
    seen = [Seen(value, mr) for value, mr in zip(values, ranges, strict=True)]
    fixed = seen if baseline.end is None else seen[: baseline.end - baseline.start]
    is_locked = baseline.end is not None and sum(one.value is not None for one in fixed) >= rules.to_lock
    rests_on = fixed if is_locked else seen
    base = [one.value for one in rests_on if one.value is not None]
    base_ranges = _screened([one.mr for one in rests_on if one.mr is not None], rules)
    n, total, m, moved = len(base), sum(base), len(base_ranges), sum(base_ranges)
    is_constant = n > 1 and len(set(base)) == 1
    is_judged = n >= rules.fewest and (is_constant or moved > 0)
    if is_judged:
        for stretch in stretches(seen):
            # Both sides are multiplied by n × m: nothing is divided, so nothing is rounded before it is compared.
            from_mean = [(n * one.value - total) * max(m, 1) for one in stretch]
            mark(stretch, from_mean, rules.limit_factor * moved * n, rules)
    mean = total / n if n else None
    mr_mean = moved / m if m else None
    lower, upper = (None, None) if m == 0 else _clipped(mean, rules.limit_factor * mr_mean, values, bounds)
    return Segment(
        first=baseline.start,
        last=end - 1,
        n=n,
        mean=mean,
        lower=lower,
        upper=upper,
        mr_mean=mr_mean,
        mr_upper=None if mr_mean is None else rules.range_factor * mr_mean,
        is_judged=is_judged,
        is_constant=is_constant,
        is_trial=is_judged and n < rules.to_lock,
        is_locked=is_locked,
    ), seen


def _screened(ranges: list[Decimal], rules: Rules) -> list[Decimal]:
    """The moving ranges without those at or above `range_factor` times their mean; left out once, not again.

    When that would leave nothing but zeros, of values that hardly ever change, all of them stay: limits without width
    would make a signal of every point.
    """
    if not rules.screened:
        return ranges
    limit = rules.range_factor * sum(ranges)
    kept = [mr for mr in ranges if mr * len(ranges) < limit]
    return kept if any(kept) or not any(ranges) else ranges


def _kind(one: Seen, segment: Segment, higher_is_better: bool | None) -> str:
    if one.value is None or not segment.is_judged:
        return "none"
    if not one.cause:
        return "common"
    if higher_is_better is None:
        return "neutral"
    return "better" if (one.sign > 0) == higher_is_better else "worse"


def _clipped(mean, spread, values, bounds) -> tuple[Decimal, Decimal]:
    """The limits, within what is possible. A bound that a value itself lies beyond is none."""
    lower, upper = mean - spread, mean + spread
    low, high = bounds
    present = [value for value in values if value is not None]
    if low is not None and min(present) >= low:
        lower = max(lower, Decimal(low))
    if high is not None and max(present) <= high:
        upper = min(upper, Decimal(high))
    return lower, upper


def _starts(baselines: Sequence[Baseline], count: int) -> list[Baseline]:
    """The baselines in order, the first of them at 0."""
    if not count:
        return []
    starts = sorted(baselines, key=lambda baseline: baseline.start)
    if not starts or starts[0].start > 0:
        starts.insert(0, Baseline(0))
    for baseline, after in zip(starts, [*starts[1:], Baseline(count)], strict=True):
        if not 0 <= baseline.start < after.start or not baseline.start < (baseline.end or after.start) <= after.start:
            raise ValueError(f"{baseline} does not fit between its neighbours or in {count} points")
    return starts


def _decimal(value: Decimal | int) -> Decimal:
    if isinstance(value, float):
        raise TypeError("a float is not shown or compared with a target; use Decimal")
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError("only finite numbers can be charted")
    return number


def _digits(values) -> int:
    """Enough digits for sums and products of these values with their counts to be exact."""
    numbers = [Decimal(value) for value in values if value is not None]
    if not numbers:
        return 28
    span = max(number.adjusted() for number in numbers) - min(number.as_tuple().exponent for number in numbers)
    digits = span + 4 * len(str(len(numbers))) + 12
    if digits > MOST_DIGITS:
        raise ValueError("these values are too far apart in size for one chart")
    return max(28, digits)
