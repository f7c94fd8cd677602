"""What the roof adds to people and set-up: what somebody owns, and the steps after set-up."""

import re

import pytest
from django.urls import reverse

from customers.tests.makers import make_customer
from feedback.tests.makers import make_complaint, make_feedback
from kpis.models import Kpi


def test_a_persons_page_says_what_they_own_and_each_number_opens_its_list(client, quinn, stefan):
    make_complaint(owner=stefan, customer=make_customer("Halden Water", relationship_owner=stefan))
    make_feedback(owner=stefan)
    make_feedback()
    Kpi(code="complaints", name="Complaints", measure="complaints_received", owner=stefan).save()
    client.force_login(quinn)
    page = client.get(reverse("accounts:person", args=[stefan.pk])).content.decode()

    owned = re.findall(r'<li><a href="([^"]+)">([^:<]+): (\d+)</a></li>', page)
    assert [(label, count) for _url, label, count in owned] == [
        ("Open feedback", "2"),
        ("Customers whose relationship they own", "1"),
        ("KPIs", "1"),
    ]
    for url, label, count in owned[:2]:
        listed = client.get(url.replace("&amp;", "&"))
        assert listed.status_code == 200 and f"of {count}" in listed.content.decode(), label


def test_before_somebody_goes_it_is_said_what_stays_behind(client, adam, stefan):
    make_feedback(owner=stefan)
    client.force_login(adam)
    page = client.get(reverse("accounts:deactivate", args=[stefan.pk])).content.decode()

    assert "They answer for" in page and "Open feedback: 1" in page


@pytest.mark.parametrize(
    ("who", "status"), [("stefan", 403), ("mira", 200), ("quinn", 200), ("aude", 200), ("adam", 200)]
)
def test_the_first_steps_open_for_those_who_see_the_organisation(request, client, who, status):
    client.force_login(request.getfixturevalue(who))
    assert client.get(reverse("first_steps")).status_code == status


def test_the_first_steps_say_what_is_done_and_lead_where_one_may_go(client, quinn, adam):
    client.force_login(quinn)
    page = client.get(reverse("first_steps")).content.decode()
    assert "1 of 6" in page, "people are there"
    assert reverse("customers:create") in page and reverse("accounts:invite") not in page
    make_feedback()
    client.force_login(adam)
    page = client.get(reverse("first_steps")).content.decode()
    assert "3 of 6" in page and reverse("accounts:invite") in page and reverse("customers:create") not in page
