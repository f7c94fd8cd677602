"""Each request runs on the organisation's clock; auditors only read."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organisation, Role

SAFE = ("GET", "HEAD", "OPTIONS")
# Their own password, second factor, preferences and sign-out are all that auditors may post.
OWN_ACCOUNT = ("/accounts/", "/me/")


class OrganisationMiddleware:
    """Sets `request.organisation` and the time zone; before set-up every page leads to it."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.organisation = Organisation.current()
        if request.organisation is None:
            if not request.path.startswith(("/setup/", "/static/", "/health/")):
                return HttpResponseRedirect(reverse("accounts:setup"))
            return self.get_response(request)
        with timezone.override(request.organisation.zone):
            return self.get_response(request)


class AuditorsOnlyReadMiddleware:
    """An auditor's unsafe requests are refused whatever the page would say (7.5.3).

    `request.only_reads` tells pages so, which then show no way to send anything.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.only_reads = request.user.is_authenticated and request.user.roles == {Role.AUDITOR}
        if request.only_reads and request.method not in SAFE and not request.path.startswith(OWN_ACCOUNT):
            raise PermissionDenied(_("Auditors read everything and change nothing."))
        return self.get_response(request)
