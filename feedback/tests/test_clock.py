"""The clock of a complaint: moments on the firm's calendar, and words for them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from accounts.models import Closure
from feedback.clock import State, clock_state, days_to_close, promise_for, start_clock
from feedback.models import Feedback
from feedback.tests.makers import make_complaint, make_feedback

LONDON = ZoneInfo("Europe/London")

pytestmark = pytest.mark.usefixtures("organisation")


def london(year, month, day, hour=12, minute=0):
    return datetime(year, month, day, hour, minute, tzinfo=LONDON)


def complaint_due(moment, **given):
    """A complaint that is acknowledged and whose answer was promised for `moment`."""
    facts = {
        "kind": "complaint",
        "severity": "major",
        "received_on": date(2026, 11, 2),
        "acknowledge_due_at": moment,
        "acknowledge_due_on": moment.date(),
        "acknowledged_at": london(2026, 11, 2),
        "answer_due_at": moment,
        "answer_due_on": moment.date(),
    }
    return Feedback(**{**facts, **given})


def words(feedback, now):
    clock = clock_state(feedback, now)
    return clock.state, clock.words, clock.sentence


class TestPromise:
    def test_days_are_working_days_and_end_at_closing_time(self):
        promise = promise_for("major", date(2026, 11, 18), london(2026, 11, 18, 10, 12))  # a Wednesday
        assert promise.acknowledge_by == london(2026, 11, 19, 17)
        assert promise.answer_by == london(2026, 12, 2, 17)

    def test_a_weekend_gives_no_time_away(self):
        assert promise_for("major", date(2026, 11, 21)).acknowledge_by == london(2026, 11, 23, 17)  # a Saturday

    def test_holidays_and_closures_do_not_count(self):
        Closure(on=date(2026, 12, 29), name="Stocktaking").save()
        # 25 and 28 December are public holidays in England in 2026 (Boxing Day falls on a Saturday).
        assert promise_for("major", date(2026, 12, 24)).acknowledge_by == london(2026, 12, 30, 17)

    def test_severity_decides_how_many_days(self):
        received = date(2026, 11, 2)
        assert promise_for("critical", received).answer_by == london(2026, 11, 9, 17)
        assert promise_for("minor", received).answer_by == london(2026, 11, 23, 17)

    def test_closing_time_stays_five_o_clock_when_the_clocks_change(self):
        promise = promise_for("major", date(2026, 3, 27))  # summer time begins on Sunday 29 March
        assert promise.acknowledge_by == london(2026, 3, 30, 17)
        assert promise.acknowledge_by.astimezone(UTC).hour == 16
        assert promise_for("major", date(2026, 10, 23)).acknowledge_by.astimezone(UTC).hour == 17

    def test_a_promise_once_given_is_not_given_again(self):
        complaint = make_complaint(received_on=date(2026, 11, 2))
        promised = complaint.answer_due_at
        complaint.severity, complaint.received_on = "minor", date(2026, 11, 9)
        start_clock(complaint)
        assert complaint.answer_due_at == promised

    def test_history_starts_no_clock(self):
        historic = make_complaint(is_historic=True)
        start_clock(historic)
        assert historic.answer_due_at is None


class TestWords:
    def test_overdue_says_working_days_and_what_was_promised(self):
        late = complaint_due(london(2026, 11, 19, 17))  # a Thursday
        assert words(late, london(2026, 11, 20, 16, 40)) == (
            State.OVERDUE,
            "Answer overdue by 1 working day",
            "Answer overdue by 1 working day. Customer was promised Thursday 17:00.",
        )

    def test_a_weekend_does_not_make_it_later(self):
        late = complaint_due(london(2026, 11, 19, 17))
        assert clock_state(late, london(2026, 11, 22)).words == "Answer overdue by 1 working day"
        assert clock_state(late, london(2026, 11, 23, 9)).words == "Answer overdue by 2 working days"

    def test_overdue_without_a_working_day_between_says_since_when(self):
        late = complaint_due(london(2026, 11, 20, 17))  # a Friday
        assert clock_state(late, london(2026, 11, 20, 17, 30)).words == "Answer overdue since 17:00"
        assert words(late, london(2026, 11, 21))[1:] == (
            "Answer overdue since Fri 20 Nov",
            "Answer overdue. Customer was promised Friday 17:00.",
        )

    def test_more_than_a_week_back_has_its_date_and_another_year_its_year(self):
        late = complaint_due(london(2026, 11, 4, 17))
        assert clock_state(late, london(2026, 11, 20)).sentence.endswith("Customer was promised Wed 4 Nov, 17:00.")
        assert clock_state(late, london(2027, 1, 8)).sentence.endswith("promised Wed 4 Nov 2026, 17:00.")

    def test_due_today_is_near_in_its_last_four_working_hours(self):
        due = complaint_due(london(2026, 11, 20, 17))
        assert words(due, london(2026, 11, 20, 9, 30)) == (State.DUE, "Answer by 17:00", "Answer due today, 17:00.")
        assert words(due, london(2026, 11, 20, 13))[0] == State.NEAR
        assert words(due, london(2026, 11, 20, 12, 59))[0] == State.DUE

    def test_due_on_the_stroke_is_not_overdue(self):
        due = complaint_due(london(2026, 11, 20, 17))
        assert clock_state(due, london(2026, 11, 20, 17)).state == State.NEAR

    def test_due_later_says_the_day(self):
        due = complaint_due(london(2026, 11, 25, 17))
        assert words(due, london(2026, 11, 20)) == (State.DUE, "Answer by Wed 25 Nov", "Answer due Wed 25 Nov, 17:00.")

    def test_acknowledgement_is_owed_first_until_the_answer_is_late_too(self):
        fresh = complaint_due(
            london(2026, 11, 27, 17), acknowledged_at=None, acknowledge_due_at=london(2026, 11, 19, 17)
        )
        assert clock_state(fresh, london(2026, 11, 19, 16)).words == "Acknowledge by 17:00"
        assert clock_state(fresh, london(2026, 11, 20)).words == "Acknowledgement overdue by 1 working day"
        assert clock_state(fresh, london(2026, 11, 30)).words == "Answer overdue by 1 working day"

    def test_an_answer_is_in_time_or_late_and_nobody_learns_how_long_it_took(self):
        due = london(2026, 11, 20, 17)
        in_time = complaint_due(due, answered_at=due, answered_on=due.date())
        assert words(in_time, london(2026, 11, 25)) == (State.MET, "Answered in time", "Answered in time.")
        late = complaint_due(due, answered_at=london(2026, 11, 24), answered_on=date(2026, 11, 24))
        assert words(late, london(2026, 11, 25)) == (
            State.LATE,
            "Answered late",
            "Answered after the promised Fri 20 Nov, 17:00.",
        )

    def test_what_has_no_clock_says_why(self):
        now = london(2026, 11, 20)
        assert clock_state(make_feedback(), now).sentence == "Only a complaint starts a clock."
        assert clock_state(make_complaint(is_historic=True), now).sentence == (
            "Brought in as history: it starts no clock."
        )
        assert clock_state(complaint_due(now, voided_at=now), now).state == State.NONE

    def test_words_are_on_the_firms_clock_wherever_the_moment_came_from(self):
        due = complaint_due(datetime(2026, 7, 20, 16, 0, tzinfo=UTC))  # 17:00 in London in summer
        assert clock_state(due, datetime(2026, 7, 20, 7, 0, tzinfo=UTC)).words == "Answer by 17:00"


class TestDaysToClose:
    def test_working_days_of_our_own_and_calendar_days_of_history(self):
        own, historic = make_complaint(), make_complaint(is_historic=True)  # received Monday 2 March
        assert days_to_close(own, london(2026, 3, 9)) == 5
        assert days_to_close(historic, london(2026, 3, 9)) == 7

    def test_closed_before_received_has_no_duration(self):
        assert days_to_close(make_complaint(is_historic=True), date(2026, 3, 1)) is None
        assert days_to_close(make_complaint(), date(2026, 3, 1)) is None
