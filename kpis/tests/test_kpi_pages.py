"""The KPI pages: what they show, to whom, and that every number opens the records that made it."""

import csv
import io
import re
from datetime import date

import pytest
from django.urls import reverse

from accounts.tests.makers import make_person, make_unit
from customers.tests.makers import make_customer, make_product
from feedback.models import Feedback
from feedback.tests.makers import make_complaint, make_feedback
from kpis import rollup
from kpis.models import Kpi, KpiNote
from records import measures
from trail.sealing import seal

pytestmark = pytest.mark.django_db


def fold():
    seal()
    rollup.fold_in()


def page(client, user, code="complaints-received", **query):
    client.force_login(user)
    return client.get(reverse("kpis:detail", args=[code]), query)


@pytest.fixture
def records(mira):
    """Five months of complaints and praise about two products."""
    meter, valve = make_product("Meter"), make_product("Valve")
    for month in range(1, 6):
        for number in range(month):
            make_complaint(by=mira, received_on=date(2026, month, 3 + number), product=meter if number % 2 else valve)
        make_feedback(by=mira, received_on=date(2026, month, 20), product=meter)
    fold()
    return meter, valve


def test_the_list_shows_each_kpi_with_its_latest_figure_and_both_verdicts(client, mira, records):
    client.force_login(mira)
    text = client.get(reverse("kpis:list")).content.decode()
    assert all(kpi.name in text for kpi in Kpi.objects.all())
    assert "Is it changing?" in text and "Will it meet target?" in text


def test_the_page_names_formula_source_and_version(client, mira, records):
    text = page(client, mira).content.decode()
    assert "complaints, by the day received" in text
    assert "version 1" in text
    assert "Feedback by the day it was received" in text


def test_a_period_shows_its_records_and_opens_the_list_with_the_same_count(client, mira, records):
    response = page(client, mira, period="2026-04")
    behind = response.context["behind"]
    assert behind["shown"]["count"] == 4
    listed = client.get(behind["shown"]["url"])
    assert re.search(r"1 to 4 of 4", listed.content.decode())
    references = set(
        Feedback.objects.filter(received_on__month=4, kind="complaint").values_list("reference", flat=True)
    )
    assert all(reference in response.content.decode() for reference in references)


@pytest.mark.parametrize("code", ["answered-on-time", "acknowledged-on-time"])
def test_what_spoils_a_share_is_shown_first(client, mira, records, code):
    behind = page(client, mira, code, period="2026-03").context["behind"]
    assert "late" in behind["title"]
    assert behind["shown"]["count"] > 0


def test_every_measure_opens_lists_with_the_counts_of_its_figure(client, mira, records):
    client.force_login(mira)
    for measure in measures.measures():
        kpi = Kpi.objects.filter(measure=measure.code).first()
        response = page(client, mira, kpi.code)
        row = response.context["row"]
        for point in row.points:
            if point.value is None:
                continue
            behind = page(client, mira, kpi.code, period=str(point.period)).context["behind"]
            whole = point.denominator if point.denominator is not None else point.n
            counted = [link["words"] for link in behind["links"]][0]
            assert counted.startswith(f"{whole} "), f"{measure.code} {point.period}: {counted} for {whole}"


def test_a_slice_narrows_figure_and_records_alike(client, mira, records):
    meter, _valve = records
    response = page(client, mira, "feedback-received", product=meter.reference, period="2026-05")
    point = next(point for point in response.context["row"].points if str(point.period) == "2026-05")
    assert point.value == response.context["behind"]["shown"]["count"] == 3
    assert "Only Meter" in response.content.decode()


def test_a_manager_of_a_unit_sees_the_figures_and_records_of_that_unit(client, organisation, quinn):
    north, south = make_unit("North"), make_unit("South")
    for unit, count in ((north, 2), (south, 3)):
        for _number in range(count):
            make_complaint(unit=unit, customer=make_customer(unit=unit), received_on=date(2026, 3, 4))
    fold()
    response = page(client, make_person("Nora North", "manager", north), period="2026-03")
    assert response.context["row"].latest.value == response.context["behind"]["shown"]["count"] == 2
    assert page(client, quinn, period="2026-03").context["row"].latest.value == 5


def test_the_table_tells_every_period_also_the_gaps(client, mira, records):
    make_complaint(by=mira, received_on=date(2025, 11, 3))
    fold()
    text = page(client, mira, view="table").content.decode()
    assert "no data" in text and "Nov 2025" in text


def test_what_was_long_ago_is_not_told_as_this_month(client, mira):
    for month, count in enumerate([3, 4, 3, 4, 3, 4, 3, 4, 3, 4, 3, 15], start=1):
        for number in range(count):
            make_complaint(by=mira, received_on=date(2017, month, 1 + number))
    fold()
    words = page(client, mira).context["row"].variation.words
    assert "Dec 2017" in words and "this month" not in words


def test_the_file_has_every_period(client, mira, records):
    rows = list(csv.reader(io.StringIO(page(client, mira, format="csv").content.decode())))
    assert [row[3] for row in rows[1:6]] == ["1", "2", "3", "4", "5"]


def test_changed_records_are_told(client, mira, records):
    complaint = Feedback.objects.filter(received_on__month=4, kind="complaint").first()
    complaint.subject = "Now with a subject"
    complaint.save(by=mira)
    seal()
    assert page(client, mira, period="2026-04").context["behind"]["changed"] == 1


def test_a_note_is_tied_to_its_day_and_kept_in_the_history(client, mira, records):
    client.force_login(mira)
    url = reverse("kpis:note", args=["complaints-received"])
    assert client.post(url, {"on": "2026-03-10", "text": "Carrier changed"}).status_code == 302
    note = KpiNote.objects.get()
    assert (note.on, note.recorded_by, note.verb) == (date(2026, 3, 10), mira, "noted")
    assert "10 Mar: Carrier changed" in page(client, mira).content.decode()


def test_a_note_that_cannot_be_kept_is_given_back_with_what_was_typed(client, mira):
    client.force_login(mira)
    response = client.post(reverse("kpis:note", args=["complaints-received"]), {"on": "2025-02-29", "text": "Leap"})
    assert response.status_code == 400
    assert "Leap" in response.content.decode()
    assert not KpiNote.objects.exists()


def test_staff_read_kpis_but_write_no_notes(client, stefan):
    assert page(client, stefan).status_code == 200
    url = reverse("kpis:note", args=["complaints-received"])
    assert client.post(url, {"on": "2026-03-10", "text": "x"}).status_code == 403


def test_administrators_see_no_kpis(client, adam):
    assert page(client, adam).status_code == 403


@pytest.mark.parametrize(
    "query", [{"period": "2026-13"}, {"period": "x" * 500}, {"product": "PR-2026-9999"}, {"came_by": "pigeon"}]
)
def test_an_unknown_period_or_part_is_not_found(client, mira, records, query):
    assert page(client, mira, **query).status_code == 404


def test_an_unknown_kpi_is_not_found(client, mira):
    assert page(client, mira, "no-such-kpi").status_code == 404


def test_an_empty_house_says_what_to_do(client, mira):
    assert "No figures yet" in page(client, mira).content.decode()


def test_the_number_of_queries_does_not_grow_with_the_records(client, mira, records, django_assert_max_num_queries):
    page(client, mira)
    with django_assert_max_num_queries(28):
        page(client, mira)
    with django_assert_max_num_queries(12):
        client.get(reverse("kpis:list"))
