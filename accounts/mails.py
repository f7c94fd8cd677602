"""Mail about signing in: an invitation, a way to a new password."""

import logging
from smtplib import SMTPException
from urllib.parse import urljoin

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Organisation, User
from records.jobs import enqueue, job

log = logging.getLogger("heed.accounts")


def send_invitation(*, person, by, url, expires_at):
    """Mail the link. Returns whether the mail server took it: when not, the link is passed on by hand."""
    text = render_to_string(
        "accounts/mail/invitation.txt",
        {"person": person, "by": by, "url": url, "expires_at": expires_at, "organisation": Organisation.current()},
    )
    try:
        send_mail(_("Your way into Heed at %(firm)s") % {"firm": Organisation.current()}, text, None, [person.email])
    except (SMTPException, OSError):
        log.warning("an invitation could not be mailed")
        return False
    return True


def ask_for_password_reset(person, site):
    """Ask for the mail with a link to a new password. `person` None (unknown) leaves a job all the same."""
    enqueue("password reset", {"person": person.pk if person else None, "site": site})


@job("password reset")
def send_password_reset(running):
    person = User.objects.filter(pk=running.arguments["person"], is_active=True).first()
    if person is None:
        return
    path = reverse(
        "account_reset_password_from_key",
        kwargs={"uidb36": user_pk_to_url_str(person), "key": default_token_generator.make_token(person)},
    )
    text = render_to_string(
        "accounts/mail/password_reset.txt",
        {"person": person, "url": urljoin(running.arguments["site"], path), "organisation": Organisation.current()},
    )
    send_mail(_("A new password for Heed"), text, None, [person.email])
