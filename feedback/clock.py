"""The promises that a complaint starts, on the firm's own calendar (ISO 10002), and its clock in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import TextChoices
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.calendar import working_calendar
from accounts.models import Deadline
from records.working_time import CalendarError
from trail import as_of

NEAR_HOURS = 4  # working hours left, at and below which a promise is near


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
    """Set the promised moments of a complaint. A promise once given stands: it is neither moved nor given again."""
    if feedback.answer_due_at or feedback.is_historic:
        return
    promise = promise_for(feedback.severity, feedback.received_on, feedback.received_at)
    calendar = working_calendar()
    feedback.acknowledge_due_at, feedback.answer_due_at = promise.acknowledge_by, promise.answer_by
    feedback.acknowledge_due_on = calendar.day_of(promise.acknowledge_by)
    feedback.answer_due_on = calendar.day_of(promise.answer_by)


def working_days_taken(feedback, closed_at):
    """Working days from received to closed, a moment or a day. None when that lies before."""
    return working_calendar().working_days_between(feedback.received_on, closed_at)


def days_to_close(feedback, closed_at):
    """Days from received to closed: working days, or calendar days of a historic record; None when closed before."""
    if feedback.is_historic:
        days = (working_calendar().day_of(closed_at) - feedback.received_on).days
        return days if days >= 0 else None
    return working_days_taken(feedback, closed_at)


class State(TextChoices):
    """How a complaint stands to what was promised."""

    NONE = "none", gettext_lazy("no clock")
    MET = "met", gettext_lazy("met")
    LATE = "late", gettext_lazy("kept late")
    DUE = "due", gettext_lazy("due")
    NEAR = "near", gettext_lazy("due soon")
    OVERDUE = "overdue", gettext_lazy("overdue")


@dataclass(frozen=True)
class Clock:
    """What is owed next, as words: `words` for a list, `sentence` for the record's own page."""

    state: State
    words: str
    sentence: str
    step: str = ""  # "acknowledge" or "answer": what the words speak of
    due_at: datetime | None = None

    @property
    def is_running(self):
        return self.state in (State.DUE, State.NEAR, State.OVERDUE)


def clock_state(feedback, now=None, calendar=None) -> Clock:
    """The clock of one piece of feedback at `now`. Give the `calendar` when asking for many: it is read once then."""
    if feedback.is_voided:
        return Clock(State.NONE, _("no clock"), _("Void: no clock runs."))
    if feedback.is_historic:
        return Clock(State.NONE, _("no clock"), _("Brought in as history: it starts no clock."))
    if not feedback.is_complaint:
        return Clock(State.NONE, _("no clock"), _("Only a complaint starts a clock."))
    if feedback.answer_due_at is None:
        return Clock(State.NONE, _("no clock"), _("No promise is on record."))
    now = now or as_of.now()
    calendar = calendar or working_calendar()
    if feedback.answered_at:
        return _kept(feedback, now, calendar)
    if feedback.is_closed:
        return Clock(State.NONE, _("closed"), _("Closed without an answer on record."))
    if feedback.acknowledged_at or feedback.answer_due_at < now:
        return _running("answer", feedback.answer_due_at, now, calendar)
    return _running("acknowledge", feedback.acknowledge_due_at, now, calendar)


def _kept(feedback, now, calendar):
    due = feedback.answer_due_at
    if feedback.answered_at <= due:
        return Clock(State.MET, _("Answered in time"), _("Answered in time."), "answer", due)
    sentence = _("Answered after the promised %(moment)s.") % {"moment": moment_words(due, now, calendar)}
    return Clock(State.LATE, _("Answered late"), sentence, "answer", due)


def _running(step, due, now, calendar):
    """The clock of a promise that is still owed."""
    what = {"answer": _("Answer"), "acknowledge": _("Acknowledgement")}[step]
    if due < now:
        return _overdue(step, what, due, now, calendar)
    words = {"answer": _("Answer by %(when)s"), "acknowledge": _("Acknowledge by %(when)s")}[step]
    if calendar.day_of(due) == calendar.day_of(now):
        clock_time = _time(due, calendar)
        sentence = _("%(what)s due today, %(time)s.") % {"what": what, "time": clock_time}
        words %= {"when": clock_time}
    else:
        sentence = _("%(what)s due %(moment)s.") % {"what": what, "moment": moment_words(due, now, calendar)}
        words %= {"when": day_words(due, now, calendar)}
    return Clock(State.NEAR if _is_near(due, now, calendar) else State.DUE, words, sentence, step, due)


def _overdue(step, what, due, now, calendar):
    days = calendar.working_days_between(due, now) or 0
    if days:
        by = ngettext("%(days)s working day", "%(days)s working days", days) % {"days": days}
        words = _("%(what)s overdue by %(by)s") % {"what": what, "by": by}
    else:
        same_day = calendar.day_of(due) == calendar.day_of(now)
        since = _time(due, calendar) if same_day else day_words(due, now, calendar)
        words = _("%(what)s overdue since %(since)s") % {"what": what, "since": since}
    lead = words if days else _("%(what)s overdue") % {"what": what}
    promised = _("Customer was promised %(moment)s.") % {"moment": _promised_words(due, now, calendar)}
    return Clock(State.OVERDUE, words, f"{lead}. {promised}", step, due)


def _is_near(due, now, calendar):
    try:
        return calendar.working_hours_between(now, due) <= NEAR_HOURS
    except CalendarError:
        return False


def _promised_words(due, now, calendar):
    """ "Thursday 17:00" within a week; further back with its date."""
    if calendar.day_of(now) - calendar.day_of(due) < timedelta(days=7):
        return format_date(due.astimezone(calendar.zone), "l H:i")
    return moment_words(due, now, calendar)


def moment_words(moment, now, calendar):
    """ "Mon 23 Nov, 17:00" on the firm's own clock; with its year when that is not this one."""
    return f"{day_words(moment, now, calendar)}, {_time(moment, calendar)}"


def day_words(moment, now, calendar):
    moment, now = moment.astimezone(calendar.zone), now.astimezone(calendar.zone)
    return format_date(moment, "D j M" if moment.year == now.year else "D j M Y")


def _time(moment, calendar):
    return format_date(moment.astimezone(calendar.zone), "H:i")
