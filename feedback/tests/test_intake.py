"""Recording feedback: what the intake sets, who owns a complaint, who is told."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.tests.makers import appoint, make_person, make_unit
from customers.tests.makers import make_contact, make_customer, make_segment
from feedback.intake import owner_by_rule, possible_owners, record_feedback
from feedback.models import Feedback
from records.models import Notification, ReferenceCounter

WEDNESDAY = datetime(2026, 11, 18, 10, 12, tzinfo=UTC)


def record(by, **given):
    facts = {"kind": "complaint", "words": "The crew stood idle.", **given}
    if "customer" not in facts:
        facts["customer"] = make_customer("Halden Water")
    return record_feedback(by=by, **facts)


class TestFacts:
    def test_segment_is_copied_and_stays_when_the_customer_moves_on(self, mira):
        utilities = make_segment("Utilities")
        customer = make_customer(segment=utilities)
        feedback = record(mira, customer=customer).feedback
        customer.segment = make_segment("Food")
        customer.save(by=mira)
        feedback.refresh_from_db()
        assert feedback.segment == utilities

    def test_it_belongs_to_the_customers_unit_or_else_to_the_recorders_own(self, organisation):
        north, south = make_unit("North"), make_unit("South")
        lena = make_person("Lena Sund", "staff", unit=south)
        assert record(lena, customer=make_customer(unit=north)).feedback.unit == north
        assert record(lena, customer=make_customer()).feedback.unit == south
        assert record(lena, customer=make_customer(unit=north), unit=south).feedback.unit == south

    def test_of_people_who_work_for_the_whole_firm_it_belongs_to_the_whole_firm(self, mira):
        assert record(mira).feedback.unit is None

    def test_received_today_has_its_hour_and_an_earlier_day_has_none(self, mira):
        now = timezone.now()
        assert record(mira, at=now).feedback.received_at == now
        earlier = record(mira, customer=make_customer(), at=now, received_on=timezone.localdate() - timedelta(days=3))
        assert earlier.feedback.received_at is None

    def test_a_complaint_is_major_unless_told_and_its_clock_starts(self, mira):
        complaint = record(mira, at=WEDNESDAY).feedback
        assert complaint.severity == "major"
        assert (complaint.acknowledge_due_on, complaint.answer_due_on) == (date(2026, 11, 19), date(2026, 12, 2))
        minor = record(mira, customer=make_customer(), severity="minor", at=WEDNESDAY).feedback
        assert minor.acknowledge_due_on == date(2026, 11, 20)

    def test_a_day_in_the_past_starts_the_clock_on_that_day(self, mira):
        assert record(mira, at=WEDNESDAY, received_on=date(2026, 11, 2)).feedback.answer_due_on == date(2026, 11, 16)

    @pytest.mark.parametrize("kind", ["compliment", "suggestion", "enquiry", "observation"])
    def test_anything_else_has_no_clock_no_severity_and_no_owner(self, mira, kind):
        feedback = record(mira, kind=kind).feedback
        assert (feedback.answer_due_at, feedback.acknowledge_due_at) == (None, None)
        assert (feedback.severity, feedback.owner) == ("", None)

    def test_severity_of_what_is_no_complaint_is_refused(self, mira):
        with pytest.raises(ValidationError):
            record(mira, kind="compliment", severity="minor")

    def test_a_day_to_come_is_refused(self, mira):
        with pytest.raises(ValidationError) as refused:
            record(mira, received_on=timezone.localdate() + timedelta(days=1))
        assert "received_on" in refused.value.message_dict

    def test_a_contact_of_another_customer_is_refused(self, mira):
        with pytest.raises(ValidationError) as refused:
            record(mira, contact=make_contact(customer=make_customer("Brenta Foods")))
        assert "contact" in refused.value.message_dict

    def test_nothing_said_is_refused_and_takes_no_number(self, mira):
        with pytest.raises(ValidationError):
            record(mira, words="  ")
        assert not ReferenceCounter.objects.filter(prefix="FB").exists()
        assert record(mira, customer=make_customer()).feedback.reference.endswith("-0001")

    def test_a_failure_after_the_number_leaves_nothing_and_the_number_is_given_again(self, mira):
        with pytest.raises(IntegrityError), transaction.atomic():
            record(mira)
            raise IntegrityError("power cut")
        assert not Feedback.objects.exists() and not Notification.objects.exists()
        assert record(mira, customer=make_customer()).feedback.reference.endswith("-0001")


class TestOwner:
    def test_relationship_owner_comes_first(self, mira, stefan):
        customer = make_customer(relationship_owner=stefan)
        recorded = record(mira, customer=customer)
        assert recorded.feedback.owner == recorded.told == stefan

    def test_relationship_owner_who_left_or_cannot_act_is_passed_over(self, mira, aude):
        gone = make_person("Ines Duarte", "staff", is_active=False)
        assert owner_by_rule(make_customer(relationship_owner=gone), None) == mira
        assert owner_by_rule(make_customer(relationship_owner=aude), None) == mira

    def test_manager_of_the_unit_comes_before_the_one_above(self, mira):
        site = make_unit("Leeds")
        team = make_unit("Repairs", parent=site)
        above = make_person("Ruth Above", "manager", unit=site)
        assert owner_by_rule(make_customer(), team) == above
        near = make_person("Tom Mbeki", "manager", unit=team)
        assert owner_by_rule(make_customer(), team) == near
        assert owner_by_rule(make_customer(), None) == mira
        assert owner_by_rule(make_customer(), make_unit("Elsewhere")) == mira

    def test_an_appointment_that_ended_does_not_count(self, organisation, quinn):
        past = make_person("Past Manager")
        appoint(past, "manager", to_on=timezone.localdate() - timedelta(days=1))
        assert owner_by_rule(make_customer(), None) == quinn

    def test_without_anybody_it_has_no_owner_and_nobody_is_told(self, stefan):
        recorded = record(stefan)
        assert recorded.feedback.owner is None and recorded.told is None

    def test_of_several_the_one_appointed_first(self, organisation):
        unit = make_unit()
        second, first = make_person("Second"), make_person("First")
        appoint(second, "manager", unit, from_on=date(2024, 5, 1))
        appoint(first, "manager", unit, from_on=date(2023, 5, 1))
        assert owner_by_rule(make_customer(), unit) == first

    def test_auditors_administrators_and_leavers_are_no_owners(self, stefan, mira, tomas, quinn, aude, adam):
        make_person("Gone", "manager", is_active=False)
        assert set(possible_owners()) == {stefan, mira, tomas, quinn}


class TestTelling:
    def test_the_owner_is_told_once_with_a_link(self, mira, stefan):
        feedback = record(stefan).feedback
        note = Notification.objects.get()
        assert (note.user, note.reference) == (mira, feedback.reference)
        assert note.text == f"Complaint from Halden Water: you own {feedback.reference}."
        assert feedback.reference in note.url

    def test_who_records_their_own_complaint_is_not_told(self, mira):
        recorded = record(mira)
        assert recorded.feedback.owner == mira and recorded.told is None
        assert not Notification.objects.exists()

    def test_the_trail_says_who_recorded_it(self, stefan):
        feedback = record(stefan).feedback
        assert (feedback.recorded_by, feedback.verb, feedback.rev) == (stefan, "recorded", 1)
