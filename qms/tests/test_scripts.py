"""The small scripts in a real browser, under the product's own content policy."""

from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
from csp.utils import build_policy
from django.template import Context, Engine

from kpis import xmr
from records import charts

pytestmark = pytest.mark.browser

STATIC = Path(__file__).resolve().parent.parent.parent / "static"
HOME = "https://heed.test/"
CUSTOMERS = [
    {"value": "CU-2026-0001", "label": "Halden Water", "hint": "Utilities"},
    {"value": "CU-2026-0002", "label": "Halden Søn", "hint": ""},
]
CONTENT = """
{% extends "base.html" %}{% load heed %}
{% block title %}Try{% endblock %}
{% block heading %}<h1>Try</h1>{% endblock %}
{% block actions %}<a class="btn" href="#new" data-key="n">Record</a>
<a class="btn" href="#ask" data-opens="ask">Void</a>{% endblock %}
{% block content %}
  <form id="entry" method="post" action="/save/" data-draft-url="/draft/">
    <label for="name">Which customer?</label>
    <input class="in" id="name" name="customer_name" data-combobox data-url="/options/" data-target="customer">
    <input type="hidden" name="customer">
    <label for="owner">Owner</label>
    <select class="in" id="owner" name="owner" data-combobox>
      <option value=""></option><option value="7">Tom Mbeki</option><option value="8">Lena Sund</option>
    </select>
    <textarea class="in" name="words" aria-label="Words"></textarea>
    <button class="btn" type="submit">Save</button>
    <span role="status" data-draft-status data-words="Draft kept, {time}" data-failed="Not kept"></span>
  </form>
  {% include "components/xmr_chart.html" with chart=chart ident="k" title="On time" only %}
  {% include "components/dialog.html" with ident="ask" title="Void it?" action="/void/" verb="Void it" token="t" only %}
{% endblock %}
"""


def analysis():
    return xmr.analyse([Decimal(90 + i % 3) for i in range(14)], higher_is_better=True, target=Decimal(95))


@pytest.fixture
def heed(page):
    """`open(**context)` shows the page; `sent` lists what it posted; `faults` what the browser complained of."""
    sent, faults = [], []
    policy = build_policy()

    def answer(route, request):
        path = urlsplit(request.url).path
        if path.startswith("/static/"):
            return route.fulfill(path=STATIC / path.removeprefix("/static/"))
        if path == "/options/":
            typed = parse_qs(urlsplit(request.url).query).get("q", [""])[0].lower()
            return route.fulfill(json=[one for one in CUSTOMERS if typed in one["label"].lower()])
        if request.method == "POST":
            sent.append((path, request.post_data or ""))
            return route.fulfill(json={"saved_at": "now"}) if path == "/draft/" else route.fulfill(status=204)
        return route.fulfill(body=page.html, content_type="text/html", headers={"Content-Security-Policy": policy})

    def open_page(**context):
        user = SimpleNamespace(initials="TM", email="tom@calder.example", **context.pop("user", {}))
        chart = charts.xmr_chart(analysis(), href=lambda i: f"#p{i}", title=lambda i: f"Week {i}")
        template = Engine.get_default().from_string(CONTENT)
        page.html = template.render(Context({"user": user, "chart": chart, "nav": [], "menu": [], **context}))
        page.goto(HOME)

    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    page.route(f"{HOME}**", answer)
    yield SimpleNamespace(open=open_page, page=page, sent=sent)
    assert faults == []


def focused(page):
    return page.evaluate("document.activeElement.id || document.activeElement.name")


def test_slash_goes_to_search_and_n_to_recording(heed):
    heed.open()
    heed.page.keyboard.press("/")
    assert focused(heed.page) == "q"
    heed.page.evaluate("document.activeElement.blur()")
    heed.page.keyboard.press("n")
    assert heed.page.url == f"{HOME}#new"


def test_keys_do_nothing_while_typing_or_when_switched_off(heed):
    heed.open()
    heed.page.locator("textarea").press_sequentially("n/?")
    assert heed.page.locator("textarea").input_value() == "n/?"
    assert heed.page.url == HOME
    heed.open(user={"shortcuts_on": False})
    heed.page.keyboard.press("n")
    heed.page.keyboard.press("?")
    assert heed.page.url == HOME
    assert not heed.page.locator("#shortcuts").is_visible()


def test_question_mark_lists_the_keys(heed):
    heed.open()
    heed.page.keyboard.press("?")
    assert heed.page.locator("#shortcuts").is_visible()
    heed.page.keyboard.press("Escape")
    assert not heed.page.locator("#shortcuts").is_visible()


