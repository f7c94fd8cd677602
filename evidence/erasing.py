"""Asking for an erasure, deciding about it, and carrying it out; legal holds that stand against it."""

import logging

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Appointment, Role
from records.jobs import enqueue, job
from records.notifying import notify
from trail import personal
from trail.erasing import CannotErase, erase, plan_for
from trail.sealing import seal
from trail.sweeping import sweep

from .models import ErasureRequest, LegalHold

log = logging.getLogger("heed.erasure")
WORK = "erase a person"
CONFIRMED, DECLINED, CARRIED_OUT = gettext_noop("confirmed"), gettext_noop("declined"), gettext_noop("carried out")
HANDED_BACK, ENDED = gettext_noop("handed back"), gettext_noop("ended")


def open_request_of(row):
    """The request about this person that is not decided, or not carried out, yet; or None."""
    rtype = personal.kind_of(row).rtype
    return ErasureRequest.objects.open().filter(subject_rtype=rtype, subject_rid=row.pk).first()


def must_not_name(row, text):
    """What is said about an erasure stays when everything else goes. Raises ValidationError."""
    person = personal.Person(personal.kind_of(row), row)
    if person.is_named_in(text):
        raise ValidationError(_("Do not write who it is: these words stay when everything else is erased."))


@transaction.atomic
def ask(*, by, row, basis, words="", spared=()):
    """Ask that a person be erased; administrators are told. Raises ValidationError."""
    if basis == ErasureRequest.Basis.OTHER and not words.strip():
        raise ValidationError({"words": _("Say which ground it is.")})
    try:
        must_not_name(row, words)
    except ValidationError as fault:
        raise ValidationError({"words": fault.messages}) from None
    if plan_for(row, spared).is_empty:
        raise ValidationError(_("Nothing is kept of this person any more."))
    asked = ErasureRequest(
        subject_rtype=personal.kind_of(row).rtype, subject_rid=row.pk, basis=basis, words=words, spared=sorted(spared)
    )
    asked.validate_constraints()
    asked.save(by=by, verb=gettext_noop("asked for"))
    for person in administrators():
        if person != by:
            notify(person, text=_("%(reference)s: a person is to be erased.") % {"reference": asked}, about=asked)
    return asked


def administrators():
    """Those who hold the role today and can sign in."""
    held = Appointment.objects.in_force_on(timezone.localdate()).filter(role=Role.ADMINISTRATOR, user__is_active=True)
    people = {appointment.user for appointment in held.select_related("user")}
    return sorted((one for one in people if one.has_usable_password()), key=lambda one: one.pk)


def needs_another(asked, by):
    """Whether somebody else has to confirm what `by` asked for: there is somebody."""
    return asked.recorded_by_id == by.pk and any(one != by for one in administrators())


@transaction.atomic
def confirm(*, by, asked, typed=""):
    """Let it be carried out in the background. Who asked confirms only when alone, and types the reference.

    Raises ValidationError.
    """
    asked = _locked(asked)
    _must_wait(asked)
    if needs_another(asked, by):
        raise ValidationError(_("You asked for this. Another administrator must confirm it."))
    if asked.recorded_by_id == by.pk and typed.strip().upper() != asked.reference:
        words = _("You are the only administrator. Type %(reference)s to confirm what you asked for.")
        raise ValidationError({"typed": words % {"reference": asked.reference}})
    if asked.subject is None:
        raise ValidationError(_("There is no such person any more."))
    if reasons := personal.hindered(personal.person_of(asked.subject), by):
        raise ValidationError(reasons)
    asked.confirmed_at, asked.confirmed_by = timezone.now(), by
    asked.save(by=by, verb=CONFIRMED)
    enqueue(WORK, {"request": asked.pk}, by=by, dedupe_key=f"erase {asked.reference}")
    return asked


