"""Periods: half-open, adjoining, written and read the same in a URL."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.periods import Cadence, Period

days = st.dates(min_value=date(2, 1, 15), max_value=date(9997, 12, 31))
cadences = st.sampled_from(Cadence.values)


@given(days, cadences)
def test_a_period_contains_its_day_and_its_neighbours_do_not(day, cadence):
    period = Period.containing(day, cadence)
    assert period.contains(day)
    assert period.contains(period.start) and not period.contains(period.end)
    assert not period.next().contains(day) and not period.previous().contains(day)


@given(days, cadences)
def test_periods_adjoin_without_gap_or_overlap(day, cadence):
    period = Period.containing(day, cadence)
    assert period.next().start == period.end
    assert period.previous().end == period.start
    assert period.next().previous() == period == period.previous().next()
    assert period.previous() < period < period.next()


@given(days, cadences)
def test_a_period_is_read_from_a_url_as_it_was_written(day, cadence):
    period = Period.containing(day, cadence)
    assert Period.parse(str(period)) == period
    assert hash(Period.parse(str(period))) == hash(period)


@given(st.dates(date(2000, 1, 1), date(2030, 1, 1)), st.integers(0, 800), cadences)
def test_between_covers_each_day_once(first, length, cadence):
    last = first + timedelta(days=length)
    periods = list(Period.between(first, last, cadence))
    assert periods[0].contains(first) and periods[-1].contains(last)
    assert all(one.end == other.start for one, other in zip(periods, periods[1:], strict=False))


def test_between_reversed_days_is_empty():
    assert not list(Period.between(date(2026, 2, 1), date(2026, 1, 31), "month"))


@pytest.mark.parametrize(
    "text, start, end, label, short",
    [
        ("2026-11-18", date(2026, 11, 18), date(2026, 11, 19), "Wed 18 Nov 2026", "18 Nov"),
        ("2026-W47", date(2026, 11, 16), date(2026, 11, 23), "week of 16 Nov 2026", "16 Nov"),
        ("2020-W53", date(2020, 12, 28), date(2021, 1, 4), "week of 28 Dec 2020", "28 Dec"),
        ("2026-11", date(2026, 11, 1), date(2026, 12, 1), "Nov 2026", "Nov 2026"),
        ("2026-12", date(2026, 12, 1), date(2027, 1, 1), "Dec 2026", "Dec 2026"),
        ("2024-02", date(2024, 2, 1), date(2024, 3, 1), "Feb 2024", "Feb 2024"),
        ("2026-Q4", date(2026, 10, 1), date(2027, 1, 1), "Q4 2026", "Q4 2026"),
        ("2026", date(2026, 1, 1), date(2027, 1, 1), "2026", "2026"),
    ],
)
def test_a_period_has_these_days_and_these_labels(text, start, end, label, short):
    period = Period.parse(text)
    assert (period.start, period.end, period.label, period.short_label) == (start, end, label, short)
    assert period.last_day == end - timedelta(days=1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-13",
        "2026-00",
        "2026-W00",
        "2026-W54",
        "2025-W53",
        "2026-Q0",
        "2026-Q5",
        "2025-02-29",
        "0000",
        "0000-01-01",
        "9999",
        "9999-12-31",
        "26",
        "2026-1",
        "2026-11-",
        " 2026",
        "2026\n",
        "-026",
        "२०२६",
        "2026-W4७",
        "9" * 5000,
    ],
)
def test_what_is_no_period_is_refused_in_words(text):
    with pytest.raises(ValueError, match=r"\.$"):
        Period.parse(text)


def test_the_calendar_has_two_ends():
    with pytest.raises(ValueError, match="calendar begins"):
        Period.containing(date.min, "day").previous()
    with pytest.raises(ValueError, match="not a year"):
        Period.containing(date(9998, 12, 31), "day").next()
    with pytest.raises(ValueError):
        Period.containing(date(2026, 1, 1), "fortnight")


def test_since_names_the_year_only_when_it_was_another():
    now = Period.month(2026, 11)
    assert Period.month(2026, 4).since_label(now) == "April"
    assert Period.month(2025, 4).since_label(now) == "April 2025"
    assert Period.week(2026, 41).since_label(Period.week(2026, 47)) == "5 October"
    assert Period.quarter(2026, 2).since_label(Period.quarter(2026, 4)) == "Q2"
    assert Period.year(2024).since_label(Period.year(2026)) == "2024"


def test_moments_follow_the_clocks_of_the_place():
    begin, end = Period.day(date(2026, 3, 29)).moments("Europe/London")
    assert (begin.astimezone(UTC), end.astimezone(UTC)) == (
        datetime(2026, 3, 29, tzinfo=UTC),
        datetime(2026, 3, 29, 23, tzinfo=UTC),
    )
    assert begin.isoformat() == "2026-03-29T00:00:00+00:00"


def test_where_midnight_is_skipped_the_day_begins_when_the_clocks_do():
    skipped = Period.day(date(2022, 3, 27))
    begin, _end = skipped.moments("Asia/Beirut")
    assert begin.isoformat() == "2022-03-27T01:00:00+03:00"
    assert skipped.previous().moments("Asia/Beirut")[1] == begin


def test_a_period_is_over_from_the_day_after_its_last():
    november = Period.month(2026, 11)
    assert not november.is_over(date(2026, 11, 30)) and november.is_over(date(2026, 12, 1))
