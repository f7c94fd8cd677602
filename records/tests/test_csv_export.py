"""What stands in a CSV file: plain values, no formulas, everything on its own line."""

import csv
import io
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from records.csv_export import cell, lines, neutralised, value_at


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+44 20", "-1", "@SUM(1)", "\tx", "\rx", "\nx", "'=1", "''@x", "=HYPERLINK(0)", "＝1", "＠x", "－1"],
)
def test_what_a_spreadsheet_could_take_for_a_formula_is_quoted_and_can_be_restored(text):
    assert neutralised(text) == "'" + text


@pytest.mark.parametrize("text", ["", "plain", "1=1", "it's", "'quoted'", "a@b.example", "50 %", "ünï", "　=not first"])
def test_other_text_stays_as_it_is(text):
    assert neutralised(text) == text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        (-5, "-5"),
        (Decimal("-1.50"), "-1.50"),
        (date(2026, 3, 2), "2026-03-02"),
        (time(9, 30), "09:30:00"),
        ("-5", "'-5"),
    ],
)
def test_values_are_written_plainly(value, written):
    assert cell(value) == written


def test_moments_are_written_in_local_time():
    with timezone.override(ZoneInfo("Europe/Berlin")):
        assert cell(datetime(2026, 7, 1, 12, 0, 0, 5, tzinfo=UTC)) == "2026-07-01T14:00:00+02:00"


def test_lines_and_separators_within_a_text_survive():
    rows = [("a,b", 'say "yes"'), ("two\nlines", "semi;colon")]
    columns = (("First", lambda row: row[0]), ("=Second", lambda row: row[1]))
    text = b"".join(lines(rows, columns)).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text, newline=""))) == [["First", "'=Second"], *map(list, rows)]


class Thing:
    name = "Halden"
    other = None

    def title(self):
        return "A title"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", "Halden"),
        ("title", "A title"),
        ("other.name", None),
        ("missing", None),
        (lambda t: t.name * 2, "HaldenHalden"),
    ],
)
def test_a_value_is_found_by_path_or_function(path, value):
    assert value_at(Thing(), path) == value
