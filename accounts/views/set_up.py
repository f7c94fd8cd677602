"""First run: the organisation and its first administrator are made in the browser."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import services, sessions
from accounts.forms.organisation import SetUpForm
from accounts.models import Organisation


@login_not_required
@never_cache
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request):
    """Once there is an organisation this page leads home, for everybody and for good."""
    if request.organisation is not None:
        return redirect("home")
    form = SetUpForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        status = 400 if request.method == "POST" else 200
        return render(request, "accounts/set_up.html", {"form": form}, status=status)
    given = form.cleaned_data
    try:
        administrator = services.set_up(
            organisation_name=given["organisation_name"],
            time_zone=given["time_zone"],
            name=given["name"],
            email=given["email"],
            password=given["password1"],
            looks_after_quality=given["looks_after_quality"],
        )
    except (ValidationError, IntegrityError):
        if Organisation.current() is None:
            raise
        return redirect("home")  # somebody else was quicker
    sessions.begin(request, administrator)
    messages.success(request, _("Heed is set up, and you are its administrator. Look through its clock and calendar."))
    return redirect("accounts:organisation_edit")
