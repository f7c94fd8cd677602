"""What becomes a security event here: coming in and going out, refusals, passwords and second factors (7.5.3).

Rights and settings are records (appointments, deadlines, the organisation): the trail has them already.
"""

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from axes.signals import user_locked_out
from django.contrib.auth import signals as auth

from trail.events import tell


def connect():
    """Listen to those who sign people in and out."""
    for signal, listener in (
        (auth.user_logged_in, _telling("signed in")),
        (auth.user_logged_out, _telling("signed out")),
        (auth.user_login_failed, _refused),
        (user_locked_out, _locked_out),
        (mfa.authentication_failed, _telling("code refused")),
        (mfa.authenticator_added, _telling("second factor added")),
        (mfa.authenticator_removed, _telling("second factor removed")),
        (mfa.authenticator_reset, _telling("recovery codes renewed")),
        (account.password_changed, _telling("password changed")),
        (account.password_reset, _telling("new password set")),
    ):
        signal.connect(listener, weak=False)


def tried(credentials):
    """The e-mail that somebody typed, as `authenticate` was given it."""
    return credentials.get("login") or credentials.get("email") or ""


def _telling(verb):
    """A listener that tells what `user` did."""

    def listen(sender, user=None, authenticator=None, **kwargs):
        # Recovery codes come and go with the app: one event for both.
        comes_along = verb.startswith("second factor") and authenticator.type == Authenticator.Type.RECOVERY_CODES
        if user is not None and not comes_along:  # nobody is signed out where the session was over
            tell(verb, user=user)

    return listen


def _refused(sender, credentials, **kwargs):
    tell("sign-in refused", detail=tried(credentials))


def _locked_out(sender, username, **kwargs):
    tell("locked out", detail=username or "")
