"""The promises that a complaint starts, on the firm's own calendar (ISO 10002)."""

from dataclasses import dataclass
from datetime import datetime

from accounts.calendar import working_calendar
from accounts.models import Deadline


@dataclass(frozen=True)
class Promise:
    """Moments by which a complaint is to be acknowledged and answered."""

    acknowledge_by: datetime
    answer_by: datetime


def promise_for(severity, received_on, received_at=None) -> Promise:
    """The promise for a complaint of this severity. With a day only, the clock starts at opening time."""
    calendar = working_calendar()
    deadline = Deadline.objects.filter(severity=severity).first() or Deadline(severity=severity)
    start = received_at or received_on
    return Promise(
        calendar.due_at(start, deadline.acknowledge_days),
        calendar.due_at(start, deadline.answer_days),
    )


def start_clock(feedback):
    """Set the promised moments of an unsaved complaint; the answer's first promise is never set again."""
    promise = promise_for(feedback.severity, feedback.received_on, feedback.received_at)
    calendar = working_calendar()
    feedback.acknowledge_due_at, feedback.answer_due_at = promise.acknowledge_by, promise.answer_by
    feedback.acknowledge_due_on = calendar.day_of(promise.acknowledge_by)
    feedback.answer_due_on = calendar.day_of(promise.answer_by)


def working_days_taken(feedback, closed_at):
    """Working days from received to closed."""
    calendar = working_calendar()
    return calendar.working_days_between(feedback.received_on, calendar.day_of(closed_at)) or 0
