"""Each request runs on the organisation's clock; auditors only read; who was refused and what auditors saw is kept."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organisation, Role
from trail.events import asked_of, tell

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


class SecurityEventsMiddleware:
    """Keeps what signed-in people were refused, and every page that an auditor opened (7.5.3).

    What stands behind the question mark may hold a name that was searched for: it is kept where it can be erased.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if response.status_code == 403 and request.user.is_authenticated:
            self._tell("access refused", request)
        elif getattr(request, "only_reads", False) and self._shows_a_page(request, response):
            self._tell("opened", request)
        return response

    @staticmethod
    def _tell(verb, request):
        tell(verb, user=request.user, path=request.path, detail=asked_of(request))

    @staticmethod
    def _shows_a_page(request, response):
        """Files are told as exports; a part that a page asks for again under its own address is no second visit."""
        if request.method != "GET" or response.status_code != 200:
            return False
        if request.htmx and request.htmx.current_url_abs_path == request.get_full_path():
            return False
        return not response.streaming and response.get("Content-Type", "").startswith("text/html")


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
