"""What the cells of a column mean: dates, numbers, yes and no; and which column fits which field.

A guess names every reading that fits the whole column and says when there are several: nobody can know whether
3/4/2026 is in March or in April, so a person is asked.
"""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import lru_cache

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from records.text import EARLIEST, LATEST, clean_number

MONTHS = {
    name[:size]: number
    for number, name in enumerate(
        "january february march april may june july august september october november december".split(), 1
    )
    for size in (3, len(name))
} | {"sept": 9}

CLOCK = (
    r"(?:(?:T|,?\s+)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d{1,9})?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?"
)
NUMERIC = r"(?P<a>\d{1,2})\s?(?P<sep>[/.\-\s])\s?(?P<b>\d{1,2})\s?(?P=sep)\s?"


@dataclass(frozen=True)
class DateFormat:
    """One way of writing days. `order` names the groups a, b, c of the pattern."""

    key: str
    label: str
    order: str
    pattern: re.Pattern
    example: str


def _format(key, label, order, pattern, example):
    return DateFormat(key, label, order, re.compile(pattern + CLOCK), example)


DATE_FORMATS = {
    one.key: one
    for one in (
        _format("ymd", gettext_lazy("year-month-day"), "ymd",
                r"(?P<a>\d{4})(?P<sep>[-/.]?)(?P<b>(?:(?<=\d{4})\d{2}|(?<=[-/.])\d{1,2}))(?P=sep)(?P<c>(?:(?<=[-/.])\d{1,2}|\d{2}))",
                "2026-12-31"),
        _format("dmy", gettext_lazy("day/month/year"), "dmy", NUMERIC + r"(?P<c>\d{4})", "31/12/2026"),
        _format("mdy", gettext_lazy("month/day/year"), "mdy", NUMERIC + r"(?P<c>\d{4})", "12/31/2026"),
        _format("dmy2", gettext_lazy("day/month/year of two digits"), "dmy", NUMERIC + r"(?P<c>\d{2})", "31/12/26"),
        _format("mdy2", gettext_lazy("month/day/year of two digits"), "mdy", NUMERIC + r"(?P<c>\d{2})", "12/31/26"),
        _format("dMy", gettext_lazy("day, month in letters, year"), "dmy",
                r"(?:[A-Za-z]{3,9},?\s+)?(?P<a>\d{1,2})(?:st|nd|rd|th)?[\s\-.]+(?P<b>[A-Za-z]{3,9})\.?,?[\s\-]+(?P<c>\d{4})",
                "31 Dec 2026"),
        _format("Mdy", gettext_lazy("month in letters, day, year"), "mdy",
                r"(?:[A-Za-z]{3,9},?\s+)?(?P<a>[A-Za-z]{3,9})\.?\s+(?P<b>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<c>\d{4})",
                "Dec 31, 2026"),
    )
}  # fmt: skip
TIMES_OF_DAY = {"hour": 23, "minute": 59, "second": 59}


class Misread(ValueError):
    """A cell that cannot be read as its column's kind; the message says why in plain words."""


def shown(cell):
    """A cell as it may stand in a message."""
    cell = " ".join(cell.split())
    return cell if len(cell) <= 60 else cell[:59] + "…"


@lru_cache(maxsize=20_000)
def read_date(cell, key):
    """A date, or a moment where the cell has a time (naive, or aware when it names its zone); None when blank.

    Raises Misread, with words, when the cell is not so written or names a day or time that does not exist.
    """
    text = cell.strip()
    if not text:
        return None
    form = DATE_FORMATS[key]
    match = form.pattern.fullmatch(text)
    parts = match and _numbers(form, match)
    if not parts:
        raise Misread(
            _("“%(cell)s” is not a date written as %(format)s, such as %(example)s.")
            % {"cell": shown(cell), "format": form.label, "example": form.example}
        )
    year, month, day = parts
    if not 1 <= month <= 12:
        raise Misread(_("“%(cell)s” names month %(month)s; a year has 12.") % {"cell": shown(cell), "month": month})
    try:
        found = date(year, month, day)
    except ValueError:
        raise Misread(
            _("“%(cell)s”: there is no %(day)s %(month)s %(year)s.")
            % {"cell": shown(cell), "day": day, "month": _month_name(month), "year": year}
        ) from None
    if not EARLIEST <= found <= LATEST:
        raise Misread(_("“%(cell)s”: the year must lie between 1900 and 2200.") % {"cell": shown(cell)})
    return found if match["hour"] is None else datetime.combine(found, _clock(cell, match))


