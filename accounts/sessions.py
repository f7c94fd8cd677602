"""Sessions that begin without a password typed, and the one that survives its person's own change of rights."""

from allauth.account.internal.flows.login import record_authentication
from django.contrib.auth import login, update_session_auth_hash

BACKEND = "accounts.backends.AppointmentBackend"


def begin(request, person):
    """Sign in somebody who has just chosen their password."""
    login(request, person, backend=BACKEND)
    record_authentication(request, person, method="password", email=person.email)


def keep_own(request, person):
    """Let the session at hand go on when the rights that changed are one's own; the person's others end."""
    if person.pk == request.user.pk:
        update_session_auth_hash(request, person)
