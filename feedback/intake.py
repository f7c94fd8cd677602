"""The one door for feedback that people record: who owns it, which unit it belongs to, which promise it starts."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.calendar import working_calendar
from accounts.models import Appointment, Role, Severity, Unit, User
from accounts.roles import RIGHTS
from records.notifying import notify

from .clock import start_clock
from .models import Feedback

# Roles whose holders may see a piece of feedback through, be it only their own.
OWNING_ROLES = RIGHTS["feedback.change_own_feedback"] | RIGHTS["feedback.change_feedback"]


@dataclass(frozen=True)
class Recorded:
    """What was recorded, and whom Heed has told of it (None when its owner is who recorded it, or nobody)."""

    feedback: Feedback
    told: User | None


@transaction.atomic
def record_feedback(*, by, kind, customer, received_on=None, unit=None, at=None, **facts) -> Recorded:
    """Record what a customer told us. A complaint gets its severity, its clock and its owner, who is told at once.

    `facts` are fields of Feedback. Without `unit` it belongs to the customer's unit, or else to that of `by`. `at` is
    the moment of recording, now unless told. Raises ValidationError by field.
    """
    now = at or timezone.now()
    calendar = working_calendar()
    feedback = Feedback(kind=kind, customer=customer, **facts)
    feedback.received_on = received_on or calendar.day_of(now)
    if feedback.received_at is None and feedback.received_on == calendar.day_of(now):
        feedback.received_at = now
    feedback.unit = unit or customer.unit or own_unit(by)
    feedback.segment = customer.segment
    _must_not_be_empty(feedback)
    become_complaint(feedback)
    feedback.full_clean(exclude=["reference"])
    # Its number comes last: the counter stays locked until the transaction ends.
    feedback.save(by=by, at=at)
    return Recorded(feedback, tell_owner(feedback, by=by))


def become_complaint(feedback):
    """Give a complaint what it must have: a severity, an owner, its clock. Leaves anything else alone."""
    if not feedback.is_complaint:
        return
    feedback.severity = feedback.severity or Severity.MAJOR
    if feedback.owner is None and not feedback.is_historic:
        feedback.owner = owner_by_rule(feedback.customer, feedback.unit)
    start_clock(feedback)


def tell_owner(feedback, *, by):
    """Tell the owner, unless they did it themselves. Returns whom was told, or None."""
    if feedback.owner is None or feedback.owner == by:
        return None
    text = _("%(kind)s from %(customer)s: you own %(reference)s.") % {
        "kind": feedback.get_kind_display(),
        "customer": feedback.customer,
        "reference": feedback.reference,
    }
    notify(feedback.owner, text=text, about=feedback)
    return feedback.owner


def owner_by_rule(customer, unit):
    """Who owns a complaint of `customer` (or None) in `unit`: None only when nobody in the firm may.

    The relationship owner; else a manager of the unit, or of the nearest unit above it; else a quality manager. Of
    several, who was appointed first.
    """
    if customer and customer.relationship_owner_id and customer.relationship_owner in possible_owners():
        return customer.relationship_owner
    today = timezone.localdate()
    appointed = Appointment.objects.in_force_on(today).filter(user__is_active=True).select_related("user")
    managers = {}
    for appointment in appointed.filter(role=Role.MANAGER).order_by("from_on", "pk"):
        managers.setdefault(appointment.unit_id, appointment.user)
    for unit_id in unit_and_above(unit):
        if unit_id in managers:
            return managers[unit_id]
    quality = appointed.filter(role=Role.QUALITY_MANAGER).order_by("from_on", "pk").first()
    return quality.user if quality else None


def possible_owners():
    """People who sign in and may see feedback through, by name."""
    appointed = Appointment.objects.in_force_on(timezone.localdate()).filter(role__in=OWNING_ROLES)
    return User.objects.filter(is_active=True, pk__in=appointed.values("user"))


def unit_and_above(unit):
    """Ids of the unit and of those it belongs to, nearest first, and None, the whole firm, last."""
    parents = dict(Unit.objects.values_list("pk", "parent_id")) if unit else {}
    ids, current = [], unit.pk if unit else None
    while current is not None and current not in ids:
        ids.append(current)
        current = parents.get(current)
    return [*ids, None]


def own_unit(user):
    """The unit in which this person works, or None for those who work for the whole firm."""
    units = user.scope_for("feedback.add_feedback")
    if not units:
        return None
    return next((held.unit for held in user.current_appointments if held.unit_id in units), None)


def _must_not_be_empty(feedback):
    if not feedback.words.strip() and not feedback.subject.strip():
        raise ValidationError({"words": _("Say what the customer said, in their words if you can.")})