@transaction.atomic
def decline(*, by, asked, reason):
    """Leave everything as it is, and say why. Raises ValidationError."""
    asked = _locked(asked)
    _must_wait(asked)
    if asked.subject is not None:
        try:
            must_not_name(asked.subject, reason)
        except ValidationError as fault:
            raise ValidationError({"reason": fault.messages}) from None
    asked.declined_at, asked.declined_by, asked.why_declined = timezone.now(), by, reason
    asked.save(by=by, verb=DECLINED)
    if asked.recorded_by != by:
        notify(asked.recorded_by, text=_("%(reference)s was declined.") % {"reference": asked}, about=asked)
    return asked


@job(WORK)
def carry_out(running):
    """Erase in one transaction, sweep after it. Killed at any point, the next run goes on where it stood."""
    seal()  # most of what waits, before the request is held
    with transaction.atomic():
        asked = ErasureRequest.objects.select_for_update(of=("self",)).get(pk=running.arguments["request"])
        is_done = asked.erased_at is not None
        if not is_done and asked.confirmed_at and not asked.declined_at:
            try:
                with transaction.atomic():
                    _erase(asked)
            except CannotErase as fault:
                _hand_back(asked, str(fault))
    if is_done:
        sweep()


def _erase(asked):
    done = erase(
        asked.subject,
        by=asked.confirmed_by,
        basis=str(asked.get_basis_display()),
        asked_by=asked.recorded_by,
        because=asked.reference,
        spared=asked.spared,
    )
    asked.erased_at, asked.counts = timezone.now(), done.counts if done else {}
    asked.save(by=asked.confirmed_by, verb=CARRIED_OUT)
    for person in {asked.recorded_by, asked.confirmed_by}:
        notify(person, text=_("%(reference)s is carried out.") % {"reference": asked}, about=asked)


def _hand_back(asked, words):
    """Something stands against it since it was confirmed: an administrator decides again."""
    log.warning("%s cannot be carried out", asked.reference)
    by = asked.confirmed_by
    asked.confirmed_at = asked.confirmed_by = None
    asked.save(by=by, verb=HANDED_BACK, reason=words)
    text = _("%(reference)s cannot be carried out: %(reason)s") % {"reference": asked, "reason": words}
    notify(by, text=text, about=asked)


def _locked(asked):
    return ErasureRequest.objects.select_for_update(of=("self",)).get(pk=asked.pk)


def _must_wait(asked):
    if asked.is_voided or asked.state != "asked":
        raise ValidationError(
            _("%(reference)s is decided already: %(state)s.") % {"reference": asked, "state": asked.state_words}
        )


# Legal holds


@transaction.atomic
def hold(*, by, row, why, from_on, to_on=None):
    """Decide that a person's data are kept for now. Raises ValidationError."""
    try:
        must_not_name(row, why)
    except ValidationError as fault:
        raise ValidationError({"why": fault.messages}) from None
    made = LegalHold(
        subject_rtype=personal.kind_of(row).rtype, subject_rid=row.pk, why=why, from_on=from_on, to_on=to_on
    )
    made.validate_constraints()
    made.save(by=by)
    return made


@transaction.atomic
def end_hold(*, by, held, reason):
    """Let today be its last day. Raises ValidationError when it is over."""
    held = LegalHold.objects.select_for_update(of=("self",)).get(pk=held.pk)
    today = timezone.localdate()
    if held.is_voided or (held.to_on and held.to_on < today):
        raise ValidationError(_("This hold is over already."))
    held.to_on = max(today, held.from_on)
    held.save(by=by, verb=ENDED, reason=reason)
    return held


def holds_of(row):
    """The holds that stand today."""
    rtype = personal.kind_of(row).rtype
    return LegalHold.objects.standing_on(timezone.localdate()).filter(subject_rtype=rtype, subject_rid=row.pk)


def standing_holds(person):
    for one in holds_of(person.row):
        yield _("%(reference)s stands: their data are on legal hold. End it first.") % {"reference": one}


def register():
    personal.add_hindrance(standing_holds)
