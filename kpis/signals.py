"""Which points of a control chart are signals: four rules, told by the highest that holds (9.1.3)."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby, takewhile

BEYOND, TREND, TWO_IN_THREE, RUN = "beyond", "trend", "two_in_three", "run"
# A point carries its highest cause only.
CAUSES = (BEYOND, TREND, TWO_IN_THREE, RUN)


@dataclass(frozen=True)
class Rules:
    """The choices behind a chart; they are stored with it and shown under it."""

    limit_factor: Decimal = Decimal("2.66")
    range_factor: Decimal = Decimal("3.267")
    screened: bool = True
    run: int = 7
    trend: int = 7
    fewest: int = 5
    to_lock: int = 12


STANDARD = Rules()


@dataclass(frozen=True)
class Signal:
    """What is in force at the latest point: its cause, its direction, and the points `since`-`until` that show it."""

    cause: str
    direction: str
    kind: str
    since: int
    until: int

    @property
    def length(self) -> int:
        return self.until - self.since + 1


@dataclass
class Seen:
    """One value while it is judged: its highest cause and which way that goes (1 up, −1 down).

    `run` and `trend` count the points up to itself on one side of the mean, or going one way; below 0 for down.
    """

    value: Decimal | None
    mr: Decimal | None = None
    cause: str = ""
    sign: int = 0
    run: int = 0
    trend: int = 0


def stretches(seen: list[Seen]) -> Iterator[list[Seen]]:
    """The points between gaps: a gap ends runs and trends."""
    for has_value, stretch in groupby(seen, key=lambda one: one.value is not None):
        if has_value:
            yield list(stretch)


def mark(stretch: list[Seen], from_mean: list[Decimal], spread: Decimal, rules: Rules) -> None:
    """Write the highest cause on each point of a stretch, given distances from the mean and from there to a limit."""
    sides = [_sign(distance) for distance in from_mean]
    steps = [_sign(b.value - a.value) for a, b in zip(stretch, stretch[1:], strict=False)]
    outside = [abs(distance) > spread for distance in from_mean]
    outer = [not out and 3 * abs(distance) > 2 * spread for out, distance in zip(outside, from_mean, strict=True)]
    for first, last, side in _streaks(sides):
        for i in range(first, last + 1):
            stretch[i].run = side * (i - first + 1)
            if last - first + 1 >= rules.run:
                stretch[i].cause, stretch[i].sign = RUN, side
    for first in range(len(stretch) - 2):
        three = range(first, first + 3)
        if sides[first] and len({sides[i] for i in three}) == 1 and sum(outer[i] for i in three) >= 2:
            for i in three:
                if outer[i]:
                    stretch[i].cause, stretch[i].sign = TWO_IN_THREE, sides[i]
    # The point at which a rise turns into a fall belongs to the rise, so the later streak is written first.
    for first, last, step in reversed(list(_streaks(steps))):
        for i in range(first, last + 2):
            stretch[i].trend = step * (i - first + 1)
            if last - first + 2 >= rules.trend:
                stretch[i].cause, stretch[i].sign = TREND, step
    for one, out, side in zip(stretch, outside, sides, strict=True):
        if out:
            one.cause, one.sign = BEYOND, side


def _streaks(signs: list[int]) -> Iterator[tuple[int, int, int]]:
    """(first index, last index, sign) of each row of equal signs; a zero belongs to none."""
    first = 0
    for sign, row in groupby(signs):
        after = first + len(list(row))
        if sign:
            yield first, after - 1, sign
        first = after


def signal_at(index: int, kind: str, seen: list[Seen], rules: Rules) -> Signal | None:
    """What the last of `seen`, the point `index`, shows; None when it shows nothing.

    A point beyond a limit or in the outer third that ends a trend or a run the same way is told as these: nine weeks
    say more than the last one.
    """
    last = seen[-1]
    if not last.cause:
        return None
    if last.sign * last.trend >= rules.trend:
        cause, length = TREND, abs(last.trend)
    elif last.sign * last.run >= rules.run:
        cause, length = RUN, abs(last.run)
    elif last.cause == BEYOND:
        alike = takewhile(lambda one: (one.cause, one.sign) == (BEYOND, last.sign), reversed(seen))
        cause, length = BEYOND, len(list(alike))
    else:
        cause, length = TWO_IN_THREE, 3
    return Signal(cause, direction_of(last.sign), kind, since=index - length + 1, until=index)


def direction_of(sign: int) -> str:
    """ "up", "down" or "" as templates and verdicts read it."""
    return {1: "up", -1: "down", 0: ""}[sign]


def _sign(number: Decimal) -> int:
    return (number > 0) - (number < 0)
