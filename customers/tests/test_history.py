"""The history on a record's page: every version with its receipt, any two side by side, and nothing of the future."""

from datetime import timedelta

import pytest

from customers.tests.makers import make_contact, make_customer, make_segment
from trail.as_of import as_of
from trail.changes import changes_of, compared
from trail.models import Erased, Erasure, Seal
from trail.sealing import seal

pytestmark = pytest.mark.django_db


@pytest.fixture
def halden(mira):
    """Renamed once, then moved to another segment with a reason."""
    water = make_segment("Water utilities")
    customer = make_customer("Halden", segment=water)
    customer.name = "Halden Water"
    customer.save(by=mira)
    customer.segment = make_segment("Energy")
    customer.save(by=mira, reason="They sold the waterworks")
    return customer


def page(client, person, customer, **asked):
    client.force_login(person)
    return client.get(customer.get_absolute_url(), asked)


def test_two_versions_are_compared_in_either_order(halden):
    told = [(change.label, change.before, change.after) for change in compared(halden, 3, 1).changes]
    assert told == [("Name", "Halden", "Halden Water"), ("Segment", "Water utilities", "Energy")]


def test_the_page_sets_two_versions_side_by_side(client, aude, halden):
    response = page(client, aude, halden, compare=1, **{"with": 3})
    assert response.status_code == 200
    comparison = response.context["comparison"]
    assert [version.rev for version in comparison.both] == [1, 3]
    assert [change.label for change in comparison.changes] == ["Name", "Segment"]
    assert "They sold the waterworks" in response.text


@pytest.mark.parametrize(
    ("one", "other", "says"),
    [
        ("1", "9", "The newest is version 3."),
        ("0", "1", "The newest is version 3."),
        ("2", "2", "one version twice"),
        ("", "2", "Write the numbers of two versions."),
        ("one", "two", "Write the numbers of two versions."),
        ("1" + "0" * 40, "2", "Write the numbers of two versions."),
    ],
)
def test_versions_that_there_are_not_are_refused_in_words(client, aude, halden, one, other, says):
    response = page(client, aude, halden, compare=one, **{"with": other})
    assert response.status_code == 400
    assert says in response.text


def test_a_sealed_version_shows_its_receipt(client, aude, halden):
    assert "not sealed yet" in page(client, aude, halden).text
    seal()
    text = page(client, aude, halden).text
    for one in Seal.objects.filter(rtype="customers.customer", rid=halden.pk):
        assert one.receipt in text
    assert "not sealed yet" not in text


def test_the_past_knows_nothing_of_later_versions(halden):
    versions, _older = changes_of(halden)
    second = versions[1].at
    with as_of(second):
        assert [version.rev for version in changes_of(halden)[0]] == [2, 1]
        with pytest.raises(LookupError):
            compared(halden, 1, 3)
    with as_of(second - timedelta(days=1)):
        assert changes_of(halden) == ([], None)


def test_versions_whose_personal_data_are_gone_say_so(adam):
    contact = make_contact("Jo Brandt", make_customer())
    erasure = Erasure.objects.create(
        verb="erased", changed_by=adam, subject_rtype="customers.contact", subject_rid=contact.pk, basis="She asked."
    )
    Erased.objects.create(verb="erased", erasure=erasure, rtype="customers.contact", rid=contact.pk, up_to_rev=1)
    contact.position = "left"
    contact.save()
    newest, first = changes_of(contact)[0]
    assert (newest.is_erased, first.is_erased) == (False, True)


def test_a_history_costs_the_same_however_many_versions(halden, mira, django_assert_num_queries):
    queries = 5  # versions; people; segments; receipts; erasures
    with django_assert_num_queries(queries):
        changes_of(halden)
    for number in range(15):
        halden.about = f"Note {number}"
        halden.save(by=mira)
    with django_assert_num_queries(queries - 1):  # no segment among the newest
        changes_of(halden, limit=10)
