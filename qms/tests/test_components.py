"""Each part of `templates/components/` in its states, and the pages that stand when all else fails."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template.loader import get_template, render_to_string

from kpis import xmr
from records import charts

FOLDER = Path(__file__).resolve().parent.parent.parent / "templates" / "components"
VOID = {"br", "img", "input", "link", "meta", "hr"}
ENTRY = {"label": "Feedback", "url": "/feedback/", "icon": "inbox", "is_current": True, "count": 7}
MESSAGE = SimpleNamespace(level_tag="success", extra_tags="undo:/feedback/FB-2026-0001/void/")
ITEM = {"icon": "note", "who": "Tom Mbeki", "what": "wrote a note", "text": "Twice missed.", "audience": "internal"}
VERDICT = {"kind": "worse", "direction": "down", "words": "Lower than usual", "code": "hit_and_miss"}
MARKED = SimpleNamespace(name="Tom Mbeki", email="tom@calder.example", initials="TM")


class Balanced(HTMLParser):
    """Holds that every element that opens closes, in order."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()


def analysis(count=14):
    values = [Decimal(90 + i % 3) for i in range(count - 3)] + [Decimal(70)] * 3
    return xmr.analyse(values, higher_is_better=True, target=Decimal(95))


CHECK = SimpleNamespace(is_sound=True, size=1204, ended_at=datetime(2026, 11, 18, 10, tzinfo=UTC))
BAR = {
    "day": "2026-11-18",
    "typed": "",
    "last": "2026-11-22",
    "kept": [("state", "open")],
    "present_url": "?state=open",
}


def render(component, /, **values):
    html = render_to_string(f"components/{component}.html", values)
    parser = Balanced()
    parser.feed(html)
    assert parser.open == []
    assert "{{" not in html and "{%" not in html and "None" not in html
    return html


CASES = {
    "_level_lines": {"lines": [], "look": "mean"},
    "_moving_range": lambda: {"panel": charts.xmr_chart(analysis()).mr},
    "_xmr_panel": lambda: {"panel": charts.xmr_chart(analysis()), "ident": "kpi", "title": "On time"},
    "account_menu": {"user": MARKED, "menu": [ENTRY], "sign_out_url": "/accounts/logout/", "token": "t"},
    "as_of": {"as_of": datetime(2026, 11, 18, 10, 12, tzinfo=UTC), "bar": BAR, "auditor": True, "check": CHECK},
    "assurance": {"code": "reliably_met", "words": "Reliably met", "note": "trial limits"},
    "auditor": {"check": CHECK},
    "bars": lambda: {
        "chart": charts.bars([("Delivery", 38, 22, "worse", "/x/"), ("Price", 2, None, "", "")]),
        "label": "B",
    },
    "chips": {"label": "Views", "entries": [{"label": "Late", "url": "?late=1", "is_current": True, "count": 12}]},
    "clock": {"state": "overdue", "words": "Overdue by 1 working day", "small": True},
    "crumbs": {"entries": [{"label": "Feedback", "url": "/feedback/"}, {"label": "FB-2026-0001", "url": ""}]},
    "date_bar": {"bar": BAR, "label": "As of…"},
    "dialog": {
        "ident": "d",
        "title": "Void it?",
        "text": "It stays in the trail.",
        "action": "/x/",
        "verb": "Void it",
        "token": "t",
    },
    "empty": {"icon": "inbox", "title": "No feedback yet", "text": "Begin.", "url": "/x/", "label": "Record feedback"},
    "error_summary": {"errors": [{"text": "Choose a customer", "href": "#id_customer"}, {"text": "Nothing saved"}]},
    "filter_bar": lambda: {
        "form": forms_of_a_filter(),
        "active": [{"label": "Kind", "value": "Praise", "url": "?"}],
        "clear_url": "/feedback/",
    },
    "head": {},
    "legend": {"neutral": True},
    "mark": {},
    "nav_entry": {"entry": ENTRY},
    "progress": {
        "label": "orders.csv",
        "value": 3180,
        "maximum": 4212,
        "words": "3,180 of 4,212 rows",
        "spoken": "Three quarters",
    },
    "promise": {"kind": "bad", "lead": "A complaint starts a clock.", "text": "We answer by Monday."},
    "quote": {"text": "The meter is superb.", "source": "Halden Water", "url": "/feedback/FB-2026-0001/"},
    "shortcuts": {"url": "/me/"},
    "signal": {"kind": "worse", "direction": "down", "words": "Worse, falling"},
    "sort_header": {"label": "Received", "url": "?sort=-received_on", "order": "descending"},
    "sparkline": lambda: {"chart": charts.sparkline(analysis())},
    "stepper": {"steps": [{"label": "Received", "state": "done"}, {"label": "Answer, overdue", "state": "late"}]},
    "tab": {"entry": ENTRY},
    "tag": {"text": "Major", "kind": "bad", "icon": "flag"},
    "tile": lambda: {
        "name": "On time",
        "url": "/kpis/x/",
        "value": "92.4",
        "unit": "%",
        "target": "at least 95 %",
        "chart": charts.sparkline(analysis()),
        "variation": VERDICT,
        "assurance": VERDICT,
    },
    "timeline": {"items": [ITEM | {"at": date(2026, 11, 18)}]},
    "timeline_item": {"item": ITEM | {"at": datetime(2026, 11, 18, 10, 12, tzinfo=UTC)}},
    "toasts": {"messages": [MESSAGE], "token": "t"},
    "xmr_chart": lambda: {
        "chart": charts.xmr_chart(analysis(), href=lambda i: f"?period={i}"),
        "ident": "k",
        "title": "T",
    },
    "trail_state": {"check": CHECK},
}


