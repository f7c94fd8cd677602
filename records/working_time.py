"""Working days and working hours: opening times, public holidays and closures of one place. Knows no model.

Conventions: the day received is day 0, and after a day received outside working days the next working day is day 1.
A clock with a date and no time starts at opening time; something due on a day is due at that day's closing time.
Hours are real hours, so an hour that daylight saving takes away or repeats counts as it was lived.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
MOST_DAYS = 10_000
MOST_HOURS = 100_000
LONGEST_CLOSURE = 1_000  # days in a row without a working day before the calendar is called empty

OFFICE_HOURS = {weekday: (time(9), time(17)) for weekday in range(5)}
ALWAYS_OPEN = {weekday: (time(0), time(0)) for weekday in range(7)}


class CalendarError(ValueError):
    """A calendar or a span that cannot be counted; the message says why."""


@lru_cache(maxsize=512)
def _holidays_in(code, year):
    import holidays  # slow to import: only who asks for a calendar waits

    country, _dash, subdivision = code.partition("-")
    try:
        return frozenset(holidays.country_holidays(country, subdiv=subdivision or None, years=year, expand=False))
    except NotImplementedError:
        raise CalendarError(f"There is no public holiday calendar “{code}”.") from None


def public_holidays(code):
    """`is_holiday(day) -> bool` for a country or part of one: "GB-ENG", "US", "DE-BY"; "NONE" knows no holiday.

    Raises CalendarError at once when the calendar is not known.
    """
    code = (code or "NONE").upper()
    if code == "NONE":
        return lambda day: False
    _holidays_in(code, 2024)
    return lambda day: day in _holidays_in(code, day.year)


@dataclass(frozen=True)
class Calendar:
    """When a place works.

    `hours` gives opening and closing time by weekday (Monday is 0); a weekday that is left out is not worked, and a
    closing time at or before opening is midnight or later, on the next day. `holidays` is a collection of dates or
    a function of a date; `closures` are the place's own days.
    """

    time_zone: str | ZoneInfo = "UTC"
    hours: Mapping[int, tuple[time, time]] = field(default_factory=lambda: OFFICE_HOURS)
    holidays: Callable[[date], bool] | Collection[date] = ()
    closures: Collection[date] = ()
    _worked: dict[int, list[date]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def zone(self):
        return self.time_zone if isinstance(self.time_zone, ZoneInfo) else ZoneInfo(self.time_zone)

    def is_working_day(self, day):
        if day.weekday() not in self.hours or day in self.closures:
            return False
        return not (self.holidays(day) if callable(self.holidays) else day in self.holidays)

    def day_of(self, moment_or_day):
        """The local day of an aware moment; a date is itself."""
        if isinstance(moment_or_day, datetime):
            return moment_or_day.astimezone(self.zone).date()
        return moment_or_day

    # days

    def next_working_day(self, day):
        """`day` itself when it is worked, else the first one after it that is."""
        for _attempt in range(LONGEST_CLOSURE):
            if self.is_working_day(day):
                return day
            day = _shifted(day, 1)
        raise CalendarError("This calendar has no working day in the next 1,000 days.")

    def add_working_days(self, start, days):
        """The day that lies `days` working days after `start`; 0 gives the first working day from `start` on."""
        if not 0 <= days <= MOST_DAYS:
            raise CalendarError(f"Working days must lie between 0 and {MOST_DAYS:,}.")
        day = self.day_of(start)
        if days == 0:
            return self.next_working_day(day)
        for _count in range(days):
            day = self.next_working_day(_shifted(day, 1))
        return day

    def due_at(self, start, days):
        """The moment by which something is due that has `days` working days: closing time of its due day."""
        return self.closing(self.add_working_days(start, days))

    def working_days_between(self, start, end):
        """Working days after `start` up to and including `end`: received Friday, answered Monday is 1.

        None when `end` lies before `start`.
        """
        start, end = self.day_of(start), self.day_of(end)
        return None if end < start else self._count(_shifted(start, 1), _shifted(end, 1))

    def working_days_in(self, start, end):
        """Working days from `start` up to but not including `end`; below 0 when `end` lies before `start`."""
        start, end = self.day_of(start), self.day_of(end)
        if end < start:
            return -self._count(_shifted(end, 1), _shifted(start, 1))
        return self._count(start, end)

    def _count(self, start, end):
        """Working days in [start, end), by year lists kept with this calendar: imports ask thousands of times."""
        worked = 0
        for year in range(start.year, end.year + 1):
            if year not in self._worked:
                first, after = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1
                self._worked[year] = [
                    day for day in map(date.fromordinal, range(first, after)) if self.is_working_day(day)
                ]
            days = self._worked[year]
            worked += bisect_left(days, end) - bisect_left(days, start)
        return worked

    # hours

    def opening(self, day):
        """The aware moment at which work begins on `day`, or on the first working day after it."""
        day = self.next_working_day(day)
        return self._window(day)[0].astimezone(self.zone)

    def closing(self, day):
        """The aware moment at which work ends on `day`, or on the first working day after it."""
        day = self.next_working_day(day)
        return self._window(day)[1].astimezone(self.zone)

    def started_at(self, moment_or_day):
        """When a clock starts: at the moment itself, or at opening time when only the day is known."""
        return moment_or_day if isinstance(moment_or_day, datetime) else self.opening(moment_or_day)

    def _window(self, day):
        """Opening and closing of a working day in UTC."""
        opens, closes = self.hours[day.weekday()]
        last = day if closes > opens else _shifted(day, 1)
        return (
            datetime.combine(day, opens, self.zone).astimezone(UTC),
            datetime.combine(last, closes, self.zone).astimezone(UTC),
        )

    def add_working_hours(self, start, hours):
        """The moment at which `hours` (a number) of working time have passed since `start`."""
        if not 0 <= hours <= MOST_HOURS:
            raise CalendarError(f"Working hours must lie between 0 and {MOST_HOURS:,}.")
        moment = self.started_at(start).astimezone(UTC)
        left = timedelta(hours=float(hours))
        # A night shift that began the day before may still be open.
        day = _shifted(self.day_of(moment), -1)
        for _count in range(MOST_DAYS):
            day = self.next_working_day(day)
            opens, closes = self._window(day)
            begins = max(opens, moment)
            if begins < closes:
                if begins + left <= closes:
                    return (begins + left).astimezone(self.zone)
                left -= closes - begins
            day = _shifted(day, 1)
        raise CalendarError("This calendar works too few hours for so long a time.")

    def working_hours_between(self, start, end):
        """Hours of working time from `start` to `end` as a float; below 0 when `end` lies before `start`."""
        start, end = self.started_at(start).astimezone(UTC), self.started_at(end).astimezone(UTC)
        if end < start:
            return -self.working_hours_between(end, start)
        first, last = _shifted(self.day_of(start), -1), self.day_of(end)
        passed = timedelta()
        for offset in range((last - first).days + 1):
            day = first + offset * ONE_DAY
            if self.is_working_day(day):
                opens, closes = self._window(day)
                passed += max(timedelta(), min(closes, end) - max(opens, start))
        return passed / timedelta(hours=1)


def _shifted(day, days):
    try:
        return day + days * ONE_DAY
    except OverflowError:
        raise CalendarError("This day lies outside the calendar.") from None
