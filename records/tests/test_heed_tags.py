"""The tags and filters every template may use."""

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.http import QueryDict
from django.template import Context, Template
from django.utils import timezone, translation

from records.templatetags import heed


def render(text, **context):
    return Template("{% load heed %}" + text).render(Context(context))


def asked(text):
    return SimpleNamespace(GET=QueryDict(text))


def test_icon_is_decorative_and_comes_from_the_sprite():
    html = render('{% icon "flag" %}{% icon "flag" "s" %}')
    assert html.count('aria-hidden="true"') == 2
    assert "icons.svg#flag" in html
    assert 'class="i i-s"' in html


def test_icon_name_cannot_break_out_of_its_attribute():
    assert '"><b' not in render("{% icon name %}", name='x"><b>')


def test_sprite_knows_the_icons_of_the_menu():
    assert {"home", "inbox", "flag", "users", "chart-line"} <= heed.icon_names()


def test_avatar_shows_initials_and_nobody_is_a_dash():
    assert "TM" in render('{% avatar person "s o" %}', person=SimpleNamespace(initials="TM"))
    assert "–" in render("{% avatar person %}", person=None)


def test_query_changes_one_parameter_and_keeps_the_others():
    assert heed.query({"request": asked("kind=complaint&sort=name")}, sort="-name") == "?kind=complaint&sort=-name"


def test_query_drops_what_is_none_or_empty():
    assert heed.query({"request": asked("kind=complaint&q=x")}, kind=None, q="") == "?"


def test_query_starts_again_at_the_first_page_unless_told_otherwise():
    context = {"request": asked("page=4&after=abc&kind=praise")}
    assert heed.query(context, sort="name") == "?kind=praise&sort=name"
    assert heed.query(context, page=5) == "?kind=praise&page=5"


def test_query_repeats_a_list_and_escapes_what_was_typed():
    assert heed.query({"request": asked("")}, kind=["a", "b"]) == "?kind=a&kind=b"
    assert heed.query({"request": asked("q=a%26b")}, x=1) == "?q=a%26b&x=1"


@pytest.mark.parametrize(
    "value, shown",
    [
        (date(2026, 11, 18), "Wed 18 Nov 2026"),
        (datetime(2026, 11, 18, 10, 12, tzinfo=UTC), "Wed 18 Nov 2026"),
        (None, ""),
        ("2026-11-18", ""),
    ],
)
def test_day_names_weekday_and_year(value, shown):
    assert heed.day(value) == shown


def test_short_day_leaves_out_this_year_only():
    assert heed.day(timezone.localdate().replace(month=3, day=2), "short") == "2 Mar"
    assert heed.day(date(2019, 3, 2), "short") == "2 Mar 2019"


def test_moment_is_in_the_time_zone_of_the_reader():
    with timezone.override("Europe/Paris"):
        assert heed.moment(datetime(2026, 11, 18, 23, 30, tzinfo=UTC)) == "Thu 19 Nov 2026, 00:30"
        assert heed.day(datetime(2026, 11, 18, 23, 30, tzinfo=UTC)) == "Thu 19 Nov 2026"
    assert heed.moment(date(2026, 11, 18)) == "Wed 18 Nov 2026"
    assert heed.moment(None) == ""


@pytest.mark.parametrize(
    "value, places, shown",
    [
        (12171, None, "12,171"),
        (0, None, "0"),
        (Decimal("1234.56"), 1, "1,234.6"),
        (Decimal("99.95"), 0, "100"),
        (0.1, None, "0.1"),
        (None, None, ""),
    ],
)
def test_number_separates_thousands(value, places, shown):
    with translation.override("en-gb"):
        assert heed.number(value, places) == shown


def test_undo_is_offered_only_for_a_path_of_this_house():
    def tagged(tags):
        return SimpleNamespace(extra_tags=tags)

    assert heed.undo_url(tagged("undo:/feedback/FB-2026-0001/void/")) == "/feedback/FB-2026-0001/void/"
    assert heed.undo_url(tagged("undo:https://elsewhere.example/")) == ""
    assert heed.undo_url(tagged("undo://elsewhere.example/")) == ""
    assert heed.undo_url(tagged(None)) == ""
