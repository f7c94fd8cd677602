"""What has happened to a piece of feedback: its versions and the lines people added, as one story, newest first."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from records.templatetags.heed import day
from trail.changes import changes_of

from . import icons
from .models import Entry, Feedback

SHOWN = {
    "": gettext_lazy("Everything"),
    "customer": gettext_lazy("With customer"),
    "notes": gettext_lazy("Our notes"),
}
# As one says it after "received" and "taken".
WAYS = {
    Feedback.CameBy.PHONE: gettext_lazy("by phone"),
    Feedback.CameBy.EMAIL: gettext_lazy("by e-mail"),
    Feedback.CameBy.VISIT: gettext_lazy("at a visit or meeting"),
    Feedback.CameBy.WEB: gettext_lazy("on the web"),
    Feedback.CameBy.LETTER: gettext_lazy("by letter or fax"),
    Feedback.CameBy.REFERRAL: gettext_lazy("through others"),
}
MOST = 200  # lines and versions, each; the history below has the rest
SAME_MOMENT = timedelta(seconds=1)


@dataclass
class Line:
    """One happening. `at` is a moment or a day; `text` a note, a letter or, with `is_voice`, the customer's words."""

    at: object
    icon: str
    what: str
    who: str = ""
    detail: str = ""
    text: str = ""
    audience: str = ""  # "internal", "sent" or ""
    is_voice: bool = False
    receipt: str = ""  # of the version, where the customer may be given it


def story_of(feedback, now, show=""):
    """Lines, newest first; `show` "customer" or "notes" leaves out the others."""
    entries = list(feedback.entries.in_force().select_related("recorded_by")[:MOST])
    versions, _older = changes_of(feedback, limit=MOST)
    lines = [line for version in versions if (line := _of_version(feedback, version, entries)) is not None]
    lines += [_of_entry(entry) for entry in entries]
    lines += _of_promises(feedback, now)
    if show == "customer":
        lines = [line for line in lines if line.audience == "sent" or line.is_voice]
    elif show == "notes":
        lines = [line for line in lines if line.audience == "internal"]
    lines.sort(key=lambda line: _moment(line.at), reverse=True)
    if show != "notes":
        lines.append(_received(feedback))
    return lines


def _of_version(feedback, version, entries):
    """The line of one version; a text sent with it is taken out of `entries`. None for the first: see _received."""
    if version.rev == 1:
        return None
    line = Line(version.at, "pencil", version.words, _who(version), _reason(version))
    match version.verb:
        case "acknowledged":
            line.what, line.icon = _("acknowledged"), "mail"
        case "answered":
            line.what, line.icon = _("answered the customer"), "mail"
        case "closed":
            line.what, line.icon = _("closed it"), "check"
        case "reopened":
            line.what, line.icon = _("took it up again"), "refresh"
        case "voided":
            line.what, line.icon = _("voided it"), "ban"
        case "assigned":
            line.what, line.icon = _given_to(version), "user"
        case "changed":
            fields = ", ".join(change.label for change in version.changes)
            line.what = _("corrected it")
            line.detail = " · ".join(part for part in (fields, line.detail) if part)
    if version.verb in ("acknowledged", "answered"):
        _take_what_was_sent(line, version, entries)
        line.receipt = version.receipt
    return line


def _take_what_was_sent(line, version, entries):
    """An acknowledgement or answer and the text that went with it are one line."""
    for entry in entries:
        is_of_it = entry.audience == Entry.Audience.SENT and abs(entry.happened_at - version.at) < SAME_MOMENT
        if is_of_it and entry.recorded_by == version.by:
            line.text, line.audience = entry.text, "sent"
            entries.remove(entry)
            return


def _of_entry(entry):
    who, at, text = str(entry.recorded_by) if entry.recorded_by else "Heed", entry.happened_at, entry.text
    recorded = _recorded_later(entry)
    match entry.audience:
        case Entry.Audience.SENT:
            return Line(at, "mail", _("wrote to the customer"), who, recorded, text, audience="sent")
        case Entry.Audience.RECEIVED:
            noted = " · ".join(filter(None, [_("Noted by %(name)s") % {"name": who}, recorded]))
            return Line(at, "message", _("From the customer"), "", noted, text, is_voice=True)
    return Line(at, "note", _("wrote a note"), who, recorded, text, audience="internal")


def _recorded_later(entry):
    """When it was written down, where that was not on the day it happened."""
    if timezone.localdate(entry.recorded_at) == timezone.localdate(entry.happened_at):
        return ""
    return _("recorded on %(day)s") % {"day": day(entry.recorded_at)}


def _of_promises(feedback, now):
    """A promise that passed without being kept is part of the story."""
    if not feedback.is_complaint or feedback.is_historic:
        return
    for due, done, words in (
        (feedback.acknowledge_due_at, feedback.acknowledged_at, _("The day to acknowledge it passed.")),
        (feedback.answer_due_at, feedback.answered_at, _("Promised answer date passed.")),
    ):
        if due and due < now and (done is None or done > due):
            yield Line(due, "clock", words)


def _received(feedback):
    """How it began: heard from the customer, and written down by one of us."""
    way = WAYS.get(feedback.came_by)
    what = _("Received %(by_phone)s.") % {"by_phone": way} if way else _("Received.")
    at = feedback.received_at or feedback.received_on
    return Line(at, icons.CAME_BY.get(feedback.came_by, "inbox"), what, detail=_written_down(feedback))


def _written_down(feedback):
    facts = {"name": feedback.recorded_by or "Heed", "day": day(feedback.recorded_at)}
    if feedback.batch_id:
        return _("Imported by %(name)s") % facts
    if timezone.localdate(feedback.recorded_at) == feedback.received_on:
        return _("Recorded by %(name)s") % facts
    return _("Recorded by %(name)s on %(day)s") % facts


def _given_to(version):
    owner = next((change.after for change in version.changes if change.after), "")
    if owner == str(version.by):
        return _("took it on")
    return _("gave it to %(name)s") % {"name": owner}


def _who(version):
    return str(version.by) if version.by else "Heed"


def _reason(version):
    return _("Reason: %(reason)s") % {"reason": version.reason} if version.reason else ""


def _moment(at):
    """A day counts as its first moment."""
    if isinstance(at, datetime):
        return at
    return datetime.combine(at, time(), timezone.get_current_timezone())
