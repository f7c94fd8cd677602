"""What may come in as text, number, date, JSON and request, and what is refused."""

import json
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.db import DataError
from django.http import HttpResponse, QueryDict
from django.test import RequestFactory
from django.utils import timezone

from records.middleware import BadInputMiddleware
from records.text import CleanTextMixin, clean_day, clean_number, clean_query, clean_text, parse_json

SURROGATE = "\ud800"


class Words(CleanTextMixin, forms.Form):
    name = forms.CharField(max_length=20, required=False)
    said = forms.CharField(widget=forms.Textarea, required=False)
    mail = forms.EmailField(required=False)
    day = forms.DateField(required=False)
    moment = forms.DateTimeField(required=False)
    extra = forms.JSONField(required=False)


def errors_of(**given):
    return Words(given).errors.get_json_data()


@pytest.mark.shared
def test_naughty_strings_survive_unchanged(shared):
    naughty = json.loads((shared / "data/oracles/naughty/blns.json").read_text())
    assert not [text for text in naughty if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text)]
    for text in naughty:
        assert clean_text(text) == unicodedata.normalize("NFC", text) == text
        form = Words({"said": text})
        assert form.is_valid(), (text, form.errors)
        assert form.cleaned_data["said"] == (text if text.strip() else "")


def test_text_is_composed_but_neither_trimmed_nor_folded():
    assert clean_text("  Cafe\u0301 ﬁne²\t\n") == "  Café ﬁne²\t\n"


@pytest.mark.parametrize("bad", ["a\0b", f"a{SURROGATE}b", "\udfff"])
def test_what_cannot_be_stored_is_refused_with_its_place(bad):
    with pytest.raises(ValidationError) as caught:
        clean_text(bad)
    assert f"position {2 if len(bad) == 3 else 1}" in caught.value.messages[0]


def test_too_long_is_refused_and_never_cut():
    assert clean_text("é" * 200, max_length=200) == "é" * 200
    with pytest.raises(ValidationError) as caught:
        clean_text("x" * 40_000)
    assert caught.value.messages == ["This has 40,000 characters; at most 32,000 can be kept. Please shorten it."]


def test_length_is_counted_after_composition():
    assert clean_text("e\u0301" * 200, max_length=200) == "é" * 200


@pytest.mark.parametrize("bad", ["two\nlines", "two\rlines", "Subject: x\r\nBcc: y"])
def test_a_line_break_is_refused_where_one_line_is_asked(bad):
    with pytest.raises(ValidationError):
        clean_text(bad, multiline=False)
    assert clean_text(bad) == bad


@pytest.mark.parametrize("field", ["name", "said", "mail", "extra"])
@pytest.mark.parametrize("bad", ["a\0b", f"a{SURROGATE}b"])
def test_a_form_names_the_field_that_holds_the_fault(field, bad):
    given = {field: json.dumps(bad) if field == "extra" else f"{bad}@example.org" if field == "mail" else bad}
    assert list(errors_of(**given)) == [field]


def test_a_form_keeps_outer_spaces_of_long_texts_and_puts_back_line_ends():
    form = Words({"said": "  first\r\nsecond  ", "name": "  Ada  "})
    assert form.is_valid()
    assert form.cleaned_data["said"] == "  first\nsecond  "
    assert form.cleaned_data["name"] == "Ada"


def test_a_long_text_of_spaces_only_counts_as_missing():
    form = Words({"said": " \r\n "})
    form.fields["said"].required = True
    assert form.errors.get_json_data()["said"][0]["code"] == "required"


def test_a_form_refuses_300_characters_where_20_are_kept():
    assert errors_of(name="x" * 300)["name"]


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "2201-01-01", "9999-12-31"])
def test_days_outside_1900_to_2200_are_refused(day):
    assert errors_of(day=day)["day"]
    assert errors_of(moment=f"{day} 12:00")["moment"]
    with pytest.raises(ValidationError):
        clean_day(date.fromisoformat(day))


def test_first_and_last_day_are_accepted():
    assert not errors_of(day="1900-01-01", moment="2200-12-31 12:00")
    assert clean_day(datetime(2200, 12, 31, 23, tzinfo=UTC)).hour == 23


@pytest.mark.parametrize("moment", ["2026-03-29 01:30", "2026-10-25 01:30"])
def test_an_hour_lost_or_repeated_by_the_clock_change_is_explained(moment):
    with timezone.override(ZoneInfo("Europe/London")):
        [fault] = errors_of(moment=moment)["moment"]
    assert "clocks change" in fault["message"]


