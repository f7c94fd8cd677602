"""What changed since: added, changed and removed from view between two days, with who and why."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest

from accounts.tests.makers import make_person, make_unit
from customers.models import Contact, Customer, Segment
from customers.tests.makers import make_customer
from trail.changed import what_changed
from trail.models import Erased, Erasure

pytestmark = pytest.mark.django_db
QUERIES = 14
JANUARY = {"kind": "customers.customer", "since": "2026-01-01", "until": "2026-01-31"}


def on(month, day, hour=12):
    return datetime(2026, month, day, hour, tzinfo=UTC)


def recorded(name, at, model=Customer, **given):
    record = model(name=name, **given)
    record.full_clean(exclude=["reference"])
    record.save(at=at)
    return record


def changed(record, at, by=None, reason="", **fields):
    for name, value in fields.items():
        setattr(record, name, value)
    record.save(by=by, reason=reason, at=at)
    return record


@pytest.fixture
def register(mira):
    """In January: Brenta is added, Halden renamed and moved, Sorrel voided; Tarn changed before and after alone."""
    autumn = on(1, 1) - timedelta(days=100)
    water, energy = recorded("Water utilities", autumn, Segment), recorded("Energy", autumn, Segment)
    halden = recorded("Halden", on(1, 1) - timedelta(days=90), segment=water)
    sorrel = recorded("Sorrel Pharma", on(1, 1) - timedelta(days=90))
    tarn = recorded("Tarn", on(1, 1) - timedelta(days=90))
    changed(tarn, on(1, 1) - timedelta(days=2), name="Tarn Foods")
    brenta = recorded("Brenta Foods", on(1, 5))
    changed(halden, on(1, 10), by=mira, name="Halden Water")
    changed(halden, on(1, 20), by=mira, reason="Sold their waterworks", segment=energy)
    sorrel.voided_at, sorrel.voided_by, sorrel.void_reason = on(1, 25), mira, "Twice in the list"
    sorrel.save(by=mira, verb="voided", reason="Twice in the list", at=on(1, 25))
    changed(tarn, on(2, 3), name="Tarn")
    changed(halden, on(2, 4), name="Halden Wasser")
    return {"halden": halden, "sorrel": sorrel, "tarn": tarn, "brenta": brenta}


class TestTheQuestion:
    def test_each_record_once_with_what_differs_between_the_two_moments(self, register, mira):
        sorrel, halden, brenta = what_changed(Customer, on(1, 1, 0), on(1, 31, 23))
        assert (brenta.how, brenta.record, brenta.versions) == ("added", register["brenta"], 1)
        assert (halden.how, halden.versions) == ("changed", 2)
        assert [(c.label, c.before, c.after) for c in halden.changes] == [
            ("Name", "Halden", "Halden Water"),
            ("Segment", "Water utilities", "Energy"),
        ]
        assert (halden.by, halden.reason, halden.at) == (mira, "Sold their waterworks", on(1, 20))
        assert (sorrel.how, sorrel.is_voided, sorrel.reason) == ("removed", True, "Twice in the list")

    def test_nothing_changed_where_nothing_happened(self, register):
        assert what_changed(Customer, on(2, 10), on(2, 20)) == []

    def test_what_was_changed_and_changed_back_is_told_with_no_field(self, register):
        register["tarn"].refresh_from_db()
        first = register["tarn"].changed_at
        changed(register["tarn"], on(2, 5), name="Tarn Ltd")
        changed(register["tarn"], on(2, 6), name="Tarn")
        (told,) = what_changed(Customer, first, on(2, 20), Customer.objects.filter(pk=register["tarn"].pk))
        assert (told.changes, told.versions) == ([], 2)

    def test_an_erasure_takes_its_record_out_of_view(self, register, adam):
        contact = recorded("Jo Brandt", on(1, 2) - timedelta(days=40), Contact, customer=register["halden"])
        erasure = Erasure.objects.create(
            verb="erased",
            changed_by=adam,
            subject_rtype="customers.contact",
            subject_rid=contact.pk,
            basis="She asked.",
            changed_at=on(1, 8),
        )
        Erased.objects.create(
            verb="erased", erasure=erasure, rtype="customers.contact", rid=contact.pk, up_to_rev=1, changed_at=on(1, 8)
        )
        changed(contact, on(1, 8), position="gone")
        (told,) = what_changed(Contact, on(1, 1, 0), on(1, 31))
        assert (told.how, told.is_erased, told.is_voided) == ("removed", True, False)

    def test_it_takes_as_many_queries_for_one_as_for_many(self, register, mira, django_assert_num_queries):
        for number in range(12):
            recorded(f"Customer {number}", on(1, 15), segment=register["halden"].segment)
        with django_assert_num_queries(4):  # after; before; segments; people
            assert len(what_changed(Customer, on(1, 1, 0), on(1, 31))) == 15
        with django_assert_num_queries(3):  # nobody to be named
            assert len(what_changed(Customer, on(1, 15, 0), on(1, 16))) == 12


class TestThePage:
    def test_it_shows_the_three_kinds_of_change_with_their_counts(self, client, aude, register):
        client.force_login(aude)
        response = client.get("/trail/changed/", JANUARY)
        assert response.status_code == 200
        assert [preset["count"] for preset in response.context["presets"]] == [3, 1, 1, 1]
        assert [record.pk for record in response.context["records"]] == [
            register[name].pk for name in ("sorrel", "halden", "brenta")
        ]
        for words in ("Sold their waterworks", "Halden Water", "Twice in the list", "Mira Castellan"):
            assert words in response.text
        assert "Halden Wasser" not in response.text.replace(register["halden"].title, "")

    @pytest.mark.parametrize(("show", "name"), [("added", "brenta"), ("changed", "halden"), ("removed", "sorrel")])
    def test_one_kind_of_change_alone(self, client, aude, register, show, name):
        client.force_login(aude)
        (record,) = client.get("/trail/changed/", {**JANUARY, "show": show}).context["records"]
        assert record.pk == register[name].pk

    def test_without_dates_it_shows_the_last_days_of_the_register_they_know_best(self, client, aude):
        client.force_login(aude)
        response = client.get("/trail/changed/")
        assert response.status_code == 200
        assert "What changed since: Feedback" in response.text

    @pytest.mark.parametrize(
        "asked",
        [
            {"kind": "customers.nothing"},
            {"since": "2026-02-30"},
            {"since": "0001-01-01"},
            {"until": "2199-01-01"},
            {"until": "9999-12-31"},
            {"since": "2026-02-01", "until": "2026-01-31"},
            {"show": "forged"},
            {"page": "made-up"},
        ],
    )
    def test_what_cannot_be_read_is_refused_in_words(self, client, aude, register, asked):
        client.force_login(aude)
        response = client.get("/trail/changed/", JANUARY | asked)
        assert response.status_code == 400
        assert response.context["records"] == []

    def test_a_kind_that_one_may_not_read_is_refused(self, client, stefan, adam, register):
        client.force_login(stefan)
        assert client.get("/trail/changed/", JANUARY | {"kind": "accounts.appointment"}).status_code == 403
        client.force_login(adam)
        assert client.get("/trail/changed/", JANUARY).status_code == 403
        assert client.get("/trail/changed/").status_code == 200

    def test_each_sees_their_part_of_the_firm(self, client, organisation):
        north, south = make_unit("North"), make_unit("South")
        ours, theirs = make_customer("Ours", unit=north), make_customer("Theirs", unit=south)
        client.force_login(make_person("Nora Falk", "staff", north))
        response = client.get("/trail/changed/", {"kind": "customers.customer"})
        assert [record.pk for record in response.context["records"]] == [ours.pk]
        assert theirs.reference not in response.text

    def test_the_file_tells_the_same(self, client, aude, register):
        client.force_login(aude)
        response = client.get("/trail/changed/", {**JANUARY, "format": "csv"})
        text = b"".join(response.streaming_content).decode().removeprefix("\ufeff")
        heading, *rows = csv.reader(io.StringIO(text))
        told = [dict(zip(heading, row, strict=True)) for row in rows]
        assert [row["What happened"] for row in told] == ["voided", "changed", "added"]
        assert told[1]["Before"] == "Name: Halden\nSegment: Water utilities"
        assert told[1]["After"] == "Name: Halden Water\nSegment: Energy"
        assert told[1]["By"] == "Mira Castellan"

    def test_it_costs_the_same_however_much_changed(self, client, aude, register, django_assert_num_queries):
        client.force_login(aude)
        client.get("/trail/changed/", JANUARY)
        with django_assert_num_queries(QUERIES):
            client.get("/trail/changed/", JANUARY)
        for number in range(12):
            recorded(f"Customer {number}", on(1, 15))
        with django_assert_num_queries(QUERIES):
            client.get("/trail/changed/", JANUARY)
