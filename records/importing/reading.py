"""Opens a file of comma-separated values: finds out how it is written and gives its rows one by one.

`examine` looks at a file and returns its Shape, or raises Unreadable with words that say how to mend the file.
`rows` then streams the rows; what is wrong with one row is said in that row, which keeps its cells.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from hashlib import blake2b, sha256
from itertools import count, islice

from django.conf import settings
from django.utils.translation import gettext as _

from records.importing.encoding import ENCODINGS, SURROGATE, control_share, detect_encoding, known_format
from records.importing.guessing import looks_typed
from records.importing.mending import is_ours, plain_cell
from records.text import LONG_TEXT

DELIMITERS = (",", ";", "\t", "|")
MOST_COLUMNS = 500
LONGEST_ROW = 1_000_000  # characters; beyond it a quotation mark was left open
SAMPLE_ROWS = 200
EXCEL_HINT = re.compile(r"^sep=(.)\r?\n?$", re.IGNORECASE)

csv.field_size_limit(LONGEST_ROW + 1)


class Unreadable(Exception):
    """The file cannot be taken in; the message says why and how to mend it."""


@dataclass(frozen=True)
class Shape:
    """How a file is written. `asdict` and `Shape(**kept)` take it to JSON and back."""

    encoding: str  # a Python codec name
    delimiter: str
    has_header: bool
    columns: tuple[str, ...]
    hint_line: bool = False  # a first line "sep=;" as spreadsheets write it
    damaged: bool = False  # bytes that are not in the encoding stand somewhere; their rows are faulty
    is_error_file: bool = False  # written by Heed for rows to mend: two columns of ours, cells guarded
    notes: tuple[str, ...] = ()  # what a person should know before going on

    def __post_init__(self):
        object.__setattr__(self, "columns", tuple(self.columns))
        object.__setattr__(self, "notes", tuple(self.notes))

    def as_json(self):
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


@dataclass(slots=True)
class Row:
    """One row as it stands in the file. `number` counts as a spreadsheet does, `line` as a text editor does."""

    number: int
    line: int
    cells: list[str]
    problems: list[str] = field(default_factory=list)

    @property
    def is_empty(self):
        return not any(cell.strip() for cell in self.cells)


def max_bytes():
    return getattr(settings, "IMPORT_MAX_BYTES", 50_000_000)


@contextmanager
def opened(source):
    """A binary stream at its beginning, from a path or from a stream, which stays open for its owner."""
    if hasattr(source, "read"):
        while hasattr(source, "file"):  # uploads wrap the stream they hold
            source = source.file
        source.seek(0)
        yield source
    else:
        with open(source, "rb") as stream:
            yield stream


def fingerprint(source):
    """SHA-256 of the file's bytes in hex, and their number."""
    digest, size = sha256(), 0
    with opened(source) as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
            size += len(block)
    return digest.hexdigest(), size


def examine(source, *, encoding=None, delimiter=None, has_header=None):
    """The Shape of a file; what is given is believed, the rest is found out. Raises Unreadable."""
    with opened(source) as stream:
        _refuse_wrong_kind(stream)
        found = detect_encoding(stream, encoding)
        if found is None:
            raise Unreadable(
                _("This file cannot be read as %(encoding)s. Choose another encoding, or save the file as CSV (UTF-8).")
                % {"encoding": ENCODINGS.get(encoding, encoding) if encoding else "UTF-16"}
            )
        with _lines(stream, found.codec) as lines:
            sample = list(islice(lines, SAMPLE_ROWS * 5))
        if any(len(line) > LONGEST_ROW for line in sample):
            raise Unreadable(
                _("A line of this file has more than %(limit)s characters. That is no table; save it as CSV.")
                % {"limit": f"{LONGEST_ROW:,}"}
            )
        hint = EXCEL_HINT.match(sample[0]) if sample else None
        if hint:
            sample = sample[1:]
        if not "".join(sample).strip():
            raise Unreadable(_("This file is empty. Export it again, and look at it before you upload it."))
        delimiter = delimiter or (hint.group(1) if hint else guess_delimiter(sample))
        if len(delimiter) != 1 or delimiter in '"\r\n':
            raise Unreadable(_("Columns can be separated by a comma, a semicolon, a tab or a bar."))
        table = list(islice(_cells(sample, delimiter), SAMPLE_ROWS + 1))
        notes = list(found.notes)
        if not table:
            raise Unreadable(_("No row of this file can be read. Save your table as CSV (UTF-8) and upload that."))
        if has_header is None:
            has_header = guess_header(table)
            if not has_header:
                notes.append(
                    _("The first row looks like data, not like headings. The columns are called “Column 1” and so on.")
                )
        width = len(table[0])
        if width > MOST_COLUMNS:
            raise Unreadable(_("This file has more than %(limit)s columns.") % {"limit": MOST_COLUMNS})
        if has_header and len(table) == 1:
            raise Unreadable(_("This file has headings and no rows below them."))
        headings = table[0] if has_header else [""] * width
        is_error_file = has_header and is_ours(headings)
        columns, remarks = name_columns(headings[2:] if is_error_file else headings, said=has_header)
        if width == 1:
            remarks.append(_("Only one column was found. If there should be more, choose another separator."))
        notes += remarks
        return Shape(
            found.codec, delimiter, has_header, columns, bool(hint), found.damaged, is_error_file, tuple(notes)
        )


