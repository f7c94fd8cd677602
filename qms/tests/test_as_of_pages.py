"""The house as of an earlier moment: every page that has a past shows it to the same people, and lets nobody write."""

from collections import Counter
from html.parser import HTMLParser
from urllib.parse import parse_qs, urldefrag, urljoin, urlsplit

import pytest
from django.urls import Resolver404, resolve
from django.utils import timezone

from qms.tests.rights import PAGES
from qms.tests.test_every_page import CAST, EACH_ROLE
from qms.tests.visiting import Visitor, links_on, path_of
from records.past import WITHOUT_PAST

pytestmark = pytest.mark.django_db
HAVE_NO_BANNER = {"customers:suggest", "customers:contacts", "imports:errors"}  # answers to scripts, and a file
CHANGES = {page.name for page in PAGES if page.changes("GET") or page.get is None}


@pytest.fixture(scope="module")
def then(world):
    """A moment after all that the world holds, written as addresses write it."""
    return timezone.localtime(timezone.now()).replace(tzinfo=None).isoformat()


def dated(path, then):
    return f"{path}{'&' if '?' in path else '?'}as_of={then}"


def pages_with_a_past(world, role):
    for page in PAGES:
        path = path_of(page, world)
        if not path.startswith(WITHOUT_PAST) and not page.is_public:
            yield page, path


class Main(HTMLParser):
    """What stands in <main>: the forms that send, the links, and the note that comes first."""

    def __init__(self, html):
        super().__init__()
        self.depth, self.sending, self.links, self.first, self.title = 0, [], [], None, ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "main":
            self.depth = 1
        elif self.depth:
            self.first = self.first or (tag, given)
            if tag == "form" and given.get("method", "get").lower() == "post":
                self.sending.append(given.get("action", ""))
            if tag == "a" and "data-present" not in given:
                self.links.append(given.get("href", ""))

    def handle_endtag(self, tag):
        if tag == "main":
            self.depth = 0


@EACH_ROLE
def test_each_page_of_the_past_answers_each_role_as_today_and_lets_nobody_write(world, then, role):
    visitor, wrong = Visitor(world.people.get(CAST[role])), []
    for page, path in pages_with_a_past(world, role):
        today, past = visitor.ask("GET", path), visitor.ask("GET", dated(path, then))
        sent = visitor.ask("POST", dated(path, then), page.form)
        if role is None:
            expected = {302}
        elif page.name in CHANGES:
            expected = {403, 405}
        else:
            expected = {today.status_code}
        if past.status_code not in expected:
            wrong.append(f"{path}: {past.status_code} as of then, {today.status_code} today")
        if sent.status_code not in ({302} if role is None else {403}):
            wrong.append(f"POST {path}: {sent.status_code}")
        if past.status_code == 200 and page.name not in HAVE_NO_BANNER:
            wrong += faults_of(path, past, then)
    assert wrong == []


def faults_of(path, response, then):
    main = Main(response.text_of_it)
    if main.first is None or main.first[1].get("role") != "note":
        yield f"{path}: the banner does not come first"
    for action in main.sending:
        yield f"{path}: a form sends to {action or path}"
    for href in main.links:
        if page_at(urljoin(path, href)) in CHANGES:
            yield f"{path}: a link leads to {href}"
        elif must_carry(urljoin(path, href)) and parse_qs(urlsplit(href).query).get("as_of") != [then]:
            yield f"{path}: without the date a link leads to {href}"


def page_at(address):
    try:
        return resolve(urlsplit(address).path).view_name
    except Resolver404:
        return ""


def must_carry(address):
    return not urlsplit(address).scheme and not address.startswith(WITHOUT_PAST) and bool(urlsplit(address).path)


@pytest.mark.parametrize("name", ["stefan", "marc", "quinn", "aude", "adam"])
def test_one_walks_through_the_past_by_its_links(world, then, name):
    visitor, waiting, seen, followed = Visitor(world.people[name]), [dated("/", then)], set(), Counter()
    while waiting:
        path = waiting.pop(0)
        page = page_at(path)
        if path in seen or followed[page] >= 4:
            continue
        seen.add(path)
        followed[page] += 1
        response = visitor.ask("GET", path)
        assert response.status_code in (200, 302), path
        if response.status_code == 302:
            waiting.append(response.url)
        elif response.headers["Content-Type"].startswith("text/html"):
            found = [urldefrag(urljoin(path, link))[0] for link, _words in links_on(response)]
            waiting += [link for link in found if link.startswith("/") and f"as_of={then.replace(':', '%3A')}" in link]
    assert len({page_at(path) for path in seen}) > 5


@pytest.mark.parametrize(
    "text", ["yesterday", "2026-02-30", "9999-01-01", "1066-10-14", '"><script>', "2026-13-01T10:00"]
)
def test_a_wrong_date_is_asked_for_again_with_what_was_typed(world, text):
    visitor = Visitor(world.people["quinn"])
    for path in ("/feedback/?kind=complaint", "/", f"/customers/{world.customer.reference}/"):
        response = visitor.ask("GET", dated(path, text.replace('"', "%22")))
        assert response.status_code == 400
        for words in ("We could not read that day", 'role="alert"', "Show it as it is today"):
            assert words in response.text_of_it
        assert text.replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;") in response.text_of_it
        assert "<script>" not in response.text_of_it
    assert 'name="kind" value="complaint"' in visitor.ask("GET", "/feedback/?kind=complaint&as_of=x").text_of_it


def test_an_empty_date_is_today(world):
    response = Visitor(world.people["quinn"]).ask("GET", "/feedback/?as_of=")
    assert response.status_code == 200
    assert 'role="note"' not in response.text_of_it


def test_what_has_no_past_is_shown_as_it_is(world, then):
    visitor = Visitor(world.people["quinn"])
    for path in ("/me/", "/notifications/", "/admin/"):
        for text in (then, "yesterday"):
            response = visitor.ask("GET", dated(path, text))
            assert response.status_code == 200
            assert 'role="note"' not in response.text_of_it
    assert "As of…" not in visitor.ask("GET", "/notifications/").text_of_it


def test_every_page_that_has_a_past_offers_it_and_no_form_does(world):
    for role, name in CAST.items():
        visitor = Visitor(world.people.get(name))
        for page, path in pages_with_a_past(world, role):
            response = visitor.ask("GET", path)
            if response.status_code == 200 and page.name not in HAVE_NO_BANNER:
                assert ("As of…" in response.text_of_it) == (page.name not in CHANGES), path


def test_before_anything_was_recorded_there_is_nothing(world):
    visitor = Visitor(world.people["quinn"])
    for path in ("/feedback/", "/complaints/", "/customers/", "/products/", "/segments/", "/imports/", "/units/"):
        response = visitor.ask("GET", f"{path}?as_of=2001-01-01")
        assert response.status_code == 200
        assert "the end of Mon 1 Jan 2001" in response.text_of_it
        if path != "/units/":
            assert response.context["records"] == []
    for path in (f"/feedback/{world.complaint.reference}/", f"/customers/{world.customer.reference}/"):
        response = visitor.ask("GET", f"{path}?as_of=2001-01-01")
        assert response.status_code == 404
        assert "It did not exist yet at the end of Mon 1 Jan 2001" in response.text_of_it
    nowhere = visitor.ask("GET", "/feedback/FB-2026-9999/?as_of=2001-01-01")
    assert nowhere.status_code == 404
    assert "did not exist yet" not in nowhere.text_of_it
