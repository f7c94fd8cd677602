"""Security events: who came in, was refused, took something out, or what an auditor opened (7.5.3).

They are sealed like versions of records. What may name a person (an e-mail that was tried, what was searched for)
belongs in `detail`, which can be erased, and never in `path`.
"""

import logging
from urllib.parse import unquote_plus

from django.db import DatabaseError, connection
from django.utils.translation import gettext_noop

from .context import current
from .models import SecurityEvent

log = logging.getLogger("heed.trail")

# Every kind of event, as it is kept; pages show it through gettext.
VERBS = (
    gettext_noop("signed in"),
    gettext_noop("signed out"),
    gettext_noop("sign-in refused"),
    gettext_noop("locked out"),
    gettext_noop("code refused"),
    gettext_noop("password refused"),
    gettext_noop("second factor added"),
    gettext_noop("second factor removed"),
    gettext_noop("recovery codes renewed"),
    gettext_noop("password changed"),
    gettext_noop("new password asked for"),
    gettext_noop("new password set"),
    gettext_noop("person invited"),
    gettext_noop("invitation accepted"),
    gettext_noop("person changed"),
    gettext_noop("person deactivated"),
    gettext_noop("person reactivated"),
    gettext_noop("access refused"),
    gettext_noop("opened"),
    gettext_noop("exported"),
    gettext_noop("backed up"),
    gettext_noop("restored"),
    gettext_noop("seal key rotated"),
    gettext_noop("seal key lost"),
)


def tell(verb, *, user=None, path="", detail="", address="", reference=""):
    """Keep one event, also while the past is looked at; who, from where and by which way in come from the context.

    Returns the event, or None when it could not be kept: that is logged and breaks nothing. Inside a transaction,
    where going on is not possible, it raises DatabaseError.
    """
    acting = current()
    person = user if user is not None else acting.user
    try:
        return SecurityEvent.objects.create(
            verb=verb,
            changed_by_id=getattr(person, "pk", None),
            reference=_fitting("reference", reference),
            path=_fitting("path", path),
            detail=_fitting("detail", detail),
            address=_fitting("address", address or acting.address),
            channel=acting.channel,
            request_id=acting.request_id,
        )
    except DatabaseError as fault:
        if connection.in_atomic_block:
            raise
        log.error("a security event (%s) could not be kept: %s", verb, type(fault).__name__)
        return None


def asked_of(request) -> str:
    """What stands behind the question mark, as people read it: "q=Ada Byron"."""
    return unquote_plus(request.META.get("QUERY_STRING", ""))


def _fitting(field, text):
    """What can be stored: printable, and cut with an ellipsis."""
    most = SecurityEvent._meta.get_field(field).max_length
    text = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in str(text))
    return text if len(text) <= most else f"{text[: most - 1]}…"
