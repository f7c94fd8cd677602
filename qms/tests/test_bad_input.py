"""Whatever is typed, pasted or made up, into any address and any form: an answer in words, never a server error."""

import html
import json
from itertools import cycle
from urllib.parse import quote

import pytest
from django.urls import resolve

from qms.tests.rights import ADMIN, PAGES, QUALITY
from qms.tests.visiting import Visitor, forms_on, path_of
from records.filters import PAGE_PARAMETERS

pytestmark = pytest.mark.django_db

# Refused for every page, before anything looks at them.
UNREADABLE = {"NUL": "%00", "half a pair": "%ED%A0%80", "not UTF-8": "%FF%FE"}
MANY = "1" + "0" * 30
HOSTILE = {
    "10^30": MANY,
    "minus one": "-1",
    "year 0": "0000-01-01",
    "year 9999": "9999-12-31",
    "year 10000": "10000-01-01",
    "no number": "1e999",
    "a made-up cursor": "bm90IGEgY3Vyc29y",
    "5,000 characters": "x" * 5_000,
    "unknown": "no-such-thing",
    "markup": quote("\"><script>alert(1)</script>'"),
    "a reference of nothing": "XX-2026-9999",
    "empty": "",
}
# What pages that are no lists read from their addresses.
SLICES = ["product", "segment", "customer", "unit", "import", "came_by"]
PARAMETERS = [
    "q",
    "period",
    "view",
    "before",
    "compare",
    "with",
    "show",
    "unread",
    "next",
    "register",
    "parent",
    "name",
    "state",
    *SLICES,
]
DATES = ["received_on__year", "received_on__month", "recorded_at__day"]
IN_ADMIN = ["q", "o", "p", "all", "before", *DATES]


def read_by(world):
    """(visitor, path, page) of every page for reading, by somebody who may read it."""
    visitors = {QUALITY: Visitor(world.people["quinn"]), ADMIN: Visitor(world.people["adam"])}
    for page in PAGES:
        role = next((role for role in visitors if role in page.reads), None)
        if role is not None and page.get == 200:
            yield visitors[role], path_of(page, world), page


def filters_of(path):
    """The names that a list looks for in its address; None for any other page."""
    view = getattr(resolve(path).func, "view_class", None)
    filters = getattr(view, "filterset_class", None)
    return filters and [*PAGE_PARAMETERS, *filters.base_filters, "no_such_filter"]


def test_what_cannot_be_read_is_refused_everywhere(world):
    wrong = []
    for visitor, path, page in read_by(world):
        for words, value in UNREADABLE.items():
            for query in (f"q={value}", f"{value}=1"):
                status = visitor.ask("GET", f"{path}?{query}").status_code
                if status != 400:
                    wrong.append(f"{page} ?{query} ({words}): {status}")
    assert wrong == []


def test_no_address_breaks_a_list(world):
    wrong = []
    for visitor, path, page in read_by(world):
        names = filters_of(path) or ()
        all_at_once = ["&".join(f"{name}={value}" for name in names) for value in HOSTILE.values()]
        one_by_one = [f"{name}={HOSTILE[words]}" for name in names for words in ("10^30", "markup")]
        for query in {*all_at_once, *one_by_one} if names else ():
            status = visitor.ask("GET", f"{path}?{query}", headers={"HX-Request": "true"}).status_code
            if status >= 500:
                wrong.append(f"{page} ?{query[:60]}: {status}")
    assert wrong == []


@pytest.mark.parametrize("words", ["10^30", "unknown", "5,000 characters"])
def test_no_address_breaks_any_other_page(world, words):
    wrong = []
    for visitor, path, page in read_by(world):
        if filters_of(path) is None:
            names = IN_ADMIN if path.startswith("/admin/") else PARAMETERS
            status = visitor.ask("GET", f"{path}?{'&'.join(f'{name}={HOSTILE[words]}' for name in names)}").status_code
            if status >= 500:
                wrong.append(f"{page} with everything {words}: {status}")
    assert wrong == []


@pytest.mark.parametrize("name", ["q", "o", "p", "e", "all", "kind", "unit", *DATES])
def test_no_address_breaks_the_admin_site(world, name):
    quinn = Visitor(world.people["quinn"])
    for words, value in HOSTILE.items():
        assert quinn.ask("GET", f"/admin/feedback/feedback/?{name}={value}").status_code < 500, words


def test_a_list_says_what_of_its_address_it_cannot_read(world):
    quinn = Visitor(world.people["quinn"])
    for query in (
        "kind=no-such-thing",
        "product=XX-2026-9999",
        "customer=XX-2026-9999",
        "received_from=2026-02-30",
        "received_to=9999-12-31",
        "sort=words'",
        "page=bm90IGEgY3Vyc29y",
        f"q={'x' * 5_000}",
        "&".join(f"kind={number}" for number in range(400)),
    ):
        response = quinn.ask("GET", f"/feedback/?{query}")
        assert response.status_code == 400, query[:40]
        assert '<p class="err" role="alert">' in response.text_of_it or "<h1>" in response.text_of_it, query[:40]