def test_type_ahead_is_chosen_with_the_keyboard_and_typing_on_undoes_the_choice(heed):
    heed.open()
    field, target = heed.page.locator("#name"), heed.page.locator("[name=customer]")
    field.press_sequentially("hal")
    heed.page.wait_for_selector("[role=option]")
    assert field.get_attribute("aria-expanded") == "true"
    assert heed.page.locator("[role=option]:visible").count() == 2
    heed.page.keyboard.press("ArrowDown")
    assert heed.page.locator("[role=option][aria-selected=true]").inner_text() == "Halden Søn"
    heed.page.keyboard.press("Enter")
    assert (field.input_value(), target.input_value()) == ("Halden Søn", "CU-2026-0002")
    assert focused(heed.page) == "name"
    assert heed.sent == []  # Enter chose; it did not send the form
    field.press_sequentially("x")
    assert target.input_value() == ""


def test_tab_takes_the_proposed_option_and_escape_none(heed):
    heed.open()
    field, target = heed.page.locator("#name"), heed.page.locator("[name=customer]")
    field.press_sequentially("water")
    heed.page.wait_for_selector("[role=option]")
    heed.page.keyboard.press("Escape")
    assert heed.page.locator("[role=option]:visible").count() == 0
    assert target.input_value() == ""
    heed.page.keyboard.press("ArrowDown")
    heed.page.wait_for_selector("[role=option]:visible")
    heed.page.keyboard.press("Tab")
    assert target.input_value() == "CU-2026-0001"


def test_select_becomes_a_type_ahead_and_keeps_its_value(heed):
    heed.open()
    heed.page.get_by_role("combobox", name="Owner").press_sequentially("lena")
    heed.page.wait_for_selector("[role=option]:visible")
    heed.page.keyboard.press("Enter")
    assert heed.page.locator("select[name=owner]").input_value() == "8"


def test_control_and_enter_saves_once_however_often_it_is_pressed(heed):
    heed.open()
    heed.page.locator("textarea").fill("Late again")
    for _press in range(3):
        heed.page.keyboard.press("Control+Enter")
    heed.page.wait_for_timeout(300)
    assert [path for path, _body in heed.sent] == ["/save/"]


def test_draft_is_kept_a_moment_after_the_typing_stops(heed):
    heed.open()
    heed.page.locator("textarea").press_sequentially("Late again")
    heed.page.get_by_text("Draft kept, ").wait_for()
    assert [path for path, _body in heed.sent] == ["/draft/"]
    assert "Late again" in heed.sent[0][1]


def test_chart_is_one_stop_and_says_the_point_in_words(heed):
    heed.open()
    assert heed.page.locator('svg a[tabindex="0"]').count() == 1
    heed.page.locator('svg a[tabindex="0"]').focus()
    heed.page.keyboard.press("ArrowLeft")
    assert heed.page.locator("[data-readout]").inner_text() == "Week 12"
    heed.page.keyboard.press("Home")
    heed.page.keyboard.press("Enter")
    assert heed.page.url == f"{HOME}#p0"


def test_dialog_opens_from_its_link_and_closes(heed):
    heed.open()
    heed.page.get_by_role("link", name="Void").click()
    assert heed.page.locator("#ask").is_visible()
    heed.page.get_by_role("button", name="Not yet").click()
    assert not heed.page.locator("#ask").is_visible()


def test_message_goes_after_ten_seconds_but_an_error_stays(heed):
    said = [SimpleNamespace(level_tag=level, extra_tags="") for level in ("success", "error")]
    heed.page.clock.install()
    heed.open(messages=said)
    assert heed.page.locator("[data-toast]").count() == 2
    heed.page.clock.fast_forward(9_000)
    assert heed.page.locator("[data-toast]").count() == 2
    heed.page.clock.fast_forward(2_000)
    assert heed.page.locator("[data-toast]").count() == 1
    heed.page.get_by_role("button", name="Dismiss").click()
    assert heed.page.locator("[data-toast]").count() == 0


def test_pointing_at_a_message_keeps_it(heed):
    heed.page.clock.install()
    heed.open(messages=[SimpleNamespace(level_tag="success", extra_tags="")])
    heed.page.locator("[data-toast]").hover()
    heed.page.clock.fast_forward(30_000)
    assert heed.page.locator("[data-toast]").count() == 1


def test_menu_closes_on_escape_and_gives_the_focus_back(heed):
    heed.open()
    heed.page.locator(".topbar summary").click()
    heed.page.keyboard.press("Escape")
    assert not heed.page.locator(".topbar details").evaluate("menu => menu.open")
    assert heed.page.evaluate("document.activeElement.tagName") == "SUMMARY"


@pytest.mark.parametrize("width", [1440, 320])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_shell_never_scrolls_sideways(heed, width, colours):
    heed.page.set_viewport_size({"width": width, "height": 900})
    heed.page.emulate_media(color_scheme=colours)
    heed.open()
    assert heed.page.evaluate("document.documentElement.scrollWidth") == width
    paper = heed.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(241, 243, 240)", "dark": "rgb(15, 21, 25)"}[colours]


def test_choice_of_colours_wins_over_the_system(heed):
    heed.page.emulate_media(color_scheme="dark")
    heed.open(user={"theme": "light"})
    assert heed.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(241, 243, 240)"
