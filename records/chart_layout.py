"""How a chart is laid out: scales, ticks, labels that never overlap, notes that do not collide, paths with gaps."""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, localcontext
from itertools import groupby

from django.utils.formats import number_format

NOTE_ROW = 18
_LETTER = 6.8  # px, the mean width of a letter of 12-px bold text, on the generous side
_PRECISION = 200


def px(number: float) -> str:
    """A coordinate with at most one decimal. A string, so that no language writes it with a comma."""
    rounded = round(float(number), 1) + 0.0
    return str(int(rounded)) if rounded == int(rounded) else str(rounded)


def figure(value: Decimal, places: int, unit: str = "") -> str:
    """A value as the reader's language writes it, rounded, with its unit after a space that does not break."""
    # Rounded here: number_format alone cuts digits off.
    with localcontext(prec=_PRECISION):
        rounded = Decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    text = number_format(rounded, decimal_pos=places, force_grouping=True)
    return f"{text}\N{NO-BREAK SPACE}{unit}" if unit else text


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high` drawn between the heights `bottom` and `top` (px from above)."""

    low: Decimal
    high: Decimal
    bottom: float
    top: float

    @classmethod
    def around(cls, values: Iterable[Decimal], bounds, bottom: float, top: float, margin: str = "0.08") -> "Scale":
        """A scale with all `values` on it, with some room to spare but none beyond what is possible."""
        values = [Decimal(value) for value in values if value is not None] or [Decimal(0), Decimal(1)]
        least, most = min(values), max(values)
        with localcontext(prec=_PRECISION):
            room = (most - least) * Decimal(margin) if most > least else max(abs(most) / 20, Decimal(1) / 2)
            low, high = least - room, most + room
        if bounds[0] is not None and least >= bounds[0]:
            low = max(low, Decimal(bounds[0]))
        if bounds[1] is not None and most <= bounds[1]:
            high = min(high, Decimal(bounds[1]))
        return cls(low, high, bottom, top)

    def y(self, value: Decimal) -> float:
        with localcontext(prec=_PRECISION):
            share = (value - self.low) / (self.high - self.low)
        return self.bottom - float(share) * (self.bottom - self.top)

    def ticks(self, most: int = 6) -> list[tuple[Decimal, int]]:
        """Round values on the scale, at most `most`, each with the decimal places that it needs."""
        with localcontext(prec=_PRECISION):
            for step in _round_steps((self.high - self.low) / most):
                first = (self.low / step).to_integral_value(ROUND_CEILING)
                last = (self.high / step).to_integral_value(ROUND_FLOOR)
                if last - first < most:
                    places = max(0, -step.normalize().as_tuple().exponent)
                    return [(k * step, places) for k in (first + i for i in range(int(last - first) + 1))]
        return []


def _round_steps(least: Decimal):
    """Ever larger steps of 1, 2, 2.5 or 5 times a power of ten, from about `least` on."""
    power = Decimal(1).scaleb(least.adjusted())
    for _ in range(3):
        for factor in ("1", "2", "2.5", "5"):
            if (step := Decimal(factor) * power) >= least:
                yield step
        power *= 10


def across(count: int, left: float, right: float) -> Callable[[int], float]:
    """The x of the index-th of `count` points, evenly spread; a single one stands in the middle."""
    if count < 2:
        return lambda index: (left + right) / 2
    return lambda index: left + index * (right - left) / (count - 1)


def tick_indexes(count: int, most: int = 8) -> list[int]:
    """Evenly spaced indexes, at most `most`, the last point always among them and none too near to it."""
    if count < 1:
        return []
    step = max(1, -(-(count - 1) // max(1, most - 1)))
    indexes = list(range(0, count, step))
    if indexes[-1] != count - 1:
        if count - 1 - indexes[-1] < step * 0.6 and len(indexes) > 1:
            indexes.pop()
        indexes.append(count - 1)
    return indexes


def pushed_apart(heights: Sequence[float], gap: float, top: float, bottom: float) -> list[float]:
    """The same heights, moved as little as need be so that each keeps `gap` from the next, in order, within the room.

    Neighbours that would overlap become one block around their common middle. Where the room is too small for all, they
    share it evenly.
    """
    order = sorted(range(len(heights)), key=lambda i: heights[i])
    if len(order) > 1:
        gap = min(gap, (bottom - top) / (len(order) - 1))
    blocks: list[list] = []  # [sum of the wished-for heights of the block's first label, labels in it]
    for i in order:
        blocks.append([heights[i], 1])
        while len(blocks) > 1 and _first(blocks[-2], gap, top, bottom) + blocks[-2][1] * gap > _first(
            blocks[-1], gap, top, bottom
        ):
            wished, count = blocks.pop()
            blocks[-1][0] += wished - blocks[-1][1] * gap * count
            blocks[-1][1] += count
    placed = [_first(block, gap, top, bottom) + k * gap for block in blocks for k in range(block[1])]
    found = [0.0] * len(heights)
    for i, height in zip(order, placed, strict=True):
        found[i] = height
    return found


def _first(block, gap: float, top: float, bottom: float) -> float:
    """Where the first label of a block stands, the block kept between `top` and `bottom`."""
    wished, count = block
    return max(top, min(wished / count, bottom - (count - 1) * gap))


def stretches(values: Sequence) -> list[list[int]]:
    """The indexes of values in rows without a gap (None) between them."""
    rows = groupby(range(len(values)), key=lambda index: values[index] is not None)
    return [list(row) for present, row in rows if present]


def path(points: Iterable[tuple[float, float]]) -> str:
    """An SVG path through the points."""
    return "".join(f"{'L' if i else 'M'}{px(x)} {px(y)}" for i, (x, y) in enumerate(points))


@dataclass
class PlacedNote:
    """A note above the chart: `row` 0 stands right over it; the text spans `start`-`end`, its line stands at `x`."""

    x: float
    text: str
    start: float
    end: float
    anchor: str
    row: int = 0

    def covers(self, x: float) -> bool:
        return self.start - 2 < x < self.end + 2

    def touches(self, other: "PlacedNote") -> bool:
        return self.start < other.end + 8 and other.start < self.end + 8


def placed_notes(notes: Iterable[tuple[float, str]], width: float) -> list[PlacedNote]:
    """Notes (x, text) in rows such that no text touches another, and no line runs through a text if that can be had.

    A text stands right of its line, or left of it near the right edge, and is cut with "…" where it would not fit.
    """
    placed: list[PlacedNote] = []
    for x, text in sorted(notes, reverse=True):
        note = _anchored(x, text, width)
        rows = range(len(placed) + 1)
        free = [row for row in rows if not any(o.row == row and o.touches(note) for o in placed)]
        clear = [row for row in free if not any(_cross(note, row, other) for other in placed)]
        note.row = (clear or free)[0]
        placed.append(note)
    return placed


def line_pieces(note: PlacedNote, others: Iterable[PlacedNote]) -> list[tuple[int, int]]:
    """The rows (from, to) below the note's own through which its line is drawn: not through another text."""
    blocked = {other.row for other in others if other.row < note.row and other.covers(note.x)}
    rows = [row for row in range(note.row) if row not in blocked]
    groups = groupby(enumerate(rows), key=lambda pair: pair[1] - pair[0])
    return [(group[-1][1], group[0][1]) for group in (list(rows) for _key, rows in groups)]


def _anchored(x: float, text: str, width: float) -> PlacedNote:
    anchor = "start" if x + 4 + text_width(text) <= width or x < width / 2 else "end"
    room = width - x - 4 if anchor == "start" else x - 4
    while text_width(text) > room and len(text) > 1:
        text = f"{text[:-2].rstrip()}…"
    start = x + 4 if anchor == "start" else x - 4 - text_width(text)
    return PlacedNote(x, text, start, start + text_width(text), anchor)


def _cross(note: PlacedNote, row: int, other: PlacedNote) -> bool:
    """Whether, with the note in this row, the line of one runs through the text of the other."""
    return (row > other.row and other.covers(note.x)) or (row < other.row and note.covers(other.x))


def text_width(text: str) -> float:
    """About how wide a text is, in px."""
    return sum(2 * _LETTER if unicodedata.east_asian_width(letter) in "WF" else _LETTER for letter in text)
