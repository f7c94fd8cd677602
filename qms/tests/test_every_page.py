"""Every page × everybody × GET and POST: the status that the table of rights (`rights.py`) gives it."""

from itertools import cycle

import pytest
from django.urls import URLPattern, get_resolver, reverse

from accounts.roles import Role
from qms.tests.rights import AUDITOR, MANAGER, PAGES, STAFF
from qms.tests.visiting import Visitor, arguments, path_of

pytestmark = pytest.mark.django_db
CAST = {
    None: "nobody",
    Role.STAFF: "stefan",
    Role.MANAGER: "mira",
    Role.TOP_MANAGEMENT: "tomas",
    Role.QUALITY_MANAGER: "quinn",
    Role.AUDITOR: "aude",
    Role.ADMINISTRATOR: "adam",
}
EACH_ROLE = pytest.mark.parametrize("role", CAST, ids=lambda role: CAST[role])
# These see their unit alone: the table's records are all of the north.
OF_THE_NORTH = {STAFF: "nora", MANAGER: "marc", AUDITOR: "anna"}
EACH_OF_THE_NORTH = pytest.mark.parametrize("role", OF_THE_NORTH, ids=lambda role: OF_THE_NORTH[role])
IN_THE_SOUTH = {
    "complaint": "complaint_south",
    "idea": "idea",
    "customer": "customer_south",
    "contact": "contact_south",
    "supply": "supply_south",
    "product": "unused_product",
    "uploaded": "uploaded_south",
    "sven": "sven",
}
OF_THE_FIRM = {
    "complaint": "complaint_firm",
    "customer": "customer_firm",
    "product": "service",
    "segment": "segment",
}
ADDS_TO_IT = {"feedback:note"}  # rather than changing it
METHODS = ("GET", "POST")
REFUSED = {403, 405}
DAMAGED = ["x", "FB-2026-0001'", "%00", "%ED%A0%80", "%FF", "..%2f..", "A" * 5_000, "🂡"]
WRONG = {"reference": "XX-2026-9999", "pk": 2**40, "code": "no-such-kpi", "object_id": "XX-2026-9999"}


def surprises(visitor, questions):
    """Those of the questions (page, method, path, expected statuses) that are answered otherwise, in words."""
    return [
        f"{method} {page}: {status}, not {sorted(expected)}"
        for page, method, path, expected in questions
        if (status := visitor.ask(method, path, page.form).status_code) not in expected
    ]


def questions(role, world, twins=None):
    """(page, method, path, expected statuses) of every row; with `twins` of those about a piece that has one, of it."""
    for page in PAGES:
        if twins is None or page.about in twins:
            about = page.about if twins is None else twins[page.about]
            path = path_of(page, world, about)
            for method in METHODS:
                yield page, method, path, page.expected(role, method, path)


def names_of(patterns, namespace=""):
    """The full names of all addresses. Those without a name lead nowhere: they send on or say 404."""
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            if pattern.name:
                yield namespace + pattern.name
        else:
            inside = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from names_of(pattern.url_patterns, namespace + inside)


def test_every_address_has_a_row_and_every_row_an_address():
    addresses, rows = set(names_of(get_resolver().url_patterns)), {page.name for page in PAGES}
    assert addresses - rows == set(), "these pages stand in no row of qms/tests/rights.py"
    assert rows - addresses == set(), "these rows have no page"


@EACH_ROLE
def test_each_page_answers_each_role_as_the_rights_say(world, role):
    visitor = Visitor(world.people.get(CAST[role]))
    assert surprises(visitor, questions(role, world)) == []


@EACH_OF_THE_NORTH
def test_within_their_unit_people_may_what_their_role_may(world, role):
    visitor, twins = Visitor(world.people[OF_THE_NORTH[role]]), {about: about for about in IN_THE_SOUTH}
    del twins["sven"], twins["idea"]  # they have no twin in the north
    assert surprises(visitor, questions(role, world, twins)) == []


@EACH_OF_THE_NORTH
def test_what_lies_outside_their_unit_is_not_there(world, role):
    visitor = Visitor(world.people[OF_THE_NORTH[role]])
    asked = questions(role, world, IN_THE_SOUTH)
    assert surprises(visitor, [(*question, expected & REFUSED or {404}) for *question, expected in asked]) == []


@EACH_OF_THE_NORTH
def test_what_belongs_to_the_whole_firm_is_read_by_its_units_and_not_changed(world, role):
    visitor = Visitor(world.people[OF_THE_NORTH[role]])

    def asked():
        for page, method, path, expected in questions(role, world, OF_THE_FIRM):
            if page.changes(method) and page.name not in ADDS_TO_IT:
                expected = expected & REFUSED or {404}
            yield page, method, path, expected

    assert surprises(visitor, asked()) == []


@pytest.mark.parametrize("name", ["quinn", "adam"])  # who together may open every page
def test_a_wrong_reference_is_not_there(world, name):
    role, visitor = world.people[name].current_appointments[0].role, Visitor(world.people[name])

    def asked():
        for page in PAGES:
            known = arguments(page.name, page.about, world)
            for argument in known.keys() & WRONG:
                path = reverse(page.name, kwargs=known | {argument: WRONG[argument]})
                for method in METHODS:
                    yield page, method, path, page.expected(role, method, path) & REFUSED | {404}

    assert surprises(visitor, asked()) == []


def test_a_damaged_reference_is_refused_in_words(world):
    about_a_record = [page for page in PAGES if "reference" in arguments(page.name, page.about, world)]

    def asked():
        for page, damaged in zip(about_a_record, cycle(DAMAGED), strict=False):
            piece = getattr(world, page.about)
            path = reverse(page.name, args=[piece.reference]).replace(piece.reference, damaged)
            for method in METHODS:
                yield page, method, path, {400, 403, 404, 405}

    assert surprises(Visitor(world.people["quinn"]), asked()) == []
