"""The pages of allauth that Heed shows. Signing up and managing addresses are not among them: people are invited."""

from functools import wraps

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from django.urls import path, re_path

from accounts.views import invitation


def asking(view):
    """A view of allauth's with the statuses of our own: a refused form is a 400, a link that has had its day a 410."""

    @wraps(view)
    def answer(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        context = getattr(response, "context_data", None) or {}
        if context.get("token_fail"):
            response.status_code = 410
        elif request.method == "POST" and getattr(context.get("form"), "errors", None):
            response.status_code = 400
        return response

    return answer


urlpatterns = [
    path("login/", asking(account.login), name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", asking(account.reauthenticate), name="account_reauthenticate"),
    path("password/change/", asking(account.password_change), name="account_change_password"),
    path("password/reset/", asking(account.password_reset), name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        asking(account.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("2fa/", mfa.index, name="mfa_index"),
    path("2fa/authenticate/", asking(mfa.authenticate), name="mfa_authenticate"),
    path("2fa/reauthenticate/", asking(mfa.reauthenticate), name="mfa_reauthenticate"),
    path("2fa/app/activate/", asking(totp.activate_totp), name="mfa_activate_totp"),
    path("2fa/app/deactivate/", asking(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("2fa/recovery-codes/", recovery_codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "2fa/recovery-codes/generate/",
        asking(recovery_codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path("2fa/recovery-codes/download/", recovery_codes.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("invitation/", invitation.accept, name="invitation"),
    path("invitation/<str:token>/", invitation.enter, name="invitation_enter"),
]
