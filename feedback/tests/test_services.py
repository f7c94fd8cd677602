"""The life of feedback: what each verb does, when it is refused, whom it tells."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts.tests.makers import make_person, make_unit
from customers.tests.makers import make_customer, make_segment
from feedback import services
from feedback.intake import record_feedback
from feedback.models import Entry, Feedback
from feedback.tests.makers import make_complaint, make_entry, make_feedback
from records.models import Conflict, Notification


def noon(year, month, day):
    return datetime(year, month, day, 12, tzinfo=UTC)


def answered(by, **given):
    return services.answer(by=by, feedback=make_complaint(**given), outcome="Sent two new meters.")


class TestAcknowledge:
    def test_it_notes_who_and_when_and_what_was_sent(self, mira):
        complaint = services.acknowledge(by=mira, feedback=make_complaint(), text="We have it.", at=noon(2026, 3, 3))
        assert (complaint.acknowledged_by, complaint.acknowledged_at) == (mira, noon(2026, 3, 3))
        entry = complaint.entries.get()
        assert (entry.audience, entry.text, entry.happened_at) == (Entry.Audience.SENT, "We have it.", noon(2026, 3, 3))

    def test_without_a_text_nothing_stands_as_sent(self, mira):
        assert not services.acknowledge(by=mira, feedback=make_complaint()).entries.exists()

    def test_it_happens_once(self, mira):
        complaint = services.acknowledge(by=mira, feedback=make_complaint())
        with pytest.raises(ValidationError, match="acknowledged already"):
            services.acknowledge(by=mira, feedback=complaint, text="Again")
        assert not complaint.entries.exists()

    def test_praise_is_not_acknowledged(self, mira):
        with pytest.raises(ValidationError, match="Only a complaint"):
            services.acknowledge(by=mira, feedback=make_feedback())


class TestAnswer:
    def test_it_is_the_outcome_and_stands_as_sent_and_counts_as_acknowledgement(self, mira):
        complaint = answered(mira)
        assert complaint.outcome == complaint.entries.get().text == "Sent two new meters."
        assert complaint.answered_on == timezone.localdate()
        assert complaint.acknowledged_at == complaint.answered_at

    def test_an_earlier_acknowledgement_stands(self, mira, stefan):
        complaint = services.acknowledge(by=stefan, feedback=make_complaint(), at=noon(2026, 3, 3))
        assert services.answer(by=mira, feedback=complaint, outcome="Done").acknowledged_by == stefan

    def test_an_empty_answer_is_refused(self, mira):
        with pytest.raises(ValidationError) as refused:
            services.answer(by=mira, feedback=make_complaint(), outcome="  ")
        assert "outcome" in refused.value.message_dict

    def test_it_happens_once(self, mira):
        with pytest.raises(ValidationError, match="answered already"):
            services.answer(by=mira, feedback=answered(mira), outcome="Again")

    def test_a_question_is_answered_too(self, mira):
        question = services.answer(by=mira, feedback=make_feedback(kind="enquiry"), outcome="Yes, for zone 1.")
        assert question.answered_on and question.acknowledged_at is None


class TestCloseAndReopen:
    def test_closing_notes_working_days(self, mira):
        complaint = answered(mira, received_on=date(2026, 3, 2))
        assert services.close(by=mira, feedback=complaint, at=noon(2026, 3, 9)).days_to_close == 5

    def test_closing_history_notes_calendar_days(self, mira):
        complaint = answered(mira, received_on=date(2026, 3, 2), is_historic=True)
        assert services.close(by=mira, feedback=complaint, at=noon(2026, 3, 9)).days_to_close == 7

    def test_a_complaint_is_answered_before_it_is_closed(self, mira):
        with pytest.raises(ValidationError, match="Answer the customer"):
            services.close(by=mira, feedback=make_complaint())
        assert services.close(by=mira, feedback=make_feedback()).is_closed

    def test_reopening_owes_an_answer_again_by_the_first_promise_and_tells_the_owner(self, mira, stefan):
        complaint = services.close(by=mira, feedback=answered(mira, owner=stefan))
        promised = complaint.answer_due_at
        complaint = services.reopen(by=mira, feedback=complaint, reason="It broke again.")
        assert not complaint.is_closed and complaint.answered_at is None and complaint.days_to_close is None
        assert (complaint.times_reopened, complaint.answer_due_at) == (1, promised)
        assert complaint.outcome == "Sent two new meters."
        assert Notification.objects.get(user=stefan).text == f"{complaint.reference} is open again: It broke again."

    def test_reopening_needs_a_reason_and_something_closed(self, mira):
        with pytest.raises(ValidationError) as refused:
            services.reopen(by=mira, feedback=services.close(by=mira, feedback=make_feedback()), reason=" ")
        assert "reason" in refused.value.message_dict
        with pytest.raises(ValidationError, match="open already"):
            services.reopen(by=mira, feedback=make_feedback(), reason="Why not")

    def test_what_is_closed_takes_no_verb_but_reopen(self, mira, stefan):
        closed = services.close(by=mira, feedback=answered(mira))
        for verb, given in (
            (services.acknowledge, {}),
            (services.answer, {"outcome": "x"}),
            (services.close, {}),
            (services.assign, {"owner": stefan}),
        ):
            with pytest.raises(ValidationError, match="closed"):
                verb(by=mira, feedback=closed, **given)


class TestAssign:
    def test_the_new_owner_is_told(self, mira, stefan):
        feedback, told = services.assign(by=mira, feedback=make_complaint(owner=mira), owner=stefan)
        assert feedback.owner == told == Notification.objects.get().user == stefan

    def test_who_takes_it_on_themselves_is_not_told(self, mira):
        _feedback, told = services.assign(by=mira, feedback=make_complaint(), owner=mira)
        assert told is None and not Notification.objects.exists()

    def test_to_whom_it_belongs_already_or_who_cannot_act_it_is_not_given(self, mira, aude):
        with pytest.raises(ValidationError, match="owns it already"):
            services.assign(by=mira, feedback=make_complaint(owner=mira), owner=mira)
        with pytest.raises(ValidationError, match="cannot own"):
            services.assign(by=mira, feedback=make_complaint(), owner=aude)


class TestVoid:
    def test_it_needs_a_reason_and_tells_the_owner(self, mira, stefan):
        complaint = make_complaint(owner=stefan)
        with pytest.raises(ValidationError, match="why"):
            services.void(by=mira, feedback=complaint, reason="")
        services.void(by=mira, feedback=complaint, reason="Entered twice.")
        assert Notification.objects.get(user=stefan).text == f"{complaint.reference} was voided: Entered twice."

    def test_what_is_void_takes_no_verb(self, mira, stefan):
        void = services.void(by=mira, feedback=make_complaint(), reason="Entered twice.")
        for verb, given in (
            (services.acknowledge, {}),
            (services.answer, {"outcome": "x"}),
            (services.close, {}),
            (services.reopen, {"reason": "x"}),
            (services.assign, {"owner": stefan}),
            (services.void, {"reason": "x"}),
            (services.add_note, {"text": "x"}),
        ):
            with pytest.raises(ValidationError, match="void"):
                verb(by=mira, feedback=void, **given)


class TestUndo:
    @pytest.fixture
    def fresh(self, stefan, mira):
        return record_feedback(by=stefan, kind="complaint", customer=make_customer(), words="Late").feedback

    def test_the_recorder_takes_it_back_and_the_owner_is_told(self, stefan, mira, fresh):
        undone = services.undo(by=stefan, feedback=fresh)
        assert undone.is_voided and undone.void_reason == "Undone by the person who recorded it"
        assert "taken back by Stefan Adler" in Notification.objects.filter(user=mira).latest("pk").text

    def test_nobody_else_does(self, mira, fresh):
        with pytest.raises(PermissionDenied):
            services.undo(by=mira, feedback=fresh)

    def test_ten_minutes_later_it_is_too_late(self, stefan, fresh):
        services.undo(by=stefan, feedback=fresh, at=fresh.recorded_at + timedelta(minutes=10))
        later = make_feedback(by=stefan)
        with pytest.raises(ValidationError, match="10 minutes"):
            services.undo(by=stefan, feedback=later, at=later.recorded_at + timedelta(minutes=10, seconds=1))

    def test_what_others_have_built_on_is_not_taken_back(self, stefan, mira, fresh):
        services.acknowledge(by=mira, feedback=fresh)
        with pytest.raises(ValidationError, match="begun"):
            services.undo(by=stefan, feedback=fresh)
        noted = make_feedback(by=stefan)
        make_entry(noted, by=mira)
        with pytest.raises(ValidationError, match="begun"):
            services.undo(by=stefan, feedback=noted)

    def test_twice_is_once(self, stefan, fresh):
        services.undo(by=stefan, feedback=fresh)
        with pytest.raises(ValidationError, match="void already"):
            services.undo(by=stefan, feedback=fresh)


class TestNotes:
    def test_a_note_is_internal_unless_told(self, stefan):
        entry = services.add_note(by=stefan, feedback=make_complaint(), text="Carrier confirms.")
        assert (entry.audience, entry.recorded_by) == (Entry.Audience.INTERNAL, stefan)

    def test_an_empty_note_is_refused(self, stefan):
        with pytest.raises(ValidationError):
            services.add_note(by=stefan, feedback=make_complaint(), text="\n ")


def changed(feedback, **facts):
    """The record as a form would hand it over: read anew and changed, not saved."""
    fresh = Feedback.objects.get(pk=feedback.pk)
    for name, value in facts.items():
        setattr(fresh, name, value)
    return fresh


class TestEdit:
    def test_becoming_a_complaint_starts_the_clock_from_the_day_it_was_received(self, mira, stefan):
        question = make_feedback(by=stefan, kind="enquiry", received_on=date(2026, 11, 2))
        told = services.edit(by=stefan, feedback=changed(question, kind="complaint"))
        question.refresh_from_db()
        assert (question.severity, question.answer_due_on) == ("major", date(2026, 11, 16))
        assert question.owner == told == mira

    def test_an_owner_that_it_has_is_kept(self, mira, stefan):
        question = make_feedback(kind="enquiry", owner=stefan)
        assert services.edit(by=mira, feedback=changed(question, kind="complaint")) is None
        question.refresh_from_db()
        assert question.owner == stefan

    def test_no_complaint_after_all_needs_a_reason_and_there_and_back_the_first_promise_stands(self, mira):
        complaint = make_complaint(received_on=date(2026, 11, 2))
        first = complaint.answer_due_at
        with pytest.raises(ValidationError) as refused:
            services.edit(by=mira, feedback=changed(complaint, kind="enquiry"))
        assert "reason" in refused.value.message_dict
        services.edit(by=mira, feedback=changed(complaint, kind="enquiry"), reason="They only asked.")
        complaint.refresh_from_db()
        assert (complaint.severity, complaint.reason) == ("", "They only asked.")
        services.edit(
            by=mira, feedback=changed(complaint, kind="complaint", severity="minor", received_on=date(2026, 11, 9))
        )
        complaint.refresh_from_db()
        assert complaint.answer_due_at == first

    def test_another_severity_or_day_moves_no_promise(self, mira):
        complaint = make_complaint(received_on=date(2026, 11, 2), received_at=noon(2026, 11, 2))
        first = complaint.answer_due_at
        services.edit(by=mira, feedback=changed(complaint, severity="minor", received_on=date(2026, 11, 5)))
        complaint.refresh_from_db()
        assert (complaint.answer_due_at, complaint.severity) == (first, "minor")
        assert complaint.received_at is None

    def test_a_complaint_keeps_a_severity(self, mira):
        complaint = make_complaint(severity="critical")
        services.edit(by=mira, feedback=changed(complaint, severity=""))
        complaint.refresh_from_db()
        assert complaint.severity == "critical"

    def test_what_is_closed_does_not_become_a_complaint(self, mira):
        closed = services.close(by=mira, feedback=make_feedback())
        with pytest.raises(ValidationError) as refused:
            services.edit(by=mira, feedback=changed(closed, kind="complaint"))
        assert "kind" in refused.value.message_dict

    def test_a_corrected_day_corrects_the_days_it_took(self, mira):
        closed = services.close(by=mira, feedback=make_feedback(), at=noon(2026, 3, 9))
        services.edit(by=mira, feedback=changed(closed, received_on=date(2026, 3, 5)), reason="A slip")
        closed.refresh_from_db()
        assert closed.days_to_close == 2
        with pytest.raises(ValidationError) as refused:
            services.edit(by=mira, feedback=changed(closed, received_on=date(2026, 3, 10)))
        assert "received_on" in refused.value.message_dict

    def test_another_customer_brings_its_segment(self, mira):
        food = make_segment("Food")
        feedback = make_feedback()
        services.edit(by=mira, feedback=changed(feedback, customer=make_customer(segment=food)))
        feedback.refresh_from_db()
        assert feedback.segment == food

    def test_two_people_at_one_record_the_second_is_told(self, mira, stefan):
        feedback = make_feedback()
        first, second = changed(feedback, words="First"), changed(feedback, words="Second")
        services.edit(by=mira, feedback=first)
        with pytest.raises(Conflict):
            services.edit(by=stefan, feedback=second)
        feedback.refresh_from_db()
        assert feedback.words == "First"


class TestRights:
    def test_staff_change_what_they_recorded_or_own_and_see_their_own_everywhere(self, organisation, stefan, mira):
        north, south = make_unit("North"), make_unit("South")
        lena = make_person("Lena Sund", "staff", unit=north)
        recorded, owned = make_feedback(by=lena, unit=south), make_feedback(owner=lena, unit=south)
        near, far, firm = make_feedback(unit=north), make_feedback(unit=south), make_feedback()
        assert set(Feedback.objects.visible_to(lena)) == {recorded, owned, near, firm}
        assert set(Feedback.objects.changeable_by(lena)) == {recorded, owned}
        assert set(Feedback.objects.changeable_by(mira)) == {recorded, owned, near, far, firm}

    def test_a_manager_of_a_unit_reads_what_belongs_to_the_whole_firm_and_changes_their_units_own(self, organisation):
        site = make_unit("Leeds")
        tom = make_person("Tom Mbeki", "manager", unit=site)
        below, firm = make_feedback(unit=make_unit("Repairs", parent=site)), make_feedback()
        owned_elsewhere = make_feedback(owner=tom, unit=make_unit("South"))
        assert set(Feedback.objects.visible_to(tom)) == {below, firm, owned_elsewhere}
        assert set(Feedback.objects.changeable_by(tom)) == {below, owned_elsewhere}
        assert set(Feedback.objects.voidable_by(tom)) == {below}

    def test_auditors_and_administrators_change_nothing(self, aude, adam):
        make_feedback()
        assert not Feedback.objects.changeable_by(aude).exists()
        assert not Feedback.objects.changeable_by(adam).exists()
