"""Any list as CSV: streamed, all rows, and harmless in a spreadsheet."""

import codecs
import csv
import re

from django.db.models import Manager
from django.http import StreamingHttpResponse
from django.utils import timezone, translation
from django.utils.text import slugify

from trail import as_of
from trail.events import asked_of, tell

# A spreadsheet would take a cell that begins so for a formula (ASVS 5.0, 1.2.10). Apostrophes before it are counted
# in, so that taking one away always gives back the text as it was.
FORMULA = re.compile("'*[=+\\-@\t\r\n\x00＝＋－＠]")


def neutralised(text):
    """`text` with an apostrophe in front when a spreadsheet could take it for a formula."""
    return f"'{text}" if FORMULA.match(text) else text


def cell(value):
    """What stands in the file for a value: ISO dates and moments in local time, yes and no, plain numbers."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)) or type(value).__name__ == "Decimal":
        return str(value)
    if hasattr(value, "utcoffset") and hasattr(value, "date"):
        return timezone.localtime(value).isoformat(timespec="seconds")
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return neutralised(str(value))


def value_at(record, path):
    """The value under a dotted path or from a function of the record; None where the path breaks off."""
    if callable(path):
        return path(record)
    value = record
    for name in path.split("."):
        value = getattr(value, name, None)
        if value is None:
            return None
        if callable(value) and not isinstance(value, Manager):
            value = value()
    return value


class _Line:
    """A file that hands back what is written to it."""

    def write(self, text):
        return text


def lines(rows, columns):
    """The file's lines as bytes: headings, then `rows`. `columns` are pairs (heading, path or function)."""
    writer = csv.writer(_Line())
    # With its mark, so that spreadsheets read UTF-8 as UTF-8.
    yield codecs.BOM_UTF8 + writer.writerow([cell(str(heading)) for heading, _path in columns]).encode()
    for row in rows:
        yield writer.writerow([cell(value_at(row, path)) for _heading, path in columns]).encode()


def exported(request, rows):
    """Keep that the person takes `rows` records out by this address. To be called before the first line is sent."""
    tell("exported", user=request.user, path=request.path, detail=f"{rows} rows: {asked_of(request)}")


def csv_response(rows, columns, name):
    """A download of `rows`, which are read while it is sent."""
    response = StreamingHttpResponse(_kept(lines(rows, columns)), content_type="text/csv; charset=utf-8")
    day, stood = as_of.today().isoformat(), "as-of-" if as_of.moment() else ""
    response["Content-Disposition"] = f'attachment; filename="{slugify(name) or "records"}-{stood}{day}.csv"'
    response["Cache-Control"] = "private, no-store"
    return response


def _kept(chunks):
    """The stream runs after the request's middleware has ended: keep its clock and language until the last line."""
    zone, language = timezone.get_current_timezone(), translation.get_language()

    def run():
        with timezone.override(zone), translation.override(language):
            yield from chunks

    return run()
