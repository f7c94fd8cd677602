"""The business calendar against the shared vectors and by hand."""

import json
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.working_time import ALWAYS_OPEN, OFFICE_HOURS, Calendar, CalendarError, public_holidays

LONDON = ZoneInfo("Europe/London")


def calendar_of(code, **given):
    return Calendar(holidays=public_holidays(code), **given)


@pytest.fixture
def vectors(shared):
    return json.loads((shared / "data/vectors/business_days.json").read_text())


@pytest.mark.shared
def test_counts_of_working_days_agree_with_the_vectors(vectors):
    for case in vectors["counts"]:
        calendar = calendar_of(case["calendar"])
        start, end = date.fromisoformat(case["start"]), date.fromisoformat(case["end"])
        assert calendar.working_days_in(start, end) == case["busdays_start_inclusive_end_exclusive"], case
        assert calendar.working_days_between(start, end) == case["busdays_after_start_through_end"], case


@pytest.mark.shared
def test_due_days_agree_with_the_vectors(vectors):
    for case in vectors["due_dates"]:
        due = calendar_of(case["calendar"]).add_working_days(
            date.fromisoformat(case["received"]), case["add_business_days"]
        )
        assert due.isoformat() == case["due"], case


@pytest.mark.shared
def test_elapsed_hours_are_real_hours_when_the_clocks_change(vectors):
    for case in vectors["elapsed"]:
        calendar = Calendar(time_zone=case["tz"], hours=ALWAYS_OPEN)
        zone = ZoneInfo(case["tz"])
        start, end = (
            datetime.fromisoformat(case[key]).replace(tzinfo=zone, fold=case["fold"])
            for key in ("start_local", "end_local")
        )
        assert start.astimezone(UTC).isoformat() == case["start_utc"]
        assert calendar.working_hours_between(start, end) == pytest.approx(case["elapsed_hours"])
        assert calendar.add_working_hours(start, case["elapsed_hours"]) == end


def test_a_clock_with_a_date_only_starts_at_opening_and_ends_at_closing():
    calendar = calendar_of("GB-ENG", time_zone="Europe/London")
    assert calendar.started_at(date(2026, 7, 1)) == datetime(2026, 7, 1, 9, tzinfo=LONDON)
    assert calendar.due_at(date(2026, 7, 1), 2) == datetime(2026, 7, 3, 17, tzinfo=LONDON)
    assert calendar.due_at(date(2026, 12, 24), 1) == datetime(2026, 12, 29, 17, tzinfo=LONDON)
    assert calendar.started_at(date(2026, 7, 4)) == datetime(2026, 7, 6, 9, tzinfo=LONDON)


def test_a_moment_belongs_to_its_local_day():
    calendar = Calendar(time_zone="Pacific/Auckland")
    thursday_evening_in_utc = datetime(2026, 7, 2, 20, tzinfo=UTC)  # Friday morning in Auckland
    assert calendar.add_working_days(thursday_evening_in_utc, 1) == date(2026, 7, 6)


def test_closures_of_the_place_are_not_worked():
    calendar = Calendar(closures={date(2026, 7, 2)})
    assert calendar.add_working_days(date(2026, 7, 1), 1) == date(2026, 7, 3)
    assert calendar.working_hours_between(
        datetime(2026, 7, 1, 16, tzinfo=UTC), datetime(2026, 7, 3, 10, tzinfo=UTC)
    ) == pytest.approx(2)


def test_working_hours_run_over_nights_and_weekends():
    calendar = Calendar(time_zone="Europe/London")
    friday = datetime(2026, 3, 27, 16, tzinfo=LONDON)  # the clocks change on Sunday the 29th
    assert calendar.add_working_hours(friday, 2) == datetime(2026, 3, 30, 10, tzinfo=LONDON)
    assert calendar.working_hours_between(friday, datetime(2026, 3, 30, 10, tzinfo=LONDON)) == pytest.approx(2)


def test_a_night_shift_counts_on_the_day_it_began():
    calendar = Calendar(hours={0: (time(22), time(6))})
    tuesday_two_o_clock = datetime(2026, 7, 7, 2, tzinfo=UTC)
    assert calendar.add_working_hours(tuesday_two_o_clock, 1) == datetime(2026, 7, 7, 3, tzinfo=UTC)
    assert calendar.working_hours_between(tuesday_two_o_clock, tuesday_two_o_clock + timedelta(days=1)) == 4


@pytest.mark.parametrize("code", ["XX", "GB-XX", "nonsense", "GB-ENG-1"])
def test_an_unknown_holiday_calendar_is_refused_at_once(code):
    with pytest.raises(CalendarError):
        public_holidays(code)


def test_absurd_spans_are_refused_and_never_loop():
    calendar = Calendar()
    for days in (-1, 10**9):
        with pytest.raises(CalendarError):
            calendar.add_working_days(date(2026, 1, 1), days)
    for hours in (-1, 10**12, float("inf"), float("nan")):
        with pytest.raises(CalendarError):
            calendar.add_working_hours(date(2026, 1, 1), hours)
    with pytest.raises(CalendarError):
        Calendar(hours={}).add_working_days(date(2026, 1, 1), 1)
    with pytest.raises(CalendarError):
        Calendar(hours={}).opening(date(2026, 1, 1))
    with pytest.raises(CalendarError):
        calendar.add_working_days(date(9999, 12, 30), 5)


days = st.dates(date(2000, 1, 1), date(2040, 1, 1))


@given(start=days, count=st.integers(1, 60))
def test_adding_days_and_counting_them_agree(start, count):
    calendar = Calendar(hours=OFFICE_HOURS, holidays={date(year, 12, 25) for year in range(2000, 2042)})
    assert calendar.working_days_between(start, calendar.add_working_days(start, count)) == count


@given(day=days, minute=st.integers(0, 1439), hours=st.integers(1, 90))
def test_adding_hours_and_measuring_them_agree(day, minute, hours):
    calendar = Calendar(time_zone="Europe/London")
    start = datetime.combine(day, time(minute // 60, minute % 60), LONDON)
    assert calendar.working_hours_between(start, calendar.add_working_hours(start, hours)) == pytest.approx(hours)
