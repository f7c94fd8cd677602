"""Control charts agree with published packages, point by point, and keep their promises on odd series."""

import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.signals import Rules, Seen, mark
from kpis.verdicts import reach
from kpis.xmr import Baseline, analyse

IMPROVEMENT = {"increase": True, "decrease": False, "neutral": None}
CAUSES = {
    "Common Cause": ("", ""),
    "Above UCL": ("beyond", "up"),
    "Below LCL": ("beyond", "down"),
    "7 Point Trend (Increasing)": ("trend", "up"),
    "7 Point Trend (Decreasing)": ("trend", "down"),
    "2 in 3 Above CL": ("two_in_three", "up"),
    "2 in 3 Below CL": ("two_in_three", "down"),
    "7 Points Above CL": ("run", "up"),
    "7 Points Below CL": ("run", "down"),
}
KINDS = {
    "common_cause": "common",
    "special_cause_improvement": "better",
    "special_cause_concern": "worse",
    "special_cause_neutral_high": "neutral",
    "special_cause_neutral_low": "neutral",
}
ASSURANCES = {
    "consistent_fail": "will_keep_missing",
    "consistent_pass": "reliably_met",
    "inconsistent": "hit_and_miss",
    None: "no_target",
}

# Two places, as readings have; a gap now and then.
readings = st.decimals(min_value=-10_000, max_value=10_000, places=2)
series = st.lists(st.one_of(readings, readings, readings, st.none()), max_size=60)
small = st.lists(st.one_of(st.integers(0, 4).map(Decimal), st.none()), max_size=60)


def vectors(shared, name):
    return json.loads((shared / "data" / "vectors" / name).read_text(), parse_float=Decimal)


def analysed(case, screened, **given):
    # The vectors judge every series, however short; we need five points.
    rules = Rules(screened=screened, fewest=2)
    direction = IMPROVEMENT[case["improvement_direction"]]
    return analyse(case["values"], higher_is_better=direction, target=case["target"], rules=rules, **given)


def agree(ours, theirs, digits=9):
    if theirs is None or ours is None:
        return ours is theirs
    return abs(ours - Decimal(theirs)) <= Decimal(10) ** -digits * max(abs(Decimal(theirs)), Decimal(1) / 1000)


@pytest.mark.shared
@pytest.mark.parametrize("screened", [False, True])
def test_limits_agree_with_the_plain_recomputation(shared, screened):
    for case in vectors(shared, "xmr.json"):
        segment, expected = analysed(case, screened).segment, case["expected"]
        lower, upper, mr = (
            ("lpl_screened", "upl_screened", "mr_bar_screened") if screened else ("lpl_266", "upl_266", "mr_bar")
        )
        assert agree(segment.mean, expected["mean"]), case["id"]
        assert agree(segment.lower, expected[lower]), case["id"]
        assert agree(segment.upper, expected[upper]), case["id"]
        assert agree(segment.mr_mean, expected[mr]), case["id"]
        if not screened:
            assert agree(segment.mr_upper, expected["mr_ucl_3267"]), case["id"]


@pytest.mark.shared
@pytest.mark.parametrize("screened", [False, True])
def test_points_and_verdicts_agree_with_the_nhs_package(shared, screened):
    for case in vectors(shared, "xmr.json"):
        found, theirs = analysed(case, screened), case["nhsr_plotthedots"]["screened" if screened else "unscreened"]
        assert agree(found.segment.lower, theirs["lpl"]) and agree(found.segment.upper, theirs["upl"]), case["id"]
        assert [(p.cause, p.direction) for p in found.points] == [CAUSES[c] for c in theirs["special_cause_type"]], (
            case["id"]
        )
        assert [p.kind for p in found.points] == [KINDS[kind] for kind in theirs["point_type"]], case["id"]
        assert found.points[-1].kind == found.variation.kind == KINDS[theirs["variation_last"]], case["id"]
        assert found.assurance.code == ASSURANCES[theirs["assurance"]], case["id"]