def _month_name(month):
    from django.utils.dates import MONTHS as NAMES

    return NAMES[month]


def _numbers(form, match):
    """(year, month, day) as written, or None when letters name no month."""
    written = dict(zip(form.order, (match["a"], match["b"], match["c"]), strict=True))
    if written["m"].isdecimal():
        month = int(written["m"])
    elif not (month := MONTHS.get(written["m"].lower())):
        return None
    year = int(written["y"])
    if len(written["y"]) == 2:
        year += 2000 if year < 69 else 1900
    return year, month, int(written["d"])


def _clock(cell, match):
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    half = (match["half"] or "").lower().replace(".", "")
    if half:
        if not 1 <= hour <= 12:
            raise Misread(_("“%(cell)s” names a time that does not exist.") % {"cell": shown(cell)})
        hour = hour % 12 + (12 if half == "pm" else 0)
    try:
        return time(hour, minute, second, tzinfo=_zone(match["zone"]))
    except ValueError:
        raise Misread(_("“%(cell)s” names a time that does not exist.") % {"cell": shown(cell)}) from None


def _zone(text):
    if not text:
        return None
    if text in ("Z", "UTC", "GMT"):
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-offset if text[0] == "-" else offset)


@dataclass(frozen=True)
class Guess:
    """Readings that fit a column best, the likeliest first, and how many of its values they do not fit."""

    candidates: tuple[str, ...]
    misfits: int
    values: int

    @property
    def is_ambiguous(self):
        return len(self.candidates) > 1

    @property
    def best(self):
        """The only reading that fits, or an empty string when there is none or a person must choose."""
        return self.candidates[0] if len(self.candidates) == 1 else ""


class ColumnDates:
    """Looks at a whole column, value by value, and tells how its dates are written.

    A value speaks for a way of writing when it has its shape and its month is at most 12 and its day at most 31, so
    that 29 February 2025 is a faulty row of a known format and does not unsettle the guess.
    """

    def __init__(self):
        self.values = Counter()

    def see(self, cell):
        if text := cell.strip():
            self.values[text] += 1

    def guess(self):
        total = self.values.total()
        fits = Counter()
        for text, times in self.values.items():
            for key in fitting_dates(text):
                fits[key] += times
        most = max(fits.values(), default=0)
        if not most or most < total / 2:
            return Guess((), total, total)
        best = tuple(key for key in DATE_FORMATS if fits[key] == most)
        if best[:1] == ("dmy",) and all(text.count(".") >= 2 for text in self.values):
            best = ("dmy",)  # points are written where the day comes first
        return Guess(best, total - most, total)


@lru_cache(maxsize=20_000)
def fitting_dates(text):
    """The formats in whose shape `text` is written."""
    return tuple(
        key for key, form in DATE_FORMATS.items() if (match := form.pattern.fullmatch(text)) and _possible(form, match)
    )


def _possible(form, match):
    parts = _numbers(form, match)
    return bool(parts) and 1 <= parts[1] <= 12 and 1 <= parts[2] <= 31


def guess_dates(cells):
    column = ColumnDates()
    for cell in cells:
        column.see(cell)
    return column.guess()


# numbers

NUMBER_FORMATS = {"point": gettext_lazy("1,234.56"), "comma": gettext_lazy("1.234,56")}
SIGNS = re.compile(r"[\s\u00a0\u202f'’]|[€$£¥]|\b(?:EUR|USD|GBP|CHF)\b")
POINT = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?%?")
COMMA = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+)(?:,\d+)?%?")


