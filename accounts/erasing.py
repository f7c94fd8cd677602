"""What is kept of somebody who signs in, or did: the account, ways in, sessions, and what they did by way of events."""

import json

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trail import personal
from trail.models import SecurityEvent

from .models import Appointment, Invitation
from .models.people import NOWHERE

MESSAGES = "_messages"


def register():
    personal.add_kind(KIND)
    personal.add_records(KIND.rtype, records_of_user)
    for store in (
        personal.Store("sessions", gettext_lazy("sessions"), sessions, _clean_sessions, _told_session, Session),
        personal.Store(
            "sign-ins", gettext_lazy("attempts to sign in"), attempts, _delete, _told_attempt, AccessAttempt
        ),
        personal.Store("ways in", gettext_lazy("ways to sign in"), ways_in, _delete, _told_way, Authenticator),
    ):
        personal.add_store(store)


def hinders(user, by):
    if by is not None and by.pk == user.pk:
        yield _("Nobody can erase themselves. Another administrator must do it.")
    lasting = Appointment.objects.lasting_administrators(timezone.localdate())
    if set(lasting.values_list("user", flat=True)) == {user.pk}:
        yield _("This is the last administrator who can sign in. Appoint another one, without an end, first.")


def close_account(user, by, because):
    """Their roles end, and with them every session."""
    from .services import deactivate

    if user.is_active:
        deactivate(by=by, person=user, reason=because)


def empty(user, by):
    """The row stays, since records point to it; nothing in it says who it was."""
    user.refresh_from_db()
    user.name = _("Erased person %(number)s") % {"number": user.pk}
    user.email = f"erased-{user.pk}@{NOWHERE}"
    user.password, user.last_login, user.rights_hash = make_password(None), None, ""
    user.theme = user.density = ""
    user.save()


KIND = personal.Kind(
    label=gettext_lazy("person who signs in"),
    model_label="accounts.User",
    names=("name",),
    addresses=("email",),
    began="joined_at",
    view_permission="accounts.view_user",
    empties=empty,
    is_empty=lambda user: user.is_erased,
    ends=close_account,
    hinders=hinders,
)


def records_of_user(person):
    """From where they came, what they looked for: events hold no more of them than that."""
    yield SecurityEvent.objects.filter(changed_by=person.row.pk).exclude(address="", detail="")


def sessions(person):
    """Theirs, and others' in which a message that waits to be shown names them."""
    is_user = person.kind is KIND
    return [
        one
        for one in Session.objects.all()
        if (is_user and one.get_decoded().get(SESSION_KEY) == str(person.row.pk))
        or person.is_named_in(_as_text(one.get_decoded()))
    ]


def attempts(person):
    if person.kind is not KIND:
        return []
    known = Q(username__iexact=person.row.email)
    return [one for model in (AccessAttempt, AccessFailureLog, AccessLog) for one in model.objects.filter(known)]


def ways_in(person):
    """Second factors, addresses and invitations."""
    if person.kind is not KIND:
        return []
    return [
        one
        for model in (Authenticator, EmailAddress, Invitation)
        for one in model.objects.filter(user=person.row.pk).order_by("pk")
    ]


def _clean_sessions(found, person):
    for one in found:
        held = one.get_decoded()
        held.pop(MESSAGES, None)
        if person.kind is KIND and held.get(SESSION_KEY) == str(person.row.pk) or person.is_named_in(_as_text(held)):
            one.delete()
        else:
            one.session_data = Session.objects.encode(held)
            one.save()


def _delete(found, person):
    for one in found:
        one.delete()


def _as_text(held):
    return json.dumps(held, ensure_ascii=False, default=str)


def _told_session(one):
    return {"ends": one.expire_date}


def _told_attempt(one):
    return {"at": one.attempt_time, "username": one.username, "address": one.ip_address, "browser": one.user_agent}


def _told_way(one):
    moment = getattr(one, "created_at", None) or getattr(one, "invited_at", None)
    return {"kind": str(one._meta.verbose_name), "since": moment, "address": getattr(one, "email", "")}