@pytest.mark.shared
def test_each_rule_agrees_with_the_nhs_package_alone(shared):
    cases = vectors(shared, "spc_rule_functions_nhsr.json")
    for case in cases["seven_points_one_side_of_mean_end_markers"]:
        seen = marked([Decimal(sign) for sign in case["sign"]], spread=Decimal(100))
        assert [int(abs(one.run) >= 7) for one in seen] == [abs(out) for out in case["out"]]
    for case in cases["seven_point_trend_end_markers"]:
        seen = marked([Decimal(y) for y in case["y"]], spread=Decimal(100))
        assert [(abs(one.trend) >= 7) * (1 if one.trend > 0 else -1) for one in seen] == case["out"]
    for case in cases["two_in_three"]:
        distances = [
            Decimal(side) * (8 if close else 1) for close, side in zip(case["close"], case["side"], strict=True)
        ]
        assert [int(one.cause == "two_in_three") for one in marked(distances, spread=Decimal(9))] == case["flag"]
    for case in cases["assurance"]:
        found = reach(*(Decimal(case[key]) for key in ("lpl", "upl", "target")), IMPROVEMENT[case["direction"]])
        assert found == (None if case["out"] is None else ASSURANCES[case["out"]])


@pytest.mark.shared
def test_a_run_or_trend_is_marked_from_its_first_point_on(shared):
    for case in vectors(shared, "spc_rule_functions_nhsr.json")["part_of_seven"]:
        ends = [i for i, marker in enumerate(case["markers"]) if marker]
        distances = [Decimal(-1)] * len(case["markers"])
        for end in ends:
            distances[end - 6 : end + 1] = [Decimal(1)] * 7
        seen = marked(distances, spread=Decimal(100), rules=Rules(trend=99))
        assert [int(one.cause == "run") for one in seen] == case["out"]


def marked(distances, spread, rules=None):
    seen = [Seen(distance) for distance in distances]
    mark(seen, distances, spread, rules or Rules())
    return seen


@given(series)
def test_any_series_of_readings_is_judged_without_a_crash(values):
    found = analyse(values, higher_is_better=True, target=95, bounds=(0, 100))
    assert [point.value for point in found.points] == values
    assert found.variation.words and found.assurance.words


huge = st.decimals(min_value=Decimal("-1e40"), max_value=Decimal("1e40"), places=6)


@given(st.lists(st.one_of(huge, st.integers(-3, 3).map(Decimal), st.none()), max_size=40))
def test_no_digit_is_lost_however_large_the_values(values):
    """Held against fractions, which cannot round."""
    present = [Fraction(value) for value in values if value is not None]
    ranges = [abs(Fraction(b) - Fraction(a)) for a, b in zip(values, values[1:], strict=False) if None not in (a, b)]
    found = analyse(values, rules=Rules(screened=False, run=99, trend=99))
    if not ranges or not found.segment.is_judged:
        return
    mean, spread = sum(present) / len(present), Fraction("2.66") * sum(ranges) / len(ranges)
    for point in found.points:
        if point.value is not None:
            distance = Fraction(point.value) - mean
            assert (point.cause == "beyond") == (abs(distance) > spread)
            if point.cause:
                assert point.direction == ("up" if distance > 0 else "down")


@given(small)
def test_turning_a_series_upside_down_turns_its_signals(values):
    up = analyse(values, higher_is_better=True)
    down = analyse([None if value is None else -value for value in values], higher_is_better=False)
    assert [p.kind for p in up.points] == [p.kind for p in down.points]
    turned = {"up": "down", "down": "up", "": ""}
    assert [turned[p.direction] for p in up.points] == [p.direction for p in down.points]


@given(small, st.integers(0, 100))
def test_a_gap_parts_ranges_runs_and_trends(values, place):
    place = min(place, len(values))
    found = analyse([*values[:place], None, *values[place:]])
    assert found.points[place].kind == "none" and found.points[place].mr is None
    if place < len(values):
        assert found.points[place + 1].mr is None
    for first, last in stretches_of(found, ("run", "trend")):
        assert last - first + 1 < 7 or all(point.value is not None for point in found.points[first : last + 1])


