"""The words of the two verdicts."""

from datetime import date
from decimal import Decimal

import pytest

from kpis.verdicts import span
from kpis.xmr import Baseline, analyse
from records.periods import Period

# Around 50 and ending on it, never seven on one side.
STEADY = [Decimal(v) for v in (50, 52, 49, 51, 48, 51, 49, 50, 52, 49, 51, 48, 51, 49, 52, 48, 50, 51, 49, 52, 48, 50)]


def judged(values, *, cadence="week", last=date(2026, 11, 16), **given):
    """Judge values whose last is of the period that holds the day `last`."""
    periods = []
    for _value in values:
        periods.insert(0, periods[0].previous() if periods else Period.containing(last, cadence))
    values = [None if value is None else Decimal(value) for value in values]
    given.setdefault("higher_is_better", True)
    return analyse(values, cadence=cadence, periods=periods, **given)


def locked(*later, **given):
    """STEADY as the baseline, then what came later."""
    return judged([*STEADY, *later], baselines=[Baseline(0, len(STEADY))], **given)


LOW = (48, 49, 47, 49, 47, 48, 47, 49, 48)
HIGH = (52, 51, 53, 51, 53, 52, 53, 51, 52)


def test_a_run_reads_lower_than_usual():
    verdict = locked(*LOW).variation
    assert (verdict.words, verdict.kind, verdict.direction, verdict.length) == (
        "Lower than usual for 9 weeks",
        "worse",
        "down",
        9,
    )
    assert verdict.sentence == "%(kpi)s has been lower than usual for 9 weeks"


def test_a_trend_reads_falling():
    # Each lower than the one before, the first as low as the last of the baseline.
    verdict = locked(50, "49.9", "49.5", "49.4", "49.2", "49.1", 49, "48.9").variation
    assert (verdict.words, verdict.kind) == ("Falling for 8 weeks", "worse")


def test_a_run_that_ends_beyond_a_limit_is_told_as_the_run():
    found = locked(*LOW[:8], 20)
    assert found.points[-1].cause == "beyond"
    assert found.variation.words == "Lower than usual for 9 weeks"


def test_a_single_point_reads_unusually():
    assert locked(70).variation.words == "Unusually high this week"
    assert locked(70).variation.kind == "better"
    assert locked(20, cadence="month").variation.words == "Unusually low this month"
    assert locked(20, higher_is_better=None).variation.kind == "neutral"


def test_two_in_three_reads_as_counted():
    verdict = locked(55, 51, 55).variation
    assert (verdict.code, verdict.words) == ("two_in_three", "High in 2 of the last 3 weeks")


def test_what_is_good_reads_better_since():
    assert locked(*HIGH, cadence="month", last=date(2026, 12, 5)).variation.words == "Better since April"
    assert locked(*HIGH, cadence="month", last=date(2026, 5, 5)).variation.words == "Better since September 2025"
    assert locked(*HIGH).variation.words == "Better since 21 September"
    assert (
        locked(*LOW, higher_is_better=False, cadence="month", last=date(2026, 12, 5)).variation.words
        == "Better since April"
    )


def test_a_signal_without_a_good_side_keeps_its_direction():
    verdict = locked(*HIGH, higher_is_better=None).variation
    assert (verdict.words, verdict.kind) == ("Higher than usual for 9 weeks", "neutral")


def test_nothing_reads_no_real_change():
    verdict = judged(STEADY).variation
    assert (verdict.words, verdict.kind, verdict.note, verdict.sentence) == ("No real change", "common", "", "")


def test_a_new_level_is_spoken_of_as_new_for_a_while():
    stepped = [*STEADY, *(value + 10 for value in STEADY)]
    assert judged(stepped, baselines=[Baseline(22)]).variation.words == "Steady at new level"
    assert judged([*stepped, 60, 61, 59], baselines=[Baseline(22)]).variation.words == "No real change"


@pytest.mark.parametrize("higher, target, words, kind", [
    (True, 70, "Will keep missing", "worse"), (True, 30, "Reliably met", "better"),
    (False, 70, "Reliably met", "better"), (False, 30, "Will keep missing", "worse"),
    (True, 50, "Hit and miss", "common"), (False, 50, "Hit and miss", "common"),
    (True, None, "No target", "none"), (None, 50, "No target", "none"),
])  # fmt: skip
def test_will_it_meet_target(higher, target, words, kind):
    verdict = judged(STEADY, higher_is_better=higher, target=target).assurance
    assert (verdict.words, verdict.kind, verdict.note) == (words, kind, "")


def test_while_a_signal_runs_the_forecast_is_qualified():
    verdict = locked(*LOW, target=50).assurance
    assert verdict.words == "Hit and miss"
    assert verdict.note == "missed 9 of the last 9; not predictable while it is changing"
    assert locked(*HIGH, target=50).assurance.note == "met 9 of the last 9; not predictable while it is changing"
    assert locked(20, target=50).assurance.note == "missed this week; not predictable while it is changing"
    assert locked(*LOW, target=49).assurance.note.startswith("missed 6 of the last 9;")


def test_the_latest_week_is_last_week_beside_a_running_one():
    assert locked(20, 49, is_running=True).variation.words == "Unusually low last week"
    assert locked(*LOW, 1, is_running=True).variation.words == "Lower than usual for 9 weeks"


def test_after_a_gap_the_words_name_the_period_they_speak_of():
    assert locked(20, None, None).variation.words == "Unusually low in the week of 2 Nov 2026"
    assert locked(*LOW, None).variation.words == "Lower than usual for 9 weeks, up to the week of 9 Nov 2026"
    assert (
        locked(*HIGH, None, cadence="month", last=date(2026, 12, 5)).variation.words
        == "Better since March, up to Nov 2026"
    )


def test_too_few_are_compared_with_target_and_last_period():
    found = judged([50, 52, 49], target=50)
    assert (found.variation.words, found.variation.note) == ("Too few to say", "down on the week before")
    assert (found.assurance.words, found.assurance.note) == ("Too few to say", "missed this week")
    assert judged([50, 50], cadence="month").variation.note == "same as the month before"
    assert judged([50, None, 52]).variation.note == "" and judged([]).variation.note == ""
    assert judged([52], target=50).assurance.note == "met this week"


def test_trial_limits_are_said_and_compared_too():
    found = judged(STEADY[:8], target=50)
    assert (found.variation.words, found.variation.note) == ("No real change", "trial limits; up on the week before")
    assert (found.assurance.words, found.assurance.note) == ("Hit and miss", "met this week; trial limits")


@pytest.mark.parametrize("cadence", ["day", "week", "month", "quarter", "year"])
@pytest.mark.parametrize("later", [LOW, HIGH, (20,), (70,), (55, 51, 55), (20, None), (20, 3)])
def test_every_cadence_has_its_words(cadence, later):
    found = locked(*later, cadence=cadence, target=50, last=date(2060, 5, 5))
    for text in (found.variation.words, found.variation.note, found.assurance.words, found.assurance.note):
        assert "%" not in text
    assert span(1, cadence) in ("1 day", "1 week", "1 month", "1 quarter", "1 year")


def test_verdicts_do_without_periods():
    values = [*STEADY, *(Decimal(v) for v in HIGH), None]
    found = analyse(values, higher_is_better=True, baselines=[Baseline(0, 22)])
    assert found.variation.words == "Higher than usual for 9 months"
    single = analyse([*STEADY, Decimal(20), None], baselines=[Baseline(0, 22)])
    assert single.variation.words == "Unusually low at the latest figure"
