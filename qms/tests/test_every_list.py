"""A number and the list that it opens tell the same: on every list, in every file, behind every figure."""

import csv
import io
import re
from urllib.parse import urlencode

import pytest
from django.urls import resolve, reverse

from feedback.models import Feedback
from kpis import buckets, counting
from kpis.models import Kpi
from kpis.slices import members_named
from qms.tests.rights import PAGES, QUALITY
from qms.tests.visiting import Visitor, links_on, path_of
from records import measures
from records.pages import RecordList

pytestmark = pytest.mark.django_db
LISTS = [
    "/feedback/",
    "/complaints/",
    "/complaints/?state=all",
    "/feedback/?voided=yes",
    "/feedback/?kind=complaint&q=meter",
    "/customers/",
    "/customers/?owner=none",
    "/products/",
    "/products/?kind=service",
    "/segments/",
    "/imports/",
    "/trail/",
    "/trail/?kind=trail.securityevent",
    "/trail/checks/",
    "/trail/changed/",
    "/trail/changed/?kind=customers.customer&show=added",
    "/privacy/",
    "/privacy/holds/",
]
# Not for managers; or of their part of the firm as it stood on a day, which the page alone can count.
FOR_SOME = ("/trail/?", "/trail/checks/", "/trail/changed/", "/privacy/")
COUNTED = {  # the part that counts a source's records
    "feedback_received": "n",
    "complaints_to_acknowledge": "due",
    "complaints_to_answer": "due",
    "complaints_closed": "closed",
}
NUMBER = re.compile(r"(\d[\d,]*)(?! (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec))(?: |$)")  # and no day


def count_of(visitor, path):
    """How many records the list at this address holds."""
    response = visitor.ask("GET", path)
    assert response.status_code == 200, path
    return response.context["filter"].qs.count()


def is_list(path):
    return issubclass(getattr(resolve(path.partition("?")[0]).func, "view_class", object), RecordList)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (path, name)
        for path in LISTS
        for name in ("quinn", "marc", "aude")
        if name != "marc" or not f"{path}?".startswith(FOR_SOME)
    ],
)
def test_a_file_has_a_row_for_each_record_of_the_list(world, path, name):
    visitor = Visitor(world.people[name])
    response = visitor.ask("GET", f"{path}{'&' if '?' in path else '?'}format=csv")
    assert response["Content-Type"].startswith("text/csv")
    heading, *rows = csv.reader(io.StringIO(response.text_of_it.removeprefix("\ufeff")))
    assert len(rows) == count_of(visitor, path)
    assert {len(row) for row in rows} <= {len(heading)}
    assert len({row[0] for row in rows}) == len(rows), "each record once"


def test_every_list_for_which_there_is_a_file_is_looked_at():
    lists = {page.name for page in PAGES if page.reads and not page.about and is_list_named(page.name)}
    assert lists == {resolve(path.partition("?")[0]).view_name for path in LISTS} | {"accounts:people"}


def is_list_named(name):
    return not name.startswith("admin:") and is_list(reverse(name))


def numbers_on(response):
    """(address, number) of every link that begins with a number and leads to a list."""
    for href, text in links_on(response):
        number = NUMBER.match(text)
        if number and href.startswith("/") and not href.startswith("/admin/") and is_list(href):
            yield href, int(number[1].replace(",", ""))


@pytest.mark.parametrize("name", ["quinn", "marc"])
def test_every_number_opens_a_list_of_as_many(world, name):
    visitor, wrong, seen = Visitor(world.people[name]), [], 0
    pages = [path_of(page, world) for page in PAGES if QUALITY in page.reads and not page.name.startswith("admin:")]
    figures = [kpi.get_absolute_url() for kpi in Kpi.objects.all()]
    slices = [f"/kpis/feedback-received/?product={world.product.reference}", f"/?import={world.done.reference}"]
    for path in [*pages, *figures, *slices]:
        response = visitor.ask("GET", path)
        for href, number in numbers_on(response) if response.status_code == 200 else ():
            seen += 1
            if (count := count_of(visitor, href)) != number:
                wrong.append(f"{path}: {number} opens {href} with {count}")
    assert wrong == []
    assert seen > 20


@pytest.mark.parametrize("source", COUNTED)
def test_buckets_and_lists_count_alike_whole_and_for_every_part(world, source):
    declared, visitor = measures.get_source(source), Visitor(world.people["quinn"])
    rows = counting.belonging(declared, Feedback.objects.exclude(**{declared.day: None}))
    days = sorted(rows.values_list(declared.day, flat=True))
    first, last = days[0], days[-1]
    listing = declared.listing
    params = {**listing.params, listing.first_day: first.isoformat(), listing.last_day: last.isoformat()}
    path = reverse(listing.url_name)
    counted = 0
    for dimension in ("", *declared.dimensions):
        (counts,) = buckets.by_member(declared, dimension, COUNTED[source], [(first, last)])
        named = members_named(declared, dimension, counts) if dimension else {"": ("", "")}
        for member, count in counts.items():
            if member in named and (member or not dimension):
                chosen = params | ({dimension: named[member][0]} if dimension else {})
                assert count_of(visitor, f"{path}?{urlencode(chosen)}") == count, chosen
                counted += 1
    assert counted > 3
