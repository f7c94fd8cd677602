"""The file of rows to mend: a row's number, what is wrong, then its cells as they stood. It is read back like any."""

import csv
import io
from codecs import BOM_UTF8
from itertools import chain

from django.utils.translation import gettext as _

from records.csv_export import FORMULA, neutralised


def error_headings():
    return [_("Row in the first file"), _("What is wrong")]


def is_ours(headings):
    return headings[:2] == error_headings()


def plain_cell(cell):
    """The text that `neutralised` made harmless."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def error_file(columns, faulty):
    """The file of rows to mend, line by line as bytes. `faulty` gives (number, problems, cells)."""
    target = io.StringIO(newline="")
    writer = csv.writer(target)
    lines = chain(
        [[*error_headings(), *map(neutralised, columns)]],
        ([str(number), neutralised(" ".join(says)), *map(neutralised, cells)] for number, says, cells in faulty),
    )
    yield BOM_UTF8  # so that spreadsheets read UTF-8 as UTF-8
    for line in lines:
        writer.writerow(line)
        yield target.getvalue().encode()
        target.seek(0)
        target.truncate()
