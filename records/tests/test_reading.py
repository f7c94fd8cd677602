"""Opening files as they come: encodings, separators, headings, faulty rows, and files that are no table."""

import io
import json
import zipfile
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from records.importing import guessing, reading
from records.importing.guessing import (
    Misread,
    guess_columns,
    guess_dates,
    guess_numbers,
    is_yes_no,
    read_date,
    read_number,
    read_yes_no,
)
from records.importing.reading import Duplicates, Shape, Unreadable, examine, fingerprint, rows


def table(content, **given):
    """(Shape, rows) of a file with this content, text or bytes."""
    source = io.BytesIO(content if isinstance(content, bytes) else content.encode())
    shape = examine(source, **given)
    return shape, list(rows(source, shape))


def cells(content, **given):
    return [row.cells for row in table(content, **given)[1]]


def problems(content, **given):
    return {row.number: row.problems for row in table(content, **given)[1] if row.problems}


def refusal(content, **given):
    with pytest.raises(Unreadable) as caught:
        table(content, **given)
    return str(caught.value)


@pytest.mark.shared
def test_the_csv_spectrum_is_read_as_it_says(shared):
    folder = shared / "data/oracles/csv-spectrum"
    for path in sorted((folder / "csvs").glob("*.csv")):
        wanted = json.loads((folder / "json" / f"{path.stem}.json").read_text(encoding="utf-8"))
        shape = examine(path, has_header=True)
        read = [dict(zip(shape.columns, row.cells, strict=True)) for row in rows(path, shape)]
        assert read == wanted, path.name


@pytest.mark.shared
def test_the_complaints_file_has_3186_rows_and_11_exact_duplicates(shared):
    path = shared / "data/datasets/cfpb_14col.csv"
    shape = examine(path)
    assert (shape.encoding, shape.delimiter, shape.has_header, len(shape.columns)) == ("utf-8", ",", True, 14)
    seen, found = Duplicates(), list(rows(path, shape))
    doubles = {row.number: first for row in found if (first := seen.first_of(row))}
    assert len(found) == 3186 and not any(row.problems for row in found)
    assert len(doubles) == 11 and (942, 921) in doubles.items()
    received = guess_dates(row.cells[0] for row in found)
    assert (received.best, received.misfits) == ("mdy", 0)


@pytest.mark.shared
def test_the_cases_file_is_read_whole(shared):
    path = shared / "data/datasets/ny_constituent_cases_NYCC03.csv"
    found = list(rows(path, examine(path)))
    assert len(found) == 12_171
    assert guess_dates(row.cells[3] for row in found).best == "ymd"
    assert sum(not row.cells[3] for row in found) == 64


# encodings


@pytest.mark.parametrize(
    ("codec", "found"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16"), ("utf-16-le", "utf-16-le"),
     ("utf-16-be", "utf-16-be"), ("cp1252", "cp1252")],
)  # fmt: skip
def test_encodings_are_found(codec, found):
    text = "name;said\r\nJosé;“Zu spät” – 20 €\r\nAda;fine\r\n"
    shape, read = table(text.encode(codec))
    assert shape.encoding == found
    assert shape.columns == ("name", "said")
    assert read[0].cells == ["José", "“Zu spät” – 20 €"]


def test_latin_1_is_the_last_resort_and_said():
    shape, read = table(b"name,said\nJos\xe9,\x81\nAda,x\n")
    assert shape.encoding == "latin-1"
    assert read[0].cells == ["José", "\x81"]
    assert "not in UTF-8" in shape.notes[0]


def test_a_few_broken_bytes_make_faulty_rows_and_not_another_encoding():
    content = "name,said\n" + "é,ü\n" * 10
    shape, read = table(content.encode() + b"Ada,\xff broken\n")
    assert shape.encoding == "utf-8" and shape.damaged
    assert not any(row.problems for row in read[:-1])
    assert "not UTF-8" in read[-1].problems[0]


def test_an_encoding_may_be_chosen():
    assert cells("a,b\né,1\n".encode("cp1251", "replace").replace(b"?", b"\xe9"), encoding="cp1251") == [["й", "1"]]
    assert "another encoding" in refusal("a,b\n1,2\n", encoding="klingon")
    assert "another encoding" in refusal(b"a,b\n1,2", encoding="utf-16")


def test_utf_16_that_breaks_off_is_refused():
    assert "UTF-16" in refusal("a,b\n1,2\n".encode("utf-16")[:-1])


