"""Charts: numbers land where they belong, labels and notes never overlap, gaps break lines."""

import re
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from records.chart_layout import Scale, placed_notes, pushed_apart, px, stretches, tick_indexes
from records.charts import bars, sparkline, summary, xmr_chart
from records.periods import Period


@dataclass(frozen=True)
class Words:
    words: str = "No real change"


@dataclass
class Point:
    value: Decimal | None
    kind: str = "common"
    mr: Decimal | None = None
    is_running: bool = False


@dataclass
class Segment:
    first: int
    last: int
    mean: Decimal | None = None
    lower: Decimal | None = None
    upper: Decimal | None = None
    mr_mean: Decimal | None = None
    mr_upper: Decimal | None = None
    is_judged: bool = True
    is_trial: bool = False


@dataclass
class Analysis:
    """As much of an analysis as a chart looks at."""

    points: list
    segments: list
    latest: int | None = None
    target: Decimal | None = None
    periods: list | None = None
    variation: Words = Words()

    @property
    def segment(self):
        return self.segments[-1] if self.segments else None


def analysis(*values, kinds=(), target=None, lower=90, mean=95, upper=99, **given):
    """An analysis of one segment; None is a gap."""
    values = [None if value is None else Decimal(value) for value in values]
    points = [Point(value, "none" if value is None else "common") for value in values]
    for point, before in zip(points[1:], points, strict=False):
        if point.value is not None and before.value is not None:
            point.mr = abs(point.value - before.value)
    for point, kind in zip(points, kinds, strict=False):
        point.kind = kind
    whole = Segment(0, len(values) - 1, Decimal(mean), Decimal(lower), Decimal(upper), Decimal(1), Decimal(3))
    given.setdefault("segments", [whole] if values else [])
    given.setdefault("latest", max((i for i, value in enumerate(values) if value is not None), default=None))
    return Analysis(points, target=None if target is None else Decimal(target), **given)


def numbers(shape):
    """All coordinates in a shape and in the shapes within it."""
    for field in fields(shape):
        value = getattr(shape, field.name)
        for one in value if isinstance(value, tuple) else [value]:
            if is_dataclass(one):
                yield from numbers(one)
            elif field.name in (
                "x",
                "y",
                "x1",
                "x2",
                "width",
                "height",
                "label_y",
                "line_x",
                "left",
                "right",
                "target_y",
            ):
                yield one


values = st.one_of(st.decimals(-1000, 1000, places=2), st.none())
series = st.lists(values, max_size=50)


@given(series, st.booleans(), st.integers(0, 20))
def test_any_series_can_be_drawn_and_no_number_has_more_than_one_decimal(values, running, first):
    found = analysis(*values, target=50)
    if running and values:
        found.points[-1].is_running = True
    shapes = (
        sparkline(found, first=first),
        xmr_chart(found, first=first, notes=[(i, "A note") for i in range(0, len(values), 3)]),
    )
    for shape in shapes:
        for number in numbers(shape):
            assert number == "" or re.fullmatch(r"-?\d+(\.\d)?", number), number
    chart = shapes[1]
    for point in chart.points:
        assert float(chart.left) <= float(point.x) <= float(chart.right)
        assert float(chart.top) <= float(point.y) <= float(chart.bottom)


def test_languages_change_the_texts_and_never_the_coordinates():
    english = xmr_chart(analysis("92.4", 95, 96))
    with translation.override("de"):
        german = xmr_chart(analysis("92.4", 95, 96))
    assert list(numbers(english)) == list(numbers(german))
    assert "92,4" in german.points[0].title and "92.4" in english.points[0].title


def test_a_gap_breaks_the_line_and_is_not_zero():
    chart = xmr_chart(analysis(95, 96, None, 94, 93, 92))
    assert [path.count("L") for path in chart.paths] == [1, 2]
    assert len(chart.points) == 5 and min(float(point.y) for point in chart.points) > 0
    assert [path.count("L") for path in chart.mr.paths] == [1] and len(chart.mr.points) == 3


def test_a_lone_point_between_gaps_is_marked_in_a_sparkline():
    spark = sparkline(analysis(95, 96, None, 94, None, 93, 92))
    assert len(spark.points) == 2 and [point.is_last for point in spark.points] == [False, True]


