"""Periods of the calendar: the days, weeks, months, quarters and years that readings are taken for."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models.enums import TextChoices
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# The years a period can be made for: its end must be a date as well.
FIRST_YEAR, LAST_YEAR = 1, 9998

_URL_FORMS = (
    ("day", re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)),
    ("week", re.compile(r"(\d{4})-W(\d{2})", re.ASCII)),
    ("month", re.compile(r"(\d{4})-(\d{2})", re.ASCII)),
    ("quarter", re.compile(r"(\d{4})-Q(\d)", re.ASCII)),
    ("year", re.compile(r"(\d{4})", re.ASCII)),
)


class Cadence(TextChoices):
    """How often a KPI is read."""

    DAY = "day", gettext_lazy("daily")
    WEEK = "week", gettext_lazy("weekly")
    MONTH = "month", gettext_lazy("monthly")
    QUARTER = "quarter", gettext_lazy("quarterly")
    YEAR = "year", gettext_lazy("yearly")


@dataclass(frozen=True, order=True)
class Period:
    """The days from `start` up to, but not including, `end`, in the site's time zone.

    Made by its constructors, never from two loose dates, so that it always is one whole day, ISO week, month,
    quarter or year. Hashable; ordered by its first day. `str(period)` is its form in a URL.
    """

    start: date
    end: date
    cadence: str

    @classmethod
    def day(cls, day: date) -> "Period":
        _checked(day.year)
        return cls(day, day + timedelta(days=1), Cadence.DAY.value)

    @classmethod
    def week(cls, year: int, week: int) -> "Period":
        """ISO week `week` of the ISO year `year`: Monday to Sunday."""
        _checked(year)
        try:
            start = date.fromisocalendar(year, week, 1)
        except ValueError:
            raise ValueError(_("The year %(year)s has no week %(week)s.") % {"year": year, "week": week}) from None
        return cls(start, start + timedelta(days=7), Cadence.WEEK.value)

    @classmethod
    def month(cls, year: int, month: int) -> "Period":
        if not 1 <= month <= 12:
            raise ValueError(_("%(month)s is not a month: use 01 to 12.") % {"month": month})
        return cls(*_months(_checked(year), month, 1), Cadence.MONTH.value)

    @classmethod
    def quarter(cls, year: int, quarter: int) -> "Period":
        if not 1 <= quarter <= 4:
            raise ValueError(_("%(quarter)s is not a quarter: use Q1 to Q4.") % {"quarter": quarter})
        return cls(*_months(_checked(year), 3 * quarter - 2, 3), Cadence.QUARTER.value)

    @classmethod
    def year(cls, year: int) -> "Period":
        return cls(*_months(_checked(year), 1, 12), Cadence.YEAR.value)

    @classmethod
    def containing(cls, day: date, cadence: str) -> "Period":
        """The one period of this cadence that `day` falls in."""
        match Cadence(cadence):
            case Cadence.DAY:
                return cls.day(day)
            case Cadence.WEEK:
                return cls.week(*day.isocalendar()[:2])
            case Cadence.MONTH:
                return cls.month(day.year, day.month)
            case Cadence.QUARTER:
                return cls.quarter(day.year, (day.month + 2) // 3)
            case Cadence.YEAR:
                return cls.year(day.year)

    @classmethod
    def between(cls, first_day: date, last_day: date, cadence: str):
        """Every period from the one `first_day` is in to the one `last_day` is in; none when these are reversed."""
        if first_day > last_day:
            return
        period, last = cls.containing(first_day, cadence), cls.containing(last_day, cadence)
        while period < last:
            yield period
            period = period.next()
        yield last

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Read a URL's form: "2026-11-18", "2026-W47", "2026-11", "2026-Q4" or "2026". Raises ValueError in words."""
        for cadence, form in _URL_FORMS:
            if found := form.fullmatch(text):
                numbers = [int(number) for number in found.groups()]
                if cadence != Cadence.DAY:
                    return getattr(cls, cadence)(*numbers)
                try:
                    return cls.day(date(*numbers))
                except ValueError:
                    raise ValueError(_("%(text)s is not a day of the calendar.") % {"text": text}) from None
        raise ValueError(
            _("“%(text)s” is not a period. Write 2026-11-18, 2026-W47, 2026-11, 2026-Q4 or 2026.") % {"text": text[:40]}
        )

    def __str__(self):
        if self.cadence == Cadence.DAY:
            return self.start.isoformat()
        if self.cadence == Cadence.WEEK:
            year, week, _weekday = self.start.isocalendar()
            return f"{year:04}-W{week:02}"
        if self.cadence == Cadence.MONTH:
            return f"{self.start.year:04}-{self.start.month:02}"
        if self.cadence == Cadence.QUARTER:
            return f"{self.start.year:04}-Q{self._quarter}"
        return f"{self.start.year:04}"

    @property
    def label(self) -> str:
        """How a reader names it: "Wed 18 Nov 2026", "week of 16 Nov 2026", "Nov 2026", "Q4 2026", "2026"."""
        if self.cadence == Cadence.DAY:
            return format_date(self.start, "D j M Y")
        if self.cadence == Cadence.WEEK:
            return _("week of %(day)s") % {"day": format_date(self.start, "j M Y")}
        return self._name(with_year=True, month="M")

    @property
    def short_label(self) -> str:
        """For the axis of a chart: "16 Nov" for days and weeks, else "Nov 2026", "Q4 2026", "2026"."""
        if self.cadence in (Cadence.DAY, Cadence.WEEK):
            return format_date(self.start, "j M")
        return self.label

    def since_label(self, seen_in: "Period") -> str:
        """For "since …" in a sentence about `seen_in`: "April", "April 2025" when it was another year, "5 October"."""
        same_year = self.start.year == seen_in.start.year
        if self.cadence in (Cadence.DAY, Cadence.WEEK):
            return format_date(self.start, "j F" if same_year else "j F Y")
        return self._name(with_year=not same_year, month="F")

    @property
    def last_day(self) -> date:
        """The last day inside it, for filters that take an inclusive range."""
        return self.end - timedelta(days=1)

    def contains(self, day: date) -> bool:
        return self.start <= day < self.end

    def is_over(self, on: date) -> bool:
        """Whether all its days lie before the day `on`; a period that is not over is never judged."""
        return self.end <= on

    def next(self) -> "Period":
        return Period.containing(self.end, self.cadence)

    def previous(self) -> "Period":
        if self.start == date.min:
            raise ValueError(_("The calendar begins with this period."))
        return Period.containing(self.start - timedelta(days=1), self.cadence)

    def moments(self, tz) -> tuple[datetime, datetime]:
        """Its first moment and the first moment after it, aware, in the time zone `tz` (a tzinfo or a name).

        Where the clocks skip midnight, a day begins when they do.
        """
        zone = ZoneInfo(tz) if isinstance(tz, str) else tz
        return _midnight(self.start, zone), _midnight(self.end, zone)

    @property
    def _quarter(self) -> int:
        return (self.start.month + 2) // 3

    def _name(self, *, with_year: bool, month: str) -> str:
        if self.cadence == Cadence.MONTH:
            return format_date(self.start, f"{month} Y" if with_year else month)
        if self.cadence == Cadence.QUARTER:
            wording = _("Q%(quarter)s %(year)s") if with_year else _("Q%(quarter)s")
            return wording % {"quarter": self._quarter, "year": self.start.year}
        return str(self.start.year)


def _checked(year: int) -> int:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(_("%(year)s is not a year that Heed can keep.") % {"year": year})
    return year


def _months(year: int, month: int, count: int) -> tuple[date, date]:
    years, index = divmod(month - 1 + count, 12)
    return date(year, month, 1), date(year + years, index + 1, 1)


def _midnight(day: date, zone) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC).astimezone(zone)