@pytest.mark.parametrize(
    "bad", ["inf", "NaN", "-Infinity", float("inf"), "1e308", 1e308, 2**60, "9" * 5_000, "twelve", ""]
)
def test_numbers_must_be_finite_and_fit(bad):
    with pytest.raises(ValidationError):
        clean_number(bad)


def test_numbers_come_back_exact():
    assert clean_number("0.1") == Decimal("0.1")
    assert clean_number(-12) == -12
    assert clean_number("999999999999999") == 999999999999999
    assert clean_number("0e500") == 0


@pytest.mark.parametrize(
    "bad",
    [
        "[" * 100_000,
        '{"a": 1e999}',
        '{"a": NaN}',
        '["\\u0000"]',
        '["\\ud800"]',
        "{",
        "[" * 30 + "]" * 30,
        " " * 1_000_001,
    ],
)
def test_json_that_cannot_be_kept_is_refused(bad):
    with pytest.raises(ValidationError):
        parse_json(bad)


def test_json_comes_back_as_it_is():
    assert parse_json('{"a": [1, "é", null, true, 1.5]}') == {"a": [1, "é", None, True, 1.5]}
    with pytest.raises(ValidationError):
        parse_json(b"\xff\xff{}{}")


def test_a_query_is_cleaned_and_capped():
    assert clean_query(QueryDict("q=Cafe%CC%81&q=2&page=3")).getlist("q") == ["Café", "2"]
    for bad in ("q=%00", "%00=1", f"q={'x' * 1_001}", "&".join(f"a={n}" for n in range(301))):
        with pytest.raises(ValidationError):
            clean_query(QueryDict(bad))


# the middleware, around a view that does as it is told


def answer(request, *, raising=None):
    def view(_request):
        if raising:
            raise raising
        return HttpResponse("fine")

    middleware = BadInputMiddleware(lambda given: middleware.process_view(given, view, (), {}) or view(given))
    try:
        return middleware(request)
    except Exception as fault:
        response = middleware.process_exception(request, fault)
        if response is None:
            raise
        return response


factory = RequestFactory()


@pytest.mark.parametrize(
    "request_",
    [
        factory.get("/feedback/a%00b/"),
        factory.get("/feedback/", QUERY_STRING="q=%00"),
        factory.get("/feedback/", QUERY_STRING="q=%ED%A0%80"),
        factory.get("/feedback/", QUERY_STRING="q=%FF"),
        factory.get("/feedback/", QUERY_STRING="%00=1"),
        factory.get("/feedback/", headers={"cookie": 'sessionid="\\000abc"'}),
        factory.post("/feedback/", {"na\0me": "x"}),
        factory.post("/feedback/", "na%00me=x", content_type="application/x-www-form-urlencoded"),
        factory.post("/feedback/", "said=%ED%A0%80", content_type="application/x-www-form-urlencoded"),
        factory.post("/feedback/", b"said=\xff", content_type="application/x-www-form-urlencoded"),
    ],
)
def test_a_damaged_request_is_answered_400_in_words(request_):
    response = answer(request_)
    assert response.status_code == 400
    assert len(response.content) > 30


@pytest.mark.parametrize(
    "request_",
    [
        factory.get("/feedback/", QUERY_STRING="q=Caf%C3%A9+%F0%9F%98%80"),
        factory.get("/kunden/Käfer/"),
        factory.post("/feedback/", {"said": "naïve\r\n"}),
        factory.post("/feedback/", "said=na%C3%AFve+text", content_type="application/x-www-form-urlencoded"),
    ],
)
def test_an_ordinary_request_passes(request_):
    assert answer(request_).content == b"fine"


@pytest.mark.parametrize(
    "fault",
    [
        DataError("value too long"),
        OverflowError("int too large"),
        RecursionError(),
        UnicodeEncodeError("utf-8", SURROGATE, 0, 1, "surrogates not allowed"),
        ValueError("A string literal cannot contain NUL (0x00) characters."),
    ],
)
def test_what_storage_refuses_is_answered_400_and_logged(fault, caplog):
    response = answer(factory.get("/feedback/"), raising=fault)
    assert response.status_code == 400
    assert "input refused at GET '/feedback/'" in caplog.text


def test_other_faults_are_left_to_be_seen():
    with pytest.raises(ValueError, match="our own mistake"):
        answer(factory.get("/feedback/"), raising=ValueError("our own mistake"))
