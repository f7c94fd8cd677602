"""allauth's forms in our words: no placeholders in the place of labels, texts cleaned like everywhere."""

from allauth.account import forms as account
from allauth.mfa.base import forms as mfa
from allauth.mfa.recovery_codes import forms as recovery_codes
from allauth.mfa.totp import forms as totp
from crispy_forms.helper import FormHelper
from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.mails import ask_for_password_reset
from records.text import CleanTextMixin
from trail.events import tell

GOOD_PASSWORD = gettext_lazy("At least 12 characters. Three or four unrelated words are good.")
LABELS = {
    "login": gettext_lazy("E-mail"),
    "email": gettext_lazy("E-mail"),
    "password": gettext_lazy("Password"),
    "oldpassword": gettext_lazy("Current password"),
    "password1": gettext_lazy("New password"),
    "password2": gettext_lazy("New password, once more"),
    "code": gettext_lazy("Code"),
}


class InOurWords(CleanTextMixin):
    """Mixed into a form of allauth's."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = LABELS.get(name, field.label)
            field.error_messages["required"] = _("%(field)s is missing.") % {"field": field.label}
            field.help_text = GOOD_PASSWORD if name == "password1" else ""


class SignInForm(InOurWords, account.LoginForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["login"].max_length = 254
        self.fields["login"].widget.attrs["autocomplete"] = "username"

    def user_credentials(self):
        # axes counts failures under this name; in small letters, as the address is kept.
        return super().user_credentials() | {"login": self.cleaned_data["login"].lower()}


class ReauthenticateForm(InOurWords, account.ReauthenticateForm):
    pass


class ChangePasswordForm(InOurWords, account.ChangePasswordForm):
    pass


class ResetPasswordForm(InOurWords, account.ResetPasswordForm):
    def save(self, request, **kwargs):
        """The mail goes out by a job, known address or not, so that no answer takes longer than another."""
        tell("new password asked for", detail=self.cleaned_data["email"])
        ask_for_password_reset(self.users[0] if self.users else None, request.build_absolute_uri("/"))
        return self.cleaned_data["email"]


class ResetPasswordKeyForm(InOurWords, account.ResetPasswordKeyForm):
    pass


class CodeForm(InOurWords, mfa.AuthenticateForm):
    pass


class CodeAgainForm(InOurWords, mfa.ReauthenticateForm):
    pass


class ActivateAppForm(InOurWords, totp.ActivateTOTPForm):
    pass


class DeactivateAppForm(InOurWords, totp.DeactivateTOTPForm):
    pass


class RecoveryCodesForm(InOurWords, recovery_codes.GenerateRecoveryCodesForm):
    pass


class NewPasswordMixin(forms.Form):
    """Two fields for a first password. `validate_against()` is the person whose name it must not resemble."""

    password1 = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        help_text=GOOD_PASSWORD,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label=gettext_lazy("Password, once more"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def validate_against(self):
        raise NotImplementedError

    def clean(self):
        cleaned = super().clean()
        first, second = cleaned.get("password1"), cleaned.get("password2")
        if first and second and first != second:
            self.add_error("password2", _("The two passwords are not the same."))
        elif first:
            try:
                password_validation.validate_password(first, self.validate_against())
            except ValidationError as fault:
                self.add_error("password1", fault)
        return cleaned


class InvitationForm(CleanTextMixin, NewPasswordMixin):
    """An invited person chooses a password."""

    def __init__(self, *args, person, **kwargs):
        super().__init__(*args, **kwargs)
        self.person = person

    def validate_against(self):
        return self.person