# separators, headings


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_separators_are_found(delimiter):
    others = "".join({",", ";", "|"} - {delimiter})
    lines = [["a", "b", "c"], ["1", f'"x{delimiter}y"', "z"], ["2", f"p{others}q", "s"], ["3", "", ""]]
    shape, read = table("\n".join(map(delimiter.join, lines)))
    assert shape.delimiter == delimiter
    assert {len(row.cells) for row in read} == {3}


def test_a_spreadsheets_separator_line_is_obeyed_and_not_a_row():
    shape, read = table("sep=|\na|b\n1,2;3,4|x\n")
    assert shape.columns == ("a", "b") and shape.hint_line
    assert [(row.number, row.line, row.cells) for row in read] == [(3, 3, ["1,2;3,4", "x"])]


def test_one_column_is_a_table_too_and_said():
    shape, read = table("what they said\ntoo late\nfine\n")
    assert [row.cells for row in read] == [["too late"], ["fine"]]
    assert "Only one column" in shape.notes[-1]


def test_missing_headings_are_noticed_and_said():
    shape, read = table("2026-01-05,Ada,12\n2026-01-06,Bob,13\n")
    assert not shape.has_header and shape.columns == ("Column 1", "Column 2", "Column 3")
    assert len(read) == 2 and "looks like data" in shape.notes[0]
    assert table("2026-01-05,Ada,12\n2026-01-06,Bob,13\n", has_header=True)[0].columns[1] == "Ada"
    assert not table("Mortgage,open\nMortgage,shut\nLoan,open\n")[0].has_header


@pytest.mark.parametrize(
    "content", ["Received,2024,2025\n2026-01-05,1,2\n", "name,city\nAda,Rome\nBob,Oslo\n", "No,Datum\n1,1.2.2026\n"]
)
def test_headings_are_known(content):
    assert table(content)[0].has_header


def test_blank_and_repeated_headings_get_names():
    shape, _read = table("a,,a,a\n1,2,3,4\n")
    assert shape.columns == ("a", "Column 2", "a (3)", "a (4)")
    assert "has no heading" in shape.notes[0] and "stands twice" in shape.notes[1]


def test_a_shape_survives_json():
    shape, _read = table(",b\n1,2\n")
    assert Shape(**json.loads(json.dumps(shape.as_json()))) == shape


# refusals


def workbook():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n\r\n  \n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (workbook(), "Save it as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500, "Save it as CSV"),
        (b"%PDF-1.7\n%...", "a PDF"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "a picture"),
        (bytes(range(256)) * 40, "not a text file"),
        (b"received,said\r\n", "no rows below"),
        (b"a,b\n" + b"x" * 1_500_000, "characters"),
        (b"x" * 3_000_000, "no table"),
        (b",".join(b"c%d" % n for n in range(600)) + b"\n" + b"," * 599 + b"\n", "more than 500 columns"),
        (b'a,b\n1,"never closed\n2,x\n', "line 2"),
    ],
)  # fmt: skip
def test_files_that_are_no_table_are_refused_in_words(content, words):
    assert words in refusal(content)


def test_a_file_over_the_limit_is_refused(settings):
    settings.IMPORT_MAX_BYTES = 1_000
    assert "at most" in refusal(b"a,b\n" + b"1,2\n" * 400)


def test_an_open_quotation_mark_far_down_is_refused_with_its_line():
    content = "a,b\n" + "1,2\n" * 5_000 + '3,"open\n' + "1,2\n" * 5_000
    assert "line 5002" in refusal(content)


# faulty rows


def test_ragged_rows_are_kept_with_what_is_wrong():
    assert problems("a,b,c\n1,2,3\n1,2\n1,2,3,4\n") == {
        3: ["This row has 2 cells where the headings have 3."],
        4: ["This row has 4 cells where the headings have 3."],
    }
    assert cells("a,b\n1\n2,3\n") == [["1"], ["2", "3"]]


def test_a_cell_of_40000_characters_is_a_faulty_row():
    assert "40,000 characters" in problems(f"a,b\n1,2\n1,{'x' * 40_000}\n")[3][0]
    assert not problems(f"a,b\n1,2\n1,{'x' * 32_000}\n")


def test_a_nul_is_a_faulty_row():
    assert problems("a,b\n" + "1,2\n" * 50 + "1,x\0y\n") == {52: ["“b” holds a NUL character, which cannot be kept."]}


def test_a_quotation_mark_inside_a_quoted_cell_is_a_faulty_row_and_the_rest_goes_on():
    read = table('a,b\n1,"Smith" & Sons\n2,5" pipe\n3,x\n')[1]
    assert [bool(row.problems) for row in read] == [True, False, False]
    assert read[1].cells == ["2", '5" pipe']