def test_signals_have_their_shape_and_only_they_are_marked_in_a_sparkline():
    spark = sparkline(
        analysis(95, 96, 94, 91, 97, 95, kinds=["common", "better", "common", "worse", "neutral", "common"])
    )
    assert [(p.kind, p.shape) for p in spark.points] == [
        ("better", "circle"), ("worse", "diamond"), ("neutral", "circle"), ("common", "circle"),
    ]  # fmt: skip


def test_the_running_period_is_hollow_and_has_a_path_of_its_own():
    found = analysis(95, 96, 94, 91, 93, 70, latest=4)
    found.points[-1].is_running = True
    chart = xmr_chart(found)
    assert [point.hollow for point in chart.points] == [False] * 5 + [True]
    assert chart.points[4].is_last and chart.paths[0].count("L") == 4
    assert chart.running_path.startswith("M") and chart.running_path.count("L") == 1
    assert "93.0 latest" in chart.latest.text


def test_too_few_figures_are_dots_alone():
    few = analysis(95, 96, 94, segments=[Segment(0, 2, is_judged=False)])
    chart = xmr_chart(few)
    assert not chart.paths and not chart.bands and not chart.mean_lines and len(chart.points) == 3
    assert len(sparkline(few).points) == 3 and "too few" in chart.mr.label


def test_a_new_baseline_steps_the_band_halfway_between_two_points():
    segments = [
        Segment(0, 3, Decimal(95), Decimal(90), Decimal(99), Decimal(1), Decimal(3)),
        Segment(4, 7, Decimal(105), Decimal(100), Decimal(109), Decimal(1), Decimal(3)),
    ]
    chart = xmr_chart(analysis(95, 96, 94, 95, 105, 106, 104, 105, segments=segments))
    first, second = chart.bands
    boundary = (float(chart.points[3].x) + float(chart.points[4].x)) / 2
    assert float(first.x) + float(first.width) == pytest.approx(boundary, abs=0.11)
    assert float(second.x) == pytest.approx(boundary, abs=0.11) and float(second.y) < float(first.y)
    assert [line.label for line in chart.mean_lines] == ["", "Average 105.0"]


def test_a_window_shows_the_latest_points_and_their_part_of_the_band():
    chart = xmr_chart(analysis(*range(90, 100)), first=6)
    assert len(chart.points) == 4 and chart.bands[0].x == chart.left
    assert len(sparkline(analysis(*range(90, 100)), first=6).path_segments[0].split("L")) == 4


def test_points_lead_somewhere_and_say_what_they_are():
    periods = [Period.month(2026, month) for month in range(1, 4)]
    chart = xmr_chart(analysis(95, None, 94, periods=periods), unit="%", href=lambda i: f"?period={periods[i]}")
    assert [(point.href, point.title) for point in chart.points] == [
        ("?period=2026-01", "Jan 2026: 95.0\N{NO-BREAK SPACE}%"),
        ("?period=2026-03", "Mar 2026: 94.0\N{NO-BREAK SPACE}%"),
    ]  # fmt: skip
    assert [tick.label for tick in chart.x_ticks] == ["Jan 2026", "Feb 2026", "Mar 2026"]


@given(st.lists(st.decimals(94, 96, places=2), min_size=2, max_size=2), st.decimals(93, 97, places=2))
def test_labels_at_the_ends_of_lines_never_overlap(pair, target):
    lower, upper = sorted(pair)
    chart = xmr_chart(analysis(95, 95, 96, target=target, lower=lower, mean=(lower + upper) / 2, upper=upper))
    heights = [float(line.label_y) for line in (*chart.mean_lines, *chart.limit_lines, chart.target)]
    heights = sorted([*heights, float(chart.latest.y)])
    assert all(below - above >= 16.8 for above, below in zip(heights, heights[1:], strict=False))


@given(st.lists(st.floats(0, 300), max_size=12))
def test_labels_pushed_apart_keep_their_order_and_stay_inside(heights):
    placed = pushed_apart(heights, 17, 0, 300)
    assert all(-0.01 <= y <= 300.01 for y in placed)
    order = sorted(range(len(heights)), key=lambda i: heights[i])
    for one, other in zip(order, order[1:], strict=False):
        assert placed[other] - placed[one] >= 17 - 0.01
    if all(abs(a - b) >= 17 for i, a in enumerate(heights) for b in heights[:i]):
        assert placed == pytest.approx(heights)


