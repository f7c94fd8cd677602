"""How allauth is told our ways: nobody signs up by themselves, our words, mail that cannot break a page."""

import base64
import hashlib
import logging
from smtplib import SMTPException

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.security import tried
from trail.events import tell

log = logging.getLogger("heed.accounts")


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        # One text, whether the address or the password is wrong: it tells nobody who has an account.
        "email_password_mismatch": _("The e-mail or the password is not right."),
        "too_many_login_attempts": _("Too many attempts to sign in. Try again in an hour."),
        "enter_current_password": _("This is not your current password."),
        "incorrect_password": _("This is not your password."),
        "invalid_password_reset": _("This link has been used or is too old."),
    }

    def is_open_for_signup(self, request):
        return False

    def pre_login(self, request, user, **kwargs):
        # Before the session is made, which carries the rights as they are then.
        user.set_groups()
        return super().pre_login(request, user, **kwargs)

    def get_login_redirect_url(self, request):
        """Home, or for those who have no figures to read the page of their own work."""
        if request.user.has_perm("kpis.view_kpi"):
            return super().get_login_redirect_url(request)
        if request.user.has_perm("accounts.manage_people"):
            return reverse("accounts:people")
        return reverse("accounts:preferences")

    def get_password_change_redirect_url(self, request):
        return reverse("accounts:preferences")

    def get_logout_redirect_url(self, request):
        return reverse("account_login")

    def pre_authenticate(self, request, **credentials):
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:  # too many guesses, which are not even looked at
            tell("sign-in refused", detail=tried(credentials))
            raise

    def reauthenticate(self, user, password):
        is_theirs = user.check_password(password)
        if not is_theirs:
            tell("password refused", user=user)
        return is_theirs

    def send_mail(self, template_prefix, email, context):
        # A mail server that is down must not keep anybody from changing a password.
        try:
            super().send_mail(template_prefix, email, context)
        except (SMTPException, OSError):
            log.warning("the mail %s could not be sent", template_prefix)


class SecondFactorAdapter(DefaultMFAAdapter):
    """Keeps the secrets of authenticator apps and recovery codes encrypted with a key made from SECRET_KEY."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("This code is not right, or too old. Type the one that the app shows now."),
    }

    def get_totp_issuer(self):
        return "Heed"

    def encrypt(self, text):
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text):
        return _fernet().decrypt(encrypted_text.encode()).decode()


def _fernet():
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet(
        [
            Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"heed second factor:" + key.encode()).digest()))
            for key in keys
        ]
    )