@pytest.mark.parametrize("path", ["/", "/kpis/answered-on-time/"])
@pytest.mark.parametrize("query", ["product=XX-2026-9999", "came_by=pigeon", "import=IM-2019-0001"])
def test_figures_of_a_part_that_there_is_not_are_not_there(world, path, query):
    assert Visitor(world.people["quinn"]).ask("GET", f"{path}?{query}").status_code == 404


@pytest.mark.parametrize("period", ["2026-13", "0000-01", "99999-01", "soon", "2026-W54", MANY])
def test_figures_of_a_period_that_there_is_not_are_not_there(world, period):
    response = Visitor(world.people["quinn"]).ask("GET", f"/kpis/answered-on-time/?period={period}")
    assert response.status_code == 404


NAUGHTY = {
    "NUL": "before\0after",
    "10^30": MANY,
    "infinity": "1e999",
    "year 0": "0000-01-01",
    "year 9999": "9999-12-31",
    "29 February 2025": "2025-02-29",
    "an hour that is skipped": "2026-03-29T01:30",
    "5,000 characters": "x" * 5_000,
    "40,000 characters": "é" * 40_000,
    "markup": "<script>alert('1')</script>{{ 7*7 }}%(name)s",
    "right to left": "\u202eevil\u202c \u2066\u200b\ufeff",
    "many marks": "Z" + "\u0335" * 400,
    "only spaces": " \t ",
    "line breaks": "one\r\ntwo\u2028three",
    "a formula": '=HYPERLINK("http://x")',
}
KEPT = "What was typed stays."


def forms_of_the_house(world):
    """(visitor, form) of every form of every page, each but once, as those who may do most see them."""
    seen = set()
    for visitor, path, page in read_by(world):
        if not path.startswith("/admin/") or page.name.endswith("_change"):
            for form in forms_on(visitor.ask("GET", path), path):
                place = (form.action.partition("?")[0], tuple(form.values))
                if form.texts and place not in seen:
                    seen.add(place)
                    yield visitor, form


@pytest.fixture(scope="module")
def forms(world):
    found = list(forms_of_the_house(world))
    assert len(found) > 40
    return found


def test_no_form_breaks(world, forms):
    """A third of the texts in each form: those of one form are not those of the next."""
    wrong = []
    for number, (visitor, form) in enumerate(forms):
        for said in list(NAUGHTY)[number % 3 :: 3]:
            typed = form.values | dict.fromkeys(form.texts, NAUGHTY[said])
            status = visitor.ask("POST", form.action, typed).status_code
            if status >= 500:
                wrong.append(f"{form.action} with {said} in {form.texts}: {status}")
    assert wrong == []


@pytest.mark.shared
def test_no_naughty_string_breaks_a_form(world, forms, shared):
    """Half of the collection, each in one form, in turn."""
    strings, wrong = json.loads((shared / "data/oracles/naughty/blns.json").read_text()), []
    for string, (visitor, form) in zip(strings[::2], cycle(forms), strict=False):
        status = visitor.ask("POST", form.action, form.values | dict.fromkeys(form.texts, string)).status_code
        if status >= 500:
            wrong.append(f"{form.action} with {string!r}: {status}")
    assert wrong == []


def test_no_choice_breaks_a_form(world, forms):
    """What was never offered: in selects, radio buttons and hidden fields, too."""
    wrong = []
    for visitor, form in forms:
        for value in (MANY, "-1", "no-such-thing", "x\0y", ""):
            status = visitor.ask("POST", form.action, dict.fromkeys(form.values, value)).status_code
            if status >= 500:
                wrong.append(f"{form.action} all {value!r}: {status}")
    assert wrong == []


def test_what_was_typed_is_kept_when_a_form_is_refused(world, forms):
    """One field is wrong: what stands in the others is shown again. Passwords are not."""
    lost = []
    for visitor, form in forms:
        for bad in form.texts:
            others = [name for name in form.texts if name != bad and "password" not in name]
            if others and "password" not in bad:
                response = visitor.ask("POST", form.action, form.values | dict.fromkeys(others, KEPT) | {bad: "a\0b"})
                if response.status_code >= 400 and html.escape(KEPT) not in response.text_of_it:
                    lost.append(f"{form.action} with NUL in {bad}: {response.status_code}")
    assert lost == []


def test_a_draft_of_anything_is_refused_or_kept(world):
    quinn = Visitor(world.people["quinn"])
    damaged = ['{"a": "\\ud800"}', '{"a": "\\u0000"}', '{"a": 1e999}', "[]", '"' + "x" * 200_000, "[" * 100_000]
    for body in damaged:
        sent = quinn.client.generic("POST", "/drafts/feedback/", body, content_type="application/json")
        assert sent.status_code == 400, body[:20]
    assert quinn.ask("POST", "/drafts/no-such-form/", {"a": "b"}).status_code < 500


def test_what_is_not_utf_8_is_refused_before_a_form_reads_it(world):
    quinn = Visitor(world.people["quinn"])
    urlencoded = "application/x-www-form-urlencoded"
    for body in (b"words=%ED%A0%80", b"words=%FF", b"%00=1"):
        assert quinn.client.generic("POST", "/feedback/new/", body, content_type=urlencoded).status_code == 400