def stretches_of(found, causes):
    """(first, last) of each row of points, without a gap in it, marked by one of `causes`."""
    first = None
    for i, point in enumerate([*found.points, None]):
        inside = point is not None and point.cause in causes
        if inside and first is None:
            first = i
        if not inside and first is not None:
            yield first, i - 1
            first = None


@given(small, st.integers(0, 4))
def test_the_running_period_changes_nothing(values, value):
    with_it = analyse([*values, Decimal(value)], higher_is_better=True, is_running=True)
    without = analyse(values, higher_is_better=True)
    assert with_it.points[:-1] == without.points
    assert with_it.points[-1].is_running and with_it.points[-1].kind == "none" and with_it.points[-1].mr is None
    assert (with_it.signal, with_it.latest) == (without.signal, without.latest)
    assert with_it.variation.kind == without.variation.kind


@given(st.integers(1, 40), readings)
def test_a_constant_series_has_no_variation(count, value):
    found = analyse([value] * count, higher_is_better=True, target=value)
    assert all(point.cause == "" for point in found.points)
    if count >= 5:
        assert found.variation.words == "No variation" and found.segment.mean == value
        assert found.assurance.code == "hit_and_miss" and found.assurance.words == "Exactly on target"


def test_a_constant_series_is_held_against_its_target():
    assert analyse([Decimal(5)] * 12, higher_is_better=True, target=6).assurance.code == "will_keep_missing"
    assert analyse([Decimal(5)] * 12, higher_is_better=False, target=6).assurance.code == "reliably_met"


def test_values_that_hardly_ever_change_are_not_all_signals():
    found = analyse([Decimal(int(i == 6)) for i in range(14)], higher_is_better=False)
    assert [i for i, point in enumerate(found.points) if point.cause == "beyond"] == [6]


def test_values_between_gaps_alone_have_no_usual_range():
    found = analyse([Decimal(5), None, Decimal(6), None, Decimal(5), None, Decimal(9), None, Decimal(1)])
    assert found.segment.lower is None and not found.segment.is_judged
    assert found.variation.code == "too_few"


@pytest.mark.parametrize("count, judged, trial", [(0, False, False), (1, False, False), (4, False, False),
                                                  (5, True, True), (11, True, True), (12, True, False)])  # fmt: skip
def test_few_points_give_no_verdict_and_some_a_trial(count, judged, trial):
    found = analyse([Decimal(50 + (-1) ** i) for i in range(count)], higher_is_better=True, target=40)
    assert bool(found.segment and found.segment.is_judged) is judged
    assert found.variation.is_trial is found.assurance.is_trial is trial
    assert ("trial limits" in found.variation.note) is trial
    assert found.assurance.code == ("reliably_met" if judged else "too_few")
    if not judged:
        assert all(point.kind == "none" for point in found.points)


def test_limits_are_clipped_to_what_is_possible():
    values = [Decimal(v) for v in (99, 100, 93, 100, 98, 100, 91, 100, 99, 100, 97, 100)]
    assert analyse(values, bounds=(0, 100)).segment.upper == 100
    assert analyse(values).segment.upper > 100
    low = [100 - value for value in values]
    assert analyse(low, bounds=(0, None)).segment.lower == 0
    assert [p.cause for p in analyse(values, bounds=(0, 100)).points] == [p.cause for p in analyse(values).points]


def test_a_bound_that_a_value_breaks_does_not_clip():
    values = [Decimal(v) for v in (99, 104, 93, 100, 98, 103, 91, 100, 99, 100, 97, 100)]
    assert analyse(values, bounds=(0, 100)).segment.upper > 100


WEEKS = [Decimal(v) for v in (50, 52, 49, 51, 50, 48, 51, 50, 52, 49, 50, 51, 50, 49)]


