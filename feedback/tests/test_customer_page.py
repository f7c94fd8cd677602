"""What feedback adds to the pages of customers: the finding, the words, and counts that open as many records."""

import re
from datetime import date, timedelta

import pytest
from django.utils import timezone

from accounts.tests.makers import make_person, make_unit
from customers.panels import findings_of
from customers.tests.makers import make_contact, make_customer
from feedback.models import Feedback
from feedback.tests.makers import make_complaint, make_feedback

pytestmark = pytest.mark.django_db


@pytest.fixture
def halden(organisation):
    return make_customer("Halden Water")


def finding(customer, user):
    return " ".join("".join(text for text, _url, _bad in found.parts) for found in findings_of(customer, user))


def test_the_finding_speaks_of_open_and_overdue_complaints_first(halden, mira):
    make_complaint(customer=halden, received_on=date(2026, 3, 2))
    soon = timezone.now() + timedelta(days=3)
    for _number in range(2):
        make_complaint(
            customer=halden,
            received_on=date(2026, 11, 18),
            answer_due_at=soon,
            answer_due_on=soon.date(),
            acknowledge_due_at=soon,
            acknowledge_due_on=soon.date(),
        )
    assert finding(halden, mira) == "3 complaints are open, 1 is overdue. Last heard 18 Nov."


def test_the_finding_says_so_when_all_is_quiet(halden, mira):
    assert finding(halden, mira) == "Nothing heard from them yet."
    make_feedback(customer=halden, received_on=date(2025, 3, 2))
    assert finding(halden, mira) == "No complaint is open. Last heard 2 Mar 2025."


def test_every_count_on_the_page_opens_as_many_records(client, mira, halden):
    make_complaint(customer=halden, received_on=timezone.localdate())
    make_complaint(customer=halden, received_on=date(2024, 3, 4), is_historic=True, closed_on=date(2024, 3, 9))
    for _number in range(3):
        make_feedback(customer=halden, received_on=timezone.localdate() - timedelta(days=30))
    make_feedback(customer=halden).void(by=mira, reason="Twice")
    make_feedback()
    client.force_login(mira)
    text = client.get(halden.get_absolute_url()).content.decode()
    links = re.findall(r'href="(/feedback/\?[^"]+)">(?:All )?(\d+)', text)
    assert len(links) >= 6
    for url, number in links:
        listed = client.get(url.replace("&amp;", "&"))
        assert listed.context["count_text"].endswith(f" of {number}"), url


def test_the_latest_words_are_quoted_with_who_said_them(client, mira, halden):
    make_feedback(customer=halden, contact=make_contact("Jo Brandt", halden), words="<b>Where</b> are the meters?")
    make_feedback(customer=halden, words="")
    client.force_login(mira)
    text = client.get(halden.get_absolute_url()).content.decode()
    assert "“&lt;b&gt;Where&lt;/b&gt; are the meters?”" in text
    assert "Jo Brandt" in text


def test_the_page_tells_nothing_beyond_the_readers_unit(client, organisation):
    north, south = make_unit("North"), make_unit("South")
    shared = make_customer("Halden Water")
    make_complaint(customer=shared, unit=south, words="Said in the south", received_on=date(2026, 3, 2))
    nora = make_person("Nora North", "staff", north)
    assert finding(shared, nora) == "Nothing heard from them yet."
    client.force_login(nora)
    assert "Said in the south" not in client.get(shared.get_absolute_url()).content.decode()
    (listed,) = client.get("/customers/").context["records"]
    assert (listed.heard_on, listed.open_complaints) == (None, 0)


def test_the_list_shows_when_each_was_last_heard_and_sorts_by_it(client, mira, halden):
    silent, never = make_customer("Silent Works"), make_customer("Never Heard")
    make_feedback(customer=silent, received_on=date(2025, 1, 6))
    make_complaint(customer=halden, received_on=date(2026, 11, 2))
    client.force_login(mira)
    response = client.get("/customers/", {"sort": "heard_on"})
    assert [c.name for c in response.context["records"]] == ["Silent Works", "Halden Water", "Never Heard"]
    assert [c.open_complaints for c in response.context["records"]] == [0, 1, 0]
    text = response.content.decode()
    assert f"/feedback/?customer={halden.reference}&amp;kind=complaint&amp;state=open" in text
    csv = client.get("/customers/", {"format": "csv"}).getvalue().decode()
    assert "Last heard" in csv and "2025-01-06" in csv
    assert Feedback.objects.filter(customer=never).count() == 0


def test_those_who_have_gone_quiet_are_one_view_of_the_list(client, mira, halden):
    make_customer("Never Heard")
    talking = make_customer("Talking Works")
    make_feedback(customer=talking, received_on=timezone.localdate() - timedelta(days=20))
    make_feedback(customer=halden, received_on=timezone.localdate() - timedelta(days=95))
    client.force_login(mira)

    def quiet(days):
        return [customer.name for customer in client.get("/customers/", {"quiet": days}).context["records"]]

    assert quiet("90") == ["Halden Water", "Never Heard"]
    assert quiet("180") == ["Never Heard"]
    assert quiet("") == ["Halden Water", "Never Heard", "Talking Works"]
    assert client.get("/customers/", {"quiet": "7"}).status_code == 400
    presets = client.get("/customers/", {"quiet": "90"}).context["presets"]
    assert [preset["label"] for preset in presets if preset["is_current"]] == ["Gone quiet"]


def test_the_customer_page_costs_the_same_however_much_was_said(client, mira, halden, django_assert_max_num_queries):
    for number in range(8):
        make_feedback(customer=halden, contact=make_contact(f"Person {number}", halden))
        make_complaint(customer=halden, owner=mira)
    client.force_login(mira)
    client.get(halden.get_absolute_url())
    with django_assert_max_num_queries(36):
        client.get(halden.get_absolute_url())
