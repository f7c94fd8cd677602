"""The trail: who did what to which record, for whom, found by what, in a fixed number of queries."""

import csv
import io
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.tests.makers import make_person, make_unit
from customers.tests.makers import make_contact, make_customer, make_segment
from evidence.reach import seals_for
from feedback import services
from feedback.tests.makers import make_complaint, make_entry
from trail import events
from trail.models import Erased, Erasure, Pending, Seal
from trail.sealing import seal

pytestmark = pytest.mark.django_db


@pytest.fixture
def halden(mira):
    """Recorded, renamed, moved, and complained about."""
    customer = make_customer("Halden", segment=make_segment("Water utilities"))
    customer.name = "Halden Water"
    customer.save(by=mira, verb="changed", reason="As on their letters")
    customer.segment = make_segment("Energy")
    customer.save(by=mira)
    seal()
    return customer


def page(client, reader, **asked):
    client.force_login(reader)
    return client.get("/trail/", asked)


def lines(response):
    return [(seal.reference, seal.verb) for seal in response.context["records"]]


class TestLines:
    def test_each_says_who_did_what_to_which_record_when_and_why(self, client, aude, mira, halden):
        response = page(client, aude, record=halden.reference)
        moved, renamed, recorded = response.context["records"]
        assert (renamed.line.by, renamed.line.words, renamed.line.reason) == (mira, "changed", "As on their letters")
        assert [(c.label, c.before, c.after) for c in renamed.line.changes] == [("Name", "Halden", "Halden Water")]
        assert [(c.label, c.before, c.after) for c in moved.line.changes] == [("Segment", "Water utilities", "Energy")]
        assert recorded.line.is_first
        assert ("Name", "", "Halden") in [(c.label, c.before, c.after) for c in recorded.line.changes]
        assert renamed.url == halden.get_absolute_url()
        for one in (moved, renamed, recorded):
            assert one.receipt in response.text

    def test_void_and_erased_records_are_marked(self, client, aude, adam, mira):
        contact = make_contact("Jo Brandt")
        erasure = Erasure.objects.create(
            verb="erased",
            changed_by=adam,
            subject_rtype="customers.contact",
            subject_rid=contact.pk,
            basis="She asked.",
        )
        Erased.objects.create(verb="erased", erasure=erasure, rtype="customers.contact", rid=contact.pk, up_to_rev=1)
        contact.void(by=mira, reason="Left the firm")
        seal()
        voided, recorded = page(client, aude, record=contact.reference).context["records"]
        assert (voided.line.is_erased, recorded.line.is_erased) == (False, True)
        text = page(client, aude, record=contact.reference).text
        assert "Left the firm" in text
        assert '<span class="tag dash">Void</span>' in text
        assert "She asked." in page(client, aude, kind="trail.erasure").text

    def test_security_events_are_lines_too(self, client, aude, mira):
        events.tell("exported", user=mira, path="/feedback/", detail="12 rows: kind=complaint")
        seal()
        response = page(client, aude, kind="trail.securityevent", verb="exported")
        (line,) = response.context["records"]
        assert line.line.by == mira
        assert "12 rows: kind=complaint" in response.text

    def test_what_waits_to_be_sealed_is_counted_and_not_shown(self, client, aude, halden):
        make_customer("Brenta Foods")
        waiting = Pending.objects.count()
        response = page(client, aude)
        assert response.context["check_line"].waiting >= waiting
        assert "wait" in response.text
        assert "Brenta Foods" not in response.text

    def test_an_empty_trail_says_what_will_stand_here(self, client, aude):
        response = page(client, aude)
        assert response.context["records"] == []
        assert "Nothing is sealed yet" in response.text


class TestFilters:
    def test_by_person_kind_record_and_verb(self, client, aude, mira, halden):
        assert lines(page(client, aude, person=mira.email)) == [(halden.reference, "changed")] * 2
        assert {one.rtype for one in page(client, aude, kind="customers.segment").context["records"]} == {
            "customers.segment"
        }
        assert len(lines(page(client, aude, record=halden.reference.lower()))) == 3
        assert lines(page(client, aude, verb="changed")) == [(halden.reference, "changed")] * 2
        assert mira.email not in {
            getattr(one.line.by, "email", "") for one in page(client, aude, person="none").context["records"]
        }

    def test_by_days_both_ends_included(self, client, aude, halden):
        today = timezone.localdate()
        everything = Seal.objects.count()
        for asked, found in (
            ({"changed_from": today, "changed_to": today}, everything),
            ({"changed_to": today - timedelta(days=1)}, 0),
            ({"changed_from": today + timedelta(days=1)}, 0),
        ):
            response = page(client, aude, size=100, **asked)
            assert response.context["filter"].qs.count() == found, asked

    @pytest.mark.parametrize(
        "asked",
        [
            {"person": "nobody@example.com"},
            {"kind": "auth.user"},
            {"record": "CU-2026-9999"},
            {"record": "XX-1"},
            {"verb": "forged"},
            {"changed_from": "31.03.2026"},
            {"changed_to": "9999-12-31"},
            {"sort": "person"},
            {"page": "made-up"},
        ],
    )
    def test_what_cannot_be_read_is_refused_and_shows_nothing(self, client, aude, halden, asked):
        response = page(client, aude, **asked)
        assert response.status_code == 400
        assert response.context["records"] == []

    def test_the_verbs_offered_are_those_that_stand_in_the_trail(self, client, aude, halden):
        offered = [value for value, _words in page(client, aude).context["filter"].form.fields["verb"].choices]
        assert offered == ["", *sorted(set(Seal.objects.values_list("verb", flat=True)))]

    def test_pages_follow_each_other_without_a_gap(self, client, aude):
        for number in range(40):
            make_customer(f"Customer {number}")
        seal()
        seen, asked = [], {}
        while True:
            response = page(client, aude, **asked)
            seen += [one.seq for one in response.context["records"]]
            if not response.context["next_url"]:
                break
            asked = {"page": response.context["rows"].next}
        assert sorted(seen) == list(Seal.objects.order_by("seq").values_list("seq", flat=True))
        assert len(seen) == len(set(seen))