def rows(source, shape) -> Iterator[Row]:
    """Every row of the file under the headings. Raises Unreadable when a quotation mark is never closed."""
    with opened(source) as stream, _lines(stream, shape.encoding) as lines:
        if shape.hint_line:
            next(lines, None)
        heading_seen = not shape.has_header
        for row in _split(lines, shape):
            if not row.cells:
                continue
            if not heading_seen:
                heading_seen = True
                continue
            if shape.is_error_file:
                row.cells = [plain_cell(cell) for cell in row.cells[2:]]
            if len(row.cells) != len(shape.columns):
                row.problems.append(
                    _("This row has %(here)s cells where the headings have %(there)s.")
                    % {"here": len(row.cells), "there": len(shape.columns)}
                )
            _look_at_cells(row, shape)
            yield row


def _split(lines, shape):
    """The Rows of the lines, headings and blank lines included."""
    watch = _OpenQuotes(lines, offset=int(shape.hint_line))
    # Strict: a quotation mark in the middle of a quoted cell would otherwise vanish without a word.
    reader = csv.reader(watch, delimiter=shape.delimiter, strict=True)
    for number in count(1 + int(shape.hint_line)):
        problems = []
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            cells = next(csv.reader(watch.held, delimiter=shape.delimiter))
            problems.append(
                _("A quotation mark stands in the middle of a quoted cell. Double it if it belongs to the text.")
            )
        began, _held = watch.row_ended()
        yield Row(number, began, cells, problems)


class _OpenQuotes:
    """Passes lines on to the CSV reader, holds those of the row at hand, and notices a quotation mark left open."""

    def __init__(self, lines, offset):
        self.lines = lines
        self.line = offset  # lines read so far
        self.began = offset + 1
        self.length = 0
        self.held = []

    def __iter__(self):
        return self

    def __next__(self):
        line = next(self.lines, None)
        if line is None:
            if self.held:
                raise self._never_closed()
            raise StopIteration
        self.line += 1
        self.length += len(line)
        if self.length > LONGEST_ROW:
            raise self._never_closed()
        self.held.append(line)
        return line

    def row_ended(self):
        """The number of the line at which the row began, and its lines."""
        began, held = self.began, self.held
        self.began, self.held, self.length = self.line + 1, [], 0
        return began, held

    def _never_closed(self):
        return Unreadable(
            _(
                "The row that begins in line %(line)s holds a quotation mark never closed, so the rows after it "
                "cannot be told apart. Close it, or double it if it belongs to the text, and upload the file again."
            )
            % {"line": self.began}
        )


def _look_at_cells(row, shape):
    """Adds what is wrong with single cells: too long, NUL, bytes that are not in the encoding."""
    whole = "".join(row.cells)
    if len(whole) <= LONG_TEXT and "\0" not in whole and not (shape.damaged and SURROGATE.search(whole)):
        return
    for place, cell in enumerate(row.cells):
        name = {"column": shape.columns[place] if place < len(shape.columns) else f"{place + 1}"}
        if len(cell) > LONG_TEXT:
            row.problems.append(
                _("“%(column)s” has %(length)s characters; at most %(limit)s can be kept.")
                % (name | {"length": f"{len(cell):,}", "limit": f"{LONG_TEXT:,}"})
            )
        if "\0" in cell:
            row.problems.append(_("“%(column)s” holds a NUL character, which cannot be kept.") % name)
        if SURROGATE.search(cell):
            row.problems.append(
                _("“%(column)s” holds bytes that are not %(encoding)s.")
                % (name | {"encoding": ENCODINGS.get(shape.encoding, shape.encoding)})
            )


