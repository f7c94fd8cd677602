"""What is done to people and the firm as a whole: set-up, inviting, appointing, letting go."""

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Appointment, Deadline, Invitation, Organisation, Role, Severity, User
from accounts.places import calendar_for
from trail.events import tell
from trail.history import KEPT_BY_HEED

ACKNOWLEDGE_DAYS, ANSWER_DAYS = 1, 10  # proposed for every severity


@transaction.atomic
def set_up(*, organisation_name, time_zone, name, email, password, looks_after_quality):
    """Make the organisation, its first deadlines and its first administrator, who is returned.

    Raises ValidationError when the organisation exists already.
    """
    if Organisation.current():
        raise ValidationError(_("The organisation is set up already."))
    administrator = User.objects.create_user(email, password, name=name)
    organisation = Organisation(name=organisation_name, time_zone=time_zone, calendar=calendar_for(time_zone))
    organisation.full_clean(exclude=KEPT_BY_HEED)
    # Of two at once the database lets one through: there is one organisation.
    organisation.save(by=administrator)
    for severity in Severity:
        Deadline(severity=severity, acknowledge_days=ACKNOWLEDGE_DAYS, answer_days=ANSWER_DAYS).save(by=administrator)
    today = timezone.localdate(timezone=organisation.zone)
    roles = [Role.ADMINISTRATOR] + ([Role.QUALITY_MANAGER] if looks_after_quality else [])
    for role in roles:
        Appointment(user=administrator, role=role, from_on=today).save(by=administrator)
    administrator.set_groups()
    return administrator


@transaction.atomic
def invite(*, by, email, name, role, unit=None, from_on, to_on=None):
    """A person who has no password yet, their first appointment, and the token of their invitation."""
    person = User(email=email.lower(), name=name, password=make_password(None))
    person.full_clean(exclude=["password"])
    person.save()
    appoint(by=by, person=person, role=role, unit=unit, from_on=from_on, to_on=to_on)
    _invitation, token = Invitation.issue(by=by, user=person)
    tell("person invited", user=by, path=person.get_absolute_url())
    return person, token


@transaction.atomic
def appoint(*, by, person, role, unit=None, from_on, to_on=None):
    """Give a person a role. Raises ValidationError when they hold it there already in that time."""
    appointment = Appointment(user=person, role=role, unit=unit, from_on=from_on, to_on=to_on)
    appointment.clean()
    appointment.validate_constraints()
    if not person.is_active:
        raise ValidationError(_("Reactivate this person first."))
    User.objects.select_for_update().get(pk=person.pk)  # of two forms sent at once the second sees the first's
    same = Appointment.objects.in_force().filter(user=person, role=role, unit=unit)
    # One may begin on the day another ends.
    overlapping = same.filter(Q(to_on__isnull=True) | Q(to_on__gt=from_on))
    if to_on:
        overlapping = overlapping.filter(from_on__lt=to_on)
    if overlapping.exists():
        raise ValidationError(_("This person holds that role already at that time."))
    appointment.save(by=by, verb="appointed")
    person.set_groups()
    return appointment


@transaction.atomic
def deactivate(*, by, person, reason):
    """Let a person go: their appointments end today, their sessions at once. What they own stays with their name."""
    if not person.is_active:
        raise ValidationError(_("This person is deactivated already."))
    today = timezone.localdate()
    for appointment in Appointment.objects.not_over_on(today).filter(user=person):
        if appointment.from_on > today:
            appointment.void(by=by, reason=reason)
        else:
            appointment.end(by=by, on=today, reason=reason)
    Invitation.objects.open(timezone.now()).filter(user=person).update(expires_at=timezone.now())
    person.is_active = False
    person.save(update_fields=["is_active"])
    person.set_groups()
    tell("person deactivated", user=by, path=person.get_absolute_url(), detail=reason)


@transaction.atomic
def reactivate(*, by, person):
    """Let a person sign in again. Roles are given anew: the earlier appointments stay ended."""
    if person.is_active:
        raise ValidationError(_("This person may sign in already."))
    if person.is_erased:
        raise ValidationError(_("This person was erased. Invite them as somebody new."))
    person.is_active = True
    person.save(update_fields=["is_active"])
    person.set_groups()
    tell("person reactivated", user=by, path=person.get_absolute_url())


@transaction.atomic
def change_person(*, person, name, email):
    """Correct a name or an address. A changed address is the only one that lets them in from then on."""
    from allauth.account.models import EmailAddress

    if email.lower() != person.email:
        EmailAddress.objects.filter(user=person).delete()
    person.name, person.email = name, email.lower()
    person.full_clean(exclude=["password"])
    person.save(update_fields=["name", "email"])
    tell("person changed", path=person.get_absolute_url())
