"""What follows from recording it: said on the form before it is saved."""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.calendar import working_calendar
from accounts.models import Deadline, Severity

from .clock import moment_words, promise_for
from .intake import own_unit, owner_by_rule


@dataclass(frozen=True)
class Preview:
    """`lead` stands in bold before `text`."""

    lead: str
    text: str


def preview_of(*, by, kind, customer, severity="", received_on=None, unit=None, now=None) -> Preview | None:
    """The promise that a complaint of these facts would start, and who would own it; None for anything else."""
    if kind != "complaint":
        return None
    now = now or timezone.now()
    calendar = working_calendar()
    today = calendar.day_of(now)
    received_at = now if received_on in (None, today) else None
    promise = promise_for(severity or Severity.MAJOR, received_on or today, received_at)
    told = {
        "customer": customer.name if customer else _("the customer"),
        "moment": moment_words(promise.acknowledge_by, now, calendar),
    }
    owner = owner_by_rule(customer, unit or (customer and customer.unit) or own_unit(by))
    told["and_who_owns_it"] = _who_owns(by, owner)
    if promise.acknowledge_by < now:
        text = _("%(customer)s was to hear that we have it by %(moment)s: that is past, %(and_who_owns_it)s.")
    else:
        text = _("We tell %(customer)s we have it by %(moment)s, %(and_who_owns_it)s.")
    text %= told
    return Preview(_("A complaint starts a clock."), text)


def promise_in_general() -> Preview:
    """The same before anything is known, for who has no script."""
    deadline = Deadline.objects.filter(severity=Severity.MAJOR).first() or Deadline(severity=Severity.MAJOR)
    text = _(
        "It is acknowledged within %(acknowledge)s and answered within %(answer)s working days, and its owner is told."
    ) % {"acknowledge": deadline.acknowledge_days, "answer": deadline.answer_days}
    return Preview(_("A complaint starts a clock."), text)


def _who_owns(by, owner):
    if owner is None:
        return _("and nobody owns it yet")
    return _("and you own it") if owner == by else _("and %(name)s owns it") % {"name": owner}