class TestReach:
    @pytest.mark.parametrize(("who", "status"), [("stefan", 403), ("mira", 403), ("tomas", 403)])
    def test_others_have_no_right_to_it(self, client, request, who, status):
        assert page(client, request.getfixturevalue(who)).status_code == status

    def test_administrators_see_accounts_and_events_and_no_content(self, client, adam, aude, halden):
        events.tell("opened", user=aude, path=halden.get_absolute_url(), reference=halden.reference)
        seal()
        response = page(client, adam, size=100)
        kinds = {one.rtype.partition(".")[0] for one in response.context["records"]}
        assert kinds == {"accounts", "trail"}
        assert page(client, adam, kind="customers.customer").status_code == 400
        assert page(client, adam, record=halden.reference).status_code == 400

    def test_an_auditor_of_one_unit_sees_that_unit_and_its_people(self, client, organisation):
        north, south = make_unit("North"), make_unit("South")
        anna = make_person("Anna Lindgren", "auditor", north)
        nora, sven = make_person("Nora Falk", "staff", north), make_person("Sven Holt", "staff", south)
        theirs, not_theirs = make_customer("Halden", unit=north), make_customer("Brenta", unit=south)
        common = make_customer("Sorrel")
        for person in (nora, sven):
            events.tell("signed in", user=person)
        seal()
        seen = page(client, anna, kind="customers.customer").context["records"]
        assert {one.rid for one in seen} == {theirs.pk, common.pk}
        assert page(client, anna, record=not_theirs.reference).status_code == 400
        signed_in = page(client, anna, verb="signed in").context["records"]
        assert [one.line.by for one in signed_in] == [nora]

    def test_for_who_reads_everything_nothing_is_compared(self, quinn, aude, adam):
        """So that the index by time alone finds the page, however rare a kind is."""
        for reader, compares in ((quinn, False), (aude, False), (adam, True)):
            assert bool(seals_for(reader).query.where) == compares


class TestFile:
    def test_it_has_a_row_for_each_line_with_before_and_after(self, client, aude, mira, halden):
        client.force_login(aude)
        response = client.get("/trail/", {"format": "csv", "record": halden.reference})
        text = b"".join(response.streaming_content).decode().removeprefix("\ufeff")
        heading, moved, renamed, recorded = csv.reader(io.StringIO(text))
        row = dict(zip(heading, renamed, strict=True))
        assert (row["Person"], row["E-mail"]) == ("Mira Castellan", mira.email)
        assert (row["Before"], row["After"]) == ("Name: Halden", "Name: Halden Water")
        assert row["Reason"] == "As on their letters"
        assert row["Receipt"] == Seal.objects.get(rtype="customers.customer", rid=halden.pk, rev=2).receipt
        assert len({moved[0], renamed[0], recorded[0]}) == 3

    def test_administrators_take_nothing_out(self, client, adam, halden):
        assert page(client, adam, format="csv").status_code == 403


def test_the_page_costs_the_same_however_many_lines(client, aude, mira, django_assert_num_queries):
    """With twelve kinds of record on it, two queries for each; of one kind it takes far fewer."""

    def fill(many):
        for number in range(many):
            complaint = make_complaint(by=mira, owner=mira, customer=make_customer(segment=make_segment()))
            make_entry(complaint, by=mira, text=f"Note {number}")
            services.acknowledge(by=mira, feedback=complaint)
            make_contact(f"Person {number}", complaint.customer)
        events.tell("opened", user=aude)
        seal()

    for many, queries in ((2, 47), (12, 48)):  # the second are more than a page, and so counted
        fill(many)
        page(client, aude, size=100)
        with django_assert_num_queries(queries):
            page(client, aude, size=100)
        with django_assert_num_queries(27):
            page(client, aude, kind="customers.contact")