def forms_of_a_filter():
    from django import forms

    class KindFilter(forms.Form):
        kind = forms.ChoiceField(choices=[("", "any"), ("praise", "Praise")], required=False)

    return KindFilter({})


@pytest.mark.parametrize("name", sorted(CASES))
def test_component_renders_as_sound_html(name):
    values = CASES[name]
    assert render(name, **(values() if callable(values) else values))


def test_no_component_is_left_out():
    assert {path.stem for path in FOLDER.glob("*.html")} == set(CASES)


def test_every_component_says_what_it_takes():
    assert [path.name for path in FOLDER.glob("*.html") if not path.read_text(encoding="utf-8").startswith("{#")] == []


@pytest.mark.parametrize("kind, shape", [("better", "<circle"), ("worse", "M12 .5L23.5 12"), ("common", "<circle")])
def test_worse_has_another_shape_than_better(kind, shape):
    html = render("signal", kind=kind, direction="up", words="Words")
    assert shape in html
    assert "Words" in html


@pytest.mark.parametrize("code", ["reliably_met", "hit_and_miss", "will_keep_missing", "no_target", "too_few"])
def test_assurance_is_always_square(code):
    assert "<rect" in render("assurance", code=code, words="Words")


def test_points_of_a_chart_open_their_records_and_say_what_they_are():
    chart = charts.xmr_chart(analysis(), href=lambda i: f"?period={i}", title=lambda i: f"Week {i}: 90 %")
    html = render("xmr_chart", chart=chart, ident="k", title="Deliveries slip")
    assert '<a href="?period=13" aria-label="Week 13: 90 %">' in html
    assert 'role="group" aria-labelledby="k-t" aria-describedby="k-d"' in html
    assert "All figures are in the table." in html


def test_chart_without_links_is_one_picture():
    html = render("xmr_chart", chart=charts.xmr_chart(analysis()), ident="k", title="Deliveries slip")
    assert html.count('role="img"') == 2


def test_tile_without_a_figure_says_so():
    assert "no data" in render("tile", name="On time", url="/x/", value=None, variation=VERDICT, assurance=VERDICT)


def test_progress_of_unknown_length_claims_no_share():
    html = render("progress", label="orders.csv", value=0, maximum=0, words="Waiting")
    assert "aria-valuenow" not in html and "<rect" not in html


def test_words_of_a_customer_cannot_become_markup():
    assert "<script" not in render("quote", text="<script>alert(1)</script>", source="x")


def test_undo_of_a_message_is_a_button_that_posts():
    html = render("toasts", messages=[MESSAGE], token="t0ken")
    assert '<form method="post" action="/feedback/FB-2026-0001/void/">' in html
    assert 'value="t0ken"' in html


@pytest.mark.parametrize("name", ["400.html", "500.html"])
def test_page_of_last_resort_needs_no_context(name):
    html = get_template(name).render()
    assert html.count("<h1>") == 1
    assert html.count("<title>") == 1


@pytest.mark.parametrize("name", ["403.html", "404.html"])
def test_visitors_see_errors_without_the_menu(name, rf):
    request = rf.get("/nowhere/")
    request.user = AnonymousUser()
    html = get_template(name).render({"exception": ""}, request)
    assert 'class="rail"' not in html
    assert html.count("<h1>") == 1


def test_shell_has_landmarks_skip_link_and_one_way_out():
    user = SimpleNamespace(theme="dark", density="compact", shortcuts_on=False, initials="TM", email="t@x.example")
    nav = [{"label": "Listen", "entries": [ENTRY]}]
    html = render_to_string(
        "base.html", {"user": user, "nav": nav, "tabs": [ENTRY], "menu": [ENTRY], "unread_count": 2}
    )
    assert re.search(r'<html lang="[\w-]+" data-theme="dark" data-density="compact" data-shortcuts="off">', html)
    assert '<a class="skip" href="#m">' in html and '<main class="main" id="m"' in html
    assert html.count("<main") == 1
    assert 'aria-current="page"' in html
    assert '"allowEval": false' in html and '"includeIndicatorStyles": false' in html
