"""The geometry of charts: where each mark of a server-rendered SVG stands. Markup is in `templates/components/`.

Coordinates are strings with at most one decimal, so that no language writes them with a comma; texts are translated and
written as the reader's language does. Charts are drawn from anything shaped like `kpis.xmr.Analysis`.
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from records.chart_layout import (
    NOTE_ROW,
    PlacedNote,
    Scale,
    across,
    figure,
    line_pieces,
    path,
    placed_notes,
    pushed_apart,
    px,
    stretches,
    text_width,
    tick_indexes,
)
from records.chart_shapes import Band, Bar, Bars, Label, Line, Mark, MovingRange, Note, Sparkline, Tick, XmrChart

# The plot of a control chart lies between its axis and the labels at the ends of its lines (px). Where labels need more
# room than this, the axis moves in and the chart becomes wider.
LEFT, RIGHT, WIDTH, PLOT_HEIGHT, RANGE_HEIGHT, LABEL_GAP = 44, 950, 1100, 320, 96, 17


def sparkline(analysis, *, first: int = 0, label: str = "", bounds=(None, None), width=164, height=46) -> Sparkline:
    """A sparkline of the points from the index `first` on; only signals, lone points and the latest are marked."""
    scale = Scale.around(_heights(analysis, first), bounds, height - 4, 4, margin="0")
    plot = _Plot(analysis, first, scale, 0, width, inset=(4, 6))
    lone = [row[0] for row in plot.rows if len(row) == 1]
    marked = [
        i for row in plot.rows for i in row
        if not plot.segments or i in lone or i == analysis.latest or analysis.points[i].is_running
        or analysis.points[i].kind not in ("common", "none")
    ]  # fmt: skip
    return Sparkline(
        width=px(width),
        height=px(height),
        band_rects=plot.bands(),
        target_y="" if analysis.target is None else px(scale.y(analysis.target)),
        path_segments=plot.paths(plot.rows),
        points=tuple(plot.mark(i) for i in marked),
        label=label,
    )


def xmr_chart(
    analysis,
    *,
    first: int = 0,
    places: int = 1,
    unit: str = "",
    bounds=(None, None),
    notes: Iterable[tuple[int, str]] = (),
    href: Callable[[int], str] = lambda index: "",
    title: Callable[[int], str] | None = None,
) -> XmrChart:
    """A control chart of the points from the index `first` on, with the chart of their moving ranges.

    `notes` are (index of the point, text); `href(index)` is where a point leads; `title(index)` says what it is, else
    "Nov 2026: 92.4 %". The periods of the analysis label the axis.
    """
    count = len(analysis.points)
    scale = Scale.around(_heights(analysis, first), bounds, PLOT_HEIGHT, 0)
    ticks = [(value, figure(value, decimals)) for value, decimals in scale.ticks()]
    left = max([LEFT, *(14 + text_width(text) for _value, text in ticks)])
    noted = [(i, text) for i, text in notes if first <= i < count]
    plot = _Plot(analysis, first, scale, left, RIGHT)
    placed = placed_notes([(plot.x(i), text) for i, text in noted], WIDTH)
    top = 30 + NOTE_ROW * (max((note.row for note in placed), default=-1) + 1)
    bottom = top + PLOT_HEIGHT
    plot.scale = scale = Scale(scale.low, scale.high, bottom, top)
    labels = _end_labels(plot, places, unit)
    width = max([WIDTH, *(RIGHT + 16 + text_width(label.text) for label in labels.values())])
    drawn = {plot.x(i): scale.y(analysis.points[i].value) for row in plot.rows for i in row}
    settled = [[i for i in row if not analysis.points[i].is_running] for row in plot.rows]
    to_running = plot.rows[-1][-2:] if plot.rows and plot.rows[-1][-1] == count - 1 else []

    def told(index):
        return title(index) if title else _title(analysis, index, places, unit)

    return XmrChart(
        width=px(width),
        height=px(bottom + 34),
        left=px(left),
        right=px(RIGHT),
        top=px(top),
        bottom=px(bottom),
        x_ticks=tuple(
            Tick(px(plot.x(first + i)), px(bottom + 19), _axis_label(analysis, first + i))
            for i in tick_indexes(count - first)
        ),
        y_ticks=tuple(Tick(px(left - 8), px(scale.y(value) + 4), text) for value, text in ticks),
        bands=plot.bands(),
        mean_lines=plot.lines(lambda segment: segment.mean, labels.get("mean")),
        limit_lines=(
            *plot.lines(lambda segment: segment.upper, labels.get("upper")),
            *plot.lines(lambda segment: segment.lower, labels.get("lower")),
        ),
        target=_target_line(plot, labels),
        paths=plot.paths(settled),
        running_path="".join(plot.paths([to_running])) if analysis.points and analysis.points[-1].is_running else "",
        points=tuple(plot.mark(i, told(i), href(i)) for row in plot.rows for i in row),
        latest=labels.get("latest"),
        notes=tuple(_note(note, placed, top, drawn.get(note.x, bottom)) for note in reversed(placed)),
        description=summary(analysis, first=first, places=places, unit=unit),
        mr=_moving_range(analysis, first, left, width, places),
    )


def bars(rows: Sequence[tuple], *, places: int = 0, width: int = 360) -> Bars:
    """Bars of (label, value, value before or None, kind, href), on one scale from zero."""
    longest = max((Decimal(number) for _label, value, was, *_rest in rows for number in (value, was or 0)), default=0)
    room, row_height = width - 110, 38

    def length(value) -> float:
        return float(max(Decimal(value or 0), 0) / longest) * room if longest > 0 else 0.0

    made = []
    for y, (label, value, was, kind, href) in zip(
        range(12, 12 + row_height * len(rows), row_height), rows, strict=True
    ):
        bar = Bar(
            label=label,
            y=px(y),
            bar_y=px(y + 7),
            width=px(length(value)),
            tick_x="" if was is None else px(length(was)),
            value=figure(value, places),
            was="" if was is None else figure(was, places),
            text_x=px(max(length(value), length(was)) + 8),
            text_y=px(y + 16),
            kind=kind,
            href=href,
        )
        made.append(bar)
    return Bars(px(width), px(row_height * len(rows)), "10", tuple(made))


def summary(analysis, *, first: int = 0, places: int = 1, unit: str = "") -> str:
    """What the chart shows, in sentences, for those who cannot see it."""
    values = [point.value for point in analysis.points[first:]]
    known = sum(value is not None for value in values)
    if not known:
        return _("There are no figures yet.")
    texts = [_("%(known)s figures in %(count)s periods.") % {"known": known, "count": len(values)}]
    if analysis.latest is not None and analysis.latest >= first:
        latest = analysis.points[analysis.latest].value
        texts.append(_("Latest %(value)s.") % {"value": figure(latest, places, unit)})
    segment = analysis.segment
    if segment.is_judged:
        texts.append(_("Average %(value)s.") % {"value": figure(segment.mean, places, unit)})
        if segment.lower is not None:
            ends = {"low": figure(segment.lower, places, unit), "high": figure(segment.upper, places, unit)}
            texts.append(_("Usual range %(low)s to %(high)s.") % ends)
    if analysis.target is not None:
        texts.append(_("Target %(value)s.") % {"value": figure(analysis.target, places, unit)})
    return " ".join([*texts, f"{analysis.variation.words}.", _("All figures are in the table.")])


class _Plot:
    """An area of a chart: the points of an analysis from `first` on, between `left` and `right`, on a scale."""

    def __init__(self, analysis, first: int, scale: Scale, left: float, right: float, inset=(0, 0)):
        self.analysis, self.first, self.scale, self.left, self.right = analysis, first, scale, left, right
        values = [point.value for point in analysis.points]
        self.rows = [[first + i for i in row] for row in stretches(values[first:])]
        self.segments = [s for s in analysis.segments if s.is_judged and s.last >= first]
        self._across = across(len(values) - first, left + inset[0], right - inset[1])

    def x(self, index: int) -> float:
        return self._across(index - self.first)

    def ends(self, segment) -> tuple[float, float]:
        """From where to where a segment is drawn: to the middle between its outer points and its neighbours'."""
        is_last = segment.last == len(self.analysis.points) - 1
        start = self.left if segment.first <= self.first else (self.x(segment.first - 1) + self.x(segment.first)) / 2
        return start, self.right if is_last else (self.x(segment.last) + self.x(segment.last + 1)) / 2

    def bands(self) -> tuple[Band, ...]:
        made = []
        for segment in self.segments:
            if segment.lower is not None:
                start, end = self.ends(segment)
                upper, lower = self.scale.y(segment.upper), self.scale.y(segment.lower)
                made.append(Band(px(start), px(upper), px(end - start), px(lower - upper), segment.is_trial))
        return tuple(made)

    def lines(self, value_of, label: Label | None) -> tuple[Line, ...]:
        """A level line for each segment; the label belongs to the latest."""
        made = []
        for segment in self.segments:
            if (value := value_of(segment)) is not None:
                start, end = self.ends(segment)
                told = (label.text, label.x, label.y) if label and segment is self.analysis.segment else ("", "", "")
                made.append(Line(px(start), px(end), px(self.scale.y(value)), *told))
        return tuple(made)

    def paths(self, rows, value_of=lambda point: point.value) -> tuple[str, ...]:
        """A path through each row of two points or more; none at all while there are too few to be judged."""
        points = self.analysis.points
        return tuple(
            path((self.x(i), self.scale.y(value_of(points[i]))) for i in row)
            for row in rows
            if len(row) > 1 and self.segments
        )

    def mark(self, index: int, title: str = "", href: str = "") -> Mark:
        point = self.analysis.points[index]
        return Mark(
            x=px(self.x(index)),
            y=px(self.scale.y(point.value)),
            kind=point.kind,
            shape="diamond" if point.kind == "worse" else "circle",
            title=title,
            href=href,
            hollow=point.is_running,
            is_last=index == self.analysis.latest,
        )