@given(st.lists(st.tuples(st.floats(44, 950), st.text(min_size=1, max_size=90)), max_size=12))
def test_notes_never_touch_one_another_and_stay_on_the_chart(notes):
    placed = placed_notes(notes, 1100)
    for i, one in enumerate(placed):
        assert -0.01 <= one.start and one.end <= 1100.01
        for other in placed[:i]:
            assert one.row != other.row or one.end <= other.start or other.end <= one.start


def test_the_line_of_a_note_leads_to_its_point_and_not_through_another_text():
    chart = xmr_chart(analysis(*[95] * 12), notes=[(3, "The carrier changed to another one"), (4, "Bank holiday")])
    left, right = chart.notes
    assert (left.text, right.text) == ("The carrier changed to another one", "Bank holiday")
    assert float(left.y) < float(right.y) and left.line_x == chart.points[3].x
    assert float(left.lines[-1][1]) == pytest.approx(float(chart.points[3].y) - 8, abs=0.11)


def test_a_note_on_a_gap_reaches_the_axis_and_one_out_of_view_is_left_out():
    chart = xmr_chart(analysis(95, 96, None, 94), first=1, notes=[(0, "Before"), (2, "Server down")])
    assert [note.text for note in chart.notes] == ["Server down"]
    assert float(chart.notes[0].lines[-1][1]) == pytest.approx(float(chart.bottom) - 8)


@given(st.decimals(-(10**12), 10**12, places=3), st.decimals(Decimal("0.001"), 10**9, places=3))
def test_ticks_are_few_round_and_on_the_scale(low, width):
    scale = Scale.around([low, low + width], (None, None), 300, 0)
    ticks = scale.ticks()
    assert 1 <= len(ticks) <= 6
    assert all(scale.low <= value <= scale.high for value, _places in ticks)
    assert len({value.normalize() for value, _places in ticks}) == len(ticks)


def test_a_percentage_has_no_tick_beyond_100():
    assert max(value for value, _places in Scale.around([Decimal(91), Decimal(100)], (0, 100), 300, 0).ticks()) <= 100


@given(st.integers(0, 400))
def test_the_axis_names_few_points_and_always_the_last(count):
    indexes = tick_indexes(count)
    assert len(indexes) <= 9 and indexes == sorted(set(indexes))
    assert not count or (indexes[0] == 0 and indexes[-1] == count - 1)


def test_wide_labels_get_the_room_that_they_need():
    chart = xmr_chart(
        analysis("12345678.5", "12345679.5", lower=12345670, mean=12345678, upper=12345690, target=12345680)
    )
    assert float(chart.left) > 44 and float(chart.width) >= float(chart.right)


def test_bars_share_one_scale_and_carry_the_period_before():
    found = bars(
        [("Late", 38, 22, "worse", "/a/"), ("Papers", 19, 24, "common", "/b/"), ("New", 0, None, "common", "")]
    )
    assert [row.width for row in found.rows] == ["250", "125", "0"]
    assert [row.tick_x for row in found.rows] == [px(250 * 22 / 38), px(250 * 24 / 38), ""]
    assert [(row.value, row.was) for row in found.rows] == [("38", "22"), ("19", "24"), ("0", "")]
    assert float(found.rows[1].text_x) > float(found.rows[1].tick_x)
    assert bars([("None", 0, 0, "common", "")]).rows[0].width == "0" and bars([]).rows == ()


def test_the_summary_says_what_the_chart_shows():
    text = summary(analysis(95, None, "92.4", target=95), unit="%").replace("\N{NO-BREAK SPACE}", " ")
    assert text == (
        "2 figures in 3 periods. Latest 92.4 %. Average 95.0 %. Usual range 90.0 % to 99.0 %. Target 95.0 %. "
        "No real change. All figures are in the table."
    )
    assert summary(analysis()) == "There are no figures yet."


def test_stretches_are_the_rows_between_gaps():
    assert stretches([1, None, 2, 3, None]) == [[0], [2, 3]]


def test_a_day_chart_reads_its_axis():
    days = list(Period.between(date(2026, 11, 1), date(2026, 11, 3), "day"))
    assert [t.label for t in xmr_chart(analysis(95, 95, 95, periods=days)).x_ticks] == ["1 Nov", "2 Nov", "3 Nov"]