def test_limits_locked_on_a_baseline_do_not_follow_later_points():
    later = WEEKS + [Decimal(v) for v in (58, 60, 59, 61, 62, 60, 59)]
    locked = analyse(later, higher_is_better=True, baselines=[Baseline(0, 14)])
    assert locked.segment.mean == analyse(WEEKS).segment.mean and locked.segment.is_locked and locked.segment.n == 14
    assert [point.cause for point in locked.points[14:]] == ["beyond"] * 7
    assert not analyse(later, baselines=[Baseline(0, 11)]).segment.is_locked


def test_a_new_baseline_steps_the_band_and_ends_the_signal():
    stepped = WEEKS + [value + 10 for value in WEEKS]
    before = analyse(stepped, higher_is_better=True)
    assert before.variation.kind == "better" and before.suggested_baseline == 14
    after = analyse(stepped, higher_is_better=True, baselines=[Baseline(14)])
    assert [(s.first, s.last) for s in after.segments] == [(0, 13), (14, 27)]
    assert after.points[14].mr is None and after.segments[1].mean == after.segments[0].mean + 10
    assert after.variation.words == "Steady at new level" and after.suggested_baseline is None


def test_a_new_baseline_without_figures_yet_says_too_few():
    found = analyse([*WEEKS, None], baselines=[Baseline(14)])
    assert found.signal is None and found.variation.code == "too_few" and found.latest == 13


@pytest.mark.parametrize("baselines", [[Baseline(14)], [Baseline(-1)], [Baseline(3), Baseline(3)], [Baseline(5, 5)],
                                       [Baseline(0, 8), Baseline(7)], [Baseline(0, 15)]])  # fmt: skip
def test_baselines_must_fit(baselines):
    with pytest.raises(ValueError, match="does not fit"):
        analyse(WEEKS, baselines=baselines)


def test_a_point_on_the_mean_breaks_a_run():
    above = [Decimal(v) for v in (1, 1, 1, 1, 1, 1, 2)]
    assert [one.cause for one in marked(above, spread=Decimal(100))] == ["run"] * 7
    broken = [*above[:3], Decimal(0), *above[3:]]
    assert [one.cause for one in marked(broken, spread=Decimal(100))] == [""] * 8


def test_a_point_on_a_limit_is_not_beyond_it():
    limit = Decimal("2.66")
    found = marked([limit, -limit, limit + Decimal("1e-20")], spread=limit)
    assert [one.cause for one in found] == ["", "", "beyond"]


def test_a_point_carries_its_highest_cause():
    falling = [Decimal(v) for v in (9, 8, 7, 6, 5, 4, 3, 2)]
    assert [one.cause for one in marked(falling, spread=Decimal(8))] == ["beyond"] + ["trend"] * 7
    high = [Decimal(v) for v in (1, 6, 7, 2, 1, 2, 1)]
    causes = [one.cause for one in marked(high, spread=Decimal(8))]
    assert causes == ["run", "two_in_three", "two_in_three", "run", "run", "run", "run"]


def test_a_turning_point_belongs_to_the_trend_that_led_to_it():
    up_and_down = [Decimal(v) for v in (-3, -2, -1, 0, 1, 2, 3, 2, 1, 0, -1, -2, -3)]
    found = marked(up_and_down, spread=Decimal(100))
    assert [one.sign for one in found] == [1] * 7 + [-1] * 6
    assert found[-1].trend == -7


def test_what_is_no_figure_is_refused():
    with pytest.raises(TypeError, match="float"):
        analyse([1.5])
    with pytest.raises(ValueError, match="finite"):
        analyse([Decimal("NaN")])
    with pytest.raises(ValueError, match="too far apart"):
        analyse([Decimal("1e999999"), Decimal("1e-999999")])
    with pytest.raises(ValueError, match="one period"):
        analyse([Decimal(1)], periods=[])


def test_the_moving_range_chart_has_its_own_limit():
    segment = analyse(WEEKS, rules=Rules(screened=False)).segment
    ranges = [abs(b - a) for a, b in zip(WEEKS, WEEKS[1:], strict=False)]
    assert segment.mr_mean == sum(ranges) / len(ranges)
    assert segment.mr_upper == Decimal("3.267") * segment.mr_mean
