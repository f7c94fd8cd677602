"""What everybody decides for themselves."""

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.forms.people import PreferencesForm
from accounts.models import User


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request):
    """For all who sign in, auditors too; so it asks for no right."""
    # Another instance: a name that is refused must not stand in the page's own corner.
    person = User.objects.get(pk=request.user.pk)
    form = PreferencesForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Your preferences are saved."))
        return redirect("accounts:preferences")
    return render(
        request,
        "accounts/preferences.html",
        {
            "form": form,
            "person": request.user,
            "held": request.user.current_appointments,
            "has_second_factor": is_mfa_enabled(request.user),
        },
        status=400 if form.errors else 200,
    )