def test_rows_are_numbered_as_a_spreadsheet_does_and_lines_as_an_editor_does():
    read = table('a,b\n1,"x\ny\nz"\n\n2,3\n,\n')[1]
    assert [(row.number, row.line) for row in read] == [(2, 2), (4, 6), (5, 7)]
    assert read[2].is_empty and not read[1].is_empty


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_understood(end):
    assert cells(end.join(["a,b", "1,2", "3,4"])) == [["1", "2"], ["3", "4"]]


def test_uploads_are_read_like_paths(tmp_path):
    content = b"a,b\n1,2\n"
    upload = SimpleUploadedFile("x.csv", content)
    (tmp_path / "x.csv").write_bytes(content)
    assert examine(upload) == examine(tmp_path / "x.csv")
    assert [row.cells for row in rows(upload, examine(upload))] == [["1", "2"]]
    assert fingerprint(upload) == fingerprint(tmp_path / "x.csv")
    assert not upload.file.closed


text_cells = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20)


@given(st.lists(st.lists(text_cells, min_size=3, max_size=3), min_size=1, max_size=20))
def test_what_is_written_as_csv_is_read_back_unchanged(table_):
    import csv

    target = io.StringIO(newline="")
    csv.writer(target, quoting=csv.QUOTE_ALL).writerows([["one", "two", "three"], *table_])
    shape = Shape("utf-8", ",", True, ("one", "two", "three"))
    assert [row.cells for row in rows(io.BytesIO(target.getvalue().encode()), shape)] == table_


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_and_never_crash(content):
    try:
        read = table(content)[1]
    except Unreadable as refused:
        assert str(refused)
    else:
        assert all(isinstance(row.cells, list) for row in read)


# dates


@pytest.mark.parametrize(
    ("cell", "key", "wanted"),
    [
        ("2026-01-05", "ymd", date(2026, 1, 5)),
        ("2026/1/5", "ymd", date(2026, 1, 5)),
        ("20260105", "ymd", date(2026, 1, 5)),
        ("2026-01-05T10:11:12Z", "ymd", datetime(2026, 1, 5, 10, 11, 12, tzinfo=UTC)),
        ("2026-01-05 10:11:12.500+02:00", "ymd", datetime(2026, 1, 5, 10, 11, 12, tzinfo=timezone(timedelta(hours=2)))),
        (" 5.1.2026 ", "dmy", date(2026, 1, 5)),
        ("05/01/2026 9:05", "dmy", datetime(2026, 1, 5, 9, 5)),  # noqa: DTZ001
        ("1/5/2026 12:05 AM", "mdy", datetime(2026, 1, 5, 0, 5)),  # noqa: DTZ001
        ("1/5/2026 12:05 p.m.", "mdy", datetime(2026, 1, 5, 12, 5)),  # noqa: DTZ001
        ("5/1/26", "dmy2", date(2026, 1, 5)),
        ("1/5/71", "mdy2", date(1971, 1, 5)),
        ("5-Jan-2026", "dMy", date(2026, 1, 5)),
        ("Mon, 5th January 2026", "dMy", date(2026, 1, 5)),
        ("January 5, 2026", "Mdy", date(2026, 1, 5)),
        ("", "ymd", None),
    ],
)  # fmt: skip
def test_dates_are_read_as_written(cell, key, wanted):
    assert read_date(cell, key) == wanted


@pytest.mark.parametrize(
    ("cell", "key", "words"),
    [
        ("29/02/2025", "dmy", "there is no 29 February 2025"),
        ("2/29/2025", "mdy", "there is no 29 February 2025"),
        ("2025-02-29", "ymd", "there is no 29 February 2025"),
        ("31/04/2026", "dmy", "there is no 31 April 2026"),
        ("13/25/2026", "dmy", "month 25"),
        ("next week", "dmy", "is not a date written as day/month/year, such as 31/12/2026"),
        ("2026-1-5 25:00", "ymd", "time that does not exist"),
        ("1/5/2026 13:05 PM", "mdy", "time that does not exist"),
        ("1/1/0025", "mdy", "between 1900 and 2200"),
        ("5 Foo 2026", "dMy", "is not a date"),
    ],
)  # fmt: skip
def test_dates_that_do_not_exist_are_said_in_plain_words(cell, key, words):
    with pytest.raises(Misread) as caught:
        read_date(cell, key)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("column", "candidates", "misfits"),
    [
        (["7/29/2013", "8/1/2013"], ("mdy",), 0),
        (["29/7/2013", "1/8/2013", ""], ("dmy",), 0),
        (["3/4/2026", "5/6/2026"], ("dmy", "mdy"), 0),
        (["3.4.2026", "05.06.2026"], ("dmy",), 0),
        (["3/4/26", "5/6/26"], ("dmy2", "mdy2"), 0),
        (["2026-01-05", "2026-02-30"], ("ymd",), 0),
        (["29/02/2025", "13/01/2025"], ("dmy",), 0),
        (["2026-01-05"] * 9 + ["soon"], ("ymd",), 1),
        (["Mortgage", "2026-01-05", "Loan"], (), 3),
        (["12345", "10014"], (), 2),
        ([], (), 0),
    ],
)  # fmt: skip
def test_the_way_of_writing_dates_is_guessed_from_the_whole_column(column, candidates, misfits):
    guess = guess_dates(column)
    assert (guess.candidates, guess.misfits) == (candidates, misfits)
    assert guess.is_ambiguous == (len(candidates) > 1)
    assert bool(guess.best) == (len(candidates) == 1)


