"""What people do with feedback. Each verb locks the record, decides on what it finds, and tells whom it concerns."""

from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from records.models import Conflict
from records.notifying import notify

from .clock import days_to_close
from .intake import become_complaint, possible_owners, tell_owner
from .models import Entry, Feedback

UNDO_WITHIN = timedelta(minutes=10)


@transaction.atomic
def acknowledge(*, by, feedback, text="", at=None):
    """Note that the customer knows we have their complaint; `text` is what they were sent, if anything."""
    feedback, moment = locked(feedback), at or timezone.now()
    feedback.acknowledge(by=by, at=moment)
    if text.strip():
        _write(by, feedback, Entry.Audience.SENT, text, moment)
    return feedback


@transaction.atomic
def answer(*, by, feedback, outcome, at=None):
    """Note the answer that the customer was given; it stands in the timeline as sent."""
    feedback, moment = locked(feedback), at or timezone.now()
    feedback.answer(by=by, outcome=outcome, at=moment)
    _write(by, feedback, Entry.Audience.SENT, outcome, moment)
    return feedback


@transaction.atomic
def close(*, by, feedback, at=None):
    """End its life and note how many working days it took, or calendar days when it is historic."""
    feedback, moment = locked(feedback), at or timezone.now()
    feedback.close(by=by, days=days_to_close(feedback, moment), at=moment)
    return feedback


@transaction.atomic
def reopen(*, by, feedback, reason, at=None):
    """Take it up again and tell its owner."""
    feedback = locked(feedback)
    feedback.reopen(by=by, reason=reason, at=at)
    _tell(feedback, by, _("%(reference)s is open again: %(reason)s"), reason=reason)
    return feedback


@transaction.atomic
def assign(*, by, feedback, owner):
    """Give it to `owner` and tell them. Returns the feedback and whom was told, or None."""
    feedback = locked(feedback)
    if owner not in possible_owners():
        raise ValidationError({"owner": _("%(name)s cannot own feedback.") % {"name": owner}})
    feedback.assign(by=by, owner=owner)
    return feedback, tell_owner(feedback, by=by)


@transaction.atomic
def void(*, by, feedback, reason):
    """Take it out of force and tell its owner."""
    feedback = locked(feedback)
    feedback.void(by=by, reason=reason)
    _tell(feedback, by, _("%(reference)s was voided: %(reason)s"), reason=reason)
    return feedback


@transaction.atomic
def undo(*, by, feedback, at=None):
    """Void what `by` has just recorded, while nobody has built on it. Raises PermissionDenied for anybody else."""
    feedback = locked(feedback)
    if feedback.recorded_by != by:
        raise PermissionDenied(_("Only the person who recorded it can undo that."))
    if (at or timezone.now()) - feedback.recorded_at > UNDO_WITHIN:
        raise ValidationError(_("It was recorded more than 10 minutes ago. Ask for it to be voided instead."))
    if feedback.is_voided:
        raise ValidationError(_("%(reference)s is void already.") % {"reference": feedback.reference})
    if feedback.rev > 1 or feedback.entries.exists():
        raise ValidationError(_("Work on it has begun, so it can no longer be undone."))
    reason = _("Undone by the person who recorded it")
    feedback.void(by=by, reason=reason)
    _tell(feedback, by, _("%(reference)s was taken back by %(name)s, who recorded it."), name=by)
    return feedback


@transaction.atomic
def add_note(*, by, feedback, text, audience=Entry.Audience.INTERNAL):
    """Add a line to its story. An open or closed record takes notes, a void one none."""
    feedback = locked(feedback)
    if feedback.is_voided:
        raise ValidationError(_("This is void; it stays as it is."))
    if not text.strip():
        raise ValidationError({"text": _("Write what you want to add.")})
    return _write(by, feedback, audience, text, timezone.now())


@transaction.atomic
def edit(*, by, feedback, reason=""):
    """Write the changed `feedback` over the version it was read from. Returns whom was told, or None.

    What becomes a complaint gets its clock and its owner, from the day it was received: a slip in the kind must not
    buy time. What ceases to be one needs a reason. No change moves a promise that was given. Raises Conflict when it
    was changed meanwhile, ValidationError by field.
    """
    before = locked(feedback)
    if before.rev != feedback.rev:
        raise Conflict(before)
    feedback._must_be_in_force()
    _follow_the_customer(feedback, before)
    _follow_the_kind(feedback, before, reason)
    _follow_the_day(feedback, before)
    feedback.full_clean()
    feedback.save(by=by, reason=reason)
    return tell_owner(feedback, by=by) if feedback.owner_id != before.owner_id else None


def locked(feedback):
    """The record as it stands now, kept from others until the transaction ends (SQLite locks as a whole)."""
    return Feedback.objects.select_for_update(of=("self",)).select_related("owner", "customer").get(pk=feedback.pk)


def _follow_the_customer(feedback, before):
    if feedback.customer_id != before.customer_id:
        feedback.segment = feedback.customer.segment


def _follow_the_kind(feedback, before, reason):
    if feedback.is_complaint and not before.is_complaint:
        if before.is_closed:
            raise ValidationError({"kind": _("This is closed. Reopen it before you make it a complaint.")})
        become_complaint(feedback)
    elif before.is_complaint and not feedback.is_complaint:
        feedback.severity = ""
        if not reason.strip():
            raise ValidationError({"reason": _("Say why this is no complaint after all.")})
    elif feedback.is_complaint and not feedback.is_historic:
        feedback.severity = feedback.severity or before.severity


def _follow_the_day(feedback, before):
    """A corrected day takes the hour with it, and the days it took to close."""
    if feedback.received_on == before.received_on:
        return
    if feedback.closed_on and feedback.received_on > feedback.closed_on:
        raise ValidationError({"received_on": _("It cannot have been received after it was closed.")})
    feedback.received_at = None
    if feedback.closed_on:
        feedback.days_to_close = days_to_close(feedback, feedback.closed_on)


def _write(by, feedback, audience, text, moment):
    entry = Entry(feedback=feedback, unit_id=feedback.unit_id, audience=audience, happened_at=moment, text=text)
    entry.full_clean(exclude=["reference"])
    entry.save(by=by)
    return entry


def _tell(feedback, by, text, **facts):
    """Tell the owner, unless they did it themselves."""
    if feedback.owner_id and feedback.owner_id != by.pk:
        notify(feedback.owner, text=text % {"reference": feedback.reference, **facts}, about=feedback)