@contextmanager
def _lines(stream, codec):
    """The file's lines with their line ends; bytes outside the encoding come as lone surrogates."""
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding=codec, errors="surrogateescape", newline="")
    try:
        # A file without line ends must not come into memory as one line.
        yield iter(lambda: text.readline(LONGEST_ROW + 1), "")
    finally:
        text.detach()


def _refuse_wrong_kind(stream):
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    if not size:
        raise Unreadable(_("This file is empty. Export it again, and look at it before you upload it."))
    if size > max_bytes():
        raise Unreadable(
            _("This file has %(size)s MB; at most %(limit)s MB can be taken in at once. Split it and upload the parts.")
            % {"size": f"{size / 1e6:,.0f}", "limit": f"{max_bytes() / 1e6:,.0f}"}
        )
    head = stream.read(1 << 16)
    if kind := known_format(head):
        raise Unreadable(
            _("This is %(kind)s, not a CSV file. Save it as CSV (UTF-8) and upload that.") % {"kind": kind}
        )
    if control_share(head) > 0.05:
        raise Unreadable(_("This is not a text file. Save your table as CSV (UTF-8) and upload that."))


def _cells(lines, delimiter):
    """The rows of a sample, as far as they can be told apart."""
    try:
        yield from filter(None, csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return


def guess_delimiter(lines):
    """The separator that gives the most rows the same number of columns, more columns before fewer."""

    def merit(delimiter):
        widths = Counter(len(cells) for cells in _cells(lines, delimiter))
        if not widths:
            return 0
        width, agreeing = widths.most_common(1)[0]
        return 0 if width == 1 else (agreeing / widths.total()) ** 2 * (1 + min(width, 20) / 100)

    best = max(DELIMITERS, key=merit)
    return best if merit(best) else ","


def guess_header(table):
    """Whether the first row holds headings: it does unless it looks like the rows below it."""
    first, below = table[0], table[1:]
    like_data = like_heading = 0
    for place, cell in enumerate(first):
        values = [cells[place] for cells in below if place < len(cells) and cells[place].strip()]
        if not cell.strip() or not values:
            continue
        typed = sum(map(looks_typed, values)) >= 0.8 * len(values)
        if looks_typed(cell):
            like_data += typed
        elif typed:
            like_heading += 1
        elif cell in values:
            like_data += 1
    # A word above dates or numbers tells more than a number among the headings, such as a year.
    return like_data <= 2 * like_heading


def name_columns(headings, *, said):
    """Distinct column names, and remarks. A blank heading is named by its place, a repeated one gets it added."""
    names, remarks = [], []
    for place, heading in enumerate(headings, 1):
        name = SURROGATE.sub("\ufffd", heading.replace("\0", "")).strip()[:200]
        if not name:
            name = _("Column %(number)s") % {"number": place}
            if said:
                remarks.append(
                    _("Column %(number)s has no heading; it is called “%(name)s”.") % {"number": place, "name": name}
                )
        if name in names:
            repeated, name = name, f"{name} ({place})"
            while name in names:
                name += "′"
            remarks.append(
                _("The heading “%(heading)s” stands twice; the second is called “%(name)s”.")
                % {"heading": repeated, "name": name}
            )
        names.append(name)
    return tuple(names), remarks


class Duplicates:
    """Remembers rows by a digest of all their cells and tells the number of the first that was the same."""

    def __init__(self):
        self._first = {}

    def first_of(self, row):
        """The number of the earlier row with exactly the same cells, or None."""
        digest = blake2b(repr(row.cells).encode(), digest_size=16).digest()
        first = self._first.setdefault(digest, row.number)
        return None if first == row.number else first


def storable(cell):
    """A cell as it can be kept and shown though it holds NUL or bytes of no encoding: those are written out."""
    if "\0" not in cell and not SURROGATE.search(cell):
        return cell
    return SURROGATE.sub(lambda found: f"\\x{ord(found.group()) & 0xFF:02x}", cell.replace("\0", "\\0"))