@lru_cache(maxsize=20_000)
def fitting_numbers(cell):
    text = SIGNS.sub("", cell.replace("−", "-"))
    return tuple(key for key, pattern in (("point", POINT), ("comma", COMMA)) if pattern.fullmatch(text))


def guess_numbers(cells):
    """Whether the point or the comma stands before decimals. Plain whole numbers fit both and are no riddle."""
    fits, total, telling = Counter(), 0, False
    for cell in filter(str.strip, cells):
        total += 1
        found = fitting_numbers(cell)
        fits.update(found)
        telling = telling or (bool(found) and bool(re.search("[.,]", cell)))
    most = max(fits.values(), default=0)
    if not most or most < total / 2:
        return Guess((), total, total)
    best = tuple(key for key in NUMBER_FORMATS if fits[key] == most)
    return Guess(best if telling else best[:1], total - most, total)


def read_number(cell, key):
    """A Decimal, or None when blank. A per cent sign is dropped: 12 % is 12. Raises Misread."""
    if not cell.strip():
        return None
    if key not in fitting_numbers(cell):
        raise Misread(
            _("“%(cell)s” is not a number written like %(example)s.")
            % {"cell": shown(cell), "example": NUMBER_FORMATS[key]}
        )
    text = SIGNS.sub("", cell.replace("−", "-")).rstrip("%")
    text = text.replace(",", "") if key == "point" else text.replace(".", "").replace(",", ".")
    try:
        return Decimal(clean_number(text))
    except ValidationError as fault:
        raise Misread(_("“%(cell)s”: %(fault)s") % {"cell": shown(cell), "fault": fault.messages[0]}) from None


# yes and no

YES = frozenset("yes y true t 1 x on ja j oui o vrai si sí verdadero نعم ✓".split())
NO = frozenset("no n false f 0 off nein non faux falso لا ✗".split())
UNSAID = frozenset(("", "-", "–", "n/a", "na", "n.a.", "?", "unknown", "none", "null", "not stated"))


def read_yes_no(cell):
    """True, False, or None where nothing is stated. Raises Misread."""
    word = cell.strip().lower()
    if word in UNSAID:
        return None
    if word in YES:
        return True
    if word in NO:
        return False
    raise Misread(_("“%(cell)s” is neither yes nor no.") % {"cell": shown(cell)})


def is_yes_no(cells):
    """Whether a column holds yes and no, at least one of them, and nothing else."""
    words = {cell.strip().lower() for cell in cells} - UNSAID
    return bool(words) and words <= YES | NO


MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def looks_typed(cell):
    """Whether a cell is a date, a number or an address: data, that is, and no heading."""
    text = cell.strip()
    return bool(fitting_dates(text) or fitting_numbers(text) or MAIL.fullmatch(text))


# columns and fields


def words_of(heading):
    """A heading as the words in it, lower case: "Date_sent-to (Company)?" gives date, sent, to, company."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", heading)
    return tuple(re.findall(r"[^\W_]+", spaced.casefold()))


def guess_columns(columns, fields, fits=lambda field, column: True):
    """Which column belongs to which field: {field.key: column name}, each column used once.

    `fields` have key, label and synonyms. A heading counts most when it is a synonym word for word, then when the
    words of a synonym stand in it. `fits(field, column)` may refuse a pair for what the column holds.
    """
    pairs = []
    for rank, one in enumerate(fields):
        for position, name in enumerate((one.key, str(one.label), *one.synonyms)):
            wanted = words_of(name)
            for place, column in enumerate(columns):
                if (closeness := _closeness(wanted, words_of(column))) and fits(one, column):
                    pairs.append((-closeness, position, rank, place, one.key, column))
    taken = {}
    for *_order, key, column in sorted(pairs):
        if key not in taken and column not in taken.values():
            taken[key] = column
    return taken


def _closeness(wanted, heading):
    if not wanted or not heading:
        return 0
    if wanted == heading or "".join(wanted) == "".join(heading):
        return 3
    if set(wanted) <= set(heading):
        return 1 + len(wanted) / len(heading)
    return 0