def _heights(analysis, first: int) -> list[Decimal | None]:
    """All values that must lie on the scale of a chart."""
    judged = [segment for segment in analysis.segments if segment.is_judged and segment.last >= first]
    limits = [limit for segment in judged for limit in (segment.lower, segment.upper)]
    return [*(point.value for point in analysis.points[first:]), *limits, analysis.target]


def _end_labels(plot: _Plot, places: int, unit: str) -> dict[str, Label]:
    """The labels at the right ends of the lines and of the latest point, pushed apart."""
    analysis, wanted = plot.analysis, {}
    segment = analysis.segment
    if segment and segment.is_judged:
        wanted["mean"] = segment.mean, _("Average %(value)s") % {"value": figure(segment.mean, places)}, ""
        if segment.lower is not None:
            wanted["upper"] = segment.upper, _("Upper limit %(value)s") % {"value": figure(segment.upper, places)}, ""
            wanted["lower"] = segment.lower, _("Lower limit %(value)s") % {"value": figure(segment.lower, places)}, ""
    if analysis.target is not None:
        wanted["target"] = analysis.target, _("Target %(value)s") % {"value": figure(analysis.target, places)}, ""
    if analysis.latest is not None and analysis.latest >= plot.first:
        point = analysis.points[analysis.latest]
        wanted["latest"] = point.value, _("%(value)s latest") % {"value": figure(point.value, places, unit)}, point.kind
    return _labels(wanted, plot.scale)


