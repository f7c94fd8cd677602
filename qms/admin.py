"""Heed's admin site: for auditors to read, for administrators and quality managers to mend through the trail."""

from django.contrib.admin import AdminSite
from django.utils.translation import gettext_lazy as _


class HeedAdminSite(AdminSite):
    site_header = _("Heed records")
    site_title = _("Heed records")
    index_title = _("All records")
    enable_nav_sidebar = True

    def has_permission(self, request):
        return request.user.is_active and request.user.has_perm("accounts.use_admin")
