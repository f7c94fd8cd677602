"""Nobody is shown a way that is closed to them: every link and every form leads on, for everybody who sees it."""

from collections import Counter
from urllib.parse import urldefrag, urljoin

import pytest
from django.urls import Resolver404, resolve

from qms.tests.visiting import Visitor, forms_on, links_on

pytestmark = pytest.mark.django_db
VISITORS = ["stefan", "marc", "quinn", "aude", "adam"]
ELSEWHERE = ("mailto:", "tel:", "http:", "https:")
KEPT_OUT = {"account_logout"}
ALIKE = 4  # addresses of one page that are followed


def page_of(path):
    """The name of the page at this address; the address itself where there is none."""
    try:
        name = resolve(path.partition("?")[0]).view_name
    except Resolver404:
        return path
    # In the admin site the pages of all kinds of record are made alike.
    return "admin:" + name.rpartition("_")[2] if name.startswith("admin:") else name


def walk(visitor, start):
    """(where it stood, path, response) of every page that can be reached by links, few of a kind."""
    waiting, followed, seen = [("", start)], Counter(), set()
    while waiting:
        came_from, path = waiting.pop(0)
        page = page_of(path)
        if path in seen or followed[page] >= ALIKE or page in KEPT_OUT:
            continue
        seen.add(path)
        followed[page] += 1
        response = visitor.ask("GET", path)
        yield came_from, path, response
        if response.status_code == 302:
            waiting.append((path, response.url))
        elif response.headers.get("Content-Type", "").startswith("text/html"):
            found = [link for link, _words in links_on(response) if not link.startswith(ELSEWHERE)]
            waiting += [(path, urldefrag(urljoin(path, link))[0]) for link in found]


@pytest.mark.parametrize("name", VISITORS)
def test_every_link_that_one_sees_leads_on(world, name):
    visitor, wrong, seen = Visitor(world.people[name]), [], set()
    for came_from, path, response in walk(visitor, "/"):
        if response.status_code >= 400:
            wrong.append(f"{came_from} leads to {path}: {response.status_code}")
        elif response.status_code == 200 and page_of(path) not in seen:
            seen.add(page_of(path))
            wrong += [
                f"{path} sends to {form.action}: {status}"
                for form in forms_on(response, path)
                if (status := visitor.ask("POST", form.action).status_code) in (403, 404, 405)
            ]
    assert wrong == []
    assert len(seen) > 15