def _labels(wanted: dict[str, tuple[Decimal, str, str]], scale: Scale) -> dict[str, Label]:
    """Labels (value, text, kind) right of the plot, each as near to its value as its neighbours leave room."""
    heights = pushed_apart(
        [scale.y(value) for value, _text, _kind in wanted.values()], LABEL_GAP, scale.top - 6, scale.bottom + 6
    )
    return {
        name: Label(px(RIGHT + 12), px(y + 4), text, kind)
        for (name, (_value, text, kind)), y in zip(wanted.items(), heights, strict=True)
    }


def _target_line(plot: _Plot, labels: dict[str, Label]) -> Line | None:
    if "target" not in labels:
        return None
    label = labels["target"]
    return Line(px(plot.left), px(plot.right), px(plot.scale.y(plot.analysis.target)), label.text, label.x, label.y)


def _note(note: PlacedNote, placed: Sequence[PlacedNote], top: float, point_y: float) -> Note:
    """A note in the rows above the plot, its line led down to just above its point."""

    def baseline(row):
        return top - 14 - row * NOTE_ROW

    above = [(baseline(upper) - 13, baseline(lower) + 5) for upper, lower in line_pieces(note, placed)]
    pieces = [*above, (top - 9, point_y - 8)]
    return Note(
        x=px(note.x + (4 if note.anchor == "start" else -4)),
        y=px(baseline(note.row)),
        text=note.text,
        anchor=note.anchor,
        line_x=px(note.x),
        lines=tuple((px(y1), px(y2)) for y1, y2 in pieces if y2 > y1),
    )


def _moving_range(analysis, first: int, left: float, width: float, places: int) -> MovingRange:
    ranges = [point.mr for point in analysis.points]
    bottom = RANGE_HEIGHT - 8
    judged = [segment for segment in analysis.segments if segment.is_judged and segment.mr_upper is not None]
    heights = [*ranges[first:], *(s.mr_upper for s in judged if s.last >= first), Decimal(0)]
    scale = Scale.around(heights, (0, None), bottom, 12)
    plot, segment, labels = _Plot(analysis, first, scale, left, RIGHT), analysis.segment, {}
    text = _("There are too few figures yet.")
    if segment in judged:
        mean, limit = figure(segment.mr_mean, places), figure(segment.mr_upper, places)
        labels = _labels({
            "limit": (segment.mr_upper, _("Limit %(value)s") % {"value": limit}, ""),
            "mean": (segment.mr_mean, _("Average change %(value)s") % {"value": mean}, ""),
        }, scale)  # fmt: skip
        above = sum(mr is not None and mr > segment.mr_upper for mr in ranges[segment.first :])
        wording = _(
            "Change from one figure to the next: average %(mean)s, limit %(limit)s, points above it: %(above)s."
        )
        text = wording % {"mean": mean, "limit": limit, "above": above}
    rows = [[first + i for i in row] for row in stretches(ranges[first:])]
    return MovingRange(
        width=px(width),
        height=px(RANGE_HEIGHT),
        left=px(left),
        right=px(RIGHT),
        bottom=px(bottom),
        mean_lines=plot.lines(lambda s: s.mr_mean, labels.get("mean")),
        limit_lines=plot.lines(lambda s: s.mr_upper, labels.get("limit")),
        paths=plot.paths(rows, value_of=lambda point: point.mr),
        points=tuple(Mark(px(plot.x(i)), px(scale.y(ranges[i])), "common", "circle") for row in rows for i in row),
        label=text,
    )


def _axis_label(analysis, index: int) -> str:
    return str(index + 1) if analysis.periods is None else analysis.periods[index].short_label


def _title(analysis, index: int, places: int, unit: str) -> str:
    value = figure(analysis.points[index].value, places, unit)
    if analysis.periods is None:
        return value
    return _("%(period)s: %(value)s") % {"period": analysis.periods[index].label, "value": value}
