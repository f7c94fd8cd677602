"""Home: the finding, the figures, what needs us, their words; for each role what is theirs."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.tests.makers import make_person, make_unit
from customers.tests.makers import make_customer, make_product
from feedback.tests.makers import make_complaint, make_feedback
from kpis import rollup
from trail.sealing import seal

pytestmark = pytest.mark.django_db


def fold():
    seal()
    rollup.fold_in()


def home(client, user, **query):
    client.force_login(user)
    return client.get(reverse("home"), query)


def a_year_of(mira, complaints):
    """Twelve months with so many complaints each, and some praise."""
    for month, count in enumerate(complaints, start=1):
        for number in range(count):
            make_complaint(by=mira, received_on=date(2025, month, 1 + number))
        make_feedback(by=mira, received_on=date(2025, month, 28))
    fold()


def test_the_first_page_of_an_empty_house_leads_on(client, quinn):
    text = home(client, quinn).content.decode()
    assert "Three steps to a first figure" in text
    assert reverse("feedback:create") in text and reverse("imports:create") in text


def test_the_sentence_names_what_has_changed_and_links_to_it(client, mira):
    a_year_of(mira, [3, 4, 3, 4, 3, 4, 3, 4, 3, 4, 3, 15])
    text = home(client, mira).content.decode()
    heading = text[text.index("<h1") : text.index("</h1>")]
    assert "Complaints received" in heading and "unusually high" in heading
    assert reverse("kpis:detail", args=["complaints-received"]) in heading


def test_what_needs_us_is_sorted_by_the_promise_that_comes_first(client, mira):
    today = timezone.localdate()
    late = make_complaint(by=mira, received_on=today - timedelta(days=40), subject="Late")
    fresh = make_complaint(by=mira, received_on=today, subject="Fresh")
    done = make_complaint(by=mira, received_on=today - timedelta(days=50), subject="Done")
    done.answer(by=mira, outcome="Told them.")
    response = home(client, mira)
    assert [need.feedback for need in response.context["needs"]] == [late, fresh]
    assert "overdue" in response.content.decode()


def test_a_key_customer_who_fell_silent_is_named(client, mira):
    today = timezone.localdate()
    quiet = make_customer("Tarn Valley", is_key=True)
    lively = make_customer("Halden Water", is_key=True)
    small = make_customer("Small Shop")
    for customer, days in ((quiet, 120), (lively, 10), (small, 200)):
        make_feedback(by=mira, customer=customer, received_on=today - timedelta(days=days))
    fold()
    assert home(client, mira).context["quiet"] == [quiet]


def test_products_spoken_of_open_their_records_with_the_same_count(client, mira):
    today = timezone.localdate()
    meter = make_product("Meter")
    for days in (1, 5, 80, 100):
        make_feedback(by=mira, product=meter, received_on=today - timedelta(days=days))
    fold()
    (bar,) = home(client, mira).context["talk"].bars.rows
    assert (bar.label, bar.value, bar.was) == ("Meter", "3", "1")
    assert "1 to 3 of 3" in client.get(bar.href).content.decode()


def test_an_import_alone_can_be_looked_at(client, mira):
    assert home(client, mira, **{"import": "IM-2026-9999"}).status_code == 404


def test_a_unit_sees_its_own(client, organisation, quinn):
    north, south = make_unit("North"), make_unit("South")
    for unit in (north, south, south):
        make_complaint(unit=unit, customer=make_customer(unit=unit), received_on=date(2026, 3, 4), words=unit.name)
    fold()
    response = home(client, make_person("Nora North", "manager", north))
    assert [voice.words for voice in response.context["voices"]] == ["North"]
    assert len(response.context["needs"]) == 1
    figures = {row.kpi.code: row.latest.value for row in response.context["rows"]}
    assert figures["complaints-received"] == 1
    assert {row.kpi.code: row.latest.value for row in home(client, quinn).context["rows"]}["complaints-received"] == 3


def test_administrators_are_led_to_what_is_theirs(client, adam):
    assert home(client, adam).url == reverse("accounts:people")
    assert home(client, make_person("Nobody Yet")).url == reverse("accounts:preferences")


def test_home_asks_the_database_the_same_however_much_there_is(client, mira, django_assert_max_num_queries):
    a_year_of(mira, [3] * 12)
    home(client, mira)
    with django_assert_max_num_queries(16):
        client.get(reverse("home"))
