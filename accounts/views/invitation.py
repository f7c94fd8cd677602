"""Accepting an invitation: the token leaves the address for the session, then a password is chosen."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import sessions
from accounts.forms.signing_in import InvitationForm
from accounts.models import Invitation, User
from accounts.models.invitations import hash_of
from trail.events import tell

KEPT_IN_SESSION = "invitation"


@login_not_required
@never_cache
@require_safe
def enter(request, token):
    """Only looks: mail scanners open links too. What is kept in the session is the hash, which opens no link."""
    request.session[KEPT_IN_SESSION] = hash_of(token)
    answer = redirect("invitation")
    answer["Referrer-Policy"] = "no-referrer"
    return answer


@login_not_required
@never_cache
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request):
    invitation = _named_by(request)
    if invitation is None:
        return render(request, "account/invitation_over.html", status=410)
    form = InvitationForm(request.POST or None, person=invitation.user)
    if request.method == "POST" and form.is_valid():
        return _join(request, form)
    status = 400 if request.method == "POST" else 200
    return render(request, "account/invitation.html", {"form": form, "person": invitation.user}, status=status)


def _named_by(request, lock=False):
    invitations = Invitation.objects.open(timezone.now()).select_related("user")
    if lock:
        invitations = invitations.select_for_update(of=("self",))
    return invitations.filter(token_hash=request.session.get(KEPT_IN_SESSION, "")).first()


@transaction.atomic
def _join(request, form):
    invitation = _named_by(request, lock=True)  # of two at once one joins
    if invitation is None:
        return render(request, "account/invitation_over.html", status=410)
    invitation.used_at = timezone.now()
    invitation.save(update_fields=["used_at"])
    person = User.objects.get(pk=invitation.user_id)
    person.set_password(form.cleaned_data["password1"])
    person.save(update_fields=["password"])
    person.set_groups()
    del request.session[KEPT_IN_SESSION]
    tell("invitation accepted", user=person, path=person.get_absolute_url())
    sessions.begin(request, person)
    welcome = _("Welcome, %(name)s. From now on you sign in with your e-mail and this password.")
    messages.success(request, welcome % {"name": person})
    return redirect("home")