@given(
    st.dates(date(1900, 1, 1), date(2200, 12, 31)), st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d", "%d %B %Y"])
)
def test_written_dates_are_among_the_guesses_and_read_back(day, pattern):
    text = day.strftime(pattern) if day.year >= 1000 else day.isoformat()
    assert day in {read_date(text, key) for key in guess_dates([text]).candidates}


# numbers, yes and no


@pytest.mark.parametrize(
    ("cell", "key", "wanted"),
    [("1,234.56", "point", "1234.56"), ("1.234,56", "comma", "1234.56"), ("1 234,5", "comma", "1234.5"),
     ("-12", "point", "-12"), ("−12", "point", "-12"), ("€ 12.50", "point", "12.50"),
     ("12 %", "comma", "12"), ("1'234.5", "point", "1234.5")],
)  # fmt: skip
def test_numbers_are_read_exactly(cell, key, wanted):
    assert read_number(cell, key) == Decimal(wanted)


@pytest.mark.parametrize("cell", ["1e308", "inf", "NaN", "1,23,4.5", "twelve", "9" * 16, "--1"])
def test_what_is_no_number_that_fits_is_said(cell):
    with pytest.raises(Misread):
        read_number(cell, "point")


def test_the_way_of_writing_numbers_is_guessed():
    assert guess_numbers(["1,5", "2,25"]).best == "comma"
    assert guess_numbers(["1.5", "2.25"]).best == "point"
    assert guess_numbers(["1,234", "5,678"]).is_ambiguous
    assert guess_numbers(["1", "22"]).best == "point"
    assert guess_numbers(["Ada", "1"]).candidates in ((), ("point",))


def test_yes_and_no_in_several_languages():
    assert [read_yes_no(word) for word in ("Yes", "nein", "N/A", "", "Oui", "0")] == [
        True,
        False,
        None,
        None,
        True,
        False,
    ]
    assert is_yes_no(["Yes", "No", "", "N/A"]) and not is_yes_no(["Yes", "Maybe"]) and not is_yes_no(["", "N/A"])
    with pytest.raises(Misread, match="neither yes nor no"):
        read_yes_no("perhaps")


# columns


def field(key, *synonyms):
    return SimpleNamespace(key=key, label=key.replace("_", " "), synonyms=synonyms)


def test_columns_are_matched_by_their_headings():
    fields = [
        field("received_on", "date received", "received", "opendate"),
        field("answered_on", "date sent to company", "answered"),
        field("customer", "company"),
        field("product"),
        field("subject", "issue", "complaint type"),
    ]
    columns = ("Date received", "Product", "Sub-product", "Issue", "Sub-issue", "Company", "Date sent to company",
               "Company response to consumer")  # fmt: skip
    assert guess_columns(columns, fields) == {
        "received_on": "Date received", "answered_on": "Date sent to company", "customer": "Company",
        "product": "Product", "subject": "Issue",
    }  # fmt: skip
    assert guess_columns(("opendate", "complaint_type"), fields) == {
        "received_on": "opendate",
        "subject": "complaint_type",
    }


def test_a_column_whose_cells_do_not_fit_is_not_matched():
    refused = guess_columns(
        ("received", "date_received"), [field("received_on", "received")], lambda one, column: column != "received"
    )
    assert refused == {"received_on": "date_received"}


def test_headings_are_split_into_words():
    assert guessing.words_of("dateReceived_ON (UTC)?") == ("date", "received", "on", "utc")


def test_the_row_limit_is_above_the_cell_limit():
    assert reading.LONGEST_ROW > reading.LONG_TEXT
