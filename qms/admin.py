"""Heed's admin site: for auditors to read, for administrators and quality managers to mend through the trail."""

from functools import wraps

from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _

from trail.read_only import ReadOnlyAdmin

NOT_OFFERED = {"view_on_site", "autocomplete", "password_change_done"}


class HeedAdminSite(AdminSite):
    site_header = _("All records")
    site_title = _("Heed")
    index_title = _("All records")
    empty_value_display = "–"

    def register(self, model_or_iterable, admin_class=None, **options):
        """Only pages that know our roles and the trail: those that libraries bring know neither."""
        if admin_class is not None and issubclass(admin_class, ReadOnlyAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request):
        return request.user.is_active and request.user.has_perm("accounts.use_admin")

    def admin_view(self, view, cacheable=False):
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def answer(request, *args, **kwargs):
            # Who is signed in and may not is told so, instead of being asked to sign in again.
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied(_("The admin site is for auditors, quality managers and administrators."))
            return inner(request, *args, **kwargs)

        return answer

    def get_urls(self):
        return [url for url in super().get_urls() if getattr(url, "name", "") not in NOT_OFFERED]

    # Signing in and out and the password have one place, with its lock-out and second factor.

    @method_decorator(login_not_required)
    def login(self, request, extra_context=None):
        return redirect_to_login(request.GET.get("next") or "/admin/")

    def logout(self, request, extra_context=None):
        return redirect("account_logout")

    def password_change(self, request, extra_context=None):
        return redirect("account_change_password")
