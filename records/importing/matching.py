"""How the columns of a file are matched to the fields of a register, and how a row is read by that match.

The match is plain JSON, the same on the page, in the database and in the file given to `manage.py import_feedback`:

    {"columns": {"customer": "Company", "received": "Date received"},   field: heading
     "dates": {"received": "mdy"},                                      field: how its days are written
     "for_all": {"kind": "complaint"},                                  field: one value for every row
     "options": {"closed_when_answered": true}}
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext as _

from records.importing import declaring as kinds
from records.importing import reading
from records.importing.guessing import (
    DATE_FORMATS,
    UNSAID,
    ColumnDates,
    Guess,
    Misread,
    guess_columns,
    is_yes_no,
    read_date,
    read_yes_no,
    shown,
)
from records.text import clean_text

LOOKED_AT = 20_000  # rows that a guess rests on: a page must not wait for a million
REMEMBERED = 50_000  # distinct cells of a column whose reading is kept at hand


@dataclass(frozen=True)
class Match:
    """A match that fits its importer and its file. Made by `read_match`."""

    columns: dict[str, str] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)
    for_all: dict[str, str] = field(default_factory=dict)
    options: dict[str, bool] = field(default_factory=dict)

    def as_json(self):
        return {"columns": self.columns, "dates": self.dates, "for_all": self.for_all, "options": self.options}

    def gives(self, key):
        return key in self.columns or key in self.for_all


def look_at_columns(source, shape):
    """{heading: {"dates": [candidates], "misfits": n, "yes_no": bool}} from the first rows of a file."""
    dates = [ColumnDates() for _column in shape.columns]
    for row in islice(reading.rows(source, shape), LOOKED_AT):
        for column, cell in zip(dates, row.cells, strict=False):
            column.see(cell)
    looks = {}
    for name, column in zip(shape.columns, dates, strict=True):
        guess = column.guess()
        looks[name] = {
            "dates": list(guess.candidates),
            "misfits": guess.misfits if guess.candidates else 0,
            "yes_no": is_yes_no(column.values),
        }
    return looks


def guess_match(importer, shape, looks):
    """The likeliest Match as JSON. Dates that can be read in several ways are left for a person to say."""

    def fits(one, column):
        if one.kind == kinds.DAY:
            return bool(looks[column]["dates"])
        return looks[column]["yes_no"] if one.kind == kinds.YES_NO else True

    columns = guess_columns(shape.columns, importer.fields, fits)
    dates = {}
    for key, column in columns.items():
        if importer.field(key).kind == kinds.DAY:
            guess = Guess(tuple(looks[column]["dates"]), 0, 0)
            if guess.best:
                dates[key] = guess.best
    options = {one.key: one.default for one in importer.options}
    return Match(columns, dates, {}, options).as_json()


def read_match(importer, shape, given, looks=None):
    """A Match from JSON. Raises ValidationError with everything that is wrong with it, by field key."""
    parts = _parts(given)
    faults = defaultdict(list)
    known = {one.key for one in importer.fields}
    for name in ("columns", "dates", "for_all"):
        for key in parts[name].keys() - known:
            faults[NON_FIELD_ERRORS].append(_("There is no field “%(key)s”.") % {"key": key})
    columns = {key: column for key, column in parts["columns"].items() if key in known and column}
    for_all = {key: value for key, value in parts["for_all"].items() if key in known and value}
    dates = {}
    for one in importer.fields:
        words = {"field": one.label, "column": columns.get(one.key)}
        if one.key not in columns and one.key not in for_all:
            if one.required and one.for_all:
                faults[one.key].append(_("Say which column holds “%(field)s”, or give it for all rows.") % words)
            elif one.required:
                faults[one.key].append(_("Say which column holds “%(field)s”.") % words)
            continue
        if one.key in columns and columns[one.key] not in shape.columns:
            faults[one.key].append(_("The file has no column “%(column)s”.") % words)
        if one.key in columns and one.key in for_all:
            faults[one.key].append(_("“%(field)s” is given twice: by a column, and the same for all rows.") % words)
        elif one.key in for_all:
            faults[one.key] += _faults_for_all(one, for_all)
        elif one.kind == kinds.DAY:
            dates[one.key] = parts["dates"].get(one.key) or _only_way(looks, columns[one.key])
            if dates[one.key] not in DATE_FORMATS:
                faults[one.key].append(_date_fault(one, columns[one.key], dates[one.key], looks))
    if faults := {key: says for key, says in faults.items() if says}:
        raise ValidationError(faults)
    options = {one.key: bool(parts["options"].get(one.key, one.default)) for one in importer.options}
    return Match(columns, dates, for_all, options)


def _parts(given):
    if not isinstance(given, dict):
        raise ValidationError(_("The matching must be a JSON object."))
    parts = {name: given.get(name) or {} for name in ("columns", "dates", "for_all", "options")}
    for name, part in parts.items():
        if not isinstance(part, dict):
            raise ValidationError(_("“%(part)s” must be a JSON object.") % {"part": name})
        if name != "options" and not all(isinstance(value, str) for value in part.values()):
            raise ValidationError(_("“%(part)s” must hold texts.") % {"part": name})
    return parts


def _faults_for_all(one, for_all):
    value = for_all[one.key]
    if not one.for_all:
        return [_("“%(field)s” cannot be the same for all rows.") % {"field": one.label}]
    try:
        for_all[one.key] = value = clean_text(value, max_length=one.max_length, multiline=False)
    except ValidationError as fault:
        return fault.messages
    if one.kind == kinds.CHOICE:
        for_all[one.key] = one.choice_of(value)
        if not for_all[one.key]:
            return [_unknown_word(one, value)]
    return []


def _only_way(looks, column):
    found = (looks or {}).get(column, {}).get("dates", [])
    return found[0] if len(found) == 1 else ""


def _date_fault(one, column, given, looks):
    words = {"field": one.label, "column": column}
    if given:
        return _("“%(format)s” is not a way to write dates that is known.") % {"format": given}
    candidates = (looks or {}).get(column, {}).get("dates", [])
    if len(candidates) > 1:
        ways = _(" or ").join(str(DATE_FORMATS[key].label) for key in candidates)
        return _("Dates in “%(column)s” could be %(ways)s: say which.") % (words | {"ways": ways})
    return _("Say how dates are written in “%(column)s”.") % words


def _unknown_word(one, cell):
    return _("“%(cell)s” is not one of: %(choices)s.") % {
        "cell": shown(cell),
        "choices": ", ".join(str(label) for label in one.choices.values()),
    }


class Preparer:
    """Reads rows by a Match: each cell by its field's kind, then the row as a whole by its importer."""

    def __init__(self, importer, shape, match, today):
        self.importer, self.match, self.today, self.zone = importer, match, today, importer.zone()
        place_of = {column: place for place, column in enumerate(shape.columns)}
        self.mapped = [(importer.field(key), column, place_of[column]) for key, column in match.columns.items()]
        taken = set(match.columns.values())
        self.unmapped = [(column, place_of[column]) for column in shape.columns if column not in taken]
        self._seen = {one.key: {} for one, _column, _place in self.mapped}

    def prepare(self, cells):
        """(parsed, errors, warnings): values fit for JSON by field key, and what is wrong, in words."""
        parsed, errors = dict(self.match.for_all), []
        for one, column, place in self.mapped:
            seen = self._seen[one.key]
            cell = cells[place]
            read = seen.get(cell)
            if read is None:
                read = self._read(one, column, cell)
                if len(seen) < REMEMBERED:
                    seen[cell] = read
            value, fault = read
            if fault:
                errors.append(fault)
            elif value is not None:
                parsed[one.key] = value
        if errors:
            return parsed, errors, []
        errors, warnings = self.importer.check(parsed, self.match, self.today)
        return parsed, errors, warnings

    def source_cells(self, cells, related):
        """{heading: cell} of what is not matched, and of cells that the record does not say word for word.

        Those are names written otherwise than those of the `related` records, texts with outer spaces, and words
        for a choice such as "Fax". Days, and yes and no, are read without loss.
        """
        kept = {column: cells[place] for column, place in self.unmapped}
        for one, column, place in self.mapped:
            cell = cells[place]
            if one.kind == kinds.CHOICE:
                is_lost = bool(one.otherwise) and bool(cell)
            elif one.kind == kinds.NAME:
                is_lost = one.key in related and related[one.key].name != cell
            else:
                is_lost = one.kind == kinds.TEXT and cell != cell.strip()
            if is_lost:
                kept[column] = cell
        return kept

    def _read(self, one, column, cell):
        """(value or None, what is wrong or an empty string)."""
        try:
            value = self._value(one, cell)
        except (Misread, ValidationError) as fault:
            says = fault.messages[0] if isinstance(fault, ValidationError) else str(fault)
            return None, f"{column}: {says}"
        if one.required and value in (None, ""):
            return None, _("%(column)s: this cell is empty.") % {"column": column}
        return value, ""

    def _value(self, one, cell):
        if one.kind == kinds.DAY:
            found = read_date(cell, self.match.dates[one.key])
            if isinstance(found, datetime) and found.tzinfo is None:
                found = found.replace(tzinfo=self.zone)
            return found and found.isoformat()
        if one.kind == kinds.YES_NO:
            return read_yes_no(cell)
        if one.kind == kinds.LONG_TEXT:
            return clean_text(cell, max_length=one.max_length)
        text = clean_text(cell.strip(), max_length=one.max_length, multiline=False)
        if one.kind == kinds.CHOICE and text.casefold() not in UNSAID:
            if not (value := one.choice_of(text)):
                raise Misread(_unknown_word(one, text))
            return value
        return None if one.kind == kinds.CHOICE else text
