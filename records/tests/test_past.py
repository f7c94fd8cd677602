"""Links and forms of a page of the past carry the date on, and nothing else on the page is touched."""

import random
from html import escape
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from records.past import carried_on, dated

DAY = "2026-03-31"
FIELD = '<input type="hidden" name="as_of" value="2026-03-31">'
CARRIED = {
    '<a href="/feedback/">': '<a href="/feedback/?as_of=2026-03-31">',
    '<a class="x" data-y="a>b" href="/feedback/?state=open&amp;q=a%26b" rel=next>':
        '<a class="x" data-y="a>b" href="/feedback/?state=open&amp;q=a%26b&amp;as_of=2026-03-31" rel=next>',
    "<a href='/feedback/'>": '<a href="/feedback/?as_of=2026-03-31">',
    "<a href=/feedback/ class=x>": '<a href="/feedback/?as_of=2026-03-31" class=x>',
    '<a href = "/feedback/">': '<a href = "/feedback/?as_of=2026-03-31">',
    '<A HREF="/feedback/">': '<A HREF="/feedback/?as_of=2026-03-31">',
    '<a href="/feedback/FB-2026-0001/#story">': '<a href="/feedback/FB-2026-0001/?as_of=2026-03-31#story">',
    '<a href="?show=notes#story">': '<a href="?show=notes&amp;as_of=2026-03-31#story">',
    '<a href="?">': '<a href="?as_of=2026-03-31">',
    '<a href="errors/">': '<a href="errors/?as_of=2026-03-31">',
    '<a href="/feedback/?q=as_of%3D1">': '<a href="/feedback/?q=as_of%3D1&amp;as_of=2026-03-31">',
    '<svg><a class="p" xlink:href="/kpis/x/?period=2026-03"></a></svg>':
        '<svg><a class="p" xlink:href="/kpis/x/?period=2026-03&amp;as_of=2026-03-31"></a></svg>',
    '<div hx-get="/imports/IM-2026-0001/" hx-target="this">':
        '<div hx-get="/imports/IM-2026-0001/?as_of=2026-03-31" hx-target="this">',
    '<input data-combobox data-url="/customers/options/">':
        '<input data-combobox data-url="/customers/options/?as_of=2026-03-31">',
    '<form role="search" action="/search/">': f'<form role="search" action="/search/">{FIELD}',
    '<form method="GET">': f'<form method="GET">{FIELD}',
    "<form>": f"<form>{FIELD}",
}  # fmt: skip
LEFT = [
    '<a href="/feedback/?as_of=2025-01-01">',
    '<a href="/feedback/?state=open&amp;as_of=2025-01-01#x">',
    '<a href="/feedback/" data-present>',
    '<a data-present href="/feedback/">',
    '<a href="#m">',
    '<a href="">',
    '<a name="x">',
    '<a href="https://example.com/">',
    '<a href="//example.com/">',
    '<a href="mailto:jo@example.com">',
    '<a href="tel:+44123">',
    '<a href="/me/">',
    '<a href="/notifications/">',
    '<a href="/trail/changed/?kind=feedback.feedback">',
    '<a href="/admin/feedback/feedback/">',
    '<link rel="stylesheet" href="/static/css/base.css">',
    '<form method="post" action="/feedback/FB-2026-0001/close/">',
    "<form method=POST>",
    '<form method="dialog">',
    '<form method="get" data-present>',
    '<form action="/notifications/">',
    '<!-- <a href="/feedback/"> -->',
    '<script type="application/json">{"a": "<a href=\\"/x/\\">"}</script>',
    '<textarea name="words"><a href="/x/"></textarea>',
    "<title><a href='/x/'></title>",
    "<p>&lt;a href=&quot;/x/&quot;&gt; 3 < 4 > 2 <br> a<b</p>",
    "<p title=\"<a href='/x/'>\">",
    '<button data-words="href=&quot;/x/&quot;">',
]


@pytest.mark.parametrize("before", CARRIED)
def test_what_leads_on_carries_the_date(before):
    assert carried_on(before, DAY) == CARRIED[before]
    assert carried_on(carried_on(before, DAY), DAY).replace(FIELD, "", 1) == CARRIED[before]


@pytest.mark.parametrize("html", LEFT)
def test_everything_else_stays_byte_for_byte(html):
    assert carried_on(html, DAY) == html


def test_a_moment_is_written_as_addresses_and_fields_write_it():
    at = "2026-03-31T14:30+02:00"
    assert carried_on('<a href="/a/">', at) == '<a href="/a/?as_of=2026-03-31T14%3A30%2B02%3A00">'
    assert carried_on("<form>", '"<') == '<form><input type="hidden" name="as_of" value="&quot;&lt;">'


def test_what_somebody_wrote_is_never_changed_whatever_they_wrote():
    """A page as templates make it, with any text escaped into it: only its links change."""
    chance = random.Random(7)
    pieces = [
        "<a href=",
        '"/x/"',
        "'",
        '"',
        ">",
        "<",
        "</textarea>",
        "<!--",
        "-->",
        "&amp;",
        " hx-get=",
        "é",
        "\n",
        "/",
    ]
    for _time in range(500):
        said = "".join(chance.choice(pieces) for _piece in range(chance.randrange(1, 30)))
        page = '<p title="{0}">{0}</p><textarea>{0}</textarea><a href="/feedback/{1}" title="{0}">{0}</a><td>{0}</td>'
        before, after = (page.format(escape(said), date) for date in ("", "?as_of=2026-03-31"))
        assert carried_on(before, DAY) == after


def test_any_address_of_ours_is_dated_once_and_keeps_what_it_asks():
    chance = random.Random(11)
    for _time in range(500):
        asked = [(chance.choice("abq"), chance.choice(["", "ä b", "1&2", "#", "=", "?"])) for _n in range(3)]
        query = urlencode(asked[: chance.randrange(4)])
        address = f"/x/{'?' if query else ''}{query}{chance.choice(['', '#part', '#'])}"
        now = dated(address, DAY)
        assert parse_qsl(urlsplit(now).query, keep_blank_values=True) == [
            *parse_qsl(query, keep_blank_values=True),
            ("as_of", DAY),
        ]
        assert urlsplit(now).fragment == urlsplit(address).fragment
        assert dated(now, "2001-01-01") == now
